import os
import shutil

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from tests.support.pictures import astronaut

WIDTH, HEIGHT = 640, 480


def chromium():
    """Return the browser to drive. There must be one: a browser test that cannot run has not passed."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "install Debian's chromium, or let CHROMIUM name a browser"
    return found


@pytest.fixture(scope="session")
def camera_film(tmp_path_factory):
    """Return a raw film of a real face, which Chromium plays as its camera."""
    face = astronaut().crop((60, 0, 480, 315)).resize((WIDTH, HEIGHT)).convert("YCbCr")
    luma, blue, red = (np.asarray(band) for band in face.split())
    frame = luma.tobytes() + blue[::2, ::2].tobytes() + red[::2, ::2].tobytes()
    path = tmp_path_factory.mktemp("camera") / "face.y4m"
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(10):
            film.write(b"FRAME\n" + frame)
    return path


@pytest.fixture(scope="module")
def browser(camera_film):
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={camera_film}",
            ],
        )
        yield running
        running.close()
