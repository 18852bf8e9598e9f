"""What people write wrong is refused with the file, the place and the mend; nothing is lost."""

from __future__ import annotations

import csv
import io

import pytest
from conftest import REPO
from hypothesis import given
from hypothesis import strategies as st

from ldn_evidence import InputError, Workspace, protocol
from ldn_evidence.model import Appraisal
from ldn_evidence.textfiles import read_rows

PROTOCOL = (REPO / "data" / "protocols" / "amitriptyline-ibs.toml").read_text(encoding="utf-8")


def broken_protocol(tmp_path, old: str, new: str) -> str:
    path = tmp_path / "amitriptyline-ibs.toml"
    assert old in PROTOCOL
    path.write_text(PROTOCOL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        protocol.load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'outcome = "symptom severity"\n',
            "",
            'claim "ibs-symptoms": has no "outcome". Add: outcome = "pain intensity"',
        ),
        ("expects =", "expect =", 'claim "ibs-symptoms": unknown key "expect". Did you mean "expects"?'),
        ('kind = "benefit"', 'kind = "benefits"', 'kind = "benefits" is not a word we know. Use one of'),
        (
            'condition = "irritable',
            'condition = "iritable',
            'condition "iritable-bowel-syndrome" is not among',
        ),
        ("value = 50", "value = -50", 'claim "ibs-symptoms", smallest_important_difference 1: value = "-50"'),
        ("value = 50", "value = nan", "value"),
        ("value = 1.25", "value = 0.8", "factor above 1"),
        ("usual = [10, 30]", "usual = [30, 10]", "must lie inside in_scope"),
        ("usual = [10, 30]", 'usual = "10"', "usual"),
        ("in_scope = [5, 50]", "in_scope = [5, inf]", "in_scope"),
        (
            'comparator = ["placebo"]',
            'comparator = ["placbo"]',
            'comparator = "placbo" is not a word we know',
        ),
        ('from = "literature"', 'form = "literature"', 'unknown key "form". Did you mean "from"?'),
        ("schema = 1\n", "", "Add: schema = 1"),
        ("(amitriptyline[mh] OR", ")amitriptyline[mh] OR(", "bracket"),
        ("schema = 1", "schema = 2", "schema"),
        ('slug = "ibs-withdrawals"', 'slug = "ibs-symptoms"', 'claim "ibs-symptoms" stands twice'),
        ('from = "literature"', 'from = "seed"', 'claim "ibs-symptoms": has no "sentence"'),
        (
            'condition = "irritable-bowel-syndrome"\n',
            "",
            'claim "ibs-symptoms": needs a condition or a query',
        ),
        ("amitriptylin*[tiab])", "amitriptylin*[tiab]", "bracket"),
        ('ui = "D000639"', 'ui = "Amitriptyline"', "ui"),
        ('name = "amitriptyline-ibs"', 'name = "other"', "Make the two agree"),
        ("[source]", "[source", "not valid TOML"),
        ("[[conditions]]", "[[condition]]", 'unknown key "condition". Did you mean "conditions"?'),
    ],
)
def test_a_broken_protocol_names_the_key_and_the_mend(tmp_path, old, new, words):
    assert words in broken_protocol(tmp_path, old, new)


# --------------------------------------------------------------------------- appraisals

GOOD = {
    "row_id": "mine.1",
    "study_key": "bruun2024",
    "claim": "fibromyalgia-pain",
    "comparator": "placebo",
    "finding": "little or no difference",
    "outcome_measured": "pain",
    "population": "direct",
    "intervention": "direct",
    "comparison": "direct",
    "outcome": "direct",
    "reason": "a test",
    "reviewer": "A Person",
    "date": "2026-11-22",
    "supersedes": "bundled.fibromyalgia-pain.bruun2024",
}


