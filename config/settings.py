"""Django's settings, from the environment. docs/reference/settings.md says what each variable means."""

import json
import tomllib
from datetime import timedelta
from typing import Any

from config import broker, content_security, databases, embedded, env, logs, oauth
from p2p_core.rules import rulebook

# --- who may reach us ----------------------------------------------------------------------------------------------

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.text(
    "SECRET_KEY", advice="Give at least 50 random characters, in SECRET_KEY or in a file that SECRET_KEY_FILE names."
)
ALLOWED_HOSTS = env.names(
    "ALLOWED_HOSTS",
    default=["localhost", "127.0.0.1", "[::1]"],
    advice="Give host names with commas between them.",
)
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", default=[], advice="Give origins such as https://example.org.")

# The proxies that api.addresses believes about the address, the scheme and the host of a request.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
# Behind a proxy that decrypts TLS, browsers send cookies only over TLS, and plain requests are redirected to TLS.
BEHIND_TLS = env.boolean("BEHIND_TLS", default=False)
if BEHIND_TLS and not TRUSTED_PROXIES:
    raise env.BadSetting("BEHIND_TLS needs TRUSTED_PROXIES, to show which requests used TLS. Give the proxy's address.")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_SSL_REDIRECT = BEHIND_TLS
# Probes come from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = BEHIND_TLS
# W021 asks for the preload list of browsers. A host can hardly leave it, so the owner of the domain decides that.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_HTTPONLY = True
CONTENT_SECURITY_POLICY = content_security.POLICY

DEFAULT_EXCEPTION_REPORTER_FILTER = "config.reports.NoValues"

