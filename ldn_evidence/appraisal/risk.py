"""Risk of bias by RoB 2, ROBINS-I or a short form: which tool fits, what its domains are, and what they come to.

Takes domain judgements and rows; returns words of `RiskOfBias`. What the tools ask is data in `rules/risk_of_bias.toml`. Never assesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files

from pydantic import BaseModel, ConfigDict

from ldn_evidence.model import Appraisal, RiskOfBias, RobAnswer, RobTool, StudyDesign
from ldn_evidence.textfiles import read_toml

# Mildest first; `unassessed` is no step of it.
SEVERITY = (RiskOfBias.LOW, RiskOfBias.SOME_CONCERNS, RiskOfBias.HIGH)


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RiskDomain(_Rules):
    """One domain of a tool. `not_twice`: what it asks is why non-randomised evidence starts at low certainty."""

    name: str
    ask: str
    help: str
    not_twice: bool = False


class Tool(_Rules):
    """One tool: its domains in its own order, and what a judgement on a domain comes to (`overall`)."""

    name: RobTool
    reference: str
    designs: tuple[StudyDesign, ...]
    note: str
    why: str
    overall: dict[RobAnswer, RiskOfBias]
    domain: tuple[RiskDomain, ...]


class RiskRules(_Rules):
    """All of `rules/risk_of_bias.toml`."""

    tool: tuple[Tool, ...]


@cache
def risk_rules() -> RiskRules:
    """The shipped tools."""
    with as_file(files("ldn_evidence") / "rules" / "risk_of_bias.toml") as path:
        return read_toml(path, RiskRules)


def tool_named(name: RobTool) -> Tool:
    """A tool by its name."""
    return next(one for one in risk_rules().tool if one.name is name)


def tools_for(design: StudyDesign) -> tuple[Tool, ...]:
    """The tools that fit a design, the one made for it first; none for a design without a result of its own."""
    return tuple(one for one in risk_rules().tool if design in one.designs)


def suggested(name: RobTool, domains: Sequence[RobAnswer]) -> RiskOfBias:
    """What a tool's domains come to: the worst of them. `unassessed` where there is no domain."""
    overall = tool_named(name).overall
    return _worst([overall[answer] for answer in domains])


def rob_without_confounding(row: Appraisal) -> RiskOfBias:
    """The risk of bias of a non-randomised result apart from confounding and selection, for which GRADE starts it at low already.

    The overall judgement where no domains were noted, or where the reviewer was stricter than they are: nobody knows for what then.
    """
    if row.rob_tool is None or not row.rob_domains:
        return row.risk_of_bias
    if row.risk_of_bias is not suggested(row.rob_tool, row.rob_domains):
        return row.risk_of_bias
    tool = tool_named(row.rob_tool)
    pairs = zip(tool.domain, row.rob_domains, strict=True)
    return _worst([tool.overall[answer] for domain, answer in pairs if not domain.not_twice])


def wrong_risk(row: Appraisal) -> str | None:
    """What is wrong with a row's risk of bias, and the mend; None if it follows its tool."""
    if row.rob_tool is None:
        return (
            "rob_domains are given without the tool that asks them. Add rob_tool."
            if row.rob_domains
            else None
        )
    if not row.rob_domains:
        return None
    tool = tool_named(row.rob_tool)
    if len(row.rob_domains) != len(tool.domain):
        named = "; ".join(one.name for one in tool.domain)
        return (
            f"rob_domains holds {len(row.rob_domains)} judgements; {tool.name} has {len(tool.domain)} domains, in this "
            f"order: {named}."
        )
    foreign = next((one for one in row.rob_domains if one not in tool.overall), None)
    if foreign is not None:
        return f'rob_domains: "{foreign}" is not a judgement of {tool.name}. Use: {", ".join(tool.overall)}.'
    least = suggested(tool.name, row.rob_domains)
    if row.risk_of_bias is RiskOfBias.UNASSESSED or SEVERITY.index(row.risk_of_bias) < SEVERITY.index(least):
        return (
            f'risk_of_bias = "{row.risk_of_bias}" is milder than its domains by {tool.name}, which come to "{least}". '
            f"Write {least} or stricter, or mend a domain."
        )
    return None


def _worst(found: Sequence[RiskOfBias]) -> RiskOfBias:
    return max(found, key=SEVERITY.index) if found else RiskOfBias.UNASSESSED
