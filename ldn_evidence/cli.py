"""Arguments in, words and exit codes out; the only reader of the environment.

Whatever takes long to import is imported inside the command that needs it: `--help` answers at once.
"""

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
protocols = typer.Typer(
    help="Check a protocol file, or start a new one.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(protocols, name="protocol")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
    """`claims --workspace DIR` as `--workspace DIR claims`: the two options that every command has."""
    before: list[str] = []
    rest = list(arguments)
    for option in ("--workspace", "-w", "--protocol", "-p"):
        if option in rest[:-1] and "--" not in rest[: rest.index(option)]:
            at = rest.index(option)
            before += rest[at : at + 2]
            del rest[at : at + 2]
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
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:  # fmt: skip
    home = os.environ.get("LDN_EVIDENCE_HOME")
    context.obj = (workspace or (Path(home) if home else None), protocol)


def _open(context: typer.Context, reading: bool = True) -> Workspace:
    """The workspace; with `reading`, what a reader has to know goes to standard error first."""
    from ldn_evidence.workspace import Workspace

    workspace = Workspace(*context.obj)
    for warning in workspace.warnings() if reading else ():
        print(f"ldn-evidence: note: {warning}", file=sys.stderr)
    return workspace


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make a workspace of.")],
) -> None:
    """Make a workspace: a folder with a commented marker file."""
    from ldn_evidence import workspace

    print(f"Made {workspace.init(folder)}. Commands run inside that folder use it.")


@app.command()
def refresh(
    context: typer.Context,
    xml: Annotated[
        list[Path] | None,
        typer.Option(
            "--xml", metavar="FILE", help="PubMed XML you have downloaded; may be given several times."
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask whether PubMed answers.")] = False,
) -> None:
    """Build the database from the bundled corpus, your own rows and archived PubMed XML."""
    workspace = _open(context, reading=False)
    built = workspace.refresh(xml or ())
    status = workspace.status()
    print(
        f"Built {workspace.database}\n"
        f"  {_count(len(built.reports), 'report')} and {_count(len(built.records), 'PubMed record')}: "
        f"{_count(status['studies'], 'study', 'studies')}, {status['studies_that_can_count']} of which can count\n"
        f"  {_count(status['appraisals'], 'appraisal')} on {_count(status['claims'], 'claim')}"
    )
    for warning in workspace.warnings():
        print(f"  note: {warning}")
    for problem in built.problems:
        print(f"  not read: PMID {problem.pmid or 'unknown'} ({problem.reason})")
    print(f"  last search: {_search_words(status['last_search'])}")
    if not offline:
        from ldn_evidence import entrez

        why = entrez.unreachable(os.environ.get("LDN_EVIDENCE_EUTILS_URL") or entrez.EUTILS_URL)
        print(
            f"PubMed is out of reach ({why}); what is kept here stands."
            if why
            else "PubMed answers, but this version does not collect from it yet: add its XML with --xml FILE."
        )
    print(f"Next: {workspace.command('claims')}")


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """What the workspace holds, in numbers."""
    held = _open(context).status()
    if as_json:
        _print_json(held)
        return
    for name, value in held.items():
        if name == "schema_version":
            continue
        print(f"{name.replace('_', ' '):17} {_search_words(value) if name == 'last_search' else value}")


@app.command()
def claims(context: typer.Context, as_json: Json = False) -> None:
    """Every claim with what the evidence says and how far to trust it."""
    from ldn_evidence import screen

    workspace = _open(context)
    if as_json:
        from datetime import UTC, datetime

        _print_json(workspace.claims_document(datetime.now(UTC).isoformat(timespec="seconds")))
        return
    screen.claims(workspace.protocol, workspace.profiles)
    _notice(workspace)


@app.command()
def claim(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="The claim, for example fibromyalgia-pain.")],
    as_json: Json = False,
) -> None:
    """One claim's profile: the answer, why, every study counted, every study left out."""
    from ldn_evidence import screen

    workspace = _open(context)
    if as_json:
        _print_json(workspace.profile_document(slug))
        return
    screen.profile(workspace.protocol.claim(slug), workspace.profile(slug))
    _notice(workspace)


