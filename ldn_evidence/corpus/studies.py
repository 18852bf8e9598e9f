"""Reports, records and references into Studies: each document in one study, with the reason why it is there.

What a document says of itself comes first (`report_of`, a PMID, a DOI), then what `joining` finds, and reviewers' word over all. Never
opens a file, never grades.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ldn_evidence.corpus.documents import Document, of_citation, of_record, of_report, words
from ldn_evidence.corpus.groups import rank
from ldn_evidence.corpus.joining import Joins, join
from ldn_evidence.model import (
    OWN,
    Citation,
    MachineReading,
    PublicationKind,
    Record,
    Relevance,
    Report,
    Study,
)


def studies(
    reports: Sequence[tuple[Report, MachineReading]],
    records: Sequence[tuple[Record, MachineReading]] = (),
    citations: Sequence[tuple[Citation, MachineReading]] = (),
    found_by: Mapping[int, Sequence[str]] | None = None,
    conditions: Collection[str] = (),
    grouping: Mapping[str, str] | None = None,
) -> list[Study]:
    """Which documents are one study: here, and only here.

    A report belongs to the row that its `report_of` names. A PubMed record belongs to the row with its PMID or DOI. A reference from
    another search belongs to whatever has its PMID, its DOI, or its title and year. What nobody described is joined by links, DOIs,
    Cochrane numbers, likeness of a preprint and registry numbers (`rules/joining.toml`), to a row's study or to one another; the best
    document then gives the study its key, `pmid:...` or `import:...`. Such a study bears on the conditions whose search found it.
    Nothing is dropped, and the order of what comes in changes nothing.
    `grouping` is reviewers' word on where a document belongs (its name -> a study's key, or `own`), and stands above all that.
    """
    found_by, grouping = found_by or {}, grouping or {}
    reports = sorted(reports, key=lambda one: (one[0].report_of is not None, one[0].study_key))
    records = sorted(records, key=lambda one: one[0].pmid)
    citations = sorted(citations, key=lambda one: one[0].key)
    documents = {
        one.name: one
        for one in (
            *(of_report(one, reading) for one, reading in reports),
            *(of_record(one, reading) for one, reading in records),
            *(of_citation(one, reading) for one, reading in citations),
        )
    }
    settled = _settled(reports, records, citations)
    told = {name: value == OWN for name, value in grouping.items() if name in documents}
    joins = join(list(documents.values()), {name: parent for name, (parent, _) in settled.items()}, told)
    parents = settled | joins.parents
    places = {name: parents[name][0] if name in parents else name for name in documents}
    rows = {one.study_key for one, _ in reports}
    keys = _headed(_told(places, grouping, rows), documents, grouping)
    drafts: dict[str, _Draft] = defaultdict(_Draft)
    for report, reading in reports:
        drafts[keys[report.study_key]].take(report.study_key, reading).reports.append(report)
    for record, reading in records:
        name = f"pmid:{record.pmid}"
        drafts[keys[name]].take(name, reading).records.append(record)
    for citation, reading in citations:
        drafts[keys[citation.key]].take(citation.key, reading).citations.append(citation)
    return [
        drafts[key].study(key, found_by, conditions, _Why(documents, parents, joins, keys, grouping, rows))
        for key in sorted(drafts)
    ]


def _settled(
    reports: Sequence[tuple[Report, MachineReading]],
    records: Sequence[tuple[Record, MachineReading]],
    citations: Sequence[tuple[Citation, MachineReading]],
) -> dict[str, tuple[str, str]]:
    """What each document that belongs to another says of it itself: that other's name, and the reason."""
    found: dict[str, tuple[str, str]] = {}
    known = _Known()
    for report, _ in reports:
        if report.report_of:
            found[report.study_key] = (
                report.report_of,
                f"a corpus row calls it a report of {report.report_of}",
            )
        known.add(report.study_key, report.pmid, report.doi, report.title, report.year)
    for record, _ in records:
        if held := known.same(record.pmid, record.identifier("doi")):
            found[f"pmid:{record.pmid}"] = held
    for record, _ in records:
        name = f"pmid:{record.pmid}"
        known.add(name, record.pmid, record.identifier("doi"), record.title, record.published.year)
    for one, _ in citations:
        if held := known.same(one.pmid, one.doi, one.title, one.year):
            found[one.key] = held
        known.add(one.key, one.pmid, one.doi, one.title, one.year)
    return found


