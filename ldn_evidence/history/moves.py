"""Entries into moves: what changed of a claim between two of them, and everything that came in between as plain sentences.

What came together is told together: nothing here guesses which of several causes moved a grade.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ldn_evidence.history.entries import Cause, ClaimThen, Entry, RowThen, StudyThen

if TYPE_CHECKING:
    import pandas as pd

# Files of rules that are named one by one; of more the number.
MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a claim stands, in a few words."""

    direction: str
    certainty: str
    level: int | None
    provisional: bool
    studies: int
    awaiting: int

    @classmethod
    def of(cls, claim: ClaimThen) -> Standing:
        """What an entry holds of it."""
        return cls(
            direction=claim.direction,
            certainty=claim.certainty,
            level=claim.level,
            provisional=claim.provisional,
            studies=claim.studies,
            awaiting=claim.awaiting,
        )

    @property
    def grade(self) -> tuple[str, str, int | None, bool]:
        """What a reader of a grade reads."""
        return self.direction, self.certainty, self.level, self.provisional

    @property
    def words(self) -> str:
        """For example: no difference, low (7 counted, 0 unread)."""
        return f"{self.direction}, {self.certainty} ({self.studies} counted, {self.awaiting} unread)"

    @property
    def beside(self) -> tuple[str, str]:
        """Level and whether it is provisional, as words."""
        level = "no level" if self.level is None else f"level {self.level}"
        return level, "provisional" if self.provisional else "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What changed of a claim with one entry. `before` None: the first that was said of it; `after` None: no longer asked.

    `causes` are what people, PubMed or the rules said otherwise; `effects` what that did to the list of its studies.
    """

    claim: str
    at: str
    what: str
    before: Standing | None
    after: Standing | None
    causes: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()

    @property
    def graded(self) -> bool:
        """Whether direction, certainty, level or provisional changed, or the claim came or went."""
        if self.before is None or self.after is None:
            return True
        return self.before.grade != self.after.grade

    @property
    def shows(self) -> bool:
        """Whether anything changed that a `Standing` tells; else it is a footnote, a reason, a name."""
        return self.before != self.after

    @property
    def words(self) -> str:
        """From where to where."""
        if self.after is None:
            return "no longer asked"
        if self.before is None:
            return "; ".join((self.after.words, *self.after.beside))
        if not self.shows:
            return f"{self.after.words}, as before"
        pairs = zip(self.before.beside, self.after.beside, strict=True)
        other = [f"{old} -> {new}" for old, new in pairs if old != new]
        return "; ".join((f"{self.before.words} -> {self.after.words}", *other))


def moves(entries: Sequence[Entry], slug: str, everything: bool = False) -> list[Move]:
    """Every entry of one protocol that moved the grade of a claim, oldest first; the first is where it began.

    With `everything`, also those that changed something else of its profile.
    """
    found: list[Move] = []
    before: Entry | None = None
    for one in entries:
        move = _move(before, one, slug)
        if move is not None and (everything or move.graded):
            found.append(move)
        before = one
    return found


def changes(before: Entry | None, after: Entry) -> tuple[Move, ...]:
    """What one entry changed, claim by claim in the protocol's order; nothing where there is no entry before it."""
    if before is None:
        return ()
    slugs = dict.fromkeys((*after.claims, *before.claims))
    return tuple(move for slug in slugs if (move := _move(before, after, slug)))


def _move(before: Entry | None, after: Entry, slug: str) -> Move | None:
    old, new = before.claims.get(slug) if before else None, after.claims.get(slug)
    if old == new:
        return None
    causes: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    if before is not None:
        causes = tuple(dict.fromkeys(_causes(before, after, old, new)))
        effects = tuple(_effects(old, new, after)) if old and new else ()
    return Move(
        claim=slug,
        at=after.at,
        what=after.what,
        before=Standing.of(old) if old else None,
        after=Standing.of(new) if new else None,
        causes=causes,
        effects=effects,
    )


