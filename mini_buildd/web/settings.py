"""The Django settings of the pages, laid over those of the tables."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.module_loading import import_string

from mini_buildd.config.settings import Settings, Sso
from mini_buildd.db.connect import APPS

_WEB_APPS = (
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "mini_buildd.web.apps.WebConfig",  # before the admin, whose templates it refines
    "mini_buildd.web.apps.SettingsConfig",
)

_MIDDLEWARE = (
    "mini_buildd.web.request_log.RequestLog",
    "mini_buildd.web.forwarded.Forwarded",
    "mini_buildd.web.kept.Kept",
    "mini_buildd.web.content_security.ContentSecurity",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mini_buildd.web.viewer.Viewer",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)

_CONTEXT_PROCESSORS = (
    "django.template.context_processors.request",
    "django.template.context_processors.i18n",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "mini_buildd.web.frame.frame",
)

_PASSWORD_RULES = ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")

_YEAR_SECONDS = 365 * 24 * 3600
_LANGUAGES = (("en", "English"), ("de", "Deutsch"))

_ANY_INTERFACE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # told apart here, not bound


def web_settings(settings: Settings, secret_key: str) -> dict[str, Any]:
    """What the pages of *settings*' instance need, on top of db.connect.django_settings()."""
    return {**_own_settings(settings, secret_key), **_sign_on_settings(settings)}


def _own_settings(settings: Settings, secret_key: str) -> dict[str, Any]:
    origin = urlsplit(settings.url)
    is_secure = origin.scheme == "https" or bool(settings.https.port)
    return {
        "MINI_BUILDD": settings,
        "SECRET_KEY": secret_key,
        "DEBUG": False,
        "ALLOWED_HOSTS": _hosts(settings),
        "CSRF_TRUSTED_ORIGINS": [f"{origin.scheme}://{origin.netloc}"],
        # Over TLS only, once there is any: nobody may read on the way who somebody is.
        "INSTALLED_APPS": [*APPS, *_WEB_APPS, *_ALLAUTH_APPS * bool(settings.sso.issuer)],
        "MIDDLEWARE": [*_MIDDLEWARE, *_ALLAUTH_MIDDLEWARE * bool(settings.sso.issuer)],
        "AUTHENTICATION_BACKENDS": [
            "django.contrib.auth.backends.ModelBackend",
            *["mini_buildd.web.directory.Directory"] * bool(settings.ldap.url),
        ],
        "ROOT_URLCONF": "mini_buildd.web.urls",
        "TEMPLATES": [_templates()],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"django.contrib.auth.password_validation.{rule}Validator"}
            for rule in _PASSWORD_RULES
        ],
        "LOGIN_URL": "sign-in",
        "LOGIN_REDIRECT_URL": "me",
        "STATIC_URL": "/static/",
        # Browsers take a name that begins so only over TLS, from this host, for all of its paths.
        "SESSION_COOKIE_NAME": f"{'__Host-' * is_secure}mini_buildd_session",
        "SESSION_COOKIE_SECURE": is_secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",  # not Strict: a link in a mail leads into the account
        "SESSION_COOKIE_AGE": settings.accounts.session_hours * 3600,
        "CSRF_COOKIE_NAME": f"{'__Host-' * is_secure}mini_buildd_csrf",
        "CSRF_COOKIE_SECURE": is_secure,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_FAILURE_VIEW": "mini_buildd.web.views.problems.stale_form",
        "SECURE_REFERRER_POLICY": "same-origin",
        # Browsers complain about this header on every page that does not come over TLS.
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin" if is_secure else None,
        "X_FRAME_OPTIONS": "DENY",
        # Django's own way would log nothing but by mail to nobody; so the daemon's log has all.
        "LOGGING_CONFIG": None,
        # As the reader's browser wants it; texts are in English where there is no translation.
        "USE_I18N": True,
        "LANGUAGE_CODE": settings.language,
        "LANGUAGES": _LANGUAGES,
        "LANGUAGE_COOKIE_NAME": f"{'__Host-' * is_secure}mini_buildd_language",
        "LANGUAGE_COOKIE_AGE": _YEAR_SECONDS,
        "LANGUAGE_COOKIE_SECURE": is_secure,
        "LANGUAGE_COOKIE_HTTPONLY": True,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
        "FORMAT_MODULE_PATH": ["mini_buildd.web.formats"],
        "LOCALE_PATHS": [Path(__file__).parent / "locale"],
    }


_ALLAUTH_APPS = (
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
)
_ALLAUTH_MIDDLEWARE = ("allauth.account.middleware.AccountMiddleware",)


def _sign_on_settings(settings: Settings) -> dict[str, Any]:
    """What those ways to sign in want that are configured; others' packages may be missing."""
    found: dict[str, Any] = {}
    if settings.ldap.url:
        found |= import_string("mini_buildd.web.directory_settings.django_settings")(settings.ldap)
    if settings.sso.issuer:
        found |= _allauth_settings(settings.sso)
    return found


def _allauth_settings(sso: Sso) -> dict[str, Any]:
    app = {
        "provider_id": "oidc",
        "name": sso.word,
        "client_id": sso.client_id,
        "secret": Path(sso.client_secret_file).read_text(encoding="utf-8").strip(),
        "settings": {"server_url": sso.issuer},
    }
    return {
        "ACCOUNT_ADAPTER": "mini_buildd.web.single_sign_on.Accounts",
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_SIGNUP_FIELDS": ["username*"],
        "ACCOUNT_RATE_LIMITS": False,  # there is nothing to guess
        "SOCIALACCOUNT_ADAPTER": "mini_buildd.web.single_sign_on.SingleSignOn",
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
        "SOCIALACCOUNT_EMAIL_VERIFICATION": "none",
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "SOCIALACCOUNT_REQUESTS_TIMEOUT": 10,
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}},
    }


def _templates() -> dict[str, Any]:
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": list(_CONTEXT_PROCESSORS)},
    }


def _hosts(settings: Settings) -> list[str]:
    """Every name under which the pages may be asked for, each once."""
    names = [urlsplit(settings.url).hostname or "", *settings.http.hosts]
    names += [settings.http.interface, settings.https.interface]
    names += ["localhost", "127.0.0.1", "::1"]
    found = (name for name in names if name not in _ANY_INTERFACE)
    return list(dict.fromkeys(f"[{name}]" if ":" in name else name for name in found))
