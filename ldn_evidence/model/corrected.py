"""What a reviewer puts over the machine's reading: one row of `corrections.csv`, validated where it is read."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Self

from pydantic import Field, model_validator

from ldn_evidence.model.people import Person
from ldn_evidence.model.vocabularies import (
    Blinding,
    CorrectionField,
    PublicationKind,
    Screening,
    Species,
    StudyDesign,
    Substance,
)
from ldn_evidence.model.written import Slug, Text, Written, nearest

# What takes an earlier correction back: the machine's or the corpus row's word stands again.
AS_READ = "as read"
# A list with nothing in it, written out: an empty cell is a value that is not known.
NONE = "none"
# What makes a document a study of its own.
OWN = "own"
_DOSE = re.compile(r"(\d+(?:\.\d+)?)(?:\s?-\s?(\d+(?:\.\d+)?))? (?:mg|mg/kg|µg|µg/kg)/(?:day|week|month)")
_CHOICES: dict[CorrectionField, tuple[str, ...]] = {
    CorrectionField.DESIGN: tuple(StudyDesign),
    CorrectionField.META_ANALYSIS: ("yes", "no"),
    CorrectionField.RANDOMISED: ("yes", "no", "unclear"),
    CorrectionField.CROSSOVER: ("yes", "no", "unclear"),
    CorrectionField.CONTROLLED: ("yes", "no", "unclear"),
    CorrectionField.BLINDING: (*Blinding, "unclear"),
    CorrectionField.SPECIES: (*Species, "unclear"),
    CorrectionField.PUBLICATION: tuple(PublicationKind),
    CorrectionField.RELEVANCE: tuple(Substance),
    CorrectionField.SCREENING: tuple(Screening),
}


class Correction(Written):
    """One reviewer's word on one study or document, over the machine's: a row of `corrections.csv`.

    | field | value |
    |---|---|
    | design, blinding, species, publication, relevance | a word of that vocabulary |
    | meta_analysis, randomised, crossover, controlled | yes, no, unclear |
    | dose | "4.5 mg/day", "3-4.5 mg/day", "0.1 mg/kg/day", "380 mg/month" |
    | conditions, claims | slugs of the protocol, with ";" between them, or none |
    | study | the key of the study that this document belongs to, or own |
    | screening | include, exclude |

    `as read` takes an earlier correction back. The latest row on a subject and field stands; of one day the last in the file. `protocol`: the one it belongs to.
    """

    subject: Text = Field(examples=["pmid:23359310"])
    field: CorrectionField
    value: Text
    reason: Text = Field(examples=["the methods say that the order was fixed"])
    reviewer: Person = Field(examples=["jd"])
    date: Annotated[datetime.date, Field(ge=datetime.date(1990, 1, 1), le=datetime.date(2100, 1, 1))]
    protocol: Slug = "ldn"

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        choices = _CHOICES.get(self.field)
        if self.value == AS_READ:
            return self
        if choices and self.value not in choices:
            raise ValueError(
                f'{self.field} = "{self.value}" is not a value of that field. {nearest(self.value, [*choices, AS_READ])}'
            )
        if self.field is CorrectionField.DOSE:
            dose = _DOSE.fullmatch(self.value)
            if dose is None or not 0 < float(dose[1]) <= float(dose[2] or dose[1]):
                raise ValueError(
                    f'dose = "{self.value}" can\'t be read. Write it like "4.5 mg/day", "3-4.5 mg/day", "0.1 mg/kg/day" or '
                    '"380 mg/month".'
                )
        if self.field in (CorrectionField.CONDITIONS, CorrectionField.CLAIMS) and not (
            self.members or self.value == NONE
        ):
            raise ValueError(
                f'{self.field} = "{self.value}" names nothing. Write slugs with ";" between them, or none.'
            )
        return self

    @property
    def members(self) -> tuple[str, ...]:
        """The slugs of a list."""
        return (
            ()
            if self.value == NONE
            else tuple(part.strip() for part in self.value.split(";") if part.strip())
        )
