"""What people write, validated where it is read: protocols and corpus rows.

Frozen pydantic models; unknown keys are refused. Nothing here opens a file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from ldn_evidence.errors import InputError
from ldn_evidence.model.vocabularies import (
    ClaimKind,
    Comparator,
    Expectation,
    Substance,
)

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Slug = Annotated[str, StringConstraints(pattern=SLUG, max_length=80)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def _balanced(query: str) -> str:
    depth = 0
    for character in query:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
    if depth or query.count('"') % 2:
        raise ValueError("has a bracket or a quotation mark without its partner. Close it.")
    return query


Query = Annotated[Text, AfterValidator(_balanced)]
Measure = Literal["MD", "SMD", "RR", "OR", "RD"]
RATIOS = ("RR", "OR")
Number = Annotated[float, Field(allow_inf_nan=False)]
Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


def split(cell: object) -> object:
    """A cell that holds a list, at its semicolons."""
    return tuple(part.strip() for part in cell.split(";") if part.strip()) if isinstance(cell, str) else cell


def _hyphens(cell: object) -> object:
    return re.sub("[\u2010-\u2015\u2212]", "-", cell) if isinstance(cell, str) else cell


# A word processor writes 0–10; the margin stands under 0-10.
Scale = Annotated[str, BeforeValidator(_hyphens)]
List = Annotated[tuple[str, ...], BeforeValidator(split)]
YesNo = Literal["y", "n", "unclear", "not_applicable"]


class Written(BaseModel):
    """What people write: frozen, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MeshTerm(Written):
    """A MeSH heading: `ui` such as D005356 (or C... for a supplementary concept) and its name."""

    ui: Annotated[str, StringConstraints(pattern=r"^[DC]\d{6,9}$")] = Field(examples=["D005356"])
    heading: Text = Field(examples=["Fibromyalgia"])


class SourceDocument(Written):
    """The text whose claims are examined."""

    title: Text = Field(examples=["Low-dose naltrexone for pain (web page)"])
    note: str = ""


class Bounds(Written):
    """Doses in scope, and where they are another thing: below `ultra_low_below`, from `standard_from` on. Between: a person decides."""

    in_scope: tuple[Number, Number] = Field(examples=[[0.1, 10.0]])
    ultra_low_below: Amount | None = None
    standard_from: Amount | None = None

    @model_validator(mode="after")
    def _apart(self) -> Self:
        low, high = self.in_scope
        if not 0 < low <= high:
            raise ValueError(f"in_scope {list(self.in_scope)} must run from lower to higher, above 0.")
        if (self.ultra_low_below or 0) > low:
            raise ValueError(f"ultra_low_below = {self.ultra_low_below} lies inside in_scope. Lower it.")
        if self.standard_from is not None and self.standard_from <= high:
            raise ValueError(f"standard_from = {self.standard_from} lies inside in_scope. Raise it.")
        return self


class DoseWindow(Bounds):
    """Doses that count as this intervention, in `unit` a day, and per kilogram of body weight. `usual` lies inside `in_scope`.

    Above `dose_finding_above` a dose counts only where a text speaks of finding the dose.
    """

    unit: Text = Field(examples=["mg"])
    usual: tuple[Number, Number] = Field(examples=[[0.5, 4.5]])
    dose_finding_above: Number | None = None
    per_kg: Bounds | None = None
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.in_scope
        if not low <= self.usual[0] <= self.usual[1] <= high:
            raise ValueError(
                f"usual {list(self.usual)} must lie inside in_scope {[low, high]}, low before high."
            )
        return self


LookAlikeKind = Literal[
    Substance.LOOK_ALIKE, Substance.ULTRA_LOW_DOSE, Substance.STANDARD_DOSE, Substance.OTHER_MEANING, Substance.UNCLEAR
]  # fmt: skip


class LookAlike(Written):
    """Something a naive search takes for the intervention, and why it is not.

    `words` betray it: "*" is the rest of a word, a space or hyphen either or neither; "#" is a digit, before which only a hyphen or nothing
    stands. `kind` is what a record is that has them in
    its title: "standard dose" words (another use, a depot) yield to a stated dose, "unclear" ones only cast doubt.
    """

    name: Text = Field(examples=["methylnaltrexone"])
    why: Text = Field(examples=["another drug"])
    mesh: str | None = None
    kind: LookAlikeKind = Substance.LOOK_ALIKE
    words: tuple[Text, ...] = Field((), examples=[["methylnaltrexone"]])


class Intervention(Written):
    """What is examined. `names` are the drug's at any dose; `abbreviations` stand for the drug at its dose, and for other things."""

    name: Text = Field(examples=["low-dose naltrexone"])
    short: Text = Field(examples=["LDN"])
    names: tuple[Text, ...] = Field(min_length=1, examples=[["naltrexone"]])
    abbreviations: tuple[Text, ...] = ()
    mesh: tuple[MeshTerm, ...] = ()
    query: Query = Field(examples=["(naltrexone[mh] OR naltrexon*[tiab])"])
    dose: DoseWindow
    look_alikes: tuple[LookAlike, ...] = ()

    @property
    def all_names(self) -> tuple[str, ...]:
        """Every word that may stand for the drug beside a dose."""
        return (*self.names, *self.abbreviations)


