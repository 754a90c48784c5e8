"""The page inside an exported copy, opened from the disk by a browser that has no network."""

import io
import zipfile

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from playwright.sync_api import sync_playwright

from privacy.archive import archive_write
from privacy.subjects import Subject
from tests.e2e.conftest import chromium
from tests.factories import ReadingFactory
from tests.support.pictures import encoded, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def copy_on_disk(amy, tmp_path):
    kept = default_storage.save("crops/kept.jpg", ContentFile(encoded(picture((64, 64)))))
    ReadingFactory(capture__user=amy, crop=kept, emotion="surprise")
    file = io.BytesIO()
    archive_write(file, Subject.of(amy), lambda percent: None)
    zipfile.ZipFile(file).extractall(tmp_path / "copy")
    return tmp_path / "copy"


def test_the_page_inside_a_copy_shows_history_and_pictures_without_a_network(copy_on_disk):
    # A browser of its own, begun after the database was used: beside a running one Django refuses to use it.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True).new_page()
        complaints = []
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.goto((copy_on_disk / "index.html").as_uri())
        assert page.locator("img").evaluate("image => image.naturalWidth") == 64
        assert page.get_by_text("surprise", exact=True).count() >= 1
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert complaints == []
        browser.close()
