"""Give a person a row in every model that a category declares, with her mark in every text.

Rows are made from the models' own fields, so that a new model is filled without a word here. Where a constraint asks
for more, VALUES says what to put.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.db import connection, models
from django.utils import timezone

from accounts.models import User
from emotion.models import Capture
from ml.types import EMOTIONS
from privacy.holdings import model_of
from privacy.registry import categories
from tests.factories import UserFactory

BOX = {"x": 1, "y": 2, "width": 30, "height": 40}
QUALITY = {"brightness": 1, "sharpness": 1, "face_size": 1, "roll": 1, "yaw": 1, "advice": ["dark"]}
VALUES: dict[str, dict[str, Any]] = {
    "emotion.EmotionReading": {
        "scores": dict.fromkeys(EMOTIONS, 0.125),
        "box": BOX,
        "faces": [BOX],
        "quality": QUALITY,
    },
    "emotion.Capture": {"status": Capture.Status.PENDING, "claim_token": None, "mode": ""},
    "emotion.TrainingSample": {"status": "pending"},
    "privacy.ErasureRequest": {"status": "done", "identifiers": {}, "scope": "music"},
    "recommendations.ListeningSession": {"status": "active", "ended_at": None},
    "recommendations.SavedPlaylist": {"listening_session_id": None},
    "privacy.RightsRequest": {"closed_on": None, "email": lambda user: user.email},
    "privacy.DataExport": {"status": "ready"},
    "privacy.ConsentRecord": {"purpose": "store_history", "granted": True},
}
# Not of one person: shared by all rows that point to them, and made like this where there is none.
SHARED: dict[str, dict[str, Any]] = {
    "auth.Group": {"name": "shared"},
    "auth.Permission": {},
    "contenttypes.ContentType": {},
    "emotion.ModelVersion": {"version": "shared-1", "sha256": "0" * 64, "size": 1, "origin": "trained"},
    "emotion.TrainingRun": {"kind": "full", "status": "done", "is_open": False, "options": {}},
    "recommendations.Track": {
        "title": "T",
        "artist": "A",
        "key": "k",
        "year": 2000,
        "valence": 0.5,
        "arousal": 0.5,
        "rated_by": "test",
    },
}
_numbers = itertools.count(1)


class Filler:
    """Make rows for one person."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.user = UserFactory(email=f"{mark}@example.org")
        self.made: dict[type[models.Model], models.Model] = {User: self.user}

    def fill(self) -> User:
        """Make a row in every declared model; return the person."""
        for category in categories():
            for table in category.tables:
                self.row(model_of(table))
        return self.user

    def row(self, model: type[models.Model]) -> models.Model:
        """Return the person's row in a model, made with all that it hangs on."""
        if model not in self.made:
            if model._meta.label == "sessions.Session":
                self.made[model] = self._session()
            else:
                self.made[model] = self._only(model) or self._create(model)
        return self.made[model]

    def _create(self, model: type[models.Model]) -> models.Model:
        values = {f.attname: self._value(f) for f in model._meta.concrete_fields if not f.primary_key}
        given = VALUES.get(model._meta.label, {}).items()
        values |= {name: value(self.user) if callable(value) else value for name, value in given}
        return model._default_manager.create(**values)

    def _only(self, model: type[models.Model]) -> models.Model | None:
        """Return the row that the person has already, where she can have but one."""
        once = [f for f in model._meta.concrete_fields if isinstance(f, models.OneToOneField)]
        return model._default_manager.filter(**{once[0].attname: self._value(once[0])}).first() if once else None

    def _session(self) -> models.Model:
        store = SessionStore()
        store["_auth_user_id"] = str(self.user.pk)
        store["note"] = self.mark
        store.create()
        return apps.get_model("sessions.Session").objects.get(pk=store.session_key)

    def _value(self, field: models.Field) -> Any:
        if field.is_relation:
            return self._related(field.related_model)
        if field.choices:
            return field.flatchoices[0][0]
        for kind, value in self._makers(field, next(_numbers)).items():
            if isinstance(field, kind):
                return value()
        raise AssertionError(f"say in tests/privacy/filling.py how to fill {field}")

    def _makers(self, field: Any, number: int) -> dict[type[models.Field], Callable[[], Any]]:
        """Return how to make a value of each kind of field, the special kinds before those they derive from."""
        text = f"{self.mark}-{number}"
        return {
            models.FileField: lambda: field.storage.save(
                field.generate_filename(None, "x"), ContentFile(self.mark.encode())
            ),
            models.EmailField: lambda: f"{self.mark}{number}@example.org",
            models.UUIDField: uuid.uuid4,
            models.BooleanField: lambda: True,
            models.FloatField: lambda: 0.5,
            models.IntegerField: lambda: number % 30_000,
            models.DateTimeField: timezone.now,
            models.DateField: timezone.localdate,
            models.JSONField: lambda: {"mark": self.mark},
            models.GenericIPAddressField: lambda: "10.1.2.3",
            models.CharField: lambda: text[-field.max_length :] if field.max_length else text,
            models.TextField: lambda: text,
        }

    def _related(self, model: Any) -> Any:
        if model._meta.label in SHARED:
            found = model._default_manager.order_by("pk").first()
            return (found or model._default_manager.create(**SHARED[model._meta.label])).pk
        return self.row(model).pk


def dump() -> dict[str, list[str]]:
    """Return every row of every table as text."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = sorted(repr(row) for row in cursor.fetchall())
    return found
