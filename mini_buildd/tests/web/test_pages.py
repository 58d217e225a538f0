"""Every page, for realistic data: what it says, what it refuses, what it costs."""

import re
import subprocess
from html import unescape
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mini_buildd.db import models
from mini_buildd.db.models import AptSource, Base
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.incoming.host_keys import host_keys
from mini_buildd.keys import gpg
from mini_buildd.tests.web import logs
from mini_buildd.tests.web.builder import Builder

PAGES = (
    "/",
    "/uploads/",
    "/builds/",
    "/packages/",
    "/packages/?sort=newest",
    "/packages/?sort=failing",
    "/search/?q=hello&all=yes",
    "/queue/",
    "/repositories/",
    "/repositories/test/",
    "/suites/trixie-test-unstable/",
    "/suites/trixie-test-unstable/versions/",
    "/suites/trixie-test-unstable/compare/",
    "/builders/",
    "/schedule/",
    "/events/",
)
# The most is asked for an upload by who may do much: what may be done with each of its builds.
# Pages that tell of what waits read the queue, which the daemon would have in memory.
MAX_QUERIES = 34


def paths() -> list[str]:
    """Every page of the instance that has something to show."""
    suites = [
        f"/suites/{each.distribution.name}/{each.number}/"
        for each in models.Publication.objects.select_related("distribution")
    ]
    unstable = "/suites/trixie-test-unstable/"
    suites += [
        *(f"/suites/{each.name}/" for each in models.Distribution.objects.all()),
        f"{unstable}versions/",
        f"{unstable}compare/",
        f"{unstable}compare/?with=trixie-test-testing",
        f"{unstable}2/packages/",
    ]
    uploads = [f"/uploads/{upload.pk}/" for upload in models.Upload.objects.all()]
    builds = [f"/builds/{job.pk}/" for job in models.Job.objects.all()]
    compared = [
        f"/builds/{job.pk}/compare/" for job in models.Job.objects.filter(attempts__isnull=False)
    ]
    machines = [f"/builders/{each.name}/" for each in models.Builder.objects.all()]
    machines += [f"/builders/chroots/{each.pk}/" for each in models.Chroot.objects.all()]
    packages = [
        f"/packages/{each}/"
        for each in models.Source.objects.values_list("name", flat=True).distinct()
    ]
    hello = "/packages/hello/2.10-5~test13+1/"
    packages += [f"{hello}{each}" for each in ("", "changelog/", "copyright/", "hello/amd64/")]
    packages += ["/packages/hello/compare/", "/packages/zlib/1:1.3.dfsg-1~test13+1/"]
    return [*PAGES, *machines, *suites, *packages, *uploads, *builds, *compared]


