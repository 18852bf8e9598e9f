"""What each E-utility answers: parameters and a library into a status and a body, in the form PubMed uses.

The forms follow recorded exchanges of 2020 to 2025. Never opens a socket, never counts requests.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from ldn_evidence import InputError, query
from ldn_evidence.model import PartialDate
from ldn_evidence.query import Branch, Dates, Node, Term
from ldn_evidence.query.fields import FIELDS, LANGUAGES, Kind, UnknownTagError, tag
from ldn_evidence.query.words import fold

from .library import Held, Library

MOST = 9_999  # PubMed's esearch lists no more ids than this, and does not say so
MOST_FETCHED = 10_000
XML = "text/xml; charset=UTF-8"
JSON = "application/json; charset=UTF-8"
DTD = "https://eutils.ncbi.nlm.nih.gov/eutils/dtd"
HEADS = {
    "eSearchResult": ("esearch 20060628", f"{DTD}/20060628/esearch.dtd"),
    "ePostResult": ("epost 20090526", f"{DTD}/20090526/epost.dtd"),
    "eFetchResult": ("efetch 20131226", f"{DTD}/20131226/efetch.dtd"),
    "eSummaryResult": ("esummary v1 20041029", f"{DTD}/20041029/esummary-v1.dtd"),
    "eInfoResult": ("einfo 20190110", f"{DTD}/20190110/einfo.dtd"),
}
ROOTS = {"esearch": "eSearchResult", "epost": "ePostResult", "efetch": "eFetchResult", "esummary": "eSummaryResult", "einfo": "eInfoResult"}  # fmt: skip
RECORDS_HEAD = (
    '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)
DATE_TYPES = {"pdat": "dp", "mdat": "lr", "edat": "edat", "crdt": "crdt"}
# einfo's short name, PubMed's long name as in QueryTranslation
NAMES = {
    "all": ("ALL", "All Fields"), "pmid": ("UID", "UID"), "sb": ("FILT", "Filter"), "ti": ("TITL", "Title"),
    "mh": ("MESH", "MeSH Terms"), "majr": ("MAJR", "MeSH Major Topic"), "ta": ("JOUR", "Journal"),
    "ad": ("AFFL", "Affiliation"), "rn": ("ECNO", "EC/RN Number"), "nm": ("SUBS", "Supplementary Concept"),
    "dp": ("PDAT", "Date - Publication"), "edat": ("EDAT", "Date - Entry"), "vi": ("VOL", "Volume"),
    "pg": ("PAGE", "Pagination"), "pt": ("PTYP", "Publication Type"), "la": ("LANG", "Language"),
    "ip": ("ISS", "Issue"), "sh": ("SUBH", "MeSH Subheading"), "si": ("SI", "Secondary Source ID"),
    "mhda": ("MHDA", "Date - MeSH"), "tiab": ("TIAB", "Title/Abstract"), "ot": ("OTRM", "Other Term"),
    "cn": ("COLN", "Author - Corporate"), "pl": ("CNTY", "Place of Publication"),
    "gr": ("GRNT", "Grants and Funding"), "lr": ("MDAT", "Date - Modification"),
    "dcom": ("CDAT", "Date - Completion"), "aid": ("PID", "Publisher ID"), "1au": ("FAUT", "Author - First"),
    "au": ("FULL", "Author"), "fir": ("FINV", "Investigator"), "tt": ("TT", "Transliterated Title"),
    "lastau": ("LAUT", "Author - Last"), "ppdat": ("PPDT", "Print Publication Date"),
    "epdat": ("EPDT", "Electronic Publication Date"), "lid": ("LID", "Location ID"),
    "crdt": ("CRDT", "Date - Create"), "pubn": ("PUBN", "Publisher"), "auid": ("AUID", "Author - Identifier"),
    "cois": ("COIS", "Conflict of Interest Statements"), "tw": ("WORD", "Text Word"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, before any misbehaviour."""

    body: bytes
    status: int = 200
    content_type: str = XML


