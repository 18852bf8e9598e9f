"""The text of a query into a tree, from left to right as PubMed does it.

Takes a query; returns the tree with everything noticed on the way, each at its place. Never guesses: what PubMed would
quietly read otherwise is noticed, what can't be decided on a record is refused.

Why our own reader where a library has one: search-query 0.15 refuses [pmid] and every tenth query that mixes operators
inside brackets, read one in 2,000 such queries as another search, and needs 14 seconds for 400 brackets and 19 for 2,000
terms. It is our second reader: `linting` asks it, and the tests hold its trees against ours.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date

from ldn_evidence.errors import InputError
from ldn_evidence.query import fields
from ldn_evidence.query.fields import FIELDS, Kind, Tag, UnknownTagError
from ldn_evidence.query.tree import Branch, Dates, Node, Operator, Query, Term
from ldn_evidence.query.words import brief, fold, wanted

LONGEST = 500_000  # characters; the longest published strategies have some 30,000
DEEPEST = 100  # brackets, and changes of operator without brackets
SHORTEST_WILDCARD = 4
OPERATORS: dict[str, Operator] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}
CURLY_QUOTES = "“”„‟«»"
OPEN_END = 3000
_DATE = re.compile(r"(\d{4})(?:/(\d{1,2}))?(?:/(\d{1,2}))?")
_DIGITS = re.compile(r"[\d/]+")
_DIGITS_OR_NONE = re.compile(r"[\d/]*")
_BARE_END = re.compile(r'[\s()\[\]"]')


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed at a place. `refuse`: the query can't be evaluated; else it can, and PubMed may differ."""

    code: str
    message: str
    start: int
    end: int
    refuse: bool = True
    error: bool = True


@dataclass(slots=True)
class Reading:
    """What one pass over the text gave: the tree if it could be built, and the findings in their order."""

    text: str
    root: Node | None = None
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # ( ) : tag phrase bare operator
    value: str
    start: int
    end: int


