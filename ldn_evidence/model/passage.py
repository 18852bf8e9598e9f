"""A title and an abstract as one text whose every character has an address: what rules read, and what their spans point into.

Takes strings; gives sections and sentences with offsets. Never decides what anything means.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ldn_evidence.model.machine import Span
from ldn_evidence.model.pubmed import Record
from ldn_evidence.model.vocabularies import Part

# Longer texts are not abstracts; what follows is not read, so that no input takes for ever.
MOST_CHARACTERS = 50_000

# Headings as abstracts print them, and NLM's categories, by the part that they open.
_HEADINGS = {
    Part.BACKGROUND: "background introduction objective objectives aim aims purpose context rationale hypothesis importance "
    "question goal unlabelled background|and|purpose background|and|objective background|and|objectives "
    "background|and|aims introduction|and|objectives aim|of|the|study purpose|of|review",
    Part.METHODS: "method methods design setting settings participants patients subjects interventions intervention "
    "materials|and|methods material|and|methods patients|and|methods methods|and|materials study|design "
    "design|and|methods subjects|and|methods experimental|design methodology measurements procedures data|sources "
    "data|source study|selection data|extraction research|design|and|methods design|setting|and|participants "
    "main|outcome|measures main|outcome|measure main|outcomes|and|measures outcome|measures methods|and|analysis "
    "methods|and|findings trial|design search|strategy",
    Part.RESULTS: "result results finding findings main|results observations outcomes case|report case|presentation case|summary "
    "case data|synthesis results|and|discussion recent|findings",
    Part.CONCLUSIONS: "conclusion conclusions interpretation discussion implications significance relevance conclusions|and|relevance "
    "conclusion|and|relevance summary discussion|and|conclusion discussion|and|conclusions",
}
_PART_OF = {words.replace("|", " "): part for part, lot in _HEADINGS.items() for words in lot.split()}
_CATEGORIES = {
    "BACKGROUND": Part.BACKGROUND,
    "OBJECTIVE": Part.BACKGROUND,
    "METHODS": Part.METHODS,
    "RESULTS": Part.RESULTS,
    "CONCLUSIONS": Part.CONCLUSIONS,
}
# "METHODS:" or "Main Outcome Measures:" at the start of a line or after a sentence.
_INLINE = re.compile(r"(?:^|(?<=[.?!]\s)|(?<=\n))([A-Z][A-Za-z/&,]*(?:[ /][A-Za-z&,/]+){0,4})\s?[:.](?=\s)")
# "CONCLUSION Naltrexone ...": some journals print the heading in capitals and no colon.
_BARE = re.compile(
    r"(?:^|(?<=[.?!)]\s)|(?<=\n))([A-Z]{4,}(?:(?:,? AND |, | )[A-Z]{4,}){0,4})(?=\s(?:[A-Z][a-z-]|[A-Z]\s|\d))"
)

_ABBREVIATIONS = (
    "vs", "e.g", "i.e", "cf", "al", "approx", "no", "nos", "fig", "figs", "ca", "dr", "mr", "mrs", "st", "resp", "etc",
    "viz", "sp", "spp", "subsp", "var", "inc", "ltd", "co", "corp", "s.c", "i.v", "i.p", "p.o", "i.m", "b.i.d", "q.d",
    "t.i.d", "eq", "ref", "refs", "vol", "ed", "eds", "dept", "univ", "u.s", "u.k",
)  # fmt: skip
_STOP = re.compile(r"[.!?][)\]\"'”’]*\s+(?=[\"'“‘(\[]?[A-Z0-9Α-Ω])|\n+")
_LAST_WORD = re.compile(r"[\w.]+$")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sentence or a section of a passage: where it begins and ends, and the part of the abstract it stands in."""

    start: int
    end: int
    part: Part
    text: str


