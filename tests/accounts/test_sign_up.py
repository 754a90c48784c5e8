import datetime

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.forms import age_on
from accounts.models import User

pytestmark = pytest.mark.django_db
FORM = {
    "email": "amy@example.org",
    "password1": "a long enough pass phrase",
    "password2": "a long enough pass phrase",
    "birth_date": "1990-05-04",
    "agree_terms": "on",
}


def sign_up(client, **changes):
    return client.post("/accounts/signup/", {**FORM, **changes})


def test_a_person_registers_by_e_mail_and_is_logged_in(client):
    assert sign_up(client).status_code == 302
    user = User.objects.get()
    assert user.email == "amy@example.org"
    assert user.public_id
    assert user.age_confirmed_at
    assert client.session["_auth_user_id"] == str(user.pk)
    assert mail.outbox[0].to == ["amy@example.org"]


def test_the_birth_date_is_kept_nowhere(client):
    sign_up(client, birth_date="1990-05-04")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                assert "1990-05-04" not in repr(row)
                assert datetime.date(1990, 5, 4) not in row


def test_a_child_cannot_register_and_nothing_is_stored(client, settings):
    today = timezone.localdate()
    tomorrow_16 = today.replace(year=today.year - settings.MINIMUM_AGE, day=1) + datetime.timedelta(days=40)
    answer = sign_up(client, birth_date=tomorrow_16.isoformat())
    assert answer.status_code == 200
    assert "cannot register here yet" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("date", ["2999-01-01", "1850-01-01", "yesterday", ""])
def test_a_date_that_cannot_be_is_refused(client, date):
    assert sign_up(client, birth_date=date).context["form"].errors["birth_date"]


def test_the_terms_have_to_be_accepted(client):
    assert sign_up(client, agree_terms="").context["form"].errors["agree_terms"]


def test_one_address_in_any_case_is_one_account(client):
    User.objects.create_user("amy@example.org", "x")
    with pytest.raises(IntegrityError):
        User.objects.create(email="AMY@example.org")


def test_signing_up_with_a_known_address_tells_nobody_that_it_is_known(client, settings):
    # As in production: without a mail to confirm, a form that lets nobody in would give the answer away.
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    user = User.objects.create_user("amy@example.org", "x")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    answer = sign_up(client)
    assert answer.status_code == 302
    assert User.objects.count() == 1
    assert "_auth_user_id" not in client.session


def test_a_password_reset_leads_back_in(client):
    sign_up(client)
    client.logout()
    mail.outbox.clear()
    client.post("/accounts/password/reset/", {"email": "amy@example.org"})
    link = next(word for word in mail.outbox[0].body.split() if "/accounts/password/reset/key/" in word)
    page = client.get(link.split("testserver")[1], follow=True)
    form_url = page.redirect_chain[-1][0]
    new = "another good pass phrase"
    client.post(form_url, {"password1": new, "password2": new})
    assert client.login(email="amy@example.org", password=new)


def test_a_reset_for_an_unknown_address_looks_the_same(client):
    sign_up(client)
    client.logout()
    known = client.post("/accounts/password/reset/", {"email": "amy@example.org"})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


def test_sessions_are_listed_and_can_be_ended_elsewhere(client):
    from django.test import Client

    sign_up(client)
    other = Client()
    other.post("/accounts/login/", {"login": "amy@example.org", "password": FORM["password1"]})
    assert other.get("/history/").status_code == 200
    assert client.get("/accounts/sessions/").status_code == 200
    client.post("/accounts/sessions/")
    assert other.get("/history/").status_code == 302
    assert client.get("/history/").status_code == 200


def test_bobs_failures_leave_amy_in(client, settings):
    from mood_music.settings import base

    settings.ACCOUNT_RATE_LIMITS = base.ACCOUNT_RATE_LIMITS
    sign_up(client)
    client.logout()
    from django.test import Client

    bob = Client(REMOTE_ADDR="10.0.0.66")
    for _ in range(12):
        answer = bob.post("/accounts/login/", {"login": "amy@example.org", "password": "guess"})
    assert "Too many failed login attempts" in answer.content.decode()
    answer = client.post("/accounts/login/", {"login": "amy@example.org", "password": FORM["password1"]})
    assert answer.status_code == 302


@given(birth=st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)), days=st.integers(0, 50_000))
def test_an_age_grows_by_one_on_the_birthday(birth, days):
    day = birth + datetime.timedelta(days=days)
    age = age_on(birth, day)
    assert 0 <= age <= days / 365
    assert age_on(birth, day + datetime.timedelta(days=366)) > age
