"""The commands as a person types them; those that print JSON run in a process of their own, to see all of stdout."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ml.cli import main
from ml.types import EMOTIONS, FER_LABELS

ROOT = Path(__file__).parents[2]


def run(*arguments, stdin=None):
    return subprocess.run(
        [sys.executable, "-m", "ml", *map(str, arguments)],
        cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def photos(portrait, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    portrait.save(folder / "face.jpg")
    (folder / "broken.jpg").write_bytes((folder / "face.jpg").read_bytes()[:9000])
    portrait.crop((300, 300, 500, 500)).save(folder / "nobody.png")
    return folder


def test_evaluate_prints_nothing_but_json_with_every_figure(tiny_data, tiny_artifact):
    answer = run("evaluate", "--data", tiny_data, "--usage", "PublicTest", "--json", "--artifact", tiny_artifact)
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert document["model_version"].startswith("tiny-face-")
    assert (document["usage"], document["rows"]) == ("PublicTest", 24)
    assert document["near_duplicates_of_training"] == 0
    for figures in (document, document["without_near_duplicates"]):
        for protocol, classes in (("FER+8", EMOTIONS), ("FER+7", EMOTIONS[:7]), ("FER2013-7", FER_LABELS)):
            report = figures[protocol]
            assert set(report) == {
                "n", "accuracy", "macro_f1", "recall", "ece", "confusion", "classes", "reliability"
            }  # fmt: skip
            assert set(report["recall"]) == {str(name) for name in classes}
            assert sum(map(sum, report["confusion"])) == report["n"]
    assert [document[name]["n"] for name in ("FER+8", "FER+7", "FER2013-7")] == [24, 21, 24]
    assert document["sure"]["n"] == 24
    assert 0 <= document["sure"]["coverage"] <= 1
    assert "groups" not in document


def test_evaluate_prints_every_figure_for_each_group(tiny_data, tiny_artifact, tmp_path, capsys):
    groups = tmp_path / "groups.csv"
    groups.write_text("row,group\n" + "".join(f"{row},{'ab'[row % 2]}\n" for row in range(20)))
    asked = ["evaluate", "--data", str(tiny_data), "--groups", str(groups), "--artifact", str(tiny_artifact)]
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["groups"]["FER2013-7"]
    assert [(line["group"], line["n"]) for line in found] == [("a", 10), ("b", 10)]
    assert main(asked) == 0
    assert "| a | 10 |" in capsys.readouterr().out


def test_robustness_prints_nothing_but_json_or_a_table(tiny_data, tiny_artifact, capsys):
    answer = run("robustness", "--data", tiny_data, "--json", "--artifact", tiny_artifact)
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert (document["usage"], document["n"]) == ("PublicTest", 24)
    for line in document["corruptions"]:
        assert line["loss"] == pytest.approx(100 * (document["accuracy"] - line["accuracy"]))
    assert main(["robustness", "--data", str(tiny_data), "--artifact", str(tiny_artifact)]) == 0
    assert "| mouth covered * |" in capsys.readouterr().out


def test_evaluate_prints_tables_for_people(tiny_data, tiny_artifact, capsys):
    assert main(["evaluate", "--data", str(tiny_data), "--usage", "Training", "--artifact", str(tiny_artifact)]) == 0
    printed = capsys.readouterr().out
    assert "on Training, 160 rows" in printed
    assert "| FER+8 | 160 |" in printed
    assert "nearly repeats" not in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "--data", "DATA", "--usage", "PrivateTest", "--artifact", "ARTIFACT"], "holds no PrivateTest"),
        (["evaluate", "--data", "NOWHERE", "--artifact", "ARTIFACT"], "must hold fer2013.csv"),
        (["evaluate", "--data", "DATA", "--artifact", "NOWHERE"], "manifest.json cannot be read"),
        (["predict", "x.jpg", "--json", "--artifact", "NOWHERE"], "manifest.json cannot be read"),
        (["card", "--artifact", "NOWHERE"], "manifest.json cannot be read"),
        (["card", "--artifact", "ARTIFACT"], "card.json is incomplete"),
        (["card", "--artifact", "ARTIFACT", "--figures", "RUN"], "card.json is incomplete"),
        (["evaluate", "--data", "DATA", "--groups", "NOWHERE", "--artifact", "ARTIFACT"], "cannot read"),
        (["robustness", "--data", "DATA", "--usage", "PrivateTest", "--artifact", "ARTIFACT"], "holds no PrivateTest"),
        (["measure", "--data", "DATA", "--artifact", "ARTIFACT"], "does not tell how the network was trained"),
        (["train", "--data", "NOWHERE", "--run", "RUN"], "must hold fer2013.csv"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_on_standard_error(
    arguments, words, tiny_data, tiny_artifact, tmp_path, capsys
):
    names = {"DATA": tiny_data, "ARTIFACT": tiny_artifact, "NOWHERE": tmp_path / "nowhere", "RUN": tmp_path / "run"}
    assert main([str(names.get(argument, argument)) for argument in arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert words in printed.err


@pytest.mark.parametrize("schedule", ["48", "48x0", "12x3", "48x2,", "axb"])
def test_a_schedule_that_makes_no_sense_is_refused(schedule, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--data", "x", "--schedule", schedule])
    assert stopped.value.code == 2
    assert "--schedule" in capsys.readouterr().err


@pytest.mark.model
def test_predict_answers_for_every_file_and_fails_at_the_end_for_the_bad_ones(photos, tiny_artifact):
    names = [str(photos / name) for name in ("face.jpg", "broken.jpg", "missing.jpg", "nobody.png")]
    answer = run("predict", *names, "--json", "--artifact", tiny_artifact)
    assert answer.returncode == 1
    found, broken, missing, nobody = json.loads(answer.stdout)
    assert [document["path"] for document in (found, broken, missing, nobody)] == names
    assert broken["error"]["code"] == "truncated"
    assert missing["error"]["code"] == "unreadable"
    assert nobody["faces"] == []
    assert (found["width"], found["height"]) == (512, 512)
    assert set(found["milliseconds"]) == {"decode", "detect", "align", "classify", "total"}
    (face,) = found["faces"]
    assert set(face["box"]) == {"x", "y", "width", "height"}
    assert set(face["landmarks"]) == {"left_eye", "right_eye", "nose", "mouth_left", "mouth_right"}
    assert set(face["scores"]) == {str(emotion) for emotion in EMOTIONS}
    assert face["confidence"] == face["scores"][face["dominant"]]
    assert {"valence", "arousal", "valence_sd", "arousal_sd", "sure", "detection_confidence"} <= set(face)
    assert set(face["quality"]) == {"brightness", "sharpness", "face_size", "roll", "yaw", "advice"}


@pytest.mark.model
def test_predict_answers_each_path_from_standard_input_at_once(photos, tiny_artifact):
    with subprocess.Popen(
        [sys.executable, "-m", "ml", "predict", "-", "--json", "--artifact", str(tiny_artifact)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        answers = []
        for line in ("face.jpg\n", "\n  \nbroken.jpg\n", "face.jpg\n"):
            process.stdin.write(line.replace("face", f"{photos}/face").replace("broken", f"{photos}/broken"))
            process.stdin.flush()
            # The next path is sent only after this answer: were answers held back, the test would wait for ever.
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 1
    first, broken, second = answers
    assert broken["error"]["code"] == "truncated"
    assert first["faces"][0]["scores"] == second["faces"][0]["scores"]


@pytest.mark.model
def test_predict_speaks_to_people_in_lines(photos, tiny_artifact, capsys):
    names = [str(photos / name) for name in ("face.jpg", "nobody.png", "broken.jpg")]
    assert main(["predict", *names, "--artifact", str(tiny_artifact)]) == 1
    face, nobody, broken = capsys.readouterr().out.splitlines()
    assert "%" in face
    assert "(not sure)" in face
    assert nobody.endswith("no face found")
    assert "damaged or cut short" in broken
