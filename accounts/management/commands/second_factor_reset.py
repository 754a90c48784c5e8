"""`manage.py second_factor_reset ADDRESS`: help somebody who lost both her authenticator app and her recovery codes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.services import second_factor_reset


class Command(BaseCommand):
    help = "Take the second factor away from an account; its person sets up a new one at her next visit to the admin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the e-mail address of the account")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["address"]).first()
        if user is None:
            raise CommandError("There is no account with this address.")
        if not second_factor_reset(user=user):
            raise CommandError("This account has no second factor.")
        self.stdout.write("The second factor is gone. The person sets up a new one at her next visit to /admin/.")
