"""What the privacy app itself holds of a person."""

from __future__ import annotations

from privacy.registry import Basis, DataCategory, Table, register

OUR_NUMBER = "a row number of ours"


def register_all() -> None:
    """Declare the consent records."""
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
