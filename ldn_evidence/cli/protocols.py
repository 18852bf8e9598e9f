"""The commands around protocols and workspaces: init, protocol check, protocol new."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ldn_evidence.cli.frame import app, count, opened
from ldn_evidence.errors import InputError

protocols = typer.Typer(
    help="Check a protocol file, or start a new one.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(protocols, name="protocol")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make a workspace of.")],
) -> None:
    """Make a workspace: a folder with a commented marker file."""
    from ldn_evidence import workspace

    print(f"Made {workspace.init(folder)}. Commands run inside that folder use it.")


@protocols.command("check")
def protocol_check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A protocol, *.toml.")]) -> None:
    """Read a protocol file as the program does and say what it holds, or what is wrong with it."""
    from ldn_evidence import protocol
    from ldn_evidence.query import lint

    found = protocol.load(file)
    for slug, text in found.queries().items():
        for remark in lint(text):
            words = f'{file}: query of "{slug}": {remark.message}'
            if remark.severity == "error":
                raise InputError(words)
            print(f"ldn-evidence: note: {words}", file=sys.stderr)
        if "<" in text:
            print(
                f'ldn-evidence: note: {file}: query of "{slug}" is still to be filled in: {text}',
                file=sys.stderr,
            )
    print(
        f"{file}: {count(len(found.conditions), 'condition')}, {count(len(found.claims), 'claim')}, "
        f"{count(len(found.queries()), 'query', 'queries')}. It is sound."
    )


@protocols.command("new")
def protocol_new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and hyphens.")],
) -> None:
    """Write a commented protocol into the workspace, ready to be filled in."""
    workspace = opened(context, reading=False)
    path = workspace.new_protocol(name)
    print(path)
    print(f"Fill it in, check it with: ldn-evidence protocol check {path}", file=sys.stderr)
    print(f"Then use it with: ldn-evidence --protocol {name} refresh", file=sys.stderr)
