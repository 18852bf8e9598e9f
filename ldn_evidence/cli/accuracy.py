"""The commands that measure the machine's readings against labels that a person has: evaluate study-type, participants, direction.

Reads the user's own file and nothing of a workspace. Titles go to the screen, never into JSON or a picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ldn_evidence.cli.frame import Json, app, count, print_json
from ldn_evidence.errors import InputError

if TYPE_CHECKING:
    from ldn_evidence.accuracy import Labelled

evaluate = typer.Typer(
    help="Measure the machine's readings against labels that you have.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(evaluate, name="evaluate")
Labels = Annotated[
    Path, typer.Argument(metavar="FILE.csv", help="Abstracts with labels; see docs/accuracy.md.")
]

ONCOLOGY = (
    "Labels of this sort (primary endpoint met: Positive or Negative) come from trials in oncology. That is not this "
    "product's own domain: the figures say how abstracts of such trials are read, and promise nothing for others."
)
READ_BY_WORDS = (
    "Read from title and abstract alone. A figure holds for abstracts like those of the file; one measured on abstracts "
    "that the reader learnt from is not a figure."
)


@evaluate.command("study-type")
def study_type(
    file: Labels,
    as_json: Json = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="OUT.svg", help="Draw the probabilities' reliability as SVG."),
    ] = None,
    encoder: Annotated[
        bool, typer.Option("--encoder", help="Read with the encoder too (the extra `encoder`).")
    ] = False,
) -> None:
    """How well the kind of study is read.

    Columns: title, abstract, accepted_label; pmid or doi if there is one.
    """
    from ldn_evidence import accuracy, screen
    from ldn_evidence.model import Passage
    from ldn_evidence.tagging import Document, kind_of, learnt, tags

    if plot:
        _ready_to_draw(plot)
    rows, true = accuracy.study_kinds(file, "accepted_label")
    passages = [Passage.of(row.title, row.abstract) for row in rows]
    found = tags([Document(passage=passage) for passage in passages], encoder=encoder)
    predicted = [kind_of(tag.design) for tag in found]
    probabilities = [tag.probability for tag in found]
    kinds = [kind.name for kind in accuracy.kinds()]
    measured = accuracy.study_types(true, predicted, probabilities, kinds)
    measured["learnt_from"] = sum(map(learnt, passages))
    wrong = [
        (row, {"true": label, "predicted": kind, "probability": probability})
        for row, label, kind, probability in zip(rows, true, predicted, probabilities, strict=True)
        if label != kind
    ]
    # What the reader was surest of comes first: there a rule is wrong, or a label.
    wrong.sort(key=lambda one: -float(one[1]["probability"] or 0))
    if plot:
        plot.write_text(accuracy.reliability_svg(measured), encoding="utf-8")
    if as_json:
        print_json({**measured, "wrong": _named(wrong), "note": READ_BY_WORDS})
        return
    screen.study_types(file, measured)
    if measured["learnt_from"]:
        print(
            f"BEWARE: the model learnt from {measured['learnt_from']} of these abstracts. How it reads them again is memory, and no figure."
        )
    screen.wrong(wrong, READ_BY_WORDS)
    if plot:
        print(f"Drawn: {plot}")


@evaluate.command("participants")
def number_of_participants(file: Labels, as_json: Json = False) -> None:
    """How well the number of participants is read.

    Columns: abstract, total_participants (several totals with | between them); pmid or doi and title if there are.
    """
    from ldn_evidence import accuracy, screen
    from ldn_evidence.model import Passage
    from ldn_evidence.reading.numbers import marked
    from ldn_evidence.reading.participants import participants, total

    rows = accuracy.labelled(file, "total_participants", needs=("abstract",))
    totals = [(row, marked(row.label)) for row in rows]
    with_total = [(row, true) for row, true in totals if true]
    if not with_total:
        raise InputError(f"{file}: no row has a number in total_participants. Fill it in where it is known.")
    read = [total(participants(Passage.of(row.title, row.abstract))) for row, _ in with_total]
    exact = [number in true for number, (_, true) in zip(read, with_total, strict=True)]
    measured = accuracy.answers([number is not None for number in read], exact, "exact_of_answered")
    measured["left_out"] = {
        "without_a_total": sum(not row.label for row in rows),
        "total_not_a_number": [row.line for row, true in totals if row.label and not true],
    }
    wrong = [
        (row, {"true": " or ".join(map(str, sorted(true))), "read": number})
        for (row, true), number, right in zip(with_total, read, exact, strict=True)
        if number is not None and not right
    ]
    if as_json:
        print_json({**measured, "wrong": _named(wrong), "note": READ_BY_WORDS})
        return
    left = measured["left_out"]
    print(
        f"{file}: {count(measured['n'], 'abstract')} with a total; {left['without_a_total']} without are left out"
    )
    if left["total_not_a_number"]:
        print(
            f"Left out too, total_participants is no number: line {', '.join(map(str, left['total_not_a_number']))}"
        )
    screen.answers(measured, "exact_of_answered", "exact, of those answered")
    screen.wrong(wrong, READ_BY_WORDS)


@evaluate.command()
def direction(file: Labels, as_json: Json = False) -> None:
    """How well a trial's result is read.

    Columns: title, abstract, direction (Positive or Negative); pmid or doi if there is one.
    """
    from ldn_evidence import accuracy, screen
    from ldn_evidence.model import Passage, ResultDirection
    from ldn_evidence.reading.results import result

    says = {
        ResultDirection.FAVOURS: "Positive",
        ResultDirection.NO_DIFFERENCE: "Negative",
        ResultDirection.AGAINST: "Negative",
    }
    rows, true = accuracy.directions(file, "direction")
    read = [says.get(result(Passage.of(row.title, row.abstract)).direction) for row in rows]
    right = [label == said for label, said in zip(true, read, strict=True)]
    measured = accuracy.answers([said is not None for said in read], right, "accuracy_of_answered")
    measured["confusion"] = {
        label: {
            said or "unanswered": sum(pair == (label, said) for pair in zip(true, read, strict=True))
            for said in (*accuracy.DIRECTIONS, None)
        }
        for label in accuracy.DIRECTIONS
    }
    wrong = [
        (row, {"true": label, "read": said})
        for row, label, said in zip(rows, true, read, strict=True)
        if said is not None and said != label
    ]
    if as_json:
        print_json({**measured, "wrong": _named(wrong), "note": f"{ONCOLOGY} {READ_BY_WORDS}"})
        return
    print(f"{file}: {count(measured['n'], 'trial')}")
    screen.answers(measured, "accuracy_of_answered", "right, of those answered")
    screen.directions(measured["confusion"])
    screen.wrong(wrong, READ_BY_WORDS)
    print(ONCOLOGY)


def _ready_to_draw(plot: Path) -> None:
    """Refuses before anything is read what could not be drawn afterwards."""
    from ldn_evidence.drawing import drawing

    if plot.suffix.lower() != ".svg":
        raise InputError(f"--plot {plot}: only SVG is drawn. Name the file {plot.with_suffix('.svg').name}.")
    if not plot.parent.is_dir():
        raise InputError(f"--plot {plot}: there is no folder {plot.parent}. Make it, or name another.")
    drawing()


def _named(wrong: Sequence[tuple[Labelled, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    return [{"pmid": row.pmid, "doi": row.doi, "line": row.line, **what} for row, what in wrong]
