"""What people write, TOML and CSV, into validated values, or an error that names the file, the place and the mend.

Never decides what the values mean.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ldn_evidence.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


def read_text(path: Path) -> str:
    """A UTF-8 file, with or without a byte-order mark."""
    try:
        # newline="": a line break inside a quoted cell comes back as it was written
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return _printable(path, lines.read())
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    except OSError as error:
        raise InputError(
            f"{path}: can't be read ({error.strerror}). Check its name and permissions."
        ) from error


def _printable(path: Path, text: str) -> str:
    # A terminal obeys control characters; none belongs into what people write.
    for number, line in enumerate(text.split("\n"), start=1):
        for character in line:
            if unicodedata.category(character) == "Cc" and character not in "\t\r":
                raise InputError(
                    f"{path}, line {number}: holds the control character {character!r}. Take it out."
                )
    return text


def read_toml(path: Path, model: type[Model]) -> Model:
    """A TOML file as `model`."""
    try:
        raw = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not valid TOML: {error}. Mend that line.") from error
    except RecursionError as error:
        raise InputError(f"{path}: is nested too deeply to be read. Flatten it.") from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise InputError(f"{path}: {explain(error, raw, model)}") from error


def read_rows(path: Path, model: type[Model]) -> list[Model]:
    """A CSV file with a header, a row each as `model`. An empty cell is a value that is not known."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    rows: list[Model] = []
    try:
        header = next(reader, None)
        if header is None:
            raise InputError(f"{path}: is empty. Its first line must name the columns: {_columns(model)}.")
        _check_header(path, header, model)
        for cells in reader:
            if not cells:
                continue
            where = f"{path}, line {reader.line_num}"
            if len(cells) != len(header):
                raise InputError(
                    f"{where}: has {len(cells)} cells under {len(header)} columns. "
                    'Put a cell that holds a comma between "double quotes".'
                )
            raw = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
            try:
                rows.append(model.model_validate(raw))
            except ValidationError as error:
                raise InputError(f"{where}{_named(raw)}: {explain(error, raw, model)}") from error
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num}: is not valid CSV: {error}. Mend that line."
        ) from error
    return rows


def written(model: type[Model], what: str, cells: Mapping[str, object]) -> Model:
    """A row as a person gives it, checked like one that is read from a file. Line breaks become blanks; what is None is left out."""
    raw = {name: " ".join(str(cell).split()) for name, cell in cells.items() if cell is not None}
    for name, cell in raw.items():
        # The file would be refused for them the next time it is read.
        odd = next((one for one in cell if unicodedata.category(one) in ("Cc", "Cs")), None)
        if odd is not None:
            raise InputError(f"{what}: {name} holds the control character {odd!r}. Take it out.")
    try:
        return model.model_validate({name: cell for name, cell in raw.items() if cell})
    except ValidationError as error:
        raise InputError(f"{what}: {explain(error, raw, model)}") from error


def append_row(path: Path, row: BaseModel) -> None:
    """Add one row at the end, with a header if the file is new. What the rows above say is never changed.

    A file of an earlier version, without a column that the row needs, gets that column, empty in every row above.
    """
    cells = {name: _cell(value) for name, value in row.model_dump(mode="json").items()}
    before = path.read_bytes() if path.exists() else b""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    names = list(type(row).model_fields)
    if before.strip():
        header, *rows = csv.reader(io.StringIO(before.decode("utf-8-sig"), newline=""))
        missing = [name for name in names if name not in header and cells[name] != _default(row, name)]
        names = [*header, *missing]
        if missing:
            writer.writerow(names)
            writer.writerows([*one, *("" for _ in missing)] for one in rows if one)
            before = lines.getvalue().encode()
            lines.seek(0)
            lines.truncate()
            _replace(path, before)
    else:
        writer.writerow(names)
    # An editor's last line may lack its end: ours must not run into it.
    if before and not before.endswith(b"\n"):
        lines.write("\r\n")
    writer.writerow([cells[name] for name in names])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(lines.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())


def _cell(value: object) -> str:
    if value is None:
        return ""
    return "; ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _default(row: BaseModel, name: str) -> str:
    spec = type(row).model_fields[name]
    return "" if spec.is_required() else _cell(spec.get_default())


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    os.replace(part, path)


# pydantic's kinds of mistake in a reader's words, with the mend where there is one.
PLAIN = {
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "finite_number": "is not a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "string_type": 'is not text; put it between "quotation marks"',
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "string_pattern_mismatch": "does not have the right form",
    "bool_parsing": "is neither y nor n",
    "bool_type": "is neither true nor false",
    "date_from_datetime_parsing": "is not a date; write it like 2026-11-22",
    "date_from_datetime_inexact": "is not a date; write it like 2026-11-22",
    "date_parsing": "is not a date; write it like 2026-11-22",
    "tuple_type": 'is not a list; write ["one", "two"]',
    "too_short": "has too few members",
    "too_long": "has too many members",
    "model_type": "is not a table; write [section] and its keys below it",
    "literal_error": "is not one of: {expected}",
}