@dataclass(slots=True)
class History:
    """Every WebEnv with its numbered sets; they expire after `seconds`, as NCBI's do."""

    seconds: float = 3600.0
    _sets: dict[str, tuple[float, list[list[int]]]] = field(default_factory=dict)

    def keep(self, pmids: list[int], web_env: str | None = None) -> tuple[str, int]:
        """A set under a WebEnv (a new one, unless one is named that lives): its name and the set's key."""
        if web_env is None or self._alive(web_env) is None:
            web_env = f"MCID_{secrets.token_hex(12)}"
            self._sets[web_env] = (time.monotonic(), [])
        self._sets[web_env][1].append(pmids)
        return web_env, len(self._sets[web_env][1])

    def get(self, web_env: str, key: str) -> list[int] | None:
        """The set, or None where the WebEnv is unknown or expired or has no such key."""
        sets = self._alive(web_env)
        if sets is None or not (key.isascii() and key.isdigit()) or not 0 < int(key) <= len(sets):
            return None
        return sets[int(key) - 1]

    def clear(self) -> None:
        """Forget everything, as NCBI does after some hours."""
        self._sets.clear()

    def _alive(self, web_env: str) -> list[list[int]] | None:
        made, sets = self._sets.get(web_env, (0.0, []))
        return sets if web_env in self._sets and time.monotonic() - made < self.seconds else None


def error(endpoint: str, message: str, params: dict[str, str], status: int = 200) -> Answer:
    """An error in the form of that endpoint: <ERROR> in its root element, or the same in JSON."""
    if params.get("retmode") == "json" and endpoint != "efetch":
        return _json(endpoint, {"ERROR": message}, status)
    return _xml(ROOTS[endpoint], f"\n\t<ERROR>{escape(message)}</ERROR>\n", status)


def answer(endpoint: str, params: dict[str, str], library: Library, history: History) -> Answer:
    """What PubMed would say to this request, or as near as the library allows."""
    database = params.get("db")
    if endpoint != "einfo" and database is None:
        return error(endpoint, "Empty database", params, 400 if endpoint == "efetch" else 200)
    if database not in (None, "pubmed"):
        return error(
            endpoint, f"Invalid db name specified: {database}", params, 400 if endpoint == "efetch" else 200
        )
    return ENDPOINTS[endpoint](params, library, history)


# ---------------------------------------------------------------- esearch