class Condition(Written):
    """A condition: the query block for it, and the MeSH headings (with descendants) that mean it."""

    slug: Slug = Field(examples=["fibromyalgia"])
    name: Text = Field(examples=["fibromyalgia"])
    query: Query = Field(examples=["(fibromyalgia[mh] OR fibromyalg*[tiab])"])
    mesh: tuple[MeshTerm, ...] = Field(min_length=1)
    descendants: tuple[MeshTerm, ...] = ()


class ImportantDifference(Written):
    """The smallest difference that matters, for one measure on one scale.

    For MD and SMD `value` is a distance from 0 in units of `scale`; for RR and OR it is a factor above 1,
    and the margin runs from 1/value to value; for RD it is in percentage points.
    """

    measure: Measure
    scale: Scale = ""
    value: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(examples=[1.0])
    reference: Text = Field(examples=["Dworkin 2008, doi:10.1016/j.jpain.2007.09.005"])

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.measure in RATIOS and self.value <= 1:
            raise ValueError(f"a {self.measure} margin must be a factor above 1, not {self.value}.")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """The margin's lower and upper end, in the measure's own units."""
        return (1 / self.value, self.value) if self.measure in RATIOS else (-self.value, self.value)


class Claim(Written):
    """One PICO question for one outcome."""

    slug: Slug = Field(examples=["fibromyalgia-pain"])
    kind: ClaimKind = Field(examples=["benefit"])
    question: Text = Field(examples=["Does LDN reduce pain in fibromyalgia?"])
    sentence: str = ""
    origin: Literal["seed", "literature"] = Field("seed", alias="from")
    condition: Slug | None = None
    query: Query | None = None
    population: Text = Field(examples=["adults with fibromyalgia"])
    comparator: tuple[Comparator, ...] = Field(min_length=1, examples=[["placebo"]])
    comparator_note: str = ""
    subject: str = ""  # what the sentence is about, where that is not simply the intervention
    outcome: Text = Field(examples=["pain intensity"])
    # Words by which a text is about this outcome ("nause*" is a beginning); none: a machine proposes no finding.
    outcome_words: tuple[Text, ...] = ()
    expects: Expectation = Field(examples=["decrease"])
    preferred_measure: Text = Field(examples=["mean difference on a 0-10 scale at 8 to 12 weeks"])
    caveat: str = ""  # what the document adds and no study here measured
    direct: Text = Field(examples=["adults with the condition, oral drug, a pain scale"])
    smallest_important_difference: tuple[ImportantDifference, ...] = ()
    no_important_difference_because: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.origin == "seed" and not self.sentence:
            raise ValueError(
                'has no "sentence" though it comes from the seed. Add it, or from = "literature".'
            )
        if (self.condition is None) == (self.query is None):
            raise ValueError("needs a condition or a query of its own, and not both. Give one of the two.")
        if not self.smallest_important_difference and not self.no_important_difference_because:
            raise ValueError(
                'has no "smallest_important_difference". Add one with its reference, or say why there is none '
                "under no_important_difference_because."
            )
        pairs = [(one.measure, one.scale) for one in self.smallest_important_difference]
        if len(set(pairs)) < len(pairs):
            raise ValueError("smallest_important_difference gives one measure and scale twice. Keep one.")
        return self

    def about(self, text: str | None) -> bool:
        """Whether words of its outcome stand in a text. A claim without `outcome_words` is never found in one."""
        return bool(self.outcome_words and text) and bool(_pattern(self.outcome_words).search(text or ""))

    def margin(self, measure: str | None, scale: str | None) -> ImportantDifference | None:
        """The margin for a measure on a scale; None if the claim has none for it."""
        fitting = [one for one in self.smallest_important_difference if one.measure == measure]
        exact = [one for one in fitting if one.scale == (scale or "")]
        free = [one for one in fitting if not one.scale and measure != "MD"]
        return next(iter((*exact, *free)), None)


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """ "pain*" is the beginning of a word, "quality of life" stands with spaces or hyphens."""
    parts = [
        r"[\s-]+".join(re.escape(part) for part in re.split(r"[\s-]+", word.rstrip("*")))
        + (r"\w*" if word.endswith("*") else "")
        for word in words
    ]
    return re.compile(rf"\b(?:{'|'.join(parts)})\b", re.IGNORECASE)


