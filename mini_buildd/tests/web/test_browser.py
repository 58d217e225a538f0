"""The pages in a real Chromium: whole at every width, without complaints, alive while things move.

Each test has a browser with a fresh profile and goes to a server with something of everything.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now
from pytest_django.live_server_helper import LiveServer
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from mini_buildd.db import models
from mini_buildd.domain.problem import FileMissing
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.domain.suite_version import Cause
from mini_buildd.tests.web import logs
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tools.log_file import compress_log
from mini_buildd.tools.log_plain import plain

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (1280, 360)
SECONDS = 20
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@pytest.fixture
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """A Chromium that knows nothing yet."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("chromium and chromedriver are not installed")
    home = tmp_path_factory.mktemp("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*_FLAGS, f"--user-data-dir={home / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    driver = webdriver.Chrome(options=options, service=Service(chromedriver, env=environment))
    try:
        yield driver
    finally:
        driver.quit()


def set_width(browser: WebDriver, width: int) -> None:
    """Look through a window of *width* px; a narrow one is a phone's."""
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def complaints(browser: WebDriver) -> list[str]:
    """What the browser wrote to its console since the last time."""
    found: list[dict[str, str]] = browser.get_log("browser")  # type: ignore[no-untyped-call]  # selenium's own
    return [entry["message"] for entry in found if entry["level"] in ("SEVERE", "WARNING")]


def until(browser: WebDriver, condition: Callable[[], object]) -> None:
    """Wait for *condition* with a deadline."""
    gone = (NoSuchElementException, StaleElementReferenceException)  # with the page before
    wait = WebDriverWait(browser, SECONDS, poll_frequency=0.05, ignored_exceptions=gone)
    wait.until(lambda _: condition())


def text_of(browser: WebDriver, selector: str) -> str:
    """The text of the first element that *selector* finds."""
    return browser.find_element(By.CSS_SELECTOR, selector).get_attribute("textContent") or ""


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_accounts_are_whole_and_one_signs_in_and_out(
    browser: WebDriver, busy: Builder, live_server: LiveServer, width: int
) -> None:
    del busy
    User.objects.create_superuser("root", password="a throw-away word")
    models.Repository.objects.update(is_private=True, is_open=True)
    set_width(browser, width)
    browser.get(f"{live_server.url}/audit/")
    assert urlsplit(browser.current_url).path == "/account/login/"
    browser.find_element(By.NAME, "username").send_keys("root")
    browser.find_element(By.NAME, "password").send_keys("a throw-away word", Keys.ENTER)
    until(browser, lambda: text_of(browser, "h1") == "Audit log")
    for path in ("/audit/", "/me/", "/account/login/", "/account/password/", "/repositories/test/"):
        browser.get(live_server.url + path)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width, path
        assert complaints(browser) == [], path
    browser.get(f"{live_server.url}/me/")
    browser.find_element(By.CSS_SELECTOR, 'form[action="/account/logout/"] button').click()
    until(browser, lambda: "Sign in" in text_of(browser, ".account"))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_very_long_version_does_not_widen_the_page(
    browser: WebDriver, busy: Builder, live_server: LiveServer, width: int
) -> None:
    version = "20261120.1~git" + "a1b2c3d4" * 12 + "+dfsg-1~test13+1"
    job = busy.failed("a-source-package-with-quite-a-long-name", version)
    set_width(browser, width)
    busy.version("testing", Cause.IMPORT, add=[job.source], reason=version)
    suite = "/suites/trixie-test-testing/"
    for path in (
        "/",
        "/builds/",
        f"/builds/{job.pk}/",
        f"/uploads/{job.source.upload_id}/",
        suite,
        f"{suite}5/",
        f"{suite}5/packages/",
    ):
        browser.get(live_server.url + path)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width, path


# Of each line of the log its address and look, its text, and the pieces that are in colour.
_LINES = """
const pieces = (line) => [...line.querySelectorAll("span")].map((p) => [p.className, p.innerText]);
return [...document.querySelectorAll("#log > span")].map(
  (line) => [line.id, line.className, line.textContent, pieces(line)]);
"""


def test_a_log_is_followed_without_gap_through_a_lost_connection(
    browser: WebDriver, builder: Builder, live_server: LiveServer
) -> None:
    job = builder.running("hello", "2.10-5~test13+1")
    attempt = job.attempts.get()
    browser.get(f"{live_server.url}/builds/{job.pk}/")

    def shown() -> str:
        return text_of(browser, "#log")

    builder.write_log(attempt, "first news\n<b>not bold</b>\nhalf a l")
    until(browser, lambda: "first news" in shown())
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    until(browser, lambda: "lost the connection" in text_of(browser, ".cut > .live"))
    builder.write_log(attempt, "ine, grün\n" + logs.compiling(2000) + "meanwhile\n")
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", {**offline, "offline": False})
    until(browser, lambda: "meanwhile" in shown())
    builder.write_log(attempt, "\x1b[1;31mred <i>\x1b[0m\r\x1b[32mgreen &\x1b[m\nFAIL: x\n")
    builder.write_log(attempt, logs.summary(Status="successful"))
    text = builder.log_path(attempt).read_bytes().decode()
    compress_log(builder.log_path(attempt))
    models.Attempt.objects.filter(pk=attempt.pk).update(
        outcome=Outcome.SUCCEEDED, finished_at=now()
    )
    models.Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED)
    until(browser, lambda: text_of(browser, ".cut > .live") == "the end")
    assert shown() == "".join(f"{plain(line)}\n" for line in text.split("\n")[:-1])
    assert "half a line, grün\n" in shown()
    numbers = "return [...document.querySelectorAll('#log > span')].map((line) => line.id)"
    assert browser.execute_script(numbers) == [f"L{n + 1}" for n in range(text.count("\n"))]
    until(browser, lambda: "built" in text_of(browser, ".head .status"))
    followed = browser.execute_script(_LINES)
    assert "c2" in str(followed)
    browser.refresh()
    assert browser.execute_script(_LINES) == followed, "the server shows lines in the same way"


def test_a_log_stays_at_its_end_only_for_who_is_there(
    browser: WebDriver, builder: Builder, live_server: LiveServer
) -> None:
    job = builder.running("hello", "2.10-5~test13+1")
    attempt = job.attempts.get()
    browser.get(f"{live_server.url}/builds/{job.pk}/")
    below = (
        "const box = document.getElementById('log');"
        "return box.scrollHeight - box.scrollTop - box.clientHeight"
    )
    until(browser, lambda: browser.execute_script(below) < 2)
    builder.write_log(attempt, logs.compiling(100) + "more\n")
    until(browser, lambda: "more" in text_of(browser, "#log"))
    assert browser.execute_script(below) < 2
    browser.execute_script("document.getElementById('log').scrollTop = 40")
    builder.write_log(attempt, logs.compiling(100) + "still more\n")
    until(browser, lambda: "still more" in text_of(browser, "#log"))
    assert browser.execute_script("return document.getElementById('log').scrollTop") == 40


def test_long_lines_of_a_log_are_wrapped_unless_the_reader_minds(
    browser: WebDriver, busy: Builder, live_server: LiveServer
) -> None:
    del busy
    job = models.Job.objects.get(state=JobState.FAILED)
    set_width(browser, 360)
    browser.get(f"{live_server.url}/builds/{job.pk}/")
    beyond = "const box = document.getElementById('log'); return box.scrollWidth - box.clientWidth"
    assert browser.execute_script(beyond) == 0
    browser.find_element(By.ID, "wrap").send_keys(" ")
    assert browser.execute_script(beyond) > 50
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360


def test_home_changes_in_place(
    browser: WebDriver, builder: Builder, live_server: LiveServer
) -> None:
    builder.running("hello", "2.10-5~test13+1")
    browser.get(live_server.url)
    until(browser, lambda: text_of(browser, ".head > .live") == "live")
    browser.execute_script(
        "window.same = document.querySelector('.shape');"
        "document.querySelector('.lane-what a').focus()"
    )
    builder.rejected("figlet", "2.2-1", FileMissing(expected="a", found="b", hint="c"))
    until(browser, lambda: "Needs you" in text_of(browser, "main"))
    builder.running("ed", "1.21-1~test13+1")
    until(browser, lambda: "1.21-1~test13+1" in text_of(browser, ".lanes"))
    assert "hello" in browser.execute_script("return document.activeElement.textContent")
    assert browser.execute_script("return document.contains(window.same)")


def test_events_come_by_themselves_and_are_found_as_one_types(
    browser: WebDriver, builder: Builder, live_server: LiveServer
) -> None:
    builder.running("hello", "2.10-5~test13+1")
    browser.get(f"{live_server.url}/events/")
    browser.execute_script("window.same = document.querySelector('.events li')")
    builder.rejected("figlet", "2.2-1", FileMissing(expected="a", found="b", hint="c"))
    until(browser, lambda: "figlet 2.2-1 was rejected" in text_of(browser, ".events"))
    assert browser.execute_script("return document.contains(window.same)")
    browser.find_element(By.ID, "f-source").send_keys("hello")
    until(browser, lambda: "figlet" not in text_of(browser, ".events"))
    assert "source=hello" in browser.current_url
    builder.published("hello", "2.10-6~test13+1", minutes=0)
    until(browser, lambda: "2.10-6~test13+1 was uploaded" in text_of(browser, ".events"))
    builder.rejected("figlet", "2.2-2", FileMissing(expected="a", found="b", hint="c"))
    assert "figlet" not in text_of(browser, ".events")
    browser.back()
    until(browser, lambda: "figlet 2.2-2 was rejected" in text_of(browser, ".events"))
    assert complaints(browser) == []


def test_running_times_go_on(browser: WebDriver, builder: Builder, live_server: LiveServer) -> None:
    builder.running("hello", "2.10-5~test13+1")
    browser.get(live_server.url)
    before = text_of(browser, "[data-since]")
    until(browser, lambda: text_of(browser, "[data-since]") != before)


def test_a_waiting_build_turns_into_its_log(
    browser: WebDriver, builder: Builder, live_server: LiveServer
) -> None:
    job = builder.job(builder.source("hello", "1-1~test13+1"), JobState.WAITING)
    browser.get(f"{live_server.url}/builds/{job.pk}/")
    assert "The build has not begun yet." in text_of(browser, "main")
    models.Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING)
    builder.attempt(job, "and off it goes\n", minutes=0)
    until(browser, lambda: "and off it goes" in text_of(browser, "main"))


