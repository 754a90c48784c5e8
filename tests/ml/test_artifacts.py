import json
import shutil

import numpy as np
import pytest

from ml import artifacts
from ml.errors import ArtifactError


@pytest.fixture
def artifact(tiny_artifact, tmp_path):
    """Return a copy that a test may damage."""
    return shutil.copytree(tiny_artifact, tmp_path / "artifact")


def resign(folder):
    """Make the manifest fit the files, as somebody would who tampers with more care."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in artifacts.FILES:
        manifest["files"][name]["sha256"] = artifacts._sha256(folder / name)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def change(folder, file, /, **fields):
    content = json.loads((folder / file).read_text())
    content.update(fields)
    (folder / file).write_text(json.dumps(content))


def test_what_was_saved_is_loaded_with_its_card_and_version(artifact):
    loaded, model = artifacts.load(artifact)
    digest = json.loads((artifact / "manifest.json").read_text())["files"]["model.keras"]["sha256"]
    assert loaded.version == f"tiny-face-{digest[:8]}"
    assert loaded.card["temperatures"] == {"emotion": 1.5, "original": 1.0}
    outputs = model(np.zeros((2, 48, 48, 1), np.float32), training=False)
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {"emotion": (2, 8), "original": (2, 7)}


def test_saving_leaves_three_files_and_no_scraps(artifact):
    assert sorted(path.name for path in artifact.iterdir()) == ["card.json", "manifest.json", "model.keras"]


def test_facts_are_added_to_a_card_without_touching_the_network(artifact):
    before = artifacts.check(artifact)
    network = (artifact / "model.keras").read_bytes()
    after = artifacts.amend(artifact, {"temperatures": {"emotion": 2.0, "original": 1.0}, "sure": {"confidence": 0.6}})
    assert after.version == before.version
    assert after.card == {
        **before.card, "temperatures": {"emotion": 2.0, "original": 1.0}, "sure": {"confidence": 0.6}
    }  # fmt: skip
    assert (artifact / "model.keras").read_bytes() == network
    assert sorted(path.name for path in artifact.iterdir()) == ["card.json", "manifest.json", "model.keras"]


def test_facts_that_make_no_artifact_are_refused_and_leave_it_whole(artifact):
    before = artifacts.check(artifact)
    with pytest.raises(ArtifactError, match="temperature"):
        artifacts.amend(artifact, {"temperatures": {"emotion": 0, "original": 1.0}})
    assert artifacts.check(artifact) == before


@pytest.mark.parametrize("faults", [{"dark": 0.9}, {"dark": "2"}, {"dark": float("nan")}, [1.2]])
def test_a_fault_that_would_raise_confidence_is_refused(artifact, faults):
    change(artifact, "card.json", faults=faults)
    resign(artifact)
    with pytest.raises(ArtifactError, match="for each fault"):
        artifacts.check(artifact)


@pytest.mark.parametrize("sure", [{"confidence": 0}, {"confidence": 1.0}, {"confidence": "0.5"}, {}, 0.5])
def test_a_confidence_that_is_none_is_refused(artifact, sure):
    change(artifact, "card.json", sure=sure)
    resign(artifact)
    with pytest.raises(ArtifactError, match="calls a reading sure"):
        artifacts.check(artifact)


@pytest.mark.parametrize("name", ["model.keras", "card.json"])
def test_one_changed_byte_is_noticed(artifact, name):
    data = bytearray((artifact / name).read_bytes())
    data[len(data) // 2] ^= 1
    (artifact / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=f"{name} differs from its SHA-256"):
        artifacts.check(artifact)


@pytest.mark.parametrize("name", ["model.keras", "card.json", "manifest.json"])
def test_a_missing_file_is_named(artifact, name):
    (artifact / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        artifacts.check(artifact)


def test_a_folder_that_is_not_there_is_an_artifact_error(tmp_path):
    with pytest.raises(ArtifactError, match="manifest"):
        artifacts.check(tmp_path / "nowhere")


@pytest.mark.parametrize("wrong", [0, 2, "1", None])
def test_another_format_is_refused(artifact, wrong):
    change(artifact, "manifest.json", format=wrong)
    with pytest.raises(ArtifactError, match="format 1 only"):
        artifacts.check(artifact)


@pytest.mark.parametrize("files", [{}, [], {"model.keras": {}}, {"model.keras": 1, "card.json": 2}])
def test_a_manifest_that_does_not_cover_the_files_is_refused(artifact, files):
    change(artifact, "manifest.json", files=files)
    with pytest.raises(ArtifactError):
        artifacts.check(artifact)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\ufffd\u0000"])
def test_a_manifest_that_is_not_an_object_is_refused(artifact, text):
    (artifact / "manifest.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        artifacts.check(artifact)


@pytest.mark.parametrize(
    "fields",
    [
        {"emotions": ["happiness", "neutral", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]},
        {"labels": ["angry"]},
        {"name": "../../etc"},
        {"name": None},
        {"temperatures": {"emotion": 1.0}},
        {"temperatures": {"emotion": 0, "original": 1.0}},
        {"temperatures": {"emotion": "hot", "original": 1.0}},
        {"temperatures": {"emotion": float("nan"), "original": 1.0}},
    ],
)
def test_a_card_that_would_mislead_is_refused_even_when_signed(artifact, fields):
    change(artifact, "card.json", **fields)
    resign(artifact)
    with pytest.raises(ArtifactError):
        artifacts.check(artifact)


def test_a_signed_file_that_is_no_network_is_an_artifact_error(artifact):
    (artifact / "model.keras").write_bytes(b"PK\x03\x04 not a network")
    resign(artifact)
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        artifacts.load(artifact)


def test_a_network_that_carries_code_is_not_run(artifact, tmp_path):
    import keras

    inputs = keras.Input((48, 48, 1))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x, output_shape=(48, 48, 1))(inputs))
    model.save(artifact / "model.keras")
    resign(artifact)
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        artifacts.load(artifact)


def test_a_network_with_other_outputs_is_refused(artifact):
    import keras

    inputs = keras.Input((48, 48, 1))
    features = keras.layers.Flatten()(inputs)
    heads = {"emotion": keras.layers.Dense(3)(features), "original": keras.layers.Dense(7)(features)}
    keras.Model(inputs, heads).save(artifact / "model.keras")
    resign(artifact)
    with pytest.raises(ArtifactError, match="outputs"):
        artifacts.load(artifact)


def test_a_copy_is_checked_on_both_sides(artifact, tmp_path):
    copied = artifacts.copy(artifact, tmp_path / "copy")
    assert copied.version == artifacts.check(artifact).version
    (artifact / "card.json").write_text("{}")
    with pytest.raises(ArtifactError):
        artifacts.copy(artifact, tmp_path / "second")


@pytest.mark.model
def test_the_artifact_that_ships_is_whole_small_and_named():
    shipped = artifacts.check(artifacts.DEFAULT)
    assert shipped.version.startswith("mood-face-")
    assert sum((artifacts.DEFAULT / name).stat().st_size for name in artifacts.FILES) <= 10_000_000


def test_large_weights_are_rounded_to_eleven_bits_and_no_further(artifact):
    values = np.array([1.0, -3.14159274, 1e-30, 65504.0 * 4, 0.0, 2.0 - 2**-20], np.float32)
    rounded = artifacts._rounded(values)
    assert rounded[[0, 4]].tolist() == [1.0, 0.0]
    assert rounded[5] == 2.0  # up, into the next power of two
    assert np.allclose(rounded, values, rtol=2**-11, atol=0)
    _, network = artifacts.load(artifact)
    kernels = [np.asarray(weight) for weight in network.weights if len(weight.shape) > 1]
    assert kernels
    for kernel in kernels:
        assert not (kernel.view(np.uint32) & 0x1FFF).any()


def test_a_saved_network_is_compressed(artifact):
    import zipfile

    with zipfile.ZipFile(artifact / "model.keras") as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
