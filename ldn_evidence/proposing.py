"""What a machine can propose for an appraisal, field by field, each with where it comes from; and a row of its own where nobody wrote one.

Takes a study, a claim and the protocol; reads the abstract when it is asked for. A proposal is a default that a person takes or changes, never
an appraisal; a machine's row stands for nothing unless it is asked for. That a study is about the claim's condition proposes no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ldn_evidence import appraisal, grading, reading, tagging
from ldn_evidence.model import (
    PARTS,
    Appraisal,
    Citation,
    Claim,
    ClaimKind,
    Comparator,
    Directness,
    Dose,
    Expectation,
    Extraction,
    FactField,
    Finding,
    FundingSource,
    Passage,
    Protocol,
    Record,
    ResultDirection,
    ResultReading,
    Study,
    StudyDesign,
    said,
)

MACHINE = "machine"
# A machine's reading changes with its rules, not with the day on which somebody asks for it.
OF_THESE_RULES = "2026-11-23"
# Cells of a row that say who wrote it and when, and how: never proposed.
_THE_ROWS_OWN = frozenset(
    {"row_id", "study_key", "claim", "reviewer", "date", "supersedes", "adjudicates", "reason"}
)
# How the reader of comparators names what it found (rules/particulars.toml).
_COMPARATORS = {
    "placebo": Comparator.PLACEBO,
    "sham": Comparator.PLACEBO,
    "vehicle": Comparator.PLACEBO,
    "usual-care": Comparator.UNTREATED,
    "waiting-list": Comparator.UNTREATED,
    "no-treatment": Comparator.UNTREATED,
    "active": Comparator.ACTIVE,
}
# What corpus rows write under `comparator` where it is one thing.
_NOTED_AS = {
    "none": Comparator.NONE,
    "baseline": Comparator.NONE,
    "before vs after": Comparator.NONE,
    "placebo": Comparator.PLACEBO,
    "placebo cream": Comparator.PLACEBO,
    "vehicle": Comparator.PLACEBO,
    "vehicle cream": Comparator.PLACEBO,
    "saline": Comparator.PLACEBO,
}
_MEASURES = ("MD", "SMD", "RR", "OR", "RD")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A cell of a row, and where it comes from: "bundled row", "corpus row" or "machine: ..." with the words."""

    value: str
    source: str


def propose(
    study: Study, claim: Claim, protocol: Protocol, rows: Sequence[Appraisal] = ()
) -> dict[str, Proposal]:
    """Proposals by field. `rows`: those that may be shown, best first (the reviewer's own, `bundled`, `machine`); they stand above the corpus row, and it above the reading."""
    found = _proposed(_read(study, protocol), claim, protocol)
    found |= _noted(study)
    for row in reversed(rows):
        cells = row.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        owns = "" if appraisal.name_of(row.reviewer) in appraisal.UNCONFIRMED else "'s"
        where = f"{row.reviewer}{owns} row of {said(row.date.replace(microsecond=0))}"
        found |= {
            name: Proposal("; ".join(value) if isinstance(value, list) else str(value), where)
            for name, value in cells.items()
            if name not in _THE_ROWS_OWN
        }
    return found


def machine_row(study: Study, claim: Claim, protocol: Protocol) -> Appraisal | None:
    """What the machine would write on a study that bears on the claim and may count, if its result is about the claim's outcome.

    None wherever something of that is missing. Directness is `unclear` in every part and risk of bias unassessed; no effect is given,
    because an abstract does not tell which way it is measured. The caller sees to it that nobody else has a row.
    """
    if study.tag.design is StudyDesign.SYSTEMATIC_REVIEW or not study.bears_on(claim):
        return None
    if grading.listed_by(study, grading.grade_rules(), appraised=True) or study.left_out:
        return None
    read = _read(study, protocol)
    cells = _proposed(read, claim, protocol)
    if "finding" not in cells or cells["finding"].value == Finding.UNCLEAR:
        return None
    comparator = cells.get("comparator")
    if comparator is None or comparator.value not in claim.comparator:
        return None
    result = read.result
    words = result.sentence.words if result.sentence else ""
    beware = f" Beware: {'; '.join(result.warnings)}." if result.warnings else ""
    return Appraisal.model_validate(
        {
            "row_id": appraisal.row_id(MACHINE, claim.slug, study.key),
            "study_key": study.key,
            "claim": claim.slug,
            "comparator": comparator.value,
            "finding": cells["finding"].value,
            "outcome_measured": cells["outcome_measured"].value,
            **{
                name: cells[name].value
                for name in ("dose", "route", "follow_up", "n_analysed")
                if name in cells
            },
            **dict.fromkeys(PARTS, Directness.UNCLEAR),
            "reason": f"Read by a machine in the abstract, rule {result.rule}; nobody has confirmed it.{beware} {_short(words)}".strip(),
            "reviewer": MACHINE,
            "date": OF_THESE_RULES,
        }
    )


