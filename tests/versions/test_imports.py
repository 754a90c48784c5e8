import io
import json
import stat
import zipfile

import pytest
from django.core.management import CommandError, call_command

from emotion.models import ModelVersion
from emotion.versions import imports, selectors
from ml.errors import ArtifactError
from mood_music.errors import UserError
from tests.support.artifacts import resign, write_artifact

pytestmark = pytest.mark.django_db
NAMES = ("model.keras", "card.json", "manifest.json")


@pytest.fixture
def artifact(tmp_path):
    return write_artifact(tmp_path / "artifact", "guest-face", evaluation={"PublicTest": {"FER+8": {"accuracy": 1.0}}})


def packed(folder, names=NAMES, **entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(folder / name, name)
        for name, content in entries.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def refused(file, match):
    with pytest.raises(ArtifactError, match=match):
        imports.version_import_zip(file=file, actor=None)
    assert not ModelVersion.objects.exists()


def change(folder, file, /, **fields):
    content = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(content | fields))


def test_a_zip_file_of_three_files_becomes_a_candidate_whose_own_figures_count_for_nothing(artifact):
    version = imports.version_import_zip(file=packed(artifact), actor=None)
    assert version.status == "candidate"
    assert version.origin == "imported"
    assert version.evaluation == {}
    assert (selectors.version_folder(version) / "model.keras").read_bytes() == b"not loaded here"


def test_a_folder_is_taken_as_well(artifact):
    assert imports.version_import(source=artifact, actor=None).version.startswith("guest-face-")


def test_the_same_artifact_is_not_taken_twice(artifact):
    imports.version_import(source=artifact, actor=None)
    with pytest.raises(UserError, match="version_known"):
        imports.version_import_zip(file=packed(artifact), actor=None)


def test_a_tampered_network_is_refused(artifact):
    (artifact / "model.keras").write_bytes(b"not loaded her3")
    refused(packed(artifact), "differs from its SHA-256")


def test_a_tampered_card_is_refused(artifact):
    change(artifact, "card.json", temperatures={"emotion": 9.0, "original": 1.0})
    refused(packed(artifact), "differs from its SHA-256")


def test_another_format_is_refused(artifact):
    change(artifact, "manifest.json", format=2)
    refused(packed(artifact), "format 1 only")


def test_another_order_of_classes_is_refused_even_when_signed(artifact):
    card = json.loads((artifact / "card.json").read_text())
    change(artifact, "card.json", emotions=card["emotions"][::-1])
    resign(artifact)
    refused(packed(artifact), "classes or their order")


def test_a_name_that_would_lead_out_of_the_folder_is_refused_even_when_signed(artifact):
    change(artifact, "card.json", name="../../guest")
    resign(artifact)
    refused(packed(artifact), "names no network")


@pytest.mark.parametrize("name", ["../model.keras", "/etc/passwd", "a/card.json", "extra.txt", "MODEL.KERAS"])
def test_any_other_name_is_refused(artifact, name):
    refused(packed(artifact, **{name: b"x"}), "exactly these files")
    refused(packed(artifact, NAMES[:2], **{name: b"x"}), "exactly these files")


@pytest.mark.parametrize("left_out", NAMES)
def test_a_missing_file_is_noticed(artifact, left_out):
    refused(packed(artifact, [name for name in NAMES if name != left_out]), "exactly these files")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice_is_refused(artifact):
    refused(packed(artifact, **{"card.json": b"{}"}), "exactly these files")


def test_a_link_in_the_zip_file_is_refused(artifact):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in NAMES[:2]:
            archive.write(artifact / name, name)
        link = zipfile.ZipInfo("manifest.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    file.seek(0)
    refused(file, "no plain file")


def test_a_link_in_a_folder_is_refused(artifact, tmp_path):
    secret = tmp_path / "secret"
    (artifact / "card.json").rename(secret)
    (artifact / "card.json").symlink_to(secret)
    with pytest.raises(ArtifactError, match="no plain file"):
        imports.version_import(source=artifact, actor=None)


def test_a_file_that_unpacks_to_more_than_its_bound_is_refused(artifact):
    bomb = packed(artifact, NAMES[:2], **{"manifest.json": b" " * 20_000})
    assert len(bomb.getvalue()) < 2_000
    refused(bomb, "more than 10,000 bytes")


def test_a_file_that_lies_about_its_size_is_refused(artifact):
    bomb = packed(artifact, NAMES[:2], **{"manifest.json": b" " * 20_000}).getvalue()
    told = bomb.replace((20_000).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    assert told != bomb
    refused(io.BytesIO(told), "ZIP file|more than")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip file at all"])
def test_what_is_no_zip_file_is_refused(content):
    refused(io.BytesIO(content), "no ZIP file")


def test_a_zip_file_that_was_cut_or_changed_on_its_way_is_refused(artifact):
    whole = packed(artifact).getvalue()
    refused(io.BytesIO(whole[:-30]), "no ZIP file")
    at = whole.index(b"card.json") + 40
    refused(io.BytesIO(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]), "no ZIP file|SHA-256|cannot be read")


def test_brackets_without_end_are_refused(artifact):
    (artifact / "card.json").write_text("[" * 200_000)
    resign(artifact)
    refused(packed(artifact), r"card\.json cannot be read")


def test_an_export_can_be_imported_elsewhere(artifact, tmp_path, settings, capsys):
    call_command("model_import", artifact)
    version = ModelVersion.objects.get()
    for target in (tmp_path / "out.zip", tmp_path / "out"):
        call_command("model_export", version.version, target)
        ModelVersion.objects.all().delete()
        call_command("model_import", target)
        assert ModelVersion.objects.get().version == version.version
        with pytest.raises(CommandError, match="is there already"):
            call_command("model_export", version.version, target)


def test_commands_say_why_nothing_was_done(artifact, tmp_path):
    (artifact / "model.keras").write_bytes(b"x")
    with pytest.raises(CommandError, match=r"Nothing was taken in: .*SHA-256"):
        call_command("model_import", artifact)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("model_import", tmp_path / "nowhere.zip")
    for name, rest in (("model_export", ["x"]), ("model_evaluate", []), ("model_promote", [])):
        with pytest.raises(CommandError, match="no version nobody"):
            call_command(name, "nobody", *rest)


def test_the_list_and_the_promotion_from_the_shell(active, worse, capsys):
    with pytest.raises(CommandError, match="failed: PublicTest: recall of fear"):
        call_command("model_promote", worse.version)
    call_command("model_promote", worse.version, override_reason="the owner wants it to be tried for a day")
    call_command("model_list")
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith(worse.version) and " active " in line for line in lines)
    assert any(line.startswith(active.version) and "retired" in line and "accuracy 0.800" in line for line in lines)
