"""Every page in a real Chromium: whole on desk and phone, by day and by night, for everybody.

Which pages there are is found by going wherever pages lead. A page that several may see is looked
at as whoever sees the most of it. It is loaded once, and looked at in every way then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from mini_buildd.tests.web.axe import faults
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.crawl import Crawl, PageParser, Seen
from mini_buildd.tests.web.test_browser import browser, complaints, set_width

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_VIEWERS = ("root", "ada", "")
_ELSEWHERE = ("/static/", "/archive/", "/api/", "/account/logout/", "/admin/logout/")
# Django's own administration looks the same for whatever it is of.
_ADMINISTRATION = ("/admin/mini_buildd/suite/", "/admin/mini_buildd/distribution/")
# What axe finds in the widgets of it, which are Django's own.
_OF_DJANGO = ("label:", "label-title-only:", "aria-allowed-attr:")


def _leaves_out(path: str) -> bool:
    is_admin = path.startswith("/admin/")
    is_again = path != "/admin/" and not path.startswith(_ADMINISTRATION)
    return path.startswith(_ELSEWHERE) or (is_admin and (is_again or "?" in path))


def _client(name: str) -> Client:
    client = Client()
    if name:
        client.force_login(User.objects.get(username=name))
    return client


def _pages(name: str, each: int = 1) -> Iterator[Seen]:
    return Crawl(_client(name).get, each, _leaves_out).pages("/")


def _is_html(seen: Seen) -> bool:
    found: str = seen.answer.get("Content-Type", "")
    return seen.answer.status_code == 200 and found.startswith("text/html")


@pytest.fixture
def root(busy: Builder) -> Builder:
    """Something of everything, and an administrator."""
    User.objects.create_superuser("root", "root@example.org", "root")
    return busy


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("viewer", _VIEWERS)
def test_no_link_is_dead(viewer: str) -> None:
    dead = []
    for seen in _pages(viewer, 3):
        if seen.answer.status_code >= 400:
            dead.append(f"{seen.path}: {seen.answer.status_code}")
        if _is_html(seen):
            text = seen.answer.content.decode()
            parser = PageParser()
            parser.feed(text)
            dead += [
                f"{seen.path} has no {link}"
                for link in parser.links
                if len(link) > 1 and link[0] == "#" and f'id="{link[1:]}"' not in text
            ]
    assert not dead, "\n".join(dead)


@dataclass
class Look:
    """Looks at pages through *browser*, as somebody else each time."""

    browser: WebDriver
    url: str
    wrong: list[str] = field(default_factory=list)

    def be(self, name: str) -> None:
        """From now on it is *name* who looks."""
        self.browser.get(f"{self.url}/account/login/")
        self.browser.delete_all_cookies()
        if name:
            cookie = _client(name).cookies[settings.SESSION_COOKIE_NAME].value
            self.browser.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": cookie})

    def at(self, path: str, *, is_ours: bool) -> None:
        """Look at *path* in every way."""
        self._shade("light")
        set_width(self.browser, 1280)
        self.browser.get(self.url + path)
        self._measure(path, 1280)
        found = faults(self.browser)
        if not is_ours:
            found = [each for each in found if not each.startswith(_OF_DJANGO)]
        self._note(path, found)
        if is_ours:
            self._shade("dark")
            self._note(f"{path} in the dark", faults(self.browser, "color-contrast"))
            set_width(self.browser, 360)
            self._measure(path, 360)
        self._note(path, complaints(self.browser))

    def _shade(self, name: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def _measure(self, path: str, width: int) -> None:
        seen = self.browser.execute_script("return document.documentElement.scrollWidth")
        if seen > width:
            self.wrong.append(f"{path} is {seen} px wide at {width}")

    def _note(self, path: str, found: list[str]) -> None:
        self.wrong += [f"{path}: {each}" for each in found]


@pytest.mark.usefixtures("root")
def test_every_page_is_whole_and_anybody_can_read_it(
    browser: WebDriver, live_server: LiveServer
) -> None:
    look, seen_before = Look(browser, live_server.url), set[str]()
    for viewer in _VIEWERS:
        pages = [seen for seen in _pages(viewer) if _is_html(seen)]
        look.be(viewer)
        for seen in pages:
            if seen.kind not in seen_before:
                look.at(seen.path, is_ours=not seen.path.startswith("/admin/"))
            seen_before.add(seen.kind)
    assert look.wrong == [], "\n".join(dict.fromkeys(look.wrong))


_FOCUS = """
const here = document.activeElement, style = getComputedStyle(here);
const box = here.getBoundingClientRect();
const shown = style.outlineStyle !== "none" || style.boxShadow !== "none";
return [here === document.body ? "" : here.outerHTML.slice(0, 120), shown && box.width > 0,
  here.getAttribute("href")];
"""
_REACHABLE = """
return [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter((each) => each.checkVisibility({visibilityProperty: true}) && !each.disabled
    && each.type !== "hidden" && (each.type !== "radio" || each.checked)).length;
"""


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("path", ["/", "/repositories/test/", "/me/"])
def test_everything_on_a_page_is_reached_by_keyboard_and_shows_it(
    browser: WebDriver, live_server: LiveServer, path: str
) -> None:
    look = Look(browser, live_server.url)
    look.be("root")
    set_width(browser, 1280)
    browser.get(live_server.url + path)
    reachable = browser.execute_script(_REACHABLE)
    reached: list[str] = []
    for _ in range(reachable + 2):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        element, is_shown, href = browser.execute_script(_FOCUS)
        if not element:
            break
        assert is_shown, f"{path}: one does not see that {element} has the focus"
        if not reached:
            assert href == "#content", f"{path}: the first thing is no way past the menu"
        reached.append(element)
    assert len(reached) >= reachable, f"{path}: {len(reached)} of {reachable} are reached"


@pytest.mark.usefixtures("root")
def test_the_way_past_the_menu_leads_past_it(browser: WebDriver, live_server: LiveServer) -> None:
    browser.get(live_server.url)
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB, Keys.ENTER)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    inside = "return document.querySelector('main').contains(document.activeElement)"
    assert browser.execute_script(inside)
