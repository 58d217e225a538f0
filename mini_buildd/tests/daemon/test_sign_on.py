"""Signing in by an account elsewhere: a real OpenID Connect provider, and a real directory."""

import json
import re
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from mini_buildd.tests.daemon import slapd
from mini_buildd.tests.daemon.slapd import BASE, directory
from mini_buildd.tests.instance import Instance, free_port, wait_for
from mini_buildd.tests.web.test_browser import browser, complaints, until

__all__ = ["browser"]  # a fixture

_SEED = """
import sys
from pathlib import Path
from mini_buildd.config.load import load
from mini_buildd.daemon.main import prepare
from mini_buildd.db.connect import migrate
prepare(load(Path(sys.argv[1])))
migrate()
from django.contrib.auth.models import Group, User
User.objects.create_superuser("ada", "ada@example.org", "ada's own")
for name in ("packagers", "readers"):
    Group.objects.create(name=name)
"""

ADMINISTRATOR = '<span class="tag">administrator</span>'
_VERIFIED = {"email_verified": True}
PEOPLE: tuple[dict[str, Any], ...] = (
    {"sub": "s-ada", "preferred_username": "ada", "email": "ada@example.org"},
    {
        "sub": "s-bob",
        "preferred_username": "bob",
        "email": "bob@example.org",
        "groups": ["packagers", "nothing"],
        **_VERIFIED,
    },
    {"sub": "s-cid", "preferred_username": "cid", "email": "ada@example.org", **_VERIFIED},
    {"sub": "s-root", "preferred_username": "root", "groups": ["buildd-admins"]},
    {"sub": "s-self", "preferred_username": "Mini-buildd"},
)


@contextmanager
def issuer_of(people: tuple[dict[str, Any], ...]) -> Iterator[str]:
    """The URL of a provider that knows these *people*, in a process of its own."""
    port = free_port()
    known = [word for each in people for word in ("--user-claims", json.dumps(each))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *known]
    url = f"http://localhost:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for("the issuer answers", lambda: _answers(url), seconds=30)
            yield url
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/.well-known/openid-configuration", timeout=5):
            return True
    except OSError:
        return False


class Browser:
    """A browser without eyes that keeps cookies and follows redirects, also to other hosts."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.at = ""
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def ask(self, path: str, form: dict[str, str] | None = None) -> str:
        """The page at *path*, or what comes of a *form* sent there."""
        data = urlencode(form).encode() if form is not None else None
        try:
            with self._opener.open(urljoin(self.at or self.url, path), data, 30) as answer:
                self.at = answer.url
                return str(answer.read(), "utf-8")
        except urllib.error.HTTPError as error:
            with error:
                return f"{error.code} {error.read().decode(errors='replace')}"

    def form(self, page: str, begin: str) -> dict[str, str]:
        """The hidden fields of the form in *page* whose tag begins so."""
        html = page.partition(begin)[2].partition("</form>")[0]
        return dict(re.findall(r'name="([^"]*)" value="([^"]*)"', html))

    def by_issuer(self, subject: str) -> str:
        """Sign in at the issuer as *subject*; the page that one comes to."""
        page = self.ask(f"{self.url}/account/login/")
        action = "/account/sso/oidc/login/"
        self.ask(action, self.form(page, f'action="{action}"'))
        return self.ask(self.at, {"sub": subject})

    def by_password(self, name: str, password: str) -> str:
        """Sign in here; the page that one comes to."""
        page = self.ask(f"{self.url}/account/login/")
        fields = self.form(page, 'action="/account/login/"')
        return self.ask("/account/login/", fields | {"username": name, "password": password})


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One that knows both, with an administrator ada of its own."""
    home = tmp_path_factory.mktemp("home")
    groups = {"packagers": "dan", "buildd-admins": "eve"}
    with (
        issuer_of(PEOPLE) as issuer,
        directory(
            tmp_path_factory.mktemp("slapd") / "run",
            ["ada", "dan", "eve", "fay", "mini-buildd"],
            groups,
        ) as url,
    ):
        made = Instance(home)
        made.extra = f"""
[sso]
issuer = "{issuer}"
client_id = "mini-buildd"
client_secret_file = "{home}/client-secret"
groups = ["packagers", "readers"]
administrators = "buildd-admins"
[ldap]
url = "{url}"
bind_dn = "cn=root,{BASE}"
bind_password_file = "{home}/bind-password"
user_base = "ou=people,{BASE}"
group_base = "ou=groups,{BASE}"
groups = ["packagers"]
administrators = "cn=buildd-admins,ou=groups,{BASE}"
"""
        made.configure()
        (home / "client-secret").write_text("a secret\n")
        (home / "bind-password").write_text(slapd.ROOT_PASSWORD)
        subprocess.run([sys.executable, "-c", _SEED, str(home)], check=True, timeout=60)
        with made:
            yield made