# --------------------------------------------------------------------------- what the abstract says


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What was read in a study's main document, as far as it has an abstract."""

    passage: Passage
    doses: tuple[Dose, ...]
    facts: tuple[Extraction, ...]
    result: ResultReading


def _read(study: Study, protocol: Protocol) -> _Reading:
    held: tuple[Record | Citation, ...] = (*study.main_records, *study.records, *study.citations)
    read = [
        (Passage.of_record(one) if isinstance(one, Record) else Passage.of(one.title, one.abstract), one)
        for one in held
    ]
    described = [pair for pair in read if pair[0].abstract] or read
    passage, document = described[0] if described else (Passage.of(study.citation, None), None)
    result = reading.result(passage)
    if not tagging.compares(study.tag):
        result = ResultReading(direction=ResultDirection.UNCLEAR, rule="no-comparison-in-such-a-design")
    return _Reading(
        passage=passage,
        doses=reading.doses(passage, protocol.intervention.all_names),
        facts=reading.facts(passage, document if isinstance(document, Record) else None),
        result=result,
    )


def _proposed(read: _Reading, claim: Claim, protocol: Protocol) -> dict[str, Proposal]:
    facts: dict[FactField, list[Extraction]] = {}
    for fact in read.facts:
        facts.setdefault(fact.field, []).append(fact)
    found: dict[str, Proposal] = {}
    found |= _comparator(facts.get(FactField.COMPARATOR, []), claim)
    found |= _doses(read.doses, protocol)
    for name, field in (("follow_up", FactField.DURATION), ("n_analysed", FactField.ANALYSED)):
        for fact in facts.get(field, [])[:1]:
            value = str(int(fact.number)) if name == "n_analysed" and fact.number is not None else fact.value
            found[name] = Proposal(value, _words(fact))
    found |= _finding(read, claim)
    found |= _effect(facts.get(FactField.EFFECT, []), read, claim)
    return found | _money(facts)


def _comparator(facts: Iterable[Extraction], claim: Claim) -> dict[str, Proposal]:
    named = [(_COMPARATORS.get(one.rule.removeprefix("comparator: ")), one) for one in facts]
    known = [(word, one) for word, one in named if word is not None]
    # Of several the one that the claim asks for: a trial with two comparisons answers by that one.
    asked = [pair for pair in known if pair[0] in claim.comparator] or known
    if not asked:
        return {}
    word, fact = asked[0]
    found = {"comparator": Proposal(str(word), _words(fact))}
    if word is Comparator.ACTIVE:
        found["comparator_detail"] = Proposal(fact.value, _words(fact))
    return found


def _doses(doses: Sequence[Dose], protocol: Protocol) -> dict[str, Proposal]:
    """The first daily dose of the drug, as the abstract writes it, and whether it lies in the window. A dose of another drug is left aside."""
    window = protocol.intervention.dose
    names = {one.casefold() for one in protocol.intervention.all_names}
    daily = [one for one in doses if one.unit == f"{window.unit}/day"]
    own = [one for one in daily if one.substance is None or one.substance in names]
    if not own:
        return {}
    dose = own[0]
    source = f'machine: "{dose.span.words}"'
    low, high = window.in_scope
    inside = [low <= end <= high for end in (dose.low, dose.high)]
    near = Directness.DIRECT if all(inside) else Directness.PARTLY if any(inside) else Directness.INDIRECT
    found = {
        "dose": Proposal(dose.span.words, source),
        "dose_directness": Proposal(
            str(near), f"{source} held against {low:g} to {high:g} {window.unit} a day"
        ),
    }
    if dose.route:
        found["route"] = Proposal(dose.route, source)
    return found