def _causes(before: Entry, after: Entry, old: ClaimThen | None, new: ClaimThen | None) -> Iterator[str]:
    """Everything between two entries that bears on a claim; what people and PubMed said first, rules and program last."""
    if old is not None and new is not None:
        yield from _of_rows(before, after, old, new)
        yield from _of_studies(before, after, _named(before, old) | _named(after, new))
        yield from _of_corrections(after, old, new)
        yield from _of_judgements(old.judgements, new.judgements)
    yield from _of_rules(before, after)


def _effects(old: ClaimThen, new: ClaimThen, after: Entry) -> Iterator[str]:
    for name in sorted(_names(old) & _names(new)):
        if _place(old, name) != _place(new, name):
            yield f"{after.rows[name].study}: {_place(new, name)} (was {_place(old, name)})"
    yield from (words for words in new.open_questions if words not in old.open_questions)
    if old.open_questions and not new.open_questions:
        yield "what was open is settled"
    if old.unread != new.unread:
        number = f"{old.awaiting} -> {new.awaiting}" if old.awaiting != new.awaiting else "others than before"
        yield f"studies that await reading: {number}"
    if old.others != new.others:
        yield "studies without an appraisal on it are others, or are listed for other reasons"


def _names(claim: ClaimThen) -> set[str]:
    return {*claim.counted, *claim.beside, *claim.left_out}


def _named(entry: Entry, claim: ClaimThen) -> set[str]:
    """The studies on which a claim has a row."""
    return {entry.rows[name].study for name in _names(claim) if name in entry.rows}


def _place(claim: ClaimThen, name: str) -> str:
    if name in claim.counted:
        return "counted"
    return "shown beside, not counted" if name in claim.beside else f"not counted: {claim.left_out[name]}"


def _of_rows(before: Entry, after: Entry, old: ClaimThen, new: ClaimThen) -> Iterator[str]:
    gone = {before.rows[name].study: name for name in sorted(_names(old) - _names(new))}
    for name in sorted(_names(new) - _names(old)):
        row = after.rows[name]
        replaced = gone.pop(row.study, None)
        if replaced is not None:
            then = before.rows[replaced]
            yield (
                f"appraisal {replaced} ({row.study}, {then.finding}, {then.reviewer}) replaced by {name}, {_by(row)}"
            )
        else:
            yield f"appraisal {name} ({row.study}) added, {_by(row)}, {_place(new, name)}"
    for study, name in gone.items():
        yield f"appraisal {name} ({study}, {before.rows[name].finding}) no longer stands"
    for name in sorted(_names(old) & _names(new)):
        then, now = before.rows[name], after.rows[name]
        if then.study != now.study:
            yield f"appraisal {name}: its study is now {now.study}, was {then.study}"
        if then.digest != now.digest and then.study == now.study:
            found = f": finding {then.finding} -> {now.finding}" if then.finding != now.finding else ""
            yield f"appraisal {name} ({now.study}) was edited in place{found}"


def _by(row: RowThen) -> str:
    return f"{row.reviewer}, {row.date}: finding {row.finding}"


def _of_studies(before: Entry, after: Entry, keys: Iterable[str]) -> Iterator[str]:
    for key in sorted(keys):
        then, now = before.studies.get(key), after.studies.get(key)
        if then is None or now is None:
            continue  # its row came or went, and that is told
        if then.warning != now.warning:
            yield f"{key}: {now.warning.upper() if now.warning else f'no longer {then.warning}'}"
        said = sorted(set(now.notices) - set(then.notices))
        for one in said if then.warning == now.warning else ():
            yield f"{key} has {one}"
        if then.design != now.design:
            yield f"{key}: design {then.design} -> {now.design} (rule {now.rule})"
        yield from _of_documents(key, then, now)
        if then.described != now.described:
            yield f"{key}: what its corpus rows say was changed"
        if then.indexed != now.indexed and then.documents == now.documents and not said:
            yield f"{key}: PubMed revised its record"


