"""Rows under the keys that their studies bear now: what a search or a joining has changed since they were written.

Takes appraisal rows and the studies of today; returns rows to use and rows to set aside. Never edits a file, never decides between rows
that fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ldn_evidence.model import Appraisal, Study, StudyDesign


def resolved(
    rows: Sequence[Appraisal], studies: Mapping[str, Study]
) -> tuple[list[Appraisal], list[Appraisal]]:
    """Rows under the keys that their studies bear now, and rows to set aside: what a search brings may change.

    A row may name a study by any of its documents: `pmid:N` becomes the corpus row that somebody writes for it, `import:...` the
    record that PubMed gives later. A row on such a document that is no longer there, or that PubMed has since
    given another design, is set aside; so is one on a document that has since been joined to a study with a row on the same claim,
    and one on a report that was retracted (see `on_retracted`). A row on the key of a study that a person described is never.
    """
    retracted = on_retracted(rows, studies)
    keys: dict[str, str] = {}
    for study in studies.values():
        pmids = [one.pmid for one in study.reports] + [one.pmid for one in study.records]
        pmids += [one.pmid for one in study.citations]
        names = [f"pmid:{pmid}" for pmid in pmids if pmid] + [one.key for one in study.citations]
        keys |= dict.fromkeys(names, study.key)
    fitting, aside = [], []
    for row in rows:
        brought = _brought(row.study_key)
        key = keys.get(row.study_key, row.study_key) if brought else row.study_key
        bears = studies.get(key)
        review = bears is not None and bears.tag.design is StudyDesign.SYSTEMATIC_REVIEW
        strange = bears is None or (not bears.reports and review != (row.review_of is not None))
        if (brought and strange) or row.row_id in retracted:
            aside.append(row)
            continue
        # What a review pooled may have gone from the searches; the review has pooled it still.
        pooled = [keys.get(one, one) if _brought(one) else one for one in row.includes]
        includes = tuple(one for one in pooled if one in studies or not _brought(one))
        changed = {"study_key": key, "includes": includes}
        same = (key, includes) == (row.study_key, row.includes)
        fitting.append(row if same else row.model_copy(update=changed))
    named = {row.row_id: row.study_key for row in rows}
    twice = _twice(fitting, named, studies)
    return [row for row in fitting if row.row_id not in twice], [
        *aside,
        *(row for row in fitting if row.row_id in twice),
    ]


def on_retracted(rows: Sequence[Appraisal], studies: Mapping[str, Study]) -> dict[str, tuple[str, str]]:
    """Rows made on a document that was retracted and is a report of another study now: row_id -> the name that the row gives it, and that study's key.

    A result that was withdrawn must not speak through the paper beside which it came to stand. A row that a row on the study itself
    supersedes or adjudicates stays, and does not stand: whoever wrote that one has settled it.
    """
    names = {name: study.key for study in studies.values() for name in _retracted_names(study)}
    held = {row.row_id: row for row in rows}
    settled: set[str] = set()
    waiting = [row for row in rows if row.study_key not in names]
    while waiting:
        row = waiting.pop()
        for old in (row.supersedes, *row.adjudicates):
            if old in held and old not in settled:
                settled.add(str(old))
                waiting.append(held[str(old)])
    return {
        row.row_id: (row.study_key, names[row.study_key])
        for row in rows
        if row.study_key in names and row.row_id not in settled
    }


def _retracted_names(study: Study) -> set[str]:
    """Every name by which a row may call a retracted report: its row's key, its PMID, or a reference to it from another search."""
    said = set(study.retracted_reports)
    if not said:
        return said
    rows = [one for one in study.reports if one.study_key in said]
    pmids = {one.pmid for one in rows} | {pmid for _, pmid in study.retractions_beside}
    dois = {(one.doi or "").lower() for one in rows}
    dois |= {(one.identifier("doi") or "").lower() for one in study.records if one.pmid in pmids}
    found = {f"pmid:{pmid}" for pmid in pmids if pmid}
    found |= {
        one.key
        for one in study.citations
        if (one.pmid and one.pmid in pmids) or (one.doi and one.doi.lower() in dois)
    }
    return (said | found) - {study.key, f"pmid:{study.pmid}"}


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


def _brought(key: str) -> bool:
    return key.startswith(("pmid:", "import:"))
