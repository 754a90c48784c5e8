import json
import subprocess
import sys

import pytest

from tests.support.pictures import astronaut, encoded, picture
from tests.support.stack import ROOT

pytestmark = pytest.mark.model


def mood(tmp_path, *arguments):
    import os

    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mood_music.settings.local",
        "SECRET_KEY": "x" * 50,
        # Neither of them exists: the command must need neither.
        "DATABASE_URL": f"sqlite:///{tmp_path / 'nowhere' / 'none.sqlite3'}",
        "REDIS_URL": f"unix://{tmp_path / 'none.sock'}",
    }
    command = [sys.executable, "manage.py", "mood", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def face_file(tmp_path):
    path = tmp_path / "face.jpg"
    path.write_bytes(encoded(astronaut()))
    return path


def test_a_photo_gives_a_reading_and_music_without_database_and_queue(tmp_path, face_file):
    told = mood(tmp_path, face_file, "--json", "--mode", "lift")
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)[0]
    assert answer["reading"]["dominant"] == "happiness"
    assert answer["mode"] == "lift"
    assert len(answer["tracks"]) == 8
    assert all(track["reason"] for track in answer["tracks"])


def test_each_bad_file_has_its_line_and_the_good_ones_are_answered(tmp_path, face_file):
    text, empty = tmp_path / "notes.txt", tmp_path / "wall.png"
    text.write_text("no picture")
    empty.write_bytes(encoded(picture((640, 480)), "PNG"))
    told = mood(tmp_path, text, empty, tmp_path / "missing.jpg", face_file)
    assert told.returncode == 1
    lines = [line for line in told.stderr.splitlines() if str(tmp_path) in line]
    assert [line.split(": ", 1)[1][:20] for line in lines] == [
        "That file is not a p",
        "We found no face. No",
        "That file cannot be ",
    ]
    assert "happiness" in told.stdout
