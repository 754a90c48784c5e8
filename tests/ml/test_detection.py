"""The real detector on real pictures."""

import numpy as np
import pytest
from PIL import Image

from ml.detection import MtcnnDetector
from ml.types import Box, FaceDetection
from tests.ml.faces import landmarks

pytestmark = pytest.mark.model

FACE = (183.0, 62.0, 84.0, 110.0)
"""Where the portrait's face is: left, top, width, height, read off the picture."""


@pytest.fixture(scope="module")
def detector():
    return MtcnnDetector()


def overlap(box, wanted):
    left, top = max(box.x, wanted[0]), max(box.y, wanted[1])
    right, bottom = min(box.x + box.width, wanted[0] + wanted[2]), min(box.y + box.height, wanted[1] + wanted[3])
    common = max(0.0, right - left) * max(0.0, bottom - top)
    return common / (box.width * box.height + wanted[2] * wanted[3] - common)


def test_the_portrait_has_one_face_where_it_is_and_landmarks_where_they_are(detector, portrait):
    (face,) = detector.detect(portrait)
    assert overlap(face.box, FACE) > 0.85
    assert face.confidence > 0.95
    marks = face.landmarks
    assert marks.left_eye == pytest.approx((205, 100), abs=6)
    assert marks.right_eye == pytest.approx((247, 102), abs=6)
    assert marks.nose == pytest.approx((225, 126), abs=6)
    assert marks.mouth_left[1] == pytest.approx(139, abs=6)
    assert marks.mouth_left[0] < marks.nose[0] < marks.mouth_right[0]


def test_the_cascade_finds_what_the_package_finds(detector, portrait):
    from mtcnn import MTCNN

    whole = Image.new("RGB", (900, 512), (90, 110, 130))
    whole.paste(portrait, (0, 0))
    whole.paste(portrait.resize((256, 256)), (560, 60))
    theirs = MTCNN().detect_faces(np.asarray(whole))
    ours = detector.detect(whole)
    assert len(ours) == len(theirs) == 2
    for face in theirs:
        assert max(overlap(found.box, face["box"]) for found in ours) > 0.7


@pytest.mark.parametrize("scale", [0.25, 0.5, 2.0, 6.0])
def test_the_face_is_found_at_any_size_of_the_picture(detector, portrait, scale):
    side = round(512 * scale)
    (face,) = detector.detect(portrait.resize((side, side)))
    assert overlap(face.box, [edge * scale for edge in FACE]) > 0.7


def test_somebody_far_away_in_a_large_photo_is_found(detector, portrait):
    photo = Image.new("RGB", (4000, 3000), (110, 120, 130))
    photo.paste(portrait.resize((600, 600)), (2500, 1500))
    (face,) = detector.detect(photo)
    assert overlap(face.box, (2500 + 183 * 600 / 512, 1500 + 62 * 600 / 512, 84 * 600 / 512, 110 * 600 / 512)) > 0.6


def test_a_faint_find_counts_only_when_there_is_no_clear_one(detector, portrait, monkeypatch):
    clear, faint = _face(0.97, 50), _face(0.85, 90)
    for found, kept in (([faint, clear], (clear,)), ([faint], (faint,))):
        monkeypatch.setattr(detector, "_attempt", lambda *_, found=found: found)
        assert detector.detect(portrait) == kept


def _face(confidence, width):
    return FaceDetection(Box(0, 0, width, width), landmarks(), confidence)


@pytest.mark.parametrize("side", [48, 150, 900])
def test_a_tight_crop_that_the_face_fills_is_found(detector, portrait, side):
    crop = portrait.crop((175, 60, 275, 160)).resize((side, side), Image.Resampling.LANCZOS)
    (face,) = detector.detect(crop)
    assert overlap(face.box, [edge * side / 100 for edge in (8, 2, 84, 110)]) > 0.6


def test_several_faces_come_largest_first(detector, portrait):
    photo = Image.new("RGB", (1100, 520), (60, 70, 80))
    for side, place in ((240, (0, 0)), (500, (260, 0)), (330, (770, 50))):
        photo.paste(portrait.resize((side, side)), place)
    faces = detector.detect(photo)
    widths = [face.box.width for face in faces]
    assert len(faces) == 3
    assert widths == sorted(widths, reverse=True)
    assert 260 < faces[0].box.x < 760


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "brick", "page", "retina"])
def test_pictures_without_a_person_have_no_face(detector, name):
    from skimage import data

    assert detector.detect(Image.fromarray(getattr(data, name)()).convert("RGB")) == ()


@pytest.mark.parametrize("size", [(48, 48), (48, 768), (3200, 200), (640, 480)])
def test_flat_pictures_of_any_shape_have_no_face(detector, size):
    assert detector.detect(Image.new("RGB", size, (128, 128, 128))) == ()


def test_noise_has_no_face(detector):
    noise = np.random.default_rng(3).integers(0, 256, (300, 400, 3), np.uint8)
    assert detector.detect(Image.fromarray(noise)) == ()
