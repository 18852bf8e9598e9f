"""The command for what moved the grades: history; and how every command that changes the workspace ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ldn_evidence.cli.frame import Csv, Json, app, opened, print_json, print_table
from ldn_evidence.errors import InputError

if TYPE_CHECKING:
    from ldn_evidence.workspace import Workspace


@app.command()
def history(
    context: typer.Context,
    slug: Annotated[str | None, typer.Argument(help="The claim, for example fibromyalgia-pain. Default: the last move of each.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what changed numbers, wording or sources and no grade.")] = False,
    as_json: Json = False,
    csv: Csv = False,
) -> None:  # fmt: skip
    """When a claim's grade or direction moved, and which rows, records, corrections or rules came with it."""
    from ldn_evidence import history as kept
    from ldn_evidence import screen

    workspace = opened(context)
    if as_json and csv:
        raise InputError("--json and --csv can't both be given. Choose one.")
    moves = workspace.moves(slug, everything)
    if slug is None:
        last = {one.claim: one for one in moves}
        moves = list(last.values())
    if as_json:
        head = {"schema_version": kept.SCHEMA_VERSION, "protocol": workspace.name}
        print_json(workspace.dated(head | {"moves": kept.moves_document(moves)}))
    elif csv:
        print_table(kept.moves_table(moves), "moves", workspace, False, True)
    elif slug is not None:
        hidden = 0 if everything else len(workspace.moves(slug, True)) - len(moves)
        screen.history(slug, moves, hidden, workspace.command(f"history {slug} --all"))
    else:
        screen.last_moves({claim.slug: last.get(claim.slug) for claim in workspace.protocol.claims})


def tell_changes(workspace: Workspace) -> None:
    """What the command changed, claim by claim."""
    from ldn_evidence import screen

    screen.changes(workspace.changes, workspace.command("history SLUG --all"))
