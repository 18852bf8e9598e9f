"""What a study is: every ground speaks once, and the first rule that matches decides.

Takes Documents; returns Tags. Never opens a file but the rules', never asks which drug a study is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldn_evidence.model import Passage, Sign, Span, StudyDesign, Tag, TagSource
from ldn_evidence.tagging import cues, linear
from ldn_evidence.tagging.cues import Hit
from ldn_evidence.tagging.linear import Reading
from ldn_evidence.tagging.rules import Grounds, Rule, axis_rules, design_rules, kind_of

# Fewer characters than this are no abstract: "(ABSTRACT TRUNCATED)", "No abstract available".
ABSTRACT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is known of one document before anybody tagged it: its words, PubMed's types and headings, a reader's code."""

    passage: Passage
    publication_types: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()
    stated_code: str | None = None
    controlled: bool | None = None

    @property
    def described(self) -> bool:
        """Whether there is an abstract to read."""
        return len(self.passage.abstract) >= ABSTRACT


def tag(document: Document) -> Tag:
    """What one document is, without the encoder. For many, `tags` gives the same and is faster.

    >>> tag(Document(passage=Passage.of("Naltrexone: a review", None), publication_types=("Review",))).rule
    'type-review'
    """
    return tags([document])[0]


def tags(documents: Sequence[Document], *, encoder: bool = False) -> list[Tag]:
    """What each document is, in their order. `encoder`: its reading is mixed with the linear model's.

    Raises InputError, with the mend, where the encoder is asked for and not installed.
    """
    hits = [cues.hits(one.passage) for one in documents]
    readings = linear.read([one.passage for one in documents], hits)
    if encoder:
        readings = _with_encoder(documents, readings)
    return [_tag(*one) for one in zip(documents, hits, readings, strict=True)]


def _with_encoder(documents: Sequence[Document], readings: Sequence[Reading]) -> list[Reading]:
    """The readings with the encoder's mixed in where there is an abstract: without one, no model is heard."""
    from ldn_evidence.tagging.encoder import mixed

    asked = [number for number, one in enumerate(documents) if one.described]
    found = dict(enumerate(readings))
    answers = mixed([documents[number].passage for number in asked], [readings[number] for number in asked])
    return list((found | dict(zip(asked, answers, strict=True))).values())


def _tag(document: Document, hits: Sequence[Hit], reading: Reading) -> Tag:
    shown = _Shown(document, {hit.cue: hit.span for hit in hits}, reading)
    spoken = [(rule, sign) for rule in design_rules().rules if (sign := shown.sign(rule, rule.design))]
    # Each ground speaks once, through the first of its rules: a second one of the same ground is not a second opinion.
    firsts = list({sign.source: (rule, sign) for rule, sign in reversed(spoken)}.values())
    firsts.sort(key=spoken.index)
    if not firsts:
        words = (
            "a title alone, and no rule matched"
            if document.passage.title
            else "no title, no abstract, no type"
        )
        return Tag(
            design=StudyDesign.UNCLASSIFIED,
            source=TagSource.NOTHING,
            rule="no-rule",
            words=words,
            doubt=f"nobody can say what it is from what is known: {words}",
        )
    rule, deciding = firsts[0]
    axes: dict[str, Any] = {}
    # What follows from a design alone is not known while the design is open.
    is_open = deciding.source is TagSource.MODEL and reading.probability < design_rules().doubt.sure
    for one in axis_rules():
        if is_open and not (one.publication_types or one.mesh or one.cues):
            continue
        if one.axis not in axes and (not one.designs or rule.design in one.designs) and shown.fits(one):
            axes[one.axis] = one.value
    if rule.meta_analysis or rule.design is not StudyDesign.SYSTEMATIC_REVIEW:
        axes["meta_analysis"] = rule.meta_analysis
    return Tag(
        design=rule.design,
        source=deciding.source,
        rule=rule.id,
        words=deciding.words,
        probability=_probability(kind_of(rule.design), reading) if document.described else None,
        signs=tuple(sign for _, sign in firsts),
        doubt=None if document.stated_code else _doubt(firsts, reading),
        **axes,
    )