def rows(instance: Instance, query: str, *values: str) -> list[Any]:
    """What the database says."""
    with closing(sqlite3.connect(instance.home / "db.sqlite3")) as database:
        return database.execute(query, values).fetchall()


def groups_of(instance: Instance, name: str) -> list[str]:
    """The groups of the account *name*."""
    query = (
        "SELECT g.name FROM auth_group g JOIN auth_user_groups m ON m.group_id = g.id"
        " JOIN auth_user u ON u.id = m.user_id WHERE u.username = ?"
    )
    return [row[0] for row in rows(instance, query, name)]


# --- OpenID Connect -------------------------------------------------------------------


def test_who_is_known_there_gets_an_account_here_and_has_it_the_next_time(
    instance: Instance,
) -> None:
    for _ in range(2):
        page = Browser(instance.url).by_issuer("s-bob")
        assert "<h1>bob</h1>" in page
        assert "No more than everybody" in page
    assert rows(instance, "SELECT username, email FROM auth_user WHERE username LIKE 'bob%'") == [
        ("bob", "bob@example.org")
    ]
    assert groups_of(instance, "bob") == ["packagers"]


def test_nobody_gets_into_an_account_by_its_name_or_its_address(instance: Instance) -> None:
    page = Browser(instance.url).by_issuer("s-ada")
    assert re.findall("<h1>(.*?)</h1>", page) == ["ada2"]
    assert ADMINISTRATOR not in page
    page = Browser(instance.url).by_issuer("s-cid")
    assert "<h1>cid</h1>" in page
    assert "no mail address" in page
    found = rows(instance, "SELECT username, email, is_superuser FROM auth_user ORDER BY id")
    assert ("ada", "ada@example.org", 1) in found
    assert ("ada2", "", 0) in found
    assert ("cid", "", 0) in found


def test_administrators_are_who_the_issuer_says_and_it_is_noted(instance: Instance) -> None:
    assert ADMINISTRATOR in Browser(instance.url).by_issuer("s-root")
    noted = rows(instance, "SELECT who, act, name FROM mini_buildd_auditentry")
    assert ("root", "registered by single sign-on", "root") in noted
    assert ("single sign-on", "followed", "root") in noted


def test_nobody_is_called_as_the_instance_itself(instance: Instance) -> None:
    page = Browser(instance.url).by_issuer("s-self")
    assert re.findall("<h1>(.*?)</h1>", page) == ["Mini-buildd2"]
    page = Browser(instance.url).by_password("mini-buildd", "mini-buildd of LDAP")
    assert "Sign in" in page
    assert rows(instance, "SELECT * FROM auth_user WHERE lower(username) = 'mini-buildd'") == []


def test_what_comes_back_and_was_never_asked_for_lets_nobody_in(instance: Instance) -> None:
    browser = Browser(instance.url)
    page = browser.ask("/account/sso/oidc/callback/?code=x&state=y")
    assert "did not let you in" in page
    assert "Sign in" in browser.ask(f"{instance.url}/me/")
    assert browser.ask(f"{instance.url}/account/sso/oidc/login/").startswith("405")
    assert browser.ask(f"{instance.url}/account/sso/other/callback/").startswith("404")


