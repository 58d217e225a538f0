"""``./devel bench [NAME [ARGUMENT..]]``: one benchmark, or all of them."""

import sys

from mini_buildd.tests.bench import archive, build, overhead, queue, serve, upload, web

_BENCHES = {
    "build": build.main,
    "queue": queue.main,
    "archive": archive.run,
    "serve": serve.run,
    "upload": upload.run,
    "web": web.main,
    "overhead": overhead.main,
}


def main(arguments: list[str]) -> int:
    """Run what the first argument names, with the others; returns the exit status."""
    if not arguments:
        return max([bench([]) for bench in _BENCHES.values()])
    name, *given = arguments
    if name not in _BENCHES:
        print(f"no benchmark {name}; there are: {', '.join(_BENCHES)}", file=sys.stderr)
        return 2
    return _BENCHES[name](given)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
