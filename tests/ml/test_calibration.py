import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.calibration import fit_sure_confidence, fit_temperature, softmax
from ml.evaluation import expected_calibration_error


@given(arrays(np.float32, (5, 8), elements=st.floats(-500, 500, width=32)), st.floats(0.25, 4))
def test_softmax_gives_distributions_that_keep_the_order(logits, temperature):
    shares = softmax(logits, temperature)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (shares >= 0).all()
    for row, share in zip(logits, shares, strict=True):
        assert share[row.argmax()] == share.max()


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.0])
def test_the_temperature_that_made_the_labels_is_found_again(true_temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (6000, 8))
    shares = softmax(logits, true_temperature)
    truth = np.array([rng.choice(8, p=row) for row in shares])
    found = fit_temperature(logits, truth)
    assert found == pytest.approx(true_temperature, rel=0.08)
    fitted = softmax(logits, found)
    error = expected_calibration_error(fitted.max(axis=1), fitted.argmax(axis=1) == truth)
    assert error < 0.02


def test_the_sure_confidence_is_what_the_wanted_share_reaches():
    highest = np.linspace(0.3, 0.99, 100)
    scores = np.stack([highest, 1 - highest], axis=1)
    enough = fit_sure_confidence(scores, 0.8)
    assert (scores.max(axis=1) >= enough).mean() == 0.8
