"""Which documents that nobody described belong together, and why: links, versions, duplicates, preprints, registry numbers.

Takes Documents, and what is settled already (a row's own records, `report_of`); returns a tree: each joined document with the one that
it hangs on and the reason, and what could not be settled. The same documents in any order give the same tree. Never joins two studies
that corpus rows describe, never reads an abstract.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from ldn_evidence.corpus.documents import Document, label
from ldn_evidence.corpus.grounds import Ground, copies, linked, named, preprints, slips, versions
from ldn_evidence.corpus.groups import Groups, kin
from ldn_evidence.corpus.numbers import Number
from ldn_evidence.corpus.rules import joining_rules

# So many other documents are named in one doubt.
MOST_SAID = 3


@dataclass(frozen=True)
class Joins:
    """`parents`: a joined document -> the one that it hangs on, and why. `doubts`: a document -> what a person should look at."""

    parents: dict[str, tuple[str, str]]
    doubts: dict[str, tuple[str, ...]]


def join(
    documents: Sequence[Document], settled: Mapping[str, str], told: Mapping[str, bool] | None = None
) -> Joins:
    """Join what belongs together. `settled`: a document -> the one that it belongs to by its own word.

    `told`: documents on which a reviewer spoke, and whether they are to stand alone; these raise no doubt, and one that stands alone is
    joined to nothing but what tells of it.
    """
    told = told or {}
    join = _Joining(documents, settled, told)
    join.run()
    return Joins(
        parents=join.tree(),
        doubts={name: tuple(sorted(said)) for name, said in join.doubts.items() if name not in told},
    )


@dataclass
class _Joining:
    documents: Sequence[Document]
    settled: Mapping[str, str]
    told: Mapping[str, bool]
    doubts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    accepted: list[Ground] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.documents = sorted(self.documents, key=lambda one: one.name)
        self.by_name = {one.name: one for one in self.documents}
        self.groups = Groups(self.documents, self.settled)
        # What tells of another document bridges nothing: one notice may retract five trials.
        self.alone = {name for name, alone in self.told.items() if alone}
        self.bearing = [
            one for one in self.documents if one.row or not (one.tells_of_another or one.name in self.alone)
        ]

    def run(self) -> None:
        links = [*linked(self.documents), *versions(self.documents)]
        bridging = [one for one in links if not self._tells(one)]
        self._unite(bridging)
        self._unite(copies(self.bearing))
        likely, doubtful = preprints(self.bearing, self.groups.of)
        self._unite(likely)
        self._by_number()
        for like in doubtful:
            beside = {self.groups.of(one) for one in like.articles}
            if like.preprint not in self.told and self.groups.of(like.preprint) not in beside:
                self.doubts[like.of].add(like.words)
        self._notices([one for one in links if self._tells(one)])
        for one in self.bearing:
            if one.duplicate and not self.groups.row(one.name) and len(self.groups.members(one.name)) == 1:
                self.doubts[one.name].add("PubMed calls it a duplicate publication: say of which")

    # ------------------------------------------------------------------------- what unites

    def _tells(self, one: Ground) -> bool:
        return any(self.by_name[name].tells_of_another for name in (one.first, one.second))

    def _free(self, grounds: Iterable[Ground]) -> list[Ground]:
        """Those between documents that no reviewer has set apart, and that are not together yet."""
        return sorted(
            one
            for one in grounds
            if not {one.first, one.second} & self.alone
            and self.groups.of(one.first) != self.groups.of(one.second)
        )

    def _unite(self, grounds: Iterable[Ground]) -> None:
        """Unite by grounds of one strength. What points to two described studies at once is joined to neither, and says so."""
        known = list(grounds)
        self.accepted += known
        free = self._free(known)
        described: dict[str, set[str]] = defaultdict(set)
        for one in free:
            for here, there in ((one.first, one.second), (one.second, one.first)):
                if self.groups.row(there) and not self.groups.row(here):
                    described[self.groups.of(here)].add(str(self.groups.row(there)))
        torn = {root for root, rows in described.items() if len(rows) > 1}
        for root in sorted(torn):
            self.doubts[root].add(f"belongs to {' or to '.join(sorted(described[root]))}: say to which")
        torn_members = {name for root in torn for name in self.groups.members(root)}
        for touching in (True, False):  # what a row describes draws first
            for one in free:
                if {one.first, one.second} & torn_members:
                    continue
                rows = {self.groups.row(one.first), self.groups.row(one.second)} - {None}
                if len(rows) < 2 and bool(rows) >= touching:
                    self.groups.unite(one.first, one.second)

    def _notices(self, grounds: Sequence[Ground]) -> None:
        """A notice belongs to the one study that it tells of; one that tells of several belongs to none."""
        self.accepted += grounds
        waiting = {
            name for one in grounds for name in (one.first, one.second) if self.by_name[name].tells_of_another
        }
        before = -1
        while before != len(waiting):  # an erratum of a notice waits for the notice
            before = len(waiting)
            for name in sorted(waiting):
                if self.groups.row(name) or self.told.get(name):
                    continue
                others = [
                    ({one.first, one.second} - {name}).pop()
                    for one in grounds
                    if name in (one.first, one.second)
                ]
                targets = {self.groups.of(one) for one in others if one not in waiting}
                if len(targets) == 1 and not any(one in waiting for one in others):
                    self.groups.unite(name, targets.pop())
                    waiting.discard(name)
                    if any(
                        one.lesser and one.lesser != name
                        for one in grounds
                        if name in (one.first, one.second)
                    ):
                        self.doubts[name].add(
                            f"{label(self.by_name[name])} is the latest version and a notice: was it withdrawn?"
                        )

    # ------------------------------------------------------------------------- registry numbers

    def _by_number(self) -> None:
        may = [one for one in self.bearing if self._names_one_trial(one)]
        standing = {root: self.groups.standing_numbers(root, self.accepted) for root in self.groups.roots()}
        holders: dict[Number, list[Document]] = defaultdict(list)
        for one in may:
            for held in sorted(_whole(one.numbers)):
                if held in standing[self.groups.of(one.name)]:
                    holders[held].append(one)
        self._say_several(holders)
        spanning = {one.name for one in may if self._spans(one, holders)}
        pairs = list(self._pairs(holders, spanning))
        self._unite_numbers(pairs)
        # What an abstract merely mentions may be another's trial: then somebody has to have worked on both.
        mentions: dict[Number, list[Document]] = defaultdict(list)
        for one in may:
            if not one.row and not one.numbers and len(whole := _whole(one.mentioned)) == 1:
                mentions[next(iter(whole))].append(one)
        self._unite_mentions(list(self._mentioned(mentions, holders, spanning)), mentions)
        self._unite_slips(may, holders)
        self._say_strangers(holders)
        self._say_strangers(mentions, holders)

    def _names_one_trial(self, one: Document) -> bool:
        rules = joining_rules().numbers
        if one.row:
            return one.design not in rules.never_designs and not one.meta_analysis
        title = one.title.casefold()
        return not (
            one.design in rules.never_designs
            or (one.design in rules.never_if_sure and (one.sure or not one.numbers))
            or one.kind in rules.never_kinds
            or one.meta_analysis
            or any(words in title for words in rules.pooled)
        )

    def _spans(self, one: Document, holders: Mapping[Number, Sequence[Document]]) -> bool:
        """Whether its numbers, each of another register, are those of studies that have nothing to do with each other."""
        if one.row or len(one.numbers) < 2 or self.groups.row(one.name):
            return False
        here = self.groups.of(one.name)
        there = {
            number: {self.groups.of(other.name) for other in holders[number]} - {here}
            for number in sorted(one.numbers)
            if number in holders
        }
        for number, other in combinations(there, 2):
            if there[number] & there[other]:
                continue  # another document calls both the same trial
            few = len(there[number]) * len(there[other]) <= joining_rules().numbers.most
            if not few or any(
                not self.groups.share_people(first, second)
                for first in there[number]
                for second in there[other]
            ):
                self.doubts[one.name].add(
                    f"its registry numbers are those of several studies: {number.printed}, {other.printed}"
                )
                return True
        return False

    def _pairs(
        self, holders: Mapping[Number, Sequence[Document]], spanning: Collection[str]
    ) -> Iterator[Ground]:
        for number, found in sorted(holders.items()):
            rows = {self.groups.row(one.name) for one in found} - {None}
            if len(found) > joining_rules().numbers.most:
                continue
            if len(rows) > 1:
                for one in found:
                    if not self.groups.row(one.name):
                        self.doubts[one.name].add(
                            f"registry number {number.printed} is that of {' and '.join(sorted(map(str, rows)))}: say to which it belongs"
                        )
                continue
            yield from named([one for one in found if one.name not in spanning], number, "registry number")

    def _mentioned(
        self,
        mentions: Mapping[Number, Sequence[Document]],
        holders: Mapping[Number, Sequence[Document]],
        spanning: Collection[str],
    ) -> Iterator[Ground]:
        for number, found in sorted(mentions.items()):
            there = [*found, *(one for one in holders.get(number, ()) if one.name not in spanning)]
            rows = {self.groups.row(one.name) for one in there} - {None}
            if len(there) > joining_rules().numbers.most or len(rows) > 1:
                continue
            held = {one.name for one in holders.get(number, ())}
            for one in named(there, number, "registry number (in the abstract)"):
                # Two cohorts that name one trial are not each other's reports.
                if not held or {one.first, one.second} & held:
                    yield one

    def _unite_mentions(
        self, grounds: Sequence[Ground], mentions: Mapping[Number, Sequence[Document]]
    ) -> None:
        """Unite those that an abstract names if somebody worked on both, on one subject, by one sort of design; and say either way that it did."""
        merely = {one.name for found in mentions.values() for one in found}
        free = self._free(grounds)
        why_not = {one: self._unlike(one) for one in free}
        self._unite_numbers([one for one in free if not why_not[one]])
        apart: dict[str, list[str]] = defaultdict(list)
        said: set[str] = set()
        for one in free:
            together = self.groups.of(one.first) == self.groups.of(one.second)
            for here, there in ((one.first, one.second), (one.second, one.first)):
                if together and not why_not[one] and here in merely - said:
                    said.add(here)
                    # A reviewer settles it by a word on the document that is not the main one.
                    main = self.groups.main(self.groups.of(here), self.accepted)
                    name, other = (there, here) if here == main else (here, there)
                    other_label = label(self.by_name[other])
                    self.doubts[name].add(
                        f"{label(self.by_name[name])} was joined by a {one.why.format(other=other_label)}"
                    )
                elif not together and not {one.first, one.second} & merely & set(self.told):
                    apart[here].append(
                        f"{label(self.by_name[there])} ({why_not[one] or 'another number is against it'})"
                    )
        for name, others in apart.items():
            self.doubts[name].add(
                f"an abstract names one registry number for it and for {', '.join(others[:MOST_SAID])}: say whether they are one study"
            )

    def _unlike(self, one: Ground) -> str:
        """Why two documents are not joined by a number that an abstract merely mentions; empty where they are."""
        here, there = self.by_name[one.first], self.by_name[one.second]
        if not self.groups.share_people(one.first, one.second):
            return "nobody is known to have worked on both"
        if not here.same_sort(there):
            return f"{here.design} and {there.design}"
        if here.conditions and there.conditions and not here.conditions & there.conditions:
            return "other conditions"
        if not (here.telling & there.telling or here.conditions & there.conditions):
            return "titles without a telling word in common"
        return "figures of the titles" if here.figures_differ(there) else ""

    def _unite_numbers(self, grounds: Iterable[Ground]) -> None:
        known = list(grounds)
        for one in self._free(known):
            first, second = self.groups.of(one.first), self.groups.of(one.second)
            if first == second or (self.groups.row(first) and self.groups.row(second)):
                continue
            if self.groups.one_trial(first, second) and kin(self.groups, first, second):
                self.groups.unite(first, second)
        self.accepted += known

    def _unite_slips(self, may: Sequence[Document], holders: Mapping[Number, Sequence[Document]]) -> None:
        for one in may:
            if one.row or _whole(one.numbers):
                continue
            found = slips(one, holders)
            targets = {self.groups.of(ground.second) for ground in found}
            if len(targets) != 1 or targets == {self.groups.of(one.name)}:
                continue
            close = [ground for ground in found if self._close(one, self.by_name[ground.second])]
            self._unite(close)
            if close and self.groups.of(one.name) == self.groups.of(close[0].second):
                self.doubts[one.name].add(f"{label(one)} was joined by a {close[0].why}")

    def _close(self, one: Document, other: Document) -> bool:
        """The same first author, or two of them, and a word that tells: what it takes to call a number a misprint of another."""
        first = bool(one.people and other.people and one.people[0] == other.people[0])
        return (first or len(set(one.people) & set(other.people)) >= 2) and bool(one.telling & other.telling)

    # ------------------------------------------------------------------------- what is said

    def _say_several(self, holders: Mapping[Number, Sequence[Document]]) -> None:
        """Numbers by which a document was not joined: it names several, or another than its study's main document."""
        for one in self.bearing:
            held = sorted(_whole(one.numbers))
            if one.row or self.groups.row(one.name) or not self._names_one_trial(one):
                continue
            several = [it.printed for it in held if not one.sole(it)]
            if several and any(it in holders for it in held):
                self.doubts[one.name].add(
                    f"names several registrations ({', '.join(several)}): say to which study it belongs"
                )
            odd = [it for it in held if one.sole(it) and one not in holders.get(it, ())]
            for it in odd:
                self.doubts[one.name].add(
                    f"{label(one)} bears registry number {it.printed}, the study's main document another: one may be misprinted"
                )

    def _say_strangers(
        self,
        held: Mapping[Number, Sequence[Document]],
        there: Mapping[Number, Sequence[Document]] | None = None,
    ) -> None:
        """A number that two studies bear which have nothing else in common: one of them may have it misprinted."""
        for number, found in held.items():
            others = [*found, *((there or {}).get(number, ()))]
            if len(others) > joining_rules().numbers.most:
                continue
            for one in found:
                apart = {
                    self.groups.head(other.name)
                    for other in others
                    if self.groups.of(other.name) != self.groups.of(one.name) and other.name not in self.alone
                }
                if apart and not self.groups.row(one.name) and one.name not in self.doubts:
                    self.doubts[one.name].add(
                        f"registry number {number.printed} is also that of {', '.join(sorted(apart)[:3])}, with which it has too "
                        "little in common to be one study: one of them may have it misprinted"
                    )

    # ------------------------------------------------------------------------- the tree

    def tree(self) -> dict[str, tuple[str, str]]:
        """Each document of a group on the one through which it came, as near to the main document as can be."""
        near: dict[str, list[Ground]] = defaultdict(list)
        for one in self.accepted:
            if not {one.first, one.second} & self.alone or self._tells(one):
                near[one.first].append(one)
                near[one.second].append(one)
        below: dict[str, list[str]] = defaultdict(list)
        for name, parent in self.settled.items():
            below[parent].append(name)
        parents: dict[str, tuple[str, str]] = {}
        for root in self.groups.roots():
            members = set(self.groups.members(root))
            layer = [self.groups.main(root, self.accepted)]
            seen: set[str] = set()
            while layer:
                seen |= set(layer)
                for name in layer:  # what belongs to a document by its own word comes with it
                    layer += [one for one in below[name] if one not in seen]
                    seen |= set(below[name])
                found: dict[str, tuple[Ground, str]] = {}
                for name in layer:
                    for one in near[name]:
                        other = one.second if one.first == name else one.first
                        # A document that is settled comes with what it belongs to.
                        head = self.groups.settled_head(other)
                        if (
                            head in members
                            and head not in seen
                            and (head not in found or one < found[head][0])
                        ):
                            found[head] = (one, name)
                for head, (ground, name) in sorted(found.items()):
                    parents[head] = (name, ground.said(self.by_name, name))
                layer = sorted(found)
        return parents


def _whole(held: frozenset[Number]) -> frozenset[Number]:
    return frozenset(one for one in held if one.whole)
