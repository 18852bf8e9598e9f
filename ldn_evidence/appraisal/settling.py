"""What an adjudication settles: the dispute that a standing one has settled, and the rows that a new one names.

Takes a `Standing`; returns values. Never writes a row, never decides who is right.
"""

from __future__ import annotations

from ldn_evidence.appraisal.rows import Dispute, Standing, by_age, differing_in
from ldn_evidence.model import Appraisal, name_of


def settled(held: Standing, study_key: str, claim: str) -> Dispute | None:
    """The dispute that the standing adjudication on a study and claim has settled; None where no adjudication stands.

    `fields` are those in which the rows that it names, or the adjudication itself, differ; `stands` is the adjudication.
    """
    here = [row for row in held.rows if (row.study_key, row.claim) == (study_key, claim) and row.adjudicates]
    if not here:
        return None
    named = sorted((row for row in held.latest if row.row_id in here[0].adjudicates), key=by_age)
    return Dispute(
        study_key=study_key,
        claim=claim,
        rows=tuple(named),
        fields=differing_in([*named, here[0]]),
        stands=here[0].row_id,
    )


def named_by(reviewer: str, dispute: Dispute, held: Standing) -> tuple[str, ...]:
    """The `row_id`s that an adjudication of a dispute by this reviewer names, one of each person, oldest first.

    It will supersede the reviewer's own adjudication: for that, and for one that rests on it, stand the rows that they settled.
    """
    latest = {row.row_id: row for row in held.latest}

    def goes(row: Appraisal) -> bool:
        own = name_of(row.reviewer) == name_of(reviewer)
        return bool(row.adjudicates) and (own or any(goes(latest[old]) for old in row.adjudicates))

    def under(row: Appraisal) -> list[Appraisal]:
        return [one for old in row.adjudicates for one in under(latest[old])] if goes(row) else [row]

    found = [one for row in dispute.rows for one in under(row)]
    # A person's adjudication stands for the reading of the same person: a row names one of each.
    each = {name_of(row.reviewer): row for row in sorted(found, key=lambda row: bool(row.adjudicates))}
    return tuple(row.row_id for row in sorted(each.values(), key=by_age))
