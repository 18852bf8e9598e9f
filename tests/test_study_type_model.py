"""What kind of study an abstract reports, as the shipped model reads it."""

from __future__ import annotations

import csv
import itertools
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest
from conftest import REPO
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence.model import Passage
from ldn_evidence.tagging import cues, linear

INVENTED = {
    "systematic review": (
        "Creams for burning feet: a systematic review and meta-analysis",
        "We searched PubMed, Embase and the Cochrane Library from inception to May 2020. Two reviewers extracted data "
        "and judged the risk of bias. Eleven trials met the inclusion criteria. In the pooled analysis creams lowered "
        "pain (standardised mean difference -0.4), with high heterogeneity.",
    ),
    "RCT": (
        "A cream for burning feet: a randomised, double-blind, placebo-controlled trial",
        "Eighty adults were randomly assigned to the cream or to placebo for twelve weeks. The primary outcome was the "
        "change of pain from baseline. Pain fell more with the cream than with placebo (p = 0.01). The cream was well "
        "tolerated.",
    ),
    "non-randomised": (
        "An open-label pilot study of a cream in patients with burning feet",
        "Fifteen patients were treated with the cream for eight weeks in an open trial. Pain scores before and after "
        "treatment were compared. Ten patients improved, and two stopped because of side effects. The treatment seems "
        "safe; controlled trials are needed.",
    ),
    "case report": (
        "Burning feet relieved by a cream: a case report",
        "A 54-year-old woman presented with burning pain of both feet. She had been treated without success. After "
        "three weeks of the cream she was free of pain. To our knowledge this is the first reported case.",
    ),
    "narrative review": (
        "Burning feet: current concepts and future directions",
        "Burning feet are common and difficult to treat. This review discusses recent advances in our understanding of "
        "how nerves are damaged, and summarises what is known of treatment. Implications for practice and directions "
        "of future research are discussed.",
    ),
    "protocol": (
        "A cream for burning feet: study protocol for a randomised controlled trial",
        "Background: burning feet are common. Methods/design: 120 adults will be recruited and randomised to cream or "
        "placebo. Pain will be assessed at baseline and after twelve weeks. Ethics and dissemination: the results will "
        "be published. Trial registration: ClinicalTrials.gov NCT01234567.",
    ),
    "animal": (
        "A compound lowers neuropathic pain in a rat model of diabetes",
        "Male Sprague-Dawley rats were injected intraperitoneally with streptozotocin. The compound (10 mg/kg) raised "
        "withdrawal thresholds and lowered the expression of cytokines in the spinal cord of treated animals.",
    ),
    "in vitro": (
        "A compound lowers cytokine release by cultured microglia in vitro",
        "Cultured BV-2 cells were incubated with lipopolysaccharide and the compound. Expression of cytokines was "
        "measured by western blot and PCR. The compound lowered cytokine release by the cells and was not cytotoxic.",
    ),
    "other": (
        "Prevalence of burning feet and its association with sleep in older adults: a cross-sectional survey",
        "A questionnaire was sent to 2,400 adults in the community. The prevalence of burning feet was 12%. In logistic "
        "regression, burning feet were associated with poor sleep (odds ratio 1.8, 95% CI 1.3 to 2.4).",
    ),
}  # fmt: skip


def reading(passage: Passage) -> linear.Reading:
    return linear.read([passage], [cues.hits(passage)])[0]


@pytest.mark.parametrize("kind", linear.KINDS)
def test_a_plain_abstract_of_each_kind_is_read_as_that_kind(kind):
    assert reading(Passage.of(*INVENTED[kind])).kind == kind


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=300), st.text(max_size=2_000))
def test_any_text_is_read_as_the_likeliest_kind_and_probabilities_sum_to_one(title, abstract):
    one = reading(Passage.of(title, abstract))
    assert sum(one.probabilities) == pytest.approx(1)
    assert min(one.probabilities) >= 0
    assert one.probability == max(one.probabilities)
    assert one.kind == linear.KINDS[one.probabilities.index(one.probability)]