def _of_documents(key: str, then: StudyThen, now: StudyThen) -> Iterator[str]:
    for one in sorted(set(now.documents) - set(then.documents)):
        yield f"{one} joined to {key}"
    for one in sorted(set(then.documents) - set(now.documents)):
        yield f"{one} no longer belongs to {key}"


def _of_corrections(after: Entry, old: ClaimThen, new: ClaimThen) -> Iterator[str]:
    """The corrections of an entry, where they may concern the claim: by a study with a row, or by what is listed beside."""
    listed = old.others != new.others or old.unread != new.unread
    mine = {
        name
        for key in _named(after, new)
        if key in after.studies
        for name in (key, *after.studies[key].documents)
    }
    for one in after.corrected:
        if listed or one.subject in mine or one.value in mine:
            yield f"correction: {one.field} of {one.subject} = {one.value}, {one.reviewer}, {one.date}: {one.reason}"
    if after.rewritten:
        yield "corrections.csv was changed in place: rows that it held are others now"


def _of_judgements(old: Sequence[Cause], new: Sequence[Cause]) -> Iterator[str]:
    for one in new:
        if one not in old:
            yield f"judgement: {one.field} {one.value}, {one.reviewer}, {one.date}: {one.reason}"
    for one in old:
        if one not in new and one.field not in {other.field for other in new}:
            yield f"the judgement of {one.reviewer} on {one.field} ({one.value}) no longer stands"


def _of_rules(before: Entry, after: Entry) -> Iterator[str]:
    names = sorted(
        name
        for name in {*before.rules, *after.rules} - {"protocol"}
        if before.rules.get(name) != after.rules.get(name)
    )
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield f"rules changed: {', '.join(names[:MOST_NAMED])}{more}"
    if before.rules.get("protocol") != after.rules.get("protocol"):
        yield f"the protocol {after.protocol} was changed"
    if before.program != after.program:
        yield f"the program: {before.program} -> {after.program}"
    elif before.code != after.code:
        yield f"the program was changed within version {after.program}"


# --------------------------------------------------------------------------- tables and documents

TOGETHER = "came together in one build; which of them moved it was not worked out"


def moves_table(found: Iterable[Move]) -> pd.DataFrame:
    """One row a move.

    `at` is UTC, ISO 8601; `what` the command; `graded` whether direction, certainty, level or provisional changed. Every `*_before` is
    empty for the first that was said of a claim. `causes` and `effects` are sentences with "; " between them.
    """
    import pandas as pd

    names = ("direction", "certainty", "level", "provisional", "studies", "awaiting")
    rows = [
        {
            "claim": one.claim,
            "at": one.at,
            "what": one.what,
            "graded": one.graded,
            **{f"{name}_before": getattr(one.before, name) if one.before else None for name in names},
            **{name: getattr(one.after, name) if one.after else None for name in names},
            "causes": "; ".join(one.causes) or None,
            "effects": "; ".join(one.effects) or None,
        }
        for one in found
    ]
    columns = [
        "claim",
        "at",
        "what",
        "graded",
        *(f"{name}_before" for name in names),
        *names,
        "causes",
        "effects",
    ]
    whole = {f"{name}{end}": "Int64" for name in ("level", "studies", "awaiting") for end in ("", "_before")}
    truth = {"provisional": "boolean", "provisional_before": "boolean"}
    return pd.DataFrame(rows, columns=columns).astype({**whole, **truth})


def moves_document(found: Iterable[Move]) -> list[dict[str, Any]]:
    """Moves as JSON: `changed_claims` of a refresh, `moves` of `history --json`."""
    return [
        {
            "claim": one.claim,
            "at": one.at,
            "what": one.what,
            "graded": one.graded,
            "before": asdict(one.before) if one.before else None,
            "after": asdict(one.after) if one.after else None,
            "causes": list(one.causes),
            "effects": list(one.effects),
        }
        for one in found
    ]
