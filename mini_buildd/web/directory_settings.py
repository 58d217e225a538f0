"""The directory as django-auth-ldap wants to be told of it, before Django knows its tables."""

from pathlib import Path
from typing import Any

import ldap
from django_auth_ldap.config import GroupOfNamesType, LDAPSearch

from mini_buildd.config.settings import Ldap

_SECONDS = 5.0


def django_settings(settings: Ldap) -> dict[str, Any]:
    """What django-auth-ldap wants to be told."""
    found: dict[str, Any] = {
        "AUTH_LDAP_SERVER_URI": settings.url,
        "AUTH_LDAP_START_TLS": settings.start_tls,
        "AUTH_LDAP_BIND_DN": settings.bind_dn,
        "AUTH_LDAP_BIND_PASSWORD": _secret(settings.bind_password_file),
        "AUTH_LDAP_USER_SEARCH": LDAPSearch(
            settings.user_base, ldap.SCOPE_SUBTREE, settings.user_filter
        ),
        "AUTH_LDAP_USER_ATTR_MAP": {"first_name": "givenName", "last_name": "sn", "email": "mail"},
        "AUTH_LDAP_CONNECTION_OPTIONS": {
            ldap.OPT_NETWORK_TIMEOUT: _SECONDS,
            ldap.OPT_TIMEOUT: _SECONDS,
            ldap.OPT_REFERRALS: 0,
        },
    }
    if settings.group_base:
        found["AUTH_LDAP_GROUP_SEARCH"] = LDAPSearch(
            settings.group_base, ldap.SCOPE_SUBTREE, "(objectClass=groupOfNames)"
        )
        found["AUTH_LDAP_GROUP_TYPE"] = GroupOfNamesType()
    return found


def _secret(path: str) -> str:
    return Path(path).read_text(encoding="utf-8").strip() if path else ""
