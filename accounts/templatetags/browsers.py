"""Say which browser a session is, for people."""

import ua_parser
from django import template

register = template.Library()


@register.filter
def browser(user_agent: str) -> str:
    """Return e.g. "Firefox on Ubuntu" for a User-Agent header, or that it is unknown."""
    found = ua_parser.parse(user_agent)
    if found.user_agent is None:
        return "An unknown browser"
    if found.os is None:
        return found.user_agent.family
    return f"{found.user_agent.family} on {found.os.family}"
