"""How far reviewers agree: published worked examples, what must hold of any figures, and what is said where none can be computed."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readings import row
from sklearn.metrics import cohen_kappa_score

from ldn_evidence.appraisal import agreement_table
from ldn_evidence.appraisal.agreement import (
    ALPHA,
    KAPPA,
    LINEAR,
    ORDINAL,
    PERCENT,
    QUADRATIC,
    figures,
)
from ldn_evidence.model import Finding, RobTool

SCALE = ("low", "some concerns", "high")


def values(units, scale=(), *, pairwise=True) -> dict[str, float | None]:
    return {one.statistic: one.value for one in figures(units, scale, pairwise=pairwise)}


def columns(*reviewers: str) -> list[list[str | None]]:
    """Units from one line a reviewer; a dot is a missing answer."""
    return [
        [None if one == "." else one for one in unit] for unit in zip(*map(str.split, reviewers), strict=True)
    ]


# --------------------------------------------------------------------------- published examples


def test_the_four_observers_of_krippendorff_2011():
    """Computing Krippendorff's Alpha-Reliability, example C: nominal 0.743, ordinal 0.815."""
    units = columns(
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    )
    found = values(units, tuple("12345"), pairwise=False)
    assert found == {ALPHA: pytest.approx(0.743, abs=5e-4), ORDINAL: pytest.approx(0.815, abs=5e-4)}


def test_the_two_observers_of_krippendorff_2011():
    """The same, examples A (two values, alpha 0.095) and B (five values, alpha 0.692)."""
    two = columns("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
    assert values(two)[ALPHA] == pytest.approx(0.095, abs=5e-4)
    five = columns("a a b b d c c c e d d a", "b a b b b c c c e d d d")
    assert values(five)[ALPHA] == pytest.approx(0.692, abs=5e-4)


def test_the_two_judges_of_cohen_1960():
    """A coefficient of agreement for nominal scales, table 1: agreement 0.70, kappa 0.492."""
    table = {"aa": 88, "ab": 14, "ac": 18, "ba": 10, "bb": 40, "bc": 10, "ca": 2, "cb": 6, "cc": 12}
    units = [list(pair) for pair, times in table.items() for _ in range(times)]
    found = values(units)
    assert found[PERCENT] == pytest.approx(0.70)
    assert found[KAPPA] == pytest.approx(0.492, abs=5e-4)


pairs = st.lists(st.tuples(st.sampled_from(SCALE), st.sampled_from(SCALE)), min_size=5, max_size=40)


@settings(deadline=None)
@given(pairs)
def test_kappa_is_that_of_scikit_learn(units):
    found = values([list(one) for one in units], SCALE)
    first, second = zip(*units, strict=True)
    for name, weights in ((KAPPA, None), (LINEAR, "linear"), (QUADRATIC, "quadratic")):
        if found[name] is not None:
            other = cohen_kappa_score(first, second, labels=list(SCALE), weights=weights)
            assert found[name] == pytest.approx(other, abs=1e-9)


# --------------------------------------------------------------------------- what must hold of any figures


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(SCALE), min_size=5, max_size=30).filter(lambda words: len(set(words)) > 1))
def test_reviewers_who_always_agree_reach_one(words):
    assert list(values([[one, one] for one in words], SCALE).values()) == [pytest.approx(1.0)] * 6


@settings(deadline=None, max_examples=40)
@given(pairs, st.permutations(SCALE))
def test_other_names_for_the_same_answers_change_no_nominal_figure(units, names):
    called = dict(zip(SCALE, names, strict=True))
    plain, renamed = values(units), values([[called[one] for one in unit] for unit in units])
    assert renamed == {
        name: value if value is None else pytest.approx(value) for name, value in plain.items()
    }


@settings(deadline=None, max_examples=40)
@given(pairs)
def test_it_does_not_matter_who_is_named_first_or_which_study_comes_first(units):
    there = values([list(one) for one in units], SCALE)
    back = values([[second, first] for first, second in reversed(units)], SCALE)
    assert back == {name: value if value is None else pytest.approx(value) for name, value in there.items()}


@settings(deadline=None, max_examples=40)
@given(pairs)
def test_an_interval_holds_its_figure_and_lies_where_figures_lie(units):
    for one in figures([list(unit) for unit in units], SCALE):
        if one.low is not None:
            assert -1.0 - 1e-9 <= one.low <= one.value <= one.high <= 1.0 + 1e-9
        else:
            assert one.why_not