def write(root, *rows: dict[str, str], raw: bytes | None = None) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(
        out, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    (root / "appraisals").mkdir(exist_ok=True)
    (root / "appraisals" / "ldn.csv").write_bytes(raw if raw is not None else out.getvalue().encode())


def refusal(root) -> str:
    with pytest.raises(InputError) as caught:
        Workspace(root).claims()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"claim": "fibro"}, 'claim "fibro" is not in the protocol'),
        ({"study_key": "nobody1999"}, 'study_key "nobody1999" is not a study of the corpus'),
        ({"study_key": "bruun2021prot"}, "a report is named by its study"),
        ({"finding": "better"}, "is not a word we know"),
        ({"finding": ""}, 'has no "finding"'),
        ({"n_analysed": "-5"}, 'n_analysed = "-5"'),
        ({"n_analysed": "many"}, 'n_analysed = "many"'),
        ({"measure": "MD", "estimate": "nan"}, 'estimate = "nan"'),
        ({"measure": "MD", "estimate": "2", "ci_low": "-1", "ci_high": "1"}, "does not hold its estimate"),
        ({"measure": "MD", "estimate": "0", "ci_low": "1", "ci_high": "-1"}, "Put the lower end in ci_low"),
        ({"measure": "MD", "estimate": "0", "ci_low": "-1"}, "needs both"),
        ({"measure": "RR", "estimate": "-1"}, "can't be 0 or negative"),
        ({"estimate": "1"}, "without a measure"),
        ({"events_comparator": "9", "n_comparator": "5"}, "more than n_comparator"),
        ({"date": "yesterday"}, "date"),
        ({"measure": "MD", "estimate": "1", "ci_low": "1", "ci_high": "1"}, "has no width"),
        ({"measure": "RR", "estimate": "2", "finding": "decrease"}, "is no decrease"),
        ({"measure": "RD", "estimate": "400"}, "percentage points"),
        ({"measure": "MD", "scale": "0-10", "estimate": "99"}, "does not fit on a scale of 0-10"),
        ({"n_analysed": "0"}, "n_analysed = 0"),
        ({"n_analysed": "5000"}, "more than the 99 participants of bruun2024"),
        ({"date": "2999-01-01"}, "date"),
        ({"date": "20261122"}, "write it like 2026-11-22"),
        ({"claim": "fibromyalgia-pian"}, 'Did you mean "fibromyalgia-pain"?'),
        ({"reason": "red \x1b[31malert"}, "control character"),
        ({"supersedes": "mine.1"}, "can't supersede itself"),
        ({"supersedes": "no.such.row"}, "no earlier row"),
        ({"supersedes": "bundled.mood.younger2013"}, "same study and claim"),
        ({"row_id": "bundled.mood.younger2013"}, "stands twice"),
        ({"review_of": "randomised"}, "review_of belongs to rows on systematic reviews"),
        ({"weight": "1"}, 'unknown column "weight"'),
    ],
)
def test_a_broken_row_names_the_cell_and_the_mend(root, changes, words):
    write(root, GOOD | changes)
    assert words in refusal(root)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"row_id;study_key;claim\n", "not separated by commas"),
        (b"row_id,study_key,\n", "column 3 has no name"),
        (b"bundled.mood.x,younger2013,mood\n", "names no column"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"row_id,row_id\n", '"row_id" stands twice'),
        (b"row_id\n", "is missing"),
        (",".join(GOOD).encode() + b"\na,b\n", "2 cells under"),
        (",".join(GOOD).encode() + b'\n"a,b\n', "not valid CSV"),
    ],
)
def test_a_file_that_is_no_table_is_refused(root, raw, words):
    write(root, raw=raw)
    assert words in refusal(root)


def test_a_row_superseded_twice_is_refused(root):
    write(root, GOOD, GOOD | {"row_id": "mine.2"})
    assert 'already superseded by "mine.1"' in refusal(root)


def test_a_reviewers_second_row_says_which_row_it_supersedes(root):
    write(root, GOOD, GOOD | {"row_id": "mine.2", "supersedes": ""})
    assert "Add supersedes = mine.1 to the newer row" in refusal(root)


def test_a_workspace_row_supersedes_and_the_bundled_file_is_untouched(root):
    before = (REPO / "data" / "appraisals" / "ldn.csv").read_bytes()
    write(root, GOOD | {"finding": "decrease"})
    rows = {row.row_id: row for row in Workspace(root).appraisals()}
    assert rows["mine.1"].finding == "decrease"
    assert "bundled.fibromyalgia-pain.bruun2024" not in rows
    assert Workspace(root).profile("fibromyalgia-pain").direction == "mixed"
    assert (REPO / "data" / "appraisals" / "ldn.csv").read_bytes() == before


def test_a_byte_order_mark_and_windows_line_ends_are_read(root):
    text = ",".join(GOOD) + "\r\n" + ",".join(GOOD.values()) + "\r\n"
    write(root, raw=b"\xef\xbb\xbf" + text.encode())
    assert "mine.1" in {row.row_id for row in Workspace(root).appraisals()}


def test_a_grade_is_confirmed_when_a_person_has_superseded_every_counted_row(root):
    rows = [row for row in Workspace(root).appraisals() if row.claim == "crps-pain"]
    write(
        root,
        *(
            row.model_dump(mode="json", exclude_defaults=True)
            | {"row_id": f"mine.{row.study_key}", "supersedes": row.row_id, "reviewer": "A Person"}
            for row in rows
        ),
    )
    assert Workspace(root).profile("crps-pain").provisional is False


printable = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from("\t\r\n\"',;")
cells = st.text(printable, min_size=1, max_size=40).map(str.strip).filter(lambda words: words != "")


