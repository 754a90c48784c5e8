"""Tokens stand nowhere but, encrypted, in their column: no log, no admin page, no export, no page, no repr."""

import contextlib
import io
import zipfile

import pytest
from django.contrib import admin
from django.core import serializers
from django.db import connection
from django.urls import NoReverseMatch, reverse

from accounts.models import ConnectedService
from privacy.archive import archive_write
from privacy.subjects import Subject
from recommendations.providers.spotify import connections, errors
from tests.support.spotify_double import Fault
from tests.support.staff import staff_log_in

pytestmark = pytest.mark.django_db


def secrets_of(service):
    return [service.access_token, service.refresh_token]


def test_the_database_holds_them_encrypted_only(amy_connected):
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM accounts_connectedservice")
        stored = cursor.fetchone()
    for secret, value in zip(secrets_of(amy_connected), stored, strict=True):
        assert len(secret) > 20
        assert value.startswith("fernet1:")
        assert secret not in value


def test_they_are_in_no_page(as_amy, amy_connected, music):
    addresses = [reverse(name) for name in ("spotify_settings", "privacy_centre", "account_settings", "history")]
    addresses += [reverse(n, args=[music.reading.capture.public_id]) for n in ("result", "spotify_order")]
    for address in addresses:
        page = as_amy.get(address, follow=True).content.decode()
        assert not [secret for secret in secrets_of(amy_connected) if secret in page], address


def test_they_are_in_no_page_of_the_admin(client, amy, amy_connected, django_user_model):
    chief = django_user_model.objects.create_superuser("chief@example.org", "a long enough pass phrase")
    staff_log_in(client, chief)
    assert not admin.site.is_registered(ConnectedService)
    for model in admin.site._registry:
        with contextlib.suppress(NoReverseMatch):
            page = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
            assert not [secret for secret in secrets_of(amy_connected) if secret in page.content.decode()]
    page = client.get(reverse("admin:accounts_user_change", args=[amy.pk])).content.decode()
    assert not [secret for secret in secrets_of(amy_connected) if secret in page]


def test_an_export_holds_the_connection_without_them(amy, amy_connected):
    file = io.BytesIO()
    archive_write(file, Subject.of(amy), lambda percent: None)
    with zipfile.ZipFile(file) as archive:
        written = b"\n".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    assert amy_connected.account_id in written
    assert not [secret for secret in secrets_of(amy_connected) if secret in written]
    assert "fernet1:" not in written


def test_they_are_in_no_repr_and_no_dump(amy_connected):
    written = f"{amy_connected!r} {amy_connected} {serializers.serialize('json', [amy_connected])}"
    assert not [secret for secret in secrets_of(amy_connected) if secret in written]


def test_they_are_in_no_log_at_any_level_when_all_goes_well_and_when_it_does_not(as_amy, amy, connect, login, written):
    connect(as_amy)
    secrets = secrets_of(ConnectedService.objects.get())
    connections.as_person(user=amy, call=lambda client: client.devices())
    login.expire_access_tokens()
    connections.as_person(user=amy, call=lambda client: client.devices())
    secrets += secrets_of(ConnectedService.objects.get())
    login.script("GET /v1/me/player", Fault(500, {"error": {"status": 500, "message": "x"}}))
    with pytest.raises(errors.Unavailable):
        connections.as_person(user=amy, call=lambda client: client.devices())
    login.expire_access_tokens()
    login.revoke_refresh_tokens()
    with pytest.raises(errors.ConnectionLost):
        connections.as_person(user=amy, call=lambda client: client.devices())
    assert "service_connected" in written()
    assert "service_lost" in written()
    assert not [secret for secret in secrets if secret in written()]
    assert login.account_id not in written()