def explain(error: ValidationError, raw: Any, model: type[BaseModel]) -> str:
    """The first thing that is wrong, in a reader's words, and how to mend it."""
    # A misspelt key is both unknown and missing; what was written helps more than what was not.
    problems = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    # A list with a broken member is also reported as too short: that is the same mistake told twice.
    problems = [one for one in problems if one["type"] != "too_short"] or problems
    first = problems[0]
    place, key, owner = _place(first["loc"], raw, model)
    more = f" ({len(problems) - 1} more after this one.)" if len(problems) > 1 else ""
    match first["type"]:
        case "extra_forbidden":
            close = difflib.get_close_matches(key, _names(owner), n=1) if owner else []
            known = (
                f'Did you mean "{close[0]}"?' if close else f"Known keys: {_columns(owner) if owner else ''}."
            )
            return f'{place}unknown key "{key}". {known}{more}'
        case "missing":
            example = _example(owner, key)
            return f'{place}has no "{key}". Add: {key} = {example}.{more}'
        case "enum":
            allowed = first.get("ctx", {}).get("expected", "")
            return f'{place}{key} = "{_short(first["input"])}" is not a word we know. Use one of: {allowed}.{more}'
        case "value_error":
            text = str(first.get("ctx", {}).get("error", first["msg"]))
            return f"{place}{f'{key}: ' if key else ''}{text}{more}"
        case kind:
            words = PLAIN.get(kind, first["msg"][0].lower() + first["msg"][1:]).format(**first.get("ctx", {}))
            form = (
                f" It looks like this: {_example(owner, key)}." if kind == "string_pattern_mismatch" else ""
            )
            return f'{place}{key} = "{_short(first["input"])}" {words}.{form}{more}'


def unique(where: Path | str, what: str, values: Iterable[str]) -> None:
    """Refuse a name that stands twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise InputError(f'{where}: {what} "{value}" stands twice. Give one of them another name.')
        seen.add(value)


def _check_header(path: Path, header: list[str], model: type[BaseModel]) -> None:
    known = set(model.model_fields)
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise InputError(
            f"{path}, line 1: its cells are not separated by commas. Save it as comma-separated CSV."
        )
    if not known & set(header):
        raise InputError(
            f"{path}, line 1: names no column. The first line must be a header: {_columns(model)}."
        )
    for number, name in enumerate(header, start=1):
        if not name.strip():
            raise InputError(
                f"{path}, line 1: column {number} has no name. Name it, or take the extra comma out."
            )
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f'Did you mean "{close[0]}"?' if close else f"Known columns: {_columns(model)}."
            raise InputError(f'{path}, line 1: unknown column "{name}". {hint}')
    unique(f"{path}, line 1", "column", header)
    for name, spec in model.model_fields.items():
        if spec.is_required() and name not in header:
            raise InputError(f'{path}, line 1: column "{name}" is missing. Add it.')


def _columns(model: type[BaseModel]) -> str:
    return ", ".join(_names(model))


def _names(model: type[BaseModel]) -> list[str]:
    """The keys as people write them: a field's alias where it has one."""
    return [spec.alias or name for name, spec in model.model_fields.items()]


def _named(raw: dict[str, str]) -> str:
    name = raw.get("row_id") or raw.get("study_key")
    return f" ({name})" if name else ""


def _short(value: object) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= 60 else text[:57] + "..."


def _place(
    loc: tuple[int | str, ...], raw: Any, model: type[BaseModel]
) -> tuple[str, str, type[BaseModel] | None]:
    """("claims", 3, "outcome") becomes ('claim "crps-pain": ', "outcome", Claim)."""
    words: list[str] = []
    here, owner, key = raw, model, ""
    steps = list(loc)
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        if isinstance(step, int):
            here = here[step] if isinstance(here, list) and step < len(here) else None
            if last and not isinstance(here, dict):  # a member of a plain list: the list is the key
                key = words.pop()
                break
            name = (here.get("slug") or here.get("name")) if isinstance(here, dict) else None
            words[-1] = f"{words[-1].removesuffix('s')} {f'{chr(34)}{name}{chr(34)}' if name else step + 1}"
            continue
        if last:
            key = step
            break
        words.append(step)
        owner_field = _field(owner, step)
        owner = _inner(owner_field.annotation) if owner_field else None  # type: ignore[assignment]
        here = here.get(step) if isinstance(here, dict) else None
    place = ", ".join(words)
    return (f"{place}: " if place else ""), key, owner


def _field(owner: type[BaseModel] | None, key: str) -> FieldInfo | None:
    fields = owner.model_fields if owner else {}
    return next((spec for name, spec in fields.items() if key in (name, spec.alias)), None)


def _inner(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _example(owner: type[BaseModel] | None, key: str) -> str:
    spec = _field(owner, key)
    examples = (spec.examples if spec else None) or ["..."]
    return f'"{examples[0]}"' if isinstance(examples[0], str) else str(examples[0])