class _Broken(Exception):
    """The text can't be followed beyond this place."""

    def __init__(self, code: str, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.finding = Finding(code, message, start, end)


def parse(text: str, where: str = "query") -> Query:
    """The query as a value. InputError with one line: where it stands, the place, what is wrong, the mend."""
    reading = read(text)
    for finding in reading.findings:
        if finding.refuse:
            raise InputError(f"{where}: {sentence(text, finding)}")
    if reading.root is None:  # every way to no tree leaves a finding; kept so that no caller ever gets None
        raise InputError(f"{where}: can't be read. Write terms with their fields, joined by AND, OR, NOT.")
    return Query(text=text, root=reading.root)


def sentence(text: str, finding: Finding) -> str:
    """A finding on one line: the place as the characters themselves and how far in they stand, what is wrong, the mend."""
    message = finding.message if finding.message.endswith("?") else f"{finding.message}."
    shown = "".join(one if one.isprintable() else " " for one in text[finding.start : finding.end])
    shown = " ".join(shown.split())
    if not shown:
        return message
    return f"at character {finding.start + 1}, {brief(shown)}: {message}"


def read(text: str) -> Reading:
    """One pass; never raises for what a person may write."""
    reading = Reading(text)
    try:
        if len(text) > LONGEST:
            raise _Broken("too-long", f"a query of {len(text):,} characters is too long. Split it", 0, 0)
        tokens = _tokens(text)
        if not tokens:
            raise _Broken(
                "empty", "the query is empty. Write at least one term, such as naltrexone[tiab]", 0, 0
            )
        reading.root = _tree(tokens, reading)
    except _Broken as broken:
        reading.findings.append(broken.finding)
    return reading


def _tokens(text: str) -> list[_Token]:
    for position, one in enumerate(text):
        if one in CURLY_QUOTES:
            raise _Broken("curly-quotes", 'quotation marks must be straight. Write "', position, position + 1)
        if (
            ord(one) < 32 or ord(one) > 126
        ) and unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs", "Cn") and one not in "\t\n\r":  # fmt: skip
            raise _Broken(
                "control-character",
                f"at character {position + 1} stands an invisible character (U+{ord(one):04X}). Delete it",
                position,
                position + 1,
            )
    found: list[_Token] = []
    place = 0
    while place < len(text):
        one = text[place]
        if one.isspace():
            place += 1
        elif one in "():":
            found.append(_Token(one, one, place, place + 1))
            place += 1
        elif one == '"':
            end = text.find('"', place + 1)
            if end < 0:
                raise _Broken("unbalanced-quotes", 'this quotation mark is never closed. Add a " at the end of the phrase', place, min(len(text), place + 40))  # fmt: skip
            if text[end - 1] == "\\":
                raise _Broken("escape", 'PubMed has no way to search for a quotation mark. Leave \\" out', end - 1, end + 1)  # fmt: skip
            found.append(_Token("phrase", " ".join(text[place + 1 : end].split()), place, end + 1))
            place = end + 1
        elif one == "[":
            end = text.find("]", place)
            if end < 0 or "[" in text[place + 1 : end]:
                raise _Broken("unbalanced-brackets", "this [ is never closed. Write the field as [tiab]", place, min(len(text), place + 40))  # fmt: skip
            found.append(_Token("tag", " ".join(text[place + 1 : end].split()), place, end + 1))
            place = end + 1
        elif one == "]":
            raise _Broken("unbalanced-brackets", "this ] was never opened. Write the field as [tiab]", place, place + 1)  # fmt: skip
        else:
            match = _BARE_END.search(text, place)
            end = match.start() if match else len(text)
            # 2010:2020[dp] is a range; the colon in a title or an identifier is not.
            colon = text.find(":", place, end)
            if (
                colon > 0
                and _DIGITS.fullmatch(text, place, colon)
                and _DIGITS_OR_NONE.fullmatch(text, colon + 1, end)
            ):
                end = colon
            value = text[place:end]
            found.append(_Token("operator" if value in OPERATORS else "bare", value, place, end))
            place = end
    return found


@dataclass(slots=True)
class _Level:
    """What stands inside one pair of brackets so far, folded from the left."""

    opened: _Token | None
    node: Node | _Open | None = None
    depth: int = 0
    operator: _Token | None = None
    seen: set[str] = field(default_factory=set)

    def add(self, node: Node, depth: int, token: _Token) -> None:
        """Join a part to what is there, from the left: a OR b AND c is (a OR b) AND c."""
        if self.node is None or self.operator is None:
            self.node, self.depth = node, depth
            return
        operator = OPERATORS[self.operator.value]
        if isinstance(self.node, _Open) and self.node.operator == operator:
            self.node.parts.append(node)
            self.depth = max(self.depth, depth + 1)
        else:
            self.node = _Open(operator, [_closed(self.node), node])
            self.depth = max(self.depth, depth) + 1
        if self.depth > DEEPEST:
            raise _Broken("too-deep", f"brackets or changes of operator are nested more than {DEEPEST} deep here. Split the query", token.start, token.end)  # fmt: skip
        self.operator = None


@dataclass(slots=True)
class _Open:
    """A branch that may still grow; a tuple per added term would make long queries slow."""

    operator: Operator
    parts: list[Node]


def _closed(node: Node | _Open) -> Node:
    return Branch(node.operator, tuple(node.parts)) if isinstance(node, _Open) else node


def _tree(tokens: list[_Token], reading: Reading) -> Node:
    levels = [_Level(None)]
    place = 0
    while place < len(tokens):
        token = tokens[place]
        level = levels[-1]
        place += 1
        if token.kind == "(":
            _expect_operator(level, tokens, place - 1)
            levels.append(_Level(token))
            if len(levels) > DEEPEST:
                raise _Broken("too-deep", f"brackets are nested more than {DEEPEST} deep here. Leave needless ones out", token.start, token.end)  # fmt: skip
        elif token.kind == ")":
            if level.opened is None:
                raise _Broken("unbalanced-brackets", "this ) was never opened. Delete it or add a (", token.start, token.end)  # fmt: skip
            if place < len(tokens) and tokens[place].kind == "tag":
                tag = tokens[place]
                raise _Broken("tag-on-brackets", f"PubMed gives no field to brackets. Write [{brief(tag.value)}] after each term inside", token.start, tag.end)  # fmt: skip
            node = _finished(level, token, reading)
            levels.pop()
            levels[-1].add(node, level.depth, token)
        elif token.kind == "operator":
            _operator(level, token)
        elif token.kind == ":":
            raise _Broken("range", 'this colon joins nothing. Write a range as 2010:2020[dp], and put quotation marks round a term with a colon', token.start, token.end)  # fmt: skip
        elif token.kind == "tag":
            raise _Broken("tag-without-term", "this field has no term before it. Write term[field]", token.start, token.end)  # fmt: skip
        else:
            _expect_operator(level, tokens, place - 1)
            place = _leaf(tokens, place - 1, level, reading)
    if levels[-1].opened is not None:
        opened = levels[-1].opened
        raise _Broken("unbalanced-brackets", "this ( is never closed. Add a )", opened.start, min(len(reading.text), opened.start + 40))  # fmt: skip
    return _finished(levels[-1], tokens[-1], reading)


def _operator(level: _Level, token: _Token) -> None:
    if level.node is None:
        raise _Broken("operator-alone", f"{token.value} has nothing before it. Write term {token.value} term", token.start, token.end)  # fmt: skip
    if level.operator is not None:
        both = f"{level.operator.value} {token.value}"
        mend = "Write NOT" if token.value == "NOT" else "Keep one of them"
        raise _Broken("operator-twice", f"{both} are two operators in a row. {mend}", level.operator.start, token.end)  # fmt: skip
    level.operator = token
    level.seen.add(token.value)


def _expect_operator(level: _Level, tokens: list[_Token], place: int) -> None:
    if level.node is not None and level.operator is None:
        token, before = tokens[place], tokens[place - 1]
        if token.kind == "bare":
            _word(token)
        if token.kind == "(" and before.kind == "bare" and before.end == token.start:
            raise _Broken("brackets-in-term", "this term runs into a bracket. Put quotation marks round a term that has brackets in it, or a space before them", before.start, token.end)  # fmt: skip
        raise _Broken("missing-operator", "two terms stand side by side, and PubMed would join them with AND. Write AND or OR between them", before.start, token.end)  # fmt: skip


def _finished(level: _Level, token: _Token, reading: Reading) -> Node:
    if level.node is None:
        raise _Broken("empty-brackets", "these brackets hold nothing. Delete them", level.opened.start if level.opened else 0, token.end)  # fmt: skip
    if level.operator is not None:
        raise _Broken("operator-alone", f"{level.operator.value} has nothing after it. Write term {level.operator.value} term", level.operator.start, level.operator.end)  # fmt: skip
    if "OR" in level.seen and len(level.seen) > 1:
        start, end = (level.opened.start, token.end) if level.opened else (0, len(reading.text))
        reading.findings.append(Finding("mixed-operators", f"{' and '.join(sorted(level.seen))} stand side by side, and PubMed joins from left to right. Put brackets round what belongs together", start, end, refuse=False))  # fmt: skip
    return _closed(level.node)


def _leaf(tokens: list[_Token], place: int, level: _Level, reading: Reading) -> int:
    """One term with its field, or a range; returns the place of the next token."""
    first = tokens[place]
    last = place
    if first.kind == "bare":
        while last + 1 < len(tokens) and tokens[last + 1].kind == "bare":
            last += 1
    written = " ".join(token.value for token in tokens[place : last + 1])
    for token in tokens[place : last + 1]:
        _word(token)
    after = last + 1
    if after < len(tokens) and tokens[after].kind in ("bare", "phrase"):
        raise _Broken("missing-operator", "two terms stand side by side, and PubMed would join them with AND. Write AND or OR between them, or one pair of quotation marks round both", first.start, tokens[after].end)  # fmt: skip
    tag = None
    if after < len(tokens) and tokens[after].kind == "tag":
        tag = tokens[after]
        after += 1
    if after < len(tokens) and tokens[after].kind == ":":
        return _range(tokens, place, written, tag, after, level, reading)
    end = (tag or tokens[last]).end
    try:
        known = fields.tag(tag.value) if tag else None
    except UnknownTagError as error:
        reading.findings.append(Finding(error.code, str(error), first.start, end))
        known = Tag("all")
    node = _term(written, first.kind == "phrase", known, first.start, end, reading)
    level.add(node, 0, first)
    return after


def _word(token: _Token) -> None:
    """A word outside quotation marks that looks like something else."""
    if token.kind != "bare":
        return
    value = token.value
    if value.upper() in OPERATORS:
        raise _Broken("lower-case-operator", f'{brief(value)} must be written {value.upper()}; as a word of a phrase it must stand in quotation marks. Write {value.upper()}', token.start, token.end)  # fmt: skip
    if set(value) <= {"&", "|"}:
        raise _Broken("operator-sign", f"PubMed does not join terms with {brief(value)}. Write {'AND' if '&' in value else 'OR'}", token.start, token.end)  # fmt: skip
    if re.fullmatch(r"#\d+", value):
        raise _Broken("history", f"{brief(value)} points to an earlier search, which only PubMed's own page remembers. Write that search out", token.start, token.end)  # fmt: skip
    if re.match(r"[A-Z]{2}=", value):
        raise _Broken("foreign-syntax", f"{value[:3]} is another database's way to name a field. Write term[field]", token.start, token.end)  # fmt: skip


def _term(written: str, quoted: bool, tag: Tag | None, start: int, end: int, reading: Reading) -> Node:
    def notice(code: str, message: str, *, refuse: bool = True, error: bool = True) -> None:
        reading.findings.append(Finding(code, message, start, end, refuse, error))

    if tag is None and fold(written) in fields.HAS_ABSTRACT:
        return Term("sb", written, ("hasabstract",))
    if tag is None:
        notice("untagged", f"{brief(written)} has no field, so PubMed looks for what it takes it to mean. Write {_shown(written, quoted)}[tiab]", refuse=False)  # fmt: skip
        tag = Tag("all")
    kind = FIELDS[tag.field][0]
    if kind is Kind.DATE:
        first = _day(written, end=False)
        last = _day(written, end=True)
        if first is None or last is None:
            notice(
                "date",
                f"{brief(written)} is not a date. Write YYYY, YYYY/MM or YYYY/MM/DD, as in 2020/01/31[{tag.field}]",
            )
            first = last = date.min
        return Dates(tag.field, first, last)
    if kind is Kind.IDENTIFIER:
        if "*" in written:
            notice("wildcard-in-identifier", f"[{tag.field}] is compared whole. Leave the * out")
        if tag.field == "pmid" and not (written.strip().isascii() and written.strip().isdigit()):
            notice("not-a-pmid", f"{brief(written)} is not a PMID. Write digits only")
        if not written.strip():
            notice("empty-term", "this term is empty. Write what you look for")
        return Term(tag.field, written, (" ".join(fold(written).split()),), quoted)
    if kind is Kind.FILTER:
        asked = " ".join(fold(written).split())
        if asked not in fields.SUBSETS and asked not in fields.HAS_ABSTRACT:
            notice(
                "undecidable-filter",
                f"{brief(written)}[sb] is PubMed's own filter and can't be decided on a record. Known here: {', '.join(fields.SUBSETS)}, hasabstract",
            )
        return Term("sb", written, ("hasabstract" if asked in fields.HAS_ABSTRACT else asked,))
    if (
        tag.field == "la"
        and fold(written) not in fields.LANGUAGES
        and not re.fullmatch("[a-z]{3}", fold(written))
    ):
        notice(
            "language",
            f"{brief(written)} is not a language known here. Write its three-letter code, as in eng[la]",
        )
    words = tuple(wanted(written))
    if "\\" in written:
        notice("backslash", "PubMed reads \\ as a space. Leave it out", refuse=False)
    if not words or all(word == "*" for word in words):
        notice("empty-term", "this term has no letter or digit. Write what you look for")
    elif "*" in words or any(
        part.count("*") > 1 or re.search(r"\*[^\W_]", part) for part in fold(written).split()
    ):
        notice(
            "wildcard-inside",
            f"{brief(written)}: PubMed knows an asterisk only at the end of a word. Write word*",
        )
    elif any(word.endswith("*") and len(word) <= SHORTEST_WILDCARD for word in words):
        notice(
            "short-wildcard",
            f"PubMed needs at least {SHORTEST_WILDCARD} letters before the asterisk. Write more of the word",
        )
    elif any(word.endswith("*") for word in words[:-1]):
        notice("wildcard-not-last", "PubMed promises an asterisk only for the last word of a phrase. Move it there, or search the words apart", refuse=False, error=False)  # fmt: skip
    if tag.near is not None:
        if any(word.endswith("*") for word in words):
            notice(
                "wildcard-in-proximity",
                f"an asterisk does not work with [{tag.field}:~{tag.near}]. Write the forms out, each with OR",
            )
        if not quoted or len(words) < 2:
            notice(
                "proximity-phrase",
                f'nearness needs two or more words in quotation marks. Write "word word"[{tag.field}:~{tag.near}]',
            )
    elif not quoted and len(words) > 1 and kind is Kind.TEXT and tag.field != "all":
        hyphened = len(written.split()) == 1
        if not hyphened:
            notice("unquoted-phrase", f'without quotation marks PubMed may look for the words apart. Write "{brief(written)}"[{tag.field}]', refuse=False, error=False)  # fmt: skip
    if (tag.field in ("mh", "majr", "sh") and re.search(r"/\s*[A-Za-z]{2}\s*$", written)) or (tag.field == "sh" and re.fullmatch("[a-z]{2}", fold(written))):  # fmt: skip
        notice(
            "qualifier",
            f"{brief(written)}: the two-letter form of a subheading is not known here. Write it in full, as in pain/drug therapy[mh]",
        )
    return Term(tag.field, written, words, quoted, tag.explode, tag.near)


def _shown(written: str, quoted: bool) -> str:
    return f'"{brief(written)}"' if quoted or len(written.split()) > 1 else written


def _range(
    tokens: list[_Token],
    place: int,
    low: str,
    low_tag: _Token | None,
    colon: int,
    level: _Level,
    reading: Reading,
) -> int:
    """`low[field] : high[field]` or `low:high[field]`; dates only. `colon`: the place of the colon."""
    first = tokens[place]
    if colon + 1 >= len(tokens) or tokens[colon + 1].kind not in ("bare", "phrase"):
        raise _Broken("range", "this range has no end. Write 2010:2020[dp], with 3000 for an open end", first.start, tokens[colon].end)  # fmt: skip
    high = tokens[colon + 1]
    after = colon + 2
    if after >= len(tokens) or tokens[after].kind != "tag":
        raise _Broken("range", 'this range has no date field. Write 2010:2020[dp]; put quotation marks round a term with a colon', first.start, high.end)  # fmt: skip
    tag = tokens[after]
    try:
        known = fields.tag(tag.value)
        other = fields.tag(low_tag.value) if low_tag else known
    except UnknownTagError as error:
        raise _Broken(error.code, str(error), first.start, tag.end) from error
    if FIELDS[known.field][0] is not Kind.DATE:
        raise _Broken("range-field", f"a range works on dates, not on [{brief(tag.value)}]. Write the values out, each with OR", first.start, tag.end)  # fmt: skip
    if other.field != known.field:
        raise _Broken("range-field", f"the two ends have different fields, [{other.field}] and [{known.field}]. Write the same twice", first.start, tag.end)  # fmt: skip
    start, end = _day(low, end=False), _day(high.value, end=True)
    if start is None or end is None:
        wrong = low if start is None else high.value
        raise _Broken(
            "date", f"{brief(wrong)} is not a date. Write YYYY, YYYY/MM or YYYY/MM/DD", first.start, tag.end
        )
    if start > end:
        raise _Broken("range", f"the range runs backwards, from {brief(low)} to {brief(high.value)}. Turn it round", first.start, tag.end)  # fmt: skip
    level.add(Dates(known.field, start, end), 0, first)
    return after + 1


def _day(written: str, *, end: bool) -> date | None:
    """The first or last day that a year, month or day means; 3000 and beyond is an open end."""
    match = _DATE.fullmatch(written.strip())
    if match is None or not written.isascii():
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    if year is None or year == 0:
        return None
    if year >= OPEN_END:
        return date.max
    try:
        month = month if month is not None else (12 if end else 1)
        return date(year, month, day if day is not None else (monthrange(year, month)[1] if end else 1))
    except ValueError:  # monthrange's own error for a 13th month is one too
        return None