class Protocol(Written):
    """Everything a refresh and a grading need to know of one intervention."""

    schema_version: Literal[1] = Field(alias="schema", examples=[1])
    name: Slug = Field(examples=["ldn"])
    title: Text = Field(examples=["Low-dose naltrexone"])
    source: SourceDocument
    intervention: Intervention
    conditions: tuple[Condition, ...] = ()
    claims: tuple[Claim, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, slugs in (
            ("claim", [claim.slug for claim in self.claims]),
            ("condition", [condition.slug for condition in self.conditions]),
        ):
            twice = next((slug for slug in slugs if slugs.count(slug) > 1), None)
            if twice:
                raise ValueError(f'{what} "{twice}" stands twice. Give one of them another slug.')
        known = {condition.slug for condition in self.conditions}
        for claim in self.claims:
            if claim.condition is not None and claim.condition not in known:
                raise ValueError(
                    f'claim "{claim.slug}": condition "{claim.condition}" is not among the conditions '
                    f"({', '.join(sorted(known)) or 'none'}). Add it or use one of them."
                )
        return self

    def claim(self, slug: str) -> Claim:
        """The claim of that slug, or an error that lists the nearest."""
        return _pick(self.claims, slug, "claim", self.name)

    def condition(self, slug: str) -> Condition:
        """The condition of that slug, or an error that lists the nearest."""
        return _pick(self.conditions, slug, "condition", self.name)

    def descendants(self) -> dict[str, tuple[str, ...]]:
        """The MeSH headings beneath each heading of a condition, as far as the protocol declares them; for `query.matches`."""
        return {
            term.heading: tuple(one.heading for one in condition.descendants)
            for condition in self.conditions
            for term in condition.mesh
        }

    def queries(self) -> dict[str, str]:
        """Every PubMed query by the slug it serves: the intervention joined with a condition's or claim's block."""
        blocks = {one.slug: one.query for one in self.conditions}
        blocks |= {one.slug: one.query for one in self.claims if one.query}
        return {slug: f"{self.intervention.query} AND {block}" for slug, block in blocks.items()}


_Named = TypeVar("_Named", Claim, Condition)


def _pick(things: tuple[_Named, ...], slug: str, what: str, protocol: str) -> _Named:
    for thing in things:
        if thing.slug == slug:
            return thing
    raise InputError(
        f'{what} "{slug}" is not in the protocol "{protocol}". {nearest(slug, [one.slug for one in things])}'
    )


def nearest(word: str, known: Sequence[str]) -> str:
    """The mend for a misspelt name: the one that was probably meant, else all of them."""
    close = difflib.get_close_matches(word, known, n=1)
    return f'Did you mean "{close[0]}"?' if close else f"Use one of: {', '.join(known) or 'none'}."


def cited(first: str | None, year: int | None, title: str | None, journal: str | None) -> list[str]:
    """The parts of a citation that are known: the year beside the author, else beside the title."""
    dated = [f"({year})"] if year else []
    known = [part.rstrip(".") for part in (first, title) if part]
    head = " ".join([*known[:1], *dated])
    return [part for part in (head, *known[1:], (journal or "").rstrip(".")) if part]


class Report(Written):
    """One document about a study, as facts that a reader noted: a row of `data/corpus/*.csv`.

    `stated_design` and `primary_direction` are that reader's codes, unadjudicated; the design becomes a word of
    ours in `rules/study_design.toml`, the direction concerns the report's own primary outcome and grades nothing.
    """

    study_key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$", max_length=60)] = Field(
        examples=["younger2013"]
    )
    report_of: str | None = None
    pmid: Annotated[int, Field(gt=0, lt=10**9)] | None = None
    doi: Annotated[str, StringConstraints(pattern=r"^10\.\d{4,9}/\S+$")] | None = Field(
        None, examples=["10.1002/art.37734"]
    )
    registry_ids: List = ()
    title: Text
    first_author: str | None = None
    year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    journal: str | None = None
    form: (
        Literal[
            "article",
            "preprint",
            "registry record",
            "conference abstract",
            "book chapter",
            "report",
            "thesis",
            "correction notice",
        ]
        | None
    ) = None
    condition: Text
    stated_design: str
    human: bool
    n_participants: Count | None = None
    n_note: str | None = None
    dose: str | None = None
    route: str | None = None
    route_detail: str | None = None
    comparator: str | None = None
    controlled: bool | None = None
    randomised: YesNo | None = None
    blinding: Literal["open", "single", "double", "unclear", "not_applicable"] | None = None
    crossover: YesNo | None = None
    primary_outcome: str | None = None
    primary_direction: Literal["supports", "no_effect", "mixed", "not_applicable"] | None = None
    publication_types: List = ()
    correction_status: Literal["none seen", "corrected", "retracted", "expression of concern"] | None = None
    verify: bool = False
    borderline: bool = False
    confidence: str | None = None
    source: str | None = None
    notes: str | None = None

    @property
    def in_a_registry_only(self) -> bool:
        """An entry in a trial registry, with or without posted results; nothing was published."""
        return self.form == "registry record"

    @property
    def known_by_title_alone(self) -> bool:
        """No PMID, DOI or registry number: nobody can look it up and be sure."""
        return not (self.pmid or self.doi or self.registry_ids)

    @property
    def citation(self) -> str:
        """One line: first author, year, title, journal; where no author is known the title stands first."""
        return ". ".join(cited(self.first_author, self.year, self.title, self.journal)) + "."
