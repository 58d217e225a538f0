"""What an upload may ask for in its changelog, and how it is told when that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.names import Architecture
from mini_buildd.domain import upload_options
from mini_buildd.domain.problem import OptionMalformed, OptionUnknown
from mini_buildd.domain.upload_options import UploadOptions, read_options

_HERE = "trixie-test-unstable"


def _entry(*lines: str, version: str = "1.0-1~test13+1") -> str:
    return "\n".join([f" hello ({version}) {_HERE}; urgency=medium", "", *lines, ""])


def _read(*options: str) -> UploadOptions:
    return read_options(_entry(*(f"   * MINI_BUILDD_OPTION: {each}" for each in options)), _HERE)


def test_without_options_nothing_is_asked_for() -> None:
    for changes in ("", "no entry at all", _entry("   * New.", "   * See MINI_BUILDD_OPTION.")):
        assert read_options(changes, _HERE) == UploadOptions()


def test_each_option_has_its_values() -> None:
    options = _read(
        "build-profiles=nocheck pkg.hello.no-gui",
        "build-options=parallel=4  noautodbgsym",
        "only-architectures=amd64 arm64",
        "ignore-architectures=i386",
        "priority=-3",
    )
    assert options.profiles == ("nocheck", "pkg.hello.no-gui")
    assert options.build_options == ("parallel=4", "noautodbgsym")
    assert options.only_architectures == ("amd64", "arm64")
    assert options.ignored_architectures == ("i386",)
    assert options.priority == -3


@pytest.mark.parametrize(
    ("only", "ignored", "wanted"),
    [("", "", "amd64 i386"), ("i386", "", "i386"), ("", "i386", "amd64"), ("i386", "i386", "")],
)
def test_architectures_are_chosen_or_left_out(only: str, ignored: str, wanted: str) -> None:
    options = UploadOptions(
        only_architectures=tuple(map(Architecture, only.split())),
        ignored_architectures=tuple(map(Architecture, ignored.split())),
    )
    both = [Architecture("amd64"), Architecture("i386")]
    assert [each for each in both if options.wants(each)] == wanted.split()


@pytest.mark.parametrize(
    ("options", "priority"),
    [
        (["priority=1", f"priority[{_HERE}]=2"], 2),
        ([f"priority[sid-test-unstable {_HERE}]=2", "priority=1"], 2),
        (["priority[sid-test-unstable]=2", "priority=1"], 1),
        (["priority[sid-test-unstable]=2"], 0),
        (["priority[sid-test-unstable]=2", "priority[trixie-test-hotfix]=3"], 0),
    ],
)
def test_what_is_said_of_a_distribution_goes_before_what_is_said_of_all(
    options: list[str], priority: int
) -> None:
    assert _read(*options).priority == priority


def test_a_value_goes_on_in_the_next_lines_of_its_item() -> None:
    changes = _entry(
        "   * MINI_BUILDD_OPTION: build-profiles=nocheck",
        "     nodoc",
        "   [ Somebody Else ]",
        "   * MINI_BUILDD_OPTION: build-options=",
        "     terse",
        "",
        "   Not of it.",
    )
    options = read_options(changes, _HERE)
    assert (options.profiles, options.build_options) == (("nocheck", "nodoc"), ("terse",))


def test_only_the_top_entry_counts() -> None:
    older = _entry("   * MINI_BUILDD_OPTION: priority=9", version="0.9")
    changes = _entry("   * New.") + "\n" + older
    assert read_options(changes, _HERE) == UploadOptions()
    assert read_options(older, _HERE).priority == 9


def test_an_unknown_option_is_told_by_its_name_with_those_there_are() -> None:
    with pytest.raises(OptionUnknown) as caught:
        _read("build-profile=nocheck")
    assert "build-profile=nocheck" in caught.value.found
    assert "build-profiles" in caught.value.expected


@pytest.mark.parametrize(
    "option",
    [
        "",
        "priority",
        "=3",
        "priority=",
        "priority=high",
        "priority=11",
        "priority=1=2",
        "priority[]=1",
        "priority[trixie]=1",
        "priority[trixie-test-unstable=1",
        "priority[../etc-x-y]=1",
        "build-profiles=",
        "build-profiles=!nocheck",
        "build-profiles=libfoo (>= 1.2)",
        "build-profiles=pkg.hello",
        "build-profiles=pkg.hello.",
        "build-profiles=pkg..gui",
        "build-options=parallel=",
        "build-options=$(id)",
        "build-options=" + "long " * 50,
        "only-architectures=amd64,i386",
    ],
)
def test_what_cannot_be_read_is_told_with_what_was_written(option: str) -> None:
    with pytest.raises(OptionMalformed) as caught:
        _read(option)
    assert option[:50].strip() in caught.value.found
    assert caught.value.hint


@pytest.mark.parametrize("option", ["priority=11", "nothing=1"])
def test_options_for_other_distributions_are_checked_too(option: str) -> None:
    key, _, value = option.partition("=")
    with pytest.raises((OptionMalformed, OptionUnknown)):
        _read(f"{key}[sid-test-unstable]={value}")


@pytest.mark.parametrize("where", ["", f"[{_HERE}]"])
def test_an_option_that_is_there_twice_is_refused(where: str) -> None:
    with pytest.raises(OptionMalformed, match="priority once"):
        _read(f"priority{where}=1", f"priority{where}=2")


@pytest.mark.parametrize(
    "item",
    ["MINI_BUILDD_OPTION priority=1", "MINI_BUILDD_OPTIONS: priority=1", "Mini-Buildd-Option: x=1"],
)
def test_what_was_meant_for_an_option_is_not_passed_over(item: str) -> None:
    with pytest.raises(OptionMalformed):
        read_options(_entry(f"   * {item}"), _HERE)


@given(st.text(max_size=80))
def test_any_value_is_read_or_refused(value: str) -> None:
    try:
        options = _read(f"build-options={value}")
    except (OptionMalformed, OptionUnknown):
        return
    written = " ".join(options.build_options)
    assert (
        read_options(_entry(f"   * MINI_BUILDD_OPTION: build-options={written}"), _HERE) == options
    )


@given(st.text("ab1 .=()<>[]!|,:~+-", max_size=120), st.sampled_from(["", f"[{_HERE}]"]))
def test_the_value_is_all_that_follows_the_equals_sign(value: str, where: str) -> None:
    """Whatever an option may take one day: ``libfoo (>= 1.2) [amd64] <!nocheck>, a=b``."""
    entry = _entry(f"   * MINI_BUILDD_OPTION: build-options{where}={value}")
    (item,) = upload_options._items(entry)
    option = upload_options._parse(item)
    assert (option.key, option.value) == ("build-options", " ".join(value.split()))
    assert option.where == tuple(where.strip("[]").split())


@given(st.lists(st.text("ab1.=(>)", min_size=1, max_size=9), min_size=1, max_size=12))
def test_a_value_is_the_same_in_one_line_or_in_many(words: list[str]) -> None:
    one = _entry(f"   * MINI_BUILDD_OPTION: build-options={' '.join(words)}")
    many = _entry("   * MINI_BUILDD_OPTION: build-options=", *(f"     {word}" for word in words))
    values = [
        upload_options._parse(next(upload_options._items(each))).value for each in (one, many)
    ]
    assert values[0] == values[1] == " ".join(words)
