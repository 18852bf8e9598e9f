"""The reliability of a reader's probabilities as a picture. Takes the document of `study_types`; gives SVG. Never writes a file.

Everything is told by place, shape and words, nothing by colour: it reads the same in greyscale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ldn_evidence.drawing import drawing, drawn
from ldn_evidence.errors import InputError

WIDTH = 360
INK, GREY, PALE = "#000000", "#767676", "#d0d0d0"


def reliability_svg(found: Mapping[str, Any]) -> str:
    """How often readings were right against how probable they were called, and how many readings each point stands for.

    On the broken line a probability means what it says. Raises InputError where no reading has a probability.
    """
    if not found["with_probability"]:
        raise InputError(
            "--plot: no reading has a probability, so there is nothing to draw. Leave --plot out."
        )
    alt = drawing()
    bins = alt.Data(values=[one for one in found["reliability"] if one["n"]])
    most = max(one["n"] for one in found["reliability"])
    probability = alt.Scale(domain=[0, 1])
    across = alt.X("mean_probability:Q", scale=probability, axis=alt.Axis(title=None, tickCount=10))
    up = alt.Y("accuracy:Q", scale=probability, title="share that was right")
    exact = (
        alt.Chart(alt.Data(values=[{"at": 0}, {"at": 1}]))
        .mark_line(color=GREY, strokeDash=[5, 4])
        .encode(x=alt.X("at:Q", scale=probability), y=alt.Y("at:Q", scale=probability))
    )
    points = alt.Chart(bins).encode(x=across, y=up)
    reliability = alt.layer(
        exact,
        points.mark_line(color=INK, strokeWidth=1.5),
        points.mark_point(color=INK, filled=True, size=55, opacity=1),
    ).properties(width=WIDTH, height=WIDTH)
    bars = alt.Chart(bins).encode(
        x=alt.X(
            "from:Q",
            scale=probability,
            axis=alt.Axis(title="probability of the kind that was read", tickCount=10),
        ),
        x2="to:Q",
        y=alt.Y("n:Q", title="readings", axis=alt.Axis(tickCount=3), scale=alt.Scale(domain=[0, 1.2 * most])),
    )
    counts = alt.layer(
        bars.mark_bar(color=PALE, stroke=INK, strokeWidth=0.7).encode(y2=alt.datum(0)),
        bars.transform_calculate(middle="(datum.from + datum.to) / 2")
        .mark_text(baseline="bottom", dy=-2, fontSize=10, color=INK)
        .encode(x=alt.X("middle:Q", scale=probability), text="n:Q"),
    ).properties(width=WIDTH, height=WIDTH // 4)
    title = alt.Title(
        "Do the probabilities mean what they say?",
        subtitle=[
            f"{found['with_probability']:,} readings; expected calibration error {found['ece']:.3f}",
            "broken line: as often right as said; below it: too sure",
        ],
        anchor="start",
    )
    picture = (
        alt.vconcat(reliability, counts, title=title, spacing=12)
        .configure_axis(labelFontSize=11, titleFontSize=12, gridColor="#e6e6e6")
        .configure_view(stroke=GREY)
        .configure_title(fontSize=14, subtitleFontSize=12)
    )
    return drawn(picture, "svg").decode("utf-8")
