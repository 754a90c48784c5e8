// Take the picture with the camera instead of choosing a file. The camera starts only when the person asks for it,
// stops as soon as the picture is taken, and every failure leaves the file field as the other way.

const form = document.querySelector("[data-capture-form]");
const input = form?.querySelector("input[type='file']");

const FAILURES = {
  NotAllowedError:
    "Your browser did not let us use the camera. Allow it for this site in the address bar, or choose a photo instead.",
  SecurityError: "Your browser blocks the camera on this page. Choose a photo instead.",
  NotFoundError: "We found no camera on this device. Choose a photo instead.",
  NotReadableError: "Another programme is using the camera. Close it and try again, or choose a photo instead.",
  AbortError: "The camera stopped by itself. Try again, or choose a photo instead.",
  OverconstrainedError: "This camera cannot give a picture we can use. Choose a photo instead.",
};
const UNKNOWN = "The camera did not start. Try again, or choose a photo instead.";

if (form && input && navigator.mediaDevices?.getUserMedia) {
  const find = (name) => form.querySelector(`[data-${name}]`);
  const stage = find("stage");
  const video = find("camera-video");
  const start = find("camera-start");
  const take = find("camera-take");
  const stop = find("camera-stop");
  const say = (words) => {
    find("stage-status").textContent = words;
  };
  let stream = null;

  function release() {
    for (const track of stream?.getTracks() ?? []) {
      track.stop();
    }
    stream = null;
    video.srcObject = null;
    video.hidden = true;
    take.hidden = true;
    stop.hidden = true;
  }

  function end() {
    release();
    start.hidden = false;
    stage.dataset.state = input.files.length ? "preview" : "empty";
  }

  async function begin() {
    start.setAttribute("aria-busy", "true");
    say("Starting the camera. Your browser may ask for permission.");
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 960 } },
      });
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      stream.getVideoTracks()[0].addEventListener("ended", () => {
        end();
        say(FAILURES.AbortError);
      });
      stage.dataset.state = "live";
      start.hidden = true;
      take.hidden = false;
      stop.hidden = false;
      take.focus();
      say("The camera is on. Put your face in the oval, then take the picture.");
    } catch (error) {
      end();
      say(FAILURES[error.name] ?? UNKNOWN);
    } finally {
      start.removeAttribute("aria-busy");
    }
  }

  function hand(blob) {
    const files = new DataTransfer();
    files.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
    input.files = files.files;
    form.elements.source.value = "camera";
    release();
    start.hidden = false;
    // upload.js shows the preview: for it, this is a file like any other.
    input.dispatchEvent(new Event("change", { bubbles: true }));
    find("photo-send").focus();
  }

  function shoot() {
    if (!video.videoWidth) {
      say("The camera is not ready yet. One moment, then try again.");
      return;
    }
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => (blob ? hand(blob) : say(UNKNOWN)), "image/jpeg", 0.92);
  }

  start.addEventListener("click", begin);
  take.addEventListener("click", shoot);
  stop.addEventListener("click", () => {
    end();
    start.focus();
    say("The camera is off.");
  });
  addEventListener("pagehide", release);
  start.hidden = false;
}
