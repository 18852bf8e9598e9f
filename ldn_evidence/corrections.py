"""Reviewers' corrections into what stands, and what stands over the machine's reading of a study. Never edits a row.

Rows are append-only: of two on one subject and field the later by date stands, of one day the later in the file; `as read` takes a correction back.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ldn_evidence import textfiles
from ldn_evidence.errors import InputError
from ldn_evidence.model import (
    AS_READ,
    OWN,
    Blinding,
    Correction,
    CorrectionField,
    Protocol,
    PublicationKind,
    Species,
    Study,
    StudyDesign,
    Substance,
    Tag,
    TagSource,
)
from ldn_evidence.textfiles import append_row, read_rows


def load(path: Path) -> list[Correction]:
    """Read one corrections file; an absent or empty one holds no rows."""
    return read_rows(path, Correction) if path.exists() and path.stat().st_size else []


def written(**cells: object) -> Correction:
    """A row as a reviewer gives it, checked like one that is read from the file."""
    return textfiles.written(Correction, f"correction of {cells.get('subject')}", cells)


def append(path: Path, row: Correction) -> None:
    """Add one row at the end, with a header if the file is new. What stands in the file is never touched."""
    load(path)  # a file that can't be read is named before it grows
    append_row(path, row)


# --------------------------------------------------------------------------- what a row is about


def documents(study: Study) -> set[str]:
    """The name of every document of a study: what can be moved."""
    found = {one.study_key for one in study.reports} | {f"pmid:{one.pmid}" for one in study.records}
    return found | {one.key for one in study.citations}


def subjects(study: Study) -> set[str]:
    """The names under which the study itself is corrected: its key, and the PMID of its main document."""
    pmids = [study.pmid, *(one.pmid for one in study.main_records if study.main)]
    return {study.key, *(f"pmid:{pmid}" for pmid in pmids if pmid)}


def check(
    row: Correction, studies: Mapping[str, Study], protocol: Protocol, rows: Sequence[Correction]
) -> None:
    """Refuse a row whose subject, slugs or study are not there, or that takes back what nobody said. `rows`: those of the file."""
    later = next((one for one in rows if _same(one, row, studies) and one.date > row.date), None)
    if later is not None:
        raise InputError(
            f"{row.field} of {row.subject}: {later.reviewer}'s row of {later.date} is later than this one of {row.date} and would stand over it. "
            "Correct it again after that day; or mend that row's date, if it is wrong."
        )
    if row.value == AS_READ:
        if any(_same(one, row, studies) for one in rows) and not _taken_back(rows, row, studies):
            return
        raise InputError(f"{row.field} of {row.subject} has no correction that could be taken back.")
    if row.field is CorrectionField.STUDY:
        _check_move(row, studies)
        return
    known = {name for study in studies.values() for name in subjects(study)}
    parts = {name: study.key for study in studies.values() for name in documents(study) - subjects(study)}
    if row.subject in parts:
        raise InputError(
            f'"{row.subject}" is one of several documents of the study {parts[row.subject]}, which counts once. Correct '
            f"{parts[row.subject]} itself, or make the document a study of its own first: correct {row.subject} study own."
        )
    _known("subject", row.subject, known)
    slugs = _slugs(row.field, protocol)
    for member in row.members if slugs else ():
        _known(str(row.field).removesuffix("s"), member, slugs)


def _slugs(field: CorrectionField, protocol: Protocol) -> list[str]:
    """What a list of that field may name; empty where it is no list."""
    if field is CorrectionField.CONDITIONS:
        return [one.slug for one in protocol.conditions]
    return [one.slug for one in protocol.claims] if field is CorrectionField.CLAIMS else []


def _check_move(row: Correction, studies: Mapping[str, Study]) -> None:
    holders = {name: study for study in studies.values() for name in documents(study)}
    _known("document", row.subject, holders)
    if row.value == OWN:
        return
    if row.value in holders and holders[row.value].key != row.value:
        raise InputError(
            f'study = "{row.value}": is a document of {holders[row.value].key}. Name that study.'
        )
    _known("study", row.value, studies)
    if row.subject == row.value:
        raise InputError(f'study = "{row.value}": is that document itself. Name another study, or own.')
    if (
        any(row.subject == one.study_key for one in holders[row.subject].reports)
        and not studies[row.value].reports
    ):
        raise InputError(
            f'study = "{row.value}": a corpus row can only belong to a study of the corpus. Correct {row.value} instead: '
            f"correct {row.value} study {row.subject}."
        )


def _same(one: Correction, other: Correction, studies: Mapping[str, Study]) -> bool:
    """Whether two rows are about one field of one study, or of one document that was moved."""
    if one.field is not other.field:
        return False
    together = next(
        (subjects(study) for study in studies.values() if other.subject in subjects(study)), set()
    )
    return one.subject == other.subject or (
        one.field is not CorrectionField.STUDY and one.subject in together
    )


def _taken_back(rows: Sequence[Correction], row: Correction, studies: Mapping[str, Study]) -> bool:
    return [one for one in _in_order(rows) if _same(one, row, studies)][-1].value == AS_READ


# --------------------------------------------------------------------------- what stands


def _in_order(rows: Sequence[Correction]) -> list[Correction]:
    """By date, and within a day as they stand in the file."""
    return sorted(rows, key=lambda one: one.date)


def grouping(rows: Sequence[Correction]) -> dict[str, str]:
    """Where reviewers put documents: a document's name -> a study's key, or `own`. The latest row on a document stands."""
    last = {row.subject: row.value for row in _in_order(rows) if row.field is CorrectionField.STUDY}
    return {name: value for name, value in last.items() if value != AS_READ}


def corrected(studies: Mapping[str, Study], rows: Sequence[Correction]) -> dict[str, Study]:
    """The studies with what reviewers said put over the machine's reading. A row about nothing here changes nothing."""
    about = {name: study.key for study in studies.values() for name in subjects(study)}
    holders = {name: study.key for study in studies.values() for name in documents(study)}
    last: dict[str, dict[tuple[str, str], Correction]] = {}
    for row in _in_order(rows):
        moved = row.field is CorrectionField.STUDY
        key = (holders if moved else about).get(row.subject)
        if key is not None:
            # Of two rows on one field of a study the later stands, whatever names they give it; each document is moved by itself.
            last.setdefault(key, {})[row.field, row.subject if moved else ""] = row
    return {key: _put_over(one, last[key].values()) if key in last else one for key, one in studies.items()}


