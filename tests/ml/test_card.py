from dataclasses import replace

import pytest
from PIL import Image

from ml.artifacts import Artifact
from ml.card import markdown, table
from ml.errors import ArtifactError
from ml.figures import draw


@pytest.fixture
def artifact(tmp_path):
    report = {
        "n": 3, "accuracy": 2 / 3, "macro_f1": 0.5, "ece": 0.1, "classes": ["joy", "fear"],
        "recall": {"joy": 1.0, "fear": None}, "confusion": [[2, 0], [1, 0]],
        "reliability": [[3, 0.7, 0.6]],
    }  # fmt: skip
    rule = {"confidence": 0.61, "temperature_rows": 12, "confidence_rows": 13, "wanted_coverage": 0.8}
    sure = {
        "confidence": 0.61, "n": 3, "coverage": 1.0, "accuracy_when_sure": 2 / 3, "accuracy_at_80": 0.5,
        "top2_when_not_sure": None,
    }  # fmt: skip
    spoiled = {"name": "fog", "moderate": False, "accuracy": 0.5, "loss": 16.6667, "ece": 0.2}
    doubted = {"n": 3, "accuracy": 1 / 3, "confidence": 0.4, "confidence_without": 0.5}
    card = {
        "name": "tiny-face",
        "created": "2026-01-02T03:04:05+00:00",
        "command": "python -m ml train --data DATA",
        "git_revision": None,
        "libraries": {"keras": "3.1"},
        "config": {"seed": 7, "schedule": [[32, 2]]},
        "parameters": 1234567,
        "data": {"sets": "FER2013 with FER+ votes", "training_sha256": "ab" * 32, "trained_on": 1000},
        "temperatures": {"emotion": 1.25, "original": 1.0},
        "evaluation": {"PublicTest": {"FER+8": report}},
        "evaluation_without_near_duplicates": {"PublicTest": {"FER+8": {**report, "n": 2}}},
        "sure": {**rule, "measured": {"PublicTest": sure}},
        "robustness": {"usage": "PublicTest", "n": 3, "accuracy": 2 / 3, "ece": 0.1, "corruptions": [spoiled]},
        "faults": {"small_face": 1.25},
        "faults_measured": {"usage": "PublicTest", "faults": {"small_face": doubted}},
        "history": [
            {
                "epoch": "1",
                "size": "32",
                "loss": "2.0",
                "validation_fer_plus_8": "0.5",
                "validation_fer2013_7": "0.4",
                "seconds": "9",
            },
        ],
    }
    return Artifact(tmp_path, card, "tiny-face-12345678", "12345678" * 8, 1)


def test_the_card_tells_origin_protocols_figures_confusion_and_limits(artifact):
    text = markdown(artifact)
    for words in (
        "# Model card: tiny-face-12345678",
        "| command | `python -m ml train --data DATA` |",
        "| seed | 7 |",
        "| parameters | 1,234,567 |",
        "| schedule | 2 epochs at 32 px |",
        "| git revision at the start | `unknown` |",
        "single highest vote among all ten columns",
        "| FER+8 | 3 | 66.67 % | 0.500 | 0.100 |",
        "| FER+8 | 2 | 66.67 % | 0.500 | 0.100 |",
        "| joy | 2 | 0 | 100.0 % |",
        "| fear | 1 | 0 | no rows |",
        "An expression is not a feeling",
        "no age, gender, skin colour",
        "| 1 | 32 | 2.0 |",
        "from a confidence of 0.610 on",
        "| sure: accuracy | 66.7 % |",
        "| not sure: one of the two shown is right | no rows |",
        "| untouched | 66.67 % |  | 0.100 |",
        "| fog * | 50.00 % | 16.67 | 0.200 |",
        "| small face | 3 | 1.25 | 33.3 % | 40.0 % | 50.0 % |",
        "--groups groups.csv",
    ):
        assert words in text


def test_an_older_card_that_knows_less_is_rendered_too(artifact):
    later = {"evaluation_without_near_duplicates", "history", "sure", "robustness", "faults", "faults_measured"}
    text = markdown(replace(artifact, card={k: v for k, v in artifact.card.items() if k not in later}))
    for words in ("near-duplicate:", "epoch by epoch", "## When it is not sure", "## Robustness", "!["):
        assert words not in text


def test_the_pictures_are_drawn_from_the_card_and_shown_in_it(artifact, tmp_path):
    drawn = draw(artifact, tmp_path / "images")
    first = {name: path.read_bytes() for name, path in drawn.items()}
    assert set(drawn) == {"curves", "confusion", "reliability"}
    for path in drawn.values():
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 300
    assert {name: path.read_bytes() for name, path in draw(artifact, tmp_path / "images").items()} == first
    text = markdown(artifact, {name: f"images/{path.name}" for name, path in drawn.items()})
    for name in drawn:
        assert f"](images/model-{name}.png)" in text


def test_no_picture_is_drawn_of_figures_that_are_missing(artifact, tmp_path):
    with pytest.raises(ArtifactError, match="incomplete"):
        draw(replace(artifact, card={**artifact.card, "evaluation": {}}), tmp_path)


@pytest.mark.parametrize("missing", ["data", "config", "evaluation", "command"])
def test_a_card_that_lacks_a_fact_is_refused(artifact, missing):
    kept = {k: v for k, v in artifact.card.items() if k != missing}
    with pytest.raises(ArtifactError, match=missing):
        markdown(replace(artifact, card=kept))


def test_every_line_of_a_table_has_as_many_cells():
    lines = table(("a", "b", "c"), [("1", "2", "3"), ("4", "5", "6")]).splitlines()
    assert {line.count("|") for line in lines} == {4}


@pytest.mark.model
def test_the_artifact_that_ships_has_a_whole_card_and_reads_well_enough():
    from ml import artifacts

    shipped = artifacts.check(artifacts.DEFAULT)
    assert "## Figures" in markdown(shipped)
    public = shipped.card["evaluation"]["PublicTest"]["FER+8"]
    assert public["n"] > 3000
    assert public["accuracy"] >= 0.78
