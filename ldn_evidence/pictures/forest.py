"""A forest plot: each study's effect with its interval, the pool, the margin and what reviews have published. Takes values, gives a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ldn_evidence.drawing import drawing
from ldn_evidence.model import RATIOS, Claim, EvidenceProfile, Pool, PublishedPool
from ldn_evidence.pictures.lines import Line, Shown, effect, shown

# Places across, in points: the columns of words, and between them the axis.
PEOPLE, FROM, TO, EFFECT, WEIGHT, WIDTH = 225, 250, 590, 610, 800, 800
ROW, LINE, TEXT, SMALL = 24, 16, 12, 11
INK, GREY, PALE = "#000000", "#6b6b6b", "#ececec"
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def forest(
    claim: Claim,
    profile: EvidenceProfile,
    found: Pool,
    published: Sequence[PublishedPool],
    *,
    drug: str,
    provenance: str,
) -> Any:
    """An altair chart of one claim. `found` is the pool of its best body, `published` what `grading.beside` says of its reviews.

    Raises InputError where there is no interval to draw, or where the library that draws is not installed.
    """
    alt = drawing()
    held = shown(claim, profile, found, published, drug, provenance)
    picture = _Picture(alt, held)
    title = alt.Title(
        [_plain(one) for one in held.title],
        subtitle=[_plain(one) for one in held.subtitle],
        anchor="start",
        frame="group",
        offset=14,
        subtitlePadding=6,
    )
    return (
        alt.vconcat(picture.plot(), picture.words(), spacing=18, title=title)
        .configure(background="white", padding=18, font="Helvetica, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=SMALL, titleFontSize=TEXT, titleFontWeight="normal", labelColor=INK, titleColor=INK
        )
        .configure_title(fontSize=16, subtitleFontSize=TEXT, subtitleColor=INK, color=INK)
    )


class _Picture:
    """The marks of one forest plot. Rows are numbered from the top; row 0 holds the names of the columns."""

    def __init__(self, alt: Any, held: Shown) -> None:
        self.alt, self.held = alt, held
        self.lines: list[tuple[float, Line]] = []
        at = 1.0
        for one in held.studies:
            self.lines.append((at, one))
            at += 1
        if held.pool:
            at += 0.25
            self.lines.append((at, held.pool))
            at += 1
        if held.reviews:
            at += 0.25
            for one in held.reviews:
                self.lines.append((at, one))
                at += 1
        self.sides_at = at
        self.band_end = at - 0.5
        self.rows = at + 0.6
        kind = {"type": "log"} if held.measure in RATIOS else {}
        self.scale = alt.Scale(
            domain=list(held.axis), range=[FROM, TO], nice=False, zero=False, clamp=False, **kind
        )
        self.down = alt.Scale(
            domain=[-0.5, self.rows], range=[0, ROW * (self.rows + 0.5)], nice=False, zero=False
        )

    def plot(self) -> Any:
        """Columns of words left and right, the effects between them."""
        alt, held = self.alt, self.held
        layers = []
        if held.margin:
            layers.append(
                self._data([{"from": held.margin[0], "to": held.margin[1], "top": 0.5, "end": self.band_end}])
                .mark_rect(color=PALE, opacity=1)
                .encode(x=self._x("from"), x2="to:Q", y=self._y("top"), y2="end:Q")
            )
        layers += [self._none(), *self._effects(), *self._columns(), self._sides()]
        return alt.layer(*layers).properties(width=WIDTH, height=ROW * (self.rows + 0.5))

    def words(self) -> Any:
        """The lines of text under the picture."""
        rows, at = [], 0.0
        for one in self.held.below:
            at += 0.5 if one.heading else 0
            rows.append({"at": at, "text": one.text, "heading": one.heading})
            at += 1
        down = self.alt.Scale(domain=[0, at], range=[0, LINE * at], nice=False)
        layers = [
            self._data([row for row in rows if row["heading"] is heading])
            .mark_text(align="left", baseline="top", fontSize=SMALL, fontWeight=weight, color=INK)
            .encode(x=self.alt.value(0), y=self.alt.Y("at:Q", axis=None, scale=down), text="text:N")
            for heading, weight in ((False, "normal"), (True, "bold"))
        ]
        return self.alt.layer(*layers).properties(width=WIDTH, height=LINE * at)

    def _data(self, rows: list[dict[str, Any]]) -> Any:
        plain = [
            {name: _plain(one) if isinstance(one, str) else one for name, one in row.items()} for row in rows
        ]
        return self.alt.Chart(self.alt.Data(values=plain))

    def _x(self, name: str) -> Any:
        axis = self.alt.Axis(
            title=_plain(self.held.unit),
            grid=False,
            tickColor=GREY,
            domainColor=GREY,
            titlePadding=8,
            **self._ticks(),
        )
        return self.alt.X(f"{name}:Q", scale=self.scale, axis=axis)

    def _ticks(self) -> dict[str, Any]:
        if self.held.measure not in RATIOS:
            return {"tickCount": 7}
        low, high = self.held.axis
        inside = [one for one in TICKS if low <= one <= high]
        fine = [one for one in (0.25, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4) if low <= one <= high]
        return {"values": inside if len(inside) >= 4 else fine, "format": "~g"}

    def _y(self, name: str = "at") -> Any:
        return self.alt.Y(f"{name}:Q", scale=self.down, axis=None)

    def _none(self) -> Any:
        """The line of no effect."""
        return (
            self._data([{"x": self.held.no_effect, "top": 0.5, "end": self.rows}])
            .mark_rule(color=GREY, strokeWidth=1)
            .encode(x=self._x("x"), y=self._y("top"), y2="end:Q")
        )

    def _effects(self) -> list[Any]:
        """Squares as large as their weight with intervals, open where they are not in the pool; diamonds for pools."""
        layers = []
        singles = [(at, one) for at, one in self.lines if one.kind != "pool"]
        rows = [
            {
                "at": at,
                "x": one.estimate,
                "low": one.low,
                "high": one.high,
                "size": 40 + 2.4 * (one.weight or 0),
                "shape": "square" if one.kind == "study" else "diamond",
                "fill": INK if one.weight is not None else "white",
            }
            for at, one in singles
        ]
        if rows:
            base = self._data(rows)
            layers.append(
                base.mark_rule(color=INK, strokeWidth=1.4).encode(x=self._x("low"), x2="high:Q", y=self._y())
            )
            layers.append(
                base.mark_point(opacity=1, stroke=INK, strokeWidth=1.4).encode(
                    x=self._x("x"),
                    y=self._y(),
                    size=self.alt.Size("size:Q", scale=None, legend=None),
                    shape=self.alt.Shape("shape:N", scale=None, legend=None),
                    fill=self.alt.Fill("fill:N", scale=None, legend=None),
                )
            )
        for at, one in self.lines:
            if one.kind == "pool":
                layers += self._diamond(at, one)
        return layers

    def _diamond(self, at: float, one: Line) -> list[Any]:
        layers = []
        if self.held.prediction:
            layers += self._predicted(at, *self.held.prediction)
        corners = ((one.low, at), (one.estimate, at - 0.32), (one.high, at), (one.estimate, at + 0.32))
        points = [{"x": x, "at": y, "order": order} for order, (x, y) in enumerate(corners)]
        layers.append(
            self._data(points)
            .mark_line(filled=True, fill=INK, stroke=INK, strokeWidth=1, interpolate="linear-closed")
            .encode(x=self._x("x"), y=self._y(), order="order:Q")
        )
        return layers

    def _predicted(self, at: float, low: float, high: float) -> list[Any]:
        """The prediction interval; an arrow where it goes on beyond the axis."""
        first, last = self.held.axis
        row = [{"at": at, "low": max(low, first), "high": min(high, last)}]
        line = self._data(row).mark_rule(color=INK, strokeWidth=0.8)
        layers = [line.encode(x=self._x("low"), x2="high:Q", y=self._y())]
        for beyond, end, shape in (
            (low < first, first, "triangle-left"),
            (high > last, last, "triangle-right"),
        ):
            if beyond:
                arrow = self._data([{"at": at, "x": end}])
                layers.append(
                    arrow.mark_point(shape=shape, filled=True, color=INK, size=45, opacity=1).encode(
                        x=self._x("x"), y=self._y()
                    )
                )
        return layers

    def _columns(self) -> list[Any]:
        """The words left and right of the axis."""
        head = [
            ("study", 0, "left"),
            ("estimate (95 % interval)", EFFECT, "left"),
        ]
        if any(one.people for _, one in self.lines):
            head.append(("people", PEOPLE, "right"))
        if self.held.pool:
            head.append(("weight", WEIGHT, "right"))
        cells = [(0.0, text, x, align, True) for text, x, align in head]
        for at, one in self.lines:
            bold = one.kind == "pool"
            cells.append((at, one.label, 0, "left", bold))
            cells.append((at, one.people, PEOPLE, "right", bold))
            cells.append((at, effect(one.estimate, one.low, one.high), EFFECT, "left", bold))
            if one.weight is not None:
                cells.append((at, f"{one.weight:.0f} %", WEIGHT, "right", bold))
            elif self.held.pool and one.kind == "study":
                cells.append((at, "–", WEIGHT, "right", bold))
        layers = []
        for align in ("left", "right"):
            for bold in (False, True):
                rows = [
                    {"at": at, "text": text, "x": x}
                    for at, text, x, side, strong in cells
                    if side == align and strong is bold and text
                ]
                if rows:
                    layers.append(
                        self._data(rows)
                        .mark_text(
                            align=align,
                            baseline="middle",
                            fontSize=TEXT,
                            fontWeight="bold" if bold else "normal",
                            color=INK,
                        )
                        .encode(x=self.alt.X("x:Q", scale=None, axis=None), y=self._y(), text="text:N")
                    )
        return layers

    def _sides(self) -> Any:
        """Which side favours what, on either side of no effect."""
        left, right = self.held.sides
        layers = []
        for text, align, shift in ((f"← {left}", "right", -8), (f"{right} →", "left", 8)):
            layers.append(
                self._data([{"x": self.held.no_effect, "at": self.sides_at, "text": text}])
                .mark_text(
                    align=align, baseline="middle", dx=shift, fontSize=SMALL, color=GREY, fontStyle="italic"
                )
                .encode(x=self._x("x"), y=self._y(), text="text:N")
            )
        return self.alt.layer(*layers)


def _plain(text: str) -> str:
    """Text without what an SVG can't hold or what turns a line around: control characters, halves of letters, marks of direction."""
    return "".join(one if one.isprintable() or one == "\u00a0" else " " for one in text)
