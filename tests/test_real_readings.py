"""Every real PubMed record in the folder named by LDN_EVIDENCE_PUBMED_XML is read: spans lie in their text, and many are read as one by one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import REPO
from test_real_records import files, raw

from ldn_evidence import parse, protocol, reading
from ldn_evidence.model import Passage, Record, Substance
from ldn_evidence.refresh.describing import Describer

FOLDER = os.environ.get("LDN_EVIDENCE_PUBMED_XML")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="LDN_EVIDENCE_PUBMED_XML names no folder of real PubMed XML"
)
LDN = protocol.load(Path(REPO / "data/protocols/ldn.toml"))


@pytest.fixture(scope="module")
def records() -> list[Record]:
    found = [
        one for path in files() for one in parse.records(raw(path), str(path)) if isinstance(one, Record)
    ]
    return list({one.pmid: one for one in found}.values())


def test_many_records_are_read_as_one_by_one_and_every_span_lies_in_its_text(records):
    describer = Describer(LDN)
    together = describer.records(records)
    for record, read in list(zip(records, together, strict=True))[::7]:
        assert describer.records([record]) == [read]
    for record, read in zip(records, together, strict=True):
        text = Passage.of_record(record).text
        spans = [span for sign in read.tag.signs for span in sign.spans] + list(read.relevance.spans)
        assert all(text[span.start : span.end] == span.words for span in spans), record.pmid


def test_facts_of_every_record_are_read_and_stand_in_its_text(records):
    for record in records:
        passage = Passage.of_record(record)
        spans = [span for fact in reading.facts(passage, record) for span in fact.spans]
        spans += [dose.span for dose in reading.doses(passage, LDN.intervention.all_names)]
        result = reading.result(passage)
        spans += [span for span in (result.sentence, result.cue) if span]
        assert all(passage.text[span.start : span.end] == span.words for span in spans), record.pmid


def test_no_record_about_other_drugs_is_taken_for_low_dose_naltrexone(records):
    """The samples are of all PubMed: a record that names the drug at its dose would be a find."""
    read = Describer(LDN).records(records)
    low = [
        (record.pmid, record.title)
        for record, one in zip(records, read, strict=True)
        if one.relevance.substance is Substance.LOW_DOSE
    ]
    assert low == []
