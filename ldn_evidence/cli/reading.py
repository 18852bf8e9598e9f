"""The commands that read: claims, claim, studies, show, search, status, export. Nothing here changes a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ldn_evidence.cli.frame import (
    Csv,
    Json,
    Years,
    app,
    notice,
    opened,
    print_json,
    print_table,
    search_words,
    years,
)
from ldn_evidence.errors import InputError


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """What the workspace holds, in numbers."""
    workspace = opened(context)
    held = workspace.status()
    if as_json:
        print_json(workspace.dated(held))
        return
    for name, value in held.items():
        if name == "schema_version":
            continue
        print(f"{name.replace('_', ' '):23} {search_words(value) if name == 'last_search' else value}")


@app.command()
def claims(context: typer.Context, as_json: Json = False) -> None:
    """Every claim with what the evidence says and how far to trust it."""
    from ldn_evidence import screen

    workspace = opened(context)
    if as_json:
        from datetime import UTC, datetime

        print_json(workspace.claims_document(datetime.now(UTC).isoformat(timespec="seconds")))
        return
    screen.claims(workspace.protocol, workspace.profiles)
    notice(workspace)


@app.command()
def claim(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="The claim, for example fibromyalgia-pain.")],
    as_json: Json = False,
) -> None:
    """One claim's profile: the answer, why, every study counted, every study left out."""
    from ldn_evidence import screen

    workspace = opened(context)
    if as_json:
        print_json(workspace.profile_document(slug))
        return
    screen.profile(workspace.protocol.claim(slug), workspace.profile(slug))
    notice(workspace)


@app.command()
def studies(
    context: typer.Context,
    claim: Annotated[str | None, typer.Option(help="Only studies that bear on this claim.")] = None,
    condition: Annotated[str | None, typer.Option(help="Only this condition.")] = None,
    design: Annotated[
        str | None, typer.Option(help='Only this design, for example "randomised trial".')
    ] = None,
    year: Years = None,
    unread: Annotated[
        bool, typer.Option("--unread", help="Only what a search brought and nobody has described.")
    ] = False,
    as_json: Json = False,
    csv: Csv = False,
) -> None:
    """The studies, with whether each counts and why not."""
    from ldn_evidence import screen

    workspace = opened(context)
    table = workspace.studies_table(claim, condition, design, years(year), unread)
    if not print_table(table, "studies", workspace, as_json, csv):
        screen.studies(table)
        notice(workspace)


@app.command()
def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help='Words of title or abstract; "quoted words" stand together, word* is a beginning.')],
    condition: Annotated[str | None, typer.Option(help="Only this condition.")] = None,
    design: Annotated[str | None, typer.Option(help='Only this design, for example "randomised trial".')] = None,
    year: Years = None,
    as_json: Json = False,
    csv: Csv = False,
) -> None:  # fmt: skip
    """Find studies by the words of their titles and abstracts, best first. All words must be there."""
    from ldn_evidence import screen

    workspace = opened(context)
    # A phrase that the shell has unpacked is a phrase still.
    asked = words[0] if len(words) == 1 else " ".join(f'"{one}"' if " " in one else one for one in words)
    table = workspace.find(asked, condition, design, years(year))
    if not print_table(table, "studies", workspace, as_json, csv):
        with workspace.store() as store:
            screen.found(asked, table, *store.described())
        notice(workspace)


@app.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="KEY|PMID", help="A study key, a report's key or a PMID.")],
    as_json: Json = False,
) -> None:
    """One study: what is known of it, how it was tagged, and every reading of it."""
    from ldn_evidence import screen

    workspace = opened(context)
    document = workspace.study_document(name)
    if as_json:
        print_json(document)
        return
    screen.study(workspace.study(name), document)
    notice(workspace)


@app.command()
def export(
    context: typer.Context,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="claims, studies or profile:SLUG.")],
    format: Annotated[str, typer.Option("--format", help="The format; csv for now.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", metavar="PATH", help="The file. Default: exports/ in the workspace.")] = None,
) -> None:  # fmt: skip
    """Write an evidence table to a file."""
    if format != "csv":
        raise InputError(f'--format "{format}" is not one we write. Use csv.')
    print(opened(context).export(table, out))
