"""The application, its three options that every command takes, and what the commands share. Knows no command."""

from __future__ import annotations

import os
import re
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ldn_evidence.errors import EvidenceError, InputError

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from ldn_evidence.entrez import Entrez
    from ldn_evidence.workspace import Workspace

app = typer.Typer(
    name="ldn-evidence",
    help="What has been studied for each claim, by what kind of study, what was found, and how far to trust it. "
    "Not medical advice.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
Years = Annotated[str | None, typer.Option("--year", help="2013, 2010-2015, 2020- or -2005.")]


def main() -> NoReturn:
    """The console script. Ends with 0, with 2 for something a person wrote, with 1 for everything else."""
    if sys.stdout is None or sys.stderr is None:  # closed by the caller; nobody reads what follows
        sys.stdout, sys.stderr = (
            stream or Path(os.devnull).open("w")  # noqa: SIM115
            for stream in (sys.stdout, sys.stderr)
        )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a letter that the terminal can't show must not end a command
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=_hoisted(sys.argv[1:]))
    except EvidenceError as error:
        words = "".join(one if one.isprintable() else "?" for one in str(error))
        print(f"ldn-evidence: {words}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `ldn-evidence studies | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        print("ldn-evidence: interrupted. What was fetched is kept; run it again to go on.", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        what = error.filename or "the system"
        print(
            f"ldn-evidence: {what}: {error.strerror or error}. Check its name and permissions.",
            file=sys.stderr,
        )
        sys.exit(1)
    sys.exit(0)


def _hoisted(arguments: list[str]) -> list[str]:
    """`claims --workspace DIR` as `--workspace DIR claims`: the options that every command has."""
    if any("\udc80" <= letter <= "\udcff" for word in arguments for letter in word):
        raise InputError("what you typed holds bytes that are no text. Type it again in UTF-8.")
    before: list[str] = []
    rest = list(arguments)
    for option in ("--workspace", "-w", "--protocol", "-p", "--as-of"):
        if option in rest[:-1] and "--" not in rest[: rest.index(option)]:
            at = rest.index(option)
            before += rest[at : at + 2]
            del rest[at : at + 2]
    flag = "--include-machine-read"
    if flag in rest and "--" not in rest[: rest.index(flag)]:
        rest.remove(flag)
        before.append(flag)
    return before + rest


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"ldn-evidence {version('ldn-evidence')}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace", "-w", metavar="DIR",
            help="The folder of what you own. Default: LDN_EVIDENCE_HOME, else the nearest parent folder with "
            "ldn-evidence.toml, else your data folder.",
        ),
    ] = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", "-p", metavar="NAME", help="The protocol. Default: the workspace's, else ldn.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="What was held at the end of that day (UTC), graded by today's rules. Only reads.")
    ] = None,
    machine: Annotated[
        bool, typer.Option("--include-machine-read", help="Grade with what a machine read where nobody has judged a study. Only reads; every grade is provisional.")
    ] = False,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:  # fmt: skip
    home = os.environ.get("LDN_EVIDENCE_HOME")
    context.obj = (workspace or (Path(home) if home else None), protocol, _day(as_of), machine)


def _day(text: str | None) -> date | None:
    from datetime import date

    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InputError(f'--as-of "{text}" is not a day of the calendar. Write it like 2026-11-22.')


def opened(context: typer.Context, reading: bool = True) -> Workspace:
    """The workspace; with `reading`, what a reader has to know goes to standard error first.

    Without, the command is about the workspace as it is now, and --as-of has no meaning.
    """
    from ldn_evidence.workspace import Workspace

    workspace = Workspace(*context.obj)
    if workspace.as_of is not None and not reading:
        raise InputError("--as-of goes with commands that read, such as claims and claim. Leave it out here.")
    if workspace.machine_read and not reading:
        raise InputError(
            "--include-machine-read goes with commands that read, such as claims. Leave it out here."
        )
    for warning in workspace.warnings() if reading else ():
        print(f"ldn-evidence: note: {warning}", file=sys.stderr)
    return workspace


def years(text: str | None) -> tuple[int | None, int | None]:
    """A year or a span of years, as a person writes it."""
    if text is None:
        return None, None
    first, dash, last = text.partition("-")
    if not (first or last) or not all(re.fullmatch("[12][0-9]{3}", part) for part in (first, last) if part):
        raise InputError(f'--year "{text}" is not a year or a span. Write 2013, 2010-2015, 2020- or -2005.')
    span = (int(first) if first else None), (int(last) if last else None) if dash else int(first)
    if span[0] is not None and span[1] is not None and span[0] > span[1]:
        raise InputError(f'--year "{text}" runs backwards. Write the earlier year first.')
    return span


def named(reviewer: str | None, command: str) -> str:
    """Who says so: the option, else the environment; a command that changes something is nobody's without it."""
    who = (reviewer or os.environ.get("LDN_EVIDENCE_REVIEWER", "")).strip()
    if not who:
        raise InputError(
            f"{command}: nobody is named. Give --reviewer NAME, or set LDN_EVIDENCE_REVIEWER to yours."
        )
    return who


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 study", "2 studies"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def search_words(search: dict[str, str] | None) -> str:
    """When was searched last, and where."""
    return f"{search['date']} ({search['source']})" if search else "nothing has been searched yet"


def notice(workspace: Workspace) -> None:
    """What every output ends with."""
    from datetime import date

    from ldn_evidence import evidence, screen

    search = workspace.search
    stale_from = evidence.stale_from(search) if search else None
    then = f"As of {workspace.as_of}, with today's rules. " if workspace.as_of else ""
    then += f"{evidence.MACHINE_READ} " if workspace.machine_read else ""
    screen.notice(then + evidence.NOTICE, search, stale_from, date.today(), workspace.root)


def print_json(value: Any) -> None:
    """JSON on standard output, in a form that every terminal can take."""
    import json

    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(value, ensure_ascii=plain, indent=2, default=str, allow_nan=False))


def print_table(table: pd.DataFrame, name: str, workspace: Workspace, as_json: bool, csv: bool) -> bool:
    """A table as JSON or CSV, if one of the two was asked for; says whether it was."""
    from ldn_evidence import evidence

    if as_json and csv:
        raise InputError("--json and --csv can't both be given. Choose one.")
    if as_json:
        print_json(workspace.dated(evidence.table_document(workspace.name, name, table)))
    elif csv:
        sys.stdout.write(evidence.csv_text(table, workspace.provenance()))
    return as_json or csv


def service() -> Entrez:
    """The client for NCBI, as the environment sets it."""
    import platformdirs

    from ldn_evidence.entrez import EUTILS_URL, Entrez

    return Entrez(
        url=os.environ.get("LDN_EVIDENCE_EUTILS_URL") or EUTILS_URL,
        email=os.environ.get("NCBI_EMAIL", "").strip() or None,
        key=os.environ.get("NCBI_API_KEY", "").strip() or None,
        pace=platformdirs.user_cache_path("ldn-evidence", appauthor=False),
    )
