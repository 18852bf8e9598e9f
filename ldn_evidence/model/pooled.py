"""Effects of studies, and what comes out when they are combined. Values only: nothing here computes a pool.

A ratio stands as a ratio; its heterogeneity (tau2, the small-study slope) is of its logarithm, where it was pooled.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One study's effect with its 95 % interval, in the measure's own units. `key` is the study's."""

    key: str
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOneOut:
    """What is found without one study, `key`. With one study remaining it is that study's own interval, and `tau2` is None."""

    key: str
    estimate: float
    low: float
    high: float
    tau2: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallStudyTest:
    """Egger's regression of effect on standard error: whether small studies tell another story than large ones."""

    t: float
    df: int
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaAnalysis:
    """Comparable effects combined by random effects: what stands, how sure, how much the studies differ.

    `low` and `high` are the 95 % interval that stands, `interval` names it; `plain` is the ordinary one, `knapp` Hartung and
    Knapp's (None where the effects are identical). `prediction`: where the effect of one more study would lie, from three studies up.
    `weights` are per cent, in the order of `effects`. `tau2_interval` is by Q-profile, `i2` in per cent by Cochran's Q.
    `small_study` is tested from ten studies up.
    """

    measure: str
    scale: str
    comparator: str
    effects: tuple[Effect, ...]
    weights: tuple[float, ...]
    estimate: float
    low: float
    high: float
    interval: str
    plain: tuple[float, float]
    knapp: tuple[float, float] | None
    prediction: tuple[float, float] | None
    tau2: float
    tau2_interval: tuple[float, float] | None
    q: float
    q_p: float
    i2: float
    leave_one_out: tuple[LeftOneOut, ...]
    small_study: SmallStudyTest | None
    method: str = "random effects, REML"

    @property
    def keys(self) -> tuple[str, ...]:
        """The studies in it."""
        return tuple(one.key for one in self.effects)

    @property
    def unit(self) -> str:
        """For example: MD, 0-10."""
        return ", ".join(part for part in (self.measure, self.scale) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What became of one body's rows: those combined, if at least two could be, and every other row with its reason.

    `refused` holds study keys and reasons; `notes` what a reader of the pool has to know of the rows in it.
    """

    analysis: MetaAnalysis | None = None
    refused: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPool:
    """What a published review pooled for a claim, and why it and our own pool can't be the same number."""

    key: str
    citation: str
    year: int | None
    measure: str
    scale: str
    estimate: float
    low: float | None
    high: float | None
    why: tuple[str, ...]
