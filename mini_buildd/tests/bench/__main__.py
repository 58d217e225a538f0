"""``./devel bench [NAME]``: one benchmark, or all of them."""

import sys

from mini_buildd.tests.bench import overhead

_BENCHES = {"overhead": overhead.run}


def main(arguments: list[str]) -> int:
    """Run what is named; returns the exit status."""
    names = arguments or list(_BENCHES)
    unknown = [name for name in names if name not in _BENCHES]
    if unknown:
        print(f"no benchmark {unknown[0]}; there are: {', '.join(_BENCHES)}", file=sys.stderr)
        return 2
    for name in names:
        _BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
