"""The grounds on which two documents may be one study, each with its words. Takes Documents; gives `Ground`s, in no order that matters.

Never unites anything: what a ground is worth beside others is decided in `joining`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ldn_evidence.corpus.documents import Document, Person, label, words
from ldn_evidence.corpus.numbers import Number, slipped
from ldn_evidence.corpus.rules import Relation, joining_rules, relations
from ldn_evidence.model import PublicationKind

# A name that so many titles bear tells no two of them apart.
LEAST_WORDS = 4


@dataclass(frozen=True)
class Likeness:
    """A preprint that is like articles and can't be joined to one: `words` are said of `of`, unless it comes to stand with one of them."""

    of: str
    preprint: str
    articles: tuple[str, ...]
    words: str


@dataclass(frozen=True, order=True)
class Ground:
    """Two documents and why they may be one study; the smaller `strength` is the better.

    `why` may hold {other}: the one that the words are about. `about` is that one, where the words do not fit both ways. `lesser`: the
    one of the two that can't be the main document beside the other.
    """

    strength: int
    first: str
    second: str
    why: str
    about: str = ""
    lesser: str = ""

    def said(self, documents: Mapping[str, Document], beside: str) -> str:
        """Why the other of the two stands with `beside`."""
        if self.about and self.about != beside:
            return f"{label(documents[beside])} is the {self.why.format(other='it')}"
        return self.why.format(other=label(documents[beside]))


def _ground(strength: int, one: Document, other: Document, why: str, **more: str) -> Ground:
    first, second = sorted((one.name, other.name))
    return Ground(strength, first, second, why, **more)


def linked(documents: Sequence[Document]) -> Iterator[Ground]:
    """Links that PubMed gives between two records that are held, or between a record and a row."""
    by_pmid = {one.pmid: one for one in documents if one.pmid and one.name == f"pmid:{one.pmid}"}
    by_pmid = {one.pmid: one for one in documents if one.pmid and one.row} | by_pmid
    by_doi: dict[str, Document] = {}
    for one in documents:
        if one.doi and not one.citation:
            by_doi.setdefault(one.doi, one)
    for one in documents:
        for link in one.links:
            other = by_pmid.get(link.pmid) if link.pmid else by_doi.get(link.doi or "")
            if other is not None and other is not one:
                yield _of_relation(relations()[link.relation], one, other)


def _of_relation(relation: Relation, one: Document, other: Document) -> Ground:
    # Which of the two the words are said of, and of which: "erratum of" is said of the notice.
    subject = one if relation.other in ("tells", "older", "original") else other
    about = other if subject is one else one
    lesser = subject if relation.other in ("tells", "notice", "copy", "original") else about
    return _ground(1, one, other, relation.words, about=about.name, lesser=lesser.name)


def copies(documents: Sequence[Document]) -> Iterator[Ground]:
    """The same DOI; or the same title, authors, year and journal; or PubMed's type for duplicates with the same title and authors."""
    by_doi: dict[str, list[Document]] = defaultdict(list)
    by_title: dict[tuple[object, ...], list[Document]] = defaultdict(list)
    twice: dict[tuple[object, ...], list[Document]] = defaultdict(list)
    for one in documents:
        if one.doi:
            by_doi[one.doi].append(one)
        title = " ".join(words(one.title))
        # Versions of a review bear one title, and two reviews may: their numbers tell.
        if one.row or one.cochrane or not one.people or len(title.split()) < LEAST_WORDS:
            continue
        if one.year and one.journal:
            by_title[title, one.people, one.year, one.journal].append(one)
        twice[title, one.people].append(one)
    for found, why in (
        (by_doi, "the same DOI as {other}"),
        (by_title, "the same title, authors, year and journal as {other}"),
        (
            {key: some for key, some in twice.items() if any(one.duplicate for one in some)},
            "the same title and authors as {other}, and PubMed's type says duplicate publication",
        ),
    ):
        for some in found.values():
            for one in some[1:]:
                yield _ground(2, some[0], one, why)


def versions(documents: Sequence[Document]) -> Iterator[Ground]:
    """Versions of one Cochrane review, its protocol among them: by the review's number in the DOI, else by title. The latest is the main document."""
    yield from _unnumbered(documents)
    by_review: dict[str, list[Document]] = defaultdict(list)
    for one in documents:
        if one.cochrane:
            by_review[one.cochrane[0]].append(one)
    for review, found in by_review.items():
        found.sort(key=lambda one: (not one.tells_of_another, one.cochrane or ("", 0)))
        latest = found[-1]
        for one in found[:-1]:
            if (one.cochrane or ("", 0)) > (latest.cochrane or ("", 0)):
                yield _ground(
                    3, one, latest, "later notice on {other}", about=latest.name, lesser=latest.name
                )
                continue
            if one.cochrane == latest.cochrane:
                yield _ground(3, one, latest, f"the same version of Cochrane review {review} as {{other}}")
            else:
                why = f"earlier version (Cochrane review {review}) of {{other}}"
                yield _ground(3, one, latest, why, about=latest.name, lesser=one.name)


def _unnumbered(documents: Sequence[Document]) -> Iterator[Ground]:
    """Versions that bear no DOI, as the oldest records do: by the journal, the title and an author."""
    rules = joining_rules().cochrane
    by_title: dict[str, list[Document]] = defaultdict(list)
    for one in documents:
        title = words(one.title)
        if one.journal in rules.journals and one.people and one.year and len(title) >= LEAST_WORDS:
            by_title[" ".join(title)].append(one)
    for found in by_title.values():
        latest = max(found, key=lambda one: (not one.tells_of_another, one.year or 0, one.name))
        for one in found:
            bare = not (one.cochrane and latest.cochrane) and one is not latest
            if bare and set(one.people) & set(latest.people):
                lesser = one.name if (one.year or 0) < (latest.year or 0) else ""
                yield _ground(
                    3, one, latest, "the same title, in the Cochrane Database, as {other}", lesser=lesser
                )


