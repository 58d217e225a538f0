"""The pages of packages and the search: what they say, where they lead, what they keep private."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mini_buildd.db import models
from mini_buildd.domain.suite_version import Cause
from mini_buildd.tests.flow.package import BinaryPackage
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.packages import EVIL, HOLGER, furnish_packages, keep
from mini_buildd.tests.web.test_pages import text_of

HELLO = "/packages/hello/"
FIVE = f"{HELLO}2.10-5~test13+1/"
ZLIB = "/packages/zlib/1:1.3.dfsg-1~test13+1/"


@pytest.fixture
def stocked(busy: Builder) -> Builder:
    """The same with packages that say something, and a catalogue of them."""
    busy.published("hello", "2.11-1~test13+1", minutes=3)
    furnish_packages(busy)
    return busy


def names(client: Client, path: str) -> list[str]:
    """The source packages that a list shows, in its order."""
    html = client.get(path).content.decode()
    return re.findall(r'<td class="what"><a href="/packages/([^/"]+)/"><b>', html)


def test_a_package_tells_where_it_is_how_it_was_built_and_who_needs_it(
    client: Client, stocked: Builder
) -> None:
    del stocked
    text = text_of(client, HELLO)
    assert "trixie-test-testing frozen 2.10-5~test13+1 Debian trixie" in text
    assert "trixie-test-unstable 2.11-1~test13+1 Debian trixie just now" in text
    assert "published 2.11-1~test13+1 built amd64 2:40 built i386 2:40" in text
    assert "building 2.10-5~test13+2 building amd64" in text
    assert "How long its builds take over its latest 2 versions" in text
    assert "Depend on it 1 bc" in text
    assert "Are built with it" not in text
    assert "sudo apt install -t trixie-test-testing hello" in text
    assert "apt source hello/trixie-test-unstable" in text
    assert "Uploaded by ada." in text
    assert "Are built with it 1 tree" in text_of(client, "/packages/bc/")


def test_a_package_that_no_suite_has_says_so(client: Client, stocked: Builder) -> None:
    del stocked
    text = text_of(client, "/packages/lua5.4/")
    assert "No suite has it now." in text
    assert "waiting 5.4.7-1~test13+1" in text or "building 5.4.7-1~test13+1" in text


def test_the_name_of_a_binary_package_leads_to_its_source(client: Client, stocked: Builder) -> None:
    models.Binary.objects.filter(package="bc").update(package="dc")
    assert client.get("/packages/dc/")["Location"] == "/packages/bc/"
    models.Binary.objects.filter(package="tree").update(package="dc")
    assert "Several source packages make a binary package of that name: bc tree" in text_of(
        client, "/packages/dc/"
    )
    del stocked


def test_a_version_tells_its_files_its_builds_and_what_it_took_the_place_of(
    client: Client, stocked: Builder
) -> None:
    del stocked
    text = text_of(client, f"{HELLO}2.11-1~test13+1/")
    assert "trixie-test-unstable 2.10-5~test13+1 compare there now just now" in text.replace(
        "in place of ", ""
    )
    assert "hello_2.11-1~test13+1.orig.tar.gz 725.9 kB" in text
    assert f"Maintainer {HOLGER}" in text
    assert "built hello 2.11-1~test13+1 amd64" in text
    assert "What its build needs" not in text
    needs = text_of(client, "/packages/tree/2.2-1~test13+1/")
    assert "Build-Depends debhelper-compat (= 13) , bc [amd64] <!nocheck>" in needs
    assert "zlib 1:1.3.dfsg-1~test13+1 published" in text_of(client, ZLIB)


def test_a_binary_package_tells_what_it_is_and_has(client: Client, stocked: Builder) -> None:
    del stocked
    html = client.get(f"{FIVE}hello/amd64/").content.decode()
    text = unescape(re.sub(r"<[^>]+>", " ", html))
    assert '<a href="/packages/tree/">tree</a>' in html
    assert 'href="/packages/libc6/"' not in html
    assert "/usr/bin/hello\n" in text
    assert f"It is {EVIL} and more.\n\nThe end." in text
    assert EVIL not in html


def test_two_versions_are_compared_by_relations_and_files(client: Client, stocked: Builder) -> None:
    old, new = (
        models.Binary.objects.get(package="hello", architecture="amd64", version=f"{each}~test13+1")
        for each in ("2.10-5", "2.11-1")
    )
    new.paragraph = new.paragraph.replace("tree (>= 2.0)", "tree (>= 2.2)")
    new.save()
    models.Listing.objects.filter(binary=new).update(paths=old.listing.paths[:0])
    text = text_of(client, f"{HELLO}compare/?from=2.10-5~test13%2B1&to=2.11-1~test13%2B1")
    assert "Depends tree (>= 2.0) tree (>= 2.2)" in text
    assert "Files: 0 new, 3 gone /usr/bin/hello" in text
    del stocked


def test_a_changelog_has_links_to_bugs_and_obeys_nobody(client: Client, stocked: Builder) -> None:
    folder = stocked.home / "archive/test/changelogs/main/h/hello"
    folder.mkdir(parents=True)
    (folder / "hello_2.11-1~test13+1_changelog").write_text(
        f"hello (2.11-1) unstable; urgency=low\n\n  * {EVIL} (Closes: #12345, #77; LP: #999)\n"
        '  * CVE-2026-12345, https://example.org/?a=1&b="x.\n'
    )
    html = client.get(f"{HELLO}2.11-1~test13+1/changelog/").content.decode()
    for link in (
        "https://bugs.debian.org/12345",
        "https://bugs.debian.org/77",
        "https://bugs.launchpad.net/bugs/999",
        "https://security-tracker.debian.org/tracker/CVE-2026-12345",
        "https://example.org/?a=1&amp;b=",
    ):
        assert f'href="{link}"' in html, link
    assert EVIL not in html
    assert "(Closes: " in text_of(client, HELLO)


def test_the_copyright_is_read_from_a_package(client: Client, stocked: Builder) -> None:
    path = f"{FIVE}copyright/"
    assert "None of its binary packages" in text_of(client, path)
    row = models.Binary.objects.get(
        package="hello", architecture="amd64", version="2.10-5~test13+1"
    )
    files = {"usr/share/doc/hello/copyright": f"Copyright: {EVIL}".encode()}
    made = BinaryPackage(version="2.10-5~test13+1", files=files)
    target = stocked.home / "archive/test" / row.file.path
    made.put(target.parent, target.name)
    html = client.get(path).content.decode()
    assert f"Copyright: {EVIL}" in unescape(html)
    assert EVIL not in html


def test_packages_are_listed_by_name_by_age_and_by_failures(
    client: Client, stocked: Builder
) -> None:
    assert names(client, "/packages/") == ["bc", "hello", "tree", "zlib"]
    assert names(client, "/packages/?sort=newest") == ["hello", "tree", "zlib", "bc"]
    stocked.failed("zlib", "9", minutes=3)
    stocked.failed("ed", "9", minutes=3)
    assert names(client, "/packages/?sort=failing") == ["zlib", "ed"]
    assert names(client, "/packages/?suite=trixie-test-testing") == ["hello", "tree"]
    assert names(client, f"/packages/?maintainer={HOLGER}") == ["bc", "hello", "tree", "zlib"]
    assert names(client, "/packages/?repository=other&sort=newest") == []
    assert "does what zlib does" in text_of(client, "/packages/?sort=failing")


@pytest.mark.parametrize("sort", ["name", "newest", "failing"])
def test_a_long_list_comes_in_parts_without_repeating_or_losing_any(
    client: Client, builder: Builder, sort: str
) -> None:
    sources = [builder.failed(f"p{number:03}", "1", minutes=5).source for number in range(120)]
    builder.version("unstable", Cause.IMPORT, add=sources)
    seen: list[str] = []
    path: str | None = f"?sort={sort}"
    while path is not None:
        html = client.get(f"/packages/{path}").content.decode()
        seen += re.findall(r'<td class="what"><a href="/packages/([^/"]+)/"><b>', html)
        following = re.search(r'href="(\?[^"]*)" rel="next">', html)
        path = unescape(following[1]) if following else None
    wanted = [source.name for source in sources]
    assert seen == (wanted[::-1] if sort == "newest" else wanted)


def test_the_search_leads_straight_to_what_was_meant(client: Client, stocked: Builder) -> None:
    del stocked
    for text, place in (
        ("hello", HELLO),
        (" Hello ", HELLO),
        ("hello 2.10-5~test13+1", FIVE),
        ("zlib_1:1.3.dfsg-1~test13+1", ZLIB),
        ("trixie-test-testing", "/suites/trixie-test-testing/"),
        ("lua5.4", "/packages/lua5.4/"),
    ):
        answer = client.get("/search/", {"q": text})
        assert (answer.status_code, answer["Location"]) == (302, place), text
        assert client.get(place).status_code == 200
    assert client.get("/search/", {"q": "hello", "all": "yes"}).status_code == 200


def test_the_search_finds_files_people_words_and_numbers(client: Client, stocked: Builder) -> None:
    upload = models.Upload.objects.filter(source_name="tree").latest("pk")
    assert "/usr/bin/tree tree" in text_of(client, "/search/?q=/usr/bin/tree")
    assert f"{HOLGER} maintains 4 source packages" in text_of(client, "/search/?q=holger@exa")
    assert "ada uploads here" in text_of(client, "/search/?q=ada")
    assert "By their description bc does what bc does" in text_of(client, "/search/?q=does+bc+what")
    assert "Uploads" in text_of(client, f"/search/?q=%23{upload.pk}")
    assert "Nothing here fits “nothing at all”." in text_of(client, "/search/?q=nothing+at+all")
    html = client.get("/search/", {"q": EVIL}).content.decode()
    assert EVIL not in html
    del stocked


def test_without_a_catalogue_the_search_says_that_it_is_not_ready(
    client: Client, busy: Builder
) -> None:
    text = text_of(client, "/search/?q=tree&all=yes")
    assert "not all is found yet" in text
    assert "tree" in text
    keep(busy)
    assert "not all is found yet" not in text_of(client, "/search/?q=tree&all=yes")


def test_of_a_private_repository_no_page_and_no_search_tells(
    client: Client, stocked: Builder
) -> None:
    models.Repository.objects.update(is_private=True)
    for path in (
        HELLO,
        FIVE,
        f"{FIVE}hello/amd64/",
        f"{FIVE}changelog/",
        f"{FIVE}copyright/",
        f"{HELLO}compare/",
        "/packages/hello-dbgsym/",
    ):
        assert client.get(path).status_code == 404, path
    for path in ("", "?sort=newest", "?sort=failing", "?suite=trixie-test-unstable"):
        assert names(client, f"/packages/{path}") == []
    for text in ("hello", "bin/hello", "does", "holger", "ada", "1", "trixie", "2.10"):
        answer = client.get("/search/", {"q": text})
        assert answer.status_code == 200, text
        assert "Nothing here fits" in answer.content.decode(), text
    client.force_login(stocked.key.user)
    assert client.get(HELLO).status_code == 200
    assert client.get("/search/", {"q": "hello"}).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/packages/nothing/",
        "/packages/hello/9-9/",
        "/packages/hello/9-9/changelog/",
        f"{FIVE}hello/m68k/",
        f"{FIVE}nothing/amd64/",
        "/packages/nothing/compare/",
        f"{HELLO}compare/?from=9-9",
        f"{HELLO}?before=x",
        "/packages/%00/",
        "/packages/..%2F..%2Fetc/1.0/changelog/",
    ],
)
def test_what_is_not_there_is_a_404(client: Client, stocked: Builder, path: str) -> None:
    del stocked
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"<h1>Not found</h1>" in answer.content


def test_pages_cost_no_more_questions_for_more_packages(client: Client, stocked: Builder) -> None:
    def counted() -> dict[str, int]:
        found = {}
        for path in (
            "/packages/",
            "/packages/?sort=newest",
            "/packages/?sort=failing",
            HELLO,
            FIVE,
            f"{FIVE}hello/amd64/",
            "/search/?q=ell",
            "/search/?q=does",
            "/search/?q=bin/hello",
        ):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            found[path] = len(queries)
        return found

    before = counted()
    for number in range(8):
        stocked.published("hello", f"3.{number}-1~test13+1", minutes=20)
        stocked.published(f"well{number}", "1~test13+1")
    furnish_packages(stocked)
    assert counted() == before
    lists = [count for path, count in before.items() if path.startswith("/packages/?")]
    assert max(lists) <= 10, before


def test_hostile_texts_are_shown_and_not_obeyed(
    client: Client, stocked: Builder, tmp_path: Path
) -> None:
    del tmp_path
    models.Upload.objects.update(signed_by=None, signer=EVIL)
    models.Source.objects.update(
        changes=EVIL,
        paragraph=f"Package: x\nMaintainer: {EVIL} <a@b>\nHomepage: javascript:alert(1)\n",
    )
    models.Binary.objects.update(
        paragraph=f"Package: x\nDescription: {EVIL}\n {EVIL}\nDepends: {EVIL}\nX-Odd: {EVIL}\n"
    )
    (stocked.home / "index-cache/catalogue.sqlite3").unlink()
    keep(stocked)
    for path in ("/packages/", HELLO, FIVE, f"{FIVE}hello/amd64/", "/search/?q=script"):
        html = client.get(path).content.decode()
        assert EVIL not in html, path
        assert 'href="javascript' not in html, path
    assert "&lt;script&gt;" in client.get(HELLO).content.decode()
