"""Changing what is published from the pages: shown first, done once, by administrators only."""

import hashlib
import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.db import models
from mini_buildd.domain.problem import CheckImpossible
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.bootstrap import sources_of
from mini_buildd.tests.flow.base_archive import paragraph
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tools.aptlists import sources_text

UNSTABLE = "/suites/trixie-test-unstable/"
TESTING = "/suites/trixie-test-testing/"
BC = "bc=1.07.1-4~test13+1"
TREE = "tree=2.2-1~test13+1"

Form = dict[str, str | list[str]]


@pytest.fixture
def root(client: Client, wakes: list[str]) -> Client:
    """An administrator."""
    del wakes
    client.force_login(User.objects.create_superuser("root"))
    return client


def form_of(html: str) -> Form:
    """What the confirmation would send, as it stands in the page."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", html.partition('class="decide"')[2]):
        name, value = (re.search(f'{key}="([^"]*)"', tag) for key in ("name", "value"))
        if name is not None and "checkbox" not in tag and name[1] != "csrfmiddlewaretoken":
            found.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    return dict(found)


def ask(client: Client, path: str, form: Form | None = None, status: int = 200) -> str:
    """The page that shows what would happen."""
    answer = client.post(path, form or {})
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def confirm(client: Client, path: str, html: str, **more: str) -> str:
    """Send the confirmation in *html*; the page that follows."""
    answer = client.post(path, form_of(html) | more, follow=True)
    assert answer.redirect_chain, answer.content.decode()
    assert answer.status_code == 200
    return answer.content.decode()


def newest(suite: str) -> models.Publication:
    """The newest version of a suite."""
    found = models.Publication.objects.filter(distribution__suite__name=suite)
    return found.latest("number")


def has(suite: str) -> set[str]:
    """The source packages of a suite."""
    rows = models.SuiteEntry.objects.filter(
        distribution__suite__name=suite, removed_in=None, binary=None
    )
    return set(rows.values_list("source__name", flat=True))


def words(html: str) -> str:
    """The text of *html* in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


# --- who may --------------------------------------------------------------------

POSTS = (
    f"{UNSTABLE}migrate/",
    f"{UNSTABLE}remove/",
    f"{UNSTABLE}rebuild/",
    f"{UNSTABLE}freeze/",
    f"{UNSTABLE}thaw/",
    f"{TESTING}2/rollback/",
    "/repositories/test/snapshots/take/",
    "/repositories/test/snapshots/before-the-upgrade/drop/",
)


@pytest.mark.parametrize("path", POSTS)
def test_only_administrators_may_post(client: Client, wakes: list[str], path: str) -> None:
    before = models.Event.objects.count(), models.Publication.objects.count()
    staff = User.objects.create_user("staff", is_staff=True)
    plain = User.objects.create_user("plain")
    retired = User.objects.create_superuser("retired", is_active=False)
    form: Form = {"package": BC, "step": "do", "name": "mine"}
    for user in (None, plain, staff, retired):
        if user is not None:
            client.force_login(user)
        answer = client.post(path, form)
        assert answer.status_code == 403, user
        assert "not-allowed" in answer.content.decode()
        assert client.get(path).status_code == 405
    assert (models.Event.objects.count(), models.Publication.objects.count()) == before
    assert wakes == []