def _told(places: Mapping[str, str], grouping: Mapping[str, str], rows: Collection[str]) -> dict[str, str]:
    """The study of each document after reviewers' word. What is moved takes along what hangs on it; a move to nowhere, or in a circle, is not made.

    `places`: the document on which each hangs, or itself. `rows`: the keys of corpus rows, which only a study of the corpus can take in.
    """
    moves = {name: to for name, to in grouping.items() if name in places and (to == OWN or to in places)}
    circles = [name for name, to in moves.items() if name in _way(to, places, moves)]
    moves = {name: to for name, to in moves.items() if name not in circles}
    while astray := [
        name
        for name, to in moves.items()
        if name in rows and to != OWN and _way(to, places, moves)[-1] not in rows
    ]:
        moves = {name: to for name, to in moves.items() if name not in astray}
    ends: dict[str, str] = {}
    for name in places:
        way = _way(name, places, moves, ends)
        ends |= dict.fromkeys(way, ends.get(way[-1], way[-1]))
    return {name: ends[name] for name in places}


def _way(
    name: str, places: Mapping[str, str], moves: Mapping[str, str], known: Collection[str] = ()
) -> list[str]:
    """The documents from one to where it comes to stand, following moves and what each hangs on; no further than one that is `known`."""
    way: dict[str, None] = {}
    while name in places and name not in way:
        way[name] = None
        to = moves.get(name, places[name])
        if to in (OWN, name) or name in known:
            break
        name = to
    return list(way)


def _headed(
    keys: Mapping[str, str], documents: Mapping[str, Document], grouping: Collection[str]
) -> dict[str, str]:
    """The same, but for studies that a reviewer put under a notice: the study bears the name of the best of its documents."""
    members: dict[str, list[str]] = defaultdict(list)
    for name, key in keys.items():
        members[key].append(name)
    heads = {key: key for key in members}
    for key, names in members.items():
        aside = documents[key].tells_of_another or documents[key].kind is PublicationKind.COMMENT
        if aside and not documents[key].row and any(name in grouping for name in names):
            heads[key] = min(names, key=lambda name: rank(documents[name], False))
    return {name: heads[key] for name, key in keys.items()}


@dataclass(frozen=True)
class _Why:
    """Why documents stand where they stand."""

    documents: Mapping[str, Document]
    parents: Mapping[str, tuple[str, str]]
    joins: Joins
    keys: Mapping[str, str]
    grouping: Mapping[str, str]
    rows: Collection[str]

    def joined(self, key: str, names: Collection[str]) -> tuple[tuple[str, str], ...]:
        """For each document but the main one, the reason."""
        return tuple((name, self._reason(name, key)) for name in names if name != key)

    def _reason(self, name: str, key: str) -> str:
        parent, reason = self.parents.get(name, ("", ""))
        moved = self.keys.get(self.grouping.get(name, "")) == key or self.keys.get(parent) != key
        return "a reviewer's word" if moved else reason

    def unsettled(self, key: str, names: Collection[str]) -> tuple[str, ...]:
        """What a person should look at: of its documents, and that a machine put a paper into a study that a person described."""
        said = [words for name in sorted(names) for words in self.joins.doubts.get(name, ())]
        for name in self.undescribed(key, names):
            if name not in self.grouping:
                pmid = self.documents[name].pmid
                which = f"PMID {pmid}" if pmid else name
                said.append(
                    f"{which}, which nobody has described, was joined to it: {self._reason(name, key)}"
                )
        return tuple(dict.fromkeys(said))

    def undescribed(self, key: str, names: Collection[str]) -> tuple[str, ...]:
        """Papers that joining put into a study of the corpus."""
        if key not in self.rows:
            return ()
        return tuple(
            name
            for name in sorted(names)
            if name in self.joins.parents
            and self.documents[name].kind is PublicationKind.ARTICLE
            and not self.documents[name].tells_of_another
        )


