"""What was searched, when, and what came back: `SearchRun`, its searches, and what a run changed. Kept with the archive."""

from __future__ import annotations

from dataclasses import dataclass, field

from ldn_evidence.model.vocabularies import RunOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One query exactly as it was sent, and what PubMed answered.

    `slug` is the condition or the claim that it serves. `asked` is UTC, ISO 8601. `answers` are the digests of the raw answers.
    """

    slug: str
    query: str
    asked: str
    count: int
    pmids: tuple[int, ...]
    translation: str | None = None
    remarks: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRun:
    """One refresh from PubMed. `new`, `revised`, `gone`, `retracted` and `missing` are PMIDs.

    gone: an earlier run found it and this one did not; its record stays. missing: PubMed's search found it and its
    record was not given. not_given: the corpus or an imported file names it, and PubMed gave nothing. `revised_since`: the day from which PubMed was asked what it had revised.
    """

    id: str
    protocol: str
    service: str
    started: str
    ended: str
    outcome: RunOutcome
    why: str | None = None
    pubmed_build: str | None = None
    searches: tuple[Search, ...] = ()
    revised_since: str | None = None
    requests: int = 0
    batches: tuple[str, ...] = ()
    new: tuple[int, ...] = ()
    revised: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    retracted: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    not_given: tuple[int, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every PMID that PubMed found is held, or was accepted as missing by the person who ran it."""
        return self.outcome is RunOutcome.COMPLETE

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
        """One line: first author, year, title, journal."""
        first = self.authors[0] if self.authors else None
        head = " ".join(part for part in (first, f"({self.year})" if self.year else None) if part)
        words = [part.rstrip(".") for part in (head, self.title, self.journal) if part]
        return ". ".join(words) + "." if words else f"PMID {self.pmid}"
