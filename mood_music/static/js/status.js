// Keep the polling of a reading calm: nothing is asked while the page is hidden, and an answer that says
// what is already shown is not swapped in, so that screen readers do not repeat it and motion does not restart.

let waiting = null;

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("[data-status]") && document.hidden) {
    event.preventDefault();
    waiting = event.target;
  }
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && waiting?.isConnected) {
    window.htmx.trigger(waiting, "wake");
  }
  waiting = null;
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const shown = event.target.closest("[data-status]");
  if (!shown) {
    return;
  }
  const page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
  const next = page.querySelector("[data-status]");
  if (next && next.dataset.status === shown.dataset.status) {
    event.detail.shouldSwap = false;
  }
});
