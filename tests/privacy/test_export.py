"""Trust statement 8: the export holds everything of one person and nothing of another, and proves itself."""

import csv
import hashlib
import io
import json
import re
import uuid
import zipfile

import jsonschema
import pytest
import time_machine
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from privacy import exports
from privacy.archive import archive_write, csv_text
from privacy.erasure import erasure_request
from privacy.models import DataExport
from privacy.registry import categories
from privacy.services import consent_record
from privacy.subjects import Subject
from privacy.tasks import export_build, exports_sweep
from tests.factories import PASSWORD, ReadingFactory
from tests.privacy.filling import Filler

pytestmark = pytest.mark.django_db(transaction=True)


def archive(user):
    file = io.BytesIO()
    archive_write(file, Subject.of(user), lambda percent: None)
    return file.getvalue()


def opened(data):
    return zipfile.ZipFile(io.BytesIO(data))


@pytest.fixture
def confirmed(client, amy):
    """Return amy's browser with the password given just now."""
    client.force_login(amy)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_statement_8_every_row_of_a_and_nothing_of_b_is_in_it():
    amy, bob = Filler("markofamy").fill(), Filler("markofbob").fill()
    data = opened(archive(amy))
    text = "".join(data.read(name).decode("latin-1") for name in data.namelist())
    assert "markofamy" in text
    assert "markofbob" not in text
    assert str(bob.public_id) not in text
    for category in categories():
        for table in category.tables if category.exported else ():
            if table.fields:
                rows = json.loads(data.read(f"data/{category.name}/{table.model}.json"))
                assert rows, f"nothing of {table.model}"


def test_statement_8_no_secret_is_in_it():
    amy = Filler("markofamy").fill()
    session = amy.usersession_set.get().session_key
    data = opened(archive(amy))
    text = "".join(data.read(name).decode("latin-1") for name in data.namelist())
    for secret in (amy.password, session, *amy.data_exports.values_list("session_digest", flat=True)):
        assert secret not in text
    assert '"accounts.User.password": "a scrambled secret' in text


def test_statement_8_every_checksum_and_count_of_the_manifest_is_right():
    data = opened(archive(Filler("markofamy").fill()))
    manifest = json.loads(data.read("manifest.json"))
    jsonschema.validate(manifest, json.loads(data.read("manifest.schema.json")))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**manifest, "files": [{"path": "x"}]}, json.loads(data.read("manifest.schema.json")))
    assert {entry["path"] for entry in manifest["files"]} == set(data.namelist()) - {"manifest.json"}
    for entry in manifest["files"]:
        held = data.read(entry["path"])
        assert (hashlib.sha256(held).hexdigest(), len(held)) == (entry["sha256"], entry["bytes"])
        if entry["path"].endswith(".json") and not entry["path"].endswith(".schema.json"):
            assert entry["path"].replace(".json", ".schema.json") in data.namelist()
        if entry["path"].endswith(".json") and "rows" in entry:
            assert len(json.loads(held)) == entry["rows"]


def test_statement_8_two_exports_of_one_state_are_equal():
    amy = Filler("markofamy").fill()
    first = archive(amy)
    with time_machine.travel(timezone.now() + timezone.timedelta(days=3)):
        assert archive(amy) == first
    ReadingFactory(capture__user=amy)
    assert archive(amy) != first


def test_statement_8_json_fits_its_schema_and_csv_says_the_same():
    data = opened(archive(Filler("markofamy").fill()))
    schemas = [name for name in data.namelist() if name.startswith("data/") and name.endswith(".schema.json")]
    assert schemas
    for name in schemas:
        rows = json.loads(data.read(name.replace(".schema", "")))
        jsonschema.validate(rows, json.loads(data.read(name)))
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate([{"unheard_of": 1}], json.loads(data.read(name)))
        lines = list(csv.reader(io.StringIO(data.read(name.replace(".schema.json", ".csv")).decode())))
        assert lines[0] == json.loads(data.read(name))["items"]["required"]
        assert len(lines) == len(rows) + 1


@pytest.mark.parametrize(
    "nonsense",
    [
        {"dominant": "bliss"},
        {"scores": {"happiness": 1}},
        {"quality": {"advice": ["buy"]}},
        {"confidence": "high"},
        {"corrected_at": 3},
    ],
)
def test_statement_8_a_schema_says_what_may_stand_in_a_column(amy, nonsense):
    ReadingFactory(capture__user=amy)
    data = opened(archive(amy))
    [row] = json.loads(data.read("data/readings/emotion.EmotionReading.json"))
    schema = json.loads(data.read("data/readings/emotion.EmotionReading.schema.json"))
    jsonschema.validate([row], schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**row, **nonsense}], schema)


