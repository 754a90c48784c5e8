"""Settings that hold everywhere. Secrets and places come from the environment (or `.env` beside manage.py)."""

import os
from datetime import timedelta
from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

# Where everything lives that the site writes: database, media, static files, logs of development mail.
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var")))

# Keys of EncryptedTextField, the newest first. Apart from SECRET_KEY: either may be changed without the other.
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[])

# https://docs.djangoproject.com/en/5.2/ref/settings/#installed-apps
INSTALLED_APPS = [
    # The admin, with our own site: no page without a second factor.
    "mood_music.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    # Lets our templates replace those of form fields.
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "django_structlog",
    "privacy",
    "accounts",
    "emotion",
    "recommendations",
    "mood_music",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "mood_music.middleware.ErrorMiddleware",
]

ROOT_URLCONF = "mood_music.urls"
WSGI_APPLICATION = "mood_music.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# https://docs.djangoproject.com/en/5.2/ref/databases/#sqlite-notes
DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'mood_music.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # secure_delete: what is erased is overwritten in the file, not only forgotten.
    # A writer that first reads must take the lock at once, or two of them fail instead of waiting.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits live in the database: Redis may vanish without anybody being locked out or let in.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "mood_music_cache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# https://docs.djangoproject.com/en/5.2/topics/auth/passwords/#using-argon2-with-django
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "capture_new"

# https://docs.allauth.org/en/latest/account/configuration.html
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_USER_DISPLAY = "accounts.models.displayed_name"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
# By address of the caller, hardly by account: a stranger's failures must not lock a person out.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,60/h/ip,200/d/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "confirm_email": "1/3m/key",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
}
USERSESSIONS_TRACK_ACTIVITY = False
# https://docs.allauth.org/en/latest/mfa/configuration.html
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Mood Music"
MINIMUM_AGE = env.int("MINIMUM_AGE", 16)

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
MEDIA_ROOT = DATA_DIR / "media"
# What was erased, without saying of whom. Not among the backups of the database: it is replayed after a restore.
TOMBSTONES_DIR = Path(env.str("TOMBSTONES_DIR", str(DATA_DIR / "tombstones")))
# Versions of the network, one folder each.
# Runs of training, one folder each: what they were given, their log, their checkpoints until they end.
TRAINING_DIR = Path(env.str("TRAINING_DIR", str(DATA_DIR / "training")))
MODELS_DIR = Path(env.str("MODELS_DIR", str(DATA_DIR / "models")))
# The operator's own copy of FER2013 with the FER+ votes: versions are measured on its test rows. Empty: there is none.
TRAINING_BASE_DATA = env.str("TRAINING_BASE_DATA", "")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Pictures of faces: nobody but the site's own user may read them.
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

MAX_UPLOAD_MEGABYTES = env.int("MAX_UPLOAD_MEGABYTES", 20)
# Room for the form's other fields beside the file; a larger body is refused before it is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "mood_music.uploads.CappedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

EMAIL_CONFIG = env.email_url("EMAIL_URL", "consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Mood Music <noreply@localhost>")
CONTACT_EMAIL = env.str("CONTACT_EMAIL", "privacy@localhost")

# https://django-csp.readthedocs.io/
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "camera": [],
    "microphone": [],
    "geolocation": [],
    "display-capture": [],
    "payment": [],
    "usb": [],
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

# https://docs.celeryq.dev/en/stable/userguide/configuration.html
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
# Celery spells a Unix socket in a way of its own.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# A child's first picture waits for the networks: a second, or many on a machine that is busy.
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# On a busy machine a fresh child starts for longer than the default of four seconds; with it, children die for ever.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 120
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 2_000_000
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 180,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "health_check_interval": 25,
    "socket_keepalive": True,
    "socket_connect_timeout": 2,
    "socket_timeout": 30,
}
# A request must not hang on a dead Redis: the sweeper publishes what a request could not.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.2, "interval_step": 0.2}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "captures_sweep": {"task": "emotion.tasks.captures_sweep", "schedule": 10.0, "options": {"expires": 30}},
    "training_sweep": {"task": "emotion.training.tasks.training_sweep", "schedule": 20.0, "options": {"expires": 60}},
    "training_scheduled_start": {
        "task": "emotion.training.tasks.training_scheduled_start",
        "schedule": crontab(hour="2", minute="40"),
        "options": {"expires": 6 * 3600},
    },
    "sets_sweep": {"task": "recommendations.tasks.sets_sweep", "schedule": 20.0, "options": {"expires": 60}},
    "exports_sweep": {"task": "privacy.tasks.exports_sweep", "schedule": 60.0, "options": {"expires": 120}},
    "rights_alarm": {"task": "privacy.tasks.rights_alarm", "schedule": 3600.0, "options": {"expires": 3600}},
    "retention_enforce": {"task": "privacy.tasks.retention_enforce", "schedule": 3600.0, "options": {"expires": 3600}},
    "erasures_sweep": {"task": "privacy.tasks.erasures_sweep", "schedule": 60.0, "options": {"expires": 120}},
    "rating_proposals_compute": {
        "task": "recommendations.tasks.rating_proposals_compute",
        "schedule": crontab(hour="3", minute="20"),
        "options": {"expires": 6 * 3600},
    },
    "drift_check": {
        "task": "emotion.drift.tasks.drift_check",
        "schedule": crontab(hour="4", minute="10"),
        "options": {"expires": 6 * 3600},
    },
    "captures_expire": {"task": "emotion.tasks.captures_expire", "schedule": 300.0, "options": {"expires": 600}},
}

