"""Actions on rows that were ticked in a list: each says first what it will do, and to which."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise

Act = Callable[[Any, HttpRequest, QuerySet[Any]], None]
Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]
Text = str | Promise


def asks_first(description: Text, consequences: Text) -> Callable[[Act], Action]:
    """Let an action show its rows and its *consequences* before it is done for good.

    The *description* stands in the list's menu, above that page and on its button.
    """

    def decorate(act: Act) -> Action:
        @admin.action(description=description, permissions=("change",))  # type: ignore[arg-type]  # lazy texts are texts
        @wraps(act)
        def asked(self: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
            if "is_sure" in request.POST:
                act(self, request, rows)
                return None
            context = {
                **self.admin_site.each_context(request),
                "title": description,
                "consequences": consequences,
                "rows": rows,
                "opts": self.opts,
                "action": act.__name__,
                "box_name": ACTION_CHECKBOX_NAME,
            }
            return TemplateResponse(request, "admin/ask_first.html", context)

        return asked

    return decorate
