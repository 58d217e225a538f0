"""Pictures of pages for the documentation, of an instance with something of everything."""

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.chrome.webdriver import WebDriver

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