def test_nothing_else_of_the_library_is_open(instance: Instance) -> None:
    browser = Browser(instance.url)
    for path in ("signup/", "email/", "password/reset/", "3rdparty/", "social/connections/"):
        assert browser.ask(f"{instance.url}/account/{path}").startswith("404"), path


def test_the_form_may_lead_to_the_issuer_and_nowhere_else(instance: Instance) -> None:
    with urllib.request.urlopen(f"{instance.url}/account/login/", timeout=30) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert re.search(r"form-action 'self' http://localhost:\d+;", policy)


@pytest.mark.browser
def test_a_browser_that_keeps_to_the_policy_gets_there_and_back(
    instance: Instance, browser: WebDriver
) -> None:
    browser.get(f"{instance.url}/account/login/?next=/builds/")
    button = 'form[action^="/account/sso/"] button'
    browser.find_element(By.CSS_SELECTOR, button).click()
    until(browser, lambda: "/oauth2/authorize" in browser.current_url)
    browser.find_element(By.NAME, "sub").send_keys("s-bob", Keys.ENTER)
    until(browser, lambda: browser.current_url.startswith(f"{instance.url}/builds/"))
    assert "bob" in browser.find_element(By.CSS_SELECTOR, ".account").text
    assert not [each for each in complaints(browser) if "Content Security Policy" in each]


# --- LDAP -----------------------------------------------------------------------------


def test_who_stands_in_the_directory_signs_in_with_the_password_there(instance: Instance) -> None:
    for _ in range(2):
        page = Browser(instance.url).by_password("dan", "dan of LDAP")
        assert "<h1>dan</h1>" in page
        assert "dan@example.org" in page
        assert "Change the password" not in page
    assert groups_of(instance, "dan") == ["packagers"]
    assert ADMINISTRATOR in Browser(instance.url).by_password("eve", "eve of LDAP")
    assert ADMINISTRATOR not in page


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("dan", "a guess"),
        ("dan", ""),
        ("nobody", "nobody of LDAP"),
        ("*", "dan of LDAP"),
        ("da*", "dan of LDAP"),
        ("dan)(uid=*", "dan of LDAP"),
        ("ada", "ada of LDAP"),
        ("ADA", "ada of LDAP"),
    ],
)
def test_nobody_else_is_let_in_and_local_accounts_stay_whose_they_are(
    instance: Instance, name: str, password: str
) -> None:
    assert "Sign in" in Browser(instance.url).by_password(name, password)
    assert rows(instance, "SELECT count(*) FROM auth_user WHERE username LIKE 'ADA'") == [(1,)]


def test_by_whatever_name_of_theirs_somebody_has_one_account(instance: Instance) -> None:
    for name in ("fay", "FAY", "fay.other"):
        page = Browser(instance.url).by_password(name, "fay of LDAP")
        assert re.findall("<h1>(.*?)</h1>", page) == ["fay"]
    with closing(sqlite3.connect(instance.home / "db.sqlite3", timeout=30)) as database, database:
        database.execute("UPDATE auth_user SET is_active = 0 WHERE username = 'fay'")
    for name in ("fay", "fay.other"):
        assert "Sign in" in Browser(instance.url).by_password(name, "fay of LDAP")
    assert rows(instance, "SELECT count(*) FROM auth_user WHERE first_name = 'fay'") == [(1,)]


def test_local_accounts_sign_in_as_before(instance: Instance) -> None:
    assert ADMINISTRATOR in Browser(instance.url).by_password("ada", "ada's own")


def test_the_password_of_the_directory_opens_the_api_too(instance: Instance) -> None:
    request = urllib.request.Request(f"{instance.url}/api/v1/me")
    request.add_header("Authorization", "Basic ZGFuOmRhbiBvZiBMREFQ")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert "dan" in json.dumps(json.load(answer))


def test_no_secret_stands_in_the_log(instance: Instance) -> None:
    said = instance.daemon_log.read_text()
    for secret in ("a secret", slapd.ROOT_PASSWORD, "dan of LDAP"):
        assert secret not in said
