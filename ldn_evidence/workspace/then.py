"""What was held at a date: rows and searches of that day or before, and what has to be said of an answer made from them.

Plain values in, plain values out. Never opens a file.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from ldn_evidence.errors import InputError
from ldn_evidence.model import Appraisal, Correction, Judgement, SearchDate

_Row = TypeVar("_Row", Correction, Judgement)


def checked(day: datetime.date, today: datetime.date) -> datetime.date:
    """The day, or InputError for one that is still to come."""
    if day > today:
        raise InputError(
            f"--as-of {day}: lies in the future; today is {today} (UTC). Name a day that has been."
        )
    return day


def not_to_come(path: Path, name: str, date: datetime.date, now: datetime.datetime) -> None:
    """InputError for a row that is dated more than a day after now (UTC). A day: clocks and time zones differ by less.

    Such a row would stand over whatever is written until then, and no notice would ever be newer.
    """
    if _day(date) > now.date() + datetime.timedelta(days=1):
        raise InputError(
            f"{path} ({name}): is dated {_day(date)}, which is still to come; today is {now.date()} (UTC). Mend its date."
        )


def end(day: datetime.date) -> str:
    """The last moment of a day, UTC, ISO 8601."""
    return f"{day.isoformat()}T23:59:59.999999+00:00"


def appraisals(rows: Sequence[Appraisal], day: datetime.date) -> list[Appraisal]:
    """The rows that had been written by the end of that day; what was superseded later stands again.

    A row was there before the rows that supersede it or settle it, whatever dates people gave them.
    """
    written = {row.row_id: row.date.date() for row in rows}
    above: dict[str, list[str]] = {}
    for row in rows:
        for name in (row.supersedes, *row.adjudicates):
            if name in written:
                above.setdefault(str(name), []).append(row.row_id)

    def earliest(name: str) -> datetime.date:
        seen, waiting = set[str](), [name]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += above.get(one, ())
        return min(written[one] for one in seen)

    return [row for row in rows if earliest(row.row_id) <= day]


def rows(found: Iterable[_Row], day: datetime.date) -> list[_Row]:
    """Corrections or judgements written by the end of that day."""
    return [row for row in found if _day(row.date) <= day]


def _day(moment: datetime.date) -> datetime.date:
    return moment.date() if isinstance(moment, datetime.datetime) else moment


def first_day(date: str) -> datetime.date:
    """The first day of a date that may be a month or a year alone: what is of 2026-11 counts from 2026-11-01 on."""
    year, month, day = (*map(int, date.split("-")), 1, 1)[:3]
    return datetime.date(year, month, day)


def there(search: SearchDate | None, day: datetime.date) -> bool:
    """Whether a corpus of that search was there on that day."""
    return search is not None and first_day(search.date) <= day


def notes(day: datetime.date, *, bundled: SearchDate | None, undated: int, dropped: int) -> list[str]:
    """What a reader of any output has to know. `undated`: corpus rows of a user's own; `dropped`: answers held then and let go since."""
    found = [f"as of {day}, with today's rules and today's protocol"]
    if bundled is not None and not there(bundled, day):
        found.append(f"as of {day}: what ships is of {bundled.date} and was not there yet")
    if undated:
        found.append(
            f"as of {day}: the {undated} corpus row(s) of your own carry no date and are taken as they are today"
        )
    if dropped:
        found.append(
            f"as of {day}: {dropped} answer(s) or file(s) held then were dropped since and are missing here"
        )
    return found


def anything(day: datetime.date, dates: Iterable[datetime.date]) -> None:
    """InputError for a day before anything was held. `dates`: from when on there was something."""
    first = min(dates, default=None)
    if first is None or first > day:
        since = f" The first that is held is of {first}." if first else ""
        raise InputError(f"--as-of {day}: nothing was held then.{since} Name a later day.")