@given(st.lists(st.tuples(cells, cells), max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_any_text_in_a_reason_or_a_name_comes_back_as_it_was_written(tmp_path_factory, texts, end):
    rows = [
        GOOD | {"row_id": f"r{i}", "reason": reason, "reviewer": name}
        for i, (reason, name) in enumerate(texts)
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(GOOD), lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_bytes(out.getvalue().encode("utf-8"))
    assert [(row.reason, row.reviewer) for row in read_rows(path, Appraisal)] == texts


# --------------------------------------------------------------------------- corpus

CORPUS = {
    "study_key": "mine2026",
    "title": "A study of mine",
    "condition": "crps",
    "stated_design": "rct",
    "human": "y",
}


def write_corpus(root, *rows: dict[str, str]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(
        out, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    (root / "corpus").mkdir(exist_ok=True)
    (root / "corpus" / "ldn.csv").write_text(out.getvalue(), encoding="utf-8")


def test_a_study_of_ones_own_stands_beside_the_bundled_ones(root):
    write_corpus(root, CORPUS | {"doi": "10.1000/mine"})
    write(
        root, GOOD | {"study_key": "mine2026", "claim": "crps-pain", "supersedes": "", "finding": "decrease"}
    )
    workspace = Workspace(root)
    workspace.build()
    profile = workspace.profile("crps-pain")
    assert (profile.body.name, profile.n_rcts, profile.n_studies) == ("randomised", 1, 2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stated_design": "trial"}, 'stated_design = "trial" is not a code we know'),
        ({"condition": "gout"}, 'condition = "gout" is not in the protocol'),
        ({"report_of": "nobody1999"}, "is not a study_key of the corpus"),
        ({"report_of": "bruun2021prot"}, "is itself a report"),
        ({"year": "20x6"}, 'year = "20x6"'),
        ({"pmid": "-1"}, 'pmid = "-1"'),
        ({"doi": "not a doi"}, "10.1002/art.37734"),
        ({"pmid": "23359310"}, 'pmid 23359310 is already that of "'),
        ({"doi": "10.1002/ART.37734"}, 'doi 10.1002/art.37734 is already that of "'),
        ({"human": "perhaps"}, "human"),
    ],
)
def test_a_broken_corpus_row_leaves_the_database_as_it_was(root, changes, words):
    before = Workspace(root).claims()
    write_corpus(root, CORPUS | changes)
    with pytest.raises(InputError) as caught:
        Workspace(root).build()
    assert words in str(caught.value)
    assert Workspace(root).claims().equals(before)


def test_a_protocol_of_ones_own_may_ask_less_than_the_bundled_one(root):
    shipped = (REPO / "data" / "protocols" / "ldn.toml").read_text(encoding="utf-8")
    head, *claims = shipped.split("[[claims]]")
    own = root / "protocols" / "ldn.toml"
    own.parent.mkdir()
    own.write_text(head + "[[claims]]" + claims[0], encoding="utf-8")
    workspace = Workspace(root)
    workspace.build()
    assert list(workspace.profiles) == ["fibromyalgia-pain"]
    assert workspace.profile("fibromyalgia-pain").direction == "no difference"
    assert any("set aside" in warning for warning in workspace.warnings())


def test_a_change_of_files_is_seen_after_a_refresh_and_named_before_it(root):
    workspace = Workspace(root)
    assert (workspace.profile("fibromyalgia-pain").direction, workspace.warnings()) == ("no difference", [])
    report = next(one for one in workspace.reports() if one.study_key == "bruun2024")
    row = report.model_dump(mode="json", exclude_none=True) | {
        "correction_status": "retracted",
        "registry_ids": "",
    }
    write_corpus(root, row | {"publication_types": ""})
    assert any("corpus has changed" in warning for warning in Workspace(root).warnings())
    workspace.build()
    assert (workspace.profile("fibromyalgia-pain").direction, workspace.warnings()) == ("insufficient", [])


@pytest.mark.parametrize("date", ["", "not-a-date", "2026-13", "26"])
def test_the_date_of_a_search_is_a_date(root, date):
    (root / "corpus").mkdir()
    (root / "corpus" / "ldn.toml").write_text(f'source = "mine"\ndate = "{date}"\n', encoding="utf-8")
    with pytest.raises(InputError, match="date"):
        Workspace(root).claims()


def test_a_bad_row_leaves_the_database_as_it_was(root):
    before = (root / "ldn.db").read_bytes()
    write_corpus(root, CORPUS | {"doi": "10.1000/mine"})
    write(root, GOOD | {"finding": "better"})
    with pytest.raises(InputError):
        Workspace(root).build()
    assert (root / "ldn.db").read_bytes() == before


def test_an_open_workspace_grades_from_the_files_as_they_are_now(root):
    workspace = Workspace(root)
    assert workspace.profile("fibromyalgia-pain").direction == "no difference"
    write(root, GOOD | {"finding": "decrease"})
    assert workspace.profile("fibromyalgia-pain").direction == "mixed"


def test_a_dash_from_a_word_processor_names_the_same_scale(root):
    figures = {"measure": "MD", "scale": "0–10", "estimate": "-0.34", "ci_low": "-0.95", "ci_high": "0.27"}
    write(root, GOOD | figures | {"n_analysed": "99"})
    assert Workspace(root).profile("fibromyalgia-pain").direction == "no difference"