def test_lines_to_copy_have_a_button(
    browser: WebDriver, busy: Builder, live_server: LiveServer
) -> None:
    del busy
    browser.get(f"{live_server.url}/repositories/test/")
    button = browser.find_element(By.CSS_SELECTOR, ".copy button")
    assert button.text == "Copy"
    button.click()
    until(browser, lambda: button.text in ("Copied", "Press Ctrl+C"))


def test_every_page_can_be_read_without_scripts(
    browser: WebDriver, busy: Builder, live_server: LiveServer
) -> None:
    del busy
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    job = models.Job.objects.get(state=JobState.FAILED)
    browser.get(f"{live_server.url}/builds/{job.pk}/")
    source = browser.page_source
    assert "Segmentation fault" in source
    assert "sbuild (Debian sbuild)" in source
    browser.get(live_server.url)
    assert "Needs you" in browser.page_source


@pytest.mark.parametrize("width", WIDTHS)
def test_the_administration_works_under_our_content_policy(
    browser: WebDriver, busy: Builder, live_server: LiveServer, width: int
) -> None:
    del busy
    User.objects.create_superuser("root", password="a throw-away word")
    set_width(browser, width)
    browser.get(f"{live_server.url}/admin/")
    browser.find_element(By.ID, "id_username").send_keys("root")
    browser.find_element(By.ID, "id_password").send_keys("a throw-away word")
    browser.find_element(By.CSS_SELECTOR, "main button").click()
    until(browser, lambda: "What is published" in browser.page_source)
    places = (
        "openpgpkey/1/change",
        "layout/1/change",
        "base/1/change",
        "distribution/add",
        "event",
    )
    for place in places:
        browser.get(f"{live_server.url}/admin/mini_buildd/{place}/")
        assert complaints(browser) == [], place


