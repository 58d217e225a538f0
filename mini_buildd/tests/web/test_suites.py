"""The pages of suites, their versions and snapshots: what they say, what they refuse, how much."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mini_buildd.db import models
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.suite_version import Cause
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.test_pages import text_of

UNSTABLE = "/suites/trixie-test-unstable/"
TESTING = "/suites/trixie-test-testing/"


def plain(builder: Builder, name: str, version: str = "1.0-1~test13+1") -> models.Source:
    """A source package that came from elsewhere, without uploads, jobs and files."""
    return models.Source.objects.create(
        origin="elsewhere",
        distribution=builder.distributions["unstable"],
        name=name,
        version=version,
        component="main",
        architectures="any",
        paragraph="",
        state=SourceState.PUBLISHED,
        accepted_at=builder.at,
    )


def test_a_suite_tells_what_it_has_where_it_leads_and_how_it_came_so(
    client: Client, busy: Builder
) -> None:
    busy.published("hello", "2.11-1~test13+1", minutes=3)
    text = text_of(client, UNSTABLE)
    assert "migrates to trixie-test-testing , then trixie-test-stable" in text
    assert "shows version 4 3 source, 12 binary packages" in text
    assert "hello 2.11-1~test13+1 hello also in testing 2.10-5~test13+1 212.3 kB just now" in text
    assert "tree 2.2-1~test13+1 tree also in testing" in text
    assert "shown now 4 upload 1 upgraded hello 2.11-1~test13+1 ada just now" in text
    assert "3 source packages between 1 and 3 in the last 4 versions" in text


def test_the_line_of_versions_tells_each_ones_kind_reason_and_state(
    client: Client, busy: Builder
) -> None:
    del busy
    models.Publication.objects.filter(distribution__name="trixie-test-testing", number=1).update(
        removed_at=models.Publication.objects.latest("pk").decided_at
    )
    text = text_of(client, TESTING)
    assert "shown now 4 rollback to version 2 1 added it is ada" in text
    assert "kept 3 removal 1 removed not free ada" in text
    assert "kept 2 migration 2 added ada" in text
    assert "gone 1 the empty beginning nothing changed mini-buildd" in text


def test_several_versions_of_a_package_are_told_apart_from_new_packages(
    client: Client, builder: Builder
) -> None:
    builder.version("unstable", Cause.IMPORT, add=[plain(builder, "linux", "6.1")])
    newer = plain(builder, "linux", "6.2")
    row = builder.version("unstable", Cause.IMPORT)
    row.distribution.entries.create(source=newer, added_in=row.number)
    last = builder.version("unstable", Cause.IMPORT)
    row.distribution.entries.filter(source__version="6.1").update(removed_in=last.number)
    text = text_of(client, UNSTABLE)
    assert "1 import 1 added" in text
    assert "2 import 1 upgraded" in text
    assert re.search(r"linux 6\.2 .*linux 6\.1", text_of(client, f"{UNSTABLE}2/packages/"))


def test_a_late_build_is_a_rebuilt_package(client: Client, busy: Builder) -> None:
    row = busy.version("unstable", Cause.LATE_BUILD, minutes=1)
    binary = models.Binary.objects.filter(source__name="bc").latest("pk")
    models.SuiteEntry.objects.filter(binary=binary).delete()
    row.distribution.entries.create(source=binary.source, binary=binary, added_in=row.number)
    assert "4 late build 1 rebuilt" in text_of(client, UNSTABLE)
    assert "Rebuilt 1 bc" in text_of(client, f"{UNSTABLE}{row.number}/")


def test_packages_are_found_by_a_part_of_the_name_or_a_binary_package(
    client: Client, busy: Builder
) -> None:
    models.Binary.objects.filter(package="bc", architecture="amd64").update(package="dc")
    del busy

    def found(query: str) -> list[str]:
        html = client.get(UNSTABLE, {"q": query}).content.decode()
        return re.findall(r"<td class=\"what\"><a href=\"/packages/[^\"]+/\"><b>([^<]+)", html)

    assert found("ell") == ["hello"]
    assert found("dc") == ["bc"]
    assert found("%") == []
    assert "No package here has “nothing” in its name." in text_of(client, f"{UNSTABLE}?q=nothing")


def test_a_large_suite_comes_in_parts_without_repeating_or_losing_a_package(
    client: Client, builder: Builder
) -> None:
    sources = [plain(builder, f"p{number:03}") for number in range(120)]
    builder.version("unstable", Cause.IMPORT, add=sources)
    for base in (UNSTABLE, f"{UNSTABLE}1/packages/", f"{UNSTABLE}?q=p"):
        seen: list[str] = []
        path: str | None = base
        while path is not None:
            html = client.get(path).content.decode()
            seen += re.findall(r'<td class="what"><a href="/packages/[^"]+/"><b>([^<]+)', html)
            following = re.search(r'href="(\?[^"]*)" rel="next">After', html)
            path = base.partition("?")[0] + unescape(following[1]) if following else None
        assert seen == [source.name for source in sources], base


def test_a_page_costs_no_more_questions_for_a_larger_suite(
    client: Client, builder: Builder
) -> None:
    def counted(*paths: str) -> list[int]:
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            found.append(len(queries))
        return found

    paths = (UNSTABLE, f"{UNSTABLE}versions/", f"{UNSTABLE}1/", f"{UNSTABLE}1/packages/")
    builder.version("unstable", Cause.IMPORT, add=[plain(builder, "p")])
    before = counted(*paths)
    for part in range(5):
        sources = [plain(builder, f"p{part}{number:03}") for number in range(60)]
        builder.version("unstable", Cause.IMPORT, add=sources)
    assert counted(*paths) == before


def test_a_version_tells_what_it_changed_and_how_to_use_just_that(
    client: Client, busy: Builder
) -> None:
    busy.published("hello", "2.11-1~test13+1", minutes=3)
    html = unescape(client.get(f"{UNSTABLE}2/").content.decode())
    row = models.Publication.objects.get(distribution__name="trixie-test-unstable", number=2)
    assert row.published_at is not None
    at = f"{row.published_at:%Y%m%dT%H%M%SZ}"
    line = f"sudo apt install --update --snapshot {at} -t trixie-test-unstable PACKAGE</pre>"
    assert line in html
    assert f"http://buildd.example:8066{UNSTABLE}at/{at}.sources\nsudo apt update</pre>" in html
    text = text_of(client, f"{UNSTABLE}4/")
    assert "Upgraded 1 hello 2.10-5~test13+1 → 2.11-1~test13+1 What is new" in text
    assert "Let the tests run on i386 too." in text
    assert "kept by the snapshot before-the-upgrade" in text_of(client, f"{TESTING}3/")
    models.Publication.objects.filter(pk=row.pk).update(removed_at=row.published_at)
    assert "--snapshot" not in text_of(client, f"{UNSTABLE}2/")


def test_the_published_changelog_tells_what_is_new_between_two_versions(
    client: Client, busy: Builder
) -> None:
    busy.published("hello", "2.11-1~test13+1", minutes=3)
    folder = busy.home / "archive/test/changelogs/main/h/hello"
    folder.mkdir(parents=True)
    entries = [
        f"hello ({version}) unstable; urgency=medium\n\n  * News of {version}.\n\n"
        " -- Ada Lovelace <ada@example.org>  Fri, 20 Nov 2026 12:00:00 +0000\n"
        for version in ("2.11-1~test13+1", "2.10-6", "2.10-5~test13+1")
    ]
    (folder / "hello_2.11-1~test13+1_changelog").write_text("\n".join(entries))
    text = text_of(client, f"{UNSTABLE}compare/?from=3&to=4")
    assert "News of 2.11-1~test13+1." in text
    assert "News of 2.10-6." in text
    assert "News of 2.10-5~test13+1." not in text


def test_two_suites_are_compared(client: Client, busy: Builder) -> None:
    busy.published("hello", "2.11-1~test13+1", minutes=3)
    text = text_of(client, f"{TESTING}compare/?with=trixie-test-unstable")
    assert "From trixie-test-testing version 4 to trixie-test-unstable version 4" in text
    assert "Added 1 bc" in text
    assert "Upgraded 1 hello 2.10-5~test13+1 → 2.11-1~test13+1" in text
    back = text_of(client, f"{UNSTABLE}compare/?with=trixie-test-testing&from=4&to=4")
    assert "Removed 1 bc" in back
    assert "Downgraded 1 hello 2.11-1~test13+1 → 2.10-5~test13+1" in back
    assert "They have the same packages." in text_of(client, f"{TESTING}compare/?from=2&to=4")


def test_a_pinned_source_names_the_version_and_holds_the_key(client: Client, busy: Builder) -> None:
    key = busy.home / "archive" / "test" / "archive-key.asc"
    at = f"{TESTING}at/before-the-upgrade.sources"
    assert client.get(at).status_code == 404
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n")
    answer = client.get(at)
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode() == (
        "Types: deb deb-src\n"
        "URIs: http://buildd.example:8066/archive/test/snapshots/before-the-upgrade\n"
        "Suites: trixie-test-testing\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n"
    )
    row = models.Publication.objects.filter(distribution__name="trixie-test-testing").latest("pk")
    assert row.published_at is not None
    moment = f"{row.published_at:%Y%m%dT%H%M%SZ}"
    assert f"/snapshots/{moment}\n" in client.get(f"{TESTING}at/{moment}.sources").content.decode()


def test_a_frozen_suite_says_so_where_one_looks(client: Client, busy: Builder) -> None:
    del busy
    assert "◈ Frozen since 1 h ago by ada: before the release" in text_of(client, TESTING)
    assert "◈ trixie-test-testing is frozen since 1 h ago" in text_of(client, "/")
    assert "Frozen" not in text_of(client, UNSTABLE)


def test_a_repository_lists_its_snapshots_with_lines_to_use_them(
    client: Client, busy: Builder
) -> None:
    del busy
    html = unescape(client.get("/repositories/test/").content.decode())
    assert f"http://buildd.example:8066{TESTING}at/before-the-upgrade.sources" in html
    text = text_of(client, "/repositories/test/")
    assert "before-the-upgrade named 30 min ago by ada: before the upgrade" in text
    assert "trixie-test-testing version 3" in text


def test_events_of_suites_and_snapshots_lead_to_them(client: Client, busy: Builder) -> None:
    del busy
    html = client.get("/events/").content.decode()
    assert f'<a href="{UNSTABLE}3/">version 3</a>' in html
    assert 'The snapshot before-the-upgrade of <a href="/repositories/test/">test</a>' in html
    assert "by ada" in html


@pytest.mark.parametrize(
    "path",
    [
        "/suites/nothing/",
        "/suites/nothing/1/",
        f"{UNSTABLE}77/",
        f"{UNSTABLE}0/",
        f"{UNSTABLE}99999999999999999999999/",
        f"{UNSTABLE}77/packages/",
        f"{UNSTABLE}compare/?from=1&to=77",
        f"{UNSTABLE}compare/?from=x",
        f"{UNSTABLE}compare/?with=nothing",
        f"{UNSTABLE}at/nothing.sources",
        f"{UNSTABLE}at/20261399T000000Z.sources",
        f"{UNSTABLE}at/20201120T120000Z.sources",
        f"{UNSTABLE}versions/?before=x",
    ],
)
def test_what_is_not_there_is_a_404(client: Client, busy: Builder, path: str) -> None:
    del busy
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"<h1>Not found</h1>" in answer.content


def test_hostile_texts_are_shown_and_not_obeyed(
    client: Client, busy: Builder, tmp_path: Path
) -> None:
    del tmp_path
    evil = "<script>alert(1)</script>"
    busy.freeze("unstable", evil)
    models.Publication.objects.update(reason=evil, actor=evil)
    models.Snapshot.objects.update(taken_by=evil, reason=evil)
    models.Source.objects.update(changes=evil)
    for path in (
        UNSTABLE,
        f"{UNSTABLE}3/",
        f"{UNSTABLE}versions/",
        f"{UNSTABLE}compare/?from=1&to=3",
        f"{UNSTABLE}3/packages/?q={evil}",
        f"{UNSTABLE}?q={evil}&after={evil}",
        f"{UNSTABLE}at/{evil.replace('/', '')}.sources",
        "/repositories/test/",
        "/",
    ):
        html = client.get(path).content.decode()
        assert evil not in html, path
        assert "&lt;script&gt;" in html, path
