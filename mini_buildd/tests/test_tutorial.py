"""The tutorial says what the pages say; whole/test_first_steps.py follows it to its end."""

import re
import shlex

import pytest

from mini_buildd.cli.main import _parser
from mini_buildd.domain.first_package import BUILD, dput_command, first_package
from mini_buildd.tests.tutorial import TUTORIAL, boxes

ADA = "Ada Example <ada@example.org>"
BOXES = boxes(codename="trixie", code="13", http_port=8066, ftp_port=8067)
OURS = [
    *re.findall(r"`mini-buildd ([^`]+)`", TUTORIAL.read_text(encoding="utf-8")),
    *(box.removeprefix("mini-buildd ") for box in BOXES if box.startswith("mini-buildd ")),
]


def test_its_package_is_the_one_that_the_pages_offer() -> None:
    version = "1.0~test13+1"
    script = first_package(maintainer=ADA, version=version, distribution="trixie-test-unstable")
    assert script in BOXES
    assert BUILD in BOXES
    assert dput_command("mini-buildd", version) in BOXES


def test_it_names_commands_of_ours() -> None:
    assert {"run", "setup --check"} <= set(OURS)


@pytest.mark.parametrize("command", OURS)
def test_each_of_our_commands_is_understood(command: str) -> None:
    """Asked for help at its end, it complains of nothing that was said before."""
    with pytest.raises(SystemExit) as ended:
        _parser().parse_args([*shlex.split(command), "--help"])
    assert ended.value.code == 0
