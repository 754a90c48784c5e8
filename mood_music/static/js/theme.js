// Remember the theme a person picked. Without a pick, or without JavaScript, the system's preference holds.

const KEY = "mood-music-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // Storage is blocked: the system's preference holds.
  }
}

function current() {
  return stored() ?? (system.matches ? "dark" : "light");
}

function paint() {
  const picked = stored();
  if (picked) {
    document.documentElement.dataset.theme = picked;
  }
  for (const meta of document.querySelectorAll("meta[name='theme-color'][data-theme]")) {
    // The browser takes the first tag whose media matches; a picked theme must match on every system.
    const own = meta.dataset.theme;
    meta.media = picked ? (own === picked ? "all" : "not all") : `(prefers-color-scheme: ${own})`;
  }
  const button = document.querySelector("[data-theme-toggle]");
  if (button) {
    button.setAttribute("aria-pressed", String(current() === "dark"));
    button.hidden = false;
  }
}

function toggle() {
  const next = current() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, next);
  } catch {
    document.documentElement.dataset.theme = next; // Holds for this page at least.
  }
  paint();
}

function bind() {
  document.querySelector("[data-theme-toggle]")?.addEventListener("click", toggle);
  paint();
}

// The first call runs before the body is drawn, so that no page flashes in the wrong theme.
paint();
system.addEventListener("change", paint);
if (document.readyState === "loading") {
  document.addEventListener("DOMContentLoaded", bind);
} else {
  bind();
}
