"""The command that draws: forest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ldn_evidence.cli.frame import app, notice, opened
from ldn_evidence.errors import InputError


@app.command()
def forest(
    context: typer.Context,
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="A claim's slug.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.svg|FILE.png", help="Where to write the picture.")],
) -> None:  # fmt: skip
    """One claim's studies with their intervals, what they give together, and what reviews have published, as a picture."""
    from ldn_evidence import pictures
    from ldn_evidence.drawing import drawing

    form = out.suffix.lower().removeprefix(".")
    if form not in pictures.FORMATS:
        raise InputError(
            f"--out {out}: only SVG and PNG are drawn. Name the file {out.with_suffix('.svg').name}."
        )
    if not out.parent.is_dir():
        raise InputError(f"--out {out}: there is no folder {out.parent}. Make it, or name another.")
    drawing()
    workspace = opened(context)
    out.write_bytes(pictures.drawn(workspace.forest(claim), form))
    print(f"Drawn: {out}")
    notice(workspace)
