"""The whole job without the site: photos in, readings and music out."""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from emotion.services import refusal_of
from ml.errors import PictureError
from ml.pictures import open_picture
from mood_music.messages import message
from recommendations.catalogue import STARTER, Catalogue, read_catalogue
from recommendations.circumplex import Mode
from recommendations.planning import Plan, plan
from recommendations.spotify_links import search_url


class Command(BaseCommand):
    """Read photos and recommend music from the starter catalogue. Needs neither Redis nor a database."""

    help = "Read the expression in photos and recommend music for each."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take photos, a mode and the form of the output."""
        parser.add_argument("photos", nargs="+", metavar="PHOTO")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--mode", choices=[m.value for m in Mode], help="default: what suits the expression")

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer every photo; end with a non-zero code when one could not be read."""
        from ml.pipeline import Pipeline  # the networks are loaded here, not for --help

        # The network that ships with the project: which one the site has made active, only its database knows.
        pipeline = Pipeline.load()

        catalogue = Catalogue(read_catalogue(STARTER))
        mode = Mode(options["mode"]) if options["mode"] else None
        answers, failed = [], False
        for photo in options["photos"]:
            answer = self._answer(photo, pipeline, catalogue, mode)
            failed = failed or "error" in answer
            answers.append(answer)
            if "error" in answer:
                self.stderr.write(f"{photo}: {answer['error']['message']}")
            elif not options["json"]:
                self._print(answer)
        if options["json"]:
            self.stdout.write(json.dumps(answers, indent=2, ensure_ascii=False))
        if failed:
            sys.exit(1)

    def _answer(self, photo: str, pipeline: Any, catalogue: Catalogue, mode: Mode | None) -> dict[str, Any]:
        try:
            image = open_picture(Path(photo))
        except PictureError as error:
            return _refusal(photo, error.code)
        seen = pipeline.read(image)
        refusal = refusal_of(seen, image)
        if refusal:
            return _refusal(photo, refusal)
        face = seen.faces[0]
        planned = plan(
            catalogue,
            face.reading.scores,
            face.reading.dominant,
            mode=mode,
            count=settings.RECOMMENDATIONS_PER_SET,
            seed=zlib.crc32(image.tobytes()),
        )
        return {"path": photo, "reading": _reading(seen), "mode": planned.mode.value, "tracks": _tracks(planned)}

    def _print(self, answer: dict[str, Any]) -> None:
        reading = answer["reading"]
        sure = "" if reading["sure"] else " (not sure)"
        self.stdout.write(f"{answer['path']}: {reading['dominant']} {reading['confidence']:.0%}{sure}")
        for advice in reading["advice"]:
            self.stdout.write(f"  {message(f'advice.{advice}').text}")
        self.stdout.write(f"  music to {answer['mode']}:")
        for track in answer["tracks"]:
            self.stdout.write(f"  {track['rank']:>2}. {track['title']} by {track['artist']} ({track['year']})")
            self.stdout.write(f"      {track['reason']}")


def _refusal(photo: str, code: str) -> dict[str, Any]:
    words = message(code)
    return {"path": photo, "error": {"code": code, "message": f"{words.title}. {words.text} {words.action}".strip()}}


def _reading(seen: Any) -> dict[str, Any]:
    face = seen.faces[0]
    box, reading = face.detection.box, face.reading
    return {
        "dominant": reading.dominant.value,
        "confidence": reading.confidence,
        "sure": reading.sure,
        "scores": {emotion.value: score for emotion, score in reading.scores.items()},
        "valence": reading.valence,
        "arousal": reading.arousal,
        "model_version": reading.model_version,
        "box": {"x": box.x, "y": box.y, "width": box.width, "height": box.height},
        "faces": len(seen.faces),
        "advice": list(face.quality.advice),
    }


def _tracks(planned: Plan) -> list[dict[str, Any]]:
    return [
        {
            "rank": each.ranked.rank,
            "title": each.ranked.track.title,
            "artist": each.ranked.track.artist,
            "year": each.ranked.track.year,
            "reason": each.reason,
            "spotify": search_url(each.ranked.track.title, each.ranked.track.artist),
        }
        for each in planned.tracks
    ]
