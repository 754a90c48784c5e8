"""Bring database, catalogue and static files up to date; nothing that is there already is done again."""

from __future__ import annotations

import os
import sys

import django
from django.conf import settings
from django.core.management import CommandError, call_command

from ml.errors import MlError


def main() -> int:
    """Run the management commands that a start needs, in one process: Django is loaded once, not four times."""
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mood_music.settings.local")
    django.setup()
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        print("Catalogue: ", end="", flush=True)
        call_command("catalogue_import", starter=True)
        print(f"Network: {_register_network()}")
        call_command("collectstatic", interactive=False, verbosity=0)
    except (CommandError, MlError) as error:
        print(f"Set-up stopped: {error}", file=sys.stderr)
        return 1
    return 0


def _register_network() -> str:
    from emotion.versions.services import version_register_shipped  # models: only after django.setup()

    return version_register_shipped().version


if __name__ == "__main__":
    sys.exit(main())
