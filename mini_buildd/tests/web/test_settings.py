"""The Django settings that follow from an instance's."""

import subprocess
import sys
from pathlib import Path

import pytest

from mini_buildd.config.settings import Http, Https, Settings
from mini_buildd.web.settings import web_settings

LOCAL = ["localhost", "127.0.0.1", "[::1]"]


def made(http: Http) -> dict[str, object]:
    """Django's settings for an instance that is reached as *http* says."""
    return web_settings(Settings(home=Path("/nowhere"), http=http), "a secret")


@pytest.mark.parametrize(
    ("http", "hosts"),
    [
        (Http(), ["127.0.0.1", "localhost", "[::1]"]),
        (Http(interface="0.0.0.0"), LOCAL),  # noqa: S104  # not bound
        (Http(interface="::"), LOCAL),
        (
            Http(interface="2001:db8::1", public_url="http://[2001:db8::1]:8066"),
            ["[2001:db8::1]", *LOCAL],
        ),
        (
            Http(public_url="https://buildd.example/", hosts=("old.example",)),
            ["buildd.example", "127.0.0.1", "old.example", "localhost", "[::1]"],
        ),
    ],
)
def test_pages_answer_to_the_names_of_the_instance_only(http: Http, hosts: list[str]) -> None:
    found = made(http)["ALLOWED_HOSTS"]
    assert isinstance(found, list)
    assert sorted(found) == sorted(hosts)


def test_over_tls_cookies_stay_on_tls() -> None:
    secure, plain = made(Http(public_url="https://buildd.example")), made(Http())
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        assert secure[name] is True
        assert plain[name] is False
    assert secure["SESSION_COOKIE_NAME"] == "__Host-mini_buildd_session"
    assert secure["CSRF_TRUSTED_ORIGINS"] == ["https://buildd.example"]
    listening = Settings(home=Path("/nowhere"), https=Https(port=8443))
    assert web_settings(listening, "a secret")["SESSION_COOKIE_SECURE"] is True


def test_the_secret_and_the_instance_are_handed_through() -> None:
    settings = made(Http())
    assert settings["SECRET_KEY"] == "a secret"
    assert isinstance(settings["MINI_BUILDD"], Settings)
    assert settings["DEBUG"] is False


_DAEMON = """
import sys
from pathlib import Path
from wsgiref.util import setup_testing_defaults
from mini_buildd.config.settings import Settings
from mini_buildd.db.connect import connect, django_settings, migrate
from mini_buildd.web.settings import web_settings

home = Path(sys.argv[1])
connect(django_settings(home / "db.sqlite3") | web_settings(Settings(home=home), "a secret"))
migrate()
from mini_buildd.web.application import application
for path in ("/", "/repositories/", "/account/login/", "/nothing"):
    environ = {"PATH_INFO": path, "HTTP_HOST": "localhost:8066"}
    setup_testing_defaults(environ)
    answer = application()(environ, lambda status, headers: print(path, status))
    assert b"".join(answer)
"""


def test_a_process_that_is_no_test_can_serve_the_pages(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _DAEMON, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split("\n")[:4] == [
        "/ 200 OK",
        "/repositories/ 200 OK",
        "/account/login/ 200 OK",
        "/nothing 404 Not Found",
    ]
