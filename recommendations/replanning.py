"""Plan the rest of a listening session: from where it stands, in the mode that holds from now on.

A session is a path on the plane. Its person may change the mode at any time, and may take a new reading; either
way what was heard stays, and only what lies ahead is planned anew.
"""

from __future__ import annotations

from ml.types import Emotion
from recommendations import circumplex
from recommendations.circumplex import Mode, Target

WAY_OUT_AFTER = 2
"""How many tracks of a low mood are heard as they are before a way out is offered.

Carlson et al. 2015 (Frontiers in Human Neuroscience 9:466) found that people who listen to discharge negative
feelings had worse markers of mental health. So staying is the person's choice, and never without an offer.
"""


def ahead(position: Target, mode: Mode, emotion: Emotion, remaining: int) -> list[Target]:
    """Return the targets that follow the track at `position`, at least `remaining` of them.

    No step of a shift, the one from `position` included, is longer than LONGEST_STEP, and its last target is the
    goal: where `remaining` tracks are too few for that, there are more. Raises ValueError when `remaining` is below 1.
    """
    if remaining < 1:
        raise ValueError("a path has at least one step ahead")
    # The point where the session stands has been heard already.
    return circumplex.path(position, mode, emotion, remaining + 1)[1:]


def mode_after_reading(mode: Mode, emotion: Emotion) -> Mode:
    """Return the mode that holds after a new reading.

    What the person chose goes on, with one exception: a shift that finds a mood worth keeping has arrived.
    """
    arrived = mode is Mode.SHIFT and circumplex.default_mode(emotion) is Mode.KEEP
    return Mode.KEEP if arrived else mode


def way_out_offered(mode: Mode, emotion: Emotion, heard: int) -> bool:
    """Tell whether a session stays with a low mood for so long that the way out is offered.

    Low are the moods that a shift is meant for: anger, fear, sadness, disgust, contempt.
    """
    staying = mode in {Mode.MATCH, Mode.KEEP}
    return staying and circumplex.default_mode(emotion) is Mode.SHIFT and heard >= WAY_OUT_AFTER
