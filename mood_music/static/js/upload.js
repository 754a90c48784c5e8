// Show the chosen picture before it is sent, take it by drag and drop too, and say early when it is too large.

const form = document.querySelector("[data-capture-form]");
const input = form?.querySelector("input[type='file']");

if (form && input) {
  const find = (name) => form.querySelector(`[data-${name}]`);
  const stage = find("stage");
  const preview = find("preview");
  const clear = find("photo-clear");
  const send = find("photo-send");
  const submits = form.querySelectorAll("[type='submit']");
  const maximum = Number(form.dataset.maxMegabytes);
  const say = (words) => {
    find("stage-status").textContent = words;
  };
  let address = null;

  function forget() {
    if (address) {
      URL.revokeObjectURL(address);
      address = null;
    }
    preview.hidden = true;
    preview.removeAttribute("src");
    clear.hidden = true;
    send.hidden = true;
    stage.dataset.state = "empty";
  }

  function empty() {
    input.value = "";
    forget();
  }

  function show() {
    forget();
    const file = input.files[0];
    if (!file) {
      return;
    }
    const megabytes = file.size / 1024 / 1024;
    if (megabytes > maximum) {
      empty();
      say(`That file has ${megabytes.toFixed(1)} MB; up to ${maximum} MB can be sent. Choose a smaller one.`);
      return;
    }
    address = URL.createObjectURL(file);
    preview.toggleAttribute("data-mirrored", form.elements.source.value === "camera");
    preview.src = address;
    preview.hidden = false;
    clear.hidden = false;
    send.hidden = false;
    stage.dataset.state = "preview";
    say("This picture is ready. It has not been sent yet.");
  }

  input.addEventListener("change", (event) => {
    // A change that a script made comes from the camera, which has set the source itself.
    if (event.isTrusted) {
      form.elements.source.value = "upload";
    }
    show();
  });

  preview.addEventListener("error", () => {
    empty();
    say("That file is not a picture we can show. Choose a JPEG, PNG or WebP photo.");
  });

  clear.addEventListener("click", () => {
    empty();
    say("The picture is gone from this page. Choose or take another.");
    input.focus();
  });

  for (const kind of ["dragenter", "dragover"]) {
    stage.addEventListener(kind, (event) => {
      event.preventDefault();
      stage.setAttribute("data-over", "");
    });
  }
  stage.addEventListener("dragleave", () => stage.removeAttribute("data-over"));
  stage.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.removeAttribute("data-over");
    if (event.dataTransfer.files.length) {
      const one = new DataTransfer();
      one.items.add(event.dataTransfer.files[0]);
      input.files = one.files;
      form.elements.source.value = "upload";
      show();
    }
  });

  form.addEventListener("submit", () => {
    for (const submit of submits) {
      submit.setAttribute("aria-busy", "true");
    }
    say("Sending your picture…");
  });
  // Coming back with the back button finds the page as it was left: not busy, and with no picture.
  addEventListener("pageshow", (event) => {
    for (const submit of submits) {
      submit.removeAttribute("aria-busy");
    }
    if (event.persisted) {
      empty();
      say("");
    }
  });

  for (const part of form.querySelectorAll("[data-needs-script]")) {
    part.hidden = false;
  }
  if (input.files.length) {
    show();
  }
}
