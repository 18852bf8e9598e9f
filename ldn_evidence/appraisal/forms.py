"""What a reviewer is asked of a study on a claim, one question at a time, and an answer as it is typed into a cell.

Takes a study, a claim and the answers so far; returns Questions. The words are data in `rules/appraisal.toml` and `rules/risk_of_bias.toml`.
Never asks anybody anything: that is for a screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from pydantic import BaseModel, ConfigDict, create_model

from ldn_evidence.appraisal.risk import SEVERITY, Tool, suggested, tool_named, tools_for
from ldn_evidence.errors import InputError
from ldn_evidence.model import (
    Appraisal,
    Claim,
    ClaimKind,
    RiskOfBias,
    RobAnswer,
    RobTool,
    Study,
    StudyDesign,
    nearest,
)
from ldn_evidence.model.written import Written
from ldn_evidence.textfiles import read_toml, written

When = Literal[
    "always", "figures", "arms", "sizes", "crossover", "review", "study", "non-randomised"
]  # see rules/appraisal.toml


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Rules):
    """One question. `field`: the column that it fills, or `rob_domains.N` for the Nth domain of a tool. `words`: what may be
    answered, and what each means; empty where anything may be written."""

    field: str
    ask: str
    help: str
    when: When = "always"
    optional: bool = False
    words: dict[str, str] = {}

    @property
    def column(self) -> str:
        """The column of the row."""
        return self.field.partition(".")[0]


class Scales(_Rules):
    """The ordered vocabularies, mildest first."""

    risk_of_bias: tuple[str, ...]
    directness: tuple[str, ...]


class AgreementRules(_Rules):
    """From how many studies a chance-corrected figure is given, and how its interval is drawn."""

    fewest: int
    why: str
    resamples: int
    seed: int
    scales: Scales


class Money(_Rules):
    """Words that tell who paid and who has an interest: patterns, in any case."""

    industry: str
    independent: str
    no_interest: str
    reason: str


class FormRules(_Rules):
    """All of `rules/appraisal.toml`."""

    question: tuple[Question, ...]
    risk_tool: Question
    risk_overall: Question
    agreement: AgreementRules
    money: Money


@cache
def form_rules() -> FormRules:
    """The shipped questions."""
    with as_file(files("ldn_evidence") / "rules" / "appraisal.toml") as path:
        return read_toml(path, FormRules)


def questions(study: Study, claim: Claim, answers: Mapping[str, str]) -> tuple[Question, ...]:
    """What is asked of this study on this claim, given the answers so far: cells by field. The reason comes last."""
    *first, last = [one for one in form_rules().question if _asked(one.when, study, claim, answers)]
    tool = _tool(answers)
    risk: list[Question] = []
    if _asked(form_rules().risk_tool.when, study, claim, answers) and tools_for(study.tag.design):
        risk.append(_tool_question(study.tag.design))
        if tool:
            risk += _domains(tool)
            risk.append(overall_question(tool, overall(answers)))
    return (*first, *risk, last)


def question_about(column: str) -> Question:
    """The question that fills a column, apart from any study."""
    rules = form_rules()
    return next(one for one in (*rules.question, rules.risk_tool, rules.risk_overall) if one.field == column)


def _asked(when: When, study: Study, claim: Claim, answers: Mapping[str, str]) -> bool:
    design = study.tag.design
    review = design is StudyDesign.SYSTEMATIC_REVIEW
    measure = answers.get("measure", "")
    arms = claim.kind is ClaimKind.HARM or measure in ("RR", "OR", "RD")
    return {
        "always": True,
        "figures": bool(measure),
        "arms": arms,
        "sizes": arms or bool(measure),
        "crossover": bool(study.tag.crossover) or (study.main is not None and study.main.crossover == "y"),
        "review": review,
        "study": not review,
        "non-randomised": design in tool_named(RobTool.ROBINS_I).designs,
    }[when]


def _tool(answers: Mapping[str, str]) -> Tool | None:
    named = answers.get("rob_tool", "")
    return tool_named(RobTool(named)) if named in set(RobTool) else None


def _tool_question(design: StudyDesign) -> Question:
    fitting, plain = tools_for(design), form_rules().risk_tool
    words = {str(one.name): f"{len(one.domain)} domains; {one.reference}" for one in fitting}
    notes = " ".join(f"{one.name}: {one.note}" for one in fitting)
    return plain.model_copy(update={"words": words, "help": f"{plain.help} {notes}"})


def _domains(tool: Tool) -> list[Question]:
    words = {str(one): "" for one in tool.overall}
    return [
        Question(
            field=f"rob_domains.{number}",
            ask=f"{tool.name}, {number} of {len(tool.domain)}, {one.name}: {one.ask}",
            help=one.help,
            words=words,
        )
        for number, one in enumerate(tool.domain, start=1)
    ]


def overall_question(tool: Tool, least: RiskOfBias | None = None) -> Question:
    """The judgement on the whole, with the tool's own rule beside it. `least`: what the domains come to; nothing milder is offered then."""
    plain = form_rules().risk_overall
    told: dict[str, object] = {"help": f"{plain.help} {tool.why}"}
    if least is not None:
        stricter = [str(one) for one in SEVERITY[SEVERITY.index(least) :]]
        told["words"] = {word: plain.words[word] for word in stricter}
        told["ask"] = f'{plain.ask} Its domains come to "{least}"; you may be stricter.'
    return plain.model_copy(update=told)


