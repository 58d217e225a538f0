"""Log text without what only a terminal understands. log.js does the same to lines it adds."""

import re

# ECMA-48: control sequences, operating system commands, and other escapes of two characters.
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def plain(line: str) -> str:
    """*line* as a screen shows it in the end: without colours, after its carriage returns."""
    bare = ESCAPE.sub("", line).rstrip("\r")
    return CONTROL.sub("", bare.rpartition("\r")[2])
