"""What the daemon takes to serve the pages: the WSGI application and the static folders."""

from collections.abc import Mapping
from pathlib import Path

from django.contrib import admin
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application


def application() -> WSGIHandler:
    """The pages as a WSGI application; Django must be connected before."""
    return get_wsgi_application()


def static_folders() -> Mapping[str, Path]:
    """Which folder lies behind each name under /static/."""
    return {
        "mini_buildd": Path(__file__).parent / "static" / "mini_buildd",
        "admin": Path(admin.__file__).parent / "static" / "admin",
    }
