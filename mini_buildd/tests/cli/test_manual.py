"""The manual pages are those of the program, and man renders them without complaint."""

import shutil
import subprocess

import pytest

from mini_buildd.cli.remote import _ALONE, _COMMANDS
from mini_buildd.cli.remote_options import make_parser
from mini_buildd.tests.cli.manual import DOC, pages


def test_the_pages_in_doc_are_those_of_the_program() -> None:
    for name, text in pages().items():
        assert (DOC / "man" / name).read_text(encoding="utf-8") == text, (
            "write them anew by: python -m mini_buildd.tests.cli.manual"
        )


def test_every_command_that_is_parsed_is_done_told_and_documented() -> None:
    (commands,) = (each for each in make_parser()._actions if each.dest == "command")
    assert commands.choices is not None
    names = set(commands.choices)
    assert names == {*_COMMANDS, *_ALONE}
    manual = pages()["mini-buildd-api.1"].replace("\\-", "-")
    reference = (DOC / "reference" / "client.md").read_text(encoding="utf-8")
    for name in names:
        assert f".SS {name}\n" in manual
        assert f"`{name}" in reference, name


@pytest.mark.parametrize("name", sorted(pages()))
def test_man_has_nothing_to_complain_of(name: str) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        [groff, "-man", "-Tutf8", "-ww", "-K", "utf8", "-P-cbou", DOC / "man" / name],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "SEE ALSO" in done.stdout
