"""The commands in which people judge: appraise, agreement, adjudicate. Questions come from below, words go to `screen`; here is the order of it.

An answer is kept as soon as it is given, a row is written as soon as it is confirmed: whatever ends a walk loses nothing.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ldn_evidence.cli.frame import (
    Csv,
    Json,
    app,
    count,
    named,
    opened,
    print_json,
    print_table,
)
from ldn_evidence.cli.history import tell_changes
from ldn_evidence.errors import InputError

if TYPE_CHECKING:
    from ldn_evidence.appraisal import Question
    from ldn_evidence.model import Appraisal, Claim, Study
    from ldn_evidence.proposing import Proposal
    from ldn_evidence.workspace import Workspace

Ask = Callable[[str], str]
Now = Callable[[], datetime]
Reviewer = Annotated[
    str | None, typer.Option("--reviewer", help="Who judges. Default: LDN_EVIDENCE_REVIEWER.")
]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="An answer, given here; as often as needed. Then nothing is asked.")]  # fmt: skip
KEYS = "Enter takes what is proposed, - leaves it empty, ? tells more, b goes back, s leaves the study for later, q quits"
SETTLING_KEYS = "- leaves an answer empty, ? tells more, b goes back, s and q leave it unsettled; nothing is written before you say y"


class _Skipped(Exception):
    """The reviewer leaves a study for later."""


class _Quit(Exception):
    """The reviewer has had enough."""


def _now() -> datetime:
    return datetime.now(UTC)


@app.command()
def appraise(
    context: typer.Context,
    claim: Annotated[str | None, typer.Argument(metavar="[CLAIM]", help="Only this claim. Default: all, in the protocol's order.")] = None,
    reviewer: Reviewer = None,
    study: Annotated[str | None, typer.Option(help="Only this study, by key or PMID, whether it waits or not; needs CLAIM.")] = None,
    tool: Annotated[str | None, typer.Option(help='Risk of bias by this tool: "RoB 2", ROBINS-I or "short form".')] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only list what waits for you.")] = False,
    no_proposals: Annotated[bool, typer.Option("--no-proposals", help="Show neither the bundled row nor the machine's reading.")] = False,
    given: Set = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Judge what waits for you, one study and one question at a time; what another reviewer wrote is not shown."""
    from ldn_evidence import screen
    from ldn_evidence.model import RobTool, nearest

    who = named(reviewer, "appraise")
    workspace = opened(context)
    workspace.reviewer(who)
    if study is not None and claim is None:
        raise InputError("appraise --study needs the claim as well: appraise CLAIM --study KEY.")
    if tool is not None and tool not in set(RobTool):
        raise InputError(f'--tool "{tool}" is not one we know. {nearest(tool, list(RobTool))}')
    if given:
        if study is None or claim is None:
            raise InputError(
                "appraise --set needs to know where: appraise CLAIM --study KEY --set FIELD=VALUE."
            )
        cells = _pairs(given) | ({"rob_tool": tool} if tool else {})
        _complete(f"appraise {claim} --study {study}", cells)
        row = workspace.appraise(study, claim, who, date=_now(), **cells)
        _told(workspace, row, as_json)
        return
    if listed:
        found = workspace.waiting(who, claim)
        if as_json:
            print_json(
                [
                    {"claim": one.claim, "study": one.study.key, "why": one.why, "begun": one.draft}
                    for one in found
                ]
            )
            return
        screen.waiting((one.claim, one.study, one.why, one.draft) for one in found)
        return
    if as_json:
        raise InputError("appraise --json goes with --list or --set; a walk asks questions.")
    if study is not None and claim is not None:
        places = [(workspace.protocol.claim(claim), workspace.study(study))]
    else:
        places = [(workspace.protocol.claim(one.claim), one.study) for one in workspace.waiting(who, claim)]
    words = ["appraise", *([claim] if claim else []), "--reviewer", who]
    words += ["--study", study] if study else []
    words += ["--tool", tool] if tool else []
    words += ["--no-proposals"] if no_proposals else []
    resume = workspace.command(shlex.join(words))
    code = walk(
        workspace, who, places, ask=input, now=_now, resume=resume, propose=not no_proposals, tool=tool
    )
    if code:
        raise typer.Exit(code)


