"""Refreshing from a stand-in for PubMed: what changes is seen, what fails is named, nothing is lost. PubMed itself was never asked.

With LDN_EVIDENCE_PUBMED_XML set, the same is tried over all real records, with a protocol of a topic that they hold.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import RECORDS
from standin import Fault, StandIn

from ldn_evidence import EntrezError, InputError, NotReached, Record, Workspace, WorkspaceError
from ldn_evidence.entrez import Entrez, Patience

FOLDER = os.environ.get("LDN_EVIDENCE_PUBMED_XML")
QUICK = Patience(attempts=3, first_wait=0.005, longest_wait=0.01, connect=2.0, silence=0.8, answer=20.0)

TOPIC = """
schema = 1
name = "topic"
title = "A topic that the sample records hold"
[source]
title = "none"
[intervention]
name = "the topic"
short = "It"
names = ["topic"]
query = "(humans[mh] OR patient*[tiab] OR 1900:2100[dp])"
[intervention.dose]
unit = "mg"
usual = [1, 2]
in_scope = [1, 2]
"""
CONDITION = """
[[conditions]]
slug = "{slug}"
name = "{slug}"
query = "{query}"
mesh = [{{ ui = "D000000", heading = "{slug}" }}]
[[claims]]
slug = "{slug}-better"
kind = "benefit"
question = "Does it help?"
from = "literature"
condition = "{slug}"
population = "people"
comparator = ["placebo"]
outcome = "outcome"
expects = "decrease"
preferred_measure = "any"
direct = "any"
no_important_difference_because = "a test"
"""
CONDITIONS = {
    "cancer": "(neoplasms[mh] OR cancer*[tiab] OR tumor*[tiab])",
    "infection": "(infect*[tiab] OR virus*[tiab] OR bacteria*[tiab])",
    "treatment": "(treatment*[tiab] OR therap*[tiab] OR trial*[tiab])",
    "cells": "(cell*[ti] OR gene*[ti] OR protein*[ti])",
    "pain": "(pain[tiab] OR fibromyalg*[tiab])",
    "anything": "(1900:2100[dp])",
}


def topic(root: Path) -> Workspace:
    """A workspace with a protocol whose queries nearly every sample record answers, and no bundled corpus."""
    (root / "protocols").mkdir(parents=True, exist_ok=True)
    text = TOPIC + "".join(CONDITION.format(slug=slug, query=query) for slug, query in CONDITIONS.items())
    (root / "protocols" / "topic.toml").write_text(text, encoding="utf-8")
    return Workspace(root, "topic")


def client(standin: StandIn, **options: object) -> Entrez:
    return Entrez(url=standin.url, **{"per_second": 1000, "patience": QUICK, **options})


@pytest.fixture
def standin():
    with StandIn.of(RECORDS, enforce=False, retry_after="0", stall_seconds=1.2) as running:
        yield running


def files(root: Path) -> dict[str, bytes]:
    """Everything in a workspace but the lock."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def changed(xml: bytes, old: str, new: str, revised: str | None = None) -> bytes:
    """A record as PubMed would send it after a revision, of today if not told otherwise."""
    revised = revised or f"{datetime.now(UTC):%Y-%m-%d}"
    year, month, day = revised.split("-")
    text = re.sub(r"<DateRevised>.*?</DateRevised>", "", xml.decode(), flags=re.S)
    assert old in text
    date = f"<DateRevised><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></DateRevised>"
    return re.sub(r"(<Article\b)", date + r"\1", text.replace(old, new, 1), count=1).encode()


# --------------------------------------------------------------------------- first, and again


