"""Django settings: every one has a safe default; the environment or `demur.toml` changes a few."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.urls import reverse_lazy

from demur.options import number, option

from .database import database

DATA = Path(option("data", "demur-data")).resolve()
ORIGIN = option("origin").rstrip("/")
"""The https address people use, when a reverse proxy stands before the desk; empty on one's own machine."""

PROVIDER = option("provider", "The provider")
"""The name that letters are signed with; `provider_lines` is its address, lines parted by a bar."""
PROVIDER_LINES = [line.strip() for line in option("provider_lines").split("|") if line.strip()]


def _secret_key() -> str:
    # One key for a data folder, made on first use and readable by its owner alone.
    path = DATA / "secret-key"
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        DATA.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = secrets.token_urlsafe(48)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text("ascii")
        with os.fdopen(descriptor, "w") as file:
            file.write(key)
        return key


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
ROOT_URLCONF = "demur.desk.urls"
WSGI_APPLICATION = "demur.desk.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "demur.docket",
    "demur.desk",  # before allauth: its templates go first
    "django.contrib.staticfiles",
    "django.contrib.humanize",  # for the list of security keys
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "demur.desk.access.DefaultDeny",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "demur.desk.access.frame",
            ],
        },
    }
]
DATABASES = {"default": database(option("database_url"), DATA)}
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ------------------------------------------------------------------ what a browser may do
# Nothing by default; then only what the desk itself serves. No page needs a style or a script inside it.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60  # a working day
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_FAILURE_VIEW = "demur.desk.views.errors.csrf"
if ORIGIN:
    ALLOWED_HOSTS.append(urlsplit(ORIGIN).hostname or "")
    CSRF_TRUSTED_ORIGINS = [ORIGIN]
if ORIGIN.startswith("https:"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60

UPLOAD_LIMIT = 32 * 1024 * 1024
"""The largest demand taken at the desk, in bytes."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
DATA_UPLOAD_MAX_NUMBER_FILES = 1

# ------------------------------------------------------------------ static files
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600

# ------------------------------------------------------------------ who comes in
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("docket")
ACCOUNT_ADAPTER = "demur.desk.access.NoSignUp"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = False
# No mail leaves unless an operator says through whom, and in whose name.
MAIL_FROM = option("mail_from") if option("mail_host") else ""
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL_FROM else 'dummy'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = option("mail_host"), int(number("mail_port", "587"))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = option("mail_user"), option("mail_password")
EMAIL_USE_SSL = option("mail_tls", "starttls") == "tls"
EMAIL_USE_TLS = option("mail_tls", "starttls") == "starttls"
OFFICE = option("office")
"""Where the team works, as country or country-part (`de`, `us-ca`): its hours and holidays; by default the forum's."""
EPOCH_MINUTES = number("epoch_minutes", "10")
"""How often the ledger publishes an epoch; announce a change, for the pace is public."""
EMAIL_TIMEOUT = 20  # seconds
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Demur"
# Browsers allow passkeys on http://localhost alone; anywhere else an https origin is asked for.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not ORIGIN

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # A refused page is no fault of the desk: it is in the access log, not here.
    "loggers": {"django.request": {"level": "ERROR"}, "django.security.csrf": {"level": "ERROR"}},
}
