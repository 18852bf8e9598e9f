"""The commands for what comes in: refresh, rebuild, import; and what was searched: runs, diff, queries, doctor."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ldn_evidence.cli.frame import (
    Csv,
    Json,
    app,
    count,
    opened,
    print_json,
    print_table,
    search_words,
    service,
)
from ldn_evidence.cli.history import tell_changes
from ldn_evidence.errors import InputError

if TYPE_CHECKING:
    from ldn_evidence.refresh.building import Built
    from ldn_evidence.workspace import Workspace

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


@app.command()
def refresh(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no network: build from the bundle, your own rows and what was fetched before.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Fetch every record that is found again, not only what is new or revised.")] = False,
    accept_missing: Annotated[bool, typer.Option("--accept-missing", help="Go on without records that PubMed finds and does not give.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Search PubMed for every query of the protocol, fetch what is new or revised, and build the database."""
    from ldn_evidence import screen

    if offline and (full or accept_missing):
        raise InputError(
            "--offline asks no network, so --full and --accept-missing have no meaning beside it. Drop one."
        )
    workspace = opened(context, reading=False)
    if offline:
        _tell_built(workspace, workspace.build(), quiet, as_json)
        return
    if not os.environ.get("NCBI_EMAIL") and not quiet:
        print(
            "ldn-evidence: note: NCBI asks for an e-mail address with every request. Set NCBI_EMAIL to yours.",
            file=sys.stderr,
        )
    with service() as client, screen.telling(quiet or as_json) as progress:
        client.say = progress.say
        done = workspace.refresh(client, progress, full=full, accept_missing=accept_missing)
    document = workspace.refresh_document(done)
    if as_json:
        print_json(document)
    elif not quiet:
        if done.run is not None:
            screen.refreshed(document)
        _print_built(workspace, done.built)
        if done.unreachable:
            print(
                f"PubMed is out of reach ({done.unreachable}); what ships with the program works without it."
            )
            print(f"Try again, with more patience: {workspace.command('refresh')}")
        tell_changes(workspace)
        print(f"Next: {workspace.command('claims')}")


@app.command()
def rebuild(context: typer.Context, quiet: Quiet = False, as_json: Json = False) -> None:
    """Build the whole database anew, offline, from the archive, the bundle and your own rows."""
    workspace = opened(context, reading=False)
    _tell_built(workspace, workspace.build(afresh=True), quiet, as_json)


@app.command("import")
def bring(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="PubMed XML, nbib, RIS, or a list of PMIDs.")],
    source: Annotated[str | None, typer.Option("--source", help='Where it comes from, such as "Embase, 2026-11-20". Default: the file\'s name.')] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Take in references from other searches. What is known already is linked, nothing is dropped."""
    workspace = opened(context, reading=False)
    brought = workspace.bring(files, source)
    if as_json:
        from dataclasses import asdict

        print_json(
            {
                **_built_document(workspace, brought.built),
                "files": [asdict(one) for one in brought.files],
            }
        )
        return
    for one in () if quiet else brought.files:
        linked = (
            f", linked to {', '.join(one.known[:5])}{' and others' if len(one.known) > 5 else ''}"
            if one.known
            else ""
        )
        before = f"; taken in before, as {one.source}" if one.before else ""
        print(
            f"{one.name}: {count(one.references, 'reference')}: {count(one.new, 'study', 'studies')} new, "
            f"{len(one.known)} known{linked}{before}"
        )
    _tell_built(workspace, brought.built, quiet, as_json)


def _tell_built(workspace: Workspace, built: Built, quiet: bool, as_json: bool) -> None:
    if as_json:
        print_json(_built_document(workspace, built))
    elif not quiet:
        _print_built(workspace, built)
        tell_changes(workspace)
        print(f"Next: {workspace.command('claims')}")


def _built_document(workspace: Workspace, built: Built) -> dict[str, Any]:
    from ldn_evidence import history

    changed = history.moves_document(workspace.changes)
    return {**workspace.status(), "changed": built.changed, "changed_claims": changed}


def _print_built(workspace: Workspace, built: Built) -> None:
    held = workspace.status()
    print(
        f"{'Built' if built.changed else 'Nothing has changed in'} {workspace.database}\n"
        f"  {count(held['reports'], 'report')}, {count(held['pubmed_records'], 'PubMed record')} and "
        f"{count(held['references'], 'imported reference')}: "
        f"{count(held['studies'], 'study', 'studies')}, {held['studies_that_can_count']} of which can count\n"
        f"  {count(held['appraisals'], 'appraisal')} on {count(held['claims'], 'claim')}"
    )
    if held["left_out"]:
        print(f"  {held['left_out']} left out, each with its reason: {workspace.command('tags --left-out')}")
    if held["need_review"]:
        print(f"  {held['need_review']} need a person's look: {workspace.command('tags --needs-review')}")
    for warning in workspace.warnings():
        print(f"  note: {warning}")
    for pmid, reason in built.problems:
        print(f"  not read: PMID {pmid or 'unknown'} ({reason})")
    print(f"  last search: {search_words(held['last_search'])}")


@app.command()
def runs(context: typer.Context, as_json: Json = False, csv: Csv = False) -> None:
    """Every search of PubMed, with what it found and changed."""
    from ldn_evidence import ledger, screen

    workspace = opened(context)
    table = ledger.runs_table(workspace.runs())
    if not print_table(table, "runs", workspace, as_json, csv):
        screen.runs(table, workspace.command("refresh"))


@app.command()
def diff(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="RUN", help="The earlier run; its name or the beginning of it.")],
    second: Annotated[str, typer.Argument(metavar="RUN", help="The later run, or last.")] = "last",
    as_json: Json = False,
    csv: Csv = False,
) -> None:  # fmt: skip
    """What changed from one run to another, by query and PMID."""
    from ldn_evidence import screen

    workspace = opened(context)
    table = workspace.difference(first, second)
    if not print_table(table, "changes", workspace, as_json, csv):
        for run in (workspace.run(first), workspace.run(second)):
            if not run.complete:
                print(f"ldn-evidence: note: run {run.id} was not complete: {run.why}", file=sys.stderr)
        screen.difference(workspace.run(first).id, workspace.run(second).id, table)


@app.command()
def queries(context: typer.Context, as_json: Json = False, csv: Csv = False) -> None:
    """Every query exactly as it is sent, how PubMed read it, what it found, and the wording for a methods section."""
    from ldn_evidence import ledger, screen

    workspace = opened(context, reading=False)
    table = workspace.queries()
    if not print_table(table, "queries", workspace, as_json, csv):
        screen.queries(table, ledger.prisma_s(workspace.protocol, workspace.archive.last()))


@app.command()
def doctor(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask whether PubMed answers.")] = False,
    as_json: Json = False,
    csv: Csv = False,
) -> None:
    """Look at network, key, disk, database, archive, queries and versions. Ends with 1 if something needs mending."""
    from ldn_evidence import doctor as examining
    from ldn_evidence import screen

    workspace = opened(context, reading=False)
    with service() as client:
        table = examining.examine(workspace, None if offline else client)
    if not print_table(table, "checks", workspace, as_json, csv):
        screen.checks(table)
    if (table["state"] == "bad").any():
        raise typer.Exit(1)
