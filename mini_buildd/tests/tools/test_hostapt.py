"""Which archive this machine has its packages from."""

from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.names import Codename
from mini_buildd.tests.scenario import host_codename
from mini_buildd.tools.hostapt import (
    HostSource,
    keyring_of,
    parse_index_targets,
    read_host_sources,
    sources_for,
)

_DEBIAN = "http://deb.example/debian/"
_LINES = [
    f"{_DEBIAN}\ttrixie\tmain\tDebian\ttrixie",
    f"{_DEBIAN}\ttrixie\tcontrib\tDebian\ttrixie",
    f"{_DEBIAN}\ttrixie\tmain\tDebian\ttrixie",
    f"{_DEBIAN}\ttrixie-updates\tmain\tDebian\ttrixie-updates",
    "http://sec.example/\ttrixie-security\tmain\tDebian\ttrixie-security",
    "http://tool.example/\tstable\tmain\tTool Inc\tstable",
    "http://flat.example/\t./\t\tFlat\t",
]


def _urls(codename: str, lines: list[str], *, with_updates: bool = True) -> list[tuple[str, str]]:
    found = sources_for(
        Codename(codename), "Debian", parse_index_targets(lines), with_updates=with_updates
    )
    return [(each.url, each.suite) for each in found]


def test_the_components_of_a_suite_are_joined() -> None:
    first = parse_index_targets(_LINES)[0]
    assert first == HostSource(
        "http://deb.example/debian", "trixie", first.components, "Debian", "trixie"
    )
    assert first.components == ("main", "contrib")


def test_a_release_comes_first_and_its_updates_follow() -> None:
    assert _urls("trixie", _LINES) == [
        ("http://deb.example/debian", "trixie"),
        ("http://deb.example/debian", "trixie-updates"),
        ("http://sec.example", "trixie-security"),
    ]
    assert _urls("trixie", _LINES, with_updates=False) == [("http://deb.example/debian", "trixie")]


def test_another_release_is_found_where_the_hosts_own_is() -> None:
    assert _urls("forky", _LINES) == [
        ("http://deb.example/debian", "forky"),
        ("http://deb.example/debian", "forky-updates"),
        ("http://sec.example", "forky-security"),
    ]


def test_another_vendor_has_nothing_here() -> None:
    targets = parse_index_targets(_LINES)
    assert sources_for(Codename("noble"), "Ubuntu", targets, with_updates=True) == ()
    assert sources_for(Codename("noble"), "Ubuntu", (), with_updates=True) == ()


def test_an_archive_that_does_not_say_whose_it_is_is_not_taken_for_debians() -> None:
    lines = ["http://tool.example/\ttrixie\tmain\t\ttrixie", *_LINES]
    assert _urls("trixie", lines, with_updates=False) == [("http://deb.example/debian", "trixie")]


def test_without_downloaded_lists_the_name_of_the_suite_counts() -> None:
    lines = [f"{_DEBIAN}\ttrixie\tmain\t$(ORIGIN)\t$(CODENAME)"]
    assert _urls("trixie", lines) == [("http://deb.example/debian", "trixie")]


@given(st.lists(st.one_of(st.text(), st.from_regex(r"(?:[a-z./$()-]*\t){4}[a-z./$()-]*"))))
def test_any_lines_are_read(lines: list[str]) -> None:
    targets = parse_index_targets(lines)
    sources_for(Codename("trixie"), "Debian", targets, with_updates=True)


def test_this_machines_apt_tells_where_its_own_release_is() -> None:
    codename = host_codename()
    found = sources_for(codename, "Debian", read_host_sources(), with_updates=True)
    assert found[0].suite == codename
    assert "main" in found[0].components
    assert keyring_of("Debian") is not None
    assert keyring_of("Nobody") is None
