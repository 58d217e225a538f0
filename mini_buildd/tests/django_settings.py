"""Django settings for the tests and for mypy's Django plugin: tables and web, on a scratch file."""

import os
import tempfile
from pathlib import Path

from mini_buildd.db.connect import django_settings

_scratch = Path(tempfile.gettempdir()) / f"mini-buildd-tests-{os.getuid()}-{os.getpid()}.sqlite3"
globals().update(django_settings(_scratch))
SECRET_KEY = "for tests only"
