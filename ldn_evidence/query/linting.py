"""What is worth knowing about a query before it is run, in a reader's words.

Takes the text; returns remarks, the errors first. An error: PubMed would refuse it or quietly read it otherwise.
The library search-query is asked too, as a second reader: where it builds another tree, that is said. Never prints,
never changes the query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ldn_evidence.query.fields import FIELDS, NAMES, TEXT_OF_THE_PAPER, Kind
from ldn_evidence.query.reading import Finding, read, sentence
from ldn_evidence.query.tree import Branch, Dates, Node, Term
from ldn_evidence.query.words import brief, wanted

# search-query needs seconds for hundreds of terms or brackets.
MOST_FOR_THE_LIBRARY = 150
DEEPEST_FOR_THE_LIBRARY = 30
# None of its remarks is passed on. QUALITY_0004 turns `NOT (animals NOT humans)` into `NOT animals NOT humans`, which
# deletes every human study; QUALITY_0005 takes "fatigue syndrome, chronic"[mh] for a part of fatigue[mh]; QUALITY_0002
# finds `naltrexone[tiab] AND 2010:2020[dp]` to hide its date; QUALITY_0006 widens a search by guessed stems.


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
        if not found and not _second_reader_agrees(text, reading.root):
            remarks.append(Remark("warning", "second-reader", "another reader of PubMed's syntax (search-query) takes this for another search. Put brackets round what belongs together, and quotation marks round phrases."))  # fmt: skip
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
    if _dates_in_one_part(root):
        found.append(Finding("date-inside", "a date limits only one of the parts joined by OR. Move it outside the brackets if it is meant for all of them", 0, 0))  # fmt: skip
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


def _dates_in_one_part(node: Node) -> bool:
    if not isinstance(node, Branch):
        return False
    dated = [any(isinstance(leaf, Dates) for leaf in _leaves(part)) for part in node.parts]
    return (node.operator == "OR" and len(set(dated)) == 2) or any(map(_dates_in_one_part, node.parts))


def _only_animals(node: Node) -> bool:
    return isinstance(node, Term) and node.field == "mh" and node.words == ("animals",)


def _second_reader_agrees(text: str, root: Node) -> bool:
    """False only where search-query builds a tree, and it is another one."""
    if len(_leaves(root)) > MOST_FOR_THE_LIBRARY or text.count("(") > DEEPEST_FOR_THE_LIBRARY:
        return True
    from search_query.pubmed.parser import PubmedParser  # only this question needs it

    try:
        theirs = PubmedParser(text, silent=True).parse()  # without silent it prints, in colours
    except Exception:
        # It refuses [pmid] and others that PubMed knows, by many kinds of exception: its refusal says nothing.
        return True
    return _theirs(theirs) == _ours(root)


def _ours(node: Node) -> object:
    """A tree without what two readers may do differently: how same operators nest, how dates are written."""
    if isinstance(node, Branch):
        return _flat(node.operator, [_ours(part) for part in node.parts])
    return "dates" if isinstance(node, Dates) else tuple(wanted(node.text))


def _theirs(node: Any) -> object:
    if node.value == "RANGE":
        return "dates"
    if node.value == "NEAR" and node.children:
        return _theirs(node.children[0])
    if node.children:
        return _flat(node.value, [_theirs(child) for child in node.children])
    known = NAMES.get(node.field.value.strip("[] ").lower()) if node.field else None
    return "dates" if known and FIELDS[known][0] is Kind.DATE else tuple(wanted(node.value))


def _flat(operator: str, parts: list[object]) -> object:
    """`(a OR b) OR c` as `a OR b OR c`; of NOT only the first part may be opened."""
    opened: list[object] = []
    for place, part in enumerate(parts):
        same = isinstance(part, list) and part[0] == operator and (operator != "NOT" or place == 0)
        opened += part[1:] if isinstance(part, list) and same else [part]
    return [operator, *opened]


def rendered(node: Node) -> str:
    """The tree as PubMed syntax, with every bracket written and short field names."""
    if isinstance(node, Branch):
        inner = f" {node.operator} ".join(rendered(part) for part in node.parts)
        return f"({inner})"
    if isinstance(node, Dates):
        return f'("{node.first:%Y/%m/%d}"[{node.field}] : "{node.last:%Y/%m/%d}"[{node.field}])'
    near = "" if node.near is None else f":~{node.near}"
    noexp = "" if node.explode else ":noexp"
    return f'"{node.text}"[{node.field}{near}{noexp}]'
