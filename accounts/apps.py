"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Tell the privacy registry what is held for an account."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Register the data categories and the retention rules."""
        from accounts import categories, rules

        categories.register_all()
        rules.register_all()