def text_of(client: Client, path: str) -> str:
    """The text that a page shows, in one line."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_every_page_answers_in_few_queries(client: Client, busy: Builder) -> None:
    del busy
    client.force_login(User.objects.create_superuser("root"))
    for path in paths():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200, path
        assert len(queries) <= MAX_QUERIES, f"{path}: {len(queries)}"


def test_the_number_of_queries_does_not_grow_with_the_rows(client: Client, busy: Builder) -> None:
    def counted() -> dict[str, int]:
        found = {}
        for path in (*PAGES, "/suites/trixie-test-unstable/1/"):
            with CaptureQueriesContext(connection) as queries:
                client.get(path)
            found[path] = len(queries)
        return found

    before = counted()
    for number in range(12):
        busy.published("tree", f"3.{number}-1~test13+1", minutes=20)
        busy.running("sl", f"5.{number}-1~test13+1")
        busy.failed("lua", f"5.{number}-1~test13+1")
    assert counted() == before


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_an_empty_instance_answer(client: Client, builder: Builder, path: str) -> None:
    del builder
    assert client.get(path).status_code == 200


def test_pages_without_any_configuration_answer(client: Client, db: None) -> None:
    del db
    for path in ("/", "/uploads/", "/builds/", "/repositories/", "/events/"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/uploads/99999/",
        "/uploads/99999999999999999999999/",
        "/builds/99999/",
        "/builds/99999/log",
        "/builds/99999/log.txt",
        "/builds/1/?attempt=77",
        "/builds/1/?attempt=x",
        "/repositories/nothing/",
        "/uploads/?before=x",
        "/events/?before=-1",
        "/no/such/page",
    ],
)
def test_what_is_not_there_is_a_404_in_our_look(client: Client, busy: Builder, path: str) -> None:
    del busy
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"mini_buildd/style.css" in answer.content
    assert b"<h1>Not found</h1>" in answer.content


def test_a_broken_page_is_a_500_in_our_look(
    busy: Builder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    del busy

    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("mini_buildd.web.views.now.find_now", broken)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert b"Something broke" in answer.content
    assert b"a defect" not in answer.content
    assert "a defect" in caplog.text


@pytest.mark.parametrize("path", [*PAGES, "/builds/1/", "/builds/1/log"])
def test_nothing_but_reading_is_possible(client: Client, busy: Builder, path: str) -> None:
    del busy
    assert client.post(path).status_code == 405
    assert client.delete(path).status_code == 405


def test_pages_load_nothing_foreign_and_run_nothing_inline(client: Client, busy: Builder) -> None:
    del busy
    for path in paths():
        answer = client.get(path)
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        html = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html), path
        # Feeds are named, and not loaded.
        shown = re.sub(r'<link rel="alternate"[^>]*>', "", html)
        for loaded in re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', shown):
            assert loaded.startswith("/static/"), loaded


def test_home_tells_what_needs_somebody(client: Client, busy: Builder) -> None:
    text = text_of(client, "/")
    assert "Needs you rejected figlet 2.2.5-3 The version breaks the rule of its suite" in text
    assert "failed in build zlib" in text
    assert "Running 2 of 2" in text
    assert "of ~2:40" in text
    busy.published("zlib", "1:1.4-1~test13+1", minutes=1)
    busy.published("figlet", "2.2.5-3~test13+1", minutes=1)
    assert "Needs you" not in text_of(client, "/")


def test_a_rejected_upload_tells_why_and_what_to_do(client: Client, busy: Builder) -> None:
    del busy
    upload = models.Upload.objects.get(state="rejected")
    text = text_of(client, f"/uploads/{upload.pk}/")
    assert "The version breaks the rule of its suite" in text
    assert "version-against-rule" in text
    assert "Found 2.2.5-3 Next step Set the version with: dch" in text


def test_a_published_upload_shows_builds_files_and_news(client: Client, busy: Builder) -> None:
    del busy
    source = models.Source.objects.get(name="bc")
    text = text_of(client, f"/uploads/{source.upload_id}/")
    assert "built amd64 2:40" in text
    assert "built i386 2:40" in text
    assert "Let the tests run on i386 too." in text
    assert "725.9 kB" in text


def test_a_failed_build_shows_the_failing_part_first(client: Client, busy: Builder) -> None:
    del busy
    job = models.Job.objects.get(state=JobState.FAILED)
    html = client.get(f"/builds/{job.pk}/").content.decode()
    assert html.index("Segmentation fault") < html.index("sbuild (Debian sbuild)")
    line = re.search(r'href="#(L\d+)"[^>]*></a>make\[1\]: \*\*\* \[Makefile:98', html)
    assert line is not None
    assert f'id="{line[1]}"' in html
    assert "attempt 1" in html
    assert 'class="phase failed">Build <' in html


def test_a_good_build_lists_what_it_made(client: Client, busy: Builder) -> None:
    del busy
    job = models.Job.objects.filter(source__name="bc", architecture="amd64").get()
    html = client.get(f"/builds/{job.pk}/").content.decode()
    url = "http://buildd.example:8066/archive/test/pool/main/b/bc/bc_1.07.1-4~test13+1_amd64.deb"
    assert f'href="{url}"' in html
    assert "bc_1.07.1-4~test13+1_amd64.buildinfo" in html
    assert "Why it failed" not in html


def test_a_missing_log_is_said(client: Client, busy: Builder) -> None:
    job = models.Job.objects.get(state=JobState.FAILED)
    busy.log_path(job.attempts.get(number=2)).unlink()
    assert "The log of this attempt is no longer here." in text_of(client, f"/builds/{job.pk}/")
    running = models.Job.objects.filter(state=JobState.RUNNING).earliest("pk")
    busy.log_path(running.attempts.get()).unlink()
    assert "The log has not begun yet." in text_of(client, f"/builds/{running.pk}/")
    assert client.get(f"/builds/{job.pk}/log.txt").status_code == 404


def test_hostile_text_is_shown_and_not_obeyed(client: Client, busy: Builder) -> None:
    evil = "<script>alert(1)</script>"
    source = busy.source("evil", "1", minutes=2)
    source.changes = evil
    source.save()
    job = busy.job(source, JobState.FAILED, reason=evil)
    text = logs.opening("evil", "1", "amd64") + f"{evil} error: \x1b[31m{evil}\x1b[0m\n"
    busy.attempt(job, text, Outcome.FAILED, stage=evil, reason=evil)
    models.Upload.objects.filter(source=source).update(source_name=evil, version=evil)
    for path in ("/", "/uploads/", "/builds/", "/events/", f"/uploads/{source.upload_id}/"):
        assert evil not in client.get(path).content.decode(), path
    page = client.get(f"/builds/{job.pk}/").content.decode()
    assert evil not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; error: &lt;script&gt;" in page
    answer = client.get(f"/builds/{job.pk}/log")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_repository_gives_lines_that_work_pasted(client: Client, busy: Builder) -> None:
    del busy
    html = unescape(client.get("/repositories/test/").content.decode())
    url = "http://buildd.example:8066/archive/test/trixie-test-unstable.sources"
    target = "/etc/apt/sources.list.d/trixie-test-unstable.sources"
    assert f"sudo curl -fsSo {target} {url}\nsudo apt update</pre>" in html
    assert (
        "[example]\nmethod = ftp\nfqdn = buildd.example:8067\nlogin = anonymous\n"
        "incoming = /\nallow_unsigned_uploads = 0</pre>"
    ) in html
    assert "versions end in <code>~test13+1</code>" in html
    assert "takes no uploads" in html


def test_a_repository_shows_each_way_in_for_who_reads_and_how_to_know_the_host(
    client: Client, busy: Builder, tmp_path: Path
) -> None:
    del busy
    host_keys(tmp_path / "ssh")
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", tmp_path / "ssh" / "host_ed25519_key.pub"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[1]
    client.force_login(User.objects.create_user("eve"))
    html = unescape(client.get("/repositories/test/").content.decode())
    assert f"{shown} (ssh-ed25519)" in html
    assert "[example-scp]\nmethod = scp\nfqdn = buildd.example\nlogin = eve\n" in html
    for way in ("SFTP, with dput-ng", "FTP over TLS, with dput-ng"):
        assert f"By {way}" in html


def test_a_base_whose_date_nobody_checks_is_told_as_a_warning(
    client: Client, busy: Builder
) -> None:
    del busy
    assert "is not checked" not in client.get("/repositories/test/").content.decode()
    base = Base.objects.get(codename="trixie")
    AptSource.objects.create(
        base=base, url="http://archive.example/debian", suite="trixie", check_valid_until=False
    )
    html = client.get("/repositories/test/").content.decode()
    assert "The date of http://archive.example/debian trixie is not checked" in html


def test_lists_page_by_id_without_repeating_or_losing_a_row(
    client: Client, builder: Builder
) -> None:
    for number in range(120):
        builder.upload("sl", f"{number}-1~test13+1")
    seen: list[str] = []
    path: str | None = "/uploads/"
    while path is not None:
        html = client.get(path).content.decode()
        seen += re.findall(r'<td class="what"><a href="/uploads/(\d+)/"', html)
        if len(seen) == 50:
            builder.upload("sl", "new-1~test13+1")
        older = re.search(r'href="(\?before=\d+)"', html)
        path = f"/uploads/{older[1]}" if older else None
    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen, key=int, reverse=True)


def test_the_account_link_leads_to_the_login_or_the_settings(client: Client, db: None) -> None:
    del db
    assert "Sign in" in text_of(client, "/")
    client.force_login(User.objects.create_superuser("root"))
    text = text_of(client, "/")
    assert "Settings" in text
    assert "Sign in" not in text


def _key_that_ends(home: Path, *, days: int) -> str:
    """Let the instance sign with a key that ends so soon; its fingerprint."""
    folder = home / "gnupg"
    folder.mkdir(mode=0o700, exist_ok=True)
    made = gpg.make_signing_key(folder, "example archive", "x@example.invalid", expires=f"{days}d")
    gpg.stop_agent(folder)
    (folder / "archive-key").write_text(f"{made}\n", encoding="ascii")
    return made


def test_the_home_page_warns_of_a_key_that_runs_out(client: Client, builder: Builder) -> None:
    assert "key" not in text_of(client, "/")
    fingerprint = _key_that_ends(builder.home, days=900)
    assert fingerprint not in text_of(client, "/")
    fingerprint = _key_that_ends(builder.home, days=41)
    shown = text_of(client, "/")
    assert "A key that signs the archive expires in 40 days" in shown
    assert f"{fingerprint} , on " in shown
    assert "mini-buildd key rotate" in shown


def test_a_keyring_that_the_archive_has_uploaded_is_said_to_be_its_own(
    client: Client, builder: Builder
) -> None:
    source = builder.source("example-archive-keyring", "2026.11.20~test13+1")
    models.Upload.objects.update(signed_by=None)
    assert "signed by this archive itself" in text_of(client, f"/uploads/{source.upload_id}/")
    assert "this archive itself" in text_of(client, "/uploads/")
    models.Upload.objects.update(state="rejected")
    assert "this archive itself" not in text_of(client, "/uploads/")


def test_home_shows_ones_own_first_and_how_the_instance_is(client: Client, busy: Builder) -> None:
    busy.failed("first", "1-1", minutes=2)
    models.Upload.objects.filter(source_name="first").update(signed_by=None, signer="Somebody")
    assert "your upload" not in text_of(client, "/")
    client.force_login(User.objects.get(username="ada"))
    text = text_of(client, "/")
    assert text.index("your upload") < text.index("failed in build first")
    assert "archive published" in text
    assert "1 chroot has a problem" in text
    assert re.search(r"disk \d+ % free", text)
