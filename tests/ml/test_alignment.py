from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from ml.alignment import TEMPLATE, grey_face
from ml.types import Landmarks
from tests.ml.faces import landmarks


def marked(points, size=(500, 400), radius=8):
    """Paint a white disc at each landmark on black."""
    picture = Image.new("RGB", size)
    draw = ImageDraw.Draw(picture)
    for x, y in (points.left_eye, points.right_eye, points.nose, points.mouth_left, points.mouth_right):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="white")
    return picture


def centre(face, around):
    """Return the centre of mass of the light within 4 pixels of a point, in pixel edges as the template has them."""
    rows, columns = np.mgrid[:48, :48]
    near = (np.hypot(columns + 0.5 - around[0], rows + 0.5 - around[1]) < 5) * face.astype(float)
    return (columns * near).sum() / near.sum() + 0.5, (rows * near).sum() / near.sum() + 0.5


@settings(max_examples=40, deadline=None)
@given(scale=st.floats(2.0, 4.5), degrees=st.floats(-60, 60), x=st.floats(190, 310), y=st.floats(170, 230))
def test_wherever_a_face_stands_its_landmarks_land_on_the_template(scale, degrees, x, y):
    points = landmarks(scale, degrees, (x, y))
    face = grey_face(marked(points, radius=2 * scale), points)
    assert (face.shape, face.dtype) == ((48, 48), np.uint8)
    for wanted in TEMPLATE:
        assert centre(face, wanted) == pytest.approx(tuple(wanted), abs=0.6)


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
def test_a_rolled_head_gives_the_crop_of_an_upright_one(portrait, degrees):
    upright = Landmarks((204.0, 100.5), (246.0, 103.0), (224.5, 127.5), (202.5, 138.5), (245.0, 140.5))
    turned = portrait.rotate(-degrees, Image.Resampling.BICUBIC, center=(224, 120))

    def turn(point):
        moved = (complex(*point) - (224 + 120j)) * np.exp(1j * np.radians(degrees)) + (224 + 120j)
        return moved.real, moved.imag

    rolled = Landmarks(*(turn(getattr(upright, name)) for name in Landmarks.__slots__))
    first, second = grey_face(portrait, upright).astype(int), grey_face(turned, rolled).astype(int)
    assert np.abs(first - second)[8:40, 8:40].mean() < 4


@pytest.mark.parametrize("scale", [0.5, 1.0, 5.0, 25.0])
def test_a_face_of_any_size_fills_the_same_frame(portrait, scale):
    points = Landmarks((204.0, 100.5), (246.0, 103.0), (224.5, 127.5), (202.5, 138.5), (245.0, 140.5))
    reference = grey_face(portrait, points).astype(int)
    around = portrait.crop((150, 40, 300, 190))
    side = round(150 * scale)
    moved = [(x - 150, y - 40) for x, y in (getattr(points, name) for name in Landmarks.__slots__)]
    resized = Landmarks(*((x * side / 150, y * side / 150) for x, y in moved))
    face = grey_face(around.resize((side, side), Image.Resampling.LANCZOS), resized).astype(int)
    assert np.abs(face - reference).mean() < 8


def test_a_large_face_of_fine_stripes_becomes_grey_instead_of_coarse_stripes():
    stripes = np.zeros((1600, 1600, 3), np.uint8)
    stripes[:, ::2] = 255
    face = grey_face(Image.fromarray(stripes), landmarks(30.0, 7.0, (800, 800)))
    assert abs(float(face.mean()) - 127.5) < 2
    assert face.std() < 6


def test_beyond_the_edge_of_the_picture_the_edge_goes_on():
    face = grey_face(Image.new("RGB", (60, 60), (77, 77, 77)), landmarks(4.0, 20.0, (5.0, 5.0)))
    assert set(np.unique(face)) == {77}


def test_a_face_wholly_outside_the_picture_is_its_edge():
    face = grey_face(Image.new("RGB", (60, 60), (9, 9, 9)), landmarks(2.0, 0.0, (-500.0, 900.0)))
    assert set(np.unique(face)) == {9}


@pytest.mark.parametrize(
    "points",
    [Landmarks(*[(300.0, 200.0)] * 5), Landmarks((320, 180), (280, 180), (300, 200), (285, 220), (315, 220))],
    ids=["one point", "eyes the wrong way round"],
)
def test_landmarks_that_form_no_face_still_give_a_crop_of_bounded_cost(points):
    assert grey_face(Image.new("RGB", (4000, 3000), (9, 9, 9)), points).shape == (48, 48)


def test_a_turned_head_is_not_enlarged_as_its_eyes_alone_would_ask():
    straight = landmarks(4.0)
    (left_x, left_y), (right_x, right_y) = straight.left_eye, straight.right_eye
    middle = (left_x + right_x) / 2
    turned = replace(
        straight,
        left_eye=(middle + (left_x - middle) * 0.6, left_y),
        right_eye=(middle + (right_x - middle) * 0.6, right_y),
    )
    # The mouth's corners stay where they are, so the frame must grow by far less than 1 / 0.6.
    face = grey_face(marked(turned), turned)
    eyes = np.flatnonzero(face[14:24].max(axis=0) > 128)
    assert 8 < eyes[-1] - eyes[0] < 20
