import pytest
from django.test import Client
from django.urls import reverse

from accounts.templatetags.browsers import browser
from tests.factories import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (FIREFOX, "Firefox on Ubuntu"),
        (IPHONE, "Mobile Safari on iOS"),
        ("Firefox/128.0", "Firefox"),
        ("something of her own", "An unknown browser"),
        ("", "An unknown browser"),
        ("<script>", "An unknown browser"),
    ],
)
def test_a_header_is_said_in_words(header, said):
    assert browser(header) == said


@pytest.mark.django_db
def test_the_list_of_sessions_names_the_browsers(amy):
    desk = Client(headers={"user-agent": FIREFOX})
    for browser_of_hers in (Client(headers={"user-agent": IPHONE}), desk):
        browser_of_hers.post(reverse("account_login"), {"login": amy.email, "password": PASSWORD})
    page = desk.get(reverse("usersessions_list")).content.decode()
    assert "Mobile Safari on iOS" in page
    assert "Firefox on Ubuntu" in page
    assert "Mozilla/5.0" not in page
