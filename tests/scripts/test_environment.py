import stat

import pytest

from scripts import environment


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    (tmp_path / ".env.example").write_text("# Explained.\nSECRET_KEY=<generated>\nOTHER_KEY=<generated>\n#PORT=8000\n")
    return tmp_path


def test_every_secret_is_long_random_and_its_own(project):
    assert environment.main() == 0
    explained, first, second, port = (project / ".env").read_text().splitlines()
    assert (explained, port) == ("# Explained.", "#PORT=8000")
    keys = [first.removeprefix("SECRET_KEY="), second.removeprefix("OTHER_KEY=")]
    assert keys[0] != keys[1]
    assert min(map(len, keys)) >= 60


def test_only_its_owner_may_read_the_file(project):
    environment.main()
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600


def test_a_file_that_has_every_secret_is_left_alone(project):
    (project / ".env").write_text("SECRET_KEY=mine\nOTHER_KEY=too")
    assert environment.main() == 0
    assert (project / ".env").read_text() == "SECRET_KEY=mine\nOTHER_KEY=too"


def test_a_secret_that_a_newer_version_needs_is_added_and_the_others_stay(project):
    (project / ".env").write_text("SECRET_KEY=mine")
    assert environment.main() == 0
    first, second = (project / ".env").read_text().splitlines()
    assert first == "SECRET_KEY=mine"
    assert len(second.removeprefix("OTHER_KEY=")) >= 60
