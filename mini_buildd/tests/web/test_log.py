"""Logs on pages: followed without gaps, read in bounded parts, however large they are."""

import random
import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.db import models
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.tests.web import logs
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tools.log_file import compress_log, compressed
from mini_buildd.tools.log_part import MAX_BYTES, read_part
from mini_buildd.tools.log_plain import plain
from mini_buildd.tools.sbuild_log import Line
from mini_buildd.web.log.colour import coloured
from mini_buildd.web.log.index import LogIndex, index_of
from mini_buildd.web.log.markup import lines_markup
from mini_buildd.web.log.window import WINDOW_BYTES, read_reason, read_window


def running(builder: Builder) -> models.Attempt:
    """A build under way whose log is still empty."""
    job = builder.job(builder.source("hello", "1"), JobState.RUNNING)
    return builder.attempt(job, "")


def test_following_a_growing_log_gives_every_byte_once(client: Client, builder: Builder) -> None:
    attempt = running(builder)
    chance = random.Random(7)  # noqa: S311  # the sizes of writes, nothing secret
    whole = (logs.succeeded("hello", "1", "amd64") + "€äß\n" * 5000).encode()
    path = builder.log_path(attempt)
    got, offset, written, state = b"", 0, 0, "running"
    while state == "running":
        step = chance.randrange(0, 9000)
        with path.open("ab") as stream:
            stream.write(whole[written : written + step])
        written = min(len(whole), written + step)
        if written == len(whole):
            models.Attempt.objects.filter(pk=attempt.pk).update(outcome=Outcome.SUCCEEDED)
        answer = client.get(f"/builds/{attempt.job_id}/log?attempt=1&offset={offset}")
        got += answer.content
        offset = int(answer["X-Log-Next-Offset"])
        state = answer["X-Log-State"]
        assert offset == len(got)
        assert answer["Cache-Control"] == "no-store"
    assert got == whole


def test_a_log_that_is_not_there_yet_is_empty_and_goes_on(client: Client, builder: Builder) -> None:
    attempt = running(builder)
    builder.log_path(attempt).unlink()
    answer = client.get(f"/builds/{attempt.job_id}/log?offset=0")
    assert (answer.content, answer["X-Log-Next-Offset"]) == (b"", "0")
    assert answer["X-Log-State"] == "running"


def test_who_follows_goes_on_without_gap_when_the_log_is_compressed(
    client: Client, builder: Builder
) -> None:
    attempt, whole = running(builder), ("grün €\n" * 300_000).encode()
    path = builder.log_path(attempt)
    path.write_bytes(whole)
    url = f"/builds/{attempt.job_id}/log?attempt=1&offset="
    first = client.get(f"{url}0")
    models.Attempt.objects.filter(pk=attempt.pk).update(outcome=Outcome.SUCCEEDED)
    compress_log(path)
    assert not path.exists()
    got, offset, state = first.content, first["X-Log-Next-Offset"], first["X-Log-State"]
    while state == "running":
        answer = client.get(f"{url}{offset}")
        got += answer.content
        offset, state = answer["X-Log-Next-Offset"], answer["X-Log-State"]
    assert got == whole
    assert client.get(f"{url}{10**12}")["X-Log-Next-Offset"] == str(len(whole))


def test_a_log_that_was_cut_meanwhile_is_followed_from_its_new_end(
    client: Client, builder: Builder
) -> None:
    attempt = running(builder)
    path = builder.log_path(attempt)
    path.write_bytes(b"some lines\n" * 9)
    index_of(path)
    path.write_bytes(b"one line\n")
    answer = client.get(f"/builds/{attempt.job_id}/log?offset=99")
    assert (answer.content, answer["X-Log-Next-Offset"]) == (b"", "9")
    assert read_window(path, is_growing=True).next_line == 2


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-", slice(0, None)),
        ("bytes=1200000-", slice(1_200_000, None)),
        ("bytes=5-9", slice(5, 10)),
        ("bytes=1000000-99999999999", slice(1_000_000, None)),
    ],
)
def test_a_download_may_go_on_where_it_broke_off(
    client: Client, builder: Builder, wanted: str, part: slice
) -> None:
    attempt, whole = running(builder), b"".join(b"%d\n" % line for line in range(300_000))
    path = builder.log_path(attempt)
    path.write_bytes(whole)
    begin, expected = part.start, whole[part]
    for _ in range(2):
        url = f"/builds/{attempt.job_id}/log.txt"
        answer = client.get(url, headers={"Range": wanted})
        assert answer.status_code == 206
        assert answer.getvalue() == expected
        assert answer["Content-Length"] == str(len(expected))
        last = begin + len(expected) - 1
        assert answer["Content-Range"] == f"bytes {begin}-{last}/{len(whole)}"
        if path.exists():
            compress_log(path)