def esearch(params: dict[str, str], library: Library, history: History) -> Answer:
    """Ids of the records that answer `term`: at most 9,999, however many there are."""
    term = params.get("term", "").strip()
    if not term:
        return error("esearch", "Empty term and query_key - nothing todo", params)
    try:
        retmax, retstart = _number(params, "retmax", 20), _number(params, "retstart", 0)
        missing_fields, readable = _without_unknown_fields(term)
        root = _dated(query.parse(readable, "term").root, params)
    except InputError as problem:
        return error("esearch", f"The stand-in can't read this query: {problem}", params)
    if retstart >= MOST:
        return error("esearch", f"Search Backend failed: Exception:\n'retstart' cannot be larger than {MOST - 1}. For PubMed, ESearch can only retrieve the first {MOST:,} records matching the query.", params)  # fmt: skip
    pmids = library.search(root)
    if params.get("rettype") == "count":
        if params.get("retmode") == "json":
            return _json("esearch", {"count": str(len(pmids))})
        return _xml("eSearchResult", f"\n\t<Count>{len(pmids)}</Count>\n")
    shown = pmids[:MOST][retstart : retstart + retmax]
    kept = history.keep(pmids, params.get("WebEnv")) if params.get("usehistory") == "y" else None
    unfound = [one for one in _terms(root) if not library.search(one)]
    found = Found(
        count=len(pmids),
        retstart=retstart,
        ids=[str(one) for one in shown],
        kept=kept,
        translations=[
            (one.text, _rendered(one)) for one in _terms(root) if one.field == "all" and len(one.words) > 1
        ],
        translation=_rendered(root, outermost=True),
        phrases=[one.text for one in unfound if not one.quoted],
        quoted=[f'"{one.text}"' for one in unfound if one.quoted],
        fields=missing_fields,
    )
    return (
        _json("esearch", found.json())
        if params.get("retmode") == "json"
        else _xml("eSearchResult", found.xml())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An esearch's answer, to be written in either form."""

    count: int
    retstart: int
    ids: list[str]
    kept: tuple[str, int] | None
    translations: list[tuple[str, str]]
    translation: str
    phrases: list[str]
    quoted: list[str]
    fields: list[str]

    def xml(self) -> str:
        """The inside of eSearchResult; the order of its elements is PubMed's."""
        ids = "\n".join(f"<Id>{one}</Id>" for one in self.ids)
        kept = f"<QueryKey>{self.kept[1]}</QueryKey><WebEnv>{self.kept[0]}</WebEnv>" if self.kept else ""
        pairs = "".join(
            f"<Translation>     <From>{escape(one)}</From>     <To>{escape(other)}</To>    </Translation>"
            for one, other in self.translations
        )
        errors = _all("PhraseNotFound", self.phrases) + _all("FieldNotFound", self.fields)
        warnings = _all("QuotedPhraseNotFound", self.quoted)
        warnings += "" if self.count else "<OutputMessage>No items found.</OutputMessage>"
        return (
            f"<Count>{self.count}</Count><RetMax>{len(self.ids)}</RetMax><RetStart>{self.retstart}</RetStart>{kept}"
            + (f"<IdList>\n{ids}\n</IdList>" if self.ids else "<IdList/>")
            + (f"<TranslationSet>{pairs}</TranslationSet>" if pairs else "<TranslationSet/>")
            + f"<QueryTranslation>{escape(self.translation)}</QueryTranslation>"
            + (f"<ErrorList>{errors}</ErrorList>" if errors else "")
            + (f"<WarningList>{warnings}</WarningList>" if warnings else "")
        )

    def json(self) -> dict[str, object]:
        """The value of esearchresult; numbers are strings there too."""
        result: dict[str, object] = {
            "count": str(self.count), "retmax": str(len(self.ids)), "retstart": str(self.retstart),
        }  # fmt: skip
        if self.kept:
            result |= {"querykey": str(self.kept[1]), "webenv": self.kept[0]}
        result |= {
            "idlist": self.ids,
            "translationset": [{"from": one, "to": other} for one, other in self.translations],
            "querytranslation": self.translation,
        }
        if self.phrases or self.fields:
            result["errorlist"] = {"phrasesnotfound": self.phrases, "fieldsnotfound": self.fields}
        if self.quoted or not self.count:
            result["warninglist"] = {
                "phrasesignored": [],
                "quotedphrasesnotfound": self.quoted,
                "outputmessages": [] if self.count else ["No items found."],
            }
        return result


def _without_unknown_fields(term: str) -> tuple[list[str], str]:
    """PubMed drops a field that it doesn't know, searches everywhere, and says so in the ErrorList only."""
    missing = []

    def known(match: re.Match[str]) -> str:
        try:
            tag(match.group(1))
        except UnknownTagError as problem:
            if problem.code != "unknown-field":
                raise InputError(f"{problem}.") from problem
            missing.append(match.group(1))
            return "[all]"
        return match.group(0)

    return missing, re.sub(r"\[([^\[\]]*)\]", known, term)


def _dated(root: Node, params: dict[str, str]) -> Node:
    """The query with mindate and maxdate, which PubMed joins to it with AND."""
    low, high = params.get("mindate"), params.get("maxdate")
    if not low and not high:
        return root
    if not low or not high:
        raise InputError("mindate and maxdate belong together. Give both.")
    kind = params.get("datetype", "pdat")
    if kind not in DATE_TYPES:
        raise InputError(f"datetype={kind} is not known. Write one of {', '.join(DATE_TYPES)}.")
    return Branch("AND", (root, query.parse(f"{low}:{high}[{DATE_TYPES[kind]}]", "mindate and maxdate").root))


def _terms(node: Node) -> list[Term]:
    if isinstance(node, Branch):
        return [one for part in node.parts for one in _terms(part)]
    return [node] if isinstance(node, Term) else []


def _rendered(node: Node, *, outermost: bool = False) -> str:
    """The query as PubMed repeats it: long names, lower case, every bracket but the outermost."""
    if isinstance(node, Branch):
        inner = f" {node.operator} ".join(_rendered(part) for part in node.parts)
        return inner if outermost else f"({inner})"
    if isinstance(node, Dates):
        return f"{node.first:%Y/%m/%d}:{node.last:%Y/%m/%d}[{_name(node.field)}]"
    if node.field == "all" and not node.quoted:
        return " AND ".join(f'"{word}"[All Fields]' for word in node.words)
    extra = ("" if node.explode else ":noexp") + ("" if node.near is None else f":~{node.near}")
    quotes = "" if FIELDS[node.field][0] is Kind.FILTER else '"'
    return f"{quotes}{fold(node.text)}{quotes}[{_name(node.field)}{extra}]"


def _name(field: str) -> str:
    return NAMES[field][1] if field in NAMES else FIELDS[field][1][0].title() if FIELDS[field][1] else field


# ---------------------------------------------------------------- epost, efetch


def epost(params: dict[str, str], library: Library, history: History) -> Answer:
    """Keep ids for later; ids that are no numbers are left out with an error."""
    wanted, wrong = _ids(params)
    errors = "" if wanted else "\n\t<ERROR>Empty ID list; Nothing to store</ERROR>"
    if wrong:
        errors += "\n\t<ERROR>Some IDs have invalid value and were omitted. Maximum ID value 18446744073709551615</ERROR>"
    if not wanted:
        return _xml("ePostResult", errors, before="")
    web_env, key = history.keep(wanted, params.get("WebEnv"))
    return _xml(
        "ePostResult", f"{errors}\n\t<QueryKey>{key}</QueryKey>\n\t<WebEnv>{web_env}</WebEnv>\n", before=""
    )


def efetch(params: dict[str, str], library: Library, history: History) -> Answer:
    """The records as their files have them. A PMID that is gone is simply absent."""
    if params.get("retmode", "xml") != "xml" or params.get("rettype", "") not in (
        "",
        "xml",
        "abstract",
        "null",
    ):
        return error("efetch", "The stand-in sends records as XML only: retmode=xml", params, 400)
    wanted = _wanted(params, history, "efetch")
    if isinstance(wanted, Answer):
        return wanted
    held = [one for one in map(library.get, wanted) if one is not None]
    return fetched(held)


def fetched(held: Iterable[Held]) -> Answer:
    """A set of records as efetch sends it."""
    inner = b"\n".join(one.xml for one in held)
    return Answer(RECORDS_HEAD.encode() + b"<PubmedArticleSet>\n" + inner + b"</PubmedArticleSet>")


def _ids(params: dict[str, str]) -> tuple[list[int], list[str]]:
    """The ids asked for, each once, and what is no id. PubMed takes -1 for 1."""
    parts = [one.strip() for one in params.get("id", "").split(",") if one.strip()]
    good = [one.lstrip("-") for one in parts]
    right = {one: int(one) for one in good if one.isascii() and one.isdigit() and len(one) < 19}
    return list(dict.fromkeys(right[one] for one in good if one in right)), [
        one for one in good if one not in right
    ]


def _wanted(params: dict[str, str], history: History, endpoint: str) -> list[int] | Answer:
    """The ids a request asks for, listed or from the history."""
    status = 400 if endpoint == "efetch" else 200
    if params.get("WebEnv") and params.get("query_key"):
        kept = history.get(params["WebEnv"], params["query_key"])
        if kept is None:
            return error(endpoint, f"Unable to obtain query #{params['query_key']}", params, status)
        try:
            start, most = _number(params, "retstart", 0), _number(params, "retmax", 20)
        except InputError as problem:
            return error(endpoint, str(problem), params, status)
        return kept[start : start + min(most, MOST_FETCHED)]
    wanted, wrong = _ids(params)
    if wrong or not wanted:
        return error(endpoint, "ID list is empty! Possibly it has no correct IDs.", params, status)
    return wanted[:MOST_FETCHED]


# ---------------------------------------------------------------- esummary, einfo


def esummary(params: dict[str, str], library: Library, history: History) -> Answer:
    """A few fields of each record, in the form of version 1 (XML) or as JSON."""
    wanted = _wanted(params, history, "esummary")
    if isinstance(wanted, Answer):
        return wanted
    held = [(pmid, library.get(pmid)) for pmid in wanted]
    if params.get("retmode") == "json":
        result: dict[str, object] = {"uids": [str(pmid) for pmid, _ in held]}
        for pmid, one in held:
            result[str(pmid)] = _summary_json(one) if one else {"uid": str(pmid), "error": "cannot get document summary"}  # fmt: skip
        return _json("esummary", result)
    parts = [
        _summary(one) if one else f"<ERROR>UID={pmid}: cannot get document summary</ERROR>"
        for pmid, one in held
    ]
    return _xml("eSummaryResult", "\n" + "\n\n".join(parts) + "\n\n")


def _summary(held: Held) -> str:
    record, journal = held.record, held.record.journal
    languages = {code: name.title() for name, code in LANGUAGES.items()}
    people = [one.name for one in record.authors]
    where = f"{journal.volume or ''}{f'({journal.issue})' if journal.issue else ''}{f':{journal.pages}' if journal.pages else ''}"  # fmt: skip
    printed = _printed(record.published)

    def item(name: str, value: str | None, kind: str = "String", depth: int = 1) -> str:
        return "\t" * depth + f'<Item Name="{name}" Type="{kind}">{escape(value or "")}</Item>'

    def several(name: str, inner: list[str]) -> str:
        body = "\n" + "".join(f"{one}\n" for one in inner) + "\t" if inner else ""
        return f'\t<Item Name="{name}" Type="List">{body}</Item>'

    doi = record.identifier("doi")
    lines = [
        f"\t<Id>{record.pmid}</Id>",
        item("PubDate", printed, "Date"),
        item("EPubDate", _printed(record.published_online) if record.published_online else "", "Date"),
        item("Source", journal.abbreviation or record.book_title),
        several("AuthorList", [item("Author", one, depth=2) for one in people]),
        item("LastAuthor", people[-1] if people else ""),
        item("Title", record.title),
        item("Volume", journal.volume),
        item("Issue", journal.issue),
        item("Pages", journal.pages),
        several("LangList", [item("Lang", languages.get(one, one), depth=2) for one in record.languages]),
        item("NlmUniqueID", journal.nlm_id),
        item("ISSN", journal.issn),
        item("ESSN", ""),
        several("PubTypeList", [item("PubType", one.name, depth=2) for one in record.publication_types]),
        item("RecordStatus", "PubMed - indexed for MEDLINE" if record.status == "MEDLINE" else "PubMed"),
        item("PubStatus", record.publication_status),
        several("ArticleIds", [item(one.scheme, one.value, depth=2) for one in record.identifiers]),
        several("History", [item(name, _stamp(day), "Date", 2) for name, day in record.history]),
        several("References", []),
        item("HasAbstract", str(int(bool(record.abstract))), "Integer"),
        item("PmcRefCount", "0", "Integer"),
        item("FullJournalName", journal.title),
        item("ELocationID", f"doi: {doi}" if doi else ""),
        item("SO", f"{printed};{where}"),
    ]
    return "<DocSum>\n" + "\n".join(lines) + "\n</DocSum>"


def _summary_json(held: Held) -> dict[str, object]:
    record, journal = held.record, held.record.journal
    return {
        "uid": str(record.pmid),
        "pubdate": _printed(record.published),
        "epubdate": _printed(record.published_online) if record.published_online else "",
        "source": journal.abbreviation or record.book_title or "",
        "authors": [{"name": one.name, "authtype": "Author", "clusterid": ""} for one in record.authors],
        "lastauthor": record.authors[-1].name if record.authors else "",
        "title": record.title or "",
        "volume": journal.volume or "",
        "issue": journal.issue or "",
        "pages": journal.pages or "",
        "lang": list(record.languages),
        "pubtype": [one.name for one in record.publication_types],
        "articleids": [{"idtype": one.scheme, "value": one.value} for one in record.identifiers],
        "history": [{"pubstatus": name, "date": _stamp(day)} for name, day in record.history],
        "fulljournalname": journal.title or "",
    }


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _printed(day: PartialDate) -> str:
    """ "2009 Apr 22" as far as it is given."""
    if day.text:
        return day.text
    month = MONTHS[day.month - 1] if day.month and 1 <= day.month <= 12 else None
    return " ".join(str(part) for part in (day.year, month, day.day) if part)


def _stamp(day: PartialDate) -> str:
    return f"{day.year or 0:04}/{day.month or 1:02}/{day.day or 1:02} 00:00"


def einfo(params: dict[str, str], library: Library, history: History) -> Answer:
    """The databases there are (one), or what PubMed says of itself."""
    if "db" not in params:
        if params.get("retmode") == "json":
            return _json("einfo", {"dblist": ["pubmed"]})
        return _xml("eInfoResult", "\n<DbList>\n\n\t<DbName>pubmed</DbName>\n</DbList>\n\n")
    about = {
        "dbname": "pubmed", "menuname": "PubMed", "description": "PubMed bibliographic record",
        "dbbuild": "Build-stand-in", "count": str(len(library)), "lastupdate": time.strftime("%Y/%m/%d %H:%M"),
    }  # fmt: skip
    fields = [
        (*NAMES[name], "Y" if FIELDS[name][0] is Kind.DATE else "N", "Y" if name == "pmid" else "N")
        for name in NAMES
    ]
    if params.get("retmode") == "json":
        listed = [
            {"name": short, "fullname": full, "description": full, "termcount": "", "isdate": dated,
             "isnumerical": numbered, "singletoken": "N", "hierarchy": "N", "ishidden": "N"}
            for short, full, dated, numbered in fields
        ]  # fmt: skip
        return _json("einfo", {"dbinfo": [{**about, "fieldlist": listed, "linklist": []}]})
    names = ("DbName", "MenuName", "Description", "DbBuild", "Count", "LastUpdate")
    head = "".join(
        f"\t\t<{name}>{value}</{name}>\n" for name, value in zip(names, about.values(), strict=True)
    )
    rows = "".join(
        f"\t\t\t<Field>\n\t\t\t\t<Name>{short}</Name>\n\t\t\t\t<FullName>{full}</FullName>\n"
        f"\t\t\t\t<Description>{full}</Description>\n\t\t\t\t<TermCount/>\n\t\t\t\t<IsDate>{dated}</IsDate>\n"
        f"\t\t\t\t<IsNumerical>{numbered}</IsNumerical>\n\t\t\t\t<SingleToken>N</SingleToken>\n"
        "\t\t\t\t<Hierarchy>N</Hierarchy>\n\t\t\t\t<IsHidden>N</IsHidden>\n\t\t\t</Field>\n"
        for short, full, dated, numbered in fields
    )
    return _xml(
        "eInfoResult",
        f"\n\t<DbInfo>\n{head}\t\t<FieldList>\n{rows}\t\t</FieldList>\n\t\t<LinkList/>\n\t</DbInfo>\n",
    )


ENDPOINTS: dict[str, Callable[[dict[str, str], Library, History], Answer]] = {
    "esearch": esearch, "epost": epost, "efetch": efetch, "esummary": esummary, "einfo": einfo,
}  # fmt: skip


# ---------------------------------------------------------------- the two forms


def _number(params: dict[str, str], name: str, default: int) -> int:
    written = params.get(name, "").strip()
    if not written:
        return default
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise InputError(f"{name}={written} is not a number.")
    return int(written)


def _all(name: str, values: list[str]) -> str:
    return "".join(f"<{name}>{escape(one)}</{name}>" for one in values)


def _xml(root: str, inner: str, status: int = 200, before: str = "\n") -> Answer:
    public, dtd = HEADS[root]
    head = f'<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE {root} PUBLIC "-//NLM//DTD {public}//EN" "{dtd}">'
    return Answer(f"{head}{before}<{root}>{inner}</{root}>\n".encode(), status)


def _json(endpoint: str, result: dict[str, object], status: int = 200) -> Answer:
    name = {"esearch": "esearchresult", "einfo": "einforesult"}.get(endpoint, "result")
    body = {"header": {"type": endpoint, "version": "0.3"}, name: result}
    return Answer((json.dumps(body, ensure_ascii=False) + "\n").encode(), status, JSON)
