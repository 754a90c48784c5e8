"""Fit the temperature that makes confidence mean what it says (Guo et al. 2017, arXiv:1706.04599).

And the confidence from which a reading counts as sure (selective prediction; Geifman & El-Yaniv 2017,
arXiv:1705.08500): the one that the chosen share of faces reaches. Both are fitted on held-out rows, each on its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def softmax(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """Return probabilities (n, k) of logits (n, k) divided by the temperature."""
    scaled = np.asarray(logits, np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    exponent = np.exp(scaled)
    return np.asarray(exponent / exponent.sum(axis=1, keepdims=True))


def fit_temperature(logits: npt.NDArray[np.floating], truth: npt.NDArray[np.intp]) -> float:
    """Return the temperature in 0.25 to 4 with the lowest negative log likelihood on held-out rows.

    Golden-section search on the logarithm: the likelihood has one minimum in the temperature.
    """

    def loss(log_temperature: float) -> float:
        picked = softmax(logits, float(np.exp(log_temperature)))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(picked, 1e-12)).mean())

    low, high = np.log(0.25), np.log(4.0)
    ratio = (5**0.5 - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def fit_sure_confidence(probabilities: npt.NDArray[np.float64], coverage: float) -> float:
    """Return the confidence that the share `coverage` of the held-out rows (n, k) reaches, between 0 and 1."""
    return float(np.quantile(probabilities.max(axis=1), 1 - coverage))
