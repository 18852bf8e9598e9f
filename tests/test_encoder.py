"""The encoder reads a title and an abstract beside the linear model, where a workspace asks for it and nowhere else."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from conftest import REPO
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_study_type_model import INVENTED
from typer.testing import CliRunner

from ldn_evidence import Workspace, accuracy, explaining, tagging
from ldn_evidence.cli import app
from ldn_evidence.errors import InputError
from ldn_evidence.model import Passage, TagSource
from ldn_evidence.tagging import cues, encoder, linear
from ldn_evidence.workspace.folders import MARKER, MARKER_TEXT

FOLDER = Path(str(files("ldn_evidence"))) / "tagging" / "encoder"
PASSAGES = {kind: Passage.of(*words) for kind, words in INVENTED.items()}


def documents() -> list[tagging.Document]:
    return [tagging.Document(passage=passage) for passage in PASSAGES.values()]


@pytest.mark.parametrize("kind", linear.KINDS)
def test_a_plain_abstract_of_each_kind_is_tagged_as_what_it_is(kind):
    (tag,) = tagging.tags([tagging.Document(passage=PASSAGES[kind])], encoder=True)
    assert tagging.kind_of(tag.design) == kind


def test_a_passage_reads_the_same_alone_and_among_others():
    many = documents() * 3
    assert tagging.tags(many, encoder=True) == [tagging.tags([one], encoder=True)[0] for one in many]


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=300), st.text(max_size=2_000))
@example("", "")
@example("[SEP] [CLS]", "[MASK] [PAD] " * 60)
@example("a" * 20_000, "naltrexone " * 2_000)
@example("\x00\x07\x1b[31m\u202e", "Ʀ\u0301аndomisеd 無作為化 试验 δοκιμή \U0001f48a" * 40)
def test_any_text_gives_probabilities_that_sum_to_one(title, abstract):
    passage = Passage.of(title, abstract)
    alone = encoder.probabilities(passage)
    (mixed,) = encoder.mixed([passage], linear.read([passage], [cues.hits(passage)]))
    for shares in (alone, mixed.probabilities):
        assert sum(shares) == pytest.approx(1)
        assert min(shares) >= 0
    assert mixed.probability == max(mixed.probabilities)
    assert mixed.kind == linear.KINDS[mixed.probabilities.index(mixed.probability)]


def test_of_a_long_abstract_the_beginning_and_the_end_are_read():
    loaded = encoder._loaded()
    passage = Passage.of("one " * 500, "two " * 300 + "three " * 300)
    ids = encoder.pieces(passage, loaded.tokenizer)
    one, two, three = (loaded.tokenizer.token_to_id(word) for word in ("one", "two", "three"))
    between = encoder.MOST - encoder.TITLE - encoder.TAIL
    assert ids == [
        encoder.BEGIN, *[one] * encoder.TITLE, encoder.BETWEEN, *[two] * between, *[three] * encoder.TAIL, encoder.BETWEEN,
    ]  # fmt: skip


def test_words_in_brackets_that_mean_something_to_the_encoder_are_read_as_words():
    ids = encoder.pieces(Passage.of("[SEP]", None), encoder._loaded().tokenizer)
    assert ids.count(encoder.BETWEEN) == 2


def test_a_title_without_an_abstract_is_tagged_as_without_the_encoder():
    titles = [tagging.Document(passage=Passage.of(title, None)) for title, _ in INVENTED.values()]
    assert tagging.tags(titles, encoder=True) == tagging.tags(titles)


def test_the_encoder_moves_a_probability_and_both_models_are_heard():
    passage = PASSAGES["non-randomised"]
    (alone,) = linear.read([passage], [cues.hits(passage)])
    (mixed,) = encoder.mixed([passage], [alone])
    assert mixed != alone
    place = linear.KINDS.index("protocol")
    silent = tuple(1.0 if one == place else 0.0 for one in range(len(linear.KINDS)))
    (against,) = encoder.mixed([passage], [linear.Reading("protocol", 1.0, silent)])
    assert against.kind == "protocol"
    assert against.probability < 1


def test_the_file_is_small_and_says_where_its_weights_come_from():
    """25 MB for all of it: a wheel of a hundred is not downloaded by somebody who only wants to try."""
    assert sum(path.stat().st_size for path in FOLDER.glob("*.*")) <= 25_000_000
    held = encoder.outputs()
    assert (held.base, held.licence) == ("sentence-transformers/all-MiniLM-L6-v2", "Apache-2.0")
    assert set(held.kinds) == set(linear.KINDS)
    for name in ("README.md", "NOTICE"):
        text = (REPO / name).read_text(encoding="utf-8")
        assert "all-MiniLM-L6-v2" in text, name
        assert "Apache-2.0" in text, name


def probe(says: str, *flags: str) -> str:
    out = subprocess.run([sys.executable, *flags, "-c", says], capture_output=True, text=True, check=True)
    return out.stdout.strip()


def test_without_being_asked_for_nothing_of_the_encoder_is_loaded():
    says = (
        "import sys; from ldn_evidence import tagging; from ldn_evidence.model import Passage;"
        f"tagging.tags([tagging.Document(passage=Passage.of(*{INVENTED['RCT']!r}))]);"
        "print([one for one in sys.modules if one in ('onnxruntime', 'tokenizers', 'ldn_evidence.tagging.encoder')])"
    )
    assert probe(says) == "[]"


def test_where_the_extra_is_missing_the_error_says_how_to_install_it():
    says = (
        "import sys; sys.modules['onnxruntime'] = None; from ldn_evidence import tagging\n"
        "from ldn_evidence.errors import InputError\n"
        "try:\n tagging.tags([], encoder=True)\nexcept InputError as error:\n print(error)"
    )
    assert probe(says) == (
        "the encoder needs onnxruntime, which is not installed. "
        'Install the encoder: pip install "ldn-evidence[encoder]"; or leave it out.'
    )


# --------------------------------------------------------------------------- a workspace that asks for it

REFERENCES = "".join(
    f"TY  - JOUR\nTI  - {title}\nAB  - {abstract}\nPY  - 2024\nDO  - 10.1/{number}\nER  - \n\n"
    for number, (title, abstract) in enumerate(INVENTED.values())
)


@pytest.fixture
def plain(root, tmp_path) -> Workspace:
    """A workspace with one reference of each kind, read without the encoder."""
    brought = tmp_path / "kinds.ris"
    brought.write_text(REFERENCES, encoding="utf-8")
    workspace = Workspace(root)
    workspace.bring([brought])
    return workspace


def switch(root: Path, line: str) -> Workspace:
    (root / MARKER).write_text(f'protocol = "ldn"\n{line}\n', encoding="utf-8")
    return Workspace(root)


def model_signs(workspace: Workspace) -> dict[str, tuple[str, float | None]]:
    return {
        key: (sign.words, sign.probability)
        for key, study in workspace.studies().items()
        for _, machine in study.readings
        for sign in machine.tag.signs
        if sign.source is TagSource.MODEL
    }


def test_switching_the_encoder_on_and_off_reads_everything_again_and_says_who_spoke(plain):
    before = model_signs(plain)
    assert len(before) >= 5
    key = next(iter(before))

    asked = switch(plain.root, "encoder = true")
    assert any("encoder was switched on since the last refresh" in one for one in asked.warnings())
    assert asked.explain(key).model == explaining.LINEAR
    asked.build()
    mixed = model_signs(asked)
    assert mixed != before
    found = asked.explain(key)
    assert found.model == "model with the encoder"
    assert explaining.explanation_document(found)["model"] == "model with the encoder"
    assert not any("encoder" in one for one in asked.warnings())

    back = switch(plain.root, "encoder = false")
    assert any("encoder was switched off since the last refresh" in one for one in back.warnings())
    back.build()
    assert model_signs(back) == before
    assert "model" not in explaining.explanation_document(back.explain(key))


def test_the_encoder_is_a_switch_and_not_a_word(root):
    with pytest.raises(InputError, match="encoder"):
        switch(root, 'encoder = "perhaps"')


def test_a_new_workspace_says_how_to_ask_for_the_encoder_and_does_not_ask(tmp_path):
    (tmp_path / MARKER).write_text(MARKER_TEXT, encoding="utf-8")
    assert "\n# encoder = true\n" in MARKER_TEXT
    assert not Workspace(tmp_path).encoder
    (tmp_path / MARKER).write_text(
        MARKER_TEXT.replace("# encoder = true", "encoder = true"), encoding="utf-8"
    )
    assert Workspace(tmp_path).encoder


# --------------------------------------------------------------------------- measured against the linear model


def test_a_reader_that_mends_one_of_four_is_better_by_a_quarter_and_one_like_the_other_by_nothing():
    true = ["RCT", "RCT", "other", "other"]
    worse = ["RCT", "other", "other", "other"]
    kinds = [kind.name for kind in accuracy.kinds()]
    point, low, high = accuracy.difference(true, worse, true, kinds)["accuracy"]
    assert (point, low) == (0.25, 0.0)
    assert 0.25 < high <= 1
    assert accuracy.difference(true, worse, worse, kinds) == {"accuracy": (0, 0, 0), "macro_f1": (0, 0, 0)}


def test_evaluate_reads_with_the_encoder_where_it_is_asked_to(tmp_path):
    table = tmp_path / "labels.csv"
    with table.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["title", "abstract", "accepted_label"])
        writer.writerows([*words, kind] for kind, words in INVENTED.items())
    place = ["evaluate", "study-type", str(table), "--json"]
    without, mixed = (
        json.loads(CliRunner().invoke(app, [*place, *more]).stdout) for more in ([], ["--encoder"])
    )
    assert without["ece"] != mixed["ece"]
    assert mixed["accuracy"] == 1.0
