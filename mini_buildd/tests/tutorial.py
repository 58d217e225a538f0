"""The boxes of the tutorial, as somebody else than Ada would copy them."""

import re
from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "doc/tutorial/first-package.md"
_BOX = re.compile(r"^```\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def boxes(*, codename: str, code: str, http_port: int, ftp_port: int) -> list[str]:
    """What stands in the boxes, for that release, its number in versions, and these ports."""
    text = TUTORIAL.read_text(encoding="utf-8")
    changed = {"trixie": codename, "~test13": f"~test{code}"}
    changed |= {":8066": f":{http_port}", ":8067": f":{ftp_port}"}
    for written, meant in changed.items():
        text = text.replace(written, meant)
    return _BOX.findall(text)
