"""What joining looks at in a document, whatever its kind: a corpus row, a PubMed record or a reference from another search.

Takes Reports, Records and Citations with what a machine made of them; returns `Document`s. Never compares two.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from ldn_evidence.corpus.numbers import Number, number, numbers
from ldn_evidence.corpus.rules import joining_rules, relations
from ldn_evidence.model import (
    Author,
    Citation,
    MachineReading,
    PublicationKind,
    Record,
    Report,
    StudyDesign,
    TagSource,
)

# What stands behind the 300th character of a title tells two papers no better apart.
MOST_TITLE = 300
MOST_AUTHORS = 2000

# A family name in small letters without its particles, and the first letter of a given name ("" where it is not known).
Person = tuple[str, str]
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_FORMS = {"preprint": PublicationKind.PREPRINT, "correction notice": PublicationKind.ERRATUM}
_PARTICLES = frozenset(["de", "da", "di", "do", "dos", "das", "del", "della", "der", "den", "des", "du", "la", "le", "van", "von", "y", "e", "af", "av", "ten", "ter", "zu", "bin", "ibn", "al", "el"])  # fmt: skip


@dataclass(frozen=True)
class Link:
    """One end of a link to another document: by PMID or DOI, with the relation's name."""

    relation: str
    pmid: int | None
    doi: str | None


@dataclass(frozen=True, eq=False)
class Document:
    """The facts of one document that joining looks at.

    `row`: a person described it. `sure`: the machine does not doubt the design. `numbers`: those that PubMed's list, or a row, gives; `mentioned`: those that title and abstract name.
    `authors_known`: the list is whole, so that who is not in it took no part.
    """

    name: str
    kind: PublicationKind
    design: StudyDesign
    sure: bool
    meta_analysis: bool
    title: str
    year: int | None
    journal: str
    pmid: int | None
    doi: str | None
    row: bool = False
    citation: bool = False
    people: tuple[Person, ...] = ()
    authors_known: bool = False
    numbers: frozenset[Number] = frozenset()
    mentioned: frozenset[Number] = frozenset()
    links: tuple[Link, ...] = ()
    conditions: frozenset[str] = frozenset()
    duplicate: bool = False

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the title."""
        return frozenset(words(self.title))

    @cached_property
    def telling(self) -> frozenset[str]:
        """The words of the title that say what the study is about."""
        return frozenset(
            one
            for one in self.words - joining_rules().likeness.not_telling
            if len(one) > 2 and not one.isdigit()
        )

    @cached_property
    def figures(self) -> frozenset[str]:
        """The figures in the title, Roman ones as Arabic ones: "phase II" and "phase 2" are one."""
        return frozenset(_ROMAN.get(one, one) for one in self.words if one.isdigit() or one in _ROMAN)

    def figures_differ(self, other: Document) -> bool:
        """Whether each title bears a figure that the other does not: 4.5 mg and 9 mg, part 1 and part 2."""
        return bool(self.figures - other.figures and other.figures - self.figures)

    def same_sort(self, other: Document) -> bool:
        """Whether the designs can be those of one study: a cohort is no report of a trial. A plan is one of either."""
        sorts = joining_rules().numbers.sorts
        one, another = (
            next((place for place, sort in enumerate(sorts) if design in sort), None)
            for design in (self.design, other.design)
        )
        return one is None or another is None or one == another

    @cached_property
    def plan(self) -> bool:
        """Whether it says what is going to be done, by its kind or by its title."""
        title = self.title.casefold()
        return self.kind is PublicationKind.PROTOCOL or any(one in title for one in joining_rules().main.plan)

    def sole(self, number: Number) -> bool:
        """Whether it bears no second number of the same register."""
        return sum(one.register == number.register for one in self.numbers) == 1

    @cached_property
    def tells_of_another(self) -> bool:
        """Whether it is a notice or an erratum, by its type or by its links."""
        said = any(relations()[one.relation].other == "tells" for one in self.links)
        return said or self.kind in joining_rules().main.never

    @cached_property
    def cochrane(self) -> tuple[str, int] | None:
        """The number of a Cochrane review and its version: 10.1002/14651858.CD010410.pub3. The protocol is version 1."""
        found = re.fullmatch(r"10\.1002/14651858\.((?:cd|mr)\d{6})(?:\.pub(\d{1,3}))?", (self.doi or ""))
        return (found[1].upper(), int(found[2] or 1)) if found else None


def of_report(report: Report, reading: MachineReading) -> Document:
    """A corpus row."""
    return Document(
        name=report.study_key,
        kind=_FORMS.get(report.form or "", reading.tag.publication),
        design=reading.tag.design,
        sure=_sure(reading),
        meta_analysis=reading.tag.meta_analysis,
        title=report.title[:MOST_TITLE],
        year=report.year,
        journal=_plain(report.journal),
        pmid=report.pmid,
        doi=(report.doi or "").lower() or None,
        row=True,
        people=_people([report.first_author] if report.first_author else []),
        numbers=numbers((None, one) for one in report.registry_ids),
        conditions=frozenset({report.condition} - {"general"}),
    )


def of_record(record: Record, reading: MachineReading) -> Document:
    """A PubMed record."""
    valid = [one for one in record.authors if one.valid][:MOST_AUTHORS]
    return Document(
        name=f"pmid:{record.pmid}",
        kind=reading.tag.publication,
        design=reading.tag.design,
        sure=_sure(reading),
        meta_analysis=reading.tag.meta_analysis,
        title=(record.title or "")[:MOST_TITLE],
        year=record.published.year,
        journal=_plain(record.journal.abbreviation or record.journal.title),
        pmid=record.pmid,
        doi=(record.identifier("doi") or "").lower() or None,
        people=tuple(dict.fromkeys(one for author in valid if (one := _person_of(author)))),
        authors_known=bool(valid)
        and record.authors_complete is not False
        and not any(one.collective for one in valid),
        numbers=numbers((one.scheme, one.value) for one in record.registry_ids),
        mentioned=_mentioned(reading),
        links=tuple(
            Link(one.relation, one.pmid, _doi(f"{one.source or ''} {one.note or ''}"))
            for one in record.related
            if one.relation in relations() and relations()[one.relation].other != "apart"
        ),
        conditions=frozenset(reading.relevance.conditions),
        duplicate=any(one.name == "Duplicate Publication" for one in record.publication_types),
    )


def of_citation(one: Citation, reading: MachineReading) -> Document:
    """A reference from another search."""
    return Document(
        name=one.key,
        kind=reading.tag.publication,
        design=reading.tag.design,
        sure=_sure(reading),
        meta_analysis=reading.tag.meta_analysis,
        title=(one.title or "")[:MOST_TITLE],
        year=one.year,
        journal=_plain(one.journal),
        pmid=one.pmid,
        doi=(one.doi or "").lower() or None,
        citation=True,
        people=_people(one.authors[:MOST_AUTHORS]),
        authors_known=len(one.authors) > 1,
        mentioned=_mentioned(reading),
        conditions=frozenset(reading.relevance.conditions),
    )


def label(one: Document) -> str:
    """ "PMID 123", or the key of a row or a reference."""
    return f"PMID {one.pmid}" if one.name.startswith("pmid:") else one.name


def words(text: str | None) -> list[str]:
    """Letters and digits of a text, in small letters, without accents."""
    return re.findall(r"[^\W_]+", _unmarked(text or ""))


def _sure(reading: MachineReading) -> bool:
    """Whether the machine knows the design by more than a word of the title: a "current" or a "concept" can be read as a review's."""
    title_alone = reading.tag.source is TagSource.CUE and reading.tag.probability is None
    return reading.tag.doubt is None and not title_alone


