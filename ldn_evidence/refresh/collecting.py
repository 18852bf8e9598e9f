"""From PubMed into the archive: search, fetch what is new or revised, keep every raw answer before anybody parses it.

The only part of a refresh with a network. Never opens the database.
"""

from __future__ import annotations

import platform
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from ldn_evidence import entrez, parse
from ldn_evidence.archive import Archive, Batch
from ldn_evidence.entrez import Entrez, Fetched
from ldn_evidence.errors import EntrezError, EvidenceError, InputError
from ldn_evidence.model import BatchForm, Protocol, Record, RunOutcome, Search, SearchRun, Study
from ldn_evidence.query import lint
from ldn_evidence.refresh import Progress

# PubMed dates a revision before everybody can search it, and its days end elsewhere than ours: the week before the last
# run is asked for again, and what comes back as it is held is not kept twice.
OVERLAP = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is here before a run: the records, and the PMIDs that the corpus or an imported file names."""

    records: Mapping[int, Record]
    named: frozenset[int]


def held_before(studies: Iterable[Study]) -> Held:
    """What these studies hold."""
    records: dict[int, Record] = {}
    named: set[int] = set()
    for study in studies:
        records |= {one.pmid: one for one in study.records}
        named |= {one.pmid for one in study.reports if one.pmid} | {
            one.pmid for one in study.citations if one.pmid
        }
    return Held(records=records, named=frozenset(named))


def check_queries(protocol: Protocol) -> dict[str, str]:
    """The protocol's queries by slug; raises InputError for one that PubMed would refuse or read in another way."""
    queries = protocol.queries()
    for slug, text in queries.items():
        wrong = next((one.message for one in lint(text) if one.severity == "error"), None)
        if "<" in text:
            wrong = "still holds the template's words between < and >. Fill them in."
        if wrong:
            raise InputError(f'protocol "{protocol.name}", query of "{slug}": {wrong}')
    return queries


def collect(
    protocol: Protocol,
    service: Entrez,
    archive: Archive,
    held: Held,
    progress: Progress,
    *,
    pubmed_build: str | None = None,
    full: bool = False,
    accept_missing: bool = False,
) -> SearchRun:
    """Search, and fetch what is new or revised since the last complete run; `full`: everything that is found.

    Whatever happens, what was fetched is kept and the run is noted. A run is complete only if every PMID that
    PubMed found is held afterwards. Raises the error that ended it early.
    """
    started = datetime.now(UTC)
    run = SearchRun(
        id=archive.run_id(started),
        protocol=protocol.name,
        service=service.url,
        started=started.isoformat(timespec="seconds"),
        ended="",
        outcome=RunOutcome.INCOMPLETE,
        why="it was interrupted",
        pubmed_build=pubmed_build,
        versions=entrez.settings(python=platform.python_version()),
    )
    trip = _Trip(service, archive, held, progress, run)
    try:
        trip.go(check_queries(protocol), protocol.intervention.query, full, accept_missing)
    except EvidenceError as error:
        trip.run = replace(trip.run, why=str(error))
        raise
    finally:
        trip.run = replace(trip.run, requests=service.asked, ended=_now())
        archive.note(trip.run)
    return trip.run


