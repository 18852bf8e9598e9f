"""The records a stand-in knows, each with its XML exactly as the file has it. Changeable while the server runs."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from lxml import etree

from ldn_evidence import parse, query
from ldn_evidence.model import Record

ROOT = re.compile(rb"<(PubmedArticleSet|PubmedBookArticleSet|MedlineCitationSet|PubmedArticle|PubmedBookArticle|MedlineCitation)\b")  # fmt: skip
CITATION = re.compile(rb"<(PubmedArticle|PubmedBookArticle)(?:\s[^>]*)?>.*?</\1\s*>", re.DOTALL)
OLD_CITATION = re.compile(rb"<MedlineCitation(?:\s[^>]*)?>.*?</MedlineCitation\s*>", re.DOTALL)
COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
ENCODING = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)""")
# The first PMID of a citation is its own; those of comments and references come after it.
PMID = re.compile(
    rb"""<PMID(?:\s+Version=["'](?P<version>\d{1,5})["'])?[^>]*>\s*(?P<pmid>\d{1,9})\s*</PMID>"""
)


class Held:
    """One citation: its XML as one PubmedArticle or PubmedBookArticle, and, once asked for, what it says."""

    def __init__(self, xml: bytes) -> None:
        match = PMID.search(COMMENT.sub(b"", xml))
        if match is None:
            raise ValueError("a record without a PMID can't be kept")
        self.xml = xml
        self.pmid, self.version = int(match["pmid"]), int(match["version"] or b"1")

    @cached_property
    def indexed(self) -> query.Indexed:
        """The record, ready for queries. Reading is the slow part, and most records are only fetched."""
        (found,) = parse.records(b"<PubmedArticleSet>" + self.xml + b"</PubmedArticleSet>")
        if isinstance(found, Record):
            return query.Indexed(found)
        # A record that our parser refuses must still be served, so that a test can see what its reader does with it.
        title = " ".join(re.sub(rb"<[^>]*>", b" ", self.xml).decode().split())
        return query.Indexed(Record(pmid=self.pmid, title=title))

    @property
    def record(self) -> Record:
        """What `parse` reads in it."""
        return self.indexed.record


class Library:
    """Records by PMID; every method may be called while requests are answered."""

    def __init__(self, descendants: Mapping[str, Collection[str]] | None = None) -> None:
        self.descendants = dict(descendants or {})
        self._held: dict[int, Held] = {}
        self._lock = threading.RLock()

    def load(self, places: str | Path | Iterable[str | Path]) -> None:
        """Every record in the files, or in all .xml and .xml.gz files beneath the folders."""
        for place in [places] if isinstance(places, str | Path) else places:
            path = Path(place)
            found = sorted([*path.rglob("*.xml"), *path.rglob("*.xml.gz")]) if path.is_dir() else [path]
            for one in found:
                raw = one.read_bytes()
                raw = gzip.decompress(raw) if one.suffix == ".gz" else raw
                # A folder may hold other XML, such as saved answers of esearch: only record sets are read.
                if ROOT.search(raw[:3000]) or not path.is_dir():
                    self.put(raw)

    def put(self, xml: bytes | str | etree._Element) -> list[int]:
        """Add records, or replace those with the same PMID; returns the PMIDs. One record or a whole set."""
        raw = etree.tostring(xml) if isinstance(xml, etree._Element) else xml
        raw = raw.encode() if isinstance(raw, str) else _utf8(raw)
        pieces = [match.group(0) for match in CITATION.finditer(raw)] or [
            b"<PubmedArticle>" + match.group(0) + b"</PubmedArticle>" for match in OLD_CITATION.finditer(raw)
        ]
        if not pieces and not ROOT.search(raw):
            raise ValueError("there is no PubmedArticle, PubmedBookArticle or MedlineCitation in this XML")
        pmids = []
        for piece in pieces:
            held = Held(piece)
            with self._lock:
                before = self._held.get(held.pmid)
                if before is None or held.version >= before.version:
                    self._held[held.pmid] = held
            pmids.append(held.pmid)
        return pmids

    def remove(self, pmid: int) -> None:
        """Forget a record; asking for it is answered by omission from then on."""
        with self._lock:
            del self._held[pmid]

    def get(self, pmid: int) -> Held | None:
        """The record of that PMID, or None."""
        with self._lock:
            return self._held.get(pmid)

    def records(self) -> list[Record]:
        """Every record that is served now, by PMID."""
        with self._lock:
            return [self._held[pmid].record for pmid in sorted(self._held)]

    def __len__(self) -> int:
        return len(self._held)

    def search(self, root: query.Node) -> list[int]:
        """The PMIDs that answer, the newest (highest) first."""
        question = query.Query("", root)
        with self._lock:
            held = list(self._held.items())
        found = [pmid for pmid, one in held if query.matches(question, one.indexed, self.descendants)]
        return sorted(found, reverse=True)


def _utf8(raw: bytes) -> bytes:
    declared = ENCODING.match(raw)
    name = declared.group(1).decode() if declared else "utf-8"
    return raw if name.lower() in ("utf-8", "utf8", "ascii", "us-ascii") else raw.decode(name).encode()
