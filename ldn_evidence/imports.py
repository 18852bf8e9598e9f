"""Files from other searches into Citations: PMID lists, nbib (MEDLINE format), RIS. Never opens the archive.

nbib is read by Biopython's `Bio.Medline`, RIS by rispy. What a file is, its contents decide, not its name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from ldn_evidence.errors import InputError
from ldn_evidence.model import BatchForm, Citation


def form(raw: bytes, name: str) -> BatchForm:
    """What sort of file this is; raises InputError where it is none that we read."""
    start = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise InputError(f"{name}: is empty. Save the search again.")
    if start.lower().startswith((b"<!doctype html", b"<html")):
        raise InputError(
            f"{name}: is a web page, not a list of references. Save the search in nbib or RIS form."
        )
    if start.startswith(b"<"):
        return BatchForm.PUBMED_XML
    if re.match(rb"(PMID- ?\d|OWN ?- |STAT- )", start):
        return BatchForm.NBIB
    if re.match(rb"TY  ?-", start):
        return BatchForm.RIS
    words = _pmid_words(_text(raw, name))
    wrong = [word for word in words if not re.fullmatch(r"0*[1-9]\d{0,8}", word)]
    if wrong and len(wrong) * 2 < len(words):
        raise InputError(
            f'{name}: "{wrong[0][:30]}" is no PMID. Leave nothing but PMIDs in the list; what follows # is a remark.'
        )
    if words and not wrong:
        return BatchForm.PMIDS
    raise InputError(
        f"{name}: is neither PubMed XML, nbib, RIS nor a list of PMIDs. Save the search in one of these forms."
    )


def citations(raw: bytes, kind: BatchForm, source: str, key: str) -> list[Citation]:
    """Every reference of an nbib, RIS or PMID file, in its order. `key` names the file; each gets its place behind it."""
    text = _text(raw, source).lstrip("\ufeff")
    try:
        if kind is BatchForm.PMIDS:
            found: list[dict[str, Any]] = [{"pmid": int(word)} for word in _pmid_words(text)]
        elif kind is BatchForm.NBIB:
            found = _nbib(text)
        else:
            found = _ris(text)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise InputError(
            f"{source}: can't be read as {kind} ({error or type(error).__name__}). Save the search again."
        ) from error
    if not found:
        raise InputError(f"{source}: holds no reference. Save the search again.")
    return [
        Citation(key=f"import:{key[:10]}:{place}", source=source, **one)
        for place, one in enumerate(found, start=1)
    ]


def _pmid_words(text: str) -> list[str]:
    bare = re.sub(r"#.*|pmid:?", " ", text, flags=re.IGNORECASE)
    return bare.replace(",", " ").replace(";", " ").split()


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error


def _nbib(text: str) -> list[dict[str, Any]]:
    from Bio import Medline  # its numpy takes a while to import, and only this needs it

    # Bio.Medline ends a record at an empty line alone, and takes one with spaces for a continuation.
    clean = "\n".join(line.rstrip() for line in text.splitlines())
    found = []
    for one in Medline.parse(io.StringIO(clean)):  # type: ignore[no-untyped-call]
        said: Mapping[str, Any] = one
        found.append(
            {
                "title": _line(said.get("TI") or said.get("BTI")),
                "pmid": _pmid(said.get("PMID")),
                "doi": next(
                    (
                        _doi(part)
                        for name in ("LID", "AID")
                        for part in _list(said.get(name))
                        if "[doi]" in part
                    ),
                    None,
                ),
                "authors": tuple(_list(said.get("AU"))) or tuple(_list(said.get("CN"))),
                "year": _year(said.get("DP")),
                "journal": _line(said.get("TA") or said.get("JT")),
                "abstract": _line(said.get("AB")),
                "publication_types": tuple(_list(said.get("PT"))),
            }
        )
    return found


def _ris(text: str) -> list[dict[str, Any]]:
    import rispy

    # Without its final line a reference would be dropped without a word.
    begun, ended = len(re.findall(r"^TY  ?-", text, re.M)), len(re.findall(r"^ER  ?-", text, re.M))
    if begun != ended:
        raise ValueError(f'{begun} references begin with "TY" and {ended} end with "ER"')
    found = []
    for one in rispy.loads(text):
        said: Mapping[str, Any] = one
        accession = str(said.get("accession_number") or said.get("id") or "")
        of_pubmed = (
            "pubmed" in str(said.get("name_of_database") or said.get("database_provider") or "").lower()
        )
        found.append(
            {
                "title": _line(said.get("title") or said.get("primary_title")),
                "pmid": _pmid(accession) if of_pubmed or accession.lower().startswith("pmid") else None,
                "doi": _doi(said.get("doi")),
                "authors": tuple(_list(said.get("authors") or said.get("first_authors"))),
                "year": _year(said.get("year") or said.get("publication_year") or said.get("date")),
                "journal": _line(
                    said.get("journal_name") or said.get("secondary_title") or said.get("alternate_title3")
                ),
                "abstract": _line(said.get("abstract") or said.get("notes_abstract")),
            }
        )
    return found


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _line(value: Any) -> str | None:
    return (
        " ".join("".join(c for c in str(value) if c.isprintable() or c.isspace()).split()) or None
        if value
        else None
    )


def _pmid(value: Any) -> int | None:
    found = re.search(r"\d{1,9}", str(value or ""))
    return int(found[0]) or None if found else None


def _doi(value: Any) -> str | None:
    found = re.search(r"10\.\d{4,9}/\S+", str(value or ""))
    return found[0].rstrip(".,;").lower() if found else None


def _year(value: Any) -> int | None:
    found = re.search(r"(?:19|20)\d\d", str(value or ""))
    return int(found[0]) if found else None
