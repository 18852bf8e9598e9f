"""Documents as they come together: who stands with whom, what is known of a group, and which of its documents is the main one.

A group that holds a corpus row bears that row's key. Never looks for a ground to unite anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ldn_evidence.corpus.documents import Document, label
from ldn_evidence.corpus.grounds import Ground
from ldn_evidence.corpus.numbers import Number
from ldn_evidence.corpus.rules import joining_rules
from ldn_evidence.model import PublicationKind


class Groups:
    """Disjoint groups of documents, by name."""

    def __init__(self, documents: Sequence[Document], settled: Mapping[str, str]) -> None:
        self._documents = {one.name: one for one in documents}
        self._settled = settled
        self._root = {one.name: one.name for one in documents}
        self._members = {one.name: [one.name] for one in documents}
        self._row: dict[str, str | None] = {
            one.name: one.name if one.row and one.name not in settled else None for one in documents
        }
        self._people = {one.name: set(one.people) for one in documents}
        self._firsts = {one.name: set(one.people[:1]) for one in documents}
        self._known = {one.name: one.authors_known for one in documents}
        self._telling = {one.name: set(one.telling) for one in documents}
        self._conditions = {one.name: set(one.conditions) for one in documents}
        self._numbers = {one.name: {it for it in one.numbers if it.whole} for one in documents}
        for name, parent in settled.items():
            self.unite(name, parent)

    def of(self, name: str) -> str:
        """The group that a document is in."""
        root = name
        while self._root[root] != root:
            root = self._root[root]
        while self._root[name] != root:
            self._root[name], name = root, self._root[name]
        return root

    def unite(self, first: str, second: str) -> None:
        """Make one group of two. The name that sorts first becomes the group's, whatever the order of uniting."""
        one, other = sorted((self.of(first), self.of(second)))
        if one == other:
            return
        self._root[other] = one
        self._people[one] |= self._people.pop(other)
        self._firsts[one] |= self._firsts.pop(other)
        self._telling[one] |= self._telling.pop(other)
        self._conditions[one] |= self._conditions.pop(other)
        self._numbers[one] |= self._numbers.pop(other)
        self._members[one] += self._members.pop(other)
        self._known[one] = self._known[one] or self._known.pop(other)
        self._row[one] = self._row[one] or self._row.pop(other)

    def roots(self) -> list[str]:
        """Every group, by name."""
        return sorted(self._members)

    def members(self, name: str) -> list[str]:
        """The documents of a document's group."""
        return self._members[self.of(name)]

    def row(self, name: str) -> str | None:
        """The corpus row whose study the group is."""
        return self._row[self.of(name)]

    def head(self, name: str) -> str:
        """How the group is called in a sentence: its row, or the document itself."""
        return self.row(name) or label(self._documents[name])

    def standing_numbers(self, root: str, grounds: Iterable[Ground]) -> set[Number]:
        """The registry numbers by which a group can be joined, and no others from now on.

        A row's stand over those of its records, the main document's over those of the rest: a secondary paper may have its number
        misprinted. Two numbers of one register in one document name two trials, so neither stands.
        """
        members = [self._documents[name] for name in self.members(root)]
        main = self.main(root, grounds)
        said = [one for one in members if one.row] or [one for one in members if one.name == main]
        standing = {
            number for one in said for number in one.numbers if number.whole and (one.row or one.sole(number))
        }
        registers = {number.register for one in said for number in one.numbers}
        rest = {number for one in members for number in one.numbers if number.whole and one.sole(number)}
        rest = {number for number in rest if number.register not in registers}
        standing |= {it for it in rest if sum(it.register == other.register for other in rest) == 1}
        self._numbers[root] = standing
        return standing

    def one_trial(self, first: str, second: str) -> bool:
        """Whether two groups' numbers can be one trial's: of no register do both have one without having one in common."""
        here, there = self._numbers[self.of(first)], self._numbers[self.of(second)]
        both = {it.register for it in here} & {it.register for it in there}
        return both <= {it.register for it in here & there}

    def share_people(self, first: str, second: str) -> bool:
        """Whether somebody worked on both, told by family name and initial: half the field may be called Wang."""
        here, there = self._people[self.of(first)], self._people[self.of(second)]
        return any(given and (family, given) in there for family, given in here)

    def share_first_name(self, first: str, second: str) -> bool:
        """Whether first authors of both have one family name, and of one of them nothing more is known."""
        here, there = self._firsts[self.of(first)], self._firsts[self.of(second)]
        return any(family == other and not (given and its) for family, given in here for other, its in there)

    def strangers(self, first: str, second: str) -> bool:
        """Whether all authors of one are known, some of the other, and nobody is among both."""
        here, there = self.of(first), self.of(second)
        told = (self._known[here] and self._people[there]) or (self._known[there] and self._people[here])
        return bool(told) and not self.share_people(here, there)

    def share_subject(self, first: str, second: str) -> bool:
        """Whether a telling word of their titles, or a condition, is the same."""
        here, there = self.of(first), self.of(second)
        return bool(
            self._telling[here] & self._telling[there] or self._conditions[here] & self._conditions[there]
        )

    def settled_head(self, name: str) -> str:
        """The document that one stands with by its own word, or itself."""
        while name in self._settled:
            name = self._settled[name]
        return name

    def main(self, root: str, grounds: Iterable[Ground]) -> str:
        """The main document of a group: its row, or the best of its documents by `[main]` of the rules."""
        if row := self._row[root]:
            return row
        members = [name for name in self._members[root] if name not in self._settled]
        if len(members) == 1:
            return members[0]
        # A notice that a review was withdrawn stands in nobody's place.
        inside = {name for name in members if not self._documents[name].tells_of_another}
        lesser = {one.lesser for one in grounds if {one.first, one.second} <= inside}
        return min(members, key=lambda name: rank(self._documents[name], name in lesser))


_PAPERS = (PublicationKind.ARTICLE, PublicationKind.PREPRINT)


def rank(one: Document, lesser: bool) -> tuple[object, ...]:
    """Sorts documents of one study, the main one first. `lesser`: an older version, or a copy, of another that is held."""
    rules = joining_rules().main
    title = one.title.casefold()
    return (
        one.tells_of_another,
        lesser,
        rules.order.index(PublicationKind.PROTOCOL if one.plan and one.kind in _PAPERS else one.kind),
        any(words in title for words in rules.secondary),
        one.year or 9999,
        one.citation,
        one.pmid or 0,
        one.name,
    )


def kin(groups: Groups, first: str, second: str) -> bool:
    """Whether two groups that bear one number can be one study: somebody worked on both; or one subject, where we don't know all who did
    or the first authors' family name is the same and tells no more."""
    if groups.share_people(first, second):
        return True
    unknown = not groups.strangers(first, second) or groups.share_first_name(first, second)
    return unknown and groups.share_subject(first, second)
