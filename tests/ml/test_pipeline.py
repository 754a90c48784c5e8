import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from ml.classifier import CLEAR_MARGIN, Classifier, logits_of
from ml.pipeline import Pipeline
from ml.types import EMOTIONS, Advice, Emotion, FaceDetection, Landmarks
from tests.ml.faces import detection


class Scripted:
    """Find what it was told to find."""

    def __init__(self, *faces: FaceDetection) -> None:
        self.faces = faces

    def detect(self, picture: Image.Image) -> tuple[FaceDetection, ...]:
        return self.faces


@pytest.fixture(scope="module")
def classifier(tiny_artifact):
    return Classifier.load(tiny_artifact)


def test_every_face_gets_a_calibrated_reading_with_its_place_on_the_plane(classifier, portrait):
    reading = Pipeline(Scripted(detection(), detection(width=90)), classifier).read(portrait)
    assert (reading.width, reading.height) == (512, 512)
    assert len(reading.faces) == 2
    for face in reading.faces:
        found = face.reading
        assert tuple(found.scores) == EMOTIONS
        assert sum(found.scores.values()) == pytest.approx(1)
        assert found.confidence == max(found.scores.values()) == found.scores[found.dominant]
        assert 0 <= found.valence <= 1
        assert 0 <= found.arousal <= 1
        assert found.valence_sd > 0
        assert found.model_version == classifier.version
        assert Advice.SEVERAL_FACES in face.quality.advice


def test_no_face_is_an_empty_answer(classifier, portrait):
    assert Pipeline(Scripted(), classifier).read(portrait).faces == ()


def test_the_stages_are_timed_and_add_up(classifier, portrait):
    spent = Pipeline(Scripted(detection()), classifier).read(portrait).milliseconds
    assert set(spent) == {"detect", "align", "classify", "total"}
    assert all(value >= 0 for value in spent.values())
    assert spent["total"] == pytest.approx(spent["detect"] + spent["align"] + spent["classify"])


def test_a_random_network_is_not_sure(classifier, portrait):
    (face,) = Pipeline(Scripted(detection()), classifier).read(portrait).faces
    assert face.reading.confidence < 0.5
    assert not face.reading.sure


def test_the_served_network_reads_as_the_saved_one_does(tiny_artifact, classifier):
    from ml import artifacts

    _, model = artifacts.load(tiny_artifact)
    faces = np.random.default_rng(2).integers(0, 256, (5, 48, 48)).astype(np.uint8)
    for served, plain in zip(logits_of(classifier.network, faces), logits_of(model, faces), strict=True):
        assert served == pytest.approx(plain, abs=1e-4)


def test_an_unclear_face_and_its_mirror_image_read_the_same(classifier):
    def hesitant(faces):
        return {head: logits * CLEAR_MARGIN / 20 for head, logits in classifier.network(faces).items()}

    faces = np.random.default_rng(2).integers(0, 256, (3, 48, 48)).astype(np.uint8)
    for ours, mirrored in zip(logits_of(hesitant, faces), logits_of(hesitant, faces[:, :, ::-1]), strict=True):
        assert ours == pytest.approx(mirrored, abs=1e-5)


def test_unclear_faces_alone_are_looked_at_mirrored_and_enlarged():
    asked = []

    def network(faces):
        asked.append(faces.shape[:3])
        middle = faces.shape[2] // 2
        light, left = (part.mean(axis=(1, 2, 3))[:, None] for part in (faces, faces[:, :, :middle]))
        others = np.zeros((len(faces), 7), np.float32)
        return {
            "emotion": np.hstack([light * CLEAR_MARGIN / 100, others]),
            "original": np.hstack([left, others[:, 1:]]),
        }

    lights = np.array([200, 80, 160, 0], np.uint8)
    faces = np.tile(lights[:, None, None], (1, 48, 48))
    faces[:, :, 24:] //= 2  # the mean is three quarters of the left half's light: 150, 60, 120, 0
    emotion, original = logits_of(network, faces)
    assert asked == [(4, 48, 48), (2, 48, 48), (2, 52, 52), (2, 52, 52)]
    assert emotion[:, 0] == pytest.approx(np.array([1.5, 0.6, 1.2, 0]) * CLEAR_MARGIN, abs=0.01)
    assert original[:, 0] == pytest.approx([200, 60, 160, 0], abs=0.5)