@pytest.mark.usefixtures("wakes")
def test_keys_and_rights_are_whole_on_a_phone_and_without_scripts(
    browser: WebDriver, busy: Builder, client: Client, live_server: LiveServer
) -> None:
    busy.key.refused_at, busy.key.refused_reason = now(), "not the key of this account"
    busy.key.save()
    user = User.objects.create_superuser("root", "root@example.org")
    for letter, at in (("A", None), ("B", now())):
        uid = "Somebody With Quite A Long Name <somebody.with.quite.a.long.name@mail.example.org>"
        models.OpenPGPKey.objects.create(
            user=user, fingerprint=letter * 40, uid=uid, approved_at=at, expires_at=at
        )
    client.force_login(user)
    browser.get(f"{live_server.url}/events/")
    cookie = client.cookies["mini_buildd_session"]
    browser.add_cookie({"name": cookie.key, "value": cookie.value})
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    for width in WIDTHS:
        set_width(browser, width)
        for path in ("/me/", "/keys/", "/repositories/test/rights/"):
            browser.get(live_server.url + path)
            size = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            assert size["width"] <= width, path
            assert complaints(browser) == [], path
    browser.get(f"{live_server.url}/keys/")
    browser.find_element(By.CSS_SELECTOR, "[action$='/approve/'] .primary").send_keys(Keys.ENTER)
    until(browser, lambda: "<h1>Approve the key of root?" in browser.page_source)
    browser.find_element(By.CSS_SELECTOR, ".decide .primary").send_keys(Keys.ENTER)
    until(browser, lambda: 'class="notice"' in browser.page_source)
    assert models.OpenPGPKey.objects.get(fingerprint="A" * 40).approved_by == "root"


