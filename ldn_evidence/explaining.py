"""What a machine read in a study's documents, and why, as tables and documents: the words that decided, the rules in their order.

Takes Studies; reads the facts in an abstract when they are asked for. Never opens a file, never grades.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ldn_evidence import corrections, reading, tagging
from ldn_evidence.model import (
    Citation,
    Dose,
    Extraction,
    MachineReading,
    Passage,
    Protocol,
    Record,
    Relevance,
    Report,
    ResultDirection,
    ResultReading,
    Span,
    Study,
    Tag,
    TagSource,
)

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
# Which model spoke where one did.
LINEAR, WITH_ENCODER = "model", "model with the encoder"
NOTICE = (
    "Read by rules and a small model from title and abstract. Where no person is named nobody has confirmed it, and none of it enters a "
    "grade by itself. Not medical advice."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Words of the text that decided something: `number` ties them to the list below the text."""

    number: int
    span: Span
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One document of a study with everything that a machine read in it, and what stands after people had their say.

    `tag` and `relevance` are what stands: people's word, if the document is the study's main one and they gave it. `read` is the machine's. `claims`
    are those on which the study bears. `model`: which one spoke.
    """

    study: Study
    document: str
    citation: str
    passage: Passage
    read: MachineReading
    tag: Tag
    relevance: Relevance
    claims: tuple[str, ...]
    doses: tuple[Dose, ...]
    facts: tuple[Extraction, ...]
    result: ResultReading
    marks: tuple[Mark, ...]
    model: str = LINEAR


def explain(study: Study, name: str | int, protocol: Protocol, *, encoder: bool = False) -> Explanation:
    """The document of that PMID or key; of a study or a report its PubMed abstract, where that is held.

    `encoder`: whether it was heard when the study was read.
    """
    documents = _documents(study)
    key = _named(study, str(name).strip().lower(), documents)
    document = documents[key]
    passage = _passage(document)
    read = dict(study.readings)[key]
    main = key in corrections.subjects(study)
    doses = reading.doses(passage, protocol.intervention.all_names)
    facts = reading.facts(passage, document if isinstance(document, Record) else None)
    result = reading.result(passage)
    if not tagging.compares(study.tag if main else read.tag):
        result = ResultReading(direction=ResultDirection.UNCLEAR, rule="no-comparison-in-such-a-design")
    return Explanation(
        study=study,
        document=key,
        citation=document.citation,
        passage=passage,
        read=read,
        tag=study.tag if main else read.tag,
        relevance=study.relevance if main else read.relevance,
        claims=tuple(claim.slug for claim in protocol.claims if study.bears_on(claim)),
        doses=doses,
        facts=facts,
        result=result,
        marks=_marks(passage, read, doses, facts, result),
        model=WITH_ENCODER if encoder else LINEAR,
    )


def _named(study: Study, wanted: str, documents: Mapping[str, Report | Record | Citation]) -> str:
    wanted = f"pmid:{wanted}" if wanted.isdecimal() else wanted
    if wanted in documents and not isinstance(documents[wanted], Report):
        return wanted
    named = next((one for one in study.reports if one.study_key == wanted), study.main)
    likely = [f"pmid:{named.pmid}" if named else "", *documents]
    described = [key for key in likely if key in documents and _passage(documents[key]).abstract]
    return next(iter(described), wanted if wanted in documents else next(iter(documents)))


def _documents(study: Study) -> dict[str, Report | Record | Citation]:
    found: dict[str, Report | Record | Citation] = {f"pmid:{one.pmid}": one for one in study.records}
    found |= {one.key: one for one in study.citations}
    return found | {one.study_key: one for one in study.reports}


def _passage(document: Report | Record | Citation) -> Passage:
    if isinstance(document, Record):
        return Passage.of_record(document)
    return Passage.of(document.title, document.abstract if isinstance(document, Citation) else None)


def _marks(
    passage: Passage,
    machine: MachineReading,
    doses: Sequence[Dose],
    facts: Sequence[Extraction],
    result: ResultReading,
) -> tuple[Mark, ...]:
    """Everything that decided something, in the order of the text; what says the same bears the same number."""
    tag = machine.tag
    said = [(span, f"design: {sign.says}, rule {sign.rule}") for sign in tag.signs for span in sign.spans]
    said += [(span, f"relevance: {machine.relevance.substance}") for span in machine.relevance.spans]
    said += [(one.span, f"dose: {dose_words(one)}") for one in doses]
    said += [(span, f"{one.field}: {one.value}") for one in facts for span in one.spans]
    if result.cue:
        said.append((result.cue, f"result: {result.direction}"))
    stretches = _apart(passage.text, said)
    model = next((sign for sign in tag.signs if sign.source is TagSource.MODEL), None)
    if model:
        # Between what rules have marked, not over it.
        speaking = [
            (passage.span(start + piece.start(), start + piece.end()), f"model: speaks for {model.words}")
            for span in tagging.words(passage, model.words)
            for start, end in _between(span, stretches)
            if (piece := re.search(r"\w(.*\w)?", passage.text[start:end], re.DOTALL))
        ]
        stretches = sorted([*stretches, *_apart(passage.text, speaking)], key=lambda one: one[:2])
    marks: list[Mark] = []
    numbers: dict[str, int] = {}
    for start, end, told in stretches:
        says = "; ".join(told)
        number = numbers.setdefault(says, len(numbers) + 1)
        marks.append(Mark(number=number, span=passage.span(start, end), says=says))
    return tuple(marks)


def _apart(text: str, said: Sequence[tuple[Span, str]]) -> list[tuple[int, int, list[str]]]:
    """Stretches of whole words that do not overlap, in the order of the text, each with everything that was said of it."""
    apart: list[tuple[int, int, list[str]]] = []
    for span, words in sorted(said, key=lambda one: (one[0].start, -one[0].end)):
        start, end = span.start, span.end
        while 0 < start < end and text[start].isalnum() and text[start - 1].isalnum():
            start -= 1
        while start < end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
            end += 1
        if apart and start < apart[-1][1]:
            first, last, told = apart.pop()
            start, end, before = first, max(last, end), told
        else:
            before = []
        if end > start:
            apart.append((start, end, list(dict.fromkeys([*before, words]))))
    return apart


def _between(span: Span, stretches: Sequence[tuple[int, int, list[str]]]) -> Iterator[tuple[int, int]]:
    """What is left of a span beside stretches in the order of the text."""
    start = span.start
    for first, last, _ in stretches:
        if last > start and first < span.end:
            yield start, max(start, first)
            start = last
    yield start, max(start, span.end)


def dose_words(dose: Dose) -> str:
    """ "1.5 to 4.5 mg/day, rising, oral"."""
    low, high, unit = dose.low, dose.high, dose.unit
    if unit.startswith("mg") and high < 0.0001:  # 0.05 ng, not 5e-08 mg
        low, high, unit = low * 1e6, high * 1e6, f"ng{unit.removeprefix('mg')}"
    amount = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    parts = (f"{amount} {unit}", "rising" if dose.titrated else "", dose.route, dose.substance)
    return ", ".join(part for part in parts if part)


# --------------------------------------------------------------------------- documents and tables


def explanation_document(found: Explanation) -> dict[str, Any]:
    """What `explain PMID --json` prints. Offsets count characters of `text`."""
    study = found.study
    return {
        "schema_version": SCHEMA_VERSION,
        "notice": NOTICE,
        "study_key": study.key,
        "document": found.document,
        "citation": found.citation,
        "text": found.passage.text,
        **({"model": found.model} if found.model != LINEAR else {}),
        "warning": study.warning,
        "tag": asdict(found.read.tag),
        "relevance": asdict(found.read.relevance),
        "doses": [asdict(one) for one in found.doses],
        "facts": [asdict(one) for one in found.facts],
        "result": asdict(found.result),
        "marks": [asdict(one) for one in found.marks],
        "stands": {
            "design": found.tag.design,
            "source": found.tag.source,
            "relevance": found.relevance.substance,
            "conditions": list(study.conditions),
            "claims": list(found.claims),
            "left_out": study.left_out,
            "doubts": list(study.doubts),
        },
        "corrections": [one.model_dump(mode="json") for one in study.corrections],
    }


def tags_table(studies: Iterable[Study], protocol: Protocol) -> pd.DataFrame:
    """One row a study, by key: what stands, what decided it, and what a person should look at.

    `design`, `relevance` and the axes are what stands after corrections; `read_as` is what was read before them where that differs.
    `warning`: retracted, or an expression of concern. `probability` (0 to 1) is the model's, from title and abstract, of the kind to which the design belongs; empty where there is no abstract. `source` says what
    decided: a stated code, a publication type, a MeSH heading, words, the model or a correction. Truth values are nullable booleans.
    """
    import pandas as pd  # half a second to import: not for a command that prints no table

    rows = [_tag_row(one, protocol) for one in sorted(studies, key=lambda one: one.key)]
    frame = pd.DataFrame(rows, columns=_TAG_COLUMNS)
    truths = ("meta_analysis", "randomised", "crossover", "controlled")
    return frame.astype(
        {"pmid": "Int64", "year": "Int64", "probability": "Float64", **dict.fromkeys(truths, "boolean")}
    )


def _tag_row(study: Study, protocol: Protocol) -> dict[str, Any]:
    tag = study.tag
    machine = dict(study.readings).get(study.key) or study.readings[0][1]
    return {
        "study": study.key,
        "pmid": study.pmid,
        "year": study.year,
        "warning": study.warning,
        "design": str(tag.design),
        "source": str(tag.source),
        "rule": tag.rule,
        "words": tag.words,
        "probability": tag.probability,
        **{name: getattr(tag, name) for name in ("meta_analysis", "randomised", "crossover", "controlled")},
        "blinding": _word(tag.blinding),
        "species": _word(tag.species),
        "publication": str(tag.publication),
        "relevance": str(study.relevance.substance),
        "relevance_reason": study.relevance.reason,
        "conditions": "; ".join(study.conditions) or None,
        "claims": "; ".join(claim.slug for claim in protocol.claims if study.bears_on(claim)) or None,
        "needs_review": "; ".join(study.doubts) or None,
        "left_out": study.left_out,
        "read_as": _read_as(study, machine),
        "corrected": "; ".join(f"{one.field} = {one.value} ({one.reviewer})" for one in study.corrections)
        or None,
        "citation": study.citation,
    }


def _word(value: object) -> str | None:
    return None if value is None else str(value)


def _read_as(study: Study, machine: MachineReading) -> str | None:
    """What was read before the corrections, where they say otherwise."""
    pairs = (
        (machine.tag.design, study.tag.design),
        (machine.relevance.substance, study.relevance.substance),
    )
    return "; ".join(str(read) for read, stands in pairs if read != stands) or None


_TAG_COLUMNS = [
    "study", "pmid", "year", "warning", "design", "source", "rule", "words", "probability", "meta_analysis", "randomised", "crossover",
    "controlled", "blinding", "species", "publication", "relevance", "relevance_reason", "conditions", "claims", "needs_review",
    "left_out", "read_as", "corrected", "citation",
]  # fmt: skip