def test_a_text_without_a_word_is_read_as_a_record_is_on_the_whole():
    one = reading(Passage.of(None, None))
    assert one == reading(Passage.of("…", "— ?"))
    assert one.kind == "other"
    assert one.probabilities == pytest.approx(
        (0.042, 0.081, 0.145, 0.063, 0.140, 0.022, 0.143, 0.039, 0.325), abs=0.001
    )


def test_a_passage_reads_the_same_alone_and_among_six_hundred():
    whole = [Passage.of(*one) for one in INVENTED.values()]
    mixed = [
        Passage.of(title, f"{other} {number} {abstract}")
        for number, (title, abstract) in enumerate(INVENTED.values())
        for other in (*(words for _, words in INVENTED.values()), "", "µ", "x " * 50)
    ]
    passages = [Passage.of(None, None), *(whole + mixed) * 6, Passage.of("", "")]
    hits = [cues.hits(passage) for passage in passages]
    assert len(passages) > 600
    alone = [linear.read([passage], [found])[0] for passage, found in zip(passages, hits, strict=True)]
    assert linear.read(passages, hits) == alone


def test_no_passages_have_no_readings():
    assert linear.read([], []) == []


def test_the_words_that_speak_for_a_kind_are_those_a_reader_would_mark():
    passage = Passage.of(*INVENTED["animal"])
    spans = linear.words(passage, cues.hits(passage), "animal")
    assert {"rats", "rat"} & {word for span in spans for word in span.words.lower().split()}
    assert all(passage.text[span.start : span.end] == span.words for span in spans)
    trial = Passage.of(*INVENTED["RCT"])
    marked = " ".join(span.words for span in linear.words(trial, cues.hits(trial), "RCT"))
    assert "randomly" in marked
    assert "placebo" in marked


def test_no_more_words_are_marked_than_asked_for_and_none_twice():
    passage = Passage.of(*INVENTED["RCT"])
    spans = linear.words(passage, cues.hits(passage), "RCT", most=3)
    assert 0 < len(spans) <= 3
    stretches = sorted((span.start, span.end) for span in spans)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(stretches))


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=200), st.text(max_size=500), st.sampled_from(linear.KINDS))
def test_words_of_any_text_lie_in_it(title, abstract, kind):
    passage = Passage.of(title, abstract)
    for span in linear.words(passage, cues.hits(passage), kind):
        assert passage.text[span.start : span.end] == span.words != ""


def test_the_model_was_trained_with_the_cues_that_are_shipped():
    """A cue that came, went or changed its name is not weighed until training/study_type.py has run again."""
    with np.load(str(files("ldn_evidence") / "tagging" / "study_type.npz"), allow_pickle=False) as held:
        names = held["cue_names"].tobytes().decode().split("\n")
    assert names == [cue.id for cue in cues.cues()]


def test_weights_are_read_when_the_first_passage_is():
    says = "from ldn_evidence.tagging import linear; import ldn_evidence.tagging; print(linear._shipped.cache_info().currsize)"
    out = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "0"


def test_training_twice_gives_the_same_file(tmp_path):
    pytest.importorskip("sklearn")
    labels = {
        "Human-systematic-review": "systematic review", "Human-RCT-drug-intervention": "RCT",
        "Human-non-RCT-drug-intervention": "non-randomised", "Human-case-report": "case report",
        "Non-systematic-review": "narrative review", "Clinical-study-protocol": "protocol",
        "Animal-other": "animal", "In-vitro-study": "in vitro", "Remaining": "other",
    }  # fmt: skip
    table = tmp_path / "table.csv"
    with table.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["title", "abstract", "accepted_label"])
        writer.writerows([*INVENTED[kind], label] for label, kind in labels.items() for _ in range(10))
    written = []
    for name in ("one.npz", "two.npz"):
        script = [sys.executable, "training/study_type.py", str(table), str(table), str(tmp_path / name)]
        subprocess.run(script, cwd=REPO, check=True, capture_output=True)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    model = linear.Model.load(tmp_path / "one.npz")
    trial = Passage.of(*INVENTED["RCT"])
    assert model.read([trial], [cues.hits(trial)])[0].kind == "RCT"
