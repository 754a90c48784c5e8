"""Measure how long a set takes: the pure choice, and the whole way on the site. `python -m bench.ranking`.

What is reported is processor time, all threads together, so that other work on the machine does not count and more
cores would not flatter. The catalogue is made up: 100,000 tracks spread evenly over the plane. The site's way runs on
SQLite in a folder that is deleted afterwards.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.catalogues import synthetic
from bench.report import document, table
from ml.types import EMOTIONS
from recommendations.catalogue import Catalogue, CatalogueTrack
from recommendations.circumplex import Point
from recommendations.learning import Kind, Taste, Verdict
from recommendations.planning import ANYBODY, Listener, certain, plan
from recommendations.ranking import Preferences

PER_SET = 8
WORDS = 200
OWN = 1000


def seconds(work: Callable[[int], Any], times: int) -> list[float]:
    """Return the processor seconds of each of `times` runs, after one that warms up."""
    work(0)
    taken = []
    for run in range(1, times + 1):
        before = time.process_time()
        work(run)
        taken.append(time.process_time() - before)
    return taken


def listeners(tracks: list[CatalogueTrack]) -> dict[str, Listener]:
    """Return somebody of whom nothing is known, with preferences, who said much besides, who brought songs besides."""
    chosen = Preferences(
        languages=frozenset({"en", "fr"}),
        genres=frozenset({"genre 0", "genre 5", "genre 40"}),
        eras=frozenset({1970, 1990}),
        blocked_artists=frozenset({"Artist 1", "Artist 2"}),
        allow_explicit=False,
    )
    said = Taste(
        Verdict(t.key, t.title, t.artist, t.genres, Point(t.valence, t.arousal), list(Kind)[index % len(Kind)])
        for index, t in enumerate(tracks[:WORDS])
    )
    own = tuple(replace(track, key=f"own {track.key}") for track in tracks[-OWN:])
    return {
        "nothing known": ANYBODY,
        "preferences": Listener(chosen),
        f"and {WORDS} words about songs": Listener(chosen, said),
        f"and {OWN} songs of her own": Listener(chosen, said, own, frozenset(track.key for track in own)),
    }


def pure(tracks: list[CatalogueTrack], times: int) -> list[dict[str, Any]]:
    """Measure the choice alone, without a database."""
    before = time.process_time()
    catalogue = Catalogue(tracks)
    built = time.process_time() - before
    measured = [_once("arrays, once a process", built)]
    for name, listener in listeners(tracks).items():

        def choose(run: int, listener: Listener = listener) -> None:
            emotion = EMOTIONS[run % len(EMOTIONS)]
            plan(catalogue, certain(emotion), emotion, mode=None, count=PER_SET, seed=run, listener=listener)

        measured.append(_row(f"a set, {name}", seconds(choose, times)))
    return measured


def site(tracks: list[CatalogueTrack], times: int, folder: Path) -> list[dict[str, Any]]:
    """Measure the whole way on the site: what is known of the person, the choice, and the rows that are written."""
    os.environ["DATA_DIR"] = str(folder)
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'bench.sqlite3'}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "mood_music.settings.test"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from recommendations import services
    from recommendations.catalogue import track_key
    from recommendations.catalogue_cache import catalogue_changed, catalogue_load
    from recommendations.models import Track
    from tests.factories import ReadingFactory, UserFactory

    fields = [name for name in CatalogueTrack.__dataclass_fields__ if name not in {"key", "genres"}]
    Track.objects.bulk_create(
        (
            Track(
                key=track_key(t.title, t.artist), genres=list(t.genres), **{name: getattr(t, name) for name in fields}
            )
            for t in tracks
        ),
        batch_size=2000,
    )
    catalogue_changed()
    before = time.process_time()
    catalogue_load()
    loaded = time.process_time() - before
    user = UserFactory()
    readings = [
        ReadingFactory(capture__user=user, emotion=EMOTIONS[run % len(EMOTIONS)].value) for run in range(times + 1)
    ]
    built = seconds(lambda run: services.set_build(reading_id=readings[run].pk), times)
    return [_once("catalogue from the database, once a process", loaded), _row("a set on the site", built)]


def _once(what: str, taken: float) -> dict[str, Any]:
    return {"what": what, "median_ms": round(1000 * taken, 1), "p95_ms": None}


def _row(what: str, taken: list[float]) -> dict[str, Any]:
    return {
        "what": what,
        "median_ms": round(1000 * statistics.median(taken), 1),
        "p95_ms": round(1000 * float(np.quantile(taken, 0.95)), 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=40)
    arguments = parser.parse_args()
    tracks = synthetic(arguments.tracks, seed=1)
    with tempfile.TemporaryDirectory(prefix="mood-music-bench-") as folder:
        measured = pure(tracks, arguments.times) + site(tracks, arguments.times, Path(folder))
    rows = [[each["what"], each["median_ms"], each["p95_ms"] or "-"] for each in measured]
    title = f"Sets of {PER_SET} out of {arguments.tracks:,} tracks, processor time"
    table(title, ["what", "median ms", "p95 ms"], rows)
    document("ranking", {"tracks": arguments.tracks, "times": arguments.times, "measured": measured})


if __name__ == "__main__":
    main()
