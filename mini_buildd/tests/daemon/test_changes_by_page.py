"""An administrator changes a suite on the pages of a real daemon, which publishes it."""

import re
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

from mini_buildd.tests.instance import Instance, wait_for

UNSTABLE = "/suites/trixie-test-unstable/"
STABLE = "/suites/trixie-test-stable/"

# In a process of its own: Django is configured once a process, and here for the tests.
_SEED = """
import sys
from datetime import date
from pathlib import Path
from mini_buildd.config.load import load
from mini_buildd.daemon.main import prepare
from mini_buildd.db.connect import migrate
places = prepare(load(Path(sys.argv[1])))
migrate()
from django.contrib.auth.models import User
from django.utils.timezone import now
from mini_buildd.db import models
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.flow.setup import Wish, setup
wish = Wish(
    codenames=(Codename("trixie"),),
    architectures=(Architecture("amd64"),),
    repository=RepositoryName("test"),
    archive_url="http://deb.example/debian/",
)
setup(places, wish, today=date(2026, 11, 20), dry_run=False)
User.objects.create_superuser("root", password="a throw-away word")
models.Suite.objects.update(checks_installability=False)
unstable = models.Distribution.objects.get(name="trixie-test-unstable")
source = unstable.sources.create(
    name="hello", version="1.0-1", component="main", architectures="any", state="published",
    paragraph="Package: hello\\nVersion: 1.0-1\\n", accepted_at=now(),
)
file = models.PoolFile.objects.create(
    repository=unstable.repository, path="pool/main/h/hello/hello_1.0-1_amd64.deb",
    name="hello_1.0-1_amd64.deb", size_bytes=1, sha256=64 * "0",
)
binary = source.binaries.create(
    file=file, package="hello", version="1.0-1", architecture="amd64", component="main",
    paragraph="Package: hello\\nVersion: 1.0-1\\nArchitecture: amd64\\n",
)
unstable.publications.create(number=1, kind="import", decided_at=now(), areas="main")
unstable.entries.create(source=source, added_in=1)
unstable.entries.create(source=source, binary=binary, added_in=1)
"""

Form = list[tuple[str, str]]


class Visitor:
    """A browser without eyes."""

    def __init__(self, url: str) -> None:
        self._url = url
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def get(self, path: str) -> str:
        """The page at *path*."""
        with self._opener.open(self._url + path, timeout=30) as answer:
            return str(answer.read(), "utf-8")

    def post(self, path: str, form: Form) -> tuple[int, str]:
        """Status and page of what follows."""
        try:
            with self._opener.open(self._url + path, urlencode(form).encode(), 30) as answer:
                return answer.status, str(answer.read(), "utf-8")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, str(error.read(), "utf-8")


def fields(html: str) -> Form:
    """The hidden fields of *html*, the token against forged requests among them."""
    tags = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html)
    return list(dict.fromkeys((name, unescape(value)) for name, value in tags))


def test_a_change_that_is_clicked_four_times_at_once_is_published_once(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.configure()
    subprocess.run([sys.executable, "-c", _SEED, str(tmp_path)], check=True, timeout=60)
    with instance:
        visitor = Visitor(instance.url)
        login = [("username", "root"), ("password", "a throw-away word"), ("next", UNSTABLE)]
        visitor.post("/account/login/", [*fields(visitor.get("/account/login/")), *login])
        wait_for("it begins", lambda: "shown now" in visitor.get(UNSTABLE), seconds=30)
        wait_for("it begins", lambda: "shown now" in visitor.get(STABLE), seconds=30)
        wish = [("package", "hello=1.0-1"), ("whole_way", "yes")]
        shown = visitor.post(f"{UNSTABLE}migrate/", [*fields(visitor.get(UNSTABLE)), *wish])
        form = fields(shown[1])
        with ThreadPoolExecutor(4) as clicks:
            answers = list(clicks.map(lambda _: visitor.post(f"{UNSTABLE}migrate/", form), "1234"))
        assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
        assert all("suite-moved-on" in page for status, page in answers if status != 200)
        wait_for("it is published", lambda: "shown now" in visitor.get(f"{STABLE}2/"), seconds=30)
        index = instance.get("/archive/test/dists/trixie-test-stable/main/binary-amd64/Packages.gz")
        assert index[0] == 200
        pinned = re.search(r'/suites/[^<"]*\.sources', visitor.get(f"{STABLE}2/"))
        assert pinned is not None
        assert "/snapshots/2" in visitor.get(pinned[0])
