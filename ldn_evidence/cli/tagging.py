"""The commands for what a machine read, and for a reviewer's word over it: tags, explain, correct."""

from __future__ import annotations

from typing import Annotated

import typer

from ldn_evidence.cli.frame import Csv, Json, app, named, opened, print_json, print_moves, print_table, stands


@app.command()
def tags(
    context: typer.Context,
    needs_review: Annotated[bool, typer.Option("--needs-review", help="Only where grounds contradict each other, or too little was read to be sure.")] = False,
    left_out: Annotated[bool, typer.Option("--left-out", help="Only what is left out, with its reason.")] = False,
    design: Annotated[str | None, typer.Option(help='Only this design, for example "randomised trial".')] = None,
    as_json: Json = False,
    csv: Csv = False,
) -> None:  # fmt: skip
    """What each study is, whether it belongs here, and what decided that."""
    from ldn_evidence import screen

    workspace = opened(context)
    table = workspace.tags_table(needs_review=needs_review, left_out=left_out, design=design)
    if not print_table(table, "tags", workspace, as_json, csv):
        screen.tags(table)


@app.command()
def explain(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PMID|KEY", help="A PMID, a study key or a report's key.")],
    as_json: Json = False,
) -> None:
    """One title and abstract with the words that decided, and every rule that spoke."""
    from ldn_evidence import explaining, screen

    workspace = opened(context)
    found = workspace.explain(name)
    if as_json:
        print_json(explaining.explanation_document(found))
        return
    screen.explanation(found)


@app.command()
def correct(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A study key, a report's key or pmid:NUMBER.")],
    field: Annotated[str, typer.Argument(metavar="FIELD", help="design, relevance, dose, conditions, claims, study, screening, randomised, crossover, controlled, blinding, species, publication or meta_analysis.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help='The right value; "as read" takes a correction back.')],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence.")],
    reviewer: Annotated[str | None, typer.Option("--reviewer", help="Who says so. Default: LDN_EVIDENCE_REVIEWER.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Put a person's word over the machine's: a row in corrections.csv, which is never edited, only added to."""
    from datetime import UTC, datetime

    who = named(reviewer, "correct")
    workspace = opened(context)
    before = stands(workspace)
    row = workspace.correct(subject, field, value, reason=reason, reviewer=who, date=datetime.now(UTC).date())
    if as_json:
        print_json(row.model_dump(mode="json"))
        return
    print(f"{row.subject}: {row.field} = {row.value}, says {row.reviewer}: {row.reason}")
    print_moves(before, stands(workspace))
    for warning in workspace.warnings():
        print(f"  note: {warning}")
    print(f"Written to {workspace.corrections_file}. See it: {workspace.command(f'explain {row.subject}')}")
