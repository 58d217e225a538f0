"""What requests may say: numbers and words in bounds, so that nothing else reaches a query."""

import re
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from django.http import HttpRequest
from pydantic import AwareDatetime, BeforeValidator, Field

PAGE_ROWS = 50
_MOST_ROWS = 200
_MOST_SECONDS = 50
# What every database can keep as a number.
_LARGEST = 2**63 - 1

Number = Annotated[int, Field(ge=0, le=_LARGEST)]
# In a header, which cannot be null: the number of what one knows, or that it is none.
NONE_YET = -1
KnownNumber = Annotated[int, Field(ge=NONE_YET, le=_LARGEST)]
Limit = Annotated[int, Field(ge=1, le=_MOST_ROWS, description="So many items at most.")]
Before = Annotated[
    int,
    Field(ge=0, le=_LARGEST, description="Only items before this one; `next` of a page has it."),
]
Seconds = Annotated[int, Field(ge=0, le=_MOST_SECONDS)]
# No control characters: no name here has any.
Word = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _written_out(given: object) -> object:
    """*given* as it is, but for numbers, which would be taken for seconds since 1970."""
    if not isinstance(given, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
        raise ValueError("a moment is written out, such as 2026-05-01T12:00:00Z")
    return given


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
Day = Annotated[date, BeforeValidator(_written_out)]


def address(request: HttpRequest, **changes: object) -> str:
    """Where the list that *request* asks for goes on: its address, with these parameters."""
    given = {name: request.GET.getlist(name) for name in request.GET}
    return f"{request.path}?{urlencode({**given, **changes}, doseq=True)}"
