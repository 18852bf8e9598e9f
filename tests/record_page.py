"""Reads docs/record.md, and PubMed's XML by another reader than the package's: the standard library's.

Takes the page and XML; gives what the page promises for each place in the XML, and the values that stand there. Never uses the parser.
"""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import product
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from conftest import REPO

from ldn_evidence.model import Record

MATHML = "{http://www.w3.org/1998/Math/MathML}"
MARKUP = {"b", "i", "u", "sup", "sub", "DispFormula"}
MONTHS = dict(
    zip(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        range(1, 13),
        strict=True,
    )
)
CITATIONS = ("PubmedArticle", "PubmedBookArticle", "MedlineCitation")
EXACT = {"", "number", "month", "slashes", "yes/no", "yes unless N", "no unless Y"}
OTHER = {"each", "once", "part", "decides"}


@dataclass(frozen=True)
class Row:
    """Where one place in the XML goes, and how."""

    fields: tuple[str, ...]
    how: str


def expanded(pattern: str) -> Iterator[tuple[str, list[int]]]:
    """Every place that a pattern with {a, b} stands for, with the number of the choice in each group."""
    pieces = re.split(r"\{([^}]*)\}", pattern)
    groups = [re.split(r",\s*", group) for group in pieces[1::2]]
    for chosen in product(*[range(len(group)) for group in groups]):
        words = [group[index] for group, index in zip(groups, chosen, strict=True)]
        yield "".join(a + b for a, b in zip(pieces[::2], [*words, ""], strict=True)), list(chosen)


def tables() -> Iterator[list[str]]:
    """The rows of the page's tables, heads and rules left out."""
    for line in (REPO / "docs/record.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


@cache
def mapped() -> dict[str, Row]:
    """Each place in the XML that the page gives a field."""
    found: dict[str, Row] = {}
    for place, field, how in (row for row in tables() if len(row) == 3):
        assert how in EXACT | OTHER, how
        for path, chosen in expanded(place.strip("`")):
            assert path not in found, f"{path} stands twice on the page"
            goals = []
            for goal in re.findall(r"`([^`]+)`", field):
                names = {tuple(choice): name for name, choice in expanded(goal)}
                depth = len(next(iter(names)))
                goals.append(names[tuple(chosen[len(chosen) - depth :])])
            found[path] = Row(tuple(goals), how)
    return found


@cache
def left_out() -> list[str]:
    """The places that the page leaves out; one that ends in /* stands for all below it."""
    return [
        path for row in tables() if len(row) == 2 and "/" in row[0] for path, _ in expanded(row[0].strip("`"))
    ]


def worked_out() -> set[str]:
    """The fields that no single place fills."""
    return {re.findall(r"`([^`]+)`", row[0])[0] for row in tables() if len(row) == 2 and "/" not in row[0]}


def is_left_out(path: str, left: list[str]) -> bool:
    return any(path == one or (one.endswith("/*") and f"{path}/".startswith(one[:-1])) for one in left)


def unknown(paths: set[str]) -> set[str]:
    """Those places that the page neither maps nor leaves out nor passes through."""
    rows, left = mapped(), left_out()
    through = {path[: match.start()] for path in [*rows, *left] for match in re.finditer("/", path)} | {
        "PubmedArticle",
        "PubmedBookArticle",
    }
    return {
        path for path in paths if path not in rows and path not in through and not is_left_out(path, left)
    }


def fields_of(kind: Any, name: str = "") -> Iterator[str]:
    """Every field of a Record, down to the plain values, as the page writes it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        for one in inner:
            yield from () if one is type(None) else fields_of(one, name)
    elif origin is tuple and inner[-1] is Ellipsis:
        yield from fields_of(inner[0], name)
    elif origin is tuple:
        for index, one in enumerate(inner):
            yield from fields_of(one, f"{name}.{index}")
    elif is_dataclass(kind):
        hints = get_type_hints(kind)
        for one in fields(kind):
            # A date's own parts are on the page only where PubMed can say them.
            yield from fields_of(hints[one.name], f"{name}.{one.name}" if name else one.name)
    else:
        yield name


def values_of(held: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of a Record, with its field: what its JSON would hold."""
    if is_dataclass(held):
        for one in fields(held):
            yield from values_of(getattr(held, one.name), f"{name}.{one.name}" if name else one.name)
    elif isinstance(held, tuple) and len(held) == 2 and not is_dataclass(held[0]) and is_dataclass(held[1]):
        for index, one in enumerate(held):
            yield from values_of(one, f"{name}.{index}")
    elif isinstance(held, tuple):
        for one in held:
            yield from values_of(one, name)
    elif held is not None:
        yield name, held


def one_line(words: str) -> str:
    seen = "".join(one for one in words if one.isspace() or unicodedata.category(one) != "Cc")
    return " ".join(seen.split())


def squeezed(words: str) -> str:
    """Without blanks and carets: the parser may set either beside a raised number or within a formula."""
    return "".join(words.split()).replace("^", "")


def is_markup(element: ET.Element) -> bool:
    return element.tag in MARKUP or element.tag.startswith(MATHML)


def own_words(element: ET.Element) -> tuple[str, bool]:
    """An element's text with its markup, and whether any of it is raised or a formula."""
    parts, raised = [element.text or ""], False
    for child in element:
        if is_markup(child):
            parts.append("".join(child.itertext()))
            raised |= any(one.tag == "sup" or one.tag.startswith(MATHML) for one in child.iter())
        parts.append(child.tail or "")
    return one_line("".join(parts)), raised


def citations(root: ET.Element) -> list[ET.Element]:
    """The citations of a file, in its order."""
    return [root] if root.tag in CITATIONS else [one for one in root if one.tag in CITATIONS]


def places(element: ET.Element, path: str = "") -> Iterator[tuple[str, str, bool]]:
    """Every place below an element with what stands there: path, value, and whether it is raised text."""
    if element.tag not in ("PubmedArticle", "PubmedBookArticle"):
        path = f"{path}/{element.tag}" if path else str(element.tag)
        # A section within a section, and a reference list within one, are read alike.
        path = re.sub(r"/(Section|ReferenceList)/\1$", r"/\1", path)
        yield path, *own_words(element)
        # What has no words says nothing, nor do its attributes: a label over an empty section.
        silent = path in mapped() and not own_words(element)[0]
        for name, value in () if silent else element.attrib.items():
            yield f"{path}/@{name}", one_line(value), False
    for child in element:
        if not is_markup(child):
            yield from places(child, path)


def as_said(value: str, how: str) -> Any:
    """What the page says of a value: a number, a month, yes or no. None where the value is the one that is meant anyway."""
    if how == "number":
        return int(value)
    if how == "month":
        return int(value) if value.isdigit() else MONTHS[value]
    if how == "slashes":
        return value
    if how in ("yes/no", "yes unless N", "no unless Y"):
        said = {"Y": True, "N": False}[value]
        return None if (how, said) in (("yes unless N", True), ("no unless Y", False)) else said
    return value


def by_field(record: Record) -> dict[str, list[Any]]:
    """A Record's values, field by field, without those that are meant anyway."""
    meant = {
        goal: row.how == "yes unless N"
        for row in mapped().values()
        for goal in row.fields
        if "unless" in row.how
    }
    found: dict[str, list[Any]] = defaultdict(list)
    for name, value in values_of(record):
        if not (name in meant and value is meant[name]):
            found[name].append(value)
    return found