@dataclass(frozen=True)
class Passage:
    """`text` is the title, a line break and the abstract. `parts` holds where each part begins, in order."""

    text: str
    parts: tuple[tuple[int, Part], ...]

    @classmethod
    def of(cls, title: str | None, abstract: str | None) -> Passage:
        """From a title and an abstract in one string, whose headings ("METHODS: ...") are recognised."""
        return cls._joined(title, [(None, abstract or "")])

    @classmethod
    def of_record(cls, record: Record) -> Passage:
        """From a PubMed record, whose sections bear their category."""
        sections = [
            (
                _CATEGORIES.get(one.category or "") or _part(one.label or ""),
                f"{one.label}: {one.text}" if one.label else one.text,
            )
            for one in record.abstract
        ]
        return cls._joined(record.title, sections)

    @classmethod
    def _joined(cls, title: str | None, sections: Iterable[tuple[Part | None, str]]) -> Passage:
        text = title or ""
        parts = [(0, Part.TITLE)]
        for part, words in sections:
            if not words or len(text) >= MOST_CHARACTERS:
                continue
            text += "\n"
            parts.append((len(text), part or Part.ABSTRACT))
            if part is None:
                parts += [(len(text) + at, inner) for at, inner in _inline(words)]
            text += words
        return cls(text[:MOST_CHARACTERS], tuple(one for one in parts if one[0] <= MOST_CHARACTERS))

    def part_at(self, offset: int) -> Part:
        """The part of the abstract in which an offset lies."""
        return self.parts[bisect_right(self.parts, offset, key=lambda one: one[0]) - 1][1]

    def span(self, start: int, end: int) -> Span:
        """The words from `start` to `end`."""
        return Span(start=start, end=end, words=self.text[start:end])

    @cached_property
    def title(self) -> str:
        """The title alone."""
        return self.text[: self.parts[1][0] - 1] if len(self.parts) > 1 else self.text

    @cached_property
    def abstract(self) -> str:
        """Everything after the title."""
        return self.text[self.parts[1][0] :] if len(self.parts) > 1 else ""

    @cached_property
    def sections(self) -> tuple[Stretch, ...]:
        """The title and the parts of the abstract, in their order."""
        ends = [at for at, _ in self.parts[1:]] + [len(self.text)]
        return tuple(
            Stretch(start, end, part, self.text[start:end])
            for (start, part), end in zip(self.parts, ends, strict=True)
        )

    @cached_property
    def sentences(self) -> tuple[Stretch, ...]:
        """Every sentence, the title first. A heading stays with the sentence that follows it."""
        return tuple(one for section in self.sections for one in self._within(section))

    def _within(self, section: Stretch) -> Iterator[Stretch]:
        start = section.start
        for stop in _STOP.finditer(self.text, section.start, section.end):
            if _abbreviated(self.text, start, stop.start()):
                continue
            yield from self._stretch(start, stop.end(), section.part)
            start = stop.end()
        yield from self._stretch(start, section.end, section.part)

    def _stretch(self, start: int, end: int, part: Part) -> Iterator[Stretch]:
        words = self.text[start:end]
        start, end = start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())
        if start < end:
            yield Stretch(start, end, part, self.text[start:end])


def _part(label: str) -> Part | None:
    words = " ".join(re.findall(r"[a-z]+", label.lower()))
    return _PART_OF.get(words)


def _inline(words: str) -> Iterator[tuple[int, Part]]:
    found: dict[int, Part] = {}
    for heading in _INLINE.finditer(words):
        part = _part(heading[1])
        # "Methods." and "RESULTS:" are headings; "Case." in the middle of a line of small letters is not.
        if part and (heading[0].endswith(":") or heading[1].isupper() or heading.start() == 0):
            found[heading.start()] = part
    for heading in _BARE.finditer(words):
        if part := _part(heading[1]):
            found.setdefault(heading.start(), part)
    yield from sorted(found.items())


def _abbreviated(text: str, start: int, stop: int) -> bool:
    """Whether the full stop at `stop` belongs to an abbreviation ("vs.", "et al.") or an initial ("J.")."""
    if text[stop] != ".":
        return False
    last = _LAST_WORD.search(text, max(start, stop - 12), stop)
    word = last[0].lower() if last else ""
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word not in ("a", "i"))
