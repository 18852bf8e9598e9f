"""Appraisal files into the rows that stand today. Never edits a row, never derives a direction.

Rows are append-only: a later row supersedes an earlier one by naming its row_id; bundled rows are the layer below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ldn_evidence.errors import InputError
from ldn_evidence.model import Appraisal, Protocol, Study, StudyDesign, nearest
from ldn_evidence.textfiles import read_rows

# Reviewers whose rows are proposals, not a person's confirmation.
UNCONFIRMED = frozenset({"bundled", "machine"})


def load(path: Path) -> list[Appraisal]:
    """Read one appraisal file; an absent file holds no rows."""
    return read_rows(path, Appraisal) if path.exists() else []


def current(
    layers: Sequence[tuple[Path, Sequence[Appraisal]]],
    protocol: Protocol,
    studies: Mapping[str, Study],
) -> list[Appraisal]:
    """The rows that no later row supersedes, in file order, bundled layer first.

    `studies` are those that may be named, by key. Raises InputError for an unknown claim, study or row, for more
    people analysed than took part, for a row superseded twice, and for two standing rows on one study and claim.
    """
    rows: dict[str, tuple[Path, Appraisal]] = {}
    superseded: dict[str, str] = {}
    for path, appraisals in layers:
        for row in appraisals:
            where = f"{path} ({row.row_id})"
            if row.row_id in rows:
                raise InputError(
                    f'{where}: row_id "{row.row_id}" stands twice. Give the new row another row_id.'
                )
            slugs = [claim.slug for claim in protocol.claims]
            if row.claim not in slugs:
                raise InputError(
                    f'{where}: claim "{row.claim}" is not in the protocol. {nearest(row.claim, slugs)}'
                )
            if row.study_key not in studies:
                raise InputError(
                    f'{where}: study_key "{row.study_key}" is not a study of the corpus '
                    "(a report is named by its study). Mend the key; or add the study to the corpus and refresh."
                )
            study = studies[row.study_key]
            took_part = study.main.n_participants if study.main else None
            if took_part is not None and (row.n_analysed or 0) > took_part:
                raise InputError(
                    f"{where}: n_analysed = {row.n_analysed} is more than the {took_part} participants of "
                    f"{study.key}. Check both."
                )
            review = study.tag.design is StudyDesign.SYSTEMATIC_REVIEW
            if review != (row.review_of is not None):
                raise InputError(
                    f'{where}: review_of belongs to rows on systematic reviews; "{row.study_key}" is a '
                    f"{study.tag.design}. {'Add review_of.' if review else 'Empty it.'}"
                )
            if row.supersedes is not None:
                _supersede(where, row, rows, superseded)
            rows[row.row_id] = (path, row)
    standing = [(path, row) for key, (path, row) in rows.items() if key not in superseded]
    seen: dict[tuple[str, str], str] = {}
    for path, row in standing:
        place = (row.study_key, row.claim)
        if place in seen:
            raise InputError(
                f'{path} ({row.row_id}): "{row.study_key}" already has the row "{seen[place]}" on "{row.claim}". '
                f"Add supersedes = {seen[place]} to the newer row."
            )
        seen[place] = row.row_id
    return [row for _, row in standing]


def resolved(
    rows: Sequence[Appraisal], studies: Mapping[str, Study]
) -> tuple[list[Appraisal], list[Appraisal]]:
    """Rows under the keys that their studies bear now, and rows to set aside: what a search brings may change.

    A row may name a study by any of its documents: `pmid:N` becomes the corpus row that somebody writes for it, `import:...` the
    record that PubMed gives later. A row on such a document that is no longer there, or that PubMed has since
    given another design, is set aside; so is one on a document that has since been joined to a study with a row on the same claim.
    A row on a study that a person described is never.
    """
    keys: dict[str, str] = {}
    for study in studies.values():
        pmids = [one.pmid for one in study.reports] + [one.pmid for one in study.records]
        pmids += [one.pmid for one in study.citations]
        names = [f"pmid:{pmid}" for pmid in pmids if pmid] + [one.key for one in study.citations]
        keys |= dict.fromkeys(names, study.key)
    fitting, aside = [], []
    for row in rows:
        brought = row.study_key.startswith(("pmid:", "import:"))
        key = keys.get(row.study_key, row.study_key) if brought else row.study_key
        bears = studies.get(key)
        review = bears is not None and bears.tag.design is StudyDesign.SYSTEMATIC_REVIEW
        if brought and (bears is None or (not bears.reports and review != (row.review_of is not None))):
            aside.append(row)
        else:
            fitting.append(row if key == row.study_key else row.model_copy(update={"study_key": key}))
    named = {row.row_id: row.study_key for row in rows}
    twice = _twice(fitting, named, studies)
    return [row for row in fitting if row.row_id not in twice], [
        *aside,
        *(row for row in fitting if row.row_id in twice),
    ]


def _twice(rows: Sequence[Appraisal], named: Mapping[str, str], studies: Mapping[str, Study]) -> set[str]:
    """Rows made on a document while it was a study of its own, where the study that it joined has a row on the claim by another name.

    `named`: the name that each row gives the study. Rows that one supersedes across the names stay: a reviewer has settled it.
    """
    names: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        study = studies.get(row.study_key)
        own = study is None or named[row.row_id] in (study.key, f"pmid:{study.pmid}")
        name = row.study_key if own else named[row.row_id]
        names.setdefault((row.study_key, row.claim), set()).add(name)
    settled = {
        (row.study_key, row.claim)
        for row in rows
        if row.supersedes in named and named[str(row.supersedes)] != named[row.row_id]
    }
    kept = {
        place: place[0] if place[0] in held else min(held)
        for place, held in names.items()
        if len(held) > 1 and place not in settled
    }
    return {
        row.row_id
        for row in rows
        if (row.study_key, row.claim) in kept
        and named[row.row_id] not in (kept[row.study_key, row.claim], f"pmid:{studies[row.study_key].pmid}")
    }


def _supersede(
    where: str, row: Appraisal, rows: Mapping[str, tuple[Path, Appraisal]], superseded: dict[str, str]
) -> None:
    old = str(row.supersedes)
    if old not in rows:
        raise InputError(
            f'{where}: supersedes "{old}", which no earlier row has as its row_id. Mend the name.'
        )
    before = rows[old][1]
    if (before.study_key, before.claim) != (row.study_key, row.claim):
        raise InputError(
            f'{where}: supersedes "{old}", which is about {before.study_key} on {before.claim}. '
            "A row supersedes one on the same study and claim."
        )
    if old in superseded:
        raise InputError(
            f'{where}: "{old}" is already superseded by "{superseded[old]}". Supersede that row instead.'
        )
    superseded[old] = row.row_id
