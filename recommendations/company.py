"""Put the companion's words together with the person they are for: her switches, her turns, her latest days."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from emotion.models import EmotionReading
from emotion.selectors import readings_effective
from ml.types import Emotion
from privacy.selectors import sensitive_use_limited
from recommendations import selectors
from recommendations.circumplex import Mode
from recommendations.companion import Certainty, Occasion, Scene, daytimes, helped_line, line, outcome_of
from recommendations.helplines import Helpline, helpline
from recommendations.models import ListenerPreferences, ListeningSession
from recommendations.persistence import WINDOW_DAYS, Noted, low_for_days
from recommendations.session_selectors import Standing, helped_before


def beside_result(*, reading: EmotionReading, mode: Mode) -> dict[str, Any]:
    """Return what a result page says besides the facts: `companion`, `helped_before` and `help_line`.

    `mode` is the one in force for the reading.
    """
    said = _switches(reading.user)
    helped = helped_before(user=reading.user, emotion=reading.emotion)
    scene = Scene(Occasion.RESULT, reading.emotion, _certainty(reading), mode, helped)
    turn = EmotionReading.objects.for_user(reading.user).filter(pk__lte=reading.pk).count()
    return {
        "companion": _spoken(scene, reading.user, turn, reading.created_at) if said.companion else None,
        # Said once: by the companion, or plainly where she is switched off.
        "helped_before": helped_line(helped, mode) if helped and not said.companion else "",
        "help_line": help_line(user=reading.user) if said.help_line else None,
    }


def beside_session(*, session: ListeningSession, standing: Standing) -> dict[str, Any]:
    """Return what a session's page says besides the facts: `companion` and `help_line`."""
    said = _switches(session.user)
    occasion = _occasion(session, standing)
    emotion, mode = session.reading.emotion, Mode(session.mode)
    helped = helped_before(user=session.user, emotion=emotion) if occasion is Occasion.START else None
    scene = Scene(occasion, emotion, _certainty(session.reading), mode, helped, outcome_of(standing.change))
    turn = standing.passed
    if occasion is not Occasion.WAY:
        turn = ListeningSession.objects.for_user(session.user).filter(pk__lte=session.pk).count()
    return {
        "companion": _spoken(scene, session.user, turn, session.created_at) if said.companion else None,
        "help_line": help_line(user=session.user) if said.help_line else None,
    }


def help_line(*, user: Any) -> Helpline | None:
    """Return where to find help, if low readings have persisted for days, or None.

    None, too, where the person limits the use of her moods to the reading that she asked for.
    """
    if sensitive_use_limited(user=user):
        return None
    now = timezone.now()
    latest = readings_effective(user).filter(created_at__gte=now - datetime.timedelta(days=WINDOW_DAYS))
    noted = [
        Noted(created_at.date(), Emotion(felt), sure or bool(corrected))
        for created_at, felt, sure, corrected in latest.values_list("created_at", "felt", "sure", "corrected_emotion")
    ]
    return helpline(settings.COUNTRY) if low_for_days(noted, now.date()) else None


def _switches(user: Any) -> ListenerPreferences:
    return selectors.listener_preferences(user=user) or ListenerPreferences(user=user)


def _certainty(reading: EmotionReading) -> Certainty:
    if reading.corrected:
        return Certainty.SAID
    return Certainty.SURE if reading.sure else Certainty.UNSURE


def _occasion(session: ListeningSession, standing: Standing) -> Occasion:
    if not session.is_active:
        return Occasion.END
    return Occasion.WAY if standing.passed else Occasion.START


def _spoken(scene: Scene, user: Any, turn: int, at: datetime.datetime) -> dict[str, Any]:
    more = {daytime.value: sentence for daytime, sentence in daytimes(scene.occasion).items()}
    return {"text": line(scene, seed=str(user.public_id), turn=turn), "daytimes": more, "at": at}