def _mentioned(reading: MachineReading) -> frozenset[Number]:
    return frozenset(one for text in reading.registry_numbers if (one := number(text)))


def _doi(text: str) -> str | None:
    found = re.search(r"\b10\.\d{4,9}/[^\s;,]+", text[:1000])
    return found[0].rstrip(".)]").lower() if found else None


def _unmarked(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(one for one in apart if not unicodedata.combining(one))


def _plain(text: str | None) -> str:
    return " ".join(words(text))


def _person_of(author: Author) -> Person | None:
    if author.collective or not author.last_name:
        return None
    return _person(author.last_name, author.fore_name or author.initials or "")


def _people(names: list[str] | tuple[str, ...]) -> tuple[Person, ...]:
    """ "Younger J", "Younger, Jarred" or "de Paula TMH"."""
    found = []
    for name in names:
        family, comma, given = name.partition(",")
        if not comma:
            parts = name.split()
            last = parts[-1] if len(parts) > 1 and parts[-1].isupper() and len(parts[-1]) <= 4 else ""
            family, given = (" ".join(parts[:-1]), last) if last else (name, "")
        found.append(_person(family, given))
    return tuple(dict.fromkeys(one for one in found if one))


def _person(family: str, given: str) -> Person | None:
    """The last part of a double name stands for it: "Due Bruun" and "Bruun" are one surname."""
    parts = [one for one in words(family) if one not in _PARTICLES] or words(family)
    initials = words(given)
    return (parts[-1], initials[0][0] if initials else "") if parts else None
