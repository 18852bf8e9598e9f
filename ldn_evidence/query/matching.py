"""Does a Record answer a Query? Takes both and the headings beneath a heading; returns yes or no. Never asks PubMed.

Where PubMed's rule is not published, or needs its own index, the choice made here is in docs/queries.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date

from ldn_evidence.errors import InputError
from ldn_evidence.model import Author, PartialDate, Record
from ldn_evidence.model import Term as ControlledTerm
from ldn_evidence.query.fields import FIELDS, LANGUAGES, SUBSETS, Kind
from ldn_evidence.query.tree import Branch, Dates, Node, Query, Term
from ldn_evidence.query.words import fold, heading, words

_NO_DESCENDANTS: Mapping[str, Collection[str]] = {}


class Indexed:
    """A record with the words of the fields that were asked for, kept: for many queries on the same records."""

    __slots__ = ("_dates", "_spaced", "_words", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self._words: dict[str, tuple[list[str], ...]] = {}
        self._spaced: dict[str, tuple[str, ...]] = {}
        self._dates: dict[str, tuple[date, ...]] = {}

    def words(self, field: str) -> tuple[list[str], ...]:
        """The words of each piece of a field; a phrase never runs from one piece into the next."""
        if field not in self._words:
            self._words[field] = tuple(words(piece) for piece in _PIECES[field](self.record))
        return self._words[field]

    def spaced(self, field: str) -> tuple[str, ...]:
        """Each piece as " word word ", so that a phrase is a plain substring."""
        if field not in self._spaced:
            self._spaced[field] = tuple(f" {' '.join(piece)} " for piece in self.words(field))
        return self._spaced[field]

    def dates(self, field: str) -> tuple[date, ...]:
        """The days a date field stands for; a date without a day is its first, so that ranges never overlap."""
        if field not in self._dates:
            days = (_first_day(one) for one in _DATES[field](self.record) if one is not None)
            self._dates[field] = tuple(day for day in days if day is not None)
        return self._dates[field]


def matches(
    query: Query, record: Record | Indexed, descendants: Mapping[str, Collection[str]] = _NO_DESCENDANTS
) -> bool:
    """Whether the record answers the query. `descendants`: a MeSH heading -> every heading beneath it, in any case.

    An `Indexed` record may be given where the same record is asked many times.
    """
    indexed = record if isinstance(record, Indexed) else Indexed(record)
    narrower = {heading(name): beneath for name, beneath in descendants.items()}
    return _holds(query.root, indexed, narrower)


def _holds(node: Node, record: Indexed, narrower: Mapping[tuple[str, ...], Collection[str]]) -> bool:
    if isinstance(node, Branch):
        if node.operator == "AND":
            return all(_holds(part, record, narrower) for part in node.parts)
        if node.operator == "OR":
            return any(_holds(part, record, narrower) for part in node.parts)
        first, *others = node.parts
        return _holds(first, record, narrower) and not any(_holds(part, record, narrower) for part in others)
    if isinstance(node, Dates):
        return any(node.first <= day <= node.last for day in record.dates(node.field))
    if node.field in ("mh", "majr", "sh", "pt"):
        return _listed(node, record, narrower)
    kind = FIELDS[node.field][0]
    if kind is Kind.TEXT:
        return _in_text(node, record)
    if kind is Kind.NAME:
        return any(_named(node, name) for name in _NAMES[node.field](record.record))
    if kind is Kind.LIST:
        return any(_whole(node.words, heading(value)) for value in _LISTS[node.field](record.record, node))
    if kind is Kind.IDENTIFIER:
        return any(
            node.words[0] == " ".join(fold(value).split())
            for value in _IDENTIFIERS[node.field](record.record)
        )
    if kind is Kind.FILTER:
        if node.words[0] == "hasabstract":
            return bool(record.record.abstract)
        return record.record.status in SUBSETS[node.words[0]]
    raise InputError(f"{node.text}[{node.field}] can't be decided on a record. Leave this term out.")


def _in_text(term: Term, record: Indexed) -> bool:
    if term.near is not None:
        return any(_near(term.words, piece, term.near) for piece in record.words(term.field))
    # Untagged words without quotation marks are looked for apart, as PubMed's last resort does.
    if term.field == "all" and not term.quoted:
        return all(_phrase((word,), record.spaced("all")) for word in term.words)
    return _phrase(term.words, record.spaced(term.field))


def _phrase(wanted: tuple[str, ...], pieces: tuple[str, ...]) -> bool:
    if any(word.endswith("*") for word in wanted[:-1]):
        pattern = re.compile(
            " " + " ".join(f"{re.escape(word[:-1])}[^ ]*" if word.endswith("*") else re.escape(word) for word in wanted)
            + ("" if wanted[-1].endswith("*") else " ")
        )  # fmt: skip
        return any(pattern.search(piece) for piece in pieces)
    text = " ".join(wanted)
    text = f" {text[:-1]}" if text.endswith("*") else f" {text} "
    return any(text in piece for piece in pieces)


def _near(wanted: tuple[str, ...], piece: list[str], between: int) -> bool:
    """All the words, in any order, with at most so many others among them."""
    needed = Counter(wanted)
    width = len(wanted) + between
    return any(
        not needed - Counter(piece[start : start + width])
        for start, word in enumerate(piece)
        if word in needed
    )


def _whole(wanted: tuple[str, ...], value: tuple[str, ...]) -> bool:
    """A value of a list is compared from its first word to its last; after an asterisk anything may follow."""
    if wanted[-1].endswith("*"):
        return " ".join(value).startswith(" ".join(wanted)[:-1])
    return wanted == value


def _listed(term: Term, record: Indexed, narrower: Mapping[tuple[str, ...], Collection[str]]) -> bool:
    """MeSH headings, their qualifiers, publication types: by name or unique id, and what lies beneath a heading."""
    held = record.record
    if term.field == "pt":
        return _one_of(term.words, term.explode, held.publication_types, (), narrower)
    if term.field == "sh":
        qualifiers = [qualifier for one in held.mesh for qualifier in one.qualifiers]
        return _one_of(term.words, term.explode, qualifiers, (), narrower)
    headings = [one for one in held.mesh if one.major or term.field == "mh"]
    # A substance without a heading of its own is mapped to one: `naltrexone[mh]` brings methylnaltrexone too.
    mapped = _substances(held) if term.field == "mh" else []
    if _one_of(term.words, term.explode, [one.descriptor for one in headings], mapped, narrower):
        return True
    asked, slash, qualifier = term.text.partition("/")
    if not slash:
        return False
    with_it = [
        one.descriptor
        for one in headings
        if any(heading(each.name) == heading(qualifier) for each in one.qualifiers)
    ]
    return _one_of(heading(asked), term.explode, with_it, (), narrower)


def _one_of(
    wanted: tuple[str, ...], explode: bool, held: Sequence[ControlledTerm], mapped: Sequence[ControlledTerm],
    narrower: Mapping[tuple[str, ...], Collection[str]],
) -> bool:  # fmt: skip
    ui = wanted[0] if len(wanted) == 1 else None
    if any(_whole(wanted, heading(one.name)) or (ui and one.ui and one.ui.lower() == ui) for one in held):
        return True
    # PubMed does not explode a heading that ends in an asterisk.
    if not explode or not wanted or wanted not in narrower:
        return False
    beneath = {heading(name) for name in narrower[wanted]}
    return any(heading(one.name) in beneath for one in (*held, *mapped))


def _named(term: Term, name: Author) -> bool:
    """Author names: `smith`, `smith j` (also Smith JA), `"smith j"` (only that), or in full as PubMed prints it."""
    if name.collective:
        return term.field in ("au", "1au", "lastau") and _whole(term.words, heading(name.collective))
    last, initials = words(name.last_name or ""), "".join(words(name.initials or ""))
    fore = words(name.fore_name or "")
    wanted = list(term.words)
    if term.field in ("fau", "fir"):
        return bool(fore) and any(
            _whole(term.words, tuple(one)) for one in (last + fore, fore + last, last + fore[:1])
        )
    if wanted[-1].endswith("*"):
        return " ".join([*last, initials]).startswith(" ".join(wanted)[:-1])
    if not last or wanted[: len(last)] != last:
        return False
    rest = "".join(wanted[len(last) :])
    if not rest or rest == initials or (fore and wanted[len(last) :] == fore):
        return True
    return not term.quoted and len(rest) <= 2 and initials.startswith(rest)


def _first_day(held: PartialDate) -> date | None:
    if held.year is None or not 1 <= held.year <= 9999:
        return None
    try:
        return date(held.year, held.month or 1, held.day or 1)
    except ValueError:  # 31 June stands in real records
        return date(held.year, held.month if held.month and 1 <= held.month <= 12 else 1, 1)


# ---------------------------------------------------------------- what each field of PubMed is in a Record


def _titles(record: Record) -> Iterator[str]:
    yield from (one for one in (record.title, record.book_title) if one)


def _abstracts(record: Record) -> Iterator[str]:
    """Each abstract as one piece, with the labels of its sections, as PubMed shows it."""
    for sections in (record.abstract, *(one.sections for one in record.other_abstracts)):
        if sections:
            yield " ".join(f"{one.label or ''} {one.text}" for one in sections)


def _title_and_abstract(record: Record) -> Iterator[str]:
    yield from _titles(record)
    yield from _abstracts(record)
    yield from (one.text for one in record.keywords)


def _substances(record: Record) -> list[ControlledTerm]:
    return [*record.supplementary_mesh, *(one.substance for one in record.chemicals)]


def _text_words(record: Record) -> Iterator[str]:
    yield from _title_and_abstract(record)
    yield from (one for one in (record.vernacular_title,) if one)
    for one in record.mesh:
        yield one.descriptor.name
        yield from (one.name for one in one.qualifiers)
    yield from (one.name for one in record.publication_types)
    yield from (one.name for one in _substances(record))
    yield from (one.value for one in record.registry_ids)


def _affiliations(record: Record) -> Iterator[str]:
    for one in (*record.authors, *record.investigators):
        yield from (each.name for each in one.affiliations if each.name)


def _grants(record: Record) -> Iterator[str]:
    for one in record.grants:
        yield from (part for part in (one.number, one.agency, one.country) if part)


def _groups(record: Record) -> Iterator[str]:
    yield from (one.collective for one in record.authors if one.collective)


def _everything(record: Record) -> Iterator[str]:
    yield from _text_words(record)
    yield from _affiliations(record)
    yield from _grants(record)
    for one in (*record.authors, *record.investigators):
        yield one.name
        if one.fore_name and one.last_name:
            yield f"{one.fore_name} {one.last_name}"
    journal = record.journal
    for part in (
        journal.title, journal.iso_abbreviation, journal.medline_abbreviation, journal.issn, journal.issn_linking, journal.nlm_id, journal.country, journal.volume,
        journal.issue, journal.pages, record.publisher, record.conflict_of_interest, str(record.pmid),
        str(record.published.year or "") or None,
    ):  # fmt: skip
        if part:
            yield part
    yield from (one.value for one in record.identifiers)
    yield from record.languages
    yield from (one.registry_number for one in record.chemicals if one.registry_number)


_PIECES: dict[str, Callable[[Record], Iterator[str]]] = {
    "all": _everything,
    "ti": _titles,
    "tiab": _title_and_abstract,
    "tw": _text_words,
    "ot": lambda record: (one.text for one in record.keywords),
    "tt": lambda record: iter((record.vernacular_title,) if record.vernacular_title else ()),
    "ad": _affiliations,
    "gr": _grants,
    "cois": lambda record: iter((record.conflict_of_interest,) if record.conflict_of_interest else ()),
    "cn": _groups,
    "pubn": lambda record: iter((record.publisher,) if record.publisher else ()),
}
_DATES: dict[str, Callable[[Record], tuple[PartialDate | None, ...]]] = {
    "dp": lambda record: (record.published, record.published_online),
    "ppdat": lambda record: (record.published,),
    "epdat": lambda record: (record.published_online,),
    "edat": lambda record: _history(record, "pubmed"),
    # Since 2018 the XML has no DateCreated; the history's "entrez" is the day PubMed shows as created.
    "crdt": lambda record: _history(record, "entrez") or (record.created,),
    "lr": lambda record: (record.revised,),
    "dcom": lambda record: (record.completed,),
    "mhda": lambda record: _history(record, "medline"),
}
_NAMES: dict[str, Callable[[Record], tuple[Author, ...]]] = {
    "au": lambda record: record.authors,
    "1au": lambda record: record.authors[:1],
    "lastau": lambda record: record.authors[-1:],
    "fau": lambda record: record.authors,
    "ir": lambda record: record.investigators,
    "fir": lambda record: record.investigators,
}


def _history(record: Record, status: str) -> tuple[PartialDate, ...]:
    return tuple(day for name, day in record.history if name == status)


def _journal(record: Record, _: Term) -> list[str]:
    held = record.journal
    return [
        one
        for one in (
            held.title,
            held.iso_abbreviation,
            held.medline_abbreviation,
            held.issn,
            held.issn_linking,
        )
        if one
    ]


def _languages(record: Record, term: Term) -> list[str]:
    # "english" and "eng" mean the same; PubMed's XML has the code.
    code = LANGUAGES.get(" ".join(term.words))
    return [" ".join(term.words) if one == code else one for one in record.languages]


_LISTS: dict[str, Callable[[Record, Term], list[str]]] = {
    "nm": lambda record, _: [one.name for one in _substances(record)],
    "ta": _journal,
    "la": _languages,
    "pl": lambda record, _: [record.journal.country] if record.journal.country else [],
}


def _registry_ids(record: Record) -> list[str]:
    return [form for one in record.registry_ids for form in (one.value, f"{one.scheme}/{one.value}")]


def _pages(record: Record) -> list[str]:
    pages = record.journal.pages
    return [pages, pages.split("-")[0].strip()] if pages else []


def _author_ids(record: Record) -> list[str]:
    people = (*record.authors, *record.investigators)
    held = [(one.scheme, one.value) for person in people for one in person.identifiers]
    bare = [(scheme, value.rstrip("/").rsplit("/", 1)[-1]) for scheme, value in held]
    return [form for scheme, value in bare for form in (value, f"{scheme}/{value}")]


_IDENTIFIERS: dict[str, Callable[[Record], list[str]]] = {
    "pmid": lambda record: [str(record.pmid)],
    "aid": lambda record: [one.value for one in record.identifiers],
    "lid": lambda record: [one.value for one in record.identifiers if one.scheme in ("doi", "pii")],
    "auid": _author_ids,
    "si": _registry_ids,
    "rn": lambda record: [one.registry_number for one in record.chemicals if one.registry_number],
    "jid": lambda record: [record.journal.nlm_id] if record.journal.nlm_id else [],
    "is": lambda record: [record.journal.issn] if record.journal.issn else [],
    "vi": lambda record: [record.journal.volume] if record.journal.volume else [],
    "ip": lambda record: [record.journal.issue] if record.journal.issue else [],
    "pg": _pages,
}
