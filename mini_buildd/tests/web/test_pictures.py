"""Pictures of pages for the documentation, of an instance with something of everything."""

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.chrome.webdriver import WebDriver

from mini_buildd.db import models
from mini_buildd.domain.states import JobState
from mini_buildd.tests.pictures import take
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.test_browser import browser, text_of

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_home_while_builds_run(browser: WebDriver, busy: Builder, live_server: LiveServer) -> None:
    del busy
    browser.get(live_server.url)
    assert "Running" in text_of(browser, "main")
    take(browser, "pictures/now.webp")


def test_pages_of_a_busy_instance(
    browser: WebDriver, busy: Builder, live_server: LiveServer
) -> None:
    del busy
    failed = models.Job.objects.get(state=JobState.FAILED)
    published = models.Source.objects.get(name="bc")
    build = f"/builds/{failed.pk}/"
    pages = {
        "build": build,
        "builders": "/builders/",
        "events": "/events/",
        "queue": "/queue/",
        "suite": "/suites/trixie-test-unstable/",
        "upload": f"/uploads/{published.upload_id}/",
    }
    for name, path in pages.items():
        browser.get(live_server.url + path)
        assert text_of(browser, "h1"), path
        take(browser, f"pictures/{name}.webp")
    browser.get(live_server.url + build)
    take(browser, "pictures/build-phone.webp", width=390)
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
    browser.get(live_server.url)
    take(browser, "pictures/now-dark.webp")