@app.command()
def studies(
    context: typer.Context,
    claim: Annotated[str | None, typer.Option(help="Only studies that bear on this claim.")] = None,
    condition: Annotated[str | None, typer.Option(help="Only this condition.")] = None,
    design: Annotated[
        str | None, typer.Option(help='Only this design, for example "randomised trial".')
    ] = None,
    year: Annotated[str | None, typer.Option(help="2013, 2010-2015, 2020- or -2005.")] = None,
    as_json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """The studies, with whether each counts and why not."""
    from ldn_evidence import evidence, screen

    if as_json and csv:
        raise InputError("--json and --csv can't both be given. Choose one.")
    workspace = _open(context)
    table = workspace.studies_table(claim, condition, design, _years(year))
    if as_json:
        import json

        rows = json.loads(table.to_json(orient="records"))
        _print_json(
            {
                "schema_version": evidence.SCHEMA_VERSION,
                "protocol": workspace.name,
                "notice": evidence.NOTICE,
                "studies": rows,
            }
        )
    elif csv:
        source = evidence.provenance(workspace.name, workspace.corpus_digest, workspace.search)
        sys.stdout.write(evidence.csv_text(table, source))
    else:
        screen.studies(table)
        _notice(workspace)


@app.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="KEY|PMID", help="A study key, a report's key or a PMID.")],
    as_json: Json = False,
) -> None:
    """One study: what is known of it, how it was tagged, and every reading of it."""
    from ldn_evidence import screen

    workspace = _open(context)
    document = workspace.study_document(name)
    if as_json:
        _print_json(document)
        return
    screen.study(workspace.study(name), document)
    _notice(workspace)


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
    print(_open(context).export(table, out))


@protocols.command("check")
def protocol_check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A protocol, *.toml.")]) -> None:
    """Read a protocol file as the program does and say what it holds, or what is wrong with it."""
    from ldn_evidence import protocol

    found = protocol.load(file)
    print(
        f"{file}: {_count(len(found.conditions), 'condition')}, {_count(len(found.claims), 'claim')}, "
        f"{_count(len(found.queries()), 'query', 'queries')}. It is sound."
    )


@protocols.command("new")
def protocol_new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and hyphens.")],
) -> None:
    """Write a commented protocol into the workspace, ready to be filled in."""
    workspace = _open(context, reading=False)
    path = workspace.new_protocol(name)
    print(path)
    print(f"Fill it in, check it with: ldn-evidence protocol check {path}", file=sys.stderr)
    print(f"Then use it with: ldn-evidence --protocol {name} refresh", file=sys.stderr)


def _years(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    first, dash, last = text.partition("-")
    if not (first or last) or not all(re.fullmatch("[12][0-9]{3}", part) for part in (first, last) if part):
        raise InputError(f'--year "{text}" is not a year or a span. Write 2013, 2010-2015, 2020- or -2005.')
    span = (int(first) if first else None), (int(last) if last else None) if dash else int(first)
    if span[0] is not None and span[1] is not None and span[0] > span[1]:
        raise InputError(f'--year "{text}" runs backwards. Write the earlier year first.')
    return span


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _search_words(search: dict[str, str] | None) -> str:
    return f"{search['date']} ({search['source']})" if search else "nothing has been searched yet"


def _notice(workspace: Workspace) -> None:
    from datetime import date

    from ldn_evidence import evidence, screen

    screen.notice(evidence.NOTICE, workspace.search, date.today(), workspace.root)


def _print_json(value: Any) -> None:
    import json

    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(value, ensure_ascii=plain, indent=2, default=str, allow_nan=False))