def test_statement_8_pictures_consents_and_scores_are_in_it_and_what_is_missing_is_said(amy):
    kept = default_storage.save("crops/kept.jpg", ContentFile(b"picture"))
    ReadingFactory(capture__user=amy, crop=kept)
    ReadingFactory(capture__user=amy, crop="crops/lost.jpg")
    data = opened(archive(amy))
    assert data.read("media/crops/kept.jpg") == b"picture"
    [lost] = json.loads(data.read("manifest.json"))["missing"]
    assert lost["path"] == "media/crops/lost.jpg"
    readings = json.loads(data.read("data/readings/emotion.EmotionReading.json"))
    assert readings[0]["scores"]["happiness"] == 0.86
    consents = json.loads(data.read("data/consents/privacy.ConsentRecord.json"))
    assert {row["purpose"] for row in consents} == {"emotion_inference", "store_history"}


def test_the_page_inside_shows_history_and_pictures_without_a_network(amy):
    ReadingFactory(capture__user=amy, crop=default_storage.save("crops/kept.jpg", ContentFile(b"picture")))
    page = opened(archive(amy)).read("index.html").decode()
    assert '<img src="media/crops/kept.jpg"' in page
    assert "happiness" in page
    assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//|<script|@import|url\(", page) == []


def test_the_page_inside_begins_with_moods_and_reads_like_a_page(amy):
    ReadingFactory(capture__user=amy, emotion="surprise")
    page = opened(archive(amy)).read("index.html").decode()
    assert page.index('id="readings"') < page.index('id="consents"')
    assert "surprise: 0.86" in page
    assert "True" not in page
    assert not re.search(r"\d{4}-\d\d-\d\dT\d\d:", page)
    assert "Nothing is held of: Your choices on this page;" in page


