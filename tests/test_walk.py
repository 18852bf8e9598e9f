"""One record the whole way: XML, archive, parse, tag, store, study, appraisal, grade, evidence table."""

from __future__ import annotations

from conftest import RECORDS

from ldn_evidence import Workspace
from ldn_evidence.model import (
    AbstractSection,
    Author,
    Identifier,
    Journal,
    PartialDate,
    PublicationKind,
    Record,
    Species,
    StudyDesign,
    Substance,
    TagSource,
    Term,
)
from ldn_evidence.store import Store

SMITH_2011 = Record(
    pmid=21380937,
    title="Therapy with the opioid antagonist naltrexone promotes mucosal healing in active Crohn's disease: "
    "a randomized placebo-controlled trial",
    abstract=(
        AbstractSection(
            label="OUR WORDS",
            text="This text was written for a test. Forty adults with active disease took 4.5 mg or placebo for "
            "12 weeks; a fall of 70 points in the index was reached by 88 % and 40 %.",
        ),
        AbstractSection(
            label="REMISSION",
            category="RESULTS",
            text="Endoscopic remission, an index (CDEIS) below 6, was seen in 33 % and 8 %.",
        ),
    ),
    authors=(Author(last_name="Smith", initials="JP"),),
    authors_complete=False,
    journal=Journal(title="Digestive Diseases and Sciences"),
    published=PartialDate(year=2011),
    publication_types=(Term(name="Randomized Controlled Trial", ui="D016449"),),
    identifiers=(
        Identifier(scheme="pubmed", value="21380937"),
        Identifier(scheme="doi", value="10.1007/s10620-011-1653-7"),
        Identifier(scheme="pmc", value="PMC3381945"),
    ),
    registry_ids=(Identifier(scheme="ClinicalTrials.gov", value="NCT00663117"),),
)


def test_one_record_walks_from_xml_to_the_evidence_table(root):
    workspace = Workspace(root)
    built = workspace.bring([RECORDS / "smith2011.xml"]).built
    assert (built.changed, built.problems) == (True, ())

    with Store(workspace.database) as store:
        ((record, machine),) = store.records()
    assert record == SMITH_2011
    tag = machine.tag
    assert (tag.design, tag.source, tag.rule, tag.words) == (
        StudyDesign.RANDOMISED_TRIAL,
        TagSource.PUBLICATION_TYPE,
        "type-randomised-trial",
        "Randomized Controlled Trial",
    )
    assert (tag.randomised, tag.controlled, tag.species, tag.publication) == (
        True,
        True,
        Species.HUMAN,
        PublicationKind.ARTICLE,
    )
    assert machine.relevance.substance is Substance.LOW_DOSE
    assert [span.words for span in machine.relevance.spans] == ["4.5 mg", "naltrexone"]
    assert machine.relevance.conditions == ("ibd",)

    study = workspace.study("21380937")
    assert (study.key, study.records) == ("smith2011", (SMITH_2011,))
    assert study.tag.rule == "code-randomised-trial"

    reading = next(
        one for one in workspace.profile("crohns-remission").counted if one.study.key == "smith2011"
    )
    assert (reading.body, reading.direction) == ("randomised", None)

    line = workspace.claims().set_index("claim").loc["crohns-remission"]
    assert line[["direction", "certainty", "ocebm_level", "randomised_trials", "body"]].to_list() == [
        "insufficient",
        "very low",
        2,
        2,
        "randomised",
    ]
    assert "smith2011" in workspace.export("profile:crohns-remission").read_text(encoding="utf-8")
