"""From PubMed into the archive: search, fetch what is new or revised, keep every raw answer before anybody parses it.

The only part of a refresh with a network. Never opens the database.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
        service=_without_password(service.url),
        started=started.isoformat(timespec="seconds"),
        ended="",
        outcome=RunOutcome.INCOMPLETE,
        why="it was interrupted",
        pubmed_build=pubmed_build,
        versions=entrez.versions() | {"python": platform.python_version()},
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
    # Only once the run is noted: until then nothing else says that these records are held elsewhere.
    for batch in trip.replaced:
        archive.drop(batch, f"damaged; run {trip.run.id} fetched again what it held")
    return trip.run


class _Trip:
    """One run under way; `run` is what is known of it so far."""

    def __init__(
        self, service: Entrez, archive: Archive, held: Held, progress: Progress, run: SearchRun
    ) -> None:
        self.service, self.archive, self.held, self.progress, self.run = service, archive, held, progress, run
        self.added: list[Batch] = []
        self.replaced: list[Batch] = []
        self.unchanged: set[int] = set()

    def go(self, queries: Mapping[str, str], everything: str, full: bool, accept_missing: bool) -> None:
        previous = self.archive.last()
        damaged = [one for one in self.archive.damaged() if one.form.from_pubmed]
        lost = {pmid for one in damaged for pmid in one.pmids}
        leftover = [one for one in self.archive.unsettled() if one not in damaged]
        fetched = {
            pmid
            for one in self.archive.batches()
            if one.form is BatchForm.EFETCH and one not in damaged
            for pmid in one.pmids
        } - lost  # an older copy of a lost record is not the record

        self._search(queries)
        found = self.run.found
        revised = (
            frozenset[int]() if full else self._revised(everything, self._since(leftover), found, fetched)
        )
        gaps = frozenset(previous.missing if previous else ())
        again = fetched if full or revised is None else (revised | gaps) & fetched
        wanted = (found | self.held.named | lost) - fetched
        # What no search finds any more may be gone from PubMed; whatever a search has just found must be given.
        needed = (found | lost) - fetched | again & (found | (revised or frozenset()))
        given = self._fetch(wanted, needed) | self._fetch_again(again)
        missing = needed - given
        # A gap once accepted stays accepted, but not that what is held here should be lost with it.
        accepted = missing if accept_missing else gaps - lost

        batches = list(dict.fromkeys((*leftover, *self.added)))
        records: dict[int, Record] = {}
        for batch in batches:
            records |= self._records(self._raw(batch))
        old = self.held.records
        brought = {pmid for one in batches for pmid in one.pmids}
        complete = missing <= accepted
        self.run = replace(
            self.run,
            outcome=RunOutcome.COMPLETE if complete else RunOutcome.INCOMPLETE,
            why=None if complete else _missing(missing - accepted),
            batches=tuple(one.digest for one in batches),
            new=_sorted(set(records) - set(old)),
            revised=_sorted(pmid for pmid, one in records.items() if pmid in old and one != old[pmid]),
            gone=_sorted(previous.found - found) if previous else (),
            retracted=_sorted(
                pmid
                for pmid, one in records.items()
                if one.retracted and not (pmid in old and old[pmid].retracted)
            ),
            unchanged=_sorted(self.unchanged),
            unreadable=_sorted(brought - set(records)),
            missing=_sorted(missing),
            not_given=_sorted((wanted | again) - needed - given),
        )
        if not complete:
            raise EntrezError(_missing(missing - accepted))
        # Fetched again it may have come in the very same bytes, and then its file is whole once more.
        self.replaced = self.archive.damaged(damaged)

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

    def _since(self, leftover: Sequence[Batch]) -> date | None:
        """The day from which to ask for revisions; None where nothing was fetched before.

        A run that a clock far ahead has dated says nothing of what was revised until now.
        """
        now = datetime.now(UTC)
        ran = [datetime.fromisoformat(run.started) for run in self.archive.runs() if run.complete]
        days = [datetime.fromisoformat(one.added) for one in leftover] + [one for one in ran if one <= now][
            -1:
        ]
        if ran and not days:
            return date(1900, 1, 1)
        return min(days).date() - OVERLAP if days else None

    def _revised(
        self, everything: str, since: date | None, found: frozenset[int], fetched: set[int]
    ) -> frozenset[int] | None:
        """What PubMed revised from that day on, of the intervention's query and of what is held and no query finds.

        None where PubMed has revised more than it lists.
        """
        if since is None:
            return frozenset()
        self.run = replace(self.run, revised_since=since.isoformat())
        elsewhere = " OR ".join(f"{pmid}[uid]" for pmid in sorted(fetched - found))
        try:
            answer = self.service.search(f"{everything} OR {elsewhere}" if elsewhere else everything, since)
        except entrez.TooMany:  # once a year PubMed touches nearly everything
            self.progress.say(
                "PubMed has revised more records than it lists at once; fetching everything again"
            )
            return frozenset(fetched)
        said = tuple(raw.decode("utf-8", "replace") for raw in answer.answers)
        self.run = replace(self.run, revision_answers=said)
        return frozenset(answer.pmids)

    def _fetch(self, wanted: Iterable[int], needed: Collection[int]) -> frozenset[int]:
        """Fetch what is not held, and list every answer as it comes: a run that breaks off has not fetched in vain."""
        given: set[int] = set()
        for answer in self._answers("records", wanted, needed):
            if answer.pmids:
                self._list(answer)
            given |= answer.pmids
        return frozenset(given)

    def _fetch_again(self, wanted: Collection[int]) -> frozenset[int]:
        """Fetch what is held already, and list only answers that bring something else than what is held."""
        given: set[int] = set()
        for answer in self._answers("records fetched again", wanted, wanted):
            digest = self.archive.keep(answer.raw)
            records = self._records(answer.raw)
            same = {pmid for pmid, one in records.items() if self.held.records.get(pmid) == one}
            self.unchanged |= same
            if same >= answer.pmids:
                self.archive.forget(digest)
            else:
                self._list(answer)
            given |= answer.pmids
        return frozenset(given)

    def _answers(self, what: str, wanted: Iterable[int], needed: Collection[int]) -> Iterator[Fetched]:
        """Every answer to these PMIDs; those that are `needed` and left out are asked for once more.

        PubMed leaves out what it does not have, and so does an answer that went wrong.
        """
        left, given = sorted(wanted), 0
        total = len(left)
        for _ in range(2):
            absent: set[int] = set()
            for some in entrez.batches(left):
                answer = self.service.fetch(some)
                yield answer
                absent |= set(some) - answer.pmids
                given += len(answer.pmids)
                self.progress.step(what, given, total)
            left = sorted(absent & set(needed))

    def _list(self, answer: Fetched) -> None:
        source = f"PubMed efetch, run {self.run.id}"
        self.added.append(self.archive.add(answer.raw, source, BatchForm.EFETCH, answer.pmids))

    def _raw(self, batch: Batch) -> bytes:
        ((_, raw),) = self.archive.read([batch])
        return raw

    def _records(self, raw: bytes) -> dict[int, Record]:
        return {one.pmid: one for one in parse.records(raw) if isinstance(one, Record)}


def _without_password(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)


def _sorted(pmids: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(pmids)))


def _missing(missing: Collection[int]) -> str:
    pmids = sorted(missing)
    shown = ", ".join(map(str, pmids[:10])) + (f" and {len(pmids) - 10} more" if len(pmids) > 10 else "")
    return (
        f"PubMed has {len(pmids)} record(s) that it did not give when asked twice: {shown}. What it gave "
        "is kept and the database is as it was. Run refresh again; if PubMed has withdrawn them, go on without them "
        "with refresh --accept-missing."
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
