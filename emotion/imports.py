"""Bring a history in: a copy that this site gave out, or moods that were noted in Daylio.

Readings of our own copies come back as readings. What a person noted herself is no reading by a model and never
looks like one: it becomes a `ToldMood`.

Daylio's five words are mapped to the two ends and the middle of our eight, which is all they say:
rad, good -> happiness; meh -> neutral; bad, awful -> sadness. Words of one's own are left out and counted. Activities
and notes are not taken in: nobody needs them for music.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import math
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any

import structlog
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from emotion.models import Capture, EmotionReading, ToldMood, crop_path
from ml.errors import PictureError
from ml.pictures import repaint
from ml.types import Emotion
from mood_music.errors import UserError
from privacy.archive_reading import ArchiveReader
from privacy.purposes import Purpose
from privacy.selectors import consent_granted

logger = structlog.get_logger(__name__)

MAX_ROWS = 50_000
DAYLIO = {
    "rad": Emotion.HAPPINESS,
    "good": Emotion.HAPPINESS,
    "meh": Emotion.NEUTRAL,
    "bad": Emotion.SADNESS,
    "awful": Emotion.SADNESS,
}
_TIMES = ("%H:%M", "%I:%M %p", "%H:%M:%S")
_COPIED = (
    "dominant",
    "corrected_emotion",
    "confidence",
    "sure",
    "scores",
    "valence",
    "arousal",
    "valence_sd",
    "arousal_sd",
    "model_version",
    "box",
    "faces",
    "picture_width",
    "picture_height",
    "quality",
)


@dataclass(frozen=True, slots=True)
class Imported:
    """Count what came in, what was there already, and what could not be understood."""

    added: int
    known: int
    skipped: int = 0


def history_import(*, user: Any, file: IO[bytes]) -> Imported:
    """Bring the history of a file in, all or nothing; what is there already is not added twice.

    Raises UserError without consent to a history, and for a file that is neither kind, damaged or too large.
    """
    if not consent_granted(user=user, purpose=Purpose.STORE_HISTORY):
        raise UserError("history_off", status=403)
    if zipfile.is_zipfile(file):
        file.seek(0)
        done = _archive_import(user, ArchiveReader(file))
    else:
        file.seek(0)
        done = _daylio_import(user, file.read())
    logger.info("history_imported", added=done.added, known=done.known, skipped=done.skipped)
    return done


def _archive_import(user: Any, archive: ArchiveReader) -> Imported:
    captures = {row.get("public_id"): row for row in archive.rows("readings", "emotion.Capture")}
    crops = {row.get("capture__public_id"): row.get("crop") for row in archive.rows("crops", "emotion.EmotionReading")}
    rows = archive.rows("readings", "emotion.EmotionReading")
    if len(rows) > MAX_ROWS:
        raise UserError("archive_too_large")
    keep_crops = consent_granted(user=user, purpose=Purpose.STORE_IMAGE)
    mine = Capture.objects.filter(user=user)
    known = set(mine.values_list("idempotency_key", flat=True)) | {
        str(p) for p in mine.values_list("public_id", flat=True)
    }
    added, stored = 0, []
    try:
        with transaction.atomic():
            for row in rows:
                public_id = str(row["capture__public_id"])
                key = f"import-{hashlib.sha256(public_id.encode()).hexdigest()[:40]}"
                if {key, public_id} & known:
                    continue
                reading = _reading(user, row, captures.get(public_id, {}), key)
                picture = archive.media(str(crops.get(public_id) or "")) if keep_crops else None
                if picture is not None:
                    name = default_storage.save(crop_path(reading, ""), ContentFile(repaint(io.BytesIO(picture))))
                    stored.append(name)
                    EmotionReading.objects.filter(pk=reading.pk).update(crop=name)
                added += 1
    except BaseException as error:
        # The rows are rolled back; their files have to go by hand.
        for name in stored:
            default_storage.delete(name)
        if isinstance(error, KeyError | TypeError | ValueError | ValidationError | PictureError):
            raise UserError("bad_archive") from error
        raise
    return Imported(added, len(rows) - added)


def _reading(user: Any, row: dict[str, Any], about: dict[str, Any], key: str) -> EmotionReading:
    """Store one reading as it was, with its capture; raises ValidationError or ValueError for what cannot be one."""
    created = _moment(row["created_at"])
    _scores_require(row["scores"])
    capture = Capture(
        user=user,
        status=Capture.Status.DONE,
        source=about.get("source", Capture.Source.UPLOAD),
        mode=about.get("mode", ""),
        idempotency_key=key,
        finished_at=created,
    )
    capture.full_clean()
    capture.save()
    reading = EmotionReading(capture=capture, user=user, **{name: row[name] for name in _COPIED})
    reading.corrected_at = _moment(row["corrected_at"]) if row["corrected_at"] else None
    reading.full_clean()
    reading.save()
    # Set when a row is made; here it was made long ago.
    Capture.objects.filter(pk=capture.pk).update(created_at=created)
    EmotionReading.objects.filter(pk=reading.pk).update(created_at=created)
    return reading


def _moment(text: Any) -> datetime.datetime:
    moment = parse_datetime(str(text))
    if moment is None or moment.tzinfo is None or moment > timezone.now():
        raise ValueError("no moment of the past")
    return moment


def _scores_require(scores: Any) -> None:
    if set(scores) != {e.value for e in Emotion} or not math.isclose(sum(scores.values()), 1.0, abs_tol=0.01):
        raise ValueError("no scores of the eight expressions")


def _daylio_import(user: Any, data: bytes) -> Imported:
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError("unknown_history_file") from error
    if not rows or not {"full_date", "time", "mood"} <= set(rows[0]):
        raise UserError("unknown_history_file")
    if len(rows) > MAX_ROWS:
        raise UserError("archive_too_large")
    told = list(_told(user, rows))
    before = ToldMood.objects.filter(user=user).count()
    ToldMood.objects.bulk_create(told, ignore_conflicts=True)
    added = ToldMood.objects.filter(user=user).count() - before
    return Imported(added, len(told) - added, len(rows) - len(told))


def _told(user: Any, rows: Iterable[dict[str, str | None]]) -> Iterable[ToldMood]:
    for row in rows:
        word = (row["mood"] or "").strip().lower()
        moment = _daylio_moment(f"{row['full_date']}", f"{row['time']}")
        if word in DAYLIO and moment:
            yield ToldMood(user=user, felt_at=moment, emotion=DAYLIO[word], word=word, source=ToldMood.Source.DAYLIO)


def _daylio_moment(date: str, time: str) -> datetime.datetime | None:
    """Return when a mood was noted; Daylio writes local time without its zone, which is taken as it stands."""
    for form in _TIMES:
        try:
            naive = datetime.datetime.strptime(f"{date.strip()} {time.strip()}", f"%Y-%m-%d {form}")  # noqa: DTZ007
        except ValueError:
            continue
        return timezone.make_aware(naive)
    return None