@pytest.mark.parametrize("wanted", ["", "bytes=9-5", "bytes=-5", "lines=1-2", "bytes=0-1,3-4"])
def test_a_download_is_the_whole_log_unless_one_part_was_asked_for(
    client: Client, builder: Builder, wanted: str
) -> None:
    attempt = running(builder)
    builder.log_path(attempt).write_bytes(b"0123456789")
    url = f"/builds/{attempt.job_id}/log.txt"
    answer = client.get(url, headers={"Range": wanted})
    assert (answer.status_code, answer.getvalue()) == (200, b"0123456789")


def test_a_download_from_behind_the_end_is_refused(client: Client, builder: Builder) -> None:
    attempt = running(builder)
    builder.log_path(attempt).write_bytes(b"abc")
    url = f"/builds/{attempt.job_id}/log.txt"
    answer = client.get(url, headers={"Range": "bytes=3-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */3")
    answer = client.head(url)
    assert answer["Content-Length"] == "3"
    answer.close()


def test_a_compressed_log_is_shown_like_any_other(client: Client, builder: Builder) -> None:
    job = builder.failed("zlib", "1-1~test13+1")
    path = builder.log_path(job.attempts.get(number=2))
    before = client.get(f"/builds/{job.pk}/").content
    compress_log(path)
    assert client.get(f"/builds/{job.pk}/").content == before


def test_a_damaged_log_breaks_no_page(client: Client, builder: Builder) -> None:
    job = builder.failed("zlib", "1-1~test13+1")
    path = builder.log_path(job.attempts.get(number=2))
    compress_log(path)
    packed = compressed(path)
    packed.write_bytes(b"\0" * 100 + packed.read_bytes()[100:])
    assert client.get(f"/builds/{job.pk}/").status_code == 200
    assert client.get(f"/builds/{job.pk}/log?offset=0").status_code == 404
    packed.write_bytes(b"")
    assert client.get(f"/builds/{job.pk}/log.txt").status_code == 404


def test_an_answer_holds_at_most_a_mebibyte_and_only_the_last_says_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * (2 * MAX_BYTES + 1))
    parts = [read_part(log, offset * MAX_BYTES, is_over=True) for offset in range(3)]
    assert [len(part.data) for part in parts] == [MAX_BYTES, MAX_BYTES, 1]
    assert [part.has_ended for part in parts] == [False, False, True]


