// Show times in the reader's own time zone. Without JavaScript they stand in UTC and say so.

const FORMATS = {
  time: { hour: "2-digit", minute: "2-digit" },
  datetime: { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
  short: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
};

for (const element of document.querySelectorAll("time[data-local]")) {
  const moment = new Date(element.dateTime);
  if (!Number.isNaN(moment.getTime())) {
    element.textContent = new Intl.DateTimeFormat("en-GB", FORMATS[element.dataset.local]).format(moment);
  }
}
