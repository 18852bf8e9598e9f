"""The command for a person's word over a rule of grading: judge."""

from __future__ import annotations

from typing import Annotated

import typer

from ldn_evidence.cli.frame import Json, app, named, opened, print_json
from ldn_evidence.cli.history import tell_changes


@app.command()
def judge(
    context: typer.Context,
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="The claim, for example fibromyalgia-pain.")],
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help='"risk of bias", inconsistency, indirectness, imprecision, "publication bias"; "large effect", dose-response, "plausible confounding".')],
    rating: Annotated[str, typer.Argument(metavar="RATING", help='"no concern", serious, "very serious", "extremely serious"; for what raises: "not raised", "raised by one", "raised by two". "as computed" takes a judgement back.')],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence.")],
    reviewer: Annotated[str | None, typer.Option("--reviewer", help="Who says so. Default: LDN_EVIDENCE_REVIEWER.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Put a person's word over a rule's rating of one GRADE domain: a row in judgements.csv, which is only added to."""
    from datetime import UTC, datetime

    who = named(reviewer, "judge")
    workspace = opened(context)
    row = workspace.judge(claim, domain, rating, reason=reason, reviewer=who, at=datetime.now(UTC))
    if as_json:
        from ldn_evidence import history

        changed = history.moves_document(workspace.changes)
        print_json(row.model_dump(mode="json") | {"changed_claims": changed})
        return
    print(f"{row.claim}: {row.domain} = {row.rating}, says {row.reviewer}: {row.reason}")
    if row.rating != "as computed" and workspace.profile(row.claim).body is None:
        print("  note: no body of evidence stands on this claim yet; the judgement waits for one")
    tell_changes(workspace)
    print(f"Written to {workspace.judgements_file}. See it: {workspace.command(f'claim {row.claim}')}")