def test_a_first_refresh_brings_what_pubmed_has_and_a_second_writes_only_that_it_asked(tmp_path, standin):
    workspace = Workspace(tmp_path)
    first = workspace.refresh(client(standin)).run
    assert first.complete
    assert first.new
    assert (first.revised, first.gone, first.missing) == ((), (), ())
    held = {record.pmid for study in workspace.studies().values() for record in study.records}
    assert first.found <= held
    before = files(tmp_path)

    second = workspace.refresh(client(standin)).run
    assert second.complete
    assert (second.new, second.revised, second.gone, second.retracted) == ((), (), (), ())
    after = files(tmp_path)
    assert set(after) - set(before) == {f"archive/ldn/runs/{second.id}.json"}
    assert {name: after[name] for name in before} == before


def test_as_few_requests_as_the_service_allows(tmp_path, standin):
    workspace = Workspace(tmp_path)
    run = workspace.refresh(client(standin)).run
    records = len(run.found | set(run.not_given) | set(run.new))
    assert len(standin.requests) == run.requests <= len(run.searches) + -(-records // 200) + 5
    assert len(workspace.protocol.queries()) == len(run.searches)


def test_what_was_added_revised_removed_and_retracted_is_told_and_nothing_is_lost(tmp_path, standin):
    workspace = Workspace(tmp_path)
    first = workspace.refresh(client(standin)).run
    # Studies of one document: a retracted first version, or a copy under another PMID, would be a document of its study.
    alone = {pmid for pmid in first.found if not workspace.study(pmid).joined}
    pmids = sorted(pmid for pmid in alone if pmid > 999_000_000)
    revised, retracted, removed = 23359310, pmids[5], pmids[6]
    xml = {pmid: standin.library.get(pmid).xml for pmid in (revised, retracted, removed)}
    standin.put(changed(xml[revised], "</ArticleTitle>", " (corrected)</ArticleTitle>"))
    standin.put(
        changed(
            xml[retracted],
            "<PublicationTypeList>",
            '<PublicationTypeList><PublicationType UI="D016441">Retracted Publication</PublicationType>',
        )
    )
    standin.remove(removed)
    added = xml[removed].replace(str(removed).encode(), b"999009999")
    added = added.replace(b"</ArticleTitle>", b", a second paper</ArticleTitle>")
    standin.put(re.sub(rb"10\.5555/[^<]*", b"10.5555/invented.added", added))

    run = workspace.refresh(client(standin)).run
    assert (run.new, run.gone) == ((999009999,), (removed,))
    assert set(run.revised) == {revised, retracted}
    assert run.retracted == (retracted,)
    assert workspace.study(revised).records[0].title.endswith("(corrected)")
    assert workspace.study_document(retracted)["why_not"] == "retracted"
    assert workspace.study(removed).records  # gone from PubMed's answer, kept here
    assert workspace.study(removed).found_by == ()

    table = workspace.difference(first.id, "last")
    told = {(row.change, row.pmid) for row in table.itertuples()}
    assert {
        ("found", 999009999),
        ("no longer found", removed),
        ("revised", revised),
        ("retracted", retracted),
    } <= told


def test_a_rebuild_from_the_archive_is_the_database_that_the_refreshes_left(tmp_path, standin):
    workspace = Workspace(tmp_path)
    workspace.refresh(client(standin))
    standin.put(changed(standin.library.get(23359310).xml, "</ArticleTitle>", " (corrected)</ArticleTitle>"))
    workspace.refresh(client(standin))
    digest, profiles = workspace.corpus_digest, workspace.profiles
    workspace.database.unlink()
    built = workspace.build(afresh=True)
    assert built.changed
    assert (workspace.corpus_digest, workspace.profiles) == (digest, profiles)


def test_full_fetches_all_of_it_and_keeps_only_what_is_new(tmp_path, standin):
    workspace = Workspace(tmp_path)
    workspace.refresh(client(standin))
    # A change that PubMed does not date: only a full refresh can see it.
    xml = standin.library.get(23359310).xml
    standin.put(xml.replace(b"</ArticleTitle>", b" (silently corrected)</ArticleTitle>"))
    before = len(workspace.archive.batches())
    assert workspace.refresh(client(standin)).run.revised == ()
    assert workspace.refresh(client(standin), full=True).run.revised == (23359310,)
    assert len(workspace.archive.batches()) == before + 1


def test_full_with_nothing_new_leaves_everything_as_it_was(tmp_path, standin):
    """The answers come in the very bytes that are archived: nothing of them may be taken for superfluous."""
    workspace = Workspace(tmp_path)
    workspace.refresh(client(standin))
    before = files(tmp_path)
    run = workspace.refresh(client(standin), full=True).run
    after = files(tmp_path)
    assert (run.new, run.revised) == ((), ())
    assert after == before | {f"archive/ldn/runs/{run.id}.json": after[f"archive/ldn/runs/{run.id}.json"]}
    digest = workspace.corpus_digest
    workspace.build(afresh=True)
    assert workspace.corpus_digest == digest


def test_what_was_revised_this_week_is_looked_at_again_and_not_kept_twice(tmp_path, standin):
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    standin.put(
        changed(standin.library.get(23359310).xml, "</ArticleTitle>", " (corrected)</ArticleTitle>", today)
    )
    workspace = Workspace(tmp_path)
    workspace.refresh(client(standin))
    before = files(tmp_path)
    run = workspace.refresh(client(standin)).run
    assert [request.params["id"] for request in standin.requests if request.endpoint == "efetch"][
        -1
    ] == "23359310"
    assert run.revised == ()
    assert set(files(tmp_path)) - set(before) == {f"archive/ldn/runs/{run.id}.json"}
    # A second revision of the same day has the same date: it is seen all the same.
    standin.put(changed(standin.library.get(23359310).xml, "(corrected)", "(corrected twice)", today))
    assert workspace.refresh(client(standin)).run.revised == (23359310,)


def test_a_record_takes_the_place_of_its_citation_and_coded_facts_stay(tmp_path, standin):
    workspace = Workspace(tmp_path)
    workspace.build()
    before = workspace.study("younger2013")
    profile = workspace.profile("fibromyalgia-pain")
    workspace.refresh(client(standin))
    after = workspace.study(23359310)
    assert (after.key, after.reports, after.tag) == ("younger2013", before.reports, before.tag)
    assert after.records[0].pmid == 23359310
    assert "fibromyalgia" in after.found_by
    assert workspace.profile("fibromyalgia-pain").counted[0].row == profile.counted[0].row


# --------------------------------------------------------------------------- whatever happens, in whatever order


def records(workspace: Workspace) -> dict[int, Record]:
    return {one.pmid: one for study in workspace.studies().values() for one in study.records}


def damage(workspace: Workspace, dice: random.Random) -> None:
    """Cut an answer of the archive off."""
    batches = [one for one in workspace.archive.batches() if one.form == "efetch"]
    if batches:
        path = workspace.archive.folder / f"{dice.choice(batches).digest}.xml.gz"
        path.write_bytes(path.read_bytes()[: dice.randrange(20)])


def retitled(xml: bytes, words: str) -> bytes:
    return re.sub(
        rb"(<(ArticleTitle|BookTitle)[^>]*>).*?(</\2>)",
        rb"\g<1>" + words.encode() + rb"\g<3>",
        xml,
        count=1,
        flags=re.S,
    )


def renumbered(xml: bytes, pmid: int) -> bytes:
    """The same record under another PMID, and without what else would name it."""
    xml = re.sub(rb"(<PMID[^>]*>)\d+", rb"\g<1>" + str(pmid).encode(), xml, count=1)
    return re.sub(rb'<ArticleId IdType="doi">.*?</ArticleId>|<ELocationID.*?</ELocationID>', b"", xml)


@pytest.mark.parametrize("seed", range(int(os.environ.get("LDN_EVIDENCE_SEQUENCES", "6"))))
def test_after_any_sequence_of_events_what_pubmed_has_is_held_and_nothing_is_lost(tmp_path, seed):
    """Records come, change, change back and vanish; answers are damaged, files imported, the database deleted."""
    dice = random.Random(seed)
    workspace = topic(tmp_path / "work")
    ever: set[int] = set()
    with StandIn.of(sorted(RECORDS.glob("*.xml"))[seed::6], enforce=False) as standin:
        library = standin.library
        pmids = {one.pmid for one in library.records()}
        for step in range(14):
            pmid = dice.choice(sorted(pmids))
            xml, full, gone = library.get(pmid).xml, dice.random() < 0.2, set()
            match dice.randrange(8):
                case 0:  # a change that PubMed does not date
                    standin.put(retitled(xml, f"undated {step}"))
                    full = True
                case 1 | 2:  # to words that may have stood there before
                    standin.put(changed(retitled(xml, dice.choice(("one", "two"))), "</PMID>", "</PMID>"))
                    full = full or b"<PubmedBookArticle" in xml  # which have no date of revision here
                case 3:
                    standin.put(renumbered(xml, 998_000_000 + step))
                    pmids.add(998_000_000 + step)
                case 4 if len(pmids) > 5:
                    standin.remove(pmid)
                    pmids.remove(pmid)
                case 5:
                    damage(workspace, dice)
                case 6:
                    brought = tmp_path / f"{step}.xml"
                    brought.write_bytes(b"<PubmedArticleSet>" + xml + b"</PubmedArticleSet>")
                    workspace.bring([brought])
                case 7:
                    workspace.database.unlink(missing_ok=True)
            try:
                run = workspace.refresh(client(standin), full=full).run
            except EntrezError:  # damaged here and gone there: only a person can let it go
                gone = set(workspace.runs()[-1].missing)
                assert not gone & pmids
                run = workspace.refresh(client(standin), full=full, accept_missing=True).run
            held = records(workspace)
            assert run.found <= pmids
            assert len(run.found) > len(pmids) / 2
            there = {pmid: library.get(pmid).record for pmid in run.found}
            assert {pmid: held.get(pmid) for pmid in run.found} == there
            assert ever - set(held) <= gone
            ever = set(held)
            assert workspace.archive.damaged() == []
    digest = workspace.corpus_digest
    workspace.build(afresh=True)
    assert workspace.corpus_digest == digest


RETRACTION = '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>x</RefSource></CommentsCorrections></CommentsCorrectionsList></MedlineCitation>'  # fmt: skip


def test_a_revision_that_is_left_out_ends_in_an_error_and_is_seen_by_the_next_run(tmp_path, standin):
    workspace = Workspace(tmp_path)
    workspace.refresh(client(standin))
    standin.put(changed(standin.library.get(23359310).xml, "</MedlineCitation>", RETRACTION))
    standin.put(changed(standin.library.get(21380937).xml, "</PMID>", "</PMID>"))
    standin.faults = lambda request: Fault.OMIT_IDS if request.endpoint == "efetch" else None
    with pytest.raises(EntrezError, match="did not give when asked twice"):
        workspace.refresh(client(standin))
    standin.faults = []
    assert 23359310 in workspace.refresh(client(standin)).run.retracted


def test_a_record_that_only_a_file_names_is_looked_at_again_too(tmp_path, standin):
    workspace = topic(tmp_path)
    standin.put(
        '<PubmedArticle><MedlineCitation><PMID Version="1">998000001</PMID><Article><ArticleTitle>Xyzzy</ArticleTitle></Article>'
        "</MedlineCitation></PubmedArticle>"
    )
    (tmp_path / "list.txt").write_text("PMID: 998000001  # a colleague's")
    workspace.bring([tmp_path / "list.txt"])
    run = workspace.refresh(client(standin)).run
    assert 998_000_001 not in run.found
    assert workspace.study(998_000_001).records
    standin.put(changed(standin.library.get(998_000_001).xml, "</MedlineCitation>", RETRACTION))
    assert workspace.refresh(client(standin)).run.retracted == (998_000_001,)


def test_an_accepted_gap_stays_accepted_and_stays_named(tmp_path, standin):
    workspace = Workspace(tmp_path)
    standin.faults = lambda request: Fault.OMIT_IDS if request.endpoint == "efetch" else None
    first = workspace.refresh(client(standin), accept_missing=True).run
    assert first.missing
    second = workspace.refresh(client(standin)).run
    assert second.complete
    assert set(second.missing) < set(first.missing)


HEADER = (
    "row_id,study_key,claim,comparator,finding,outcome_measured,population,intervention,comparison,outcome,"
    "reason,reviewer,date\n"
)
ROW = "mine.1,{},fibromyalgia-pain,placebo,unclear,pain,direct,direct,direct,direct,read,me,2026-11-22\n"


def test_an_appraisal_follows_its_study_to_another_key(tmp_path, standin):
    workspace = Workspace(tmp_path)
    (tmp_path / "list.txt").write_text("999000004")
    workspace.bring([tmp_path / "list.txt"])
    key = workspace.study(999000004).key
    assert key.startswith("import:")
    (tmp_path / "appraisals").mkdir()
    own = tmp_path / "appraisals" / "ldn.csv"
    own.write_text(HEADER + ROW.format(key))
    workspace.refresh(client(standin))
    assert [one.study_key for one in workspace.appraisals() if one.row_id == "mine.1"] == ["pmid:999000004"]
    # What is not there any more can't be read: the row is set aside with a word, and nothing stops.
    own.write_text(HEADER + ROW.format("pmid:123"))
    workspace.build()
    assert any("mine.1" in warning for warning in workspace.warnings())


def test_a_file_with_which_nothing_can_be_built_is_not_kept(tmp_path, workspace):
    (workspace.root / "appraisals").mkdir()
    (workspace.root / "appraisals" / "ldn.csv").write_text("row_id\n")
    (tmp_path / "list.txt").write_text("999000004")
    with pytest.raises(InputError):
        workspace.bring([tmp_path / "list.txt"])
    assert workspace.archive.batches() == []


def test_a_lost_database_and_a_damaged_answer_are_mended_by_one_refresh(tmp_path, standin):
    workspace = Workspace(tmp_path)
    workspace.refresh(client(standin))
    digest = workspace.corpus_digest
    workspace.database.unlink()
    damage(workspace, random.Random(1))
    workspace.refresh(client(standin))
    assert workspace.corpus_digest == digest


def test_a_lost_database_does_not_make_a_later_run_a_first_one(tmp_path, standin):
    workspace = Workspace(tmp_path)
    workspace.refresh(client(standin))
    workspace.database.unlink()
    with pytest.raises(NotReached, match="refresh --offline"):
        workspace.refresh(Entrez(url="http://127.0.0.1:9/", patience=QUICK))


def test_a_list_that_lost_a_line_is_noticed(tmp_path, standin):
    workspace = Workspace(tmp_path)
    workspace.refresh(client(standin))
    whole = workspace.archive.manifest.read_text()
    lines = whole.splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if '"efetch"' in line)
    for broken in ([*lines[:at], lines[at][:-3] + "\n", *lines[at + 1 :]], lines[:at] + lines[at + 1 :]):
        workspace.archive.manifest.write_text("".join(broken))
        with pytest.raises(WorkspaceError, match="Restore it from a copy"):
            workspace.build(afresh=True)
    workspace.archive.manifest.write_text(whole)
    workspace.build(afresh=True)


