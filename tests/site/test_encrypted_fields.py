"""What the database holds of an encrypted field, and what comes back out of it."""

import io

import pytest
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import isolate_apps
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mood_music import checks
from mood_music.fields import MARK, DecryptionError, EncryptedTextField, decrypt, encrypt

OLD, NEW = "an old key that is long enough " * 2, "a new key that is long enough " * 2


@pytest.fixture
def secret(transactional_db):
    """Return a model with one encrypted field, whose table lives as long as the test."""
    with isolate_apps("mood_music"):

        class Secret(models.Model):
            text = EncryptedTextField(blank=True)

            class Meta:
                app_label = "mood_music"

            def __str__(self):
                return str(self.pk)

        with connection.schema_editor() as editor:
            editor.create_model(Secret)
        yield Secret
        with connection.schema_editor() as editor:
            editor.delete_model(Secret)


def stored(model):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT text FROM {model._meta.db_table} ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_the_database_never_sees_the_text_and_the_site_gets_it_back(secret):
    row = secret.objects.create(text="a token with ümlauts")
    assert secret.objects.get(pk=row.pk).text == "a token with ümlauts"
    assert stored(secret)[0].startswith(MARK)
    assert "token" not in stored(secret)[0]


def test_the_same_text_is_stored_differently_each_time(secret):
    for _ in range(2):
        secret.objects.create(text="the same")
    assert len(set(stored(secret))) == 2


def test_an_empty_text_stays_empty(secret):
    secret.objects.create()
    assert stored(secret) == [""]
    assert secret.objects.get().text == ""


def test_a_wrong_key_raises_and_returns_nothing(secret, settings):
    secret.objects.create(text="a token")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(DecryptionError):
        secret.objects.get()


def test_plain_text_in_the_column_raises(secret):
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {secret._meta.db_table} (text) VALUES ('a token')")
    with pytest.raises(DecryptionError):
        secret.objects.get()


def test_a_changed_value_raises(secret):
    secret.objects.create(text="a token")
    changed = stored(secret)[0][:-4] + "AAA="
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {secret._meta.db_table} SET text = %s", [changed])
    with pytest.raises(DecryptionError):
        secret.objects.get()


def test_without_a_key_nothing_is_stored(secret, settings):
    settings.FIELD_ENCRYPTION_KEYS = []
    with pytest.raises(ImproperlyConfigured):
        secret.objects.create(text="a token")
    assert stored(secret) == []


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key(secret, settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    secret.objects.create(text="old")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    secret.objects.create(text="new")
    assert [row.text for row in secret.objects.order_by("pk")] == ["old", "new"]
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert secret.objects.order_by("-pk")[0].text == "new"
    with pytest.raises(DecryptionError):
        secret.objects.order_by("pk")[0]


def test_the_command_moves_every_row_to_the_first_key(secret, settings, monkeypatch):
    monkeypatch.setattr("mood_music.management.commands.reencrypt.apps.get_models", lambda: [secret])
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    secret.objects.create(text="old")
    secret.objects.create()
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    out = io.StringIO()
    call_command("reencrypt", stdout=out)
    assert "2 rows" in out.getvalue()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert [row.text for row in secret.objects.order_by("pk")] == ["old", ""]


def test_the_command_names_what_it_cannot_open_and_moves_the_rest(secret, settings, monkeypatch):
    monkeypatch.setattr("mood_music.management.commands.reencrypt.apps.get_models", lambda: [secret])
    lost = secret.objects.create(text="lost")
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    kept = secret.objects.create(text="kept")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match=f"Secret {lost.pk}[.]"):
        call_command("reencrypt", stdout=io.StringIO())
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert secret.objects.get(pk=kept.pk).text == "kept"


def test_the_column_cannot_be_searched(secret):
    secret.objects.create(text="a token")
    with pytest.raises(FieldError):
        secret.objects.filter(text="a token").exists()
    assert secret.objects.filter(text__isnull=False).exists()


def test_a_dump_holds_the_encrypted_form_and_loads_again(secret):
    row = secret.objects.create(text="a token")
    dump = serializers.serialize("json", [row])
    assert "a token" not in dump
    field = secret._meta.get_field("text")
    assert field.to_python(field.value_to_string(row)) == "a token"


@given(st.text(min_size=1))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_every_text_comes_back(text):
    assert decrypt(encrypt(text)) == text


@pytest.mark.parametrize("keys", [["short"], ["long enough, but it is the secret key, too"]])
def test_a_short_key_and_the_secret_key_are_refused(settings, keys):
    settings.SECRET_KEY = "long enough, but it is the secret key, too"
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert [error.id for error in checks.encryption_keys_are_usable(None)] == ["mood_music.E002"]


def test_good_keys_pass_and_a_server_without_any_is_refused(settings):
    assert checks.encryption_keys_are_usable(None) == []
    assert checks.encryption_keys_are_there(None) == []
    settings.FIELD_ENCRYPTION_KEYS = []
    assert [error.id for error in checks.encryption_keys_are_there(None)] == ["mood_music.E003"]