def overall(answers: Mapping[str, str]) -> RiskOfBias | None:
    """What the domains answered so far come to; None until all of them are."""
    tool = _tool(answers)
    if tool is None:
        return None
    given = [answers.get(one.field, "") for one in _domains(tool)]
    return suggested(tool.name, [RobAnswer(one) for one in given]) if all(given) else None


def taken(question: Question, typed: str) -> str:
    """What was typed as the cell that it stands for: a word, the number of one, or its beginning; figures and text as they are.

    Raises InputError with the words that there are, or with what is wrong with the figure.
    """
    text = " ".join(typed.split())
    if not text:
        if question.optional:
            return ""
        raise InputError(
            f"{question.column}: has to be answered. ? tells more, s leaves the study for later."
        )
    if question.words:
        words = list(question.words)
        if text.isdecimal() and 1 <= int(text) <= len(words):
            return words[int(text) - 1]
        begins = [one for one in words if one.casefold().startswith(text.casefold())]
        exact = [one for one in begins if one.casefold() == text.casefold()]
        if len(exact or begins) == 1:
            return (exact or begins)[0]
        numbers = f"1 to {len(words)}" if len(words) > 1 else "1"
        mend = f"Type {numbers}, or the word." if text.lstrip("-").isdecimal() else nearest(text, words)
        raise InputError(f'{question.column} = "{text}" is not one of the answers. {mend}')
    return _cell(question.column, text)


def _cell(column: str, text: str) -> str:
    """The text, if it can stand in that column."""
    spec = Appraisal.model_fields[column]
    alone: type[BaseModel] = create_model("Cell", __base__=Written, **{column: (spec.annotation, spec)})  # type: ignore[call-overload]
    written(alone, "that", {column: text})
    return text


def unanswered(asked: Sequence[Question], answers: Mapping[str, str]) -> int | None:
    """The place of the first question without an answer, or with one that is offered no longer (another tool was chosen, a domain judged anew)."""
    for place, one in enumerate(asked):
        given = answers.get(one.field)
        if given is None or (given and one.words and given not in one.words):
            return place
    return None


def cells(study: Study, claim: Claim, answers: Mapping[str, str]) -> dict[str, str]:
    """The answers as cells of a row: those to questions that are asked, the domains of risk of bias in one cell."""
    found: dict[str, list[str]] = {}
    for question in questions(study, claim, answers):
        if given := answers.get(question.field, ""):
            found.setdefault(question.column, []).append(given)
    return {column: "; ".join(given) for column, given in found.items()}
