import datetime

import pytest
from django.utils import timezone

from emotion.models import EmotionReading
from emotion.services import reading_correct
from mood_music.errors import UserError
from recommendations import services
from recommendations.catalogue import STARTER, CatalogueError
from recommendations.catalogue_imports import catalogue_import
from recommendations.models import Recommendation, RecommendationSet, Track
from recommendations.tasks import recommendation_set_build
from tests.factories import ReadingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


def test_a_set_is_built_once_with_a_reason_for_each_track(settings):
    reading = ReadingFactory(emotion="sadness")
    for _ in range(5):
        recommendation_set_build(reading.pk)
    built = RecommendationSet.objects.get()
    rows = list(built.recommendations.select_related("track"))
    assert (built.mode, built.user, len(rows)) == ("shift", reading.user, settings.RECOMMENDATIONS_PER_SET)
    assert [row.rank for row in rows] == list(range(1, 9))
    assert all(row.reason.endswith(".") and row.numbers for row in rows)
    assert len({row.track.artist for row in rows}) == 8


def test_a_reading_that_is_gone_is_no_error():
    recommendation_set_build(987654)
    assert not RecommendationSet.objects.exists()


def test_the_same_reading_gives_the_same_music_again():
    reading = ReadingFactory()
    first = [r.track_id for r in services.set_build(reading_id=reading.pk).recommendations.all()]
    again = [r.track_id for r in services.sets_rebuild(reading_id=reading.pk).recommendations.all()]
    assert first == again


def test_a_correction_moves_the_music_at_once(django_capture_on_commit_callbacks):
    reading = ReadingFactory(emotion="happiness")
    services.set_build(reading_id=reading.pk)
    with django_capture_on_commit_callbacks(execute=True):
        reading_correct(reading=reading, emotion="sadness")
    rebuilt = RecommendationSet.objects.get()
    assert rebuilt.mode == "shift"
    assert rebuilt.start_valence < 0.3
    assert EmotionReading.objects.get().dominant == "happiness"


def test_a_word_that_is_not_one_of_the_eight_is_refused():
    with pytest.raises(UserError, match="unknown_emotion"):
        reading_correct(reading=ReadingFactory(), emotion="hangry")


def test_every_mode_has_its_own_set():
    reading = ReadingFactory(emotion="sadness")
    match = services.set_mode(reading=reading, mode="match")
    lift = services.set_mode(reading=reading, mode="lift")
    assert services.set_mode(reading=reading, mode="match") == match
    mean = {s.mode: sum(r.track.valence for r in s.recommendations.all()) / 8 for s in (match, lift)}
    assert mean["lift"] > mean["match"] + 0.3
    with pytest.raises(UserError, match="unknown_mode"):
        services.set_mode(reading=reading, mode="sleep")


def test_what_was_recommended_lately_comes_less_often(amy):
    sets = []
    for _ in range(4):
        reading = ReadingFactory(capture__user=amy, emotion="happiness")
        built = services.set_build(reading_id=reading.pk)
        sets.append({r.track_id for r in built.recommendations.all()})
    repeated = sum(len(a & b) for n, a in enumerate(sets) for b in sets[n + 1 :])
    assert repeated <= 2


def test_a_lost_message_for_a_set_is_made_good_by_the_sweeper():
    lost, fresh = ReadingFactory(), ReadingFactory()
    EmotionReading.objects.filter(pk=lost.pk).update(created_at=timezone.now() - datetime.timedelta(minutes=1))
    assert services.sets_sweep() == 1
    assert RecommendationSet.objects.get().reading == lost
    assert not fresh.sets.exists()


def test_deleting_a_reading_deletes_its_music():
    reading = ReadingFactory()
    services.set_build(reading_id=reading.pk)
    reading.capture.delete()
    assert not Recommendation.objects.exists()
    assert Track.objects.exists()


def test_importing_twice_changes_nothing():
    again = catalogue_import(path=STARTER)
    assert (again.created, again.updated) == (0, 0)
    assert again.unchanged == Track.objects.count()


def test_a_new_rating_updates_its_track_and_keeps_its_row(tmp_path):
    lines = STARTER.read_text().splitlines()
    cells = lines[1].split(",")
    track = Track.objects.order_by("pk").first()
    changed = tmp_path / "one.csv"
    cells[-3] = "0.01" if cells[-3] != "0.01" else "0.02"
    changed.write_text("\n".join([lines[0], ",".join(cells)]) + "\n")
    assert catalogue_import(path=changed).updated == 1
    track.refresh_from_db()
    assert track.valence == pytest.approx(float(cells[-3]))


def test_a_file_with_a_fault_changes_nothing(tmp_path):
    before = Track.objects.count()
    broken = tmp_path / "broken.csv"
    header = STARTER.read_text().splitlines()[0]
    broken.write_text(f"{header}\nGood,Somebody,1999,pop,en,false,false,0.5,0.5,editorial\nBad,Nobody,1999\n")
    with pytest.raises(CatalogueError, match="3"):
        catalogue_import(path=broken)
    assert Track.objects.count() == before
