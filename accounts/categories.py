"""What is held of a person for her account: declared to the privacy registry."""

from __future__ import annotations

from hashlib import sha256
from importlib import import_module
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.core.internal.ratelimit import parse_rates
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Q, QuerySet

from accounts.models import User
from privacy.places import LOGS, MAIL_FILES, QUEUE
from privacy.purposes import Purpose
from privacy.registry import Basis, DataCategory, Place, Table, excuse, register
from privacy.subjects import Subject

OUR_NUMBER = "a row number of ours"
YOU = "you"


def _sessions(subject: Subject) -> QuerySet[Session]:
    """Return every session that logs the person in: a session's row does not say whose it is."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    mine = [
        session.session_key
        for session in Session.objects.iterator()
        if str(store.decode(session.session_data).get("_auth_user_id")) == str(subject.user_id)
    ]
    return Session.objects.filter(session_key__in=mine)


def _sessions_count(subject: Subject) -> int:
    return int(UserSession.objects.filter(user_id=subject.user_id).count())


def _admin_log(subject: Subject) -> QuerySet[Any]:
    """Return what the person did in the admin, and what was noted there about her account and addresses."""
    about = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(subject.user_id))
    for needle in subject.needles:
        about |= Q(object_repr__icontains=needle) | Q(change_message__icontains=needle)
    return LogEntry.objects.filter(Q(user_id=subject.user_id) | about)


def _limit_keys(subject: Subject) -> list[str]:
    """Return the cache keys under which allauth counts attempts at an address or by an account."""
    addresses = {form for email in subject.emails for form in (email, email.lower())}
    sources = {"key": [sha256(one.encode()).hexdigest() for one in addresses], "user": [f"user:{subject.user_id}"]}
    # Codes of a second factor are counted with the log-ins, under a key of their own.
    sources["key"].append(sha256(f"mfa-auth-user-{subject.user_id}".encode()).hexdigest())
    keys = []
    for action, rates in account_settings.RATE_LIMITS.items():
        for rate in parse_rates(rates):
            keys += [f"allauth:rl:allauth.account:{action}:{rate}:{source}" for source in sources.get(rate.per, [])]
    return keys


def limits_erase(subject: Subject) -> None:
    """Forget the counts of attempts, and nobody else's: else deleting an account would reset a guesser's limits."""
    cache.delete_many(_limit_keys(subject))


def limits_residue(subject: Subject) -> list[str]:
    """Return whether a count is left."""
    return ["counts of attempts"] if cache.get_many(_limit_keys(subject)) else []


def register_all() -> None:
    """Declare the account, its addresses, its sessions, and traces of it elsewhere."""
    register(
        DataCategory(
            name="account",
            label="Your account: address, scrambled password, that you passed the age check",
            why="So that you can log in and nobody else can.",
            basis=Basis.CONTRACT,
            retention="Until you delete your account.",
            seen_by="You, and the administrators of this site.",
            with_account=True,
            tables=(
                Table(
                    model="accounts.User",
                    owner="pk",
                    created="date_joined",
                    fields=(
                        "public_id",
                        "email",
                        "is_active",
                        "is_staff",
                        "is_superuser",
                        "age_confirmed_at",
                        "date_joined",
                        "last_login",
                    ),
                    withheld={"id": OUR_NUMBER, "password": "a scrambled secret, dangerous in a file"},
                ),
                Table(
                    model="account.EmailAddress",
                    created="",
                    fields=("email", "verified", "primary"),
                    withheld={"id": OUR_NUMBER, "user": YOU},
                ),
                Table(
                    model="account.EmailConfirmation",
                    owner="email_address__user",
                    created="created",
                    fields=("created", "sent"),
                    withheld={"id": OUR_NUMBER, "email_address": "stands among the addresses", "key": "a secret link"},
                ),
                Table(
                    model="accounts.User_groups",
                    created="",
                    fields=("group__name",),
                    withheld={"id": OUR_NUMBER, "user": YOU},
                ),
                Table(
                    model="accounts.User_user_permissions",
                    created="",
                    fields=("permission__codename",),
                    withheld={"id": OUR_NUMBER, "user": YOU},
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="second_factor",
            label="Your second factor for logging in",
            why="So that a stolen password alone opens nothing. Nobody needs one but those who run the site.",
            basis=Basis.INTEREST,
            retention="Until you switch it off, or delete your account.",
            seen_by="You; administrators see that there is one, and when it was used last.",
            with_account=True,
            tables=(
                Table(
                    model="mfa.Authenticator",
                    fields=("type", "created_at", "last_used_at"),
                    withheld={"id": OUR_NUMBER, "user": YOU, "data": "a secret, dangerous in a file"},
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="admin_log",
            label="What was done in the administration, by you or to your account",
            why="So that changes by administrators can be traced.",
            basis=Basis.INTEREST,
            retention="Until you delete your account.",
            seen_by="The administrators of this site.",
            with_account=True,
            tables=(
                Table(
                    model="admin.LogEntry",
                    rows=_admin_log,
                    created="action_time",
                    fields=("action_time", "action_flag", "content_type__model"),
                    withheld={
                        "id": OUR_NUMBER,
                        "user": "may be an administrator",
                        "object_id": "may be about somebody else",
                        "object_repr": "may be about somebody else",
                        "change_message": "may be about somebody else",
                    },
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="traces",
            label="Counts of attempts to log in; traces in the queue, in logs and in mails",
            why="So that nobody guesses your password, and the site can do its work.",
            basis=Basis.INTEREST,
            retention="Counts: a day. Queue and logs hold numbers of rows only.",
            seen_by="Nobody.",
            with_account=True,
            exported=False,
            places=(
                Place(name="mood_music_cache", erase=limits_erase, residue=limits_residue),
                QUEUE,
                LOGS,
                MAIL_FILES,
            ),
        )
    )
    register(
        DataCategory(
            name="sessions",
            label="Where you are logged in",
            why="So that you stay logged in, and can see and end it.",
            basis=Basis.CONTRACT,
            retention="Until you log out, at most two weeks.",
            tables=(
                Table(
                    model="usersessions.UserSession",
                    fields=("ip", "user_agent", "created_at", "last_seen_at"),
                    withheld={
                        "id": OUR_NUMBER,
                        "user": YOU,
                        "session_key": "whoever has it is logged in as you",
                        "data": "technical",
                    },
                ),
                Table(
                    model="sessions.Session",
                    rows=_sessions,
                    created="",
                    withheld={
                        "expire_date": "moves on with every visit",
                        "session_key": "whoever has it is logged in as you",
                        "session_data": "technical, with secrets in it",
                    },
                ),
            ),
            count=_sessions_count,
        )
    )
    excuse("auth.Group", "names of roles of administrators")
    excuse("auth.Group_permissions", "what a role may do")
    excuse("auth.Permission", "what can be allowed at all")
    excuse("contenttypes.ContentType", "names of models")
    register(
        DataCategory(
            name="connected_service",
            label="Your connection to Spotify",
            why="So that music can be saved to your Spotify account and played there, when you ask for it.",
            basis=Basis.CONSENT,
            purpose=Purpose.SPOTIFY_LINK,
            retention="Until you disconnect, withdraw this consent or delete your account.",
            tables=(
                Table(
                    model="accounts.ConnectedService",
                    created="connected_at",
                    fields=("provider", "account_id", "scopes", "connected_at", "expires_at", "needs_reconnect"),
                    withheld={
                        "id": OUR_NUMBER,
                        "user": YOU,
                        "access_token": "a secret, useless to you and dangerous in a file",
                        "refresh_token": "a secret, useless to you and dangerous in a file",
                        "refresh_claim": "a mark of ours while a token is renewed",
                        "refresh_claim_until": "a mark of ours while a token is renewed",
                    },
                ),
            ),
        )
    )
    excuse("django_migrations", "which migrations have run")