def test_a_run_of_a_clock_far_ahead_does_not_hide_what_is_revised_until_then(tmp_path, standin):
    workspace = Workspace(tmp_path)
    run = workspace.refresh(client(standin)).run
    path = workspace.archive.folder / "runs" / f"{run.id}.json"
    ahead = path.read_text().replace(f'"started": "{run.started[:4]}', '"started": "2050')
    path.unlink()
    path.with_name("20500101T000000Z.json").write_text(ahead.replace(run.id, "20500101T000000Z"))
    standin.put(changed(standin.library.get(23359310).xml, "</ArticleTitle>", " (corrected)</ArticleTitle>"))
    later = workspace.refresh(client(standin)).run
    assert later.revised == (23359310,)
    assert workspace.archive.last().id == later.id


# --------------------------------------------------------------------------- out of reach, and other refusals


def test_first_without_pubmed_the_bundle_works_later_that_is_an_error_and_nothing_changes(tmp_path):
    workspace = Workspace(tmp_path)
    nowhere = Entrez(url="http://127.0.0.1:9/", patience=QUICK)
    assert workspace.refresh(nowhere).unreachable == "no connection"
    assert len(workspace.claims()) == 27
    before = files(tmp_path)
    with pytest.raises(
        NotReached,
        match=r"out of reach at http://127\.0\.0\.1:9/ \(no connection\)\. Nothing was changed.*refresh --offline",
    ):
        workspace.refresh(nowhere)
    assert files(tmp_path) == before


