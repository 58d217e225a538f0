"""``./devel campaign NAME [ARGUMENT..]``: a long run that ends with a table of figures."""

import importlib
import pkgutil
import sys

from mini_buildd.tests import campaign


def main(arguments: list[str]) -> int:
    """Run the campaign that the first argument names; returns the exit status."""
    names = sorted(
        module.name.replace("_", "-")
        for module in pkgutil.iter_modules(campaign.__path__)
        if not module.name.startswith("_")
    )
    if not arguments or arguments[0] not in names:
        print(f"usage: ./devel campaign NAME; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"{campaign.__name__}.{arguments[0].replace('-', '_')}")
    status: int = module.run(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
