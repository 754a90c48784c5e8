from dataclasses import replace

import pytest

from ml.artifacts import Artifact
from ml.card import markdown, table
from ml.errors import ArtifactError


@pytest.fixture
def artifact(tmp_path):
    report = {
        "n": 3, "accuracy": 2 / 3, "macro_f1": 0.5, "ece": 0.1, "classes": ["joy", "fear"],
        "recall": {"joy": 1.0, "fear": None}, "confusion": [[2, 0], [1, 0]],
    }  # fmt: skip
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
        "history": [{"epoch": "1", "loss": "2.0"}],
    }
    return Artifact(tmp_path, card, "tiny-face-12345678")


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
        "| 1 | 2.0 |",
    ):
        assert words in text


def test_a_card_without_near_duplicate_figures_or_history_is_rendered_too(artifact):
    kept = {k: v for k, v in artifact.card.items() if k not in {"evaluation_without_near_duplicates", "history"}}
    text = markdown(replace(artifact, card=kept))
    assert "near-duplicate:" not in text
    assert "epoch by epoch" not in text


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
