"""Django settings. Everything that may differ between machines comes from portal.config and workers.config."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from portal.config import ROOT, load
from workers.config import settings as labs_settings

PORTAL = load()
try:
    LABS = labs_settings()
except ValidationError as error:
    wrong = "\n".join(f"  LABS_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
    raise ImproperlyConfigured(f"Wrong settings in the environment:\n{wrong}") from None

BASE_DIR = ROOT
SECRET_KEY = PORTAL.secret_key.get_secret_value()
DEBUG = PORTAL.debug
ALLOWED_HOSTS = list(PORTAL.allowed_hosts)
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "portal.core",
    "portal.accounts",
    "portal.courses",
    "portal.quizzes",
    "portal.labsessions",
    "portal.grading",
    "portal.help",
    "portal.operations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.core.middleware.permissions_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portal.core.middleware.api_errors",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.middleware.saved_language",
    "portal.core.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# A connection serves the requests of its thread one after the other (portal.core.handler).
DATABASES = {"default": {**PORTAL.database(), "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # A course's pages, instructions and questions in both languages are some 1,500 rendered texts of a few KB.
        "OPTIONS": {"MAX_ENTRIES": 5000},
    }
}

# Signing in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "portal.accounts.sessions.PortalBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "courses:start"
LOGOUT_REDIRECT_URL = "courses:start"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# A name is shut for an address after this many wrong passwords, whether or not the account exists.
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "portal.accounts.views.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = True
AXES_VERBOSE = False

# Languages
USE_I18N = True
USE_TZ = True
LANGUAGE_CODE = PORTAL.language_code
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [ROOT / "portal" / "locale"]
TIME_ZONE = PORTAL.time_zone

# Static files are served where they lie, beside their .br and .gz forms (static/build.mjs): nothing to collect.
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "portal.core.staticfiles.VersionedStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600
WHITENOISE_AUTOREFRESH = DEBUG

# Browser-side protection
GATEWAY_URL = PORTAL.gateway_url or f"http://{{ui}}--{{session}}.{LABS.domain}:{LABS.gateway_port}"
_GATEWAY_ORIGINS = GATEWAY_URL.replace("{ui}--{session}", "*").replace("{ui}", "*").replace("{session}", "*")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "connect-src": ["'self'", _GATEWAY_ORIGINS, _GATEWAY_ORIGINS.replace("http", "ws", 1)],
        "frame-src": [_GATEWAY_ORIGINS],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if PORTAL.https else 0
SECURE_SSL_REDIRECT = PORTAL.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PORTAL.https else None
# With the prefix, a lab's page on a hostname beside ours can neither set these for the whole domain nor replace them.
_COOKIE_PREFIX = "__Host-" if PORTAL.https else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PORTAL.https
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "portal.accounts.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
CSRF_FAILURE_VIEW = "portal.core.views.csrf_failure"
# A save is one file of at most 1 MiB; the rest is JSON around it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
