"""Figures of accuracy are those of the field, and a file that can't be measured is refused with the mend."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import refused, run, start
from conftest import REPO
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from ldn_evidence import InputError, accuracy

PAGE = (REPO / "docs" / "accuracy.md").read_text(encoding="utf-8")
KINDS = [kind.name for kind in accuracy.kinds()]
LABELS = {
    "Human-systematic-review": "systematic review",
    "Animal-systematic-review": "systematic review",
    "Human-RCT-drug-intervention": "RCT",
    "Human-RCT-non-drug-intervention": "RCT",
    "Human-RCT-non-intervention": "RCT",
    "Human-non-RCT-drug-intervention": "non-randomised",
    "Human-non-RCT-non-drug-intervention": "non-randomised",
    "Human-case-report": "case report",
    "Non-systematic-review": "narrative review",
    "Clinical-study-protocol": "protocol",
    "Animal-drug-intervention": "animal",
    "Animal-non-drug-intervention": "animal",
    "Animal-other": "animal",
    "In-vitro-study": "in vitro",
    "Remaining": "other",
}
readings = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS), st.none() | st.floats(0, 1)),
    min_size=1,
    max_size=60,
)


# --------------------------------------------------------------------------- the figures


@given(readings)
def test_precision_recall_f1_accuracy_and_confusion_are_those_of_scikit_learn(rows):
    true, predicted, probabilities = zip(*rows, strict=True)
    found = accuracy.study_types(true, predicted, probabilities, KINDS)
    there = [kind for kind in KINDS if kind in true]
    wanted = precision_recall_fscore_support(true, predicted, labels=there, zero_division=0)
    assert list(found["classes"]) == there
    for number, kind in enumerate(there):
        assert list(found["classes"][kind].values()) == pytest.approx([values[number] for values in wanted])
    assert found["absent"] == [kind for kind in KINDS if kind not in true]
    assert found["n"] == len(rows)
    assert found["accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert found["macro_f1"] == pytest.approx(
        f1_score(true, predicted, labels=there, average="macro", zero_division=0)
    )
    assert found["confusion"] == {
        "kinds": KINDS,
        "true_by_predicted": confusion_matrix(true, predicted, labels=KINDS).tolist(),
    }


@given(readings)
def test_a_document_of_figures_is_plain_json_and_every_interval_lies_between_0_and_1(rows):
    found = accuracy.study_types(*zip(*rows, strict=True), KINDS)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    pairs = re.findall(r"\[(\d\.\d+(?:e-\d+)?), (\d\.\d+(?:e-\d+)?)\]", json.dumps(found))
    assert len(pairs) >= 2
    assert all(0 <= float(low) <= float(high) <= 1 for low, high in pairs)


def test_the_calibration_error_is_the_one_computed_by_hand():
    # Bin .9-1: three of four right, mean .95, off by .2, weight 4/10. Bin .6-.7: one of two, mean .65, off by .15, weight 2/10.
    # Bin .2-.3: three of four right, mean .25, off by .5, weight 4/10. Together .08 + .03 + .2 = .31.
    probabilities = [0.95, 0.95, 0.95, 0.95, 0.65, 0.65, 0.25, 0.25, 0.25, 0.25]
    right = [True, True, True, False, True, False, True, True, True, False]
    found = accuracy.study_types(
        ["RCT"] * 10, ["RCT" if one else "animal" for one in right], probabilities, KINDS
    )
    assert found["ece"] == pytest.approx(0.31)
    assert [(one["from"], one["n"], one["accuracy"]) for one in found["reliability"] if one["n"]] == [
        (0.2, 4, 0.75),
        (0.6, 2, 0.5),
        (0.9, 4, 0.75),
    ]


def test_a_probability_on_an_edge_belongs_to_the_bin_above_and_1_to_the_last():
    edges = [number / 10 for number in range(11)]
    found = accuracy.study_types(["RCT"] * 11, ["RCT"] * 11, edges, KINDS)
    assert [one["n"] for one in found["reliability"]] == [1] * 9 + [2]


def test_a_reading_without_a_probability_counts_for_accuracy_and_is_sure_at_no_threshold():
    found = accuracy.study_types(["RCT", "RCT"], ["RCT", "animal"], [None, 0.8], KINDS)
    assert (found["accuracy"], found["with_probability"], found["ece"]) == (0.5, 1, 0.8)
    assert [(one["p"], one["n"], one["coverage"], one["accuracy"]) for one in found["coverage"]] == [
        (0.5, 1, 0.5, 0.0),
        (0.6, 1, 0.5, 0.0),
        (0.7, 1, 0.5, 0.0),
        (0.8, 1, 0.5, 0.0),
        (0.9, 0, 0.0, None),
    ]


def test_without_any_probability_there_is_no_calibration():
    found = accuracy.study_types(["RCT"], ["RCT"], [None], KINDS)
    assert (found["ece"], found["intervals"]["ece"]) == (None, None)
    with pytest.raises(InputError, match="nothing to draw"):
        accuracy.reliability_svg(found)


def test_a_kind_that_no_label_names_is_left_out_of_macro_f1_and_still_an_error():
    found = accuracy.study_types(["RCT", "RCT"], ["RCT", "animal"], [0.9, 0.9], KINDS)
    assert found["classes"] == {"RCT": {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "n": 2}}
    assert (found["macro_f1"], found["accuracy"]) == (pytest.approx(2 / 3), 0.5)
    assert found["absent"] == [kind for kind in KINDS if kind != "RCT"]


def test_a_kind_that_was_never_read_has_precision_0_and_no_interval_for_it():
    found = accuracy.study_types(["RCT", "animal"], ["RCT", "RCT"], [0.9, 0.9], KINDS)
    assert found["classes"]["animal"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n": 1}
    assert found["intervals"]["classes"]["animal"] == {
        "precision": None,
        "recall": [0.0, 0.0],
        "f1": [0.0, 0.0],
    }


def test_intervals_are_those_of_drawing_the_abstracts_anew_one_resample_at_a_time():
    chance = np.random.default_rng(7)
    true = [str(one) for one in chance.choice(KINDS[:3], 200, p=[0.5, 0.3, 0.2])]
    predicted = [one if chance.random() < 0.7 else str(chance.choice(KINDS[:3])) for one in true]
    found = accuracy.study_types(true, predicted, [None] * 200, KINDS)["intervals"]
    drawn = []
    for _ in range(400):
        picked = chance.integers(200, size=200)
        labels, said = [true[one] for one in picked], [predicted[one] for one in picked]
        hits = [one for one, other in zip(labels, said, strict=True) if one == other]
        recall = hits.count(KINDS[0]) / labels.count(KINDS[0])
        drawn.append((len(hits) / 200, f1_score(labels, said, average="macro"), recall))
    wanted = np.percentile(drawn, (2.5, 97.5), axis=0).T
    assert found["accuracy"] == pytest.approx(wanted[0], abs=0.03)
    assert found["macro_f1"] == pytest.approx(wanted[1], abs=0.03)
    assert found["classes"][KINDS[0]]["recall"] == pytest.approx(wanted[2], abs=0.03)


def test_the_same_file_gives_the_same_intervals_and_one_without_errors_none_to_speak_of():
    first, second = (accuracy.study_types(KINDS, KINDS, [0.9] * 9, KINDS) for _ in range(2))
    assert first == second
    assert first["intervals"]["accuracy"] == [1.0, 1.0]
    assert first["bootstrap"] == {
        "method": "percentile, over abstracts",
        "level": 0.95,
        "resamples": 2000,
        "seed": 2026,
    }


@pytest.mark.parametrize(
    ("true", "predicted", "probabilities"),
    [
        ([], [], []),
        (["RCT"], ["RCT", "RCT"], [0.5]),
        (["RCT"], ["trial"], [0.5]),
        (["RCT"], ["RCT"], [1.1]),
    ],
)
def test_what_makes_no_sense_is_not_measured(true, predicted, probabilities):
    with pytest.raises(ValueError, match=r"kinds|as many|between 0 and 1"):
        accuracy.study_types(true, predicted, probabilities, KINDS)


def test_a_reader_that_keeps_silent_is_measured_by_what_it_answers():
    found = accuracy.answers([True] * 80 + [False] * 20, [True] * 60 + [False] * 40, "exact_of_answered")
    assert (found["n"], found["answered"], found["exact_of_answered"]) == (100, 0.8, 0.75)
    assert found["counts"] == {"answered": 80, "right": 60}
    # The usual approximation for a share: 1.96 * sqrt(p * (1 - p) / n).
    assert found["intervals"]["answered"] == pytest.approx([0.722, 0.878], abs=0.02)
    assert found["intervals"]["exact_of_answered"] == pytest.approx([0.655, 0.845], abs=0.02)


def test_a_reader_that_never_answers_is_neither_right_nor_wrong():
    found = accuracy.answers([False, False], [False, False], "accuracy_of_answered")
    assert (found["answered"], found["accuracy_of_answered"]) == (0.0, None)
    assert found["intervals"] == {"answered": [0.0, 0.0], "accuracy_of_answered": None}


# --------------------------------------------------------------------------- the labels


def test_fifteen_human_labels_fold_to_nine_kinds_and_a_kind_to_itself():
    assert {label: accuracy.fold(label) for label in LABELS} == LABELS
    assert [accuracy.fold(kind) for kind in KINDS] == KINDS == list(dict.fromkeys(LABELS.values()))


def test_the_page_shows_the_table_by_which_labels_fold():
    for kind in accuracy.kinds():
        labels = ", ".join(f"`{one}`" for one in kind.labels)
        assert f"| {kind.name} | {labels} | {kind.reason} |" in PAGE


def test_the_page_names_what_the_figures_rest_on():
    rests = accuracy.study_types(["RCT"], ["RCT"], [0.9], KINDS)["bootstrap"]
    assert f"{rests['resamples']:,} times" in PAGE
    assert f"{rests['level']:.0%}".replace("%", " %") in PAGE


def test_rows_keep_their_line_though_cells_break_over_lines_and_columns_nobody_asks_for_are_left_alone(
    tmp_path,
):
    path = tmp_path / "labels.csv"
    text = '\ufeffmine,pmid,title,abstract,accepted_label\r\n,1,A,"Two\nlines",RCT\r\n\r\n,,B,,Remaining\r\n'
    path.write_bytes(text.encode())
    rows, kinds = accuracy.study_kinds(path, "accepted_label")
    assert kinds == ["RCT", "other"]
    assert [row.name for row in rows] == ["1", "line 5"]
    assert rows == [
        accuracy.Labelled(line=2, pmid="1", doi=None, title="A", abstract="Two\nlines", label="RCT"),
        accuracy.Labelled(line=5, pmid=None, doi=None, title="B", abstract="", label="Remaining"),
    ]


HEAD = "title,abstract,accepted_label\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "labels.csv: is empty. Its first line must name the columns: title, abstract, accepted_label."),
        (
            HEAD,
            "labels.csv: has no row below its header. Add a line for every labelled abstract.",
        ),
        (
            "title,abstract\nA,B\n",
            'line 1: column "accepted_label" is missing. The first line must name: title, abstract, accepted_label.',
        ),
        (
            "title,abstract,accepted_labels\nA,B,RCT\n",
            'line 1: column "accepted_label" is missing. Is "accepted_labels" meant for it?',
        ),
        ("title;abstract;accepted_label\n", "line 1: its cells are not separated by commas."),
        ("<!DOCTYPE html>\n<html></html>\n", 'line 1: column "title" is missing.'),
        (HEAD.replace("title", "title,title") + "A,A,B,RCT\n", 'line 1: column "title" stands twice.'),
        (HEAD + "A,B,RCT\nA,B\n", "line 3: has 2 cells under 3 columns."),
        (HEAD + 'A,"B,RCT\n', "line 2: is not valid CSV: unexpected end of data. Mend that line."),
        (HEAD + "A,B,\n", "line 2: has no accepted_label. Fill it in, or take the row out."),
        (
            HEAD + "A,B,RCT\nA,B,In-vitro-studies\n",
            'line 3: accepted_label = "In-vitro-studies" is not a label we know. Did you mean "In-vitro-study"?',
        ),
        (HEAD + "A,B,nonsense\n", "Use one of: systematic review, Human-systematic-review,"),
        (HEAD + "A,\x1b[2J,RCT\n", "line 2: holds the control character '\\x1b'. Take it out."),
    ],
)
def test_a_file_that_cannot_be_measured_is_refused_with_the_line_and_the_mend(tmp_path, content, words):
    path = tmp_path / "labels.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(words)):
        accuracy.study_kinds(path, "accepted_label")


def test_a_file_that_is_not_there_or_not_utf_8_is_refused(tmp_path):
    with pytest.raises(InputError, match="can't be read"):
        accuracy.study_kinds(tmp_path / "nowhere.csv", "accepted_label")
    path = tmp_path / "latin.csv"
    path.write_bytes((HEAD + "Étude,B,RCT\n").encode("latin-1"))
    with pytest.raises(InputError, match="is not UTF-8"):
        accuracy.study_kinds(path, "accepted_label")


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (HEAD + text).encode()))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    path.write_bytes(content)
    try:
        rows, kinds = accuracy.study_kinds(path, "accepted_label")
    except InputError as error:
        named = str(error).startswith(str(path))
    else:
        named = len(rows) == len(kinds) >= 1 and set(kinds) <= set(KINDS)
    assert named


# --------------------------------------------------------------------------- the picture


def test_the_picture_tells_its_numbers_and_uses_no_colour():
    probabilities = [0.05, 0.15, 0.35, 0.55, 0.55, 0.75, 0.85, 0.95, 0.95]
    found = accuracy.study_types(KINDS, ["RCT"] * 9, probabilities, KINDS)
    drawn = etree.fromstring(accuracy.reliability_svg(found).encode())
    words = ["".join(text.itertext()) for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert "probability of the kind that was read" in words
    assert any(f"9 readings; expected calibration error {found['ece']:.3f}" in one for one in words)
    painted = {
        value.lower()
        for element in drawn.iter()
        for name in ("fill", "stroke")
        if (value := element.get(name)) not in (None, "none", "transparent")
    }
    assert painted
    assert all(re.fullmatch(r"#(?:([0-9a-f]{2})\1\1|([0-9a-f])\2\2)|white", one) for one in painted)


def test_without_the_library_that_draws_the_mend_is_named():
    words = (
        "import sys; sys.modules['vl_convert'] = None; from ldn_evidence.drawing import drawing; drawing()"
    )
    done = subprocess.run([sys.executable, "-c", words], cwd=REPO, capture_output=True, text=True, timeout=60)
    assert (
        "a picture needs vl_convert, which is not installed. Install the pictures: pip install" in done.stderr
    )


# --------------------------------------------------------------------------- the commands

STUDIES = [
    (
        "1",
        "Naltrexone 4 mg for sore knees: a randomised, double-blind, placebo-controlled trial",
        "METHODS: We randomly assigned 60 adults to naltrexone or placebo. RESULTS: Pain fell by 2 points more with naltrexone.",
        "Human-RCT-drug-intervention",
    ),
    (
        "2",
        "Naltrexone for sore joints: a systematic review and meta-analysis",
        "We searched PubMed and Embase for randomised trials and pooled them by random effects. Twelve studies were included.",
        "Human-systematic-review",
    ),
    (
        "3",
        "Vivid dreams under naltrexone: a case report",
        "We report the case of a 51-year-old woman who presented with vivid dreams.",
        "Human-case-report",
    ),
    (
        "4",
        "Naltrexone and healing in rats",
        "Male Sprague-Dawley rats were injected with naltrexone daily; wounds were measured.",
        "Animal-drug-intervention",
    ),
]


def write(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([columns, *rows])
    return path


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    return write(tmp_path / "studies.csv", ("pmid", "title", "abstract", "accepted_label"), STUDIES)


def answer(*arguments: object, cwd: Path) -> dict:
    """What a command answers as JSON, whose keys the page names."""
    done = run("evaluate", *arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {arguments[0]} |"))
    assert [key for key in found if f"`{key}`" not in line] == []
    return found


def test_a_study_type_of_every_design_has_a_kind_that_figures_know():
    from ldn_evidence.tagging import design_rules

    assert set(design_rules().kinds.values()) <= set(KINDS)


def test_study_types_of_a_file_are_measured_and_the_title_stays_out_of_json(studies, tmp_path):
    found = answer("study-type", studies, cwd=tmp_path)
    assert found["n"] == 4
    assert list(found["classes"]) == ["systematic review", "RCT", "case report", "animal"]
    assert [one["n"] for one in found["classes"].values()] == [1, 1, 1, 1]
    assert all(isinstance(found[name], int | float) for name in ("accuracy", "macro_f1", "ece"))
    assert len(found["wrong"]) == round(4 * (1 - found["accuracy"]))
    assert not any(title in json.dumps(found) for _, title, _, _ in STUDIES)


def test_a_wrong_reading_is_shown_with_its_title(studies, tmp_path):
    wrong = write(
        tmp_path / "wrong.csv",
        ("pmid", "title", "abstract", "accepted_label"),
        [(*STUDIES[0][:3], "in vitro"), STUDIES[1]],
    )
    done = run("evaluate", "study-type", wrong, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 wrong reading\n" in done.stdout
    assert re.search(r"^1 +Naltrexone 4 mg for sore knees.* in vitro +RCT +[01]\.\d\d", done.stdout, re.M)


def test_the_reliability_of_study_types_is_drawn(studies, tmp_path):
    done = start("evaluate", "study-type", studies, "--plot", "reliability.svg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    drawn = etree.fromstring((tmp_path / "reliability.svg").read_bytes())
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"


def test_a_picture_that_cannot_be_drawn_is_refused_before_anything_is_read(studies, tmp_path):
    assert "only SVG is drawn" in refused(
        "evaluate", "study-type", studies, "--plot", "out.png", cwd=tmp_path
    )
    assert "there is no folder nowhere" in refused(
        "evaluate", "study-type", studies, "--plot", "nowhere/out.svg", cwd=tmp_path
    )


def test_participants_are_measured_where_a_total_was_marked(tmp_path):
    path = write(
        tmp_path / "participants.csv",
        ("pmid", "abstract", "total_participants"),
        [
            ("1", "Sixty patients with sore knees were randomly assigned to naltrexone or placebo.", "Sixty"),
            ("2", "A total of 1 204 patients were randomised; 1,100 completed.", "1 204 | 1,100"),
            ("3", "We randomised 85 women with endometriosis.", "58"),
            ("4", "Nobody was counted here.", "12"),
            ("5", "We randomised 30 men.", ""),
            ("6", "We randomised 31 men.", "many"),
        ],
    )
    found = answer("participants", path, cwd=tmp_path)
    assert (found["n"], found["answered"], found["exact_of_answered"]) == (4, 0.75, pytest.approx(2 / 3))
    assert found["left_out"] == {"without_a_total": 1, "total_not_a_number": [7]}
    assert found["wrong"] == [{"pmid": "3", "doi": None, "line": 4, "true": "58", "read": 85}]
    done = run("evaluate", "participants", path, cwd=tmp_path)
    assert "exact, of those answered  0.667" in done.stdout
    assert "4 abstracts with a total; 1 without are left out" in " ".join(done.stdout.split())


def test_a_file_without_any_total_is_refused(tmp_path):
    path = write(tmp_path / "none.csv", ("abstract", "total_participants"), [("We randomised 31 men.", "")])
    assert "no row has a number in total_participants" in refused(
        "evaluate", "participants", path, cwd=tmp_path
    )


def test_directions_are_measured_and_their_labels_are_said_to_come_from_oncology(tmp_path):
    path = write(
        tmp_path / "directions.csv",
        ("doi", "title", "abstract", "direction"),
        [
            (
                "10.5555/a",
                "A trial of one drug",
                "CONCLUSION: The drug significantly improved survival compared with placebo.",
                "Positive",
            ),
            (
                "10.5555/b",
                "A trial of another",
                "CONCLUSION: The drug did not improve survival compared with placebo.",
                "Negative",
            ),
            (
                "10.5555/c",
                "A third trial",
                "CONCLUSION: The drug did not improve survival compared with placebo.",
                "Positive",
            ),
            ("10.5555/d", "A fourth trial", "", "Positive"),
        ],
    )
    found = answer("direction", path, cwd=tmp_path)
    assert (found["n"], found["answered"], found["accuracy_of_answered"]) == (4, 0.75, pytest.approx(2 / 3))
    assert found["confusion"] == {
        "Positive": {"Positive": 1, "Negative": 1, "unanswered": 1},
        "Negative": {"Positive": 0, "Negative": 1, "unanswered": 0},
    }
    assert found["wrong"] == [
        {"pmid": None, "doi": "10.5555/c", "line": 4, "true": "Positive", "read": "Negative"}
    ]
    assert "oncology" in found["note"]
    assert "oncology" in run("evaluate", "direction", path, cwd=tmp_path).stdout
    path.write_text("title,abstract,direction\nA,B,positive\n", encoding="utf-8")
    assert 'direction = "positive" is not a label we know. Did you mean "Positive"?' in refused(
        "evaluate", "direction", path, cwd=tmp_path
    )


def test_a_file_that_is_not_there_ends_every_evaluation_with_2(tmp_path):
    for command in ("study-type", "participants", "direction"):
        assert "nowhere.csv: can't be read" in refused("evaluate", command, "nowhere.csv", cwd=tmp_path)