def preprints(
    documents: Sequence[Document], group: Callable[[str], str]
) -> tuple[list[Ground], list[Likeness]]:
    """Each preprint with the article that is most like it, and the preprints that two articles are equally like, or none but with a word against it.

    `group`: in which group a document is already. Two articles are never joined by likeness. A preprint that a link has given its article already is not looked at.
    """
    rules = joining_rules().likeness
    by_author: dict[Person, list[Document]] = defaultdict(list)
    for one in documents:
        if one.people and one.year and one.telling:
            by_author[one.people[0]].append(one)
    sure: list[Ground] = []
    doubtful: list[Likeness] = []
    for found in by_author.values():
        papers = [one for one in found if one.kind is not PublicationKind.PREPRINT]
        for one in found if len(found) <= rules.most else ():
            if one.kind is not PublicationKind.PREPRINT or any(
                group(one.name) == group(other.name) for other in papers
            ):
                continue
            near = [(likeness, other) for other in papers if (likeness := _alike(one, other))]
            alike = [(likeness, other) for likeness, other in near if not _contradiction(one, other)]
            for _, other in near[:3] if not alike else ():
                words = f"authors and title are like those of {{}}, but for {_contradiction(one, other)}: say whether one is the other's preprint"
                doubtful += [
                    Likeness(one.name, one.name, (other.name,), words.format(label(other))),
                    Likeness(other.name, one.name, (other.name,), words.format(label(one))),
                ]
            best = max((likeness for likeness, _ in alike), default=0.0)
            nearest = [other for likeness, other in alike if likeness == best]
            if len({group(other.name) for other in nearest}) > 1:
                names = ", ".join(other.name for other in nearest[:3])
                which = tuple(other.name for other in nearest)
                doubtful.append(
                    Likeness(one.name, one.name, which, f"a preprint of one of {names}: say of which")
                )
            else:
                why = "same authors and title: the preprint of {other}"
                sure += [
                    _ground(4, one, other, why, about=other.name, lesser=one.name) for other in nearest[:1]
                ]
    return sure, doubtful


def _alike(preprint: Document, article: Document) -> float | None:
    """How alike a preprint and an article are, from 0 to 1; None where they are not one paper."""
    rules = joining_rules().likeness
    fitting = article.kind is PublicationKind.ARTICLE and not article.meta_analysis ^ preprint.meta_analysis
    if not fitting or abs((preprint.year or 0) - (article.year or 0)) > rules.years:
        return None
    here, there = preprint.words - {"preprint"}, article.words
    if preprint.figures_differ(article):
        return None
    if ("protocol" in here) != ("protocol" in there):
        return None
    both = preprint.authors_known and article.authors_known
    shared = len(set(preprint.people) & set(article.people))
    if both and shared <= rules.authors * min(len(preprint.people), len(article.people)):
        return None
    likeness = 2 * len(here & there) / (len(here) + len(there))
    return likeness if likeness >= (rules.preprint if both else rules.preprint_first_author_only) else None


def _contradiction(preprint: Document, article: Document) -> str:
    """What says that a preprint and an article of like titles are two papers; empty where nothing does."""
    numbers = [{it for it in one.numbers | one.mentioned if it.whole} for one in (preprint, article)]
    if all(numbers) and not numbers[0] & numbers[1]:
        return "their registry numbers"
    here, there = preprint.conditions, article.conditions
    if here - there and there - here:
        return "their conditions"
    # A team's next paper has the same title but for what it is about: pain, then fatigue.
    mine, its = _spelled(preprint.telling), _spelled(article.telling)
    odd = [sorted(some[one] for one in some.keys() - other) for some, other in ((mine, its), (its, mine))]
    if all(odd):
        return " against ".join(" ".join(some[:3]) for some in odd)
    rules = joining_rules()
    for group in rules.likeness.opposed:
        if preprint.words & group and article.words & group and not preprint.words & article.words & group:
            return " against ".join(" ".join(sorted(one.words & group)) for one in (preprint, article))
    titles = preprint.title.casefold(), article.title.casefold()
    for phrase in rules.main.secondary:
        if (phrase in titles[0]) != (phrase in titles[1]):
            return f'"{phrase}"'
    return ""


def _spelled(telling: Iterable[str]) -> dict[str, str]:
    """Words by what is left of them in one spelling and without the s of the plural."""
    found = {}
    for word in telling:
        plain = word
        for one, other in joining_rules().likeness.spelled:
            plain = plain.replace(one, other)
        found[plain.removesuffix("s")] = word
    return found


def named(documents: Iterable[Document], number: Number, why: str) -> Iterator[Ground]:
    """Every two documents that bear a number."""
    strength = 5 if why == "registry number" else 6
    for one, other in combinations(documents, 2):
        yield _ground(strength, one, other, f"{why} {number.printed}, as {{other}}")


def slips(one: Document, holders: Mapping[Number, Sequence[Document]]) -> list[Ground]:
    """The documents of whose number a number that is too long or too short may be a misprint. The second of each is the one that holds it."""
    odd = sorted(it for it in one.numbers | one.mentioned if not it.whole)
    return [
        Ground(
            7,
            one.name,
            other.name,
            f"registry number {it.printed}, taken for a misprint of {number.printed}",
        )
        for it in odd[:5]
        for number, found in sorted(holders.items())
        if slipped(it, number)
        for other in found
    ]
