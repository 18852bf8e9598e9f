"""PubMed's field tags: every spelling, what kind of field it is, and which ones a Record can't answer.

Takes the text between the brackets; returns a field's short name. Never reads a record. Source: PubMed User Guide,
"Search field tags", and einfo's field list.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from ldn_evidence.query.words import brief


class Kind(StrEnum):
    """How a field is compared: running words, whole values from a list, names, dates, or identifiers as they stand."""

    TEXT = "text"
    LIST = "list"
    NAME = "name"
    DATE = "date"
    IDENTIFIER = "identifier"
    FILTER = "filter"


@dataclass(frozen=True, slots=True)
class Tag:
    """What stood between the brackets: the field, whether narrower headings count, the words allowed between."""

    field: str
    explode: bool = True
    near: int | None = None


# field: kind, then every spelling PubMed knows besides the short name
FIELDS: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "all": (Kind.TEXT, ("all fields",)),
    "ti": (Kind.TEXT, ("title", "titl")),
    "tiab": (Kind.TEXT, ("title/abstract", "title abstract")),
    "tw": (Kind.TEXT, ("text word", "text words", "word")),
    "ot": (Kind.TEXT, ("other term", "other terms", "otrm")),
    "tt": (Kind.TEXT, ("transliterated title",)),
    "ad": (Kind.TEXT, ("affiliation", "affl")),
    "gr": (Kind.TEXT, ("grants and funding", "grant number", "grant", "grnt")),
    "cois": (Kind.TEXT, ("conflict of interest statement", "conflict of interest statements")),
    "cn": (Kind.TEXT, ("corporate author", "author - corporate", "coln")),
    "pubn": (Kind.TEXT, ("publisher",)),
    "mh": (Kind.LIST, ("mesh", "mesh terms", "mesh term")),
    "majr": (Kind.LIST, ("mesh major topic", "mj", "mesh major topics")),
    "sh": (Kind.LIST, ("mesh subheading", "mesh subheadings", "subheading", "subh")),
    "pt": (Kind.LIST, ("publication type", "publication types", "ptyp")),
    "nm": (Kind.LIST, ("supplementary concept", "substance name", "subs")),
    "ta": (Kind.LIST, ("journal", "jour")),
    "la": (Kind.LIST, ("language", "lang")),
    "pl": (Kind.LIST, ("place of publication", "cnty")),
    "au": (Kind.NAME, ("author", "auth")),
    "1au": (Kind.NAME, ("first author name", "first author", "firstau", "author - first", "faut")),
    "lastau": (Kind.NAME, ("last author name", "last author", "author - last", "laut")),
    "fau": (Kind.NAME, ("full author name", "author - full", "full")),
    "ir": (Kind.NAME, ("investigator",)),
    "fir": (Kind.NAME, ("full investigator name", "investigator - full", "finv")),
    "dp": (Kind.DATE, ("publication date", "pdat", "date - publication")),
    "epdat": (Kind.DATE, ("electronic publication date", "electronic date of publication", "epdt")),
    "ppdat": (Kind.DATE, ("print publication date", "print date of publication", "ppdt")),
    "edat": (Kind.DATE, ("entry date", "entrez date", "date - entry", "date - entrez")),
    "crdt": (Kind.DATE, ("create date", "date - create")),
    "lr": (Kind.DATE, ("modification date", "mdat", "date - modification", "date last revised")),
    "dcom": (Kind.DATE, ("completion date", "date - completion", "cdat")),
    "mhda": (Kind.DATE, ("mesh date", "date - mesh")),
    "pmid": (Kind.IDENTIFIER, ("uid",)),
    "aid": (Kind.IDENTIFIER, ("article identifier", "doi", "publisher id")),
    "lid": (Kind.IDENTIFIER, ("location id", "location identifier")),
    "auid": (Kind.IDENTIFIER, ("author identifier", "author - identifier")),
    "si": (Kind.IDENTIFIER, ("secondary source id",)),
    "rn": (Kind.IDENTIFIER, ("ec/rn number", "ecno")),
    "jid": (Kind.IDENTIFIER, ("nlm unique id",)),
    "is": (Kind.IDENTIFIER, ("issn",)),
    "vi": (Kind.IDENTIFIER, ("volume", "vol")),
    "ip": (Kind.IDENTIFIER, ("issue", "iss")),
    "pg": (Kind.IDENTIFIER, ("pagination", "page")),
    "sb": (Kind.FILTER, ("subset", "filter")),
}
NAMES = {spelling: field for field, (_, others) in FIELDS.items() for spelling in (field, *others)}
# PubMed knows these; our Record doesn't hold what they ask for.
UNANSWERABLE = {
    "pa": "pharmacological actions", "pharmacological action": "pharmacological actions",
    "ps": "persons as subjects", "personal name as subject": "persons as subjects",
    "ed": "editors", "editor": "editors", "isbn": "ISBNs", "book": "book identifiers", "owner": "owners",
}  # fmt: skip
PROXIMITY = ("ti", "tiab", "ad")
TEXT_OF_THE_PAPER = frozenset({"ti", "tiab", "tw", "ot", "tt", "all"})
# What a Record's Status says; PubMed's other subsets are its own searches and can't be decided here.
SUBSETS = {
    "medline": ("MEDLINE",),
    "pubmednotmedline": ("PubMed-not-MEDLINE",),
    "pubmed not medline": ("PubMed-not-MEDLINE",),
    "inprocess": ("In-Process", "In-Data-Review"),
    "in process": ("In-Process", "In-Data-Review"),
    "publisher": ("Publisher",),
}
HAS_ABSTRACT = frozenset({"hasabstract", "fha"})
# PubMed's codes (MARC) for the languages it has most of; a three-letter code always works.
LANGUAGES = {
    "english": "eng", "german": "ger", "french": "fre", "spanish": "spa", "italian": "ita", "russian": "rus",
    "japanese": "jpn", "chinese": "chi", "portuguese": "por", "polish": "pol", "dutch": "dut", "danish": "dan",
    "swedish": "swe", "norwegian": "nor", "finnish": "fin", "czech": "cze", "hungarian": "hun", "turkish": "tur",
    "korean": "kor", "hebrew": "heb", "greek": "gre", "romanian": "rum", "bulgarian": "bul", "croatian": "hrv",
    "serbian": "srp", "slovak": "slo", "slovenian": "slv", "ukrainian": "ukr", "persian": "per", "arabic": "ara",
    "icelandic": "ice", "lithuanian": "lit", "estonian": "est", "latvian": "lav", "catalan": "cat", "thai": "tha",
    "vietnamese": "vie", "indonesian": "ind", "undetermined": "und", "multilingual": "mul",
}  # fmt: skip


class UnknownTagError(ValueError):
    """A tag that can't be used; its text is the reason and the mend, its code what kind of reason."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def tag(inside: str) -> Tag:
    """What stands between the brackets as a field, or UnknownTagError in a reader's words.

    >>> tag("MeSH Terms:noexp")
    Tag(field='mh', explode=False, near=None)
    """
    name, colon, extra = (part.strip() for part in " ".join(inside.lower().split()).partition(":"))
    field = NAMES.get(name)
    inside = brief(inside)
    if name in UNANSWERABLE:
        raise UnknownTagError(
            "undecidable-field",
            f"[{inside}] asks for {UNANSWERABLE[name]}, which our records don't hold. Leave this term out",
        )
    if name in ("ab", "abstract"):
        raise UnknownTagError("unknown-field", f"PubMed has no field [{inside}]. Write [tiab]")
    if field is None:
        near = get_close_matches(name[:60], NAMES, n=1)  # it is slow on long words
        mend = f"Did you mean [{near[0]}]?" if near else "The common ones are [tiab], [mh], [pt], [au], [dp]"
        raise UnknownTagError("unknown-field", f"PubMed has no field [{inside}]. {mend}")
    if not colon:
        return Tag(field)
    if extra in ("noexp", "no exp", "exp") and field in ("mh", "majr", "sh", "pt"):
        return Tag(field, explode=extra == "exp")
    if extra.startswith("~"):
        if field not in PROXIMITY:
            raise UnknownTagError(
                "proximity-field", f"PubMed knows nearness only in [ti], [tiab] and [ad], not in [{name}]. Write [tiab:{brief(extra)}]"
            )  # fmt: skip
        number = extra[1:]
        if not (number.isascii() and number.isdigit() and len(number) < 5):
            raise UnknownTagError(
                "proximity-number", f"[{inside}] needs a number after the ~. Write for example [{name}:~3]"
            )
        return Tag(field, near=int(number))
    if extra.isdigit():
        raise UnknownTagError("unknown-field", f"[{inside}] lacks a ~. Write [{name}:~{brief(extra)}]")
    raise UnknownTagError(
        "unknown-field", f'[{inside}]: PubMed does not know ":{brief(extra)}" here. Write [{name}]'
    )
