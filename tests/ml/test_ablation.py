import json

import numpy as np
import pytest

from ml import ablation, artifacts, datasets
from ml.card import ablation as table
from ml.classifier import Classifier
from ml.cli import main


@pytest.fixture
def rows(tiny_data):
    return datasets.load(tiny_data, "PublicTest")


def test_each_way_of_reading_and_each_other_run_is_measured_on_the_same_rows(tiny_artifact, rows):
    lines = ablation.measure(tiny_artifact, [tiny_artifact], rows)
    version = artifacts.check(tiny_artifact).version
    assert [line["what"] for line in lines] == [
        "as it ships",
        "looking once",
        "looking twice, the mirror image too",
        "always looking four times",
        "the same without the fitted temperatures",
        "another run of the same configuration",
    ]
    assert {line["version"] for line in lines} == {version}
    ships, once, _, always, raw, again = ({**line, "what": ""} for line in lines)
    assert again == ships
    # A temperature moves confidence, not the order of the emotions.
    assert raw["fer_plus_8"] == always["fer_plus_8"]
    assert raw["ece"] != always["ece"]
    assert f"| {version} | looking once |  | 0 | {100 * once['fer_plus_8']:.2f} %" in table({"lines": lines})


@pytest.mark.parametrize("looks", [2, 4])
def test_looking_once_is_what_the_network_says_at_first_sight_and_more_looks_see_no_side(tiny_artifact, rows, looks):
    classifier = Classifier.load(tiny_artifact)
    faces = rows.images[:5]
    turned = np.ascontiguousarray(faces[:, :, ::-1])
    once, more = (ablation._reading(classifier, looks=number) for number in (1, looks))
    assert not np.allclose(once(faces)[0], once(turned)[0])
    assert np.allclose(more(faces)[0], more(turned)[0], atol=1e-6)
    assert not np.allclose(once(faces)[0], more(faces)[0])


def test_what_was_different_in_a_run_is_said_in_words():
    ours = {"seed": 7, "schedule": [[40, 8], [48, 20]], "architecture": {"blocks": [1, 2]}, "start": "a-1"}
    theirs = {"seed": 7, "schedule": [[32, 18]], "architecture": {"blocks": [1, 1]}, "start": None}
    assert ablation.differences(ours, theirs) == "architecture.blocks 1,1; schedule 32x18; start none"
    assert ablation.differences(ours, ours) == "another run of the same configuration"


def test_the_table_is_kept_in_the_card_when_asked_for(tiny_artifact, tiny_data, tmp_path, capsys):
    folder = tmp_path / "artifact"
    artifacts.copy(tiny_artifact, folder)
    asked = ["ablate", str(tiny_artifact), "--data", str(tiny_data), "--artifact", str(folder), "--json"]
    assert main(asked) == 0
    assert "ablation" not in artifacts.check(folder).card
    assert main([*asked, "--keep"]) == 0
    found = json.loads(capsys.readouterr().out.split("\n}\n")[-2] + "\n}")
    assert artifacts.check(folder).card["ablation"] == found
