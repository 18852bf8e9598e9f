"""What reviewers do in a workspace: what waits for one, a row written, drafts kept, agreement, disputes, adjudication.

The command line and notebooks call the same. A part of `Workspace`; rows are only ever added, one process at a time.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ldn_evidence import appraisal, proposing, textfiles
from ldn_evidence.appraisal import Dispute
from ldn_evidence.errors import InputError
from ldn_evidence.model import Appraisal, RobTool, Study, name_of, person, said
from ldn_evidence.proposing import Proposal
from ldn_evidence.refresh import Silent
from ldn_evidence.workspace.folders import alone, write
from ldn_evidence.workspace.writing import Writing

if TYPE_CHECKING:
    import pandas as pd


# Cells that no reviewer gives: the program fills them.
FILLED = ("row_id", "study_key", "claim", "reviewer", "date", "supersedes", "adjudicates")
# Why a study waits for a reviewer.
PROPOSED = "its row has yet to be confirmed by you"
UNREAD = "you have no row on it"
# Cells that explain a reading, and that two readings never share.
_EXPLAINING = ("reason",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A study that waits for a reviewer on a claim, and why: nobody has read it, or its row is no word of this reviewer's."""

    claim: str
    study: Study
    why: str
    draft: bool = False


class Appraising(Writing):
    """The part of a `Workspace` that reviewers judge studies in."""

    # ----------------------------------------------------------------- what waits, what may be proposed

    def waiting(self, reviewer: str, claim: str | None = None) -> list[Waiting]:
        """What waits for a reviewer, in the protocol's order: studies with a bundled or machine's row on a claim, then the others, without those that this reviewer has read.

        Whether another person has read one of them does not show: the list is the same.
        """
        who = self.reviewer(reviewer)
        slugs = [self.protocol.claim(claim).slug] if claim else [one.slug for one in self.protocol.claims]
        studies, found, awaiting = self.studies(), self.standing(), self.awaiting()
        listed = []
        for slug in slugs:
            rows = [row for row in found.latest if row.claim == slug]
            proposed = {row.study_key for row in rows if found.proposals(row.study_key, slug)}
            others = {row.study_key for row in rows} | set(awaiting[slug])
            places = [(key, PROPOSED) for key in sorted(proposed)]
            places += [(key, UNREAD) for key in sorted(others - proposed)]
            listed += [
                Waiting(claim=slug, study=studies[key], why=why, draft=bool(self.draft(who, key, slug)))
                for key, why in places
                if found.own(who, key, slug) is None
            ]
        return listed

    def appraise_next(self, reviewer: str, claim: str | None = None) -> Waiting | None:
        """The first that waits for a reviewer; None where nothing does."""
        return next(iter(self.waiting(reviewer, claim)), None)

    def proposals(self, study: str | int, claim: str, reviewer: str | None = None) -> dict[str, Proposal]:
        """What may be proposed for a row on a study and claim, with where it comes from. Of persons' rows only the reviewer's own is among it."""
        one, asked = self.study(study), self.protocol.claim(claim)
        held = self.standing()
        own = held.own(reviewer, one.key, asked.slug) if reviewer else None
        rows = held.proposals(one.key, asked.slug)
        return proposing.propose(one, asked, self.protocol, (own, *rows) if own else rows)

    # ----------------------------------------------------------------- rows

    def appraise(
        self,
        study: str | int,
        claim: str,
        reviewer: str,
        *,
        date: datetime.datetime,
        **fields: object,
    ) -> Appraisal:
        """Add a reviewer's reading of a study on a claim to the appraisals. `date` is the moment, in UTC; `fields` are the columns of a row.

        Its name is given; it supersedes the reviewer's own row, or the bundled one. Raises InputError for whatever a file
        with that row would be refused for, and for a tool that does not fit the design; then nothing is written.
        """
        return self._write(study, claim, reviewer, date, fields, adjudicates=())

    def adjudicate(
        self,
        study: str | int,
        claim: str,
        reviewer: str,
        *,
        date: datetime.datetime,
        **fields: object,
    ) -> Appraisal:
        """Settle what reviewers differ in on a study and claim: a row that stands above theirs for as long as theirs are their last word.

        Every differing field has to be given, and the reason; what they agree on is taken over, and explaining words from the row that stands.
        What an adjudication has settled may be settled again: by the same person the new row supersedes the old one; another person's names
        the same rows, and the later stands.
        """
        key, slug, cells, settles = self._settling(study, claim, reviewer, fields)
        return self._write(key, slug, reviewer, date, cells, adjudicates=settles)

    def checked_adjudication(
        self,
        study: str | int,
        claim: str,
        reviewer: str,
        date: datetime.datetime,
        fields: Mapping[str, object],
    ) -> Appraisal:
        """The adjudication that would be written, checked against everything that stands; nothing is written."""
        key, slug, cells, settles = self._settling(study, claim, reviewer, fields)
        return self.checked_row(key, slug, reviewer, date, cells, settles)

    def _settling(
        self, study: str | int, claim: str, reviewer: str, fields: Mapping[str, object]
    ) -> tuple[str, str, dict[str, object], tuple[str, ...]]:
        """Study, claim and cells of an adjudication, and the rows that it names."""
        dispute = self.dispute(study, claim)
        key, slug = dispute.study_key, dispute.claim
        missing = [name for name in (*dispute.fields, *_EXPLAINING) if name not in fields]
        if missing:
            shown = "; ".join(f"{row.reviewer}: {_shown(row, missing[0])}" for row in dispute.rows)
            raise InputError(
                f"adjudicate {slug} {key}: {', '.join(missing)} has not been settled"
                f"{f' ({shown})' if missing[0] in dispute.fields else ''}. Give each with --set FIELD=VALUE."
            )
        held = self.standing()
        base = next(row for row in held.rows if row.row_id == dispute.stands)
        cells: dict[str, object] = {
            name: value
            for name, value in base.model_dump(mode="json", exclude_none=True).items()
            if name not in (*FILLED, *_EXPLAINING)
        }
        # The domains belong to the judgement that they came to.
        if "risk_of_bias" in fields and "rob_domains" not in fields:
            cells |= {"rob_tool": None, "rob_domains": None}
        return key, slug, cells | dict(fields), appraisal.named_by(self.reviewer(reviewer), dispute, held)

    def checked_row(
        self,
        study: str | int,
        claim: str,
        reviewer: str,
        date: datetime.datetime,
        fields: Mapping[str, object],
        adjudicates: tuple[str, ...] = (),
    ) -> Appraisal:
        """The row that would be written, checked against everything that stands; nothing is written."""
        who = self.reviewer(reviewer)
        one, asked = self.study(study), self.protocol.claim(claim)
        unknown = next(
            (name for name in fields if name not in Appraisal.model_fields or name in FILLED), None
        )
        if unknown is not None:
            known = ", ".join(name for name in Appraisal.model_fields if name not in FILLED)
            raise InputError(f'"{unknown}" is not a field that a reviewer fills. Use: {known}.')
        shipped, own_file = self._layers("appraisals", f"{self.name}.csv")
        used = {row.row_id for path in (shipped, own_file) for row in appraisal.load(path)}
        held = self.standing()
        own = held.own(who, one.key, asked.slug, adjudication=bool(adjudicates))
        bundled = held.proposals(one.key, asked.slug)
        before = own or (bundled[0] if bundled and not adjudicates else None)
        cells = {name: _cell(value) for name, value in fields.items()}
        _check_tool(cells.get("rob_tool"), one)
        row = textfiles.written(
            Appraisal,
            f"appraisal of {one.key} on {asked.slug}",
            cells
            | {
                "row_id": appraisal.row_id(who, asked.slug, one.key, used),
                "study_key": one.key,
                "claim": asked.slug,
                "reviewer": who,
                "date": said(date),
                "supersedes": before.row_id if before else None,
                "adjudicates": "; ".join(adjudicates) or None,
            },
        )
        stands = {one.row_id for one in self._appraised(self.studies(), [row])[0].rows}
        if adjudicates and row.row_id not in stands:
            raise InputError(
                f"adjudicate {asked.slug} {one.key}: a reviewer has written again meanwhile. Look at their rows once more."
            )
        return row

    @staticmethod
    def reviewer(name: str) -> str:
        """A reviewer's name as it is written, or an error: nobody, and the names that stand for no person, can't write."""
        try:
            return person(name)
        except ValueError as error:
            raise InputError(f"reviewer: {error}") from error

    def _write(
        self,
        study: str | int,
        claim: str,
        reviewer: str,
        date: datetime.datetime,
        fields: Mapping[str, object],
        adjudicates: tuple[str, ...],
    ) -> Appraisal:
        what = "adjudicate" if adjudicates else "appraise"
        self._now_only(what)
        with alone(self.root, self.name, Silent()):
            row = self.checked_row(study, claim, reviewer, date, fields, adjudicates)
            self._noted("files")  # what was changed by hand before is no part of what this row moves
            textfiles.append_row(self.appraisals_file, row)
            self._noted(what)
        if not adjudicates:
            self.keep_draft(row.reviewer, row.study_key, row.claim, {})
        return row

    # ----------------------------------------------------------------- disputes and agreement

    def disputes(self) -> tuple[Dispute, ...]:
        """Where persons differ and nobody has settled it."""
        return self.standing().disputes

    def dispute(self, study: str | int, claim: str) -> Dispute:
        """What may be adjudicated on a study and claim: the dispute, or the one that was settled; else an error that names the disputes there are."""
        key, slug = self.study(study).key, self.protocol.claim(claim).slug
        held = self.standing()
        for one in held.disputes:
            if (one.study_key, one.claim) == (key, slug):
                return one
        settled = appraisal.settled(held, key, slug)
        if settled is not None:
            return settled
        there = ", ".join(f"{one.claim} {one.study_key}" for one in held.disputes) or "there is none"
        raise InputError(f"{slug} {key}: no two persons differ on it. In dispute: {there}.")

    def disputes_table(self, claim: str | None = None) -> pd.DataFrame:
        """What is to be adjudicated, by field; columns are documented at `appraisal.dispute_table`."""
        slug = self.protocol.claim(claim).slug if claim else None
        return appraisal.dispute_table(one for one in self.disputes() if slug in (None, one.claim))

    def agreement(self, claim: str | None = None) -> pd.DataFrame:
        """How far reviewers agree, by field and pair; columns are documented at `appraisal.agreement_table`."""
        slug = self.protocol.claim(claim).slug if claim else None
        return appraisal.agreement_table(row for row in self.standing().readings if slug in (None, row.claim))

    # ----------------------------------------------------------------- drafts

    def _draft_file(self, reviewer: str, study_key: str, claim: str) -> Path:
        # The readable part of José's name is Jose's too: only the digest of the name itself keeps the one from the other's answers.
        whose = "\n".join((name_of(reviewer), claim, study_key))
        name = f"{appraisal.row_id(name_of(reviewer), claim, study_key)}.{hashlib.sha256(whose.encode()).hexdigest()[:16]}"
        return self.appraisals_file.parent / ".drafts" / f"{self.name}.{name}.json"

    def draft(self, reviewer: str, study_key: str, claim: str) -> dict[str, str]:
        """The answers of a study that a reviewer has begun and not finished."""
        path = self._draft_file(reviewer, study_key, claim)
        try:
            held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path}: a draft that can't be read. Delete it, and begin the study anew."
            ) from error
        if not isinstance(held, dict) or not all(isinstance(one, str) for one in held.values()):
            raise InputError(f"{path}: is no draft of answers. Delete it, and begin the study anew.")
        return held

    def keep_draft(self, reviewer: str, study_key: str, claim: str, answers: Mapping[str, str]) -> None:
        """Keep the answers given so far; none takes the draft away."""
        path = self._draft_file(reviewer, study_key, claim)
        if answers:
            write(path, json.dumps(dict(answers), ensure_ascii=False, indent=1))
        else:
            path.unlink(missing_ok=True)


def _check_tool(named: str | None, study: Study) -> None:
    fitting = [str(one.name) for one in appraisal.tools_for(study.tag.design)]
    if named in set(RobTool) and named not in fitting:
        raise InputError(
            f'rob_tool = "{named}" is not made for a {study.tag.design} ({study.key}). '
            f"Use {' or '.join(fitting) or 'none: such a document has no result of its own'}."
        )


def _cell(value: object) -> str | None:
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value)) or None
    return None if value is None else str(value)


def _shown(row: Appraisal, name: str) -> str:
    return _cell(row.model_dump(mode="json")[name]) or "nothing"