def test_light_and_contrast_hardly_reach_the_network(classifier):
    faces = np.random.default_rng(2).integers(0, 256, (3, 48, 48)).astype(np.uint8)
    darker = (faces * 0.5 + 40).astype(np.uint8)
    assert classifier.probabilities(faces)[0] == pytest.approx(classifier.probabilities(darker)[0], abs=0.02)


def test_batches_do_not_change_what_is_read(classifier):
    faces = np.random.default_rng(2).integers(0, 256, (7, 48, 48)).astype(np.uint8)
    whole, parts = logits_of(classifier.network, faces)[0], logits_of(classifier.network, faces, batch_size=3)[0]
    assert whole == pytest.approx(parts, abs=1e-4)
    assert logits_of(classifier.network, faces[:0])[0].shape == (0, 8)


@pytest.fixture(scope="module")
def shipped():
    return Pipeline.load()


@pytest.mark.model
def test_reading_a_face_never_loads_tensorflow(portrait, tmp_path):
    portrait.save(tmp_path / "face.png")
    code = (
        "import sys; from ml.cli import main; assert main(['predict', sys.argv[1]]) == 0; "
        "print([name for name in ('tensorflow', 'keras', 'mtcnn') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "face.png")], capture_output=True, text=True, check=True
    )
    face, loaded = told.stdout.splitlines()
    assert "happiness" in face
    assert loaded == "[]"


@pytest.mark.model
def test_the_astronaut_smiles(shipped, portrait):
    (face,) = shipped.read(portrait).faces
    assert face.reading.dominant is Emotion.HAPPINESS
    assert face.reading.sure
    assert face.reading.valence > 0.75
    assert face.quality.advice == ()


@pytest.mark.model
@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
def test_a_rolled_head_reads_as_an_upright_one(shipped, portrait, degrees):
    upright = shipped.read(portrait).faces[0].reading
    (face,) = shipped.read(portrait.rotate(-degrees, Image.Resampling.BICUBIC, expand=True)).faces
    assert face.reading.dominant is upright.dominant
    assert face.quality.roll == pytest.approx(degrees + 3, abs=6)
    assert sum(abs(face.reading.scores[e] - upright.scores[e]) for e in EMOTIONS) < 0.4


@pytest.mark.model
def test_a_photo_with_a_fault_is_not_read_as_sure(shipped, portrait):
    pair = Image.new("RGB", (1024, 512))
    pair.paste(portrait, (0, 0))
    pair.paste(portrait, (512, 0))
    spoiled = {
        Advice.SEVERAL_FACES: pair,
        Advice.BRIGHT: portrait.point(lambda value: 170 + round(0.35 * value)),
        Advice.DARK: ImageEnhance.Brightness(portrait).enhance(0.15),
        Advice.BLURRED: portrait.filter(ImageFilter.GaussianBlur(5)),
        Advice.SMALL_FACE: portrait.resize((110, 110)),
    }
    for advice, photo in spoiled.items():
        face = shipped.read(photo).faces[0]
        assert advice in face.quality.advice
        assert not face.reading.sure


@pytest.mark.model
def test_a_fault_lowers_the_confidence_and_no_score_changes_its_place(shipped, portrait):
    dark = ImageEnhance.Brightness(portrait).enhance(0.15)
    unheeding = Classifier(
        shipped.classifier.network, shipped.classifier.temperatures, "same", shipped.classifier.sure_confidence
    )
    (read,) = shipped.read(dark).faces
    (plain,) = Pipeline(shipped.detector, unheeding).read(dark).faces
    assert read.reading.confidence < plain.reading.confidence
    assert sorted(EMOTIONS, key=read.reading.scores.get) == sorted(EMOTIONS, key=plain.reading.scores.get)
    assert sum(read.reading.scores.values()) == pytest.approx(1)


@pytest.mark.model
def test_serving_frames_a_face_as_the_training_pictures_are_framed(shipped, portrait):
    """A crop that is framed already must come out of the pipeline as it went in."""
    from ml.alignment import grey_face

    face = grey_face(portrait, shipped.read(portrait).faces[0].detection.landmarks)
    (again,) = shipped.detector.detect(Image.fromarray(face).convert("RGB"))
    framed = grey_face(Image.fromarray(face).convert("RGB"), again.landmarks)
    assert np.abs(framed.astype(int) - face.astype(int))[6:42, 6:42].mean() < 16
    assert isinstance(again.landmarks, Landmarks)
