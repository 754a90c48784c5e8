"""A history can be taken out, and brought in again into a fresh account."""

import csv
import hashlib
import io
import json
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from emotion.imports import Imported, history_import
from emotion.models import Capture, EmotionReading, ToldMood
from emotion.selectors import history_rows
from mood_music.errors import UserError
from privacy.archive import archive_write
from privacy.purposes import Purpose
from privacy.services import consent_record
from privacy.subjects import Subject
from tests.factories import ReadingFactory, UserFactory
from tests.support.pictures import encoded, picture

pytestmark = pytest.mark.django_db(transaction=True)
DAYLIO = """full_date,date,weekday,time,mood,activities,note_title,note
2023-01-15,January 15,Sunday,10:15 pm,rad,friends | sport,,=SECRET()
2023-01-14,January 14,Saturday,08:30,awful,,,
2023-01-13,January 13,Friday,12:00,meh,,,
2023-01-12,January 12,Thursday,12:00,exhausted,,,
2023-01-11,January 11,Wednesday,quarter past,bad,,,
"""


def archive(user):
    file = io.BytesIO()
    archive_write(file, Subject.of(user), lambda percent: None)
    return file


def rows(file, name):
    return json.loads(zipfile.ZipFile(file).read(f"data/readings/{name}.json"))


@pytest.fixture
def copy_of_amy(amy):
    ReadingFactory(capture__user=amy, emotion="sadness", corrected_emotion="neutral", corrected_at="2020-01-01T00:00Z")
    reading = ReadingFactory(
        capture__user=amy, crop=default_storage.save("crops/a.jpg", ContentFile(encoded(picture((64, 64)))))
    )
    Capture.objects.filter(pk=reading.capture_id).update(created_at="2021-05-06T07:08:09Z", mode="lift")
    EmotionReading.objects.filter(pk=reading.pk).update(created_at="2021-05-06T07:08:09Z")
    return archive(amy)


def test_a_copy_brought_into_a_fresh_account_brings_the_history_back(copy_of_amy, bob):
    done = history_import(user=bob, file=copy_of_amy)
    assert (done.added, done.known) == (2, 0)

    def comparable(file):
        readings = rows(file, "emotion.EmotionReading")
        return [{k: v for k, v in row.items() if k != "capture__public_id"} for row in readings]

    assert comparable(archive(bob)) == comparable(copy_of_amy)
    assert set(Capture.objects.filter(user=bob).values_list("mode", flat=True)) == {"lift", ""}


def test_moods_that_were_noted_come_back_from_a_copy_as_moods_that_were_noted(amy, bob):
    history_import(user=amy, file=io.BytesIO(DAYLIO.encode()))
    copy = archive(amy)
    assert history_import(user=bob, file=copy) == Imported(3, 0)
    assert history_import(user=bob, file=copy) == Imported(0, 3)

    def table(user):
        return list(history_rows(user=user))

    assert table(bob) == table(amy)
    assert len(table(bob)) == 4


def test_a_long_history_comes_in_with_few_statements(amy, bob, django_assert_max_num_queries):
    ReadingFactory.create_batch(30, capture__user=amy)
    copy = archive(amy)
    with django_assert_max_num_queries(25):
        assert history_import(user=bob, file=copy).added == 30


def test_a_copy_brought_in_twice_or_where_it_came_from_adds_nothing(copy_of_amy, amy, bob):
    history_import(user=bob, file=copy_of_amy)
    for user in (bob, amy):
        assert history_import(user=user, file=copy_of_amy).added == 0


def test_crops_come_back_only_for_somebody_who_lets_us_keep_them(copy_of_amy, bob):
    carol = UserFactory(email="carol@example.org")
    consent_record(user=carol, purpose=Purpose.STORE_IMAGE, granted=True, given_through="test")
    for user in (bob, carol):
        history_import(user=user, file=copy_of_amy)
    assert not EmotionReading.objects.filter(user=bob).exclude(crop="").exists()
    crop = EmotionReading.objects.filter(user=carol).exclude(crop="").get().crop
    assert crop.read().startswith(b"\xff\xd8")
    crop.close()


def changed(file, path, change):
    """Return an archive with one file changed, and its checksum with it when `change` says so."""
    old, new = zipfile.ZipFile(file), io.BytesIO()
    with zipfile.ZipFile(new, "w") as zipped:
        for name in old.namelist():
            zipped.writestr(name, change(old.read(name)) if name == path else old.read(name))
    new.seek(0)
    return new


def test_a_copy_that_was_changed_is_refused_and_leaves_nothing(copy_of_amy, bob):
    broken = changed(
        copy_of_amy, "data/readings/emotion.EmotionReading.json", lambda data: data.replace(b"sadness", b"anger")
    )
    with pytest.raises(UserError) as refused:
        history_import(user=bob, file=broken)
    assert refused.value.message_id == "bad_archive"
    assert not Capture.objects.filter(user=bob).exists()


