"""The board and the rules in examples/ ask for figures that there are, by labels that they have."""

import json
import re
from pathlib import Path

import pytest

from mini_buildd.domain.waiting import Hold

EXAMPLES = Path(__file__).parents[2] / "examples"
BOARD = json.loads((EXAMPLES / "grafana" / "mini-buildd.json").read_text(encoding="utf-8"))
RULES = (EXAMPLES / "prometheus" / "mini-buildd.rules.yml").read_text(encoding="utf-8")

_FIGURE = re.compile(r"\b(?:mini_buildd|process)_[a-z_]+")
_CODE = Path(__file__).parents[1]
# Where figures get their names.
_SOURCES = ("flow/figures.py", "flow/tally.py", "daemon/pulse.py", "daemon/metrics.py")


def named_in_code() -> dict[str, bool]:
    """The name of each figure, and whether it is a histogram."""
    found = {}
    for source in _SOURCES:
        text = (_CODE / source).read_text(encoding="utf-8")
        for match in re.finditer(r'(\w+)\(\s*"((?:mini_buildd|process)_[a-z_]+)"', text):
            found[match[2]] = match[1] == "Histogram"
    return found


def expressions() -> list[str]:
    """Everything that the board and the rules ask for."""
    asked = [target["expr"] for panel in BOARD["panels"] for target in panel.get("targets", [])]
    return asked + re.findall(r"expr: (.*)", RULES)


@pytest.mark.parametrize("expression", expressions())
def test_what_is_asked_for_is_there(expression: str) -> None:
    there = named_in_code()
    assert len(there) > 30
    for name in _FIGURE.findall(expression):
        bare = re.sub(r"_(bucket|sum|count)$", "", name)
        assert there[bare] if bare != name else not there[name], name
    for reasons in re.findall(r'reason=~"([^"]*)"', expression):
        assert set(reasons.split("|")) <= set(Hold)


def test_panels_of_the_board_do_not_lie_upon_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & cells, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
