"""The admin against everybody who has no second factor in this session."""

import io

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.management import CommandError, call_command
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.services import second_factor_reset
from mood_music.fields import MARK
from privacy.models import AuditEvent
from tests.factories import PASSWORD, UserFactory
from tests.support.staff import code, code_of, second_factor, staff_log_in

pytestmark = pytest.mark.django_db


def admin_addresses(patterns=None, prefix="/admin/"):
    """Return one address for every route below /admin/."""
    if patterns is None:
        [resolver] = [each for each in get_resolver().url_patterns if str(each.pattern) == "admin/"]
        patterns = resolver.url_patterns
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from admin_addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield pattern.name, filled(pattern, prefix)


def filled(pattern, prefix):
    """Return the address of a route with something in every place that it leaves open."""
    route = getattr(pattern.pattern, "_route", None)
    if route is None:
        return prefix + ("emotion/" if "app_label" in pattern.pattern.regex.pattern else "nothing")
    for name, converter in pattern.pattern.converters.items():
        value = {"IntConverter": "1", "UUIDConverter": "00000000-0000-4000-8000-000000000000"}.get(
            type(converter).__name__, "1"
        )
        for shape in (
            f"<path:{name}>",
            f"<int:{name}>",
            f"<uuid:{name}>",
            f"<str:{name}>",
            f"<slug:{name}>",
            f"<{name}>",
        ):
            route = route.replace(shape, value)
    assert "<" not in route, f"say what stands in {route}"
    return prefix + route


ADDRESSES = dict(admin_addresses())


@pytest.fixture
def chief():
    return UserFactory(email="chief@example.org", is_staff=True, is_superuser=True)


def test_every_page_of_the_admin_is_among_the_addresses():
    assert len(ADDRESSES) > 50
    assert {"index", "emotion_glass", "accounts_user_changelist", "app_list"} <= set(ADDRESSES)


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_page_of_the_admin_opens_to_staff_without_a_second_factor(client, chief, method):
    client.force_login(chief)
    # Leads on itself, and ends the session.
    for name, address in ADDRESSES.items():
        if name in {"login", "logout"}:
            continue
        answer = getattr(client, method)(address)
        assert answer.status_code == 302, address
        assert answer.url.startswith(reverse("admin:login")), address


