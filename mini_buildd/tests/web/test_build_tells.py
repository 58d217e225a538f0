"""What a build's page tells beside its log: what it was built with, and what was looked for."""

from pathlib import Path

import pytest
from django.test import Client

from mini_buildd.config.places import Places
from mini_buildd.db import models
from mini_buildd.deb.buildinfo import installed_packages
from mini_buildd.flow.built_with import built_with
from mini_buildd.tests.web import logs
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.test_pages import text_of
from mini_buildd.tools.log_file import compress_log
from mini_buildd.tools.log_find import find_in_log

_BUILDINFO = """Format: 1.0
Source: hello
Installed-Build-Depends:
 autoconf (= 2.72-3),
 gcc-14:amd64 (= 14.2.0-19),
 libc6-dev (= {libc}),
 make (= 4.4.1-2){more}
"""


def write_buildinfo(builder: Builder, source: models.Source, libc: str, more: str = "") -> None:
    """Put the file into the pool that the rows name."""
    for attempt in models.Attempt.objects.filter(job__source=source):
        assert attempt.buildinfo is not None
        path = Places(builder.home).archive / "test" / attempt.buildinfo.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_BUILDINFO.format(libc=libc, more=more), encoding="utf-8")


@pytest.fixture
def twice(builder: Builder) -> models.Job:
    """The second of two good builds on amd64; the first was made with other packages."""
    write_buildinfo(
        builder, builder.published("hello", "1-1", minutes=90), "2.41-1", ",\n sed (= 4)"
    )
    second = builder.published("hello", "2-1", minutes=30)
    write_buildinfo(builder, second, "2.41-2", ",\n tar (= 1.35)")
    return second.jobs.get(architecture="amd64")


def test_a_buildinfo_names_packages_with_versions_and_without_architectures() -> None:
    found = installed_packages(_BUILDINFO.format(libc="2.41-1", more="").encode())
    assert found == {
        "autoconf": "2.72-3",
        "gcc-14": "14.2.0-19",
        "libc6-dev": "2.41-1",
        "make": "4.4.1-2",
    }
    assert installed_packages(b"Format: 1.0\n") == {}


def test_it_tells_what_is_otherwise_than_in_the_good_build_before(
    builder: Builder, twice: models.Job
) -> None:
    found = built_with(Places(builder.home), twice.pk)
    assert found is not None
    assert [(each.name, each.before, each.after) for each in found.changes] == [
        ("libc6-dev", "2.41-1", "2.41-2"),
        ("sed", "4", None),
        ("tar", None, "1.35"),
    ]
    assert found.before is not None
    assert found.before.version == "1-1"
    assert len(found.packages) == 5


def test_the_page_lists_them_and_how_large_packages_were(client: Client, twice: models.Job) -> None:
    models.PoolFile.objects.filter(name="hello_1-1_amd64.deb").update(size_bytes=1234)
    text = text_of(client, f"/builds/{twice.pk}/")
    assert "Built with 5 packages" in text
    assert "3 are other versions than in the good build before" in text
    assert "libc6-dev 2.41-1 2.41-2" in text
    assert "(was 1.2 kB)" in text


def test_the_first_build_has_nothing_to_be_compared_with(
    client: Client, builder: Builder, twice: models.Job
) -> None:
    first = models.Job.objects.get(source__version="1-1", architecture="amd64")
    del twice, builder
    text = text_of(client, f"/builds/{first.pk}/")
    assert "Built with 5 packages" in text
    assert "good build before" not in text


def test_without_its_file_nothing_is_said(client: Client, builder: Builder) -> None:
    job = builder.published("hello", "1-1").jobs.get(architecture="amd64")
    assert "Built with" not in text_of(client, f"/builds/{job.pk}/")


def test_private_builds_before_are_not_told(
    client: Client, builder: Builder, twice: models.Job
) -> None:
    del builder
    models.Repository.objects.update(is_private=True)
    assert client.get(f"/builds/{twice.pk}/").status_code == 404


# --- looking for a text ------------------------------------------------------------


def test_a_text_is_found_in_a_log_of_either_form(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\nA \x1b[31mRed\x1b[0m line\nerror: no such red\nÄrger\n", encoding="utf-8")
    for _ in range(2):
        hits = find_in_log(log, "RED")
        assert [(line.number, line.text) for line in hits.lines] == [
            (2, "A Red line"),
            (3, "error: no such red"),
        ]
        assert [line.is_error for line in hits.lines] == [False, True]
        assert [line.number for line in find_in_log(log, "ärger").lines] == [4]
        assert not hits.is_cut
        if log.exists():
            compress_log(log)


def test_of_very_many_lines_the_first_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("again\n" * 1000)
    hits = find_in_log(log, "again")
    assert hits.is_cut
    assert [line.number for line in hits.lines] == list(range(1, 201))


def test_an_endless_line_counts_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * (3 << 20) + b"\nneedle\n")
    assert [line.number for line in find_in_log(log, "needle").lines] == [2]


def test_the_page_links_each_line_found(client: Client, builder: Builder) -> None:
    job = builder.failed("zlib", "1-1")
    number = (
        logs.failed("zlib", "1-1", "i386")
        .splitlines()
        .index(
            next(line for line in logs.failed("zlib", "1-1", "i386").splitlines() if "Segm" in line)
        )
    )
    page = client.get(f"/builds/{job.pk}/?find=segmentation").content.decode()
    assert f"line={number + 1}&amp;find=segmentation#L{number + 1}" in page
    assert "0 lines with “nothing at all”" in text_of(
        client, f"/builds/{job.pk}/?find=nothing+at+all"
    )
    text_of(client, f"/builds/{job.pk}/?find=%3Cscript%3E")
    assert "<script>" not in client.get(f"/builds/{job.pk}/?find=%3Cscript%3E").content.decode()
