"""`manage.py reencrypt`: after a new key was put first in FIELD_ENCRYPTION_KEYS, write every secret with it."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction
from django.db.models.functions import Cast

from mood_music.fields import DecryptionError, EncryptedTextField, encrypted_again


class Command(BaseCommand):
    help = "Encrypt all encrypted fields anew with the first key of FIELD_ENCRYPTION_KEYS; then old keys may go."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = []
        for model in apps.get_models():
            names = [field.name for field in model._meta.get_fields() if isinstance(field, EncryptedTextField)]
            if names:
                done, unreadable = _reencrypt(model, names)
                self.stdout.write(f"{model.__name__}: {done} rows encrypted anew.")
                faults += [f"{model.__name__} {pk}" for pk in unreadable]
        done, unreadable = _reencrypt_second_factors()
        self.stdout.write(f"Authenticator: {done} rows encrypted anew.")
        faults += [f"Authenticator {pk}" for pk in unreadable]
        if faults:
            raise CommandError(f"No key opens these rows: {', '.join(faults)}. Keep the old keys.")


def _reencrypt(model: type[models.Model], names: list[str]) -> tuple[int, list[Any]]:
    """Encrypt the rows of one model anew, each under its lock; return how many, and the ids that no key opens."""
    # As plain text columns: what one row cannot open must not stop the others.
    plain = {f"stored_{name}": Cast(name, models.TextField()) for name in names}
    done, unreadable = 0, []
    for pk in list(models.QuerySet(model).values_list("pk", flat=True)):
        rows: models.QuerySet[Any] = models.QuerySet(model).filter(pk=pk)
        with transaction.atomic():
            stored = rows.select_for_update().annotate(**plain).values(*plain).first()
            if stored is None:
                continue
            try:
                values = {name: again(stored[f"stored_{name}"]) for name in names}
            except DecryptionError:
                unreadable.append(pk)
                continue
            rows.update(**values)
            done += 1
    return done, unreadable


def _reencrypt_second_factors() -> tuple[int, list[Any]]:
    """Do the same for allauth's second factors, which keep their secrets inside a JSON column."""
    done, unreadable = 0, []
    for pk in list(Authenticator.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if factor is None:
                continue
            try:
                secrets = {
                    name: encrypted_again(factor.data[name]) for name in ("secret", "seed") if name in factor.data
                }
            except DecryptionError:
                unreadable.append(pk)
                continue
            factor.data = {**factor.data, **secrets}
            factor.save(update_fields=["data"])
            done += 1
    return done, unreadable


def again(stored: str) -> models.Value | str:
    """Return a stored value encrypted anew, as an expression: the field encrypts plain values only."""
    return models.Value(encrypted_again(stored), output_field=models.TextField()) if stored else ""
