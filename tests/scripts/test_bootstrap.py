import subprocess
import sys
from pathlib import Path

import pytest

from scripts import bootstrap


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with two locks and no environment yet; installing is recorded, not done."""
    venv = tmp_path / ".venv"
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "bin" / "python")
    for name, attribute in (("requirements.txt", "LOCK"), ("requirements-dev.txt", "DEV_LOCK")):
        (tmp_path / name).write_text(f"{name}==1\n")
        monkeypatch.setattr(bootstrap, attribute, tmp_path / name)
    return tmp_path


@pytest.fixture
def installed(project, monkeypatch):
    done = []

    def install(lock: Path, folder: Path) -> None:
        done.append(lock.name)
        (project / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        python = project / ".venv" / "bin" / "python"
        python.unlink(missing_ok=True)
        python.symlink_to(sys.executable)

    monkeypatch.setattr(bootstrap, "install", install)
    return done


def run(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", *arguments])
    return bootstrap.main()


def test_a_lock_is_installed_once(monkeypatch, installed):
    assert [run(monkeypatch), run(monkeypatch)] == [0, 0]
    assert installed == ["requirements.txt"]


def test_a_changed_lock_is_installed_anew(monkeypatch, project, installed):
    run(monkeypatch)
    (project / "requirements.txt").write_text("requirements.txt==2\n")
    run(monkeypatch)
    assert installed == ["requirements.txt", "requirements.txt"]


def test_the_development_lock_covers_the_other_one(monkeypatch, installed):
    run(monkeypatch, "--dev")
    run(monkeypatch)
    assert installed == ["requirements-dev.txt"]


def test_an_environment_that_does_not_start_is_made_again(monkeypatch, project, installed):
    run(monkeypatch)
    (project / ".venv" / "bin" / "python").unlink()
    (project / ".venv" / "bin" / "python").symlink_to("/nowhere/python3.11")
    assert not bootstrap.venv_works()
    run(monkeypatch)
    assert installed == ["requirements.txt", "requirements.txt"]


def test_a_failed_install_is_told_and_not_taken_for_done(monkeypatch, project, capsys):
    def fail(lock: Path, folder: Path) -> None:
        (project / ".venv").mkdir()
        raise subprocess.CalledProcessError(7, ["pip", "install"])

    monkeypatch.setattr(bootstrap, "install", fail)
    assert run(monkeypatch) == 1
    assert "failed with code 7" in capsys.readouterr().err
    assert list((project / ".venv").iterdir()) == []


def test_another_python_is_refused_with_advice(monkeypatch, installed, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 12, 1, "final", 0))
    assert run(monkeypatch) == 1
    assert "make PYTHON=python3.11" in capsys.readouterr().err
    assert installed == []


@pytest.mark.skipif(not Path("/usr/bin/dpkg-deb").exists(), reason="Debian's way to pip needs dpkg-deb")
def test_pip_is_unpacked_from_debians_package_without_being_installed(tmp_path, monkeypatch):
    # A package built here stands for the one that apt-get would fetch: tests use no network.
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: python3-pip-whl\nVersion: 1\nArchitecture: all\nMaintainer: Test <t@example.org>\nDescription: test\n"
    )
    (tree / "usr/share/python-wheels").mkdir(parents=True)
    (tree / "usr/share/python-wheels/pip-1-py3-none-any.whl").write_text("a wheel")
    commands = []
    real_run = subprocess.run

    def run_all_but_apt(command, **options):
        commands.append([str(part) for part in command])
        if command[0] == "apt-get":
            if command[-2] == "download":
                package = options["cwd"] / "python3-pip-whl_1_all.deb"
                real_run(["dpkg-deb", "--root-owner-group", "--build", tree, package], check=True, capture_output=True)
            return None
        return real_run(command, **options)

    folder = tmp_path / "passing"
    folder.mkdir()
    monkeypatch.setattr(bootstrap.subprocess, "run", run_all_but_apt)
    bootstrap.unpack_debian_package("python3-pip-whl", folder)
    assert (folder / "usr/share/python-wheels/pip-1-py3-none-any.whl").read_text() == "a wheel"
    assert [command[-1] for command in commands[:2]] == ["update", "python3-pip-whl"]
    assert f"Dir::State={folder}/state" in commands[0]
