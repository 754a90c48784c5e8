// Keys for the review queue. They work only while a face has the focus, and do no more than its buttons do.

const faces = [...document.querySelectorAll("[data-review]")];
const legend = document.querySelector("[data-review-keys]");

if (legend) {
  legend.hidden = false;
}

function press(face, decision) {
  face.querySelector(`button[value="${decision}"]`).click();
}

function onKey(event) {
  const face = event.currentTarget;
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.target.matches("select")) {
    return;
  }
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const words = face.querySelector("select");
  if (step) {
    faces[faces.indexOf(face) + step]?.focus();
  } else if (event.key.toLowerCase() === "a") {
    press(face, "accept");
  } else if (event.key.toLowerCase() === "r") {
    press(face, "reject");
  } else if (event.key >= "1" && event.key < String(words.options.length) && event.key.length === 1) {
    words.selectedIndex = Number(event.key);
    press(face, "relabel");
  } else {
    return;
  }
  event.preventDefault();
}

for (const face of faces) {
  face.addEventListener("keydown", onKey);
}
