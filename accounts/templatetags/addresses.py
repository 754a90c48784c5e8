"""Tell pages about a person's address."""

from typing import Any

from allauth.account.utils import has_verified_email
from django import template

register = template.Library()


@register.filter
def has_confirmed_address(user: Any) -> bool:
    """Tell whether a person confirmed the address she logs in with."""
    return bool(has_verified_email(user))