def test_a_query_that_pubmed_would_read_otherwise_is_refused_before_it_is_sent(tmp_path, standin):
    workspace = topic(tmp_path)
    path = tmp_path / "protocols" / "topic.toml"
    path.write_text(
        path.read_text().replace("(pain[tiab] OR fibromyalg*[tiab])", "pain OR fibromyalg*[tiab]")
    )
    with pytest.raises(InputError, match='query of "pain"'):
        workspace.refresh(client(standin))
    assert standin.requests == []


def test_a_query_that_pubmed_read_otherwise_is_an_error_and_not_a_corpus(tmp_path, standin):
    class Reinterpreting(Entrez):
        def search(self, query, revised_since=None):
            found = super().search(query, revised_since)
            return type(found)(
                **{name: getattr(found, name) for name in found.__slots__}
                | {"translation": '"pain"[All Fields]'}
            )

    with pytest.raises(InputError, match="reads a part of it as a search of all fields"):
        Workspace(tmp_path).refresh(Reinterpreting(url=standin.url, per_second=1000, patience=QUICK))


def test_records_that_are_found_and_never_given_are_named_and_only_a_person_goes_on_without(
    tmp_path, standin
):
    workspace = Workspace(tmp_path)
    standin.faults = lambda request: Fault.OMIT_IDS
    with pytest.raises(EntrezError, match=r"has \d+ record\(s\) that it did not give.*--accept-missing"):
        workspace.refresh(client(standin))
    (run,) = workspace.runs()
    assert not run.complete
    assert run.missing
    assert workspace.status()["pubmed_records"] == 0  # nothing of an incomplete run is in the database
    accepted = workspace.refresh(client(standin), accept_missing=True).run
    assert accepted.complete
    assert accepted.missing
    standin.faults = []
    last = workspace.refresh(client(standin)).run
    assert last.complete
    assert not last.missing
    assert last.found <= {record.pmid for study in workspace.studies().values() for record in study.records}


