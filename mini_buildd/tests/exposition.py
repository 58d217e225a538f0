"""Reading what Prometheus reads, strictly: a text of another form raises."""

import re
from collections import defaultdict

_SAMPLE = re.compile(r"([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"')

Samples = dict[str, list[tuple[dict[str, str], float]]]


def parse(text: str) -> Samples:
    """All samples by their names; each name has its HELP and TYPE before it, once."""
    assert text.endswith("\n")
    found: Samples = defaultdict(list)
    kinds: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            assert len(line.split(" ", 3)[3]) > 3, line
        elif line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            assert name not in kinds, line
            kinds[name] = kind
        else:
            _add(line, kinds, found)
    return found


def _add(line: str, kinds: dict[str, str], found: Samples) -> None:
    match = _SAMPLE.fullmatch(line)
    assert match is not None, line
    name, labels, value = match.groups()
    family = re.sub(r"_(bucket|sum|count)$", "", name)
    assert name in kinds or kinds.get(family) == "histogram", line
    given = dict(_LABEL.findall(labels or ""))
    written = ",".join(f'{key}="{each}"' for key, each in given.items())
    assert written == (labels or ""), line
    assert (given, float(value)) not in found[name], line
    found[name].append((given, float(value)))
