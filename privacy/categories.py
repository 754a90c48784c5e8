"""What the privacy app itself holds of a person."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet

from privacy.models import ErasureRequest, RightsRequest
from privacy.registry import Basis, DataCategory, Table, excuse, register
from privacy.subjects import Subject

OUR_NUMBER = "a row number of ours"
WORKING = "how our workers share the work; nothing about you"


def _rights_requests(subject: Subject) -> QuerySet[RightsRequest]:
    return RightsRequest.objects.filter(email__in=subject.emails)


def _rights_requests_erase(subject: Subject) -> None:
    """Forget who asked; that somebody did, and was answered in time, stays."""
    _rights_requests(subject).update(email="", outcome="")


def _erasures_erase(subject: Subject) -> None:
    """Delete what is over; an open request loses its person with the account, and all it knows when it is done."""
    ErasureRequest.objects.filter(user_id=subject.user_id, status__in=ErasureRequest.FINAL).delete()


def register_all() -> None:
    """Declare consents, erasures, and the link to the audit log."""
    register(
        DataCategory(
            name="consents",
            label="Your answers to what we asked for",
            why="So that we can show what you agreed to, and to which words.",
            basis=Basis.DUTY,
            retention="Until you delete your account.",
            with_account=True,
            tables=(
                Table(
                    model="privacy.ConsentRecord",
                    fields=(
                        "purpose",
                        "granted",
                        "wording",
                        "notice_version",
                        "notice_sha256",
                        "language",
                        "given_through",
                        "created_at",
                    ),
                    withheld={"id": OUR_NUMBER, "user": "you"},
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="privacy_choices",
            label="Your choices on this page",
            why="So that they are kept to.",
            basis=Basis.CONTRACT,
            retention="Until you delete your account.",
            with_account=True,
            tables=(
                Table(
                    model="privacy.PrivacyPreference",
                    created="",
                    fields=("limit_sensitive", "keep_pictures_days", "reminded_at"),
                    withheld={"id": OUR_NUMBER, "user": "you"},
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="rights_requests",
            label="Requests that you sent by mail",
            why="So that they are answered in time, and we can show that they were.",
            basis=Basis.DUTY,
            retention="Three years after they were answered; your address goes with your account.",
            seen_by="You, and the administrators of this site.",
            with_account=True,
            tables=(
                Table(
                    model="privacy.RightsRequest",
                    rows=_rights_requests,
                    created="",
                    fields=("email", "right", "law", "received_on", "due_on", "closed_on", "outcome"),
                    withheld={"id": OUR_NUMBER, "alarmed_on": "when we reminded ourselves"},
                ),
            ),
            erase=_rights_requests_erase,
        )
    )
    register(
        DataCategory(
            name="break_glass",
            label="When an administrator looked at your readings, and why",
            why="So that nobody looks without a reason, and you know.",
            basis=Basis.INTEREST,
            retention="Until you delete your account; the audit log then speaks of nobody.",
            seen_by="You, and the administrators of this site.",
            with_account=True,
            tables=(
                Table(
                    model="privacy.BreakGlass",
                    fields=("reason", "created_at", "expires_at"),
                    withheld={"id": OUR_NUMBER, "user": "you", "actor": "somebody else"},
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="erasures",
            label="Deletions you asked for",
            why="So that a deletion is finished even after a crash, and you can see how it stands.",
            basis=Basis.DUTY,
            retention="Until you delete your account; what then stays names nobody.",
            with_account=True,
            tables=(
                Table(
                    model="privacy.ErasureRequest",
                    fields=("scope", "status", "counts", "due_at", "created_at", "finished_at"),
                    withheld={
                        "id": OUR_NUMBER,
                        "user": "you",
                        "public_id": "a random number",
                        "reference": "a random number",
                        "identifiers": "your address and files, only while the deletion runs",
                        "steps": "how far the deletion got",
                        "residue": "what is to be tried again",
                        "updated_at": "when a step was last done",
                    },
                ),
            ),
            erase=_erasures_erase,
        )
    )
    register(
        DataCategory(
            name="exports",
            label="Copies of your data that wait to be fetched",
            why="So that you can have all that we hold of you.",
            basis=Basis.DUTY,
            retention=f"{settings.EXPORT_HOURS} hours, or until you ask for a new one.",
            sensitive=True,
            exported=False,
            tables=(
                Table(
                    model="privacy.DataExport",
                    fields=("status", "file", "size", "created_at", "finished_at", "expires_at"),
                    withheld={
                        "id": OUR_NUMBER,
                        "user": "you",
                        "public_id": "a random number",
                        "session_digest": "which session may fetch it",
                        "link": "its address",
                        "progress": WORKING,
                        "attempts": WORKING,
                        "claim_token": WORKING,
                        "lease_expires_at": WORKING,
                    },
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="audit_link",
            label="Your random number in the audit log",
            why="So that what was done with your data can be traced for as long as you have an account.",
            basis=Basis.DUTY,
            retention="Until you delete your account; the log then speaks of nobody.",
            seen_by="The administrators of this site.",
            with_account=True,
            tables=(
                Table(
                    model="privacy.AuditSubject",
                    created="",
                    fields=("reference",),
                    withheld={"id": OUR_NUMBER, "user": "you"},
                ),
            ),
        )
    )
    excuse("privacy.AuditEvent", "names people by a random number that leads nowhere once the account is gone")
    excuse("privacy.AuditHead", "the end of the audit log")
