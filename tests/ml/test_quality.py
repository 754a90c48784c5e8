from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from ml import quality
from ml.quality import assess, doubt, is_sure, roll, sharpness, yaw
from ml.types import Advice, Landmarks
from tests.ml.faces import detection, landmarks


@pytest.fixture(scope="module")
def face():
    """Return blocks of grey with sharp edges, of middling light."""
    coarse = np.random.default_rng(0).integers(60, 200, (8, 8))
    return np.kron(coarse, np.ones((6, 6))).astype(np.uint8)


def blurred(face, radius):
    return np.asarray(Image.fromarray(face).filter(ImageFilter.GaussianBlur(radius)))


def test_a_good_face_needs_no_advice(face):
    assert assess(face, detection(), 1).advice == ()


def test_each_fault_has_its_own_advice(face):
    narrow = detection(width=quality.SMALL_FACE_BELOW - 1)
    assert assess((face * 0.2).astype(np.uint8), detection(), 1).advice == (Advice.DARK,)
    assert assess((215 + face * 0.15).astype(np.uint8), detection(), 1).advice == (Advice.BRIGHT,)
    assert assess(blurred(face, 6), detection(), 1).advice == (Advice.BLURRED,)
    assert assess(face, narrow, 1).advice == (Advice.SMALL_FACE,)
    assert assess(face, detection(), 2).advice == (Advice.SEVERAL_FACES,)


def test_faults_add_up(face):
    found = assess(blurred(face, 6), detection(width=10), 3)
    assert found.advice == (Advice.BLURRED, Advice.SMALL_FACE, Advice.SEVERAL_FACES)


@pytest.mark.parametrize("degrees", [-50, -20, 0, 20, 50])
def test_yaw_follows_a_head_that_turns(face, degrees):
    """A head of two eyes, 2 apart, and a nose that stands out by its length, seen from the front."""
    angle = np.radians(degrees)
    eyes, nose = np.cos(angle), 2 * quality.NOSE_LENGTH * np.sin(angle)
    points = Landmarks((-eyes, 0.0), (eyes, 0.0), (nose, 1.0), (-0.8, 2.0), (0.8, 2.0))
    assert yaw(points) == pytest.approx(degrees, abs=0.1)
    found = assess(face, replace(detection(), landmarks=points), 1)
    assert (Advice.TURNED_AWAY in found.advice) == (abs(degrees) > quality.TURNED_ABOVE)


@given(st.floats(-80, 80), st.floats(0.5, 30))
def test_roll_is_the_turn_of_the_eyes_and_does_not_disturb_yaw(degrees, scale):
    points = landmarks(scale, degrees)
    assert roll(points) == pytest.approx(degrees, abs=0.01)
    assert yaw(points) == pytest.approx(0, abs=0.01)


def test_eyes_in_one_point_count_as_turned_away():
    assert yaw(Landmarks(*[(3.0, 3.0)] * 5)) == 90


def test_sharpness_falls_with_blur_and_ignores_light_and_contrast(face):
    values = [sharpness(face), *(sharpness(blurred(face, radius)) for radius in (0.5, 1, 2, 4))]
    assert values == sorted(values, reverse=True)
    softer = (90 + 0.5 * face).astype(np.uint8)
    assert sharpness(softer) == pytest.approx(sharpness(face), rel=0.1)
    assert sharpness(np.full((48, 48), 90, np.uint8)) == 0


@pytest.mark.parametrize("advice", list(Advice))
def test_any_fault_makes_any_confidence_unsure(face, advice):
    flawed = replace(assess(face, detection(), 1), advice=(advice,))
    assert is_sure(0.99, replace(flawed, advice=()))
    assert not is_sure(0.99, flawed)


def test_low_confidence_is_never_sure(face):
    good = assess(face, detection(), 1)
    assert is_sure(quality.SURE_CONFIDENCE, good)
    assert not is_sure(quality.SURE_CONFIDENCE - 0.001, good)
    assert is_sure(0.3, good, 0.3)
    assert not is_sure(0.7, good, 0.8)


def test_the_worst_fault_decides_how_much_confidence_falls():
    measured = {"dark": 1.1, "blurred": 1.5}
    assert doubt((), measured) == 1
    assert doubt((Advice.DARK,), measured) == 1.1
    assert doubt((Advice.DARK, Advice.BLURRED), measured) == 1.5


@pytest.mark.parametrize("advice", [Advice.TURNED_AWAY, Advice.SEVERAL_FACES])
def test_a_fault_that_cannot_be_measured_counts_as_the_worst_that_can(advice):
    assert doubt((advice,), {"dark": 1.1, "blurred": 1.5}) == 1.5
    assert doubt((advice,), {}) == 1
