"""Django settings for the tests and for mypy's Django plugin: tables and web, on a scratch file."""

import os
import tempfile
from pathlib import Path

from mini_buildd.config.settings import Http, Settings
from mini_buildd.db.connect import django_settings
from mini_buildd.web.settings import web_settings

_name = f"mini-buildd-tests-{os.getuid()}-{os.getpid()}"
_home = Path(tempfile.gettempdir()) / _name
_settings = Settings(home=_home, http=Http(public_url="http://buildd.example:8066"))
globals().update(django_settings(_home.with_suffix(".sqlite3")))
globals().update(web_settings(_settings, "for tests only"))
ROOT_URLCONF = "mini_buildd.daemon.urls"  # the pages and the API, as the daemon joins them
MINI_BUILDD = _settings  # said once more for mypy's plugin, which reads only what stands here
# A file, as in life: threads and processes get connections of their own, and lock as they do there.
globals()["DATABASES"]["default"]["TEST"] = {"NAME": str(_home.with_suffix(".tests.sqlite3"))}
# Django's test client and the live server ask for these names.
globals()["ALLOWED_HOSTS"] += ["testserver"]
# Passwords are hashed slowly on purpose, which tests of other things need not wait for.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