def walk(
    workspace: Workspace,
    reviewer: str,
    places: Iterable[tuple[Claim, Study]],
    *,
    ask: Ask,
    now: Now,
    resume: str,
    propose: bool = True,
    tool: str | None = None,
) -> int:
    """Take a reviewer through studies; gives the exit code. `ask` reads a line (EOFError at the end of input); `resume` is what to type to go on."""
    waiting = list(places)
    from ldn_evidence import screen

    many = count(len(waiting), "study waits", "studies wait")
    screen.aside(f"{many} for {reviewer}. {KEYS}." if waiting else f"Nothing waits for {reviewer}.")
    done = 0
    try:
        for claim, study in waiting:
            try:
                row = _Sitting(workspace, reviewer, claim, study, ask, now, propose, tool).through()
            except _Skipped:
                print("Left for later; your answers are kept.")
                continue
            done += 1
            _told(workspace, row, False)
    except _Quit:
        code, why = 0, "Stopped"
    except EOFError:
        code, why = 1, "The input ended"
    except KeyboardInterrupt:
        code, why = 130, "Interrupted"
    else:
        return 0
    words = f"{why}: {count(done, 'row')} written, and what you answered since is kept. Go on with: {resume}"
    print(f"\n{words}", file=sys.stderr if code else sys.stdout)
    return code


@dataclass
class _Sitting:
    """One reviewer before one study."""

    workspace: Workspace
    reviewer: str
    claim: Claim
    study: Study
    ask: Ask
    now: Now
    propose: bool
    tool: str | None
    answers: dict[str, str] = field(default_factory=dict)

    def through(self) -> Appraisal:
        """Ask until the row is confirmed and written."""
        from ldn_evidence import appraisal, screen

        workspace, key, slug = self.workspace, self.study.key, self.claim.slug
        self.answers = workspace.draft(self.reviewer, key, slug)
        proposals = workspace.proposals(key, slug, self.reviewer) if self.propose else {}
        screen.record(workspace.explain(key), self.claim, read=self.propose)
        if self.answers:
            print(f"You had begun: {count(len(self.answers), 'answer')} kept.")
        while True:
            asked = appraisal.questions(self.study, self.claim, self.answers)
            at = appraisal.unanswered(asked, self.answers)
            if at is None:
                row = self._confirmed(asked)
                if row is not None:
                    return row
                continue
            default = self._default(asked[at], proposals)
            screen.question(asked[at], default, f"question {at + 1}")
            typed = self.ask("> ").strip()
            if typed == "?":
                screen.aside(asked[at].help)
                screen.aside(f"{KEYS}.")
            elif typed == "b":
                self._back(asked[:at])
            elif not self._leaves(typed):
                self._take(asked[at], default.value if default and not typed else typed)

    def _default(self, asked: Question, proposals: dict[str, Proposal]) -> Proposal | None:
        from ldn_evidence import appraisal
        from ldn_evidence.proposing import Proposal

        if asked.field == "rob_tool" and self.tool:
            return Proposal(self.tool, "--tool")
        if asked.field == "risk_of_bias" and (worst := appraisal.overall(self.answers)):
            return Proposal(str(worst), "what its domains come to")
        return proposals.get(asked.field)

    def _leaves(self, typed: str) -> bool:
        if typed == "s":
            raise _Skipped
        if typed == "q":
            raise _Quit
        return False

    def _take(self, asked: Question, typed: str) -> None:
        from ldn_evidence import appraisal, screen

        try:
            answer = "" if typed == "-" and asked.optional else appraisal.taken(asked, typed)
        except InputError as error:
            screen.aside(str(error))
            return
        self.answers[asked.field] = answer
        self._keep()

    def _back(self, before: tuple[Question, ...]) -> None:
        if before:
            self.answers.pop(before[-1].field, None)
            self._keep()

    def _keep(self) -> None:
        self.workspace.keep_draft(self.reviewer, self.study.key, self.claim.slug, self.answers)

    def _confirmed(self, asked: tuple[Question, ...]) -> Appraisal | None:
        """The row, shown and written; None where the reviewer goes back to a question."""
        from ldn_evidence import appraisal, screen

        key, slug = self.study.key, self.claim.slug
        cells = appraisal.cells(self.study, self.claim, self.answers)
        sound = True
        try:
            screen.row(self.workspace.checked_row(key, slug, self.reviewer, self.now(), cells))
        except InputError as error:
            sound = False
            screen.aside(f"This can't be written yet: {error}")
        screen.aside(
            f"{'y writes it; t' if sound else 'T'}he name of a field asks it again, b the last one; s and q as before."
        )
        typed = self.ask("> ").strip()
        if typed == "b":
            self._back(asked)
        elif sound and typed == "y":
            return self.workspace.appraise(key, slug, self.reviewer, date=self.now(), **cells)
        elif any(typed in (one.field, one.column) for one in asked):
            for one in asked:
                if typed in (one.field, one.column):
                    self.answers.pop(one.field, None)
            self._keep()
        elif not self._leaves(typed):
            screen.aside("Neither y, b, s, q nor the name of a field.")
        return None


