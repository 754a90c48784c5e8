"""What the site never says to anybody about her mood, as patterns that tests hold its sentences against."""

from __future__ import annotations

import re
from collections.abc import Iterable

NEVER = (
    # A diagnosis.
    r"diagnos|disorder|depress|anxi|bipolar|mania|manic|trauma|illness|patient|symptom|clinic|patholog|mental|ill\b",
    # A promise.
    r"cure|heal|therap|treat|medic|remed|guarantee|promis|will\b|make you|makes you|fix|prove|always|never|"
    r"relie[fv]|feel better",
    # Blame, or what somebody ought to feel.
    r"should|must|ought|fault|blame|stop being|calm down|cheer up|get over|snap out|too sad|too angry|wrong with|"
    r"you are (?:sad|angry|afraid|depressed)|you feel",
    # Advice that nobody asked for.
    r"need to|have to|had better|why not|try to|don.?t|do not|be (?:happy|positive|grateful|brave|strong)",
    # Cheer that talks a mood away.
    r"at least|look on the|bright side of|positive|yay|awesome|amazing|wonderful|great\b|just (?:relax|smile|breathe)|"
    r"everything|everybody|others have|worse|could be|it gets|hang in|chin up|no reason",
)


def offending(sentences: Iterable[str]) -> set[str]:
    """Return the sentences that say what is never said, and those that shout."""
    found = set()
    for sentence in sentences:
        if "!" in sentence or any(re.search(rf"\b(?:{pattern})", sentence, re.IGNORECASE) for pattern in NEVER):
            found.add(sentence)
    return found
