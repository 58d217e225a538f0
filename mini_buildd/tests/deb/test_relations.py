"""Relations: read as dpkg reads them, which is asked itself."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import Architecture, MalformedName, PackageName
from mini_buildd.deb.relations import (
    Offer,
    Relation,
    build_relations,
    parse_group,
    parse_provides,
    parse_relation,
    parse_relations,
    words,
)
from mini_buildd.deb.version import Version

AMD64 = Architecture("amd64")

_names = st.sampled_from(["aa", "bb", "mta", "libx-dev"])
_versions = st.sampled_from(["1", "1.0-1", "1:0.5", "2~rc1", "2", "2+b1"])
_operators = st.sampled_from(["<<", "<=", "=", ">=", ">>"])
_restrictions = st.sampled_from(
    ["", " [amd64]", " [!amd64]", " [i386 arm64]", " [!i386]", " [linux-any]", " [any-arm64]"]
)
_formulas = st.sampled_from(
    ["", " <!nocheck>", " <nocheck>", " <cross> <!nodoc>", " <stage1 cross>"]
)


@st.composite
def _relation_texts(draw: st.DrawFn) -> str:
    version = f" ({draw(_operators)} {draw(_versions)})" if draw(st.booleans()) else ""
    return f"{draw(_names)}{version}{draw(_restrictions)}{draw(_formulas)}"


@st.composite
def _installed(draw: st.DrawFn) -> dict[str, tuple[str, str]]:
    """Packages with their versions and what they provide."""
    found = {}
    for name in draw(st.lists(_names, unique=True, max_size=3)):
        provided = "mta" if draw(st.booleans()) else "xx"
        version = f" (= {draw(_versions)})" if draw(st.booleans()) else ""
        found[name] = (draw(_versions), f"{provided}{version}" if draw(st.booleans()) else "")
    return found


def _dpkg_is_content(field: str, profiles: str, installed: dict[str, tuple[str, str]]) -> bool:
    """What dpkg-checkbuilddeps(1) says with these packages installed."""
    with TemporaryDirectory() as folder:
        status = "\n".join(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n"
            f"Version: {version}\n{f'Provides: {provides}' if provides else 'Section: misc'}\n"
            for name, (version, provides) in installed.items()
        )
        Path(folder, "status").write_text(status + "\n", encoding="utf-8")
        Path(folder, "arch").write_text("amd64\n", encoding="utf-8")
        control = Path(folder, "control")
        control.write_text("Source: zz\n\nPackage: zz\nArchitecture: any\n", encoding="utf-8")
        done = subprocess.run(
            [
                *("dpkg-checkbuilddeps", f"--admindir={folder}", "-I", "-a", "amd64"),
                *[f"-P{profiles}"] * bool(profiles),
                *("-d", field, str(control)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        assert done.returncode == 0 or "unmet" in done.stderr.lower(), done.stderr
        return done.returncode == 0


def _offers(installed: dict[str, tuple[str, str]]) -> list[Offer]:
    found = []
    for name, (version, provides) in installed.items():
        found.append(Offer(name, Version(version), name))
        found += [Offer(given_, number, name) for given_, number in parse_provides(provides)]
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.lists(_relation_texts(), min_size=1, max_size=3),
    st.sampled_from(["", "nocheck", "cross,nodoc", "stage1,cross"]),
    _installed(),
)
def test_a_group_is_met_just_when_dpkg_says_so(
    texts: list[str], profiles: str, installed: dict[str, tuple[str, str]]
) -> None:
    field = " | ".join(texts)
    needed = build_relations(
        {"build-depends": field},
        architecture=AMD64,
        profiles=profiles.split(","),
        builds_any=True,
        builds_all=False,
    ).depends
    offers = _offers(installed)
    ours = all(any(each.is_met_by(o) for each in group for o in offers) for group in needed)
    assert ours == _dpkg_is_content(field, profiles, installed)


@given(st.lists(_relation_texts(), min_size=1, max_size=4))
def test_what_is_written_is_read_again(texts: list[str]) -> None:
    group = parse_group(" | ".join(texts))
    assert [str(each) for each in parse_group(words(group))] == [str(each) for each in group]


def test_a_relation_has_all_its_parts() -> None:
    text = "python3:any(>= 3.11~)[linux-any !s390x]  <!nocheck !cross> <stage1>"
    assert parse_relation(text) == Relation(
        PackageName("python3"),
        "any",
        ">=",
        Version("3.11~"),
        ("linux-any", "!s390x"),
        (("!nocheck", "!cross"), ("stage1",)),
    )


def test_the_old_operators_mean_what_they_once_meant() -> None:
    assert parse_relation("aa (< 2)").operator == "<="
    assert parse_relation("aa (> 2)").operator == ">="


def test_arch_and_indep_count_where_such_packages_are_made() -> None:
    fields = {
        "build-depends": "aa,\n bb [i386],",
        "build-depends-arch": "cc",
        "build-depends-indep": "dd",
        "build-conflicts": "ee (<< 2)",
        "build-conflicts-indep": "ff",
    }

    def needed(*, any_: bool, all_: bool) -> tuple[list[str], list[str]]:
        found = build_relations(
            fields, architecture=AMD64, profiles=(), builds_any=any_, builds_all=all_
        )
        return [words(each) for each in found.depends], [str(each) for each in found.conflicts]

    assert needed(any_=True, all_=False) == (["aa", "cc"], ["ee (<< 2)"])
    assert needed(any_=False, all_=True) == (["aa", "dd"], ["ee (<< 2)", "ff"])
    assert needed(any_=True, all_=True) == (["aa", "cc", "dd"], ["ee (<< 2)", "ff"])


@pytest.mark.parametrize("text", ["aa bb", "aa (2)", "aa (>= )", "(>= 2)", "aa [amd64", "aa ||bb"])
def test_what_is_no_relation_is_refused(text: str) -> None:
    with pytest.raises((MalformedControl, MalformedName)):
        parse_relations(text)