class _Trip:
    """One run under way; `run` is what is known of it so far."""

    def __init__(
        self, service: Entrez, archive: Archive, held: Held, progress: Progress, run: SearchRun
    ) -> None:
        self.service, self.archive, self.held, self.progress, self.run = service, archive, held, progress, run
        self.added: list[Batch] = []

    def go(self, queries: Mapping[str, str], everything: str, full: bool, accept_missing: bool) -> None:
        previous = self.archive.last()
        damaged = [one for one in self.archive.damaged() if one.form is BatchForm.EFETCH]
        lost = {pmid for one in damaged for pmid in one.pmids}
        leftover = [one for one in self.archive.unsettled() if one not in damaged]
        whole = [one for one in self.archive.batches() if one.form is BatchForm.EFETCH and one not in damaged]
        fetched = {pmid for one in whole for pmid in one.pmids}

        self._search(queries)
        found = self.run.found
        since = _since(previous, leftover)
        again = found & fetched if full else frozenset[int]()
        if since is not None and not full:
            self.run = replace(self.run, revised_since=since.isoformat())
            try:
                again = self._revised(everything, since, fetched - found) & fetched
            except entrez.TooMany:  # once a year PubMed touches nearly everything
                self.progress.say(
                    "PubMed has revised more records than it lists at once; fetching everything again"
                )
                again = found & fetched
        asked = (found | self.held.named | lost) - fetched
        given = self._fetch(asked, found)
        self._fetch_again(again)
        batches = list(dict.fromkeys((*leftover, *self.added)))
        records = {pmid: one for batch in batches for pmid, one in self._records(self._raw(batch)).items()}
        old = self.held.records
        missing = tuple(sorted(found - fetched - given))
        ends_well = accept_missing or not missing
        self.run = replace(
            self.run,
            outcome=RunOutcome.COMPLETE if ends_well else RunOutcome.INCOMPLETE,
            why=None if ends_well else _missing(missing),
            batches=tuple(one.digest for one in batches),
            new=tuple(sorted({pmid for one in batches for pmid in one.pmids} - set(old))),
            revised=tuple(sorted(pmid for pmid, one in records.items() if pmid in old and one != old[pmid])),
            gone=tuple(sorted(previous.found - found)) if previous else (),
            retracted=tuple(
                sorted(
                    pmid
                    for pmid, one in records.items()
                    if one.retracted and not (pmid in old and old[pmid].retracted)
                )
            ),
            missing=missing,
            not_given=tuple(sorted(asked - found - given)),
        )
        if not ends_well:
            raise EntrezError(_missing(missing))
        # Fetched again it may have come in the very same bytes, and then its file is whole once more.
        for one in self.archive.damaged(damaged):
            self.archive.drop(one, f"damaged; its records were fetched again by run {self.run.id}")

    def _search(self, queries: Mapping[str, str]) -> None:
        for done, (slug, text) in enumerate(queries.items(), start=1):
            asked = _now()
            found = self.service.search(text)
            if found.unknown_fields:
                raise InputError(
                    f'query of "{slug}": PubMed does not know the field {found.unknown_fields[0]} and would leave it out. '
                    "Mend it in the protocol."
                )
            if "[all fields]" in (found.translation or "").lower() and "[all" not in text.lower():
                raise InputError(
                    f'query of "{slug}": PubMed reads a part of it as a search of all fields: {found.translation}. '
                    "Tag every term in the protocol."
                )
            answers = [
                self.archive.add(raw, f"PubMed esearch for {slug}", BatchForm.ESEARCH)
                for raw in found.answers
            ]
            search = Search(
                slug=slug,
                query=text,
                asked=asked,
                count=found.count,
                pmids=tuple(sorted(found.pmids)),
                translation=found.translation,
                remarks=found.remarks,
                answers=tuple(dict.fromkeys(one.digest for one in answers)),
            )
            self.run = replace(self.run, searches=(*self.run.searches, search))
            self.progress.step("queries", done, len(queries))

    def _revised(self, everything: str, since: date, elsewhere: Collection[int]) -> frozenset[int]:
        """What PubMed revised from that day on: of the whole intervention, and of records that no query finds now."""
        known = " OR ".join(f"{pmid}[uid]" for pmid in sorted(elsewhere))
        text = f"{everything} OR {known}" if known else everything
        return frozenset(self.service.search(text, revised_since=since).pmids)

    def _fetch(self, wanted: Iterable[int], found: Collection[int]) -> frozenset[int]:
        """Fetch what is not held, and list every answer as it comes: a run that breaks off has not fetched in vain."""
        given: set[int] = set()
        left = sorted(wanted)
        total = len(left)
        # PubMed leaves out what it does not have, and so does an answer that went wrong: ask once more.
        for _ in range(2):
            for some in entrez.batches(left):
                answer = self.service.fetch(some)
                if answer.pmids:
                    self._list(answer)
                given |= answer.pmids
                self.progress.step("records", len(given), total)
            left = sorted(set(left) & set(found) - given)
        return frozenset(given)

    def _fetch_again(self, wanted: Iterable[int]) -> None:
        """Fetch what is held already, and list only answers that bring something else than what is held."""
        pmids, done = sorted(wanted), 0
        for some in entrez.batches(pmids):
            answer = self.service.fetch(some)
            digest = self.archive.keep(answer.raw)
            records = self._records(answer.raw)
            if all(pmid in records and self.held.records.get(pmid) == records[pmid] for pmid in answer.pmids):
                self.archive.forget(digest)
            else:
                self._list(answer)
            done += len(some)
            self.progress.step("records fetched again", done, len(pmids))

    def _list(self, answer: Fetched) -> None:
        source = f"PubMed efetch, run {self.run.id}"
        self.added.append(self.archive.add(answer.raw, source, BatchForm.EFETCH, answer.pmids))

    def _raw(self, batch: Batch) -> bytes:
        ((_, raw),) = self.archive.read([batch])
        return raw

    def _records(self, raw: bytes) -> dict[int, Record]:
        return {one.pmid: one for one in parse.records(raw) if isinstance(one, Record)}


def _since(previous: SearchRun | None, leftover: Sequence[Batch]) -> date | None:
    """The day from which PubMed has to be asked for revisions; None where nothing was fetched before."""
    days = [one.added for one in leftover] + ([previous.started] if previous else [])
    return min(datetime.fromisoformat(day) for day in days).date() - OVERLAP if days else None


def _missing(pmids: Sequence[int]) -> str:
    shown = ", ".join(map(str, pmids[:10])) + (f" and {len(pmids) - 10} more" if len(pmids) > 10 else "")
    return (
        f"PubMed's search finds {len(pmids)} record(s) that it did not give when asked twice: {shown}. What it gave "
        "is kept and the database is as it was. Run refresh again; if PubMed has withdrawn them, go on without: "
        "ldn-evidence refresh --accept-missing"
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
