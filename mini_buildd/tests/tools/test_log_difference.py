"""In what the log of a build differs from that of a good one."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.tests.web import logs
from mini_buildd.tools.log_difference import Difference, Kind, LogDifference, difference
from mini_buildd.tools.log_sections import MOST_LINES, key_of, read_sections

GOOD = logs.succeeded("zlib", "1:1.3-1~test13+1", "i386")
BAD = logs.failed("zlib", "1:1.3-2~test13+1", "i386")


def _compare(before: str, after: str, first: str = "") -> LogDifference:
    one, other = (read_sections(io.BytesIO(text.encode())) for text in (before, after))
    return difference(one, other, first=first)


def _with_packages(log: str, *packages: str) -> str:
    title = logs.heading("Build environment")
    return log.replace(title, f"{title}Package versions: {' '.join(packages)}\n")


def _changed(found: LogDifference, kind: Kind) -> list[str]:
    return [line.text for phase in found.phases for line in phase.lines if line.kind is kind]


def test_a_log_does_not_differ_from_itself() -> None:
    assert _compare(BAD, BAD) == LogDifference(
        packages=(), knows_packages=True, phases=(), not_reached=(), is_cut=False
    )


def test_what_the_failed_build_said_otherwise_is_shown_with_its_lines() -> None:
    found = _compare(GOOD, BAD, "Build")
    assert found.phases[0].title == "Build"
    assert "\t\t*** zlib 64-bit test FAILED ***" in _changed(found, Kind.NEW)
    assert "I: Built successfully" in _changed(found, Kind.GONE)
    assert found.not_reached == ("Changes", "Post Build")
    texts = {Kind.GONE: GOOD.split("\n"), Kind.NEW: BAD.split("\n"), Kind.SAME: BAD.split("\n")}
    for line in found.phases[0].lines:
        if line.kind is not Kind.SKIPPED:
            assert plain_text(texts[line.kind][line.number - 1]) == line.text


def plain_text(text: str) -> str:
    """A line of our logs without its colours."""
    return text.replace("\x1b[32m", "").replace("\x1b[0m", "")


def test_the_package_s_own_version_is_no_difference() -> None:
    log = logs.succeeded("zlib", "1:1.3-1", "i386")
    made = "dpkg-deb: building package 'zlib1g' in '../zlib1g_1.3-1_i386.deb'.\n"
    log = log.replace("   dh_auto_build\n", f"   dh_auto_build\n{made}cd zlib-1.3\n")
    assert _compare(log, log.replace("1.3-1", "1.4.1-2").replace("1.3", "1.4.1")).phases == ()


def test_what_the_supervisor_does_before_sbuild_is_a_phase_of_its_own() -> None:
    found = _compare(logs.heading("Prepare") + GOOD, logs.heading("Prepare") + BAD)
    assert [phase.title for phase in found.phases] == ["Build"]
    key = read_sections(io.BytesIO((logs.heading("Prepare") + BAD).encode())).version
    assert key == "1:1.3-2~test13+1"


def test_packages_are_compared_by_their_versions() -> None:
    found = _compare(
        _with_packages(GOOD, "gcc-12_12.2.0-14", "libc6_2.36-9", "make_4.3-4.1"),
        _with_packages(BAD, "gcc-13_13.1.0-1", "libc6_2.36-10", "make_4.3-4.1"),
    )
    assert [(each.name, each.before, each.after) for each in found.packages] == [
        ("gcc-12", "12.2.0-14", ""),
        ("gcc-13", "", "13.1.0-1"),
        ("libc6", "2.36-9", "2.36-10"),
    ]


def test_without_the_list_of_packages_what_was_set_up_is_compared() -> None:
    later = BAD.replace("libexample7:i386 (1.7-1)", "libexample7:i386 (1.8-1)")
    (change,) = _compare(GOOD, later).packages
    assert (change.name, change.before, change.after) == ("libexample7", "1.7-1", "1.8-1")
    assert not _compare("nothing", later).knows_packages


def test_lines_that_only_moved_are_no_difference() -> None:
    lines = [f"gcc -c part{number}.c" for number in range(300)]
    begin = logs.heading("Build")
    one = begin + "\n".join(lines)
    other = begin + "\n".join([*lines[50:200], *lines[:50], "a new one", *lines[200:]])
    found = _compare(one, other)
    assert _changed(found, Kind.NEW) == ["a new one"]
    assert _changed(found, Kind.GONE) == []
    assert (found.phases[0].gone, found.phases[0].new) == (0, 1)


def test_much_that_differs_is_counted_and_not_shown() -> None:
    begin = logs.heading("Build")
    found = _compare(
        begin + "".join(f"x{number}\n" for number in range(5000)),
        begin + "".join(f"y{number}\n" for number in range(5000)),
    )
    (phase,) = found.phases
    assert (phase.gone, phase.new) == (5000, 5000)
    assert len(phase.lines) < 100
    skipped = [line.count for line in phase.lines if line.kind is Kind.SKIPPED]
    shown = [line for line in phase.lines if line.kind is not Kind.SKIPPED]
    assert sum(skipped) + len(shown) == 10_000


def test_an_error_among_much_that_is_new_is_shown() -> None:
    begin = logs.heading("Build")
    lines = [f"compiling {name}" for name in map(str, range(500))]
    lines[250] = "main.c:3: error: no such type"
    found = _compare(begin + "nothing\n", begin + "\n".join(lines))
    assert "main.c:3: error: no such type" in _changed(found, Kind.NEW)
    assert len(found.phases[0].lines) < 60


def test_of_an_endless_phase_the_first_and_last_lines_are_compared() -> None:
    begin = logs.heading("Build") + "".join(f"line {number}\n" for number in range(90_000))
    found = _compare(begin + "good\n", begin + "bad\n")
    assert found.is_cut
    assert _changed(found, Kind.NEW) == ["bad"]
    sections = read_sections(io.BytesIO(begin.encode()))
    assert len(sections.phases["Build"].lines) == MOST_LINES


def test_of_an_endless_log_the_beginning_and_the_end_are_read() -> None:
    log = logs.heading("Build") + "first\n" + "x" * 99 * 200_000 + "\nlast\n"
    found = read_sections(io.BytesIO(log.encode()))
    assert found.is_cut
    texts = [line.text for line in found.phases["Build"].lines]
    assert texts[1] == "first"
    assert texts[-2:] == ["last", ""]
    assert found.phases["Build"].lines[-2].number == 0


def test_times_hashes_and_random_names_are_no_difference() -> None:
    key = key_of("1.3-1")
    for one, other in (
        ("took 0.53 s", "took 12 seconds"),
        ("Finished at 2026-11-20T16:11:19Z", "Finished at 2027-01-02T03:04:05Z"),
        ("ld: /tmp/ccwIsifI.o: in main", "ld: /tmp/ccPZSN2t.o: in main"),
        (f"Build ID {'0f' * 20}", f"Build ID {'a1' * 20}"),
        ("line 2: 21140 Segmentation fault", "line 2: 99 Segmentation fault"),
        ("[ 12%] Building C object a.o", "[ 13%] Building C object a.o"),
        (
            "-rwxr-xr-x root/root     31024 2022-12-26 15:30 ./usr/bin/hello",
            "-rwxr-xr-x root/root     31000 2023-12-26 15:31 ./usr/bin/hello",
        ),
        ("=KTLf", "=oOxM"),
        (f" {'1b' * 20} 1088 a_1.3-1.dsc", f" {'2c' * 20} 1092 a_1.3-1.dsc"),
        ("1BXPVVQnGn+J+Farxdj2lnHgoXazXwg=", "Q52EPOjO2g6oD03CeLAa7l4CurGUYAk="),
        ("at 0x7ffd1234abcd", "at 0x55ffd0001000"),
    ):
        assert key(one) == key(other), one
    for one, other in (
        ("main.c:3: error: a", "main.c:4: error: a"),
        ("expected 42, got 41", "expected 42, got 40"),
    ):
        assert key(one) != key(other), one


_LOG = st.lists(
    st.sampled_from([*GOOD.split("\n")[20:60], *logs.heading("Build").split("\n"), "x", "y"])
    | st.text(max_size=20),
    max_size=80,
).map("\n".join)


@settings(max_examples=60, deadline=None)
@given(_LOG, _LOG)
def test_any_two_logs_can_be_compared(one: str, other: str) -> None:
    found = _compare(one, other)
    for phase in found.phases:
        assert phase.gone + phase.new > 0
        assert all(isinstance(line, Difference) for line in phase.lines)
