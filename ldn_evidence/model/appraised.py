"""What reviewers judge: one row of an appraisal file, and one row of `judgements.csv`, validated where they are read.

Frozen pydantic models. Nothing here opens a file, and nothing here derives a direction.
"""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, model_validator

from ldn_evidence.model.people import Person
from ldn_evidence.model.vocabularies import (
    Body,
    Comparator,
    Concern,
    Confounding,
    Directness,
    Domain,
    Finding,
    FundingSource,
    Rise,
    RiskOfBias,
    RobAnswer,
    RobTool,
    Upgrade,
)
from ldn_evidence.model.written import (
    RATIOS,
    Count,
    List,
    Measure,
    Number,
    Scale,
    Slug,
    Text,
    Written,
    YesNo,
    nearest,
    split,
)


def _moment(cell: object) -> object:
    """A day as people write it, or a moment in UTC as the program writes it. A day is its first moment."""
    if isinstance(cell, datetime.datetime):
        found = cell if cell.tzinfo else cell.replace(tzinfo=datetime.UTC)
    elif isinstance(cell, datetime.date):
        found = datetime.datetime(cell.year, cell.month, cell.day, tzinfo=datetime.UTC)
    elif isinstance(cell, str) and re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?", cell):
        try:
            found = datetime.datetime.fromisoformat(cell if "T" in cell else f"{cell}T00:00:00Z")
        except ValueError as error:
            raise ValueError(f'"{cell}" is no day of the calendar.') from error
    else:
        raise ValueError(f'"{cell}" is not a date; write it like 2026-11-22, or 2026-11-22T09:30:00Z (UTC).')
    if not 1990 <= found.year <= 2100:
        raise ValueError(f'"{cell}" is not a year in which this was written. Write it like 2026-11-22.')
    return found.astimezone(datetime.UTC)


def said(moment: datetime.datetime) -> str:
    """A moment as it is written: 2026-11-22T09:30:00Z, and the first of a day as the day alone."""
    first = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return moment.date().isoformat() if first else moment.isoformat().replace("+00:00", "Z")


Moment = Annotated[datetime.datetime, BeforeValidator(_moment), PlainSerializer(said, when_used="json")]

# The parts in which a study is near to a claim or far from it; each is a column of an appraisal.
# `intervention` is the drug as given; a row may tell its dose and its route apart from that, and judge the follow-up.
PARTS = (
    "population",
    "intervention",
    "dose_directness",
    "route_directness",
    "comparison",
    "outcome",
    "follow_up_directness",
)


def _contradicts(finding: Finding, ratio: float) -> bool:
    return (finding is Finding.INCREASE and ratio < 1) or (finding is Finding.DECREASE and ratio > 1)


# Measures of which 0 is no effect.
DIFFERENCES = ("MD", "SMD", "RD")


def _opposes(finding: Finding, difference: float) -> bool:
    return (finding is Finding.INCREASE and difference < 0) or (
        finding is Finding.DECREASE and difference > 0
    )


