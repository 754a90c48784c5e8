"""Settings of `make run`: one machine, plain HTTP on the loopback address, mail as files under var/mail."""

from mood_music.logs import configuration
from mood_music.settings.base import *  # noqa: F403
from mood_music.settings.base import DATA_DIR, env

# `make run` writes a random key into .env; there is no default that a copy of the code would share.
SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

if "EMAIL_URL" not in env.ENVIRON:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"

LOGGING = configuration(json=False, level=env.str("LOG_LEVEL", "INFO"))
