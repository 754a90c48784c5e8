import pytest
from django.urls import reverse

from ml.types import Emotion
from privacy.purposes import Purpose
from privacy.services import consent_record
from recommendations import selectors, services
from recommendations.catalogue import STARTER, read_catalogue
from recommendations.circumplex import Mode
from recommendations.languages import NAMES
from recommendations.models import ListenerPreferences, Track
from tests.factories import ReadingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
PAGE = "/preferences/"


def save(user, **changed):
    nothing = {"genres": [], "eras": [], "languages": [], "blocked_artists": []}
    return services.preferences_save(user=user, **{**nothing, "allow_explicit": True, "default_modes": {}, **changed})


def tracks_of(built):
    return [row.track for row in built.recommendations.select_related("track")]


def test_the_form_offers_what_the_catalogue_has_and_remembers_the_answer(as_amy, amy):
    shown = as_amy.get(PAGE).content.decode()
    for text in ("jazz", "1970s", "Portuguese", "Zulu", "What suits (Shift)"):
        assert text in shown
    data = {
        "genres": ["jazz", "soul"],
        "eras": ["1970"],
        "languages": ["fr"],
        "blocked_artists": " Queen \n\nQueen\nABBA",
        "mode_sadness": "lift",
    }
    answer = as_amy.post(PAGE, data)
    assert (answer.status_code, answer.url) == (302, PAGE)
    kept = ListenerPreferences.objects.get()
    assert (kept.user, kept.genres, kept.eras, kept.languages) == (amy, ["jazz", "soul"], [1970], ["fr"])
    assert (kept.blocked_artists, kept.allow_explicit, kept.default_modes) == (
        ["Queen", "ABBA"],
        False,
        {"sadness": "lift"},
    )
    form = as_amy.get(PAGE).context["form"]
    assert form["genres"].value() == ["jazz", "soul"]
    assert form["mode_sadness"].value() == "lift"


def test_the_next_set_follows_the_preferences(amy):
    save(amy, genres=["jazz"], blocked_artists=["Miles Davis"], allow_explicit=False)
    built = [services.set_build(reading_id=ReadingFactory(capture__user=amy, emotion=e).pk) for e in Emotion]
    tracks = [track for each in built for track in tracks_of(each)]
    share = sum("jazz" in track.genres for track in tracks) / len(tracks)
    whole = sum("jazz" in track.genres for track in Track.objects.all()) / Track.objects.count()
    assert share > 1.5 * whole
    assert not any(track.explicit or "Miles Davis" in track.artist for track in tracks)


def test_somebody_elses_preferences_change_nothing(amy, bob):
    save(bob, blocked_artists=["Queen"])
    assert selectors.listener_of(user=amy).preferences.blocked_artists == frozenset()
    assert selectors.listener_of(user=bob).preferences.blocked_artists == {"Queen"}


def test_a_default_mode_holds_for_its_emotion_until_one_is_chosen(amy):
    save(amy, default_modes={Emotion.SADNESS: Mode.MATCH})
    sad, angry = (ReadingFactory(capture__user=amy, emotion=e) for e in ("sadness", "anger"))
    assert selectors.mode_of(reading=sad) is Mode.MATCH
    assert selectors.mode_of(reading=angry) is Mode.SHIFT
    services.set_mode(reading=sad, mode="lift")
    assert selectors.mode_of(reading=sad) is Mode.LIFT


def test_a_default_that_changes_leaves_earlier_readings_as_they_are(as_amy, amy):
    reading = ReadingFactory(capture__user=amy, emotion="sadness")
    built = services.set_build(reading_id=reading.pk)
    save(amy, default_modes={Emotion.SADNESS: Mode.LIFT})
    assert selectors.set_of(reading=reading) == built
    assert as_amy.get(reverse("result", args=[reading.capture.public_id])).context["waiting"] is False


@pytest.mark.parametrize(
    ("field", "value"),
    [("genres", ["no such genre"]), ("eras", ["x"]), ("mode_fear", "sleep"), ("blocked_artists", "x" * 301)],
)
def test_a_forged_answer_saves_nothing(as_amy, field, value):
    answer = as_amy.post(PAGE, {field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not ListenerPreferences.objects.exists()


def test_too_many_artists_are_refused_in_words(as_amy):
    answer = as_amy.post(PAGE, {"blocked_artists": "\n".join(f"Artist {n}" for n in range(201))})
    assert "At most 200 names" in answer.content.decode()


def test_saving_leads_back_to_the_result_but_never_off_the_site(as_amy, amy):
    path = reverse("result", args=[ReadingFactory(capture__user=amy).capture.public_id])
    assert path in as_amy.get(f"{PAGE}?next={path}").content.decode()
    assert as_amy.post(PAGE, {"next": path}).url == path
    assert as_amy.post(PAGE, {"next": "https://elsewhere.example/"}).url == PAGE


def test_preferences_can_be_cleared(as_amy, amy):
    save(amy, genres=["jazz"])
    as_amy.post(PAGE, {"clear": "1"})
    assert not ListenerPreferences.objects.exists()


def test_a_genre_that_left_the_catalogue_can_still_be_unticked(as_amy, amy):
    save(amy, genres=["vaporwave"])
    assert "vaporwave" in as_amy.get(PAGE).content.decode()
    assert as_amy.post(PAGE, {"genres": ["vaporwave"]}).status_code == 302


def test_what_was_typed_in_outlives_a_consent_to_readings(amy):
    save(amy, genres=["jazz"])
    consent_record(user=amy, purpose=Purpose.EMOTION_INFERENCE, granted=False, given_through="test")
    assert ListenerPreferences.objects.get().user == amy


def test_every_language_of_the_starter_catalogue_has_a_name():
    assert {track.language for track in read_catalogue(STARTER)} - {""} <= set(NAMES)


def test_the_account_and_the_result_lead_to_the_preferences(as_amy, amy):
    reading = ReadingFactory(capture__user=amy)
    services.set_build(reading_id=reading.pk)
    for url in ("/account/", reverse("result", args=[reading.capture.public_id])):
        assert f'href="{PAGE}' in as_amy.get(url).content.decode()