def test_an_offset_past_the_end_comes_back_to_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"abc")
    part = read_part(log, 10**15, is_over=False)
    assert (part.data, part.next_offset) == (b"", 3)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A failed log of some 5 MB."""
    log = tmp_path / "log"
    text = logs.failed("zlib", "1", "i386")
    cut = text.index("   dh_auto_test")
    noise = "".join(f"cc -O2 -c part{number}.c\n" for number in range(200_000))
    log.write_text(text[:cut] + noise + text[cut:])
    return log


def test_a_window_shows_a_bounded_part_with_the_right_numbers(large: Path) -> None:
    lines = large.read_text().split("\n")
    for wanted in (None, 1, 50_000, 199_000, 10**9):
        window = read_window(large, wanted, is_growing=False)
        assert window.end - window.start <= WINDOW_BYTES
        for number, line in window.lines:
            assert number is not None
            assert plain(lines[number - 1]) == line.text
        if wanted in (1, 50_000, 199_000):
            assert window.holds(wanted or 0)


def test_windows_lead_from_one_to_the_next_over_the_whole_log(large: Path) -> None:
    seen, line = 0, 1
    while True:
        window = read_window(large, line, is_growing=False)
        assert window.first_line is not None
        assert window.first_line <= seen + 1
        seen = (window.next_line or 0) - 1
        if window.later_line is None:
            break
        line = window.later_line
    assert seen == large.read_text().count("\n")


def test_the_reason_of_a_large_log_is_found_at_its_end(large: Path) -> None:
    reason = read_reason(large)
    lines = large.read_text().split("\n")
    assert any("Segmentation fault" in line.text for line in reason.lines)
    assert all(lines[line.number - 1] == line.text for line in reason.lines)


def test_a_request_reads_no_more_than_its_part_of_the_log(large: Path) -> None:
    index = LogIndex()
    sizes = []
    while index.scanned < large.stat().st_size - 1000:
        before = index.scanned
        index.extend(large, limit=1 << 20)
        sizes.append(index.scanned - before)
    assert max(sizes) <= (1 << 20) + (256 << 10)
    assert [phase.title for phase in index.phases][-2:] == ["Cleanup", "Summary"]


def test_an_index_that_grew_with_its_log_knows_what_a_fresh_one_knows(tmp_path: Path) -> None:
    log = tmp_path / "log"
    text = logs.succeeded("hello", "1", "amd64").encode()
    for place in range(0, len(text), 37):
        with log.open("ab") as stream:
            stream.write(text[place : place + 37])
        index_of(log)
    fresh = LogIndex()
    fresh.extend(log)
    assert index_of(log).phases == fresh.phases
    assert index_of(log).scanned == len(text)


def test_a_line_without_end_stops_nobody(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 3_000_000)
    window = read_window(log, is_growing=False)
    assert window.end == 3_000_000
    assert sum(len(line.text) for _, line in window.lines) <= WINDOW_BYTES


def test_a_page_of_a_large_log_has_links_that_lead_to_lines(
    client: Client, builder: Builder, large: Path
) -> None:
    job = builder.job(builder.source("zlib", "1"), JobState.FAILED, "i386")
    attempt = builder.attempt(job, "", Outcome.FAILED, stage="build")
    builder.log_path(attempt).write_bytes(large.read_bytes())
    html = client.get(f"/builds/{job.pk}/").content.decode()
    link = re.search(r'href="([^"#]*)#(L\d+)" class="phase">Update chroot</a>', html)
    assert link is not None
    assert f'id="{link[2]}"' in client.get(unescape(link[1])).content.decode()
    assert "Earlier lines" in html
    assert len(html) < 6 * WINDOW_BYTES
    raw = client.get(f"/builds/{job.pk}/log.txt?attempt=1")
    assert raw.getvalue() == large.read_bytes()


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("\x1b[1;31mred\x1b[0m end", [("red", "c1 cb"), (" end", "")]),
        ("\x1b[32mok\x1b[39m\x1b[Kx", [("ok", "c2"), ("x", "")]),
        ("a\x1b[94mblue\rb\x1b[1mc\r", [("b", "c4"), ("c", "c4 cb")]),
        ("\x1b[38;5;196mmany\x1b[m", [("many", "")]),
        ("\x1b[01m\x1b[Ka.c:2:\x1b[m\x1b[K x", [("a.c:2:", "cb"), (" x", "")]),
    ],
)
def test_colours_become_classes(line: str, pieces: list[tuple[str, str]]) -> None:
    assert list(coloured(line)) == pieces


@given(st.text(st.sampled_from("ab\x1b[]0;139m\r\x07\x00K\\"), max_size=40))
def test_colours_change_nothing_but_the_look(line: str) -> None:
    assert "".join(text for text, _ in coloured(line)) == plain(line)


def test_a_line_in_colour_is_escaped_like_any_other() -> None:
    raw = "<b>\x1b[31m<i>&\x1b[0m"
    html = lines_markup([(1, Line(1, plain(raw)))], [raw])
    assert '&lt;b&gt;<span class="c1">&lt;i&gt;&amp;</span>' in html


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("10%\r55%\r100%", "100%"),
        ("dos\r", "dos"),
        ("a\x1b]0;title\x07b", "ab"),
        ("bell\x07 tab\tend\x00", "bell tab\tend"),
        ("grün", "grün"),
    ],
)
def test_what_only_a_terminal_understands_is_left_out(line: str, shown: str) -> None:
    assert plain(line) == shown
