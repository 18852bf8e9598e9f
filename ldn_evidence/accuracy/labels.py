"""Files of human labels into labelled abstracts, or an error that names the file, the line and the mend.

Takes CSV with a header; gives title, abstract and label of every row, and folds a study type's label to one of nine kinds.
Columns that nobody asks for are left alone. Never reads what an abstract says.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ldn_evidence.errors import InputError
from ldn_evidence.textfiles import read_text, read_toml, unique


class Kind(BaseModel):
    """One of the nine kinds, and the human labels that it takes in."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    labels: tuple[str, ...]
    reason: str


class Kinds(BaseModel):
    """The whole of `rules/study_type_labels.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kinds: tuple[Kind, ...]


@cache
def kinds() -> tuple[Kind, ...]:
    """The nine kinds, in the order in which tables print them."""
    with as_file(files("ldn_evidence") / "rules" / "study_type_labels.toml") as path:
        return read_toml(path, Kinds).kinds


def fold(label: str) -> str | None:
    """The kind that a human label belongs to; None where no kind names it.

    >>> fold("Human-RCT-drug-intervention"), fold("Animal-systematic-review"), fold("in vitro"), fold("trial")
    ('RCT', 'systematic review', 'in vitro', None)
    """
    if any(kind.name == label for kind in kinds()):
        return label
    named = (kind.name for kind in kinds() if any(fnmatchcase(label, one) for one in kind.labels))
    return next(named, None)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One row of a file of labels. `line` is where it begins; `pmid` and `doi` are None where the file does not give them."""

    line: int
    pmid: str | None
    doi: str | None
    title: str
    abstract: str
    label: str

    @property
    def name(self) -> str:
        """What a reader finds the row by."""
        return self.pmid or self.doi or f"line {self.line}"


def labelled(path: Path, column: str, needs: Sequence[str] = ("title", "abstract")) -> list[Labelled]:
    """Every row of a file, its label from `column`; the columns in `needs` must be there too.

    Raises InputError for a file that is missing, empty, not UTF-8 or not CSV, and for a column that is missing.
    """
    found = [
        Labelled(
            line=line,
            pmid=cells.get("pmid") or None,
            doi=cells.get("doi") or None,
            title=cells.get("title", ""),
            abstract=cells.get("abstract", ""),
            label=cells[column],
        )
        for line, cells in _cells(path, (*needs, column))
    ]
    if not found:
        raise InputError(f"{path}: has no row below its header. Add a line for every labelled abstract.")
    return found


# A trial that met its primary endpoint, and one that did not.
DIRECTIONS = ("Positive", "Negative")


def study_kinds(path: Path, column: str) -> tuple[list[Labelled], list[str]]:
    """The rows of a file and the kind of each. Raises InputError, with the line, for a label that no kind names."""
    rows = labelled(path, column)
    known = [name for kind in kinds() for name in (kind.name, *kind.labels)]
    return rows, [_known(path, row, column, fold(row.label), known) for row in rows]


def directions(path: Path, column: str) -> tuple[list[Labelled], list[str]]:
    """The rows of a file and Positive or Negative for each. Raises InputError, with the line, for any other word."""
    rows = labelled(path, column)
    return rows, [
        _known(path, row, column, row.label if row.label in DIRECTIONS else None, DIRECTIONS) for row in rows
    ]


def _known(path: Path, row: Labelled, column: str, value: str | None, known: Sequence[str]) -> str:
    if value is not None:
        return value
    where = f"{path}, line {row.line}"
    if not row.label:
        raise InputError(f"{where}: has no {column}. Fill it in, or take the row out.")
    close = difflib.get_close_matches(row.label, known, n=1)
    hint = f'Did you mean "{close[0]}"?' if close else f"Use one of: {', '.join(known)}."
    short = row.label if len(row.label) <= 60 else row.label[:57] + "..."
    raise InputError(f'{where}: {column} = "{short}" is not a label we know. {hint}')


def _cells(path: Path, needs: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The line on which a row begins, and its cells by column."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, needs)
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                raise InputError(
                    f"{path}, line {line}: has {len(cells)} cells under {len(header)} columns. "
                    'Put a cell that holds a comma between "double quotes".'
                )
            yield line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num}: is not valid CSV: {error}. Mend that line."
        ) from error


def _check_header(path: Path, header: Sequence[str], needs: Sequence[str]) -> None:
    columns = ", ".join(needs)
    if not any(header):
        raise InputError(f"{path}: is empty. Its first line must name the columns: {columns}.")
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise InputError(
            f"{path}, line 1: its cells are not separated by commas. Save it as comma-separated CSV."
        )
    for name in needs:
        if name not in header:
            close = difflib.get_close_matches(name, header, n=1)
            hint = f'Is "{close[0]}" meant for it?' if close else f"The first line must name: {columns}."
            raise InputError(f'{path}, line 1: column "{name}" is missing. {hint}')
    unique(f"{path}, line 1", "column", (name for name in header if name in needs))