def test_an_interrupted_refresh_fetches_only_what_is_left(tmp_path, standin):
    workspace = topic(tmp_path)
    fetches = 0

    def fail_the_second(request):
        nonlocal fetches
        fetches += request.endpoint == "efetch"
        return Fault.SERVER_ERROR if fetches > 1 else None

    for number in range(300):  # enough for two batches
        xml = standin.library.get(23359310).xml.replace(b"23359310", str(999100000 + number).encode())
        standin.put(
            re.sub(rb'<ArticleId IdType="doi">.*?</ArticleId>|<ELocationID.*?</ELocationID>', b"", xml)
        )
    standin.faults = fail_the_second
    with pytest.raises(EntrezError, match="HTTP 500"):
        workspace.refresh(client(standin))
    standin.faults = []
    asked = len(standin.requests)
    run = workspace.refresh(client(standin)).run
    fetched = [request for request in standin.requests[asked:] if request.endpoint == "efetch"]
    assert sum(len(request.params["id"].split(",")) for request in fetched) == len(run.found) - 200
    assert len(run.new) == len(run.found)


def test_a_damaged_answer_in_the_archive_is_named_and_the_next_refresh_mends_it(tmp_path, standin):
    workspace = Workspace(tmp_path)
    workspace.refresh(client(standin))
    digest = workspace.corpus_digest
    batch = next(one for one in workspace.archive.batches() if one.form == "efetch")
    path = tmp_path / "archive" / "ldn" / f"{batch.digest}.xml.gz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(
        WorkspaceError, match=r"missing or damaged.*Fetch its records again with: ldn-evidence refresh"
    ):
        workspace.build(afresh=True)
    assert workspace.corpus_digest == digest
    workspace.refresh(client(standin))
    assert workspace.archive.damaged() == []
    workspace.build(afresh=True)
    assert workspace.corpus_digest == digest


