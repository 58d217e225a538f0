"""Accessibility faults of the page that a browser shows, as axe-core finds them.

https://github.com/dequelabs/axe-core; the script comes with the Python package axe-core-python.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from selenium.webdriver.chrome.webdriver import WebDriver

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """
const [options, done] = arguments;
axe.run(document, options).then((found) => done(found.violations), (error) => done(String(error)));
"""


@cache
def _script() -> str:
    return files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def faults(browser: WebDriver, *only: str) -> list[str]:
    """The rule, the element, and what is wrong with it, a line each; *only* these rules if any."""
    browser.execute_script(f"if (!window.axe) {{ {_script()} }}")
    run: dict[str, Any] = {"type": "tag", "values": _TAGS}
    if only:
        run = {"type": "rule", "values": list(only)}
    options = {"runOnly": run, "resultTypes": ["violations"]}
    found: Any = browser.execute_async_script(_RUN, options)
    if isinstance(found, str):
        raise AssertionError(found)  # noqa: TRY004  # it is what axe says of its own failure
    return [
        f"{rule['id']}: {node['html'][:160]}: {' '.join(node['failureSummary'].split())[:300]}"
        for rule in found
        for node in rule["nodes"]
    ]
