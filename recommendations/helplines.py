"""Where somebody to talk to can be found, by country: the organisations' own numbers and sites.

`helplines.csv` holds one well-known line a country, as the organisation itself names it. A country that is not in it
gets a directory instead of a guess.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

FILE = Path(__file__).with_name("helplines.csv")


@dataclass(frozen=True, slots=True)
class Helpline:
    """Hold one line: who answers, under which number, and the site. A directory has no number."""

    organisation: str
    number: str
    site: str

    @property
    def host(self) -> str:
        """Return the site's name without what a browser adds."""
        return urlsplit(self.site).netloc.removeprefix("www.")


DIRECTORY = Helpline("Find A Helpline", "", "https://findahelpline.com")


@cache
def helplines() -> Mapping[str, Helpline]:
    """Return the lines by country (ISO 3166, two letters)."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["country"]: Helpline(row["organisation"], row["number"], row["site"]) for row in rows}


def helpline(country: str) -> Helpline:
    """Return the line of a country, or the directory of lines where none is known."""
    return helplines().get(country, DIRECTORY)
