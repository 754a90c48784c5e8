"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Tell the privacy registry what is held for an account, and listen to what happens to second factors."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Register the data categories and the retention rules."""
        from accounts import categories, receivers, rules  # noqa: F401

        categories.register_all()
        rules.register_all()
