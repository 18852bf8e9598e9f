"""How long a trial lasted, what it compared with, and where it is registered."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldn_evidence.model import FactField, Passage
from ldn_evidence.reading.particulars import particulars, particulars_rules


def read(field: FactField, abstract: str, title: str | None = None) -> list[str]:
    """The values of one field."""
    return [one.value for one in particulars(Passage.of(title, abstract)) if one.field is field]


@pytest.mark.parametrize(
    ("words", "value", "weeks"),
    [
        ("Patients received naltrexone 4.5 mg daily or placebo for 12 weeks.", "12 weeks (treatment)", 12.0),
        ("An 8-week randomised crossover trial", "8-week (treatment)", 8.0),
        ("after ten days of treatment", "ten days (treatment)", 1.4),
        (
            "Women with pain for at least 6 months were given the drug for eight weeks.",
            "eight weeks (treatment)",
            8.0,
        ),
        ("The treatment period was 12 months.", "12 months (treatment)", 52.2),
        ("They were followed for a median of 2 years.", "2 years (follow-up)", 104.4),
        ("a 6-month follow-up", "6-month (follow-up)", 26.1),
        ("Pain was measured at 12 weeks.", "12 weeks (measured)", 12.0),
        ("Pain was measured at baseline and at week 12.", "week 12 (measured)", 12.0),
    ],
)
def test_a_duration_is_told_in_weeks(words, value, weeks):
    found = [one for one in particulars(Passage.of(None, words)) if one.field is FactField.DURATION]
    assert [(one.value, one.number, one.low, one.high, one.unit) for one in found] == [
        (value, weeks, None, None, "weeks")
    ]


def test_a_range_of_weeks_keeps_both_ends():
    (one,) = particulars(Passage.of(None, "They were treated with the drug for 8 to 12 weeks."))
    assert (one.value, one.number, one.low, one.high) == ("8 to 12 weeks (treatment)", 12.0, 8.0, 12.0)


def test_a_time_of_measurement_is_told_only_where_no_length_of_treatment_or_follow_up_is():
    words = "They took the drug for 12 weeks. Pain was measured at 4 weeks. A 1-year follow-up came after."
    assert read(FactField.DURATION, words) == ["12 weeks (treatment)", "1-year (follow-up)"]


@pytest.mark.parametrize(
    "words",
    [
        "Women aged 18 to 65 years took part.",
        "Doses were given every 3 weeks.",
        "Their symptoms had lasted within the last 6 months.",
        "5-year survival was better.",
        "A 2-week washout lay between.",
        "In 1998 the drug was sold.",
        "They were treated during weeks 7 to 10.",
        "Mean follow-up was not told; age was 40 ± 12 years.",
    ],
)
def test_an_age_an_interval_or_a_survival_time_is_no_duration(words):
    assert read(FactField.DURATION, words) == []


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("ClinicalTrials.gov NCT 01234567", "NCT01234567"), ("nct01234567", "NCT01234567"), ("ISRCTN: 12345678", "ISRCTN12345678"),
        ("EudraCT number 2019-000123-45", "EudraCT 2019-000123-45"), ("EU CT 2022-501234-12-00", "EU CT 2022-501234-12-00"),
        ("ACTRN12612001234567", "ACTRN12612001234567"), ("ChiCTR-TRC-12001234", "ChiCTR-TRC-12001234"),
        ("chictr1900012345", "ChiCTR1900012345"), ("IRCT20181030041234N1", "IRCT20181030041234N1"),
        ("CTRI / 2013 / 06 / 001234", "CTRI/2013/06/001234"), ("jRCTs031180123", "jRCTs031180123"),
        ("UMIN-CTR UMIN000012345", "UMIN000012345"), ("DRKS00012345", "DRKS00012345"), ("NTR 1234", "NTR1234"),
        ("Netherlands Trial Register NL9123", "NL9123"), ("KCT0001234", "KCT0001234"), ("RBR-4ABC12", "RBR-4abc12"),
        ("PROSPERO CRD42020123456", "CRD42020123456"),
    ],
)  # fmt: skip
def test_a_registry_number_is_told_in_its_own_spelling(printed, value):
    assert read(FactField.REGISTRY, f"The trial was registered ({printed}).") == [value]


@pytest.mark.parametrize(
    "printed", ["NCT0123456", "NCT012345678", "2019-00012-45", "phone 555-000123-45-6", "NL 12"]
)
def test_a_number_of_the_wrong_length_is_no_registry_number(printed):
    assert read(FactField.REGISTRY, f"See {printed}.") == []


def test_a_registry_number_that_stands_twice_is_told_once_with_both_places():
    (one,) = particulars(Passage.of("A trial (NCT01234567)", "Registered as NCT 01234567."))
    assert (one.value, [span.words for span in one.spans]) == ("NCT01234567", ["NCT01234567", "NCT 01234567"])


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("Women took naltrexone or placebo.", ["placebo"]),
        ("acupuncture versus sham acupuncture or usual care", ["sham acupuncture", "usual care"]),
        ("waiting-list controls had no treatment", ["waiting-list controls", "no treatment"]),
        ("naltrexone versus amitriptyline for pain", ["amitriptyline"]),
        ("naltrexone cream compared with vehicle cream", ["vehicle cream"]),
        ("lower than at entry, compared with baseline; the placebo effect is known", []),
    ],
)
def test_a_comparator_is_told_in_the_abstracts_words(words, values):
    assert read(FactField.COMPARATOR, words) == values


@pytest.mark.parametrize(
    "words",
    [
        "What placebo would have done is not known.",
        "A trial with placebo is needed.",
        "It helped more than placebo would.",
        "Larger placebo-controlled trials are awaited.",
        "Later work should compare the drug with placebo.",
        "They took the drug without a placebo.",
        "The lack of a placebo group is a weakness.",
        "A placebo group was lacking.",
    ],
)
def test_a_comparator_that_is_wished_for_or_was_lacking_is_none(words):
    assert read(FactField.COMPARATOR, words) == []


def test_the_drug_that_the_title_tries_is_not_its_own_comparator():
    words = "Pain was less with placebo compared with naltrexone."
    assert read(FactField.COMPARATOR, words, "Naltrexone in fibromyalgia") == ["placebo"]
    both = "Amitriptyline was weaker compared with naltrexone, and naltrexone versus amitriptyline was safe."
    assert read(FactField.COMPARATOR, both, "Naltrexone versus amitriptyline") == ["amitriptyline"]


def test_a_comparator_is_told_once_in_small_letters_unless_it_is_a_name():
    assert read(FactField.COMPARATOR, "They took placebo.", "The Drug or Placebo") == ["placebo"]
    words = "The drug versus oral ibuprofen. It was compared with ibuprofen again."
    assert read(FactField.COMPARATOR, words) == ["oral ibuprofen"]
    assert read(FactField.COMPARATOR, "Sham TMS was given.") == ["sham TMS"]
    assert read(FactField.COMPARATOR, "The drug versus Copaxone was tried.") == ["Copaxone"]


def test_what_a_background_tells_of_other_trials_is_the_last_place_of_a_comparator():
    passage = Passage.of(None, "Background: Placebo helps many. Methods: Women took the drug or a placebo.")
    (one,) = particulars(passage)
    assert [span.words for span in one.spans] == ["placebo", "Placebo"]


def test_every_pattern_compiles_and_every_rule_has_a_reason():
    rules = particulars_rules()
    for one in (*rules.not_a_duration, *rules.not_a_comparator, *rules.duration):
        assert one.reason
        assert one.before or one.after
        assert re.compile(one.before or "")
        assert re.compile(one.after or "")
    assert all(re.compile(one.pattern) for one in (*rules.registry, *rules.comparator))
    assert len({one.id for one in rules.duration}) == len(rules.duration)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.none(), st.text(max_size=100)), st.one_of(st.none(), st.text(max_size=1500)))
def test_any_text_gets_an_answer_that_points_into_it(title, abstract):
    passage = Passage.of(title, abstract)
    for one in particulars(passage):
        assert one.spans
        assert all(passage.text[span.start : span.end] == span.words for span in one.spans)


@pytest.mark.parametrize(
    "text",
    ["12 weeks " * 5_500, "NCT" * 16_000, "NCT000" * 8_000, "followed for " * 3_800 + "2 years", "placebo " * 6_000, "2019-" * 10_000, "versus a" * 6_000, "for the " * 6_000 + "1 day", "1 day " * 8_000],
    ids=["weeks", "registry", "zeros", "followed", "placebo", "dates", "versus", "for", "days"],
)  # fmt: skip
def test_hostile_text_is_read_in_bounded_time(text):
    before = time.process_time()
    particulars(Passage.of(None, text))
    assert time.process_time() - before < 2