# --- the parts ------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "countries",
    # After countries, whose createsuperuser and changepassword leave an audit event.
    "django.contrib.auth",
    "federation",
    # Django's admin, after the apps whose templates replace some of its own.
    "federation.apps.DeskConfig",
    "api",
    "api.site",
    "api.agency",
]
MIDDLEWARE = [
    # The outermost, so that every answer has these headers.
    "api.headers.SafeHeaders",
    # Before anything uses the address, the scheme or the host.
    "api.addresses.ClientAddress",
    # Around everything that may log, so that log lines name the request.
    "api.requests.Requests",
    "api.problems.PageProblems",
    # Before anything that the primary database is needed for.
    "api.threads.PublicThreads",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "api.throttling.rates.RateLimits",
    # After those that add headers to every answer, before those that a public answer does not need.
    "api.caching.PublicViews",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "api.site.languages.LanguageOfAddress",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "countries.accounts.login_required.LoginRequiredByDefault",
    "django.contrib.messages.middleware.MessageMiddleware",
    # Last, so that its answer to a locked-out user passes all the others.
    "countries.admin.lockout.LockoutMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
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
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
# The languages of the pages, each by its own name. The address says which language a page is in.
LANGUAGES = [
    ("en", "English"),
    ("nb", "Norsk"),
    ("sv", "Svenska"),
    ("da", "Dansk"),
    ("fi", "Suomi"),
    ("de", "Deutsch"),
    ("nl", "Nederlands"),
    ("fr", "Français"),
    ("es", "Español"),
    ("it", "Italiano"),
    ("pl", "Polski"),
    ("pt", "Português"),
]
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
# Files are served from where they are, so they need not be collected before a start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
# Files built from web/ change their name whenever they change.
WHITENOISE_IMMUTABLE_FILE_TEST = r"/site/built/.+-[0-9a-f]{10}\.(?:js|css|json)$"

# --- the servers ----------------------------------------------------------------------------------------------------

# Each thread keeps a connection of its own, which is checked before use. psycopg's pool is not used, for two reasons:
# the threads of the web server and the processes of Celery are few and live long, and the threads of a pool do not
# survive a fork.
DATABASES = {
    "default": env.parse(
        "DATABASE_URL",
        databases.parse_url,
        advice="Give postgres://user:password@host:port/name, or start with manage.py or make, which bring a server.",
    ),
    # Public reads use connections of their own, which can read what is public and nothing else.
    **databases.public(),
}
DATABASE_ROUTERS = ["countries.database.routing.Router"]
REPLICA_LAG_LIMIT = env.number("REPLICA_LAG_LIMIT", default=5)
REDIS_URL = env.text(
    "REDIS_URL",
    advice="Give redis://:password@host:port/0, or start through manage.py or make, which bring a server.",
)
# Celery's messages go through the same store, or through RabbitMQ.
BROKER_URL = env.parse(
    "BROKER_URL",
    broker.check,
    default=REDIS_URL,
    advice="Give redis://:password@host:port/0 or amqp://user:password@host:port/vhost, or nothing for REDIS_URL.",
)

# Where to look for pg_dump and pg_restore before PATH: they must have the server's version.
POSTGRES_PROGRAMS = [
    folder
    for folder in (
        env.text(
            "POSTGRES_PROGRAMS", default="", advice="Give the folder that pg_dump and pg_restore are in, or nothing."
        ),
        embedded.programs(),
    )
    if folder
]
# The pages of the documentation are read from its folder.
PROJECT_ROOT = env.ROOT
# A backup notes which version made it.
PROJECT_VERSION = tomllib.loads((env.ROOT / "pyproject.toml").read_text())["project"]["version"]

# --- protection of what is published --------------------------------------------------------------------------------

ROUNDING_BASE = env.integer("ROUNDING_BASE", default=5, low=2, high=1000)
ROUNDING_KEY = env.key("ROUNDING_KEY", size=16)
# How long after its end a period may wait for late agencies before it is first published, by frequency.
PUBLICATION_LIMITS = {
    "H": timedelta(hours=env.integer("PUBLISH_HOURS_WITHIN", default=3, low=1, high=168)),
    "D": timedelta(days=env.integer("PUBLISH_DAYS_WITHIN", default=3, low=1, high=91)),
    "W": timedelta(days=env.integer("PUBLISH_WEEKS_WITHIN", default=7, low=1, high=91)),
    "M": timedelta(days=env.integer("PUBLISH_MONTHS_WITHIN", default=31, low=1, high=91)),
    "A": timedelta(days=env.integer("PUBLISH_YEARS_WITHIN", default=31, low=1, high=91)),
}

# --- how far the clocks of hosts and of the database may differ; federation.database.clock compares them --------------

CLOCK_TOLERANCE = timedelta(seconds=env.integer("CLOCK_TOLERANCE", default=60, low=1, high=3600))

# --- webhooks, by which agencies are told; federation.notifications sends them ----------------------------------------

# Private keys of Ed25519. The first one signs, and the public halves of all are published.
WEBHOOK_KEYS = env.keys("WEBHOOK_KEYS", size=32)
# Networks beside the public internet in which receivers may be.
WEBHOOK_NETWORKS = env.networks("WEBHOOK_NETWORKS")

# --- e-mails to recipients --------------------------------------------------------------------------------------------

# Where people reach the service: workers write links, and answer no request that would say it.
SITE_URL = env.parse(
    "SITE_URL",
    env.page_address,
    default=f"http://127.0.0.1:{env.port()}",
    advice="Give the address of the service, such as https://p2p.example.org.",
)
EMAIL_HOST = env.text("EMAIL_HOST", default="", advice="Give the name of a mail server, or nothing.")
EMAIL_PORT = env.integer("EMAIL_PORT", default=587, low=1, high=65_535)
EMAIL_HOST_USER = env.text("EMAIL_USER", default="", advice="Give a user of the mail server, or nothing.")
EMAIL_HOST_PASSWORD = env.text("EMAIL_PASSWORD", default="", advice="Give the password of EMAIL_USER, or nothing.")
_EMAIL_TLS = env.choice("EMAIL_TLS", default="starttls", of=("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = _EMAIL_TLS == "starttls", _EMAIL_TLS == "tls"
# Seconds for each answer of the mail server.
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.parse(
    "EMAIL_FROM", env.email_address, default="", advice="Give the mailbox that mails come from, or nothing."
)
if EMAIL_HOST and not (DEFAULT_FROM_EMAIL and env.is_set("SITE_URL")):
    raise env.BadSetting("EMAIL_HOST needs EMAIL_FROM and SITE_URL, for the sender and the links of mails. Give both.")
if EMAIL_HOST_USER and _EMAIL_TLS == "none":
    raise env.BadSetting("EMAIL_USER needs EMAIL_TLS=starttls or tls, so that nobody on the way reads the password.")
# Without a mail server, mails become files.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(env.data_dir() / "mail")
DEFAULT_FROM_EMAIL = DEFAULT_FROM_EMAIL or "police2peer@localhost"
# The hour, in UTC, at which the digest of the day is due.
DIGEST_HOUR = env.integer("DIGEST_HOUR", default=6, low=0, high=23)

# --- the publisher, for the catalogue and for the pages --------------------------------------------------------------

PUBLISHER_NAME = env.text("PUBLISHER_NAME", default="Police2Peer federation", advice="Give a name, or nothing.")
PUBLISHER_URL = env.parse(
    "PUBLISHER_URL", env.page_address, default="", advice="Give an address such as https://example.org/, or nothing."
)
CONTACT_EMAIL = env.parse(
    "CONTACT_EMAIL", env.email_address, default="", advice="Give an address such as data@example.org, or nothing."
)
ACCESSIBILITY_COMPLAINTS_URL = env.parse(
    "ACCESSIBILITY_COMPLAINTS_URL",
    env.page_address,
    default="",
    advice="Give an address such as https://example.org/complaints, or nothing.",
)

# --- where the files of all data are: a folder, or another storage of Django, such as a bucket -----------------------

_FILES_DIR = env.text("FILES_DIR", default=str(env.data_dir() / "files"), advice="Give a folder.")
STORAGES: dict[str, dict[str, Any]] = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "files": {
        "BACKEND": env.text(
            "FILES_STORAGE",
            default="federation.files.storage.Folder",
            advice="Give the class of a storage, such as storages.backends.s3.S3Storage, or nothing for a folder.",
        ),
        "OPTIONS": env.parse(
            "FILES_OPTIONS",
            env.json_object,
            default=json.dumps({"location": _FILES_DIR}),
            advice="Give the options of FILES_STORAGE as a JSON object.",
        ),
    },
}

# --- thresholds of the rules ------------------------------------------------------------------------------------------

THRESHOLDS: dict[str, float] = {
    one.name: env.integer(one.name, default=int(one.default), low=one.whole[0], high=one.whole[1])
    if one.whole
    else env.number(one.name, default=one.default)
    for _, one in rulebook.THRESHOLDS
}
# Thresholds that an agency may have of its own, with their meanings: the registry of agencies knows no rules.
OWN_THRESHOLDS = {one.name: f"{rule.id} {rule.name}: {one.meaning}" for rule, one in rulebook.THRESHOLDS if one.own}

# --- accounts and credentials ---------------------------------------------------------------------------------------

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    # Only for client secrets. They are long and random, so one fast round is enough. A slow hash would add 0.3 s to
    # each token.
    "countries.accounts.credentials.CredentialHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
OAUTH2_PROVIDER_APPLICATION_MODEL = "countries.Credential"
OAUTH2_PROVIDER = oauth.PROVIDER

# --- signing in to the admin ----------------------------------------------------------------------------------------

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SECOND_FACTOR = env.boolean("SECOND_FACTOR", default=True)
OTP_TOTP_ISSUER = "Police2Peer"
# A clock may be wrong by half a minute. The offset is not remembered, because otherwise the window would drift.
OTP_TOTP_SYNC = False
# Both ends are in the session's own row; `countries.accounts.sessions` keeps them.
SESSION_COOKIE_AGE = 60 * env.integer("SESSION_IDLE_MINUTES", default=30, low=5, high=720)
SESSION_LIFETIME = 3600 * env.integer("SESSION_HOURS", default=12, low=1, high=168)

# Seconds for which the link of an invitation works.
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600

AUTHENTICATION_BACKENDS = ["countries.accounts.guessing.CountingBackend"]

# --- HTTP -----------------------------------------------------------------------------------------------------------

APPEND_SLASH = False
# Files that people of agencies send stay in memory, and a larger one is not kept at all.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
CSRF_FAILURE_VIEW = "api.agency.expired_form.csrf_failure"
# The bearer token of Prometheus. Without this setting there is no /metrics.
METRICS_TOKEN = env.text("METRICS_TOKEN", default="", advice="Give 30 random characters, or nothing.")
REST_FRAMEWORK = {
    # Closed by default: nobody is authenticated, so each view must say who may use it.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.negotiation.Negotiation",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.problems.handle",
    # For agencies and coordinators only; the public was counted before.
    "DEFAULT_THROTTLE_CLASSES": ["api.throttling.rates.AgencyRate"],
    # `format` is our own parameter.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Police2Peer federation",
    "DESCRIPTION": "National agencies submit aggregated counts; anyone reads the combined European view.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["api.openapi.complete"],
    "LICENSE": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
}

# --- how often anybody may ask, a minute; api.throttling counts ------------------------------------------------------

RATES = {
    name: env.integer(name, default=default, low=1, high=1_000_000)
    for name, default in {
        "RATE_TOKENS_PER_CREDENTIAL": 60,
        "RATE_TOKENS_PER_ADDRESS": 300,
        "RATE_TOKEN_FAILURES_PER_CREDENTIAL": 30,
        "RATE_TOKEN_FAILURES_PER_ADDRESS": 10,
        "RATE_WRONG_TOKENS_PER_ADDRESS": 30,
        "RATE_SUBMISSIONS_PER_AGENCY": 240,
        "RATE_SUBMISSIONS_PER_CREDENTIAL": 180,
        "RATE_READS_PER_AGENCY": 600,
        "RATE_READS_PER_CREDENTIAL": 450,
        "RATE_PUBLIC_PER_ADDRESS": 1200,
    }.items()
}

# How many threads a process of the web server has; api.threads and api.throttling.costs share them out.
WEB_THREADS = env.integer("WEB_THREADS", default=8, low=1, high=64)

# --- Celery: carries hints; the truth is in PostgreSQL --------------------------------------------------------------

CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_DEFAULT_QUEUE = "federation"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
# A worker process is replaced after some hours of work, or when it has grown to a gigabyte (in KiB).
CELERY_WORKER_MAX_TASKS_PER_CHILD = 20_000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1_000_000
# A worker process keeps its connection to the database from task to task. CONN_MAX_AGE says for how long.
CELERY_DB_REUSE_MAX = CELERY_WORKER_MAX_TASKS_PER_CHILD
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# If a broker answers with an error, such as a full disk, the worker tries again. A worker that gives up would stay
# away.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
# A request must not wait for a broker that is away: the sweep finds the work without the hint.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_TRANSPORT = broker.transport(BROKER_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = broker.options(BROKER_URL)
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "federation.runs.tasks.tick", "schedule": 1.0},
    "sweep": {"task": "federation.runs.tasks.sweep", "schedule": 5.0},
    "seal": {"task": "federation.runs.tasks.seal", "schedule": 1.0},
    "watch": {"task": "federation.runs.tasks.watch", "schedule": 5.0},
    "prune": {"task": "federation.runs.tasks.prune", "schedule": 600.0},
    "notify": {"task": "federation.runs.tasks.notify", "schedule": 10.0},
    "write_files": {"task": "federation.runs.tasks.write_files", "schedule": 300.0},
}

# --- logs -----------------------------------------------------------------------------------------------------------

LOGGING = logs.configuration(
    level=env.choice("LOG_LEVEL", default="INFO", of=("DEBUG", "INFO", "WARNING", "ERROR")),
    form=env.choice("LOG_FORMAT", default="text", of=("text", "json")),
)