@pytest.mark.parametrize("path", POSTS)
def test_no_foreign_page_can_post_for_an_administrator(root: Client, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = root.cookies
    answer = strict.post(path, {"package": BC, "step": "do", "name": "mine"})
    assert answer.status_code == 403
    assert "Nothing was changed." in answer.content.decode()
    assert b"style.css" in answer.content


def test_only_administrators_see_buttons(client: Client, wakes: list[str]) -> None:
    del wakes
    pages = (UNSTABLE, f"{TESTING}2/", "/repositories/test/")
    client.force_login(User.objects.create_user("staff", is_staff=True))
    # Everybody may subscribe.
    button = re.compile(r'<form (?!method="post" class="subscribe")[^>]*method="post"')
    for path in pages:
        assert not button.search(client.get(path).content.decode()), path
    client.force_login(User.objects.create_superuser("root"))
    for path in pages:
        assert button.search(client.get(path).content.decode()), path


# --- packages -------------------------------------------------------------------


def test_a_migration_is_shown_then_done(root: Client, wakes: list[str]) -> None:
    path = f"{UNSTABLE}migrate/"
    html = ask(root, path, {"package": [BC, TREE]})
    assert "Migrate 2 packages to trixie-test-testing?" in words(html)
    assert "trixie-test-testing version 5 added bc 1.07.1-4~test13+1" in words(html)
    assert newest("testing").number == 4
    assert wakes == []
    said = confirm(root, path, html, reason="  it is\n time ")
    assert "trixie-test-testing version 5 being published" in words(said)
    assert "2 packages will be in trixie-test-testing in a moment." in words(said)
    row = newest("testing")
    assert (row.number, row.kind, row.actor, row.reason) == (5, "migrate", "root", "it is time")
    assert has("testing") == {"hello", "tree", "bc"}
    assert wakes == ["woken"]


def test_the_whole_way_makes_a_version_of_each_suite_on_it(root: Client) -> None:
    path = f"{UNSTABLE}migrate/"
    html = ask(root, path, {"package": BC, "whole_way": "yes"})
    assert "bc 1.07.1-4~test13+1 to trixie-test-testing and trixie-test-stable?" in words(html)
    confirm(root, path, html)
    assert "bc" in has("testing") & has("stable")
    assert newest("stable").kind == Cause.MIGRATE


def test_a_suite_on_the_way_that_has_it_already_gets_no_version_for_nothing(root: Client) -> None:
    path = f"{UNSTABLE}migrate/"
    html = ask(root, path, {"package": TREE, "whole_way": "yes"})
    assert "trixie-test-stable version 1" in words(html)
    assert "trixie-test-testing version" not in words(html)
    confirm(root, path, html)
    assert newest("testing").number == 4
    assert has("stable") == {"tree"}


def test_no_suite_is_changed_of_which_that_was_not_shown(root: Client, busy: Builder) -> None:
    path = f"{UNSTABLE}migrate/"
    html = ask(root, path, {"package": TREE, "whole_way": "yes"})
    tree = models.Source.objects.get(name="tree")
    busy.version("testing", Cause.REMOVE, remove=[tree], minutes=0)
    again = root.post(path, form_of(html))
    assert (again.status_code, "suite-moved-on" in again.content.decode()) == (409, True)
    assert has("stable") == set()
    confirm(root, path, again.content.decode())
    assert "tree" in has("testing") & has("stable")


def test_a_removal_is_shown_then_done(root: Client, wakes: list[str]) -> None:
    path = f"{UNSTABLE}remove/"
    html = ask(root, path, {"package": BC})
    assert "removed bc 1.07.1-4~test13+1" in words(html)
    confirm(root, path, html)
    assert has("unstable") == {"hello", "tree"}
    assert wakes == ["woken"]


def test_a_rebuild_is_explained_and_ordered_with_its_reason(root: Client, wakes: list[str]) -> None:
    path = f"{UNSTABLE}rebuild/"
    html = ask(root, path, {"package": [BC, TREE]})
    assert "Build 2 packages of trixie-test-unstable again? " in words(html)
    assert not models.Job.objects.filter(binnmu__gt=0).exists()
    answer = root.post(path, form_of(html))
    assert (answer.status_code, "rebuild-impossible" in answer.content.decode()) == (409, True)
    said = confirm(root, path, html, reason="against libfoo2")
    assert "2 packages will be built again." in words(said)
    jobs = models.Job.objects.filter(binnmu=1, binnmu_reason="against libfoo2")
    assert {job.source.name for job in jobs} == {"bc", "tree"}
    assert wakes == ["woken"]


def test_only_suites_that_take_uploads_offer_rebuilds(root: Client) -> None:
    for suite, is_offered in ((UNSTABLE, True), (TESTING, False)):
        assert ("Build again" in root.get(suite).content.decode()) == is_offered


def test_a_rollback_is_shown_then_done(root: Client) -> None:
    path = f"{TESTING}3/rollback/"
    html = ask(root, path)
    assert "Let trixie-test-testing be what version 3 was? " in words(html)
    assert "removed tree" in words(html)
    confirm(root, path, html)
    assert (newest("testing").restores, has("testing")) == (3, {"hello"})


def test_a_second_click_does_nothing_more(root: Client, wakes: list[str]) -> None:
    migration: Form = {"package": BC}
    for path, form in ((f"{UNSTABLE}migrate/", migration), (f"{TESTING}3/rollback/", {})):
        html = ask(root, path, form)
        confirm(root, path, html)
        count = models.Publication.objects.count()
        again = root.post(path, form_of(html))
        assert again.status_code == 409
        assert "suite-moved-on" in again.content.decode()
        assert "Nothing was changed." in again.content.decode()
        assert models.Publication.objects.count() == count
    assert wakes == ["woken"] * 2


def test_when_the_suite_has_moved_on_the_change_is_shown_anew(root: Client, busy: Builder) -> None:
    path = f"{UNSTABLE}migrate/"
    html = ask(root, path, {"package": BC})
    busy.version("testing", Cause.REMOVE, minutes=0, actor="ada")
    again = root.post(path, form_of(html) | {"reason": "still wanted"})
    text = words(again.content.decode())
    assert again.status_code == 409
    assert "Expected version 5 of trixie-test-testing to be the next" in text
    assert "version 5 is there: remove by ada" in text
    assert 'value="still wanted"' in again.content.decode()
    assert newest("testing").number == 5
    confirm(root, path, again.content.decode())
    assert newest("testing").number == 6


def test_what_cannot_be_done_is_told_and_offers_no_button(root: Client, busy: Builder) -> None:
    del busy
    cases: tuple[tuple[str, Form, str], ...] = (
        (f"{UNSTABLE}migrate/", {}, "package-not-there"),
        (f"{UNSTABLE}migrate/", {"package": "=<b>"}, "package-not-there"),
        (f"{UNSTABLE}migrate/", {"package": TREE}, "nothing-to-do"),
        (f"{UNSTABLE}remove/", {"package": "nothing=1"}, "package-not-there"),
        (f"{TESTING}77/rollback/", {}, "version-not-kept"),
        (f"{TESTING}4/rollback/", {}, "nothing-to-do"),
        ("/suites/trixie-test-stable/migrate/", {"package": TREE}, "package-not-there"),
    )
    for path, form, code in cases:
        html = ask(root, path, form, status=409)
        assert f"<code>{code}</code>" in html, path
        assert 'name="step"' not in html
        assert "<b>" not in html.partition("<code>")[0].partition("<h1>")[2]


def test_a_frozen_suite_refuses(root: Client, busy: Builder) -> None:
    html = ask(root, f"{UNSTABLE}migrate/", {"package": BC})
    busy.freeze("testing")
    again = root.post(f"{UNSTABLE}migrate/", form_of(html))
    assert again.status_code == 409
    assert "suite-frozen" in again.content.decode()
    assert "Migrate to" not in root.get(TESTING).content.decode()
    assert "nothing can be migrated or removed" in root.get(TESTING).content.decode()


def test_without_the_check_for_installability_it_takes_a_word_more(
    root: Client, wakes: list[str]
) -> None:
    models.Suite.objects.update(checks_installability=True)
    path = f"{UNSTABLE}migrate/"
    html = ask(root, path, {"package": BC}, status=409)  # no package lists of the base are there
    assert f"<code>{CheckImpossible.code}</code>" in html
    assert "Do it without that check" in html
    refused = root.post(path, form_of(html))
    assert refused.status_code == 409
    assert wakes == []
    confirm(root, path, html, force="yes")
    assert "bc" in has("testing")


@pytest.fixture
def base(busy: Builder) -> None:
    """A base of one package, as if apt had just downloaded its list."""
    row = models.Base.objects.get()
    models.AptSource.objects.create(
        base=row, url="http://deb.example/debian", suite="trixie", keyring="/nowhere.asc"
    )
    made_from = hashlib.sha256(sources_text(sources_of(row)).encode()).hexdigest()[:16]
    folder = busy.home / "base-lists" / "trixie-amd64"
    folder.mkdir(parents=True)
    (folder / f"{made_from}.packages").write_text(paragraph("libc6") + "\n")


@pytest.mark.usefixtures("base")
def test_what_would_break_is_told_and_takes_a_word_more(root: Client, wakes: list[str]) -> None:
    models.Suite.objects.update(checks_installability=True)
    models.DistributionArchitecture.objects.filter(architecture="i386").delete()
    for binary in models.Binary.objects.all():
        needs = "Depends: bc\n" if binary.package == "hello" else ""
        binary.paragraph = (
            f"Package: {binary.package}\nVersion: {binary.version}\n"
            f"Architecture: {binary.architecture}\n{needs}"
        )
        binary.save()
    path = f"{UNSTABLE}remove/"
    html = ask(root, path, {"package": BC})
    assert "1 package would become uninstallable hello 2.10-5~test13+1 (amd64)" in words(html)
    assert "depends on bc, which nothing provides" in words(html)
    refused = root.post(path, form_of(html))
    assert (refused.status_code, wakes) == (409, [])
    assert "<code>would-break</code>" in refused.content.decode()
    confirm(root, path, refused.content.decode(), force="yes")
    assert has("unstable") == {"hello", "tree"}


# --- suites and snapshots -------------------------------------------------------


def test_a_suite_is_frozen_with_a_reason_and_thawed(root: Client, wakes: list[str]) -> None:
    html = ask(root, f"{UNSTABLE}freeze/")
    said = confirm(root, f"{UNSTABLE}freeze/", html, reason="<b>release</b>")
    assert "trixie-test-unstable is frozen." in words(said)
    assert "Frozen since just now by root: <b>release</b>" in words(said)
    again = root.post(f"{UNSTABLE}freeze/", form_of(html))
    assert (again.status_code, "nothing-to-do" in again.content.decode()) == (409, True)
    said = confirm(root, f"{UNSTABLE}thaw/", ask(root, f"{UNSTABLE}thaw/"))
    assert "trixie-test-unstable is open for changes." in words(said)
    assert "Frozen since" not in said
    assert wakes == ["woken"] * 2
    events = root.get("/events/").content.decode()
    assert "suite.frozen" in events
    assert "root: &lt;b&gt;release&lt;/b&gt;" in events


def test_a_snapshot_is_taken_by_name_and_dropped(root: Client, busy: Builder) -> None:
    take = "/repositories/test/snapshots/take/"
    html = ask(root, take)
    said = confirm(root, take, html, name="christmas", reason="as it was")
    assert "christmas named just now by root: as it was" in words(said)
    link = busy.home / "archive/test/snapshots/christmas/dists/trixie-test-testing"
    assert str(link.readlink()) == "../../../suites/trixie-test-testing/4"
    taken = root.post(take, form_of(html) | {"name": "christmas"})
    assert (taken.status_code, "snapshot-unknown" in taken.content.decode()) == (409, True)
    drop = "/repositories/test/snapshots/christmas/drop/"
    said = confirm(root, drop, ask(root, drop))
    assert "christmas named" not in words(said)
    assert not link.parent.exists()
    assert root.post(drop, {"step": "do"}).status_code == 409


@pytest.mark.parametrize("name", ["", "../../etc", "20261120T150000Z", "a b", "<script>"])
def test_a_snapshot_needs_a_name_that_can_be_one(root: Client, name: str) -> None:
    path = "/repositories/test/snapshots/take/"
    answer = root.post(path, {"step": "do", "name": name})
    assert answer.status_code == 409
    assert "snapshot-unknown" in answer.content.decode()
    assert name != "<script>" or name not in answer.content.decode().partition("<main")[2]
    assert models.Snapshot.objects.count() == 1