def test_two_refreshes_at_once_come_one_after_the_other(tmp_path, standin):
    command = [sys.executable, "-m", "ldn_evidence", "-w", str(tmp_path / "shared"), "refresh", "--json"]
    env = os.environ | {
        "LDN_EVIDENCE_EUTILS_URL": standin.url,
        "NCBI_API_KEY": "never-to-be-seen",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    running = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ends = [(*process.communicate(timeout=120), process.returncode) for process in running]
    assert [code for _, _, code in ends] == [0, 0], ends
    news = sorted(len(json.loads(out)["new"]) for out, _, _ in ends)
    assert news[0] == 0 < news[1]
    for name, content in files(tmp_path / "shared").items():
        assert b"never-to-be-seen" not in content, name
    assert all("never-to-be-seen" not in out + err for out, err, _ in ends)


# --------------------------------------------------------------------------- whatever fails, in whatever order

FAULTS = [fault for fault in Fault if fault is not Fault.EXPIRED_HISTORY]


def schedule(seed: int, share: float = 0.25):
    """Faults at random, the same for the same seed."""
    dice = random.Random(seed)
    return lambda request: dice.choice(FAULTS) if dice.random() < share else None


def completes(workspace: Workspace, standin: StandIn, faults, digest: str) -> bool:
    """Refresh under faults; then it is the faultless corpus, or an error that names the trouble and a next run completes it."""
    standin.faults = faults
    error = None
    try:
        workspace.refresh(client(standin))
    except EntrezError as raised:
        error = str(raised)
    standin.faults = []
    if error:
        assert re.search(r"NCBI \(\w+\): .+|PubMed has \d+ record|PubMed finds \d+ records", error)
        assert (workspace.runs()[-1].why, workspace.runs()[-1].complete) == (error, False)
        workspace.refresh(client(standin))
    assert workspace.corpus_digest == digest
    assert workspace.archive.damaged() == []
    return error is not None


@pytest.mark.parametrize("seed", range(12))
def test_a_random_schedule_of_faults_ends_with_the_same_corpus(tmp_path, standin, seed):
    clean = topic(tmp_path / "clean")
    clean.refresh(client(standin))
    completes(topic(tmp_path / "troubled"), standin, schedule(seed), clean.corpus_digest)


DRIVER = """
import sys
from ldn_evidence import Workspace
from ldn_evidence.entrez import Entrez
Workspace(sys.argv[1], "topic").refresh(Entrez(url=sys.argv[2], per_second=1000))
"""


def killed_at(root: Path, standin: StandIn, seconds: float) -> bool:
    """Start a refresh in a process of its own and kill it; says whether it was still running."""
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(root), standin.url], stderr=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def outlives_kills(tmp_path: Path, standin: StandIn, moments: int, longest: float) -> int:
    """Kill refreshes at random moments, each in a workspace of its own; the next run finishes every one. Counts the killed."""
    clean = topic(tmp_path / "clean")
    clean.refresh(client(standin))
    dice = random.Random(2026)
    killed = 0
    for number in range(moments):
        workspace = topic(tmp_path / f"killed{number}")
        killed += killed_at(workspace.root, standin, dice.uniform(0.6, longest))
        workspace.refresh(client(standin))
        assert workspace.corpus_digest == clean.corpus_digest
        assert workspace.archive.damaged() == []
    workspace.build(afresh=True)
    assert workspace.corpus_digest == clean.corpus_digest
    return killed


