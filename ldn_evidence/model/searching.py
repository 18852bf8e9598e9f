"""What was searched, when, and what came back: `SearchRun`, its searches, and what a run changed. Kept with the archive."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import StringConstraints

from ldn_evidence.model.vocabularies import RunOutcome
from ldn_evidence.model.written import cited

# UTC, ISO 8601, to the second.
Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\+00:00|Z)$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One query exactly as it was sent, and what PubMed answered.

    `slug` is the condition or the claim that it serves. `asked` is UTC, ISO 8601. `answers` are the digests of the raw answers.
    """

    slug: str
    query: str
    asked: Moment
    count: int
    pmids: tuple[int, ...]
    translation: str | None = None
    remarks: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRun:
    """One refresh from PubMed: when, with which searches, and what it changed, as PMIDs.

    | field | which |
    |---|---|
    | new, revised, retracted | records that came, came otherwise than they were held, or came retracted |
    | gone | an earlier run found them and this one did not; their records stay |
    | unchanged | fetched again and found as they were held |
    | unreadable | given, and not to be read as a record; kept raw |
    | missing | PubMed has them and did not give them |
    | not_given | the corpus or an imported file names them, and PubMed gave nothing |

    `revised_since` is the day from which PubMed was asked what it had revised, `revision_answers` what it answered, raw.
    """

    id: str
    protocol: str
    service: str
    started: Moment
    ended: Moment
    outcome: RunOutcome
    why: str | None = None
    pubmed_build: str | None = None
    searches: tuple[Search, ...] = ()
    revised_since: str | None = None
    revision_answers: tuple[str, ...] = ()
    requests: int = 0
    batches: tuple[str, ...] = ()
    new: tuple[int, ...] = ()
    revised: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    retracted: tuple[int, ...] = ()
    unchanged: tuple[int, ...] = ()
    unreadable: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    not_given: tuple[int, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every PMID that PubMed found was given, or accepted as missing by a person; `unreadable` ones are kept raw."""
        return self.outcome is RunOutcome.COMPLETE

    @property
    def of_ncbi(self) -> bool:
        """Whether it asked NCBI itself, and not a stand-in."""
        return re.match(r"https?://([a-z0-9-]+\.)*nih\.gov/", self.service) is not None

    @property
    def found(self) -> frozenset[int]:
        """Every PMID that any of its queries found."""
        return frozenset(pmid for search in self.searches for pmid in search.pmids)

    def search(self, slug: str) -> Search | None:
        """The search that serves a condition or a claim."""
        return next((one for one in self.searches if one.slug == slug), None)

    def found_by(self) -> dict[int, tuple[str, ...]]:
        """For each PMID the slugs of the queries that found it, in the protocol's order."""
        slugs: dict[int, tuple[str, ...]] = {}
        for search in self.searches:
            for pmid in search.pmids:
                slugs[pmid] = (*slugs.get(pmid, ()), search.slug)
        return slugs


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A reference from another search, as its file gives it; a PubMed record takes its place once fetched.

    `key` is `import:` and ten letters of the file's digest, and its place in the file. Never counted, never graded.
    """

    key: str
    source: str
    title: str | None = None
    pmid: int | None = None
    doi: str | None = None
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    abstract: str | None = None
    publication_types: tuple[str, ...] = ()

    @property
    def citation(self) -> str:
        """One line: first author, year, title, journal; where no author is known the title stands first."""
        words = cited(self.authors[0] if self.authors else None, self.year, self.title, self.journal)
        name = f"PMID {self.pmid}" if self.pmid else f"doi:{self.doi}" if self.doi else "without title"
        return ". ".join(words) + "." if words else f"A reference {name}, from {self.source}."
