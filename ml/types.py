"""The vocabulary of the vision code: emotions, boxes, detections, readings.

Everything here is a frozen value that crosses a layer. Coordinates are pixels of the upright
picture, x to the right and y down; scores are probabilities that sum to one.
"""

from __future__ import annotations

from enum import StrEnum




class Emotion(StrEnum):
    """Name the eight expressions of the FER+ label set, in the order of the network's outputs.

    Source: Barsoum et al. 2016, "Training deep networks for facial expression recognition with
    crowd-sourced label distribution" (arXiv:1608.01041).
    """

    NEUTRAL = "neutral"
    HAPPINESS = "happiness"
    SURPRISE = "surprise"
    SADNESS = "sadness"
    ANGER = "anger"
    DISGUST = "disgust"
    FEAR = "fear"
    CONTEMPT = "contempt"


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)
"""The order of every score vector in this project."""


class FerLabel(StrEnum):
    """Name the seven original FER2013 labels, in the order of the data set's class numbers.

    Source: Goodfellow et al. 2013, "Challenges in representation learning" (arXiv:1307.0414).
    """

    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"


FER_LABELS: tuple[FerLabel, ...] = tuple(FerLabel)
