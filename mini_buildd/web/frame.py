"""What every page shows around its content: the name of the instance and the menu."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from mini_buildd.db.visibility import open_repositories
from mini_buildd.flow.hosted import instance

_MENU = (
    (gettext_noop("Now"), "now"),
    (gettext_noop("Packages"), "packages"),
    (gettext_noop("Uploads"), "uploads"),
    (gettext_noop("Builds"), "builds"),
    (gettext_noop("Repositories"), "repositories"),
    (gettext_noop("Builders"), "builders"),
    (gettext_noop("Events"), "events"),
)
# Pages that belong to one of the menu without standing below it.
_BELOW = {"repositories": "/suites/", "builds": "/queue/", "builders": "/schedule/"}
# Nobody wants to come back to these.
_DOORS = "/account/"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of the menu; *is_here* when the page shown is it or one below it."""

    word: str
    url: str
    is_here: bool


def frame(request: HttpRequest) -> dict[str, Any]:
    """The template context of every page."""
    is_page = request.method == "GET" and not request.path_info.startswith(_DOORS)
    return {
        "identity": instance().identity,
        "menu": [_entry(*item, request) for item in _MENU],
        "open_repositories": open_repositories(),
        # Who signs in comes back to where they were.
        "sign_in_next": request.get_full_path() if is_page else "",
    }


def _entry(word: str, view: str, request: HttpRequest) -> MenuEntry:
    url = reverse(view)
    path = request.path_info
    is_here = path == url or (url != "/" and path.startswith(url))
    below = _BELOW.get(view)
    return MenuEntry(gettext(word), url, is_here or (below is not None and path.startswith(below)))