def test_a_stranger_is_asked_to_log_in_and_then_comes_where_she_wanted(client):
    page = reverse("admin:emotion_capture_changelist")
    answer = client.get(page, follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert page in answer.redirect_chain[-1][0]


def test_people_who_are_no_staff_are_refused_even_with_a_second_factor(client, amy):
    staff_log_in(client, amy)
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_staff_without_a_factor_are_led_to_set_one_up(client, chief):
    client.force_login(chief)
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[1][0] == reverse("mfa_activate_totp")
    client.post(answer.redirect_chain[-1][0], {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    done = client.post(reverse("mfa_activate_totp"), {"code": code(secret)}, follow=True)
    assert done.context["unused_codes"]
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_wrong_code_sets_nothing_up(client, chief):
    client.force_login(chief)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    answer = client.post(reverse("mfa_activate_totp"), {"code": "1"})
    assert "Incorrect code" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_staff_with_a_factor_are_asked_for_it_at_log_in(client, chief):
    second_factor(chief)
    page = client.post(reverse("account_login"), {"login": chief.email, "password": PASSWORD})
    assert page.url == reverse("mfa_authenticate")
    assert client.get(reverse("admin:index")).status_code == 302
    client.post(reverse("mfa_authenticate"), {"code": code_of(chief)})
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_session_from_before_the_factor_is_asked_for_it(client, chief):
    client.force_login(chief)
    second_factor(chief)
    answer = client.get(reverse("admin:index"), follow=True)
    asked = answer.redirect_chain[-1][0]
    assert asked.startswith(reverse("mfa_reauthenticate"))
    assert client.post(asked, {"code": "1"}).status_code == 200
    assert client.get(reverse("admin:index")).status_code == 302
    assert client.post(asked, {"code": code_of(chief), "next": "/admin/"}).url == "/admin/"
    assert client.get(reverse("admin:index")).status_code == 200


def test_one_persons_second_factor_lets_nobody_else_in(client, chief):
    staff_log_in(client, chief)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert client.get(reverse("admin:index")).status_code == 302


def test_whoever_loses_her_factor_is_out_at_the_next_page(client, chief, admin_client):
    staff_log_in(client, chief)
    factor = Authenticator.objects.get(user=chief)
    assert client.get(reverse("admin:index")).status_code == 200
    admin_client.post(reverse("admin:mfa_authenticator_delete", args=[factor.pk]), {"post": "yes"})
    assert client.get(reverse("admin:index")).status_code == 302
    event = AuditEvent.objects.get(kind="second_factor_reset")
    assert event.actor
    assert event.actor != event.subject


def test_the_admin_leads_to_no_other_site(client, chief):
    staff_log_in(client, chief)
    for target in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"):
        assert client.get(reverse("admin:login"), {"next": target}).url == reverse("admin:index")
    assert client.get(reverse("admin:login"), {"next": "/admin/emotion/"}).url == "/admin/emotion/"


def test_the_secret_stands_nowhere_in_the_clear(chief, admin_client, client):
    staff_log_in(client, chief)
    factor = Authenticator.objects.get(user=chief)
    assert factor.data["secret"].startswith(MARK)
    page = admin_client.get(reverse("admin:mfa_authenticator_change", args=[factor.pk])).content.decode()
    assert chief.email in page
    assert MARK not in page


def test_a_new_key_is_put_under_the_secrets_and_the_old_one_may_go(chief, settings):
    factor = second_factor(chief)
    codes = RecoveryCodes.activate(chief).get_unused_codes()
    settings.FIELD_ENCRYPTION_KEYS = ["a new key that is long enough " * 2, *settings.FIELD_ENCRYPTION_KEYS]
    call_command("reencrypt", stdout=io.StringIO())
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    factor.refresh_from_db()
    assert factor.wrap().validate_code(code_of(chief))
    assert RecoveryCodes.activate(chief).get_unused_codes() == codes


def test_a_secret_that_no_key_opens_is_named(chief, settings):
    factor = second_factor(chief)
    settings.FIELD_ENCRYPTION_KEYS = ["another key that is long enough " * 2]
    with pytest.raises(CommandError, match=f"Authenticator {factor.pk}[.]"):
        call_command("reencrypt", stdout=io.StringIO())


def test_only_superusers_may_take_a_factor_away(client, chief):
    from django.contrib.auth.models import Permission

    factor = second_factor(chief)
    helper = UserFactory(is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="mfa"))
    staff_log_in(client, helper)
    assert client.post(reverse("admin:mfa_authenticator_delete", args=[factor.pk]), {"post": "yes"}).status_code == 403
    assert Authenticator.objects.filter(user=chief).exists()


def test_the_command_helps_whoever_lost_everything(chief, client, capsys):
    staff_log_in(client, chief)
    call_command("second_factor_reset", "Chief@example.org")
    assert "gone" in capsys.readouterr().out
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.filter(kind="second_factor_reset", actor=None).exists()
    for address in ("chief@example.org", "nobody@example.org"):
        with pytest.raises(CommandError):
            call_command("second_factor_reset", address)
    assert not second_factor_reset(user=chief)


@pytest.mark.django_db(transaction=True)
def test_setting_up_and_switching_off_are_written_down(client, chief):
    client.force_login(chief)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    client.post(reverse("mfa_generate_recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))
    kinds = set(AuditEvent.objects.values_list("kind", flat=True))
    assert {"second_factor_added", "second_factor_renewed", "second_factor_removed"} <= kinds
    assert client.get(reverse("admin:index")).status_code == 302


def test_leaving_the_admin_ends_the_session(admin_client):
    assert admin_client.get(reverse("admin:logout")).status_code == 405
    assert admin_client.post(reverse("admin:logout")).url == reverse("home")
    assert admin_client.get(reverse("admin:index")).status_code == 302


def test_the_admin_has_no_password_page_of_its_own(admin_client):
    assert admin_client.get(reverse("admin:password_change")).url == reverse("account_change_password")


def test_an_address_is_confirmed_before_a_second_factor_is_offered(as_amy, amy):
    offer, confirm = (f'href="{reverse(name)}"' for name in ("mfa_activate_totp", "account_email"))
    page = as_amy.get(reverse("mfa_index")).content.decode()
    assert confirm in page
    assert offer not in page
    EmailAddress.objects.update_or_create(user=amy, email=amy.email, defaults={"verified": True, "primary": True})
    page = as_amy.get(reverse("mfa_index")).content.decode()
    assert offer in page
    assert confirm not in page
