"""Bring a history in: a copy that this site gave out, or moods that were noted in Daylio.

Readings of our own copies come back as readings, and moods that were noted as such. What a person noted herself is no
reading by a model and never looks like one: it becomes a `ToldMood`.

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

from emotion.forms import MODE_CHOICES
from emotion.models import Capture, EmotionReading, ToldMood, crop_path
from ml.errors import PictureError
from ml.pictures import repaint
from ml.types import Emotion
from mood_music.errors import UserError
from mood_music.messages import message_ids
from privacy.archive_reading import ArchiveReader
from privacy.purposes import Purpose
from privacy.selectors import consent_granted

logger = structlog.get_logger(__name__)

MAX_ROWS = 50_000
BATCH = 500
QUALITY = {"brightness", "sharpness", "face_size", "roll", "yaw"}
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
    readings: list[EmotionReading] = []
    stored: list[str] = []
    try:
        for row in rows:
            public_id = str(row["capture__public_id"])
            key = f"import-{hashlib.sha256(public_id.encode()).hexdigest()[:40]}"
            if {key, public_id} & known:
                continue
            known.add(key)
            reading = _reading(user, row, captures.get(public_id, {}), key)
            picture = archive.media(str(crops.get(public_id) or "")) if keep_crops else None
            if picture is not None:
                name = default_storage.save(crop_path(reading, ""), ContentFile(repaint(io.BytesIO(picture))))
                stored.append(name)
                reading.crop = name
            readings.append(reading)
        told = [_told_again(user, row) for row in archive.rows("told_moods", "emotion.ToldMood")]
        with transaction.atomic():
            _readings_store(readings)
            noted = _told_store(user, told)
    except BaseException as error:
        # The rows are rolled back; their files have to go by hand.
        for name in stored:
            default_storage.delete(name)
        if isinstance(error, AttributeError | KeyError | TypeError | ValueError | ValidationError | PictureError):
            raise UserError("bad_archive") from error
        raise
    added = len(readings) + noted
    return Imported(added, len(rows) + len(told) - added)


def _reading(user: Any, row: dict[str, Any], about: dict[str, Any], key: str) -> EmotionReading:
    """Return one reading as it was, with its capture; raises ValidationError or ValueError for what cannot be one."""
    created = _moment(row["created_at"])
    _scores_require(row["scores"])
    for box in (row["box"], *row["faces"]):
        _numbers_require(box, {"x", "y", "width", "height"})
    _quality_require(row["quality"])
    capture = Capture(
        user=user,
        status=Capture.Status.DONE,
        source=about.get("source", Capture.Source.UPLOAD),
        mode=about.get("mode", ""),
        idempotency_key=key,
        finished_at=created,
    )
    if capture.mode not in dict(MODE_CHOICES):
        raise ValueError("no listening mode")
    capture.clean_fields(exclude={"user"})
    reading = EmotionReading(capture=capture, user=user, **{name: row[name] for name in _COPIED})
    reading.corrected_at = _moment(row["corrected_at"]) if row["corrected_at"] else None
    reading.clean_fields(exclude={"user", "capture"})
    if not all(0 <= number <= 1 for number in (reading.confidence, reading.valence, reading.arousal)):
        raise ValueError("no numbers of a reading")
    return reading


def _readings_store(readings: list[EmotionReading]) -> None:
    """Store readings with their captures, a few statements for all of them."""
    captures = [reading.capture for reading in readings]
    Capture.objects.bulk_create(captures, batch_size=BATCH)
    for reading in readings:
        # Django takes over the number that the capture got just now.
        reading.capture = reading.capture
    EmotionReading.objects.bulk_create(readings, batch_size=BATCH)
    # Set when a row is made; here it was made long ago.
    for reading in readings:
        moment = reading.capture.finished_at
        if moment is not None:
            reading.created_at = reading.capture.created_at = moment
    Capture.objects.bulk_update(captures, ["created_at"], batch_size=BATCH)
    EmotionReading.objects.bulk_update(readings, ["created_at"], batch_size=BATCH)


def _told_again(user: Any, row: dict[str, Any]) -> ToldMood:
    """Return a mood that its person had noted, from a copy of ours."""
    mood = ToldMood(
        user=user, felt_at=_moment(row["felt_at"]), emotion=row["emotion"], word=row["word"], source=row["source"]
    )
    mood.clean_fields(exclude={"user"})
    return mood


def _told_store(user: Any, told: list[ToldMood]) -> int:
    """Store moods that are not there yet; return how many."""
    before = ToldMood.objects.for_user(user).count()
    ToldMood.objects.bulk_create(told, batch_size=BATCH, ignore_conflicts=True)
    return ToldMood.objects.for_user(user).count() - before


def _numbers_require(numbers: Any, names: set[str]) -> None:
    if set(numbers) != names or not all(math.isfinite(number) for number in numbers.values()):
        raise ValueError("no numbers of a picture")


def _quality_require(quality: Any) -> None:
    if not {f"advice.{code}" for code in quality["advice"]} <= message_ids():
        raise ValueError("no advice of ours")
    _numbers_require({name: number for name, number in quality.items() if name != "advice"}, QUALITY)


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
    added = _told_store(user, told)
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
