"""``./devel pictures``: the pictures of the documentation, taken anew by tests that show the same.

A test calls take() where there is something to see; that does nothing unless pictures are wanted.
Each picture stands in PICTURES, with the test that takes it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path

from selenium.webdriver.chrome.webdriver import WebDriver

DOC = Path(__file__).parents[2] / "doc"
MOST_BYTES = 100_000
_FOLDER = "MINI_BUILDD_PICTURES"
_WIDTH, _MOST_HEIGHT = 1000, 1100
_SCALE, _QUALITY = 1.25, 66  # of WebP: text is sharp, and a page takes some 60 kB

_PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")

_BUSY = "web/test_pictures.py::test_pages_of_a_busy_instance"

# Where in doc/ each picture is, and the test in mini_buildd/tests/ that takes it.
_FIRST = "whole/test_first_steps.py::test_all_that_a_first_package_needs_is_done_from_the_pages"
PICTURES: Mapping[str, str] = {
    "pictures/now.webp": "web/test_pictures.py::test_home_while_builds_run",
    "pictures/build.webp": _BUSY,
    "pictures/build-phone.webp": _BUSY,
    "pictures/builders.webp": _BUSY,
    "pictures/events.webp": _BUSY,
    "pictures/now-dark.webp": _BUSY,
    "pictures/queue.webp": _BUSY,
    "pictures/suite.webp": _BUSY,
    "pictures/upload.webp": _BUSY,
    "tutorial/pictures/administrator.webp": _FIRST,
    "tutorial/pictures/first-steps.webp": _FIRST,
    "tutorial/pictures/chroot.webp": "web/test_first_steps.py::"
    "test_while_it_is_made_the_page_tells_how_far_it_is[1280]",
    "tutorial/pictures/upload.webp": _FIRST,
    "tutorial/pictures/build.webp": _FIRST,
    "tutorial/pictures/install.webp": _FIRST,
}


def take(browser: WebDriver, name: str, *, width: int = _WIDTH, most: int = _MOST_HEIGHT) -> None:
    """Keep what *browser* shows as the picture *name*, if pictures are wanted.

    It is *width* px wide and as high as the page, at *most* so many px; the browser has its own
    size again afterwards.
    """
    if name not in PICTURES:
        raise AssertionError(f"{name} does not stand in {__name__}")
    folder = os.environ.get(_FOLDER)
    if not folder:
        return
    size = {"width": width, "height": 800, "deviceScaleFactor": _SCALE, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": width, "height": min(page["height"], most), "scale": 1}
    wanted = {"format": "webp", "quality": _QUALITY, "clip": clip, "captureBeyondViewport": True}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", wanted)["data"]
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b64decode(taken))


def main() -> int:
    """Take the pictures that are named, or all; the exit status is that of the tests."""
    parser = argparse.ArgumentParser(prog="./devel pictures", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*PICTURES, []], help="default: all")
    names = parser.parse_args().name or list(PICTURES)
    folder = Path(os.environ["MINI_BUILDD_CACHE"]) / "pictures"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tests = dict.fromkeys(f"{Path(__file__).parent}/{PICTURES[name]}" for name in names)
    # Sockets of gpg-agent have room for 100 characters.
    with tempfile.TemporaryDirectory(prefix="mbd-", dir="/tmp", ignore_cleanup_errors=True) as base:
        done = subprocess.run(
            [*_PYTEST, f"--basetemp={base}/t", *tests],
            check=False,
            cwd=Path(__file__).parents[2],
            env={**os.environ, _FOLDER: str(folder)},
        )
    for path in sorted(folder.rglob("*.webp")):
        print(f"{path.stat().st_size / 1000:6.1f} kB  doc/{path.relative_to(folder)}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