def forged(file, path, old, new):
    """Return an archive with one file changed, whose manifest says that it is right."""
    data = zipfile.ZipFile(file).read(path)
    assert old in data
    manifest = json.loads(zipfile.ZipFile(file).read("manifest.json"))
    for entry in manifest["files"]:
        if entry["path"] == path:
            entry["sha256"] = hashlib.sha256(data.replace(old, new)).hexdigest()
    broken = changed(file, path, lambda data: data.replace(old, new))
    return changed(broken, "manifest.json", lambda _: json.dumps(manifest))


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"scores": {"joy": 1.0}},
        {"scores": "all"},
        {"dominant": "bliss"},
        {"valence": 7},
        {"created_at": "2999-01-01T00:00:00Z"},
        {"created_at": "yesterday"},
        {"corrected_emotion": "<script>"},
        {"confidence": "high"},
        {"confidence": float("nan")},
        {"quality": "good"},
        {"quality": {"advice": ["buy"], "brightness": 1, "sharpness": 1, "face_size": 1, "roll": 1, "yaw": 1}},
        {"quality": {"advice": []}},
        {"box": {"x": 1}},
        {"box": "everywhere"},
        {"faces": [{"x": "1", "y": 1, "width": 1, "height": 1}]},
        {"faces": 3},
    ],
)
def test_a_forged_copy_with_right_checksums_brings_in_no_nonsense(copy_of_amy, bob, row):
    path = "data/readings/emotion.EmotionReading.json"
    good = rows(copy_of_amy, "emotion.EmotionReading")
    forged = json.dumps([good[0], {**good[1], **row} if row else {}]).encode()
    manifest = json.loads(zipfile.ZipFile(copy_of_amy).read("manifest.json"))
    for entry in manifest["files"]:
        if entry["path"] == path:
            entry["sha256"] = hashlib.sha256(forged).hexdigest()
    broken = changed(changed(copy_of_amy, path, lambda _: forged), "manifest.json", lambda _: json.dumps(manifest))
    with pytest.raises(UserError, match="bad_archive"):
        history_import(user=bob, file=broken)
    assert not Capture.objects.filter(user=bob).exists()


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("data/readings/emotion.Capture.json", b'"lift"', b'"fly"'),
        ("data/told_moods/emotion.ToldMood.json", b'"happiness"', b'"bliss"'),
        ("data/told_moods/emotion.ToldMood.json", b"2023-01-15", b"2999-01-15"),
    ],
)
def test_nothing_else_of_a_copy_is_believed_either(copy_of_amy, amy, bob, path, old, new):
    history_import(user=amy, file=io.BytesIO(DAYLIO.encode()))
    with pytest.raises(UserError, match="bad_archive"):
        history_import(user=bob, file=forged(archive(amy), path, old, new))
    assert not Capture.objects.filter(user=bob).exists()
    assert not ToldMood.objects.filter(user=bob).exists()


def test_a_file_larger_than_the_site_takes_is_answered_with_what_to_do(as_amy, settings):
    settings.MAX_UPLOAD_MEGABYTES = 1
    file = SimpleUploadedFile("copy.zip", b"PK" + b" " * 2_000_000)
    answer = as_amy.post(reverse("history_import"), {"file": file})
    assert answer.status_code == 422
    assert "That file holds too much" in answer.content.decode()


def test_a_small_file_that_unpacks_to_much_is_refused(bob, monkeypatch):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", b" " * 5_000_000)
    monkeypatch.setattr("privacy.archive_reading.MAX_UNPACKED", 1_000_000)
    with pytest.raises(UserError, match="archive_too_large"):
        history_import(user=bob, file=bomb)


def test_daylio_moods_come_in_as_what_a_person_noted_and_never_as_readings(amy):
    done = history_import(user=amy, file=io.BytesIO(DAYLIO.encode()))
    assert (done.added, done.known, done.skipped) == (3, 0, 2)
    told = {(m.felt_at.isoformat(), m.word, m.emotion) for m in ToldMood.objects.filter(user=amy)}
    assert told == {
        ("2023-01-15T22:15:00+00:00", "rad", "happiness"),
        ("2023-01-14T08:30:00+00:00", "awful", "sadness"),
        ("2023-01-13T12:00:00+00:00", "meh", "neutral"),
    }
    assert not EmotionReading.objects.exists()
    assert history_import(user=amy, file=io.BytesIO(DAYLIO.encode())).added == 0


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"full_date,time\n2020-01-01,10:00\n"])
def test_another_file_is_refused_with_words(as_amy, data):
    answer = as_amy.post(reverse("history_import"), {"file": SimpleUploadedFile("x.csv", data or b" ")})
    assert answer.status_code == 422
    assert "We do not know that file" in answer.content.decode()


def test_without_consent_to_a_history_none_is_brought_in(amy):
    consent_record(user=amy, purpose=Purpose.STORE_HISTORY, granted=False, given_through="test")
    with pytest.raises(UserError, match="history_off"):
        history_import(user=amy, file=io.BytesIO(DAYLIO.encode()))


def test_the_page_says_what_came_in(as_amy):
    file = SimpleUploadedFile("daylio.csv", DAYLIO.encode())
    page = as_amy.post(reverse("history_import"), {"file": file}, follow=True).content.decode()
    assert "3 moods came in; 0 were here already. 2 could not be understood" in page
    assert "Moods you noted: 3" in page


def test_the_moods_of_a_person_are_one_plain_table(as_amy, amy, bob):
    history_import(user=amy, file=io.BytesIO(DAYLIO.encode()))
    ReadingFactory(capture__user=amy, emotion="fear", corrected_emotion="surprise")
    ReadingFactory(capture__user=bob, emotion="anger")
    answer = as_amy.get(reverse("history_csv"))
    table = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [(row["mood"], row["said_by"], row["expression_read"]) for row in table] == [
        ("neutral", "daylio", ""),
        ("sadness", "daylio", ""),
        ("happiness", "daylio", ""),
        ("surprise", "you", "fear"),
    ]
    assert [row["time_utc"] for row in table] == sorted(row["time_utc"] for row in table)
