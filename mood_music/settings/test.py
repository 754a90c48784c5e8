"""Settings of the test suite: fast hashing, mail in memory, nothing outside a temporary folder."""

import os
import tempfile
from pathlib import Path

# Every process of one test run shares the folder, and the process that made it takes it away again.
_FOLDER = tempfile.TemporaryDirectory(prefix="mood-music-test-")
DATA_FOLDER = Path(os.environ.setdefault("DATA_DIR", _FOLDER.name))

from mood_music.logs import configuration  # noqa: E402
from mood_music.settings.base import *  # noqa: E402, F403
from mood_music.settings.base import STATIC_ROOT, STORAGES  # noqa: E402

SECRET_KEY = "only-for-tests-" + "x" * 40
FIELD_ENCRYPTION_KEYS = ["only-for-tests-" + "e" * 40]
DEBUG = False
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Messages wait in this process's memory; tests of real queues start processes with their own settings.
CELERY_BROKER_URL = "memory://"
ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]
LOGGING = configuration(json=False, level="WARNING")
