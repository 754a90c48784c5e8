"""Measure a person's rights over a long history: look, copy, erase. `python -m bench.privacy`.

One person with 10,000 readings and as many crops, beside another with as many. What is reported is processor time; the
site's way runs on SQLite in a folder that is deleted afterwards.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.report import document, table
from ml.types import EMOTIONS

CROP = b"\xff\xd8" + bytes(12_000)


def measured(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor seconds of a piece of work, and its answer."""
    before = time.process_time()
    answer = work()
    return time.process_time() - before, answer


def person(email: str, readings: int) -> Any:
    """Create a person with a history and its pictures."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from accounts.models import User
    from emotion.models import Capture, EmotionReading

    user = User.objects.create_user(email, None)
    scores = {emotion.value: 1 / len(EMOTIONS) for emotion in EMOTIONS}
    captures = Capture.objects.bulk_create(
        Capture(user=user, status="done", source="upload", idempotency_key=str(number)) for number in range(readings)
    )
    box = {"x": 10, "y": 10, "width": 100, "height": 120}
    EmotionReading.objects.bulk_create(
        EmotionReading(
            capture=capture,
            user=user,
            model_version="bench",
            scores=scores,
            dominant="neutral",
            confidence=0.5,
            sure=True,
            valence=0.5,
            arousal=0.5,
            valence_sd=0.1,
            arousal_sd=0.1,
            box=box,
            faces=[box],
            picture_width=640,
            picture_height=480,
            quality={},
            crop=default_storage.save(f"crops/{user.pk}-{number}.jpg", ContentFile(CROP)),
        )
        for number, capture in enumerate(captures)
    )
    return user


def measure(readings: int, folder: Path) -> dict[str, float]:
    """Return the seconds of each right, and the size of the copy."""
    from django.utils import timezone

    from privacy.archive import archive_write
    from privacy.erasure import erasure_request, erasure_run
    from privacy.models import ErasureRequest
    from privacy.selectors import held
    from privacy.subjects import Subject

    user = person("a@example.org", readings)
    person("b@example.org", readings)
    look, _ = measured(lambda: held(user=user))
    with (folder / "copy.zip").open("wb+") as file:
        copy, _ = measured(lambda: archive_write(file, Subject.of(user), lambda percent: None))
        size = file.tell()
    at_once, request = measured(lambda: erasure_request(user=user, scope="account"))
    ErasureRequest.objects.filter(pk=request.pk).update(due_at=timezone.now())
    rest, request = measured(lambda: erasure_run(request=request))
    if request.status != "done":
        raise SystemExit(f"the erasure left {request.residue}")
    return {"look": look, "copy": copy, "copy_megabytes": size / 1e6, "erase_at_once": at_once, "erase_account": rest}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure a person's rights over a long history.")
    parser.add_argument("--readings", type=int, default=10_000)
    readings = parser.parse_args().readings
    with tempfile.TemporaryDirectory() as name:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "mood_music.settings.test", "DATA_DIR": name}
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(name) / 'bench.sqlite3'}"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        figures = measure(readings, Path(name))
    rows = [
        ("what is held, for the privacy centre", f"{figures['look']:.2f} s"),
        (f"a copy of everything ({figures['copy_megabytes']:.0f} MB)", f"{figures['copy']:.2f} s"),
        ("erasure, what goes at once", f"{figures['erase_at_once']:.2f} s"),
        ("erasure, the account, verified", f"{figures['erase_account']:.2f} s"),
    ]
    table(f"A person with {readings} readings and crops, processor time", ["what", "time"], rows)
    document("privacy", {"readings": readings, **{key: round(value, 3) for key, value in figures.items()}})


if __name__ == "__main__":
    main()