def aside(rows: Sequence[Correction], studies: Mapping[str, Study], protocol: Protocol) -> list[str]:
    """The subjects of rows that do not do here what they say: nothing bears that name, it could not be put there, a slug is unknown."""
    about = {name for study in studies.values() for name in subjects(study)}
    holders = {name: study for study in studies.values() for name in documents(study)}
    moves = grouping(rows)
    lost = [name for name, value in moves.items() if not _moved(name, value, holders)]
    others = (row for row in _in_order(rows) if row.field is not CorrectionField.STUDY)
    last = {(row.subject, row.field): row for row in others}
    for row in last.values():
        unknown = set(row.members) - set(_slugs(row.field, protocol) or row.members)
        if row.value != AS_READ and (row.subject not in about or unknown):
            lost.append(row.subject)
    return list(dict.fromkeys(lost))


def _moved(name: str, value: str, holders: Mapping[str, Study]) -> bool:
    if name not in holders:
        return False
    return holders[name].key == name if value == OWN else value in documents(holders[name])


def _put_over(study: Study, rows: Iterable[Correction]) -> Study:
    standing = tuple(row for row in rows if row.value != AS_READ)
    tag, relevance = study.tag, study.relevance
    # The design first: what was read of a trial's arms belonged to the design that it was read as.
    for row in sorted(standing, key=lambda one: one.field is not CorrectionField.DESIGN):
        tag = _tag(tag, row)
        if row.field is CorrectionField.RELEVANCE:
            relevance = replace(
                relevance,
                substance=Substance(row.value),
                reason=f"{row.reason} ({row.reviewer})",
                rule="correction",
                spans=(),
            )
    return replace(study, tag=tag, relevance=relevance, corrections=standing)


_TRUTH = {"yes": True, "no": False, "unclear": None}
_AXES: dict[CorrectionField, Callable[[str], Any]] = {
    CorrectionField.META_ANALYSIS: _TRUTH.get,
    CorrectionField.RANDOMISED: _TRUTH.get,
    CorrectionField.CROSSOVER: _TRUTH.get,
    CorrectionField.CONTROLLED: _TRUTH.get,
    CorrectionField.BLINDING: lambda value: None if value == "unclear" else Blinding(value),
    CorrectionField.SPECIES: lambda value: None if value == "unclear" else Species(value),
    CorrectionField.PUBLICATION: PublicationKind,
}


def _tag(tag: Tag, row: Correction) -> Tag:
    if row.field is CorrectionField.DESIGN:
        words = f"{row.reviewer}: {row.reason}"
        return replace(
            tag,
            design=StudyDesign(row.value),
            source=TagSource.CORRECTION,
            rule="correction",
            words=words,
            randomised=None,
            crossover=None,
            controlled=None,
            doubt=None,
        )
    if row.field in _AXES:
        return replace(tag, **{str(row.field): _AXES[row.field](row.value)})
    return tag


# Where a reader finds what can be named.
_LISTED = {"claim": "claims", "condition": "protocol check FILE"}


def _known(what: str, name: str, known: Collection[str]) -> None:
    if name in known:
        return
    # Another number is never a misspelling of a PMID: it is another paper.
    close = [] if name.startswith("pmid:") else difflib.get_close_matches(name, list(known), n=1)
    where = _LISTED.get(what, "tags")
    mend = f'Did you mean "{close[0]}"?' if close else f"See what there is with: ldn-evidence {where}."
    raise InputError(f'{what} "{name}" is not there. {mend}')
