"""A person with a browser."""

from __future__ import annotations

import re
import uuid

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.stack import PASSWORD

PATIENCE = 90_000
SETTLED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
    () => Promise.all(document.getAnimations().map(each => each.finished)).then(() => done()))))"""


class Person:
    """Use one page of a browser, and note whatever the browser complains of.

    `others` are hosts besides the site that pages may ask.
    """

    def __init__(self, page, stack, others=()):
        self.page, self.stack, self.complaints = page, stack, []
        self.known = (stack.url, "data:", "blob:", *others)
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note_request)

    def _note_request(self, request):
        if not request.url.startswith(self.known):
            self.complaints.append(f"asked another host: {request.url}")

    def open(self, path):
        """Open a page of the site."""
        self.page.goto(f"{self.stack.url}{path}")

    def register(self):
        """Sign up with a fresh address."""
        self.open("/accounts/signup/")
        self.page.get_by_label("Email", exact=False).first.fill(f"{uuid.uuid4().hex[:12]}@example.org")
        self.page.locator("input[name=password1]").fill(PASSWORD)
        self.page.locator("input[name=password2]").fill(PASSWORD)
        self.page.locator("input[name=birth_date]").fill("1990-05-04")
        self.page.locator("input[name=agree_terms]").check()
        self.page.locator("main form button[type=submit]").first.click()
        expect(self.page).to_have_url(re.compile("/consent/"))

    def consent(self):
        """Agree to readings and a history."""
        self.page.locator("input[name=emotion_inference]").check()
        self.page.locator("input[name=store_history]").check()
        self.page.locator("main form button[type=submit]").first.click()
        expect(self.page).to_have_url(re.compile("/captures/new/"))

    def assert_accessible(self):
        """Hold the page against axe's rules, light and dark, on a desktop and on a phone."""
        desktop = self.page.viewport_size
        for size in (desktop, {"width": 360, "height": 740}):
            self.page.set_viewport_size(size)
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                # Colours on their way from one scheme to the other are nobody's to read.
                self.page.evaluate(SETTLED)
                found = Axe().run(self.page)
                assert found.violations_count == 0, f"{self.page.url} {size} {scheme}\n{found.generate_report()}"
        self.page.set_viewport_size(desktop)