def test_no_text_of_a_csv_file_is_a_formula_to_a_spreadsheet():
    assert csv_text("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert csv_text(-0.5) == -0.5


def test_an_export_asks_for_the_password_runs_in_the_worker_and_tells_by_mail(client, amy):
    client.force_login(amy)
    answer = client.post(reverse("export"))
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not DataExport.objects.exists()
    client.post(answer.url, {"password": PASSWORD})
    export = DataExport.objects.get()
    assert export.status == "pending"
    assert "about to be put together" in client.get(reverse("export")).content.decode()
    export_build(export.pk)
    assert mail.outbox[-1].to == ["amy@example.org"]
    assert reverse("export") in mail.outbox[-1].body
    assert client.get(reverse("export_status"))["HX-Refresh"] == "true"
    answer = client.get(reverse("export_download", args=[export.public_id]))
    assert "no-store" in answer["Cache-Control"]
    assert "manifest.json" in opened(b"".join(answer.streaming_content)).namelist()


def test_a_mail_that_could_not_be_sent_is_sent_once_the_server_is_back(confirmed, monkeypatch):
    confirmed.post(reverse("export"))

    def down(*args, **kwargs):
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(exports, "send_mail", down)
        export_build(DataExport.objects.get().pk)
        with time_machine.travel(timezone.now() + exports.TELL_AGAIN * 2):
            exports_sweep()
    assert DataExport.objects.get().status == "ready"
    with time_machine.travel(timezone.now() + exports.TELL_AGAIN * 2):
        for _ in range(2):
            exports_sweep()
    [letter] = mail.outbox
    assert reverse("export") in letter.body


def test_a_copy_is_bound_to_the_session_that_asked(client, confirmed, amy, bob):
    from django.test import Client

    confirmed.post(reverse("export"))
    export = DataExport.objects.get()
    export_build(export.pk)
    address = reverse("export_download", args=[export.public_id])
    elsewhere, stranger, nobody = Client(), Client(), Client()
    elsewhere.force_login(amy)
    stranger.force_login(bob)
    assert elsewhere.get(address).status_code == 403
    assert "waits elsewhere" in elsewhere.get(reverse("export")).content.decode()
    assert stranger.get(address).status_code == 404
    assert nobody.get(address).status_code == 302
    assert confirmed.get(reverse("export_download", args=[uuid.uuid4()])).status_code == 404
    answer = confirmed.get(address)
    assert answer.status_code == 200
    answer.close()


def test_only_one_copy_is_made_at_a_time_and_a_new_one_replaces_the_old(confirmed, amy, settings):
    for _ in range(2):
        confirmed.post(reverse("export"))
    first = DataExport.objects.get()
    with pytest.raises(IntegrityError):
        DataExport.objects.create(user=amy, session_digest="x", link="x")
    export_build(first.pk)
    confirmed.post(reverse("export"))
    assert DataExport.objects.get() != first
    assert list((settings.MEDIA_ROOT / "exports").iterdir()) == []


def test_a_copy_can_be_stopped_while_it_is_made_and_leaves_no_file(confirmed, settings, monkeypatch):
    confirmed.post(reverse("export"))
    export = exports.export_claim(export_id=DataExport.objects.get().pk)
    real = exports.archive_write

    def interrupted(file, subject, progress):
        confirmed.post(reverse("export_cancel"))
        real(file, subject, progress)

    monkeypatch.setattr(exports, "archive_write", interrupted)
    assert exports.export_build(export=export) is False
    assert DataExport.objects.get().status == "cancelled"
    assert not (settings.MEDIA_ROOT / "exports").exists()
    assert not mail.outbox


def test_progress_can_be_watched(confirmed, monkeypatch):
    confirmed.post(reverse("export"))
    seen = []
    real = exports.archive_write

    def watched(file, subject, progress):
        def note(percent):
            progress(percent)
            seen.append(DataExport.objects.get().progress)

        real(file, subject, note)

    monkeypatch.setattr(exports, "archive_write", watched)
    export_build(DataExport.objects.get().pk)
    assert seen == sorted(seen)
    assert len(set(seen)) > 3


def test_a_copy_expires_with_its_file(confirmed, settings):
    confirmed.post(reverse("export"))
    export = DataExport.objects.get()
    export_build(export.pk)
    later = timezone.now() + timezone.timedelta(hours=settings.EXPORT_HOURS, minutes=1)
    with time_machine.travel(later, tick=False):
        exports_sweep()
    assert DataExport.objects.get().status == "expired"
    assert list((settings.MEDIA_ROOT / "exports").iterdir()) == []
    assert confirmed.get(reverse("export_download", args=[export.public_id])).status_code == 404


def test_a_copy_goes_when_the_account_is_erased_and_none_appears_afterwards(confirmed, amy, settings):
    confirmed.post(reverse("export"))
    export = exports.export_claim(export_id=DataExport.objects.get().pk)
    erasure_request(user=amy, scope="account")
    assert exports.export_build(export=export) is False
    assert not DataExport.objects.exists()
    assert not list(settings.MEDIA_ROOT.rglob("*.zip"))


def test_an_export_whose_builder_died_is_built_by_another_and_parked_after_three(confirmed, monkeypatch):
    confirmed.post(reverse("export"))
    pk = DataExport.objects.get().pk

    def broken(*args):
        raise OSError("no space left")

    monkeypatch.setattr(exports, "archive_write", broken)
    assert exports.export_claim(export_id=pk)
    assert exports.export_claim(export_id=pk) is None
    with time_machine.travel(timezone.now() + exports.LEASE * 2, tick=False):
        assert exports.exports_sweep() == [pk]
    export_build(pk)
    assert DataExport.objects.get().status == "pending"
    export_build(pk)
    assert DataExport.objects.get().status == "failed"
    assert exports.exports_sweep() == []


def test_a_file_that_a_crash_left_without_its_row_is_swept(settings):
    default_storage.save("exports/orphan.zip", ContentFile(b"x"))
    exports.exports_sweep()
    assert list((settings.MEDIA_ROOT / "exports").iterdir())
    with time_machine.travel(timezone.now() + exports.ORPHAN_AGE * 2):
        exports.exports_sweep()
    assert not list((settings.MEDIA_ROOT / "exports").iterdir())


def test_withdrawing_consent_is_part_of_the_history_that_is_exported(amy):
    from privacy.purposes import Purpose

    consent_record(user=amy, purpose=Purpose.STORE_HISTORY, granted=False, given_through="test")
    rows = json.loads(opened(archive(amy)).read("data/consents/privacy.ConsentRecord.json"))
    assert [row["granted"] for row in rows if row["purpose"] == "store_history"] == [True, False]