class _Shown:
    """What one document shows, asked by one rule after another."""

    def __init__(self, document: Document, cues: Mapping[str, Span], reading: Reading) -> None:
        self.document = document
        self._cues = cues
        self._reading = reading
        self._kind = reading.kind if document.described else None
        self._types = frozenset(document.publication_types)
        self._mesh = frozenset(document.mesh)

    def sign(self, rule: Grounds, says: str) -> Sign | None:
        """What speaks for a rule, if every ground that it gives holds."""
        if not self.fits(rule):
            return None
        types = [name for name in self.document.publication_types if name in rule.publication_types]
        headings = [name for name in self.document.mesh if name in rule.mesh]
        spans = [self._cues[name] for name in (*rule.cues, *rule.and_cues) if name in self._cues]
        grounds = (
            (TagSource.STATED_CODE, self.document.stated_code if rule.stated_codes else None),
            (TagSource.PUBLICATION_TYPE, next(iter(types), None)),
            (TagSource.MODEL, rule.kind),
            (TagSource.MESH, next(iter(headings), None)),
            (TagSource.CUE, spans[0].words if spans else None),
        )
        source, words = next((source, words) for source, words in grounds if words)
        return Sign(
            rule=rule.id,
            source=source,
            says=says,
            words=words,
            spans=tuple(spans),
            probability=round(self._reading.probability, 3) if source is TagSource.MODEL else None,
        )

    def fits(self, rule: Grounds) -> bool:
        """Whether every ground that a rule gives holds. Every rule is asked of every document: the cheap questions come first."""
        if rule.kind and rule.kind != self._kind:
            return False
        stated, cues = self.document.stated_code, self._cues.keys()
        if rule.stated_codes and (
            stated not in rule.stated_codes or rule.controlled not in (None, self.document.controlled)
        ):
            return False
        return not (
            (rule.publication_types and self._types.isdisjoint(rule.publication_types))
            or (rule.mesh and self._mesh.isdisjoint(rule.mesh))
            or (rule.cues and cues.isdisjoint(rule.cues))
            or (rule.and_cues and cues.isdisjoint(rule.and_cues))
            or rule.abstract not in (None, self.document.described)
            or not self._mesh.isdisjoint(rule.without_mesh)
            or not cues.isdisjoint(rule.without_cues)
        )


def _probability(kind: str, reading: Reading) -> float:
    return round(reading.probabilities[linear.KINDS.index(kind)], 3)


def _doubt(spoken: Sequence[tuple[Rule, Sign]], reading: Reading) -> str | None:
    """Why a person should look: grounds that contradict each other, or a model that is not sure."""
    (rule, deciding), *others = spoken
    sure = design_rules().doubt.sure
    if deciding.source is TagSource.MODEL and reading.probability < sure:
        ranked = sorted(zip(reading.probabilities, linear.KINDS, strict=True), reverse=True)[:2]
        return "the words leave it open: " + ", or ".join(f"{kind} ({p:.2f})" for p, kind in ranked)
    for other, sign in others:
        if kind_of(other.design) == kind_of(rule.design):
            continue
        if sign.source is TagSource.MODEL and reading.probability < sure:
            continue
        likely = f" ({reading.probability:.2f})" if sign.source is TagSource.MODEL else f' ("{sign.words}")'
        return f"{deciding.source} says {rule.design}, but {sign.source}{likely} says {other.design}"
    heard = any(sign.source is TagSource.MODEL for _, sign in spoken)
    if heard and _probability(kind_of(rule.design), reading) < design_rules().doubt.unlikely:
        return f"{deciding.source} says {rule.design}, and title and abstract hardly read so ({reading.kind} {reading.probability:.2f})"
    return None


def words(passage: Passage, kind: str) -> tuple[Span, ...]:
    """The words of a passage that speak most for a kind, best first: why the model read it so."""
    return linear.words(passage, cues.hits(passage), kind)