def _finding(read: _Reading, claim: Claim) -> dict[str, Proposal]:
    """The finding, only where what the abstract tells of is the claim's outcome and which way that points follows from the words."""
    result = read.result
    outcome = next((one.value for one in read.facts if one.field is FactField.PRIMARY_OUTCOME), None)
    told = outcome or (result.sentence.words if result.sentence else "")
    if not claim.about(told):
        return {}
    source = f"machine: rule {result.rule}" + (
        f', "{_short(result.sentence.words)}"' if result.sentence else ""
    )
    found = {"outcome_measured": Proposal(_short(told), f'machine: "{_short(told)}"')}
    wanted = Finding.INCREASE if claim.expects is Expectation.INCREASE else Finding.DECREASE
    other = Finding.DECREASE if wanted is Finding.INCREASE else Finding.INCREASE
    said_so = {ResultDirection.NO_DIFFERENCE: Finding.NO_DIFFERENCE, ResultDirection.MIXED: Finding.MIXED}
    if claim.kind is ClaimKind.BENEFIT:
        # In favour of the drug is what a benefit claim expects; of a harm or a marker the word does not tell the way.
        said_so |= {ResultDirection.FAVOURS: wanted, ResultDirection.AGAINST: other}
    if result.direction in said_so:
        found["finding"] = Proposal(str(said_so[result.direction]), source)
    return found


def _effect(facts: Iterable[Extraction], read: _Reading, claim: Claim) -> dict[str, Proposal]:
    """The first effect whose sentence names the claim's outcome. Which way it was measured is for the reviewer to see."""
    for fact in facts:
        sentence = _sentence(read, fact)
        if fact.unit in _MEASURES and fact.number is not None and claim.about(sentence):
            source = f"{_words(fact)}; see whether it is drug minus comparator, and the sign"
            found = {"measure": Proposal(fact.unit, source), "estimate": Proposal(f"{fact.number:g}", source)}
            if fact.low is not None and fact.high is not None:
                found |= {
                    "ci_low": Proposal(f"{fact.low:g}", source),
                    "ci_high": Proposal(f"{fact.high:g}", source),
                }
            return found
    return {}


def _sentence(read: _Reading, fact: Extraction) -> str:
    at = fact.spans[0].start if fact.spans else -1
    return next(
        (one.text for one in read.passage.sentences if one.start <= at < one.start + len(one.text)), ""
    )


def _money(facts: Mapping[FactField, Sequence[Extraction]]) -> dict[str, Proposal]:
    words = appraisal.form_rules().money
    found: dict[str, Proposal] = {}
    for fact in facts.get(FactField.FUNDING, [])[:1]:
        industry = bool(re.search(words.industry, fact.value, re.IGNORECASE))
        independent = bool(re.search(words.independent, fact.value, re.IGNORECASE))
        source = {
            (True, True): FundingSource.BOTH,
            (True, False): FundingSource.INDUSTRY,
            (False, True): FundingSource.INDEPENDENT,
        }.get((industry, independent))
        if source:
            found["funding"] = Proposal(str(source), f"machine: PubMed names {_short(fact.value)}")
    for fact in facts.get(FactField.CONFLICTS, [])[:1]:
        none = re.search(words.no_interest, fact.value[:2_000], re.IGNORECASE)
        found["conflicts"] = Proposal("n" if none else "y", f'machine: "{_short(fact.value)}"')
    return found


# --------------------------------------------------------------------------- what a person noted of the document


def _noted(study: Study) -> dict[str, Proposal]:
    """What the corpus row has of the study. Its own primary result is a code for another question, and is not used."""
    main = study.main
    if main is None:
        return {}
    word = _NOTED_AS.get(main.comparator or "")
    cells = {
        "dose": f"{main.dose} mg" if main.dose and main.dose[-1].isdigit() else main.dose,
        "route": main.route,
        "comparator_detail": main.comparator if main.comparator and main.comparator != word else None,
        "comparator": str(word) if word else None,
    }
    return {name: Proposal(value, "corpus row") for name, value in cells.items() if value}


def _words(fact: Extraction) -> str:
    return f'machine: "{_short(fact.spans[0].words if fact.spans else fact.value)}"'


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 160 else f"{text[:157]}..."