def test_a_refresh_that_is_killed_is_finished_by_the_next(tmp_path, standin):
    standin.latency = 0.1
    assert outlives_kills(tmp_path, standin, 4, 2.2) >= 2


# --------------------------------------------------------------------------- all of the real records

needs_real = pytest.mark.skipif(
    not FOLDER, reason="LDN_EVIDENCE_PUBMED_XML names no folder of real PubMed XML"
)


@pytest.fixture(scope="module")
def real():
    folders = [Path(str(FOLDER)) / name for name in ("xml", "single")]
    with StandIn.of(folders, enforce=False, retry_after="0", stall_seconds=1.2) as running:
        client(running, patience=Patience()).search("humans[mh]")  # the first question reads every record
        yield running


@needs_real
def test_over_the_real_records_everything_found_is_held_and_changes_are_seen(tmp_path, real):
    workspace = topic(tmp_path)
    first = workspace.refresh(client(real)).run
    assert len(first.found) > 900
    assert first.requests <= len(first.searches) + -(-len(first.found) // 200) + 5
    held = {record.pmid for study in workspace.studies().values() for record in study.records}
    assert held == first.found
    dice = random.Random(7)
    revised, retracted, removed = dice.sample(sorted(first.found), 3)
    kept = {pmid: real.library.get(pmid).xml for pmid in (revised, retracted, removed)}
    try:
        real.put(changed(kept[revised], "</PMID>", "</PMID>"))
        link = '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>x</RefSource></CommentsCorrections></CommentsCorrectionsList></MedlineCitation>'
        real.put(changed(kept[retracted], "</MedlineCitation>", link))
        real.remove(removed)
        real.put(re.sub(rb"(<PMID[^>]*>)\d+", rb"\g<1>998000001", kept[removed], count=1))
        second = workspace.refresh(client(real)).run
        assert (second.new, second.gone) == ((998000001,), (removed,))
        assert set(second.revised) == {revised, retracted}
        assert second.retracted == (retracted,)
        digest = workspace.corpus_digest
        workspace.build(afresh=True)
        assert workspace.corpus_digest == digest
    finally:
        for xml in kept.values():
            real.put(xml)
        real.remove(998000001)


# A full run tries more of each: LDN_EVIDENCE_MOMENTS=50 pytest tests/test_refresh.py -k real
MOMENTS = int(os.environ.get("LDN_EVIDENCE_MOMENTS", "5"))


@needs_real
def test_over_the_real_records_random_schedules_of_faults_end_with_the_same_corpus(tmp_path, real):
    clean = topic(tmp_path / "clean")
    clean.refresh(client(real))
    failed = [
        completes(topic(tmp_path / str(seed)), real, schedule(1000 + seed), clean.corpus_digest)
        for seed in range(MOMENTS)
    ]
    print(f"{sum(failed)} of {MOMENTS} schedules ended in an error that the next run mended")
    assert 0 < sum(failed) < MOMENTS  # both ways were walked


@needs_real
def test_over_the_real_records_kills_at_random_moments_are_outlived(tmp_path, real):
    real.latency = 0.05
    began = time.monotonic()
    try:
        killed = outlives_kills(tmp_path, real, MOMENTS, 4.0)
    finally:
        real.latency = 0.0
    print(f"{killed} of {MOMENTS} killed under way, {time.monotonic() - began:.0f} s")
    assert killed >= MOMENTS // 2
