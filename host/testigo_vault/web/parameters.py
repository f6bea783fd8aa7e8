"""What the values of addresses and forms may be; others are answered with 400 before a page looks at them."""

import datetime
import re
from typing import Annotated

from fastapi import Form, Query
from pydantic import AfterValidator

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
# Days whose beginning and end have a time in every time zone and calendar that the pages use.
_FIRST_DAY, _LAST_DAY = datetime.date(1970, 1, 2), datetime.date(2999, 12, 30)


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("has control characters")
    return text


def _day(text: str) -> str:
    if text and not (_DAY.match(text) and _FIRST_DAY <= datetime.date.fromisoformat(text) <= _LAST_DAY):
        raise ValueError("is no day that is searched for")
    return text


Plain = AfterValidator(_plain)
Word = Annotated[str, Query(max_length=64), Plain]  # a name, a code
Words = Annotated[str, Query(max_length=200), Plain]  # what a person searches for
Address = Annotated[str, Query(max_length=4000)]
Day = Annotated[str, Query(max_length=10), AfterValidator(_day)]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
LineNumber = Annotated[int, Query(ge=0, lt=1 << 53)]
Token = Annotated[str, Form(max_length=128)]
Secret = Annotated[str, Form(max_length=1024)]
Name = Annotated[str, Form(max_length=64), Plain]
