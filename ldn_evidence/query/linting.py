"""What is worth knowing about a query before it is run, in a reader's words.

Takes the text; returns remarks, the errors first. An error: PubMed would refuse it or quietly read it otherwise.
The library search-query is asked too, as a second reader. Never prints, never changes the query.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from ldn_evidence.query.fields import TEXT_OF_THE_PAPER
from ldn_evidence.query.reading import Finding, read, sentence
from ldn_evidence.query.tree import Branch, Dates, Node, Term
from ldn_evidence.query.words import brief

# search-query needs seconds for hundreds of terms; its advice is about small things.
MOST_FOR_THE_LIBRARY = 150
DEEPEST_FOR_THE_LIBRARY = 30
# Only these of its remarks are passed on. Not QUALITY_0004: its advice turns `NOT (animals NOT humans)` into
# `NOT animals NOT humans`, which deletes every human study. Not QUALITY_0005: it takes "fatigue syndrome, chronic"[mh]
# for a part of fatigue[mh]. Not QUALITY_0006: it widens a search by guessed stems.
LIBRARY_REMARKS = {
    "QUALITY_0002": ("date-inside", "a date stands inside the brackets and limits only what is beside it. Move it to the outermost level if it is meant for the whole query."),
    "QUALITY_0003": ("journal-inside", "a journal stands inside the brackets and limits only what is beside it. Move it to the outermost level if it is meant for the whole query."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to know about a query. `code` stays the same from version to version; the message may not."""

    severity: Literal["error", "warning"]
    code: str
    message: str


def lint(text: str) -> list[Remark]:
    """Every remark, errors first, each once; an empty list means that PubMed reads it as it is written."""
    reading = read(text)
    found = list(reading.findings)
    remarks = [Remark("error" if one.error else "warning", one.code, sentence(text, one)) for one in found]
    if reading.root is not None:
        remarks += [_warning(text, one) for one in _worth_a_look(text, reading.root)]
        if not any(one.refuse for one in found):
            remarks += _second_reader(reading.root)
    unique = list(dict.fromkeys(remarks))
    return sorted(unique, key=lambda one: one.severity)  # "error" comes before "warning"


def _warning(text: str, finding: Finding) -> Remark:
    return Remark("warning", finding.code, sentence(text, finding))


def _worth_a_look(text: str, root: Node) -> list[Finding]:
    leaves = list(_leaves(root))
    found = []
    terms = [one for one in leaves if isinstance(one, Term)]
    if any(one.field in ("mh", "majr") for one in terms) and not any(
        one.field in TEXT_OF_THE_PAPER for one in terms
    ):
        found.append(Finding("mesh-only", "without a word of title or abstract the newest records are missed: PubMed gives them MeSH headings weeks later, if at all. Add OR term[tiab]", 0, 0))  # fmt: skip
    for twice in _repeated(root):
        found.append(
            Finding(
                "repeated-term",
                f"{brief(rendered(twice))} stands twice under one operator. Leave one out",
                0,
                0,
            )
        )
    if any(_only_animals(part) for part in _taken_away(root)):
        found.append(Finding("not-animals", "NOT animals[mh] also takes away studies in people and animals. Write NOT (animals[mh] NOT humans[mh])", 0, 0))  # fmt: skip
    return found


def _leaves(node: Node) -> list[Term | Dates]:
    if not isinstance(node, Branch):
        return [node]
    return [leaf for part in node.parts for leaf in _leaves(part)]


def _taken_away(node: Node) -> list[Node]:
    if not isinstance(node, Branch):
        return []
    own = list(node.parts[1:]) if node.operator == "NOT" else []
    return own + [one for part in node.parts for one in _taken_away(part)]


def _repeated(node: Node) -> list[Node]:
    if not isinstance(node, Branch):
        return []
    seen: set[Node] = set()
    own = [part for part in node.parts if part in seen or seen.add(part)]  # type: ignore[func-returns-value]
    return own + [one for part in node.parts for one in _repeated(part)]


def _only_animals(node: Node) -> bool:
    return isinstance(node, Term) and node.field == "mh" and node.words == ("animals",)


def rendered(node: Node) -> str:
    """The tree as PubMed syntax with every bracket written, in fields that search-query knows."""
    if isinstance(node, Branch):
        inner = f" {node.operator} ".join(rendered(part) for part in node.parts)
        return f"({inner})"
    if isinstance(node, Dates):
        return f'("{node.first:%Y/%m/%d}"[{node.field}] : "{node.last:%Y/%m/%d}"[{node.field}])'
    near = "" if node.near is None else f":~{node.near}"
    noexp = "" if node.explode else ":noexp"
    return f'"{node.text}"[{node.field}{near}{noexp}]'


def _second_reader(root: Node) -> list[Remark]:
    leaves = _leaves(root)
    text = rendered(root)
    if len(leaves) > MOST_FOR_THE_LIBRARY or text.count("(") > DEEPEST_FOR_THE_LIBRARY:
        return []
    # A third of a second to import; only this question needs it.
    from search_query.pubmed.parser import PubmedParser

    parser = PubmedParser(text, silent=True)  # without silent it prints, in colours
    # It refuses [pmid] and others that PubMed knows, by many kinds of exception: its refusal is no remark.
    with suppress(Exception):
        parser.parse()
    codes = {str(message["code"]) for message in parser.linter.messages}
    return [Remark("warning", *LIBRARY_REMARKS[code]) for code in LIBRARY_REMARKS if code in codes]