class Appraisal(Written):
    """One reviewer's reading of one study on one claim: a row of `data/appraisals/*.csv`.

    `estimate`, `ci_low`, `ci_high` (95 %) are intervention minus comparator (MD, SMD; RD in percentage points) or
    intervention over comparator (RR, OR), in the outcome's own direction. Empty: not known. `paired`: of a crossover trial,
    whether the interval comes from an analysis within persons. `rob_domains` are in the tool's order. `includes`: of a review,
    the studies that it pooled. `adjudicates`: the rows of reviewers who differ, which this one settles.
    """

    row_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=100)] = Field(
        examples=["mine.1"]
    )
    study_key: Text
    claim: Slug
    comparator: Comparator
    comparator_detail: str | None = None
    finding: Finding
    outcome_measured: Text
    measure: Measure | None = None
    scale: Scale | None = None
    estimate: Number | None = None
    ci_low: Number | None = None
    ci_high: Number | None = None
    events_intervention: Count | None = None
    n_intervention: Count | None = None
    events_comparator: Count | None = None
    n_comparator: Count | None = None
    dose: str | None = None
    route: str | None = None
    follow_up: str | None = None
    paired: YesNo | None = None
    n_analysed: Count | None = None
    population: Directness
    intervention: Directness
    comparison: Directness
    outcome: Directness
    dose_directness: Directness | None = None
    route_directness: Directness | None = None
    follow_up_directness: Directness | None = None
    risk_of_bias: RiskOfBias = RiskOfBias.UNASSESSED
    rob_tool: RobTool | None = None
    rob_domains: Annotated[tuple[RobAnswer, ...], BeforeValidator(split)] = ()
    dose_response: YesNo | None = None
    confounding: Confounding | None = None
    funding: FundingSource | None = None
    conflicts: YesNo | None = None
    review_of: Body | None = None
    includes: List = ()
    reason: Text
    reviewer: Text
    date: Moment
    supersedes: str | None = None
    adjudicates: List = ()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        low, high, estimate = self.ci_low, self.ci_high, self.estimate
        if (low is None) != (high is None):
            raise ValueError("an interval needs both ci_low and ci_high. Add the other end or empty both.")
        if estimate is not None and self.measure is None:
            raise ValueError(
                'estimate is given without a measure. Add measure = "MD", "SMD", "RR", "OR" or "RD".'
            )
        if low is not None and high is not None:
            if low > high:
                raise ValueError(f"the interval runs from {low} to {high}. Put the lower end in ci_low.")
            if low == high:
                raise ValueError(
                    f"the interval {low} to {high} has no width. Empty both ends if it was not seen."
                )
            if estimate is None:
                raise ValueError(
                    "an interval is given without its estimate. Add the estimate or empty both ends."
                )
            if not low <= estimate <= high:
                raise ValueError(
                    f"the interval {low} to {high} does not hold its estimate {estimate}. Check all three."
                )
        if self.measure in RATIOS and any(
            value is not None and value <= 0 for value in (low, high, estimate)
        ):
            raise ValueError(f"a {self.measure} can't be 0 or negative. Check the measure and its figures.")
        if self.measure in RATIOS and estimate is not None and _contradicts(self.finding, estimate):
            raise ValueError(
                f"a {self.measure} of {estimate} is no {self.finding}. Check the finding and the estimate."
            )
        if self.measure == "RD" and any(
            value is not None and abs(value) > 100 for value in (low, high, estimate)
        ):
            raise ValueError(
                "an RD lies between -100 and 100 percentage points. Check the measure and its figures."
            )
        if self.measure in DIFFERENCES and estimate is not None and _opposes(self.finding, estimate):
            raise ValueError(
                f"a {self.measure} of {estimate:g} is no {self.finding}: figures stand in the outcome's own direction. Check the finding, or turn "
                "the sign of a scale that runs the other way and say so in the reason."
            )
        span = re.search(r"(\d+)-(\d+)$", self.scale or "")
        if (
            self.measure == "MD"
            and span
            and estimate is not None
            and abs(estimate) > int(span[2]) - int(span[1])
        ):
            raise ValueError(f"an MD of {estimate} does not fit on a scale of {span[0]}. Check both.")
        if self.n_analysed == 0 and self.finding is not Finding.UNCLEAR:
            raise ValueError("n_analysed = 0 can't give a finding. Empty it if the number was not seen.")
        for arm in ("intervention", "comparator"):
            events, size = getattr(self, f"events_{arm}"), getattr(self, f"n_{arm}")
            if events is not None and size is not None and events > size:
                raise ValueError(f"events_{arm} = {events} is more than n_{arm} = {size}. Check both.")
        if self.supersedes == self.row_id:
            raise ValueError("a row can't supersede itself. Give the new row a row_id of its own.")
        return self

    @property
    def interval(self) -> tuple[float, float, float] | None:
        """Estimate, lower and upper end; None where no interval was seen."""
        if self.estimate is None or self.ci_low is None or self.ci_high is None:
            return None
        return self.estimate, self.ci_low, self.ci_high


# What takes an earlier judgement back: the rule's rating stands again.
AS_COMPUTED = "as computed"


class Judgement(Written):
    """One reviewer's word on one GRADE domain of one claim, over the rule's: a row of `judgements.csv`.

    A person's last row on a claim and domain is their word; `as computed` takes it back. Of several persons' words the latest stands.
    """

    claim: Slug = Field(examples=["fibromyalgia-pain"])
    domain: Domain | Upgrade = Field(examples=["risk of bias"])
    rating: Text = Field(examples=["serious"])
    reason: Text = Field(examples=["two of the three trials did not say how they concealed the allocation"])
    reviewer: Person = Field(examples=["jd"])
    date: Moment
    protocol: Slug = "ldn"

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        raised = tuple(Rise) if self.domain is Upgrade.LARGE_EFFECT else (Rise.NONE, Rise.ONE)
        words = tuple(Concern) if isinstance(self.domain, Domain) else raised
        if self.rating not in (*words, AS_COMPUTED):
            raise ValueError(
                f'{self.domain} = "{self.rating}" is not a rating of that domain. {nearest(self.rating, [*words, AS_COMPUTED])}'
            )
        return self
