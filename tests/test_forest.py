"""Forest plots: what is drawn, what is said in words, and that nothing is cut."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readings import NULL, claim, graded, interval, row, study

from ldn_evidence import Workspace, pictures
from ldn_evidence.errors import InputError
from ldn_evidence.grading import beside, grade_rules, pool
from ldn_evidence.model import Appraisal, Finding, Study
from ldn_evidence.pictures.lines import Shown, effect, figures, shown

FROM = "ldn_evidence; a test. Not medical advice."


def read(rows: list[Appraisal], studies: list[Study] | None = None, **changes: object) -> tuple[Any, ...]:
    """Claim, profile, pool and published pools of made-up rows."""
    asked, profile = claim(**changes), graded(rows, studies, **changes)
    best = profile.body.name if profile.body else None
    found = pool(asked, [one for one in profile.counted if one.body is best and one.direction], grade_rules())
    return asked, profile, found, beside(asked, profile.reviews, profile.counted, found)


def seen(rows: list[Appraisal], studies: list[Study] | None = None, **changes: object) -> Shown:
    return shown(*read(rows, studies, **changes), "LDN", FROM)


def svg(rows: list[Appraisal], studies: list[Study] | None = None, **changes: object) -> str:
    chart = pictures.forest(*read(rows, studies, **changes), drug="LDN", provenance=FROM)
    return pictures.drawn(chart, "svg").decode("utf-8")


def below(held: Shown) -> list[str]:
    return [one.text for one in held.below]


A = row("a", NULL, 99, **interval(-0.34, -0.95, 0.27))
B = row("b", NULL, 98, **interval(0.49, -0.32, 1.30))
C = row("c", Finding.DECREASE, 60, **interval(-1.2, -2.0, -0.4))


def test_each_study_has_its_row_and_the_pool_its_diamond():
    held = seen([A, B])
    assert [(one.label, one.people, round(one.weight or 0)) for one in held.studies] == [
        ("a", "99", 55),
        ("b", "98", 45),
    ]
    assert held.pool is not None
    assert (held.pool.label, held.pool.people) == ("Pooled, 2 studies", "197")
    assert (held.margin, held.prediction, held.unit) == ((-1.0, 1.0), None, "mean difference, 0-10")
    drawn = svg([A, B])
    for words in (
        "0.03 (−0.78 to 0.84)",
        "55 %",
        "Pooled, 2 studies",
        "favours LDN",
        "favours placebo",
        "Not medical advice.",
    ):
        assert words in drawn, words


def test_a_study_is_called_by_its_first_author_and_year():
    named = study("a", first_author="Rodríguez-Freire AB", year=2026)
    twins = [study("b", first_author="Younger J", year=2013), study("c", first_author="Younger J", year=2013)]
    assert [one.label for one in seen([A, B, C], [named, *twins]).studies] == [
        "b",
        "c",
        "Rodríguez-Freire 2026",
    ]


def test_a_row_that_is_not_pooled_is_said_with_its_reason():
    rows = [
        A,
        B,
        row("d", Finding.DECREASE, 30),
        row("e", NULL, 20, **interval(3, -9, 15, scale="0-100")),
        row("f", Finding.UNCLEAR, 5),
    ]
    said = below(seen(rows))
    at = said.index("Not pooled")
    assert said[at + 1 : at + 4] == [
        "d: no interval seen",
        "e, MD (scale: 0-100) 3.0 (−9.0 to 15.0), not on this axis: of another kind (MD, 0-100, against placebo) than those pooled (MD, 0-10, against",
        "\u00a0\u00a0\u00a0\u00a0placebo)",
    ]
    assert said[at + 4] == "f: its finding on this outcome is unclear"


def test_one_interval_is_drawn_where_nothing_can_be_pooled():
    held = seen([A, row("d", NULL, 10)])
    assert [(one.label, one.weight) for one in held.studies] == [("a", None)]
    assert held.pool is None
    assert ">weight<" not in svg([A, row("d", NULL, 10)])
    assert ">weight<" in svg([A, B])


def test_without_any_interval_there_is_nothing_to_draw():
    with pytest.raises(InputError, match="pain: no study and no review gives an estimate with its interval"):
        seen([row("a", NULL, 10)])


def test_a_review_on_the_same_axis_is_drawn_and_any_other_is_said():
    same = row("same", Finding.DECREASE, None, review_of="randomised", **interval(-0.5, -1.1, 0.1))
    other = row(
        "other", Finding.DECREASE, None, review_of="randomised", **interval(-0.5, -1.1, 0.1, "SMD", "")
    )
    held = seen(
        [A, B, same, other],
        [study("a"), study("b"), study("same", "meta_analysis"), study("other", "meta_analysis")],
    )
    assert [one.label for one in held.reviews] == ["same (review)"]
    said = below(held)
    assert "other: SMD −0.50 (−1.10 to 0.10), not on this axis" in said
    assert "All: Which studies it pooled is not recorded here." in said


def test_a_ratio_stands_on_a_logarithmic_axis():
    rows = [
        row(key, Finding.INCREASE, 100, **interval(value, value / 2, value * 2, "RR", ""))
        for key, value in (("a", 1.5), ("b", 3.0))
    ]
    facts = {"kind": "harm", "condition": None, "query": "(nausea[tiab])", "expects": "increase"}
    held = seen(rows, **facts)
    assert held.no_effect == 1
    assert held.sides == ("less with LDN", "more with LDN")
    assert held.axis[0] < 0.75
    assert held.axis[1] > 6
    assert "risk ratio" in svg(rows, **facts)


def test_the_words_at_the_axis_never_say_more_than_the_rows():
    assert seen([A, B]).sides == ("favours LDN", "favours placebo")
    assert seen([A, B], expects="increase").sides == ("favours placebo", "favours LDN")
    active = row(
        "a", NULL, 60, comparator="active", comparator_detail="amitriptyline", **interval(1.5, -1.1, 4.1)
    )
    assert seen([active], comparator=["active"]).sides == ("favours LDN", "favours amitriptyline")
    hidden = row("a", NULL, 60, **interval(1.5, -1.1, 4.1, scale="VAS, range and sign not shown"))
    assert seen([hidden]).sides == ("lower with LDN", "higher with LDN")


def test_a_prediction_interval_of_three_studies_does_not_press_the_studies_together():
    held = seen([A, B, C])
    assert held.prediction is not None
    assert held.prediction[0] < held.axis[0] < -2
    assert 1.3 < held.axis[1] < held.prediction[1]
    assert "Thin line: where one more study would be expected, −11.3 to 10.6." in " ".join(
        " ".join(below(held)).split()
    )


def test_no_line_of_words_is_wider_than_the_picture():
    long = [row("k" * 60, NULL, 50, **interval(0.1, -0.5, 0.7)), row("d", NULL, 10)]
    held = seen(long, question="Does it help " + "very " * 60 + "much?")
    assert max(len(one.label) for one in held.studies) <= 30
    assert max(map(len, below(held))) <= 142
    assert max(map(len, held.title)) <= 95


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_name_and_any_question_can_be_drawn(author, question):
    rows = [A, B, row("d", NULL, 10)]
    asked, profile, found, published = read(rows)
    # what a record of PubMed may hold, past the checks of what people write
    hostile = asked.model_copy(update={"question": question})
    named = [
        replace(
            one,
            study=replace(
                one.study,
                reports=(one.study.reports[0].model_copy(update={"first_author": author, "year": 2020}),),
            ),
        )
        for one in profile.counted
    ]
    held = shown(hostile, replace(profile, counted=tuple(named)), found, published, "LDN", FROM)
    assert len(held.studies) == 2
    assert all(len(one.label) <= 30 for one in held.studies)


def test_letters_that_no_picture_can_hold_do_not_end_it():
    asked, *rest = read([A, B])
    chart = pictures.forest(
        asked.model_copy(update={"question": "pain\x00\x0b\ud800 <b>&\u202e 痛み?"}),
        *rest,
        drug="LDN",
        provenance=FROM,
    )
    ElementTree.fromstring(pictures.drawn(chart, "svg"))
    assert pictures.drawn(chart, "png")


def test_figures_that_stand_together_have_as_many_decimals():
    assert effect(-6.1, -13.862, 1.662) == "−6.1 (−13.9 to 1.7)"
    assert effect(0.034, -0.778, 0.839) == "0.03 (−0.78 to 0.84)"
    assert effect(-0.001, None, None) == "0.00"
    assert figures(-250, 12.34) == "−250 to 12"


def test_nothing_is_told_by_colour():
    colours = set(re.findall(r"#([0-9a-f]{6})\b", svg([A, B, C]).lower()))
    assert colours
    assert all(one[:2] == one[2:4] == one[4:] for one in colours)


def test_a_png_has_two_pixels_to_a_point(workspace: Workspace):
    picture = pictures.drawn(workspace.forest("fibromyalgia-pain"), "png")
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = struct.unpack(">II", picture[16:24])
    assert wide > 1600
    assert high > 1000


def test_the_command_writes_the_picture(workspace: Workspace, tmp_path):
    out = tmp_path / "pain.svg"
    command = [
        sys.executable,
        "-m",
        "ldn_evidence",
        "--workspace",
        str(workspace.root),
        "forest",
        "fibromyalgia-pain",
        "--out",
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"Drawn: {out}" in done.stdout
    drawn = out.read_text(encoding="utf-8")
    assert "Rodríguez-Freire 2026" in drawn
    assert "Not medical advice." in drawn
    wrong = subprocess.run(
        [*command[:-1], str(tmp_path / "pain.pdf")], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "only SVG and PNG are drawn. Name the file pain.svg." in wrong.stderr
