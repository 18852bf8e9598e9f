"""What a query is once read: terms and date ranges joined by AND, OR, NOT. Plain values; nothing here reads or matches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Operator: TypeAlias = Literal["AND", "OR", "NOT"]


@dataclass(frozen=True, slots=True)
class Term:
    """One search term. `words` are folded; a word that ends in "*" is a beginning. `near`: words allowed between."""

    field: str
    text: str
    words: tuple[str, ...]
    quoted: bool = False
    explode: bool = True
    near: int | None = None


@dataclass(frozen=True, slots=True)
class Dates:
    """A date field from one day to another, both included."""

    field: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Branch:
    """Parts under one operator, evaluated from the left: `NOT` is the first part without any of the others."""

    operator: Operator
    parts: tuple[Node, ...]


Node: TypeAlias = Term | Dates | Branch


@dataclass(frozen=True, slots=True)
class Query:
    """A query that could be read: `text` as it was written, `root` as it will be evaluated."""

    text: str
    root: Node
