"""Place a distribution over emotions on the circumplex of valence and arousal (Russell 1980).

The norms are word ratings, scaled to 0..1, of three published sources:

* Warriner, Kuperman & Brysbaert 2013 (means from 1 to 9, scaled (x - 1) / 8);
* Mohammad 2018, NRC VAD lexicon (0 to 1 as published);
* Russell & Mehrabian 1977, pleasure and arousal (-1 to 1, scaled (x + 1) / 2).

Each value is the median of the three. For contempt the third was not at hand: it is the mean of
Warriner's "contempt" (V 3.22, A 4.61: .28, .45) and NRC's (V .206, A .635).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from ml.types import EMOTIONS, Affect, Emotion

NORMS: dict[Emotion, tuple[float, float]] = {
    Emotion.NEUTRAL: (0.50, 0.31),
    Emotion.HAPPINESS: (0.93, 0.74),
    Emotion.SURPRISE: (0.70, 0.84),
    Emotion.SADNESS: (0.19, 0.33),
    Emotion.ANGER: (0.19, 0.80),
    Emotion.DISGUST: (0.20, 0.68),
    Emotion.FEAR: (0.18, 0.80),
    Emotion.CONTEMPT: (0.24, 0.54),
}
"""Valence and arousal of each emotion, 0 to 1."""


def affect(scores: Mapping[Emotion, float]) -> Affect:
    """Return the probability-weighted mean and standard deviation of valence and arousal.

    The deviation says how far the emotions that the network still holds possible lie apart; it does not hold the
    spread between people, which the norms do not give.
    Raises ValueError unless every emotion has a score of at least 0 and they do not sum to 0.
    """
    weights = [float(scores[emotion]) if emotion in scores else -1.0 for emotion in EMOTIONS]
    total = sum(weights)
    if min(weights) < 0 or not 0 < total < float("inf"):
        raise ValueError("affect needs a finite score of at least 0 for each emotion, and one above 0")
    shares = [weight / total for weight in weights]
    valence, valence_sd = _mean_and_deviation(shares, [NORMS[emotion][0] for emotion in EMOTIONS])
    arousal, arousal_sd = _mean_and_deviation(shares, [NORMS[emotion][1] for emotion in EMOTIONS])
    return Affect(valence, arousal, valence_sd, arousal_sd)


def _mean_and_deviation(shares: list[float], values: list[float]) -> tuple[float, float]:
    mean = sum(share * value for share, value in zip(shares, values, strict=True))
    variance = sum(share * (value - mean) ** 2 for share, value in zip(shares, values, strict=True))
    return mean, sqrt(variance)
