"""A title and an abstract as sections and sentences. Every abstract here is invented."""

from __future__ import annotations

import pytest

from ldn_evidence.model import Part, Passage


@pytest.mark.parametrize(
    "abstract",
    [
        "METHODS: Sixty people took part. RESULTS: Pain fell. CONCLUSION: Pain fell.",
        "METHODS Sixty people took part. RESULTS Pain fell. CONCLUSION Pain fell.",
        "METHODS: Sixty people took part (or 61). RESULTS Pain fell. CONCLUSION: Pain fell.",
    ],
)
def test_headings_in_capitals_open_a_part_with_or_without_a_colon(abstract):
    parts = [one.part for one in Passage.of("A trial", abstract).sentences]
    assert parts == [Part.TITLE, Part.METHODS, Part.RESULTS, Part.CONCLUSIONS]


@pytest.mark.parametrize(
    "abstract", ["The CASE was new. RESULTANT pain fell.", "Pain fell. FATIGUE Pain rose."]
)
def test_other_words_in_capitals_open_no_part(abstract):
    assert {one.part for one in Passage.of(None, abstract).sentences} == {Part.ABSTRACT}