@app.command()
def agreement(
    context: typer.Context,
    claim: Annotated[str | None, typer.Option(help="Only this claim.")] = None,
    disputes: Annotated[bool, typer.Option("--disputes", help="Only the list to adjudicate.")] = False,
    as_json: Json = False,
    csv: Csv = False,
) -> None:
    """How far reviewers agree, field by field and pair by pair, and what is to be adjudicated."""
    from ldn_evidence import screen

    workspace = opened(context)
    table = workspace.disputes_table(claim) if disputes else workspace.agreement(claim)
    if print_table(table, "disputes" if disputes else "agreement", workspace, as_json, csv):
        return
    screen.disputes([one for one in workspace.disputes() if claim in (None, one.claim)])
    if not disputes:
        screen.agreement(table)


@app.command()
def adjudicate(
    context: typer.Context,
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="The claim.")],
    study: Annotated[str, typer.Argument(metavar="STUDY", help="The study, by key or PMID.")],
    reviewer: Reviewer = None,
    given: Set = None,
    as_json: Json = False,
) -> None:
    """Settle what two reviewers differ in: their rows beside each other, a question for each field in which they differ. May be done again."""
    who = named(reviewer, "adjudicate")
    workspace = opened(context)
    workspace.reviewer(who)
    if as_json and not given:
        raise InputError("adjudicate --json goes with --set; else it asks questions.")
    cells = _pairs(given) if given else _settled(workspace, claim, study, who, input)
    if cells is None:
        print("Nothing was written.")
        return
    row = workspace.adjudicate(study, claim, who, date=_now(), **cells)
    _told(workspace, row, as_json)


