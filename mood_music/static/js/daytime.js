// Add one sentence by the reader's own clock, which the server neither knows nor asks for. Without JavaScript the words
// stand without it.

function part(hour) {
  if (hour >= 5 && hour < 11) {
    return "morning";
  }
  if (hour >= 18 && hour < 22) {
    return "evening";
  }
  return hour >= 22 || hour < 5 ? "night" : null;
}

function say() {
  for (const element of document.querySelectorAll("[data-daytime]")) {
    const sentence = element.dataset[part(new Date(element.dataset.daytime).getHours())];
    if (sentence) {
      element.append(` ${sentence}`);
    }
    element.removeAttribute("data-daytime");
  }
}

say();
document.addEventListener("htmx:afterSettle", say);
