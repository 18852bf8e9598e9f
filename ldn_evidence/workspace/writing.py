"""Everything that changes a workspace but appraisals: what comes in, and a reviewer's word over machine and rules. One process at a time."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ldn_evidence import (
    corrections,
    judging,
    protocol,
)
from ldn_evidence.errors import EvidenceError, InputError, NotReached
from ldn_evidence.model import (
    Correction,
    Judgement,
    said,
)
from ldn_evidence.refresh import Progress, Silent, building
from ldn_evidence.refresh.building import Built
from ldn_evidence.workspace import then
from ldn_evidence.workspace.folders import alone, checked, write
from ldn_evidence.workspace.outcomes import Brought, BroughtFile, Refreshed

if TYPE_CHECKING:
    from ldn_evidence.entrez import Entrez


from ldn_evidence.workspace.concluding import Concluding
from ldn_evidence.workspace.places import now

# Seconds in which PubMed must answer at all: on a first run a newcomer waits, later a slow line deserves patience.
FIRST_PATIENCE, LATER_PATIENCE = 2.5, 20.0


class Writing(Concluding):
    """What comes into a workspace."""

    # ----------------------------------------------------------------- what comes in

    def build(self, *, afresh: bool = False) -> Built:
        """Bring the database up to archive and layers, offline; `afresh` builds all of it anew.

        Everything people wrote is checked before the database changes.
        """
        self._now_only("build")
        with alone(self.root, self.name, Silent()):
            built = self._build(afresh)
            self._noted("rebuild" if afresh else "build")
            return built

    def bring(self, paths: Sequence[Path | str], source: str | None = None) -> Brought:
        """Keep files from other searches, all or none of them, and build. `source` says where they come from.

        PubMed XML, nbib, RIS or lists of PMIDs. What was found before is linked to it, not dropped.
        """
        self._now_only("import")
        with alone(self.root, self.name, Silent()):
            known = self.archive.batches()
            batches = building.bring([Path(one) for one in paths], source, self.archive)
            try:
                built = self._build()
            except EvidenceError:
                for batch in batches:
                    if batch not in known:
                        self.archive.drop(batch, "the database could not be built with it")
                raise
            self._noted("import")
        files = []
        for path, batch in zip(paths, batches, strict=True):
            studies, references = building.brought_by(batch, self.archive, built.studies)
            new = sum(1 for one in studies if one.unread and batch not in known)
            files.append(
                BroughtFile(
                    name=str(path),
                    source=batch.source,
                    references=references,
                    new=new,
                    known=tuple(one.key for one in studies if not one.unread),
                    before=batch in known,
                )
            )
        return Brought(built=built, files=tuple(files))

    def refresh(
        self,
        service: Entrez,
        progress: Progress | None = None,
        *,
        full: bool = False,
        accept_missing: bool = False,
    ) -> Refreshed:
        """Search PubMed, fetch what is new or revised, and build.

        The first time, with PubMed out of reach, what ships is built and `unreachable` says why; later that is an
        error (NotReached) and nothing changes. Every other way in which PubMed can fail is an EntrezError; what was
        fetched until then is kept, and the next refresh goes on from it.
        """
        from ldn_evidence.refresh import collecting  # the network's libraries take a while to import

        self._now_only("refresh")
        progress = progress or Silent()
        with alone(self.root, self.name, progress):
            collecting.check_queries(self.protocol)
            first = not self._is_built() and not self.archive.runs()
            built = self._build() if first else None
            try:
                pubmed_build = service.greet(FIRST_PATIENCE if first else LATER_PATIENCE)
            except NotReached as error:
                if built is not None:
                    self._noted("build")
                    return Refreshed(built=built, unreachable=str(error))
                whose = "" if service.is_ncbi else f" at {service.url}"
                raise NotReached(
                    f"PubMed is out of reach{whose} ({error}). Nothing was changed. Run it again later, or build from what is "
                    f"kept with: {self.command('refresh --offline')}"
                ) from error
            built = built or self._build(tolerant=True)
            held = collecting.held_before(built.studies.values())
            before = self.archive.last()
            run = collecting.collect(
                self.protocol,
                service,
                self.archive,
                held,
                progress,
                pubmed_build=pubmed_build,
                full=full,
                accept_missing=accept_missing,
            )
            done = Refreshed(built=self._build(), run=run, before=before)
            self._noted("refresh")
            return done

    # ----------------------------------------------------------------- a reviewer's word

    def correct(
        self, subject: str, field: str, value: str, *, reason: str, reviewer: str, date: datetime.date
    ) -> Correction:
        """Add a reviewer's word to `corrections.csv`, over the machine's. What a field takes: see `Correction`.

        Raises InputError for a subject, field or value that is not known, and where an appraisal would no longer fit.
        """
        self._now_only("correct")
        subject = f"pmid:{subject}" if subject.isdecimal() else subject
        # One file for all protocols: no protocol can have this name.
        with alone(self.root, self.name, Silent()), alone(self.root, self.corrections_file.name, Silent()):
            row = corrections.written(
                subject=subject,
                field=field,
                value=value,
                reason=reason,
                reviewer=reviewer,
                date=date,
                protocol=self.name,
            )
            then.not_to_come(self.corrections_file, f"{subject}, {field}", date, now())
            rows = self.corrections()
            self._forget()
            corrections.check(row, self.studies(), self.protocol, rows)
            with self.store() as store:
                self._standing(self._corrected(store, [*rows, row]))
            self._noted("files")  # what was changed by hand before is no part of what this row moves
            corrections.append(self.corrections_file, row)
            self._forget()
            self._noted("correct")
        return row

    def judge(
        self, claim: str, domain: str, rating: str, *, reason: str, reviewer: str, at: datetime.datetime
    ) -> Judgement:
        """Add a reviewer's rating of one GRADE domain to `judgements.csv`, over the rule's. `at`: now, in UTC.

        Raises InputError for a claim, domain or rating that is not known, and where nobody says why.
        """
        self._now_only("judge")
        with alone(self.root, self.name, Silent()), alone(self.root, self.judgements_file.name, Silent()):
            row = judging.written(
                claim=self.protocol.claim(claim).slug,
                domain=domain,
                rating=rating,
                reason=reason,
                reviewer=reviewer,
                date=said(at),
                protocol=self.name,
            )
            then.not_to_come(self.judgements_file, f"{row.claim}, {row.domain}", row.date, now())
            held = self._judged()
            judging.check(row, held, self.protocol)
            judging.standing(self.judgements_file, [*held, row], self.protocol)
            self._noted("files")
            judging.append(self.judgements_file, row)
            self._forget()
            self._noted("judge")
        return row

    def new_protocol(self, name: str) -> Path:
        """Write a commented protocol of that name, to be filled in. Never over an existing one."""
        self._now_only("protocol new")
        path = self.root / "protocols" / f"{checked(name)}.toml"
        if name in self.protocol_names():
            raise InputError(
                f'protocol "{name}" already exists. Choose another name; to change it, put your copy at {path}.'
            )
        write(path, protocol.template(name))
        return path