@dataclass
class _Draft:
    readings: dict[str, MachineReading] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)

    def take(self, name: str, reading: MachineReading) -> _Draft:
        """Note what the machine made of a document; then the document itself can be added."""
        self.readings[name] = reading
        return self

    def study(
        self, key: str, found_by: Mapping[int, Sequence[str]], conditions: Collection[str], why: _Why
    ) -> Study:
        main = next((one for one in self.reports if one.study_key == key), None)
        others = sorted((one for one in self.reports if one is not main), key=lambda one: one.study_key)
        if self.reports and main is None:
            raise ValueError(
                f"{key}: a report of a study that is not there"
            )  # rows.layered refuses such rows
        # The document whose name the study bears comes first.
        self.records.sort(key=lambda one: f"pmid:{one.pmid}" != key)
        self.citations.sort(key=lambda one: one.key != key)
        slugs = tuple(dict.fromkeys(slug for one in self.records for slug in found_by.get(one.pmid, ())))
        condition = next((slug for slug in slugs if slug in conditions), "not read")
        reading = self.readings[key]
        return Study(
            key=key,
            condition=main.condition if main else condition,
            tag=reading.tag,
            relevance=reading.relevance if main else self._relevance(reading),
            readings=tuple(self.readings.items()),
            reports=(main, *others) if main else (),
            records=tuple(self.records),
            citations=tuple(self.citations),
            found_by=slugs,
            human=main.human if main else None,
            joined=why.joined(key, self.readings),
            unsettled=why.unsettled(key, self.readings),
            undescribed=why.undescribed(key, self.readings),
        )

    def _relevance(self, main: MachineReading) -> Relevance:
        """What a study that nobody described is about: as its main document says, and its other papers.

        A main paper that names no dose must not leave out a trial whose protocol does.
        """
        aside = (PublicationKind.NOTICE, PublicationKind.ERRATUM, PublicationKind.COMMENT)
        papers = [one.relevance for one in self.readings.values() if one.tag.publication not in aside]
        stands = next((one for one in (main.relevance, *papers) if not one.out), main.relevance)
        if not papers or stands.out:
            return stands
        conditions = [slug for one in (stands, *papers) for slug in one.conditions]
        claims = [slug for one in (stands, *papers) for slug in one.claims]
        return replace(
            stands, conditions=tuple(dict.fromkeys(conditions)), claims=tuple(dict.fromkeys(claims))
        )


class _Known:
    """Which document holds a PMID, a DOI or a title, and in which words another is the same. The first to come keeps it."""

    def __init__(self) -> None:
        self._pmids: dict[int, str] = {}
        self._dois: dict[str, str] = {}
        self._titles: dict[str, list[tuple[int, int | None, str | None, str]]] = {}

    def add(self, name: str, pmid: int | None, doi: str | None, title: str | None, year: int | None) -> None:
        if pmid:
            self._pmids.setdefault(pmid, name)
        if doi:
            self._dois.setdefault(doi.lower(), name)
        if (words := _title(title)) and year:
            self._titles.setdefault(words, []).append((year, pmid, doi and doi.lower(), name))

    def same(
        self, pmid: int | None, doi: str | None, title: str | None = None, year: int | None = None
    ) -> tuple[str, str] | None:
        if pmid and (found := self._pmids.get(pmid)):
            return found, f"the same PMID as {found}"
        if doi and (found := self._dois.get(doi.lower())):
            return found, f"the same DOI as {found}"
        for then, its_pmid, its_doi, name in self._titles.get(_title(title), ()) if year else ():
            # Two identifiers that differ are two papers, whatever their titles say.
            differ = (pmid and its_pmid and pmid != its_pmid) or (doi and its_doi and doi.lower() != its_doi)
            # Print and online years differ by one; the same title years apart is another paper.
            if abs(then - int(year or 0)) <= 1 and not differ:
                return name, f"the same title and year as {name}"
        return None


def _title(title: str | None) -> str:
    """A title's letters and digits; empty where it is too short to tell two papers apart ("Reply", "Editorial")."""
    found = words(title)
    return " ".join(found) if len(found) >= 4 else ""