def _settled(workspace: Workspace, claim: str, study: str, reviewer: str, ask: Ask) -> dict[str, str] | None:
    """What the adjudicator answers and confirms; None where they leave it."""
    from ldn_evidence import appraisal, screen
    from ldn_evidence.proposing import Proposal

    dispute = workspace.dispute(study, claim)
    screen.beside(dispute, dispute.fields)
    asked = [appraisal.question_about(name) for name in (*dispute.fields, "reason")]
    # What is settled already is proposed; what is in dispute is not, lest the later reader's word weigh more.
    before = next(row for row in workspace.standing().rows if row.row_id == dispute.stands)
    again = before.row_id not in {row.row_id for row in dispute.rows}
    held = before.model_dump(mode="json") if again else {}
    if again:
        screen.aside(f"Settled by {before.row_id}, {before.reviewer}: {before.reason}")
    screen.aside(f"{SETTLING_KEYS}.")
    answers: dict[str, str] = {}
    while True:
        at = appraisal.unanswered(asked, answers)
        if at is None:
            try:
                screen.row(workspace.checked_adjudication(study, claim, reviewer, _now(), answers))
                sound = True
            except InputError as error:
                sound = False
                screen.aside(f"This can't be written yet: {error}")
            screen.aside(
                f"{'y writes it; b' if sound else 'B'} asks the last question again; s and q leave it unsettled."
            )
        else:
            one = asked[at]
            value = "; ".join(map(str, cell)) if isinstance(cell := held.get(one.field), list) else cell
            default = Proposal(str(value), before.row_id) if value and one.field != "reason" else None
            screen.question(one, default, f"question {at + 1} of {len(asked)}")
        try:
            typed = ask("> ").strip()
        except (EOFError, KeyboardInterrupt) as error:
            print("\nNothing was written. Settle it with the same command.")
            raise typer.Exit(1 if isinstance(error, EOFError) else 130) from error
        if typed in ("q", "s"):
            return None
        if typed == "b":
            last = len(asked) if at is None else at
            if last:
                answers.pop(asked[last - 1].field, None)
        elif at is None:
            if sound and typed == "y":
                return answers
            screen.aside("Neither y, b, s nor q.")
        elif typed == "?":
            screen.aside(one.help)
            screen.aside(f"{SETTLING_KEYS}.")
        else:
            text = default.value if default and not typed else typed
            try:
                answers[one.field] = "" if text == "-" and one.optional else appraisal.taken(one, text)
            except InputError as error:
                screen.aside(str(error))


def _complete(command: str, cells: dict[str, str]) -> None:
    """Every answer that a row needs, or an error that asks for all of the missing ones at once."""
    from ldn_evidence.model import Appraisal
    from ldn_evidence.workspace.appraising import FILLED

    asked = {name: spec for name, spec in Appraisal.model_fields.items() if name not in FILLED}
    missing = [name for name, spec in asked.items() if spec.is_required() and not cells.get(name)]
    # A misspelt name is both unknown and missing; the workspace says which is meant.
    if missing and not set(cells) - set(asked):
        raise InputError(
            f"{command}: {count(len(missing), 'answer is', 'answers are')} missing. Add: {' '.join(f'--set {name}=...' for name in missing)}"
        )


def _pairs(given: list[str]) -> dict[str, str]:
    """FIELD=VALUE, as often as it was given."""
    found: dict[str, str] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name.strip():
            raise InputError(f'--set "{one}": is not FIELD=VALUE. Write it like --set "finding=decrease".')
        if name.strip() in found:
            raise InputError(f"--set {name.strip()}: is given twice. Keep one.")
        found[name.strip()] = value.strip()
    return found


def _told(workspace: Workspace, row: Appraisal, as_json: bool) -> None:
    """What was written, which claims it moved, and whether it differs from what another person wrote."""
    from ldn_evidence import screen

    if as_json:
        from ldn_evidence import history

        print_json(
            row.model_dump(mode="json") | {"changed_claims": history.moves_document(workspace.changes)}
        )
        return
    print(f"Written: {row.row_id}: {row.finding}, says {row.reviewer}.")
    tell_changes(workspace)
    for one in workspace.disputes():
        if (one.study_key, one.claim) == (row.study_key, row.claim):
            names = " and ".join(dict.fromkeys(other.reviewer for other in one.rows))
            screen.aside(
                f"in dispute: {names} differ in {', '.join(one.fields)}; {one.stands} stands meanwhile, and the claim stays "
                "provisional. Settle it:"
            )
            print(f"  {workspace.command(f'adjudicate {one.claim} {one.study_key}')}")
    own = workspace.standing().own(row.reviewer, row.study_key, row.claim, adjudication=True)
    if not row.adjudicates and own is not None and own in workspace.standing().rows:
        screen.aside(
            f"{own.row_id}, your adjudication, stands above this reading. Adjudicate again to change it:"
        )
        print(f"  {workspace.command(f'adjudicate {row.claim} {row.study_key}')}")
