"""From nothing to an installed package by the pages alone, as somebody new would go.

Nothing is typed but what a page asks for, and nothing is run but what a page says, as it stands
there: the tutorial has the same commands, and its pictures are taken on the way.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By

from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.pictures import take
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.throwaway import ThrowawayRoot
from mini_buildd.tests.tutorial import boxes
from mini_buildd.tests.web.test_browser import browser, complaints, text_of, until

__all__ = ["browser"]
pytestmark = [pytest.mark.whole, pytest.mark.browser]

_BUILD_SECONDS = 300
_NAME, _PASSWORD = "ada", "a word that nobody guesses"


@pytest.fixture
def new(short_folder: Path) -> Iterator[Scenario]:
    """An instance of which there is nothing but its ports, and somebody with a key."""
    scene = Scenario(Path(tempfile.mkdtemp(dir=short_folder)))
    scene.packager.name, scene.packager.email = "Ada Example", "ada@example.org"
    scene.packager.home.mkdir()
    scene.instance.configure()
    yield scene
    scene.close()


class Page:
    """The checklist, as somebody uses it."""

    def __init__(self, browser: WebDriver, scene: Scenario) -> None:
        self._browser, self._scene = browser, scene

    def fill(self, **values: str) -> None:
        """Write into the fields of those names."""
        for name, value in values.items():
            field = self._browser.find_element(By.NAME, name)
            self._browser.execute_script("arguments[0].value = arguments[1]", field, value)

    def press(self, word: str) -> None:
        """The button that says so."""
        buttons = self._browser.find_elements(By.CSS_SELECTOR, "main button")
        next(each for each in buttons if each.text == word).click()

    def state(self, step: str) -> str:
        """What the page says of a step."""
        return text_of(self._browser, f"#step-{step} > .head .status").strip()

    def wait_until(self, step: str, state: str, *, seconds: float = 20) -> None:
        """Until the open page says so by itself."""
        try:
            wait_for(f"{step} is {state}", lambda: self._says(step, state), seconds=seconds)
        except AssertionError as late:
            log = self._scene.instance.daemon_log.read_text(encoding="utf-8")[-2000:]
            raise AssertionError(
                f"{late}; it says {text_of(self._browser, 'main')}\n{log}"
            ) from None

    def _says(self, step: str, state: str) -> bool:
        found: list[str] = self._browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent.trim())",
            f"#step-{step} > .head .status",
        )
        return found == [state]

    def follow(self, selector: str) -> None:
        """The link, once it is there."""
        self.wait_for(selector, lambda: self._browser.find_elements(By.CSS_SELECTOR, selector))
        self._browser.find_element(By.CSS_SELECTOR, selector).click()

    def wait_for(self, what: str, look: Callable[[], object]) -> None:
        """With the patience that a build needs; pages change while one looks at them."""

        def seen() -> object:
            try:
                return look()
            except (NoSuchElementException, StaleElementReferenceException):
                return None

        try:
            wait_for(what, seen, seconds=_BUILD_SECONDS)
        except AssertionError as late:
            shown = text_of(self._browser, "main")[-2000:]
            raise AssertionError(f"{late}, at {self._browser.current_url}: {shown}") from None

    def lines(self, step: str) -> list[str]:
        """The boxes to copy of a step."""
        boxes = self._browser.find_elements(By.CSS_SELECTOR, f"#step-{step} .copy pre")
        return [box.get_attribute("textContent") or "" for box in boxes]


def at_home(scene: Scenario, script: str, folder: Path) -> str:
    """What a shell of the packager's says to *script* in *folder*."""
    home = scene.packager.home
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**os.environ, "HOME": str(home), "GNUPGHOME": str(scene.packager.gnupg)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_all_that_a_first_package_needs_is_done_from_the_pages(
    browser: WebDriver, new: Scenario, short_folder: Path
) -> None:
    new.instance.start()
    new.borrow_chroot()
    page = Page(browser, new)
    _become_administrator(browser, page, new)
    _make_all_that_is_needed(page, new)
    take(browser, "tutorial/pictures/upload.webp", most=2000)
    _upload(page, new)
    _watch(browser, page)
    browser.get(f"{new.instance.url}/first/")
    page.wait_until("upload", "done", seconds=60)
    take(browser, "tutorial/pictures/install.webp", most=2000)
    assert complaints(browser) == []
    add, install = said = page.lines("install")
    assert set(said) <= set(_tutorial(new)), "the tutorial says something else"
    with ThrowawayRoot(new.chroot, short_folder / "roots") as root:
        root.run("apt-get", "install", "--yes", "--no-install-recommends", "curl", "sudo")
        root.run("sh", "-e", "-c", add)
        root.run("sh", "-e", "-c", f"{install} --yes")
        assert root.run("greeting").stdout == "Greetings from my own archive.\n"
    browser.get(new.instance.url)
    assert "First steps" not in text_of(browser, "main")


def _tutorial(new: Scenario) -> list[str]:
    instance = new.instance
    return boxes(
        codename=new.codename,
        code=new.version_code,
        http_port=instance.http_port,
        ftp_port=instance.ftp_port,
    )


def _become_administrator(browser: WebDriver, page: Page, new: Scenario) -> None:
    browser.get(new.instance.url)
    assert "Nobody administers this instance yet" in text_of(browser, "main")
    link = (new.instance.home / "first-administrator").read_text(encoding="ascii").strip()
    assert link not in new.instance.daemon_log.read_text(encoding="utf-8")
    browser.get(link)
    page.fill(username=_NAME, email=new.packager.email, password1=_PASSWORD, password2=_PASSWORD)
    take(browser, "tutorial/pictures/administrator.webp")
    page.press("Become the administrator")
    until(browser, lambda: text_of(browser, "h1") == "First steps")
    assert [page.state(each) for each in ("administrator", "key")] == ["done", "done"]
    assert [page.state(each) for each in ("release", "chroot")] == ["to do", "later"]
    take(browser, "tutorial/pictures/first-steps.webp")


def _make_all_that_is_needed(page: Page, new: Scenario) -> None:
    page.press("Build for it")
    page.wait_until("release", "done")
    page.press("Make it")
    page.wait_until("chroot", "done", seconds=_BUILD_SECONDS)
    new.keep_chroot()
    page.press("Make the repository")
    page.wait_until("repository", "done")
    page.fill(key=new.packager.public_key().read_text(encoding="ascii"))
    page.press("Let them upload")
    page.wait_until("uploader", "done")


def _upload(page: Page, new: Scenario) -> None:
    dput, _, package, build, upload = said = page.lines("upload")
    assert set(said[:1] + said[2:]) <= set(_tutorial(new)), "the tutorial says something else"
    folder = new.folder / "work"
    folder.mkdir()
    (new.packager.home / ".dput.cf").write_text(f"{dput}\n", encoding="utf-8")
    at_home(new, package, folder)
    at_home(new, f"{build}\n{upload}", folder / "greeting")
    page.wait_until("upload", "under way")


def _watch(browser: WebDriver, page: Page) -> None:
    """Follow the links to the build, and its log to the end."""
    page.follow("#step-upload .cards a")
    page.follow("main a[href^='/builds/'][href$='/']:not([href='/builds/'])")
    page.wait_for("the log is followed", lambda: "dh " in text_of(browser, "#log"))
    take(browser, "tutorial/pictures/build.webp")
    page.wait_for("it is built", lambda: "built" in text_of(browser, ".head .status"))