# What one person may have under way, and what the site accepts before it asks to come back later.
CAPTURES_IN_FLIGHT_PER_USER = env.int("CAPTURES_IN_FLIGHT_PER_USER", 3)
CAPTURES_PENDING_LIMIT = env.int("CAPTURES_PENDING_LIMIT", 200)
# Without the store_history consent a reading is shown and then forgotten.
UNKEPT_READING_MINUTES = env.int("UNKEPT_READING_MINUTES", 60)
# How long the deletion of an account can be called off; all that hangs on it is deleted at once.
ERASURE_GRACE_HOURS = env.int("ERASURE_GRACE_HOURS", 24)
# How long tombstones are kept: longer than the oldest backup.
TOMBSTONE_DAYS = env.int("TOMBSTONE_DAYS", 400)
# After so long without a log-in an account is deleted; the person is told a month before.
INACTIVE_ACCOUNT_DAYS = env.int("INACTIVE_ACCOUNT_DAYS", 730)
# How long a copy of one's data can be fetched.
EXPORT_HOURS = env.int("EXPORT_HOURS", 48)
# How many aligned faces of one person the network may learn from, and how long one waits for her word on it.
TRAINING_SAMPLES_PER_PERSON = env.int("TRAINING_SAMPLES_PER_PERSON", 100)
SAMPLE_WAITING_DAYS = env.int("SAMPLE_WAITING_DAYS", 7)
# By when a version of the network is replaced once somebody it learned from withdraws.
MODEL_RETIRE_DAYS = env.int("MODEL_RETIRE_DAYS", 30)
# Threads of a training run: one core is left to readings.
TRAINING_THREADS = env.int("TRAINING_THREADS", max(1, (os.cpu_count() or 1) - 1))
# A fine-tuning by itself, every so many days (0: never), once there are so many new accepted samples.
TRAINING_SCHEDULE_DAYS = env.int("TRAINING_SCHEDULE_DAYS", 0)
TRAINING_SCHEDULE_MIN_SAMPLES = env.int("TRAINING_SCHEDULE_MIN_SAMPLES", 50)
RECOMMENDATIONS_PER_SET = env.int("RECOMMENDATIONS_PER_SET", 8)
# Where the site's people live (ISO 3166, two letters): which help line is named. Empty names a directory of lines.
COUNTRY = env.str("COUNTRY", "").upper()
# A listening session asks how its person feels after so many tracks, and at its end.
SESSION_ASK_AFTER = env.int("SESSION_ASK_AFTER", 4)

# Spotify is optional: without an app's id and secret each song has a link to a search there, and that is all.
SPOTIFY_CLIENT_ID = env.str("SPOTIFY_CLIENT_ID", "")
SPOTIFY_CLIENT_SECRET = env.str("SPOTIFY_CLIENT_SECRET", "")
SPOTIFY_REDIRECT_URI = env.str("SPOTIFY_REDIRECT_URI", "")
# Another place than the real one, as in tests: `python -m tests.support.spotify_double`.
SPOTIFY_API_URL = env.str("SPOTIFY_API_URL", "https://api.spotify.com/v1/")
SPOTIFY_ACCOUNTS_URL = env.str("SPOTIFY_ACCOUNTS_URL", "https://accounts.spotify.com/")
SPOTIFY_CALLS_PER_HALF_MINUTE = env.int("SPOTIFY_CALLS_PER_HALF_MINUTE", 60)
# Seconds to connect, and to wait for the next byte.
SPOTIFY_TIMEOUT = (3.0, 5.0)
# What Spotify told us of a track is asked again after this long, and deleted.
SPOTIFY_CACHE_DAYS = 30
# Queues and workers of their own: while Spotify is slow, or a network trained or measured, no reading waits behind it.
CELERY_TASK_ROUTES = {
    "recommendations.providers.spotify.tasks.*": {"queue": "spotify"},
    "emotion.training.tasks.training_run_execute": {"queue": "training"},
    "emotion.versions.tasks.*": {"queue": "training"},
}
CELERY_BEAT_SCHEDULE["spotify_purge"] = {
    "task": "recommendations.tasks.spotify_purge",
    "schedule": 3600.0,
    "options": {"expires": 3600},
}
if SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET:
    CELERY_BEAT_SCHEDULE["spotify_sweep"] = {
        "task": "recommendations.providers.spotify.tasks.spotify_sweep",
        "schedule": 60.0,
        "options": {"expires": 60},
    }

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "mood_music.api.exception_handler",
}
SPECTACULAR_SETTINGS = {"TITLE": "Mood Music", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = None