@pytest.mark.usefixtures("wakes")
def test_an_administrator_migrates_by_keyboard_without_scripts_on_a_phone(
    browser: WebDriver, client: Client, live_server: LiveServer
) -> None:
    client.force_login(User.objects.create_superuser("root"))
    browser.get(f"{live_server.url}/events/")
    cookie = client.cookies["mini_buildd_session"]
    browser.add_cookie({"name": cookie.key, "value": cookie.value})
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    set_width(browser, 360)
    browser.get(f"{live_server.url}/suites/trixie-test-unstable/")
    browser.find_element(By.CSS_SELECTOR, "[value^='bc=']").send_keys(" ")
    browser.find_element(By.CSS_SELECTOR, "[formaction$='/migrate/']").send_keys(Keys.ENTER)
    until(browser, lambda: "<h1>Migrate bc 1.07.1-4~test13+1" in browser.page_source)
    browser.find_element(By.ID, "reason").send_keys("it is time", Keys.ENTER)
    until(browser, lambda: 'class="notice"' in browser.page_source)
    assert "version 5" in text_of(browser, "h1")
    assert "bc" in text_of(browser, ".differences")
    assert "it is time" in text_of(browser, ".reason")
    assert "in a moment" in text_of(browser, ".notice")
    assert complaints(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_line_of_what_a_suite_has_is_drawn_in_the_accent(
    browser: WebDriver, busy: Builder, live_server: LiveServer, scheme: str
) -> None:
    del busy
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(f"{live_server.url}/suites/trixie-test-testing/")
    line = browser.find_element(By.CSS_SELECTOR, ".plot .line")
    link = browser.find_element(By.CSS_SELECTOR, ".facts a")
    drawn, written = (
        [int(number) for number in re.findall(r"\d+", element.value_of_css_property(name))][:3]
        for element, name in ((line, "stroke"), (link, "color"))
    )
    assert drawn == written
    assert line.rect["width"] > 600


def test_a_version_that_is_being_published_changes_in_place(
    browser: WebDriver, busy: Builder, live_server: LiveServer
) -> None:
    row = busy.version("testing", Cause.MIGRATE, published_at=None)
    browser.get(f"{live_server.url}/suites/trixie-test-testing/{row.number}/")
    assert "being published" in text_of(browser, ".head .status")
    models.Publication.objects.filter(pk=row.pk).update(published_at=now())
    until(browser, lambda: "shown now" in text_of(browser, ".head .status"))


def test_a_phone_shows_the_shape_and_word_of_a_state_first(
    browser: WebDriver, busy: Builder, live_server: LiveServer
) -> None:
    del busy
    set_width(browser, 360)
    job = models.Job.objects.get(state=JobState.FAILED)
    browser.get(f"{live_server.url}/builds/{job.pk}/")
    place = browser.find_element(By.CSS_SELECTOR, ".head .status").rect
    assert place["y"] + place["height"] < 400
    why = browser.find_element(By.CSS_SELECTOR, ".why h2").rect
    assert why["y"] < 800


def test_lines_of_a_log_are_marked_as_the_address_says_and_chosen_with_shift(
    browser: WebDriver, busy: Builder, live_server: LiveServer
) -> None:
    del busy
    job = models.Job.objects.get(state=JobState.FAILED)
    browser.get(f"{live_server.url}/builds/{job.pk}/#L12-L14")
    marked = "return [...document.querySelectorAll('.is-marked')].map((line) => line.id)"
    until(browser, lambda: browser.execute_script(marked) == ["L12", "L13", "L14"])
    browser.execute_script(
        "location.hash = 'L5';"
        "document.querySelector('#L7 > a').dispatchEvent("
        "new MouseEvent('click', {bubbles: true, cancelable: true, shiftKey: true}))"
    )
    until(browser, lambda: browser.execute_script(marked) == ["L5", "L6", "L7"])
    assert browser.current_url.endswith("#L5-L7")