def test_the_same_rows_give_the_same_interval():
    units = [
        ["low", "low"],
        ["low", "high"],
        ["high", "high"],
        ["low", "low"],
        ["high", "low"],
        ["low", "low"],
    ]
    assert figures(units, SCALE) == figures(units, SCALE)


# --------------------------------------------------------------------------- what can't be computed


def test_too_few_studies_give_a_share_and_no_coefficient_and_say_so():
    found = {one.statistic: one for one in figures([["low", "low"], ["low", "high"]], SCALE)}
    assert (found[PERCENT].value, found[PERCENT].low) == (0.5, None)
    assert found[KAPPA].value is None
    assert "at least 5 are needed" in found[KAPPA].why_not


def test_where_nobody_ever_agreed_no_agreement_was_seen():
    found = {one.statistic: one for one in figures([["low", "high"], ["high", "low"]] * 3)}
    assert found[PERCENT].value == 0
    assert found[PERCENT].why_not.startswith("no agreement was seen")


def test_where_nothing_varies_chance_explains_everything_and_no_coefficient_is_given():
    found = {one.statistic: one for one in figures([["low", "low"]] * 9)}
    assert (found[PERCENT].value, found[KAPPA].value, found[ALPHA].value) == (1.0, None, None)
    assert "nothing varies" in found[KAPPA].why_not


def test_a_word_that_is_not_on_the_scale_is_left_out_of_ordered_figures_alone():
    units = [["low", "low"]] * 4 + [["high", "some concerns"]] * 3 + [["unassessed", "low"]] * 2
    found = {one.statistic: one.n for one in figures(units, SCALE)}
    assert (found[KAPPA], found[LINEAR], found[QUADRATIC], found[ORDINAL]) == (9, 7, 7, 7)


# --------------------------------------------------------------------------- tables


def readings(*words: tuple[str, str]) -> list:
    day = datetime.date(2026, 1, 1)
    found = []
    for number, (first, second) in enumerate(words):
        for who, word in (("jd", first), ("Ana", second)):
            changes = {"row_id": f"{who}.{number}", "reviewer": who, "date": day, "risk_of_bias": word}
            found.append(row(f"study{number}", Finding.DECREASE, **changes))
    return found


def test_a_table_has_a_row_for_each_field_pair_and_figure():
    table = agreement_table(readings(*[("low", "low")] * 4, ("high", "some concerns"), ("high", "high")))
    risk = table[table.field == "risk_of_bias"].set_index("statistic")
    assert list(risk.index) == [PERCENT, KAPPA, LINEAR, QUADRATIC, ORDINAL, ALPHA]
    assert set(table.reviewers) == {"Ana, jd"}
    assert risk.loc[PERCENT, "value"] == pytest.approx(5 / 6)
    assert (risk.n == 6).all()
    assert list(table[table.field == "n_analysed"].statistic) == [PERCENT]
    assert "paired" not in set(table.field)


def test_one_reviewer_alone_has_nobody_to_agree_with():
    assert agreement_table([one for one in readings(("low", "low")) if one.reviewer == "jd"]).empty


def test_three_reviewers_have_three_pairs_and_an_alpha_together():
    both = readings(*[("low", "low")] * 4, ("high", "some concerns"))
    third = [
        one.model_copy(update={"reviewer": "third", "row_id": f"third.{one.row_id}"})
        for one in both
        if one.reviewer == "jd"
    ]
    table = agreement_table([*both, *third])
    assert set(table.reviewers) == {"Ana, jd", "Ana, third", "jd, third", "all"}
    assert set(table[table.reviewers == "all"].statistic) == {ALPHA, ORDINAL}


def test_the_tools_of_risk_of_bias_follow_each_other_in_one_order():
    domains = {RobTool.ROB2: 5, RobTool.ROBINS_I: 7, RobTool.SHORT: 5}
    rows = [
        one.model_copy(update={"study_key": tool, "rob_tool": tool, "rob_domains": ("low",) * count})
        for tool, count in reversed(domains.items())
        for one in readings(("low", "low"))
    ]
    fields = agreement_table(rows).field
    told = [field.split(":")[0] for field in fields if field.startswith("rob_domains")]
    assert list(dict.fromkeys(told)) == [f"rob_domains, {tool}" for tool in domains]
