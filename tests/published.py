"""Published data sets and what was published of them: numbers, each with the place where it stands."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ldn_evidence.grading.meta_analysis import Z95
from ldn_evidence.model import RATIOS, Effect

# Thirteen trials of the BCG vaccine (Colditz 1994; metadat `dat.bcg`): cases and non-cases among the vaccinated, then the others.
BCG = (
    (4, 119, 11, 128),
    (6, 300, 29, 274),
    (3, 228, 11, 209),
    (62, 13536, 248, 12619),
    (33, 5036, 47, 5761),
    (180, 1361, 372, 1079),
    (8, 2537, 10, 619),
    (505, 87886, 499, 87892),
    (29, 7470, 45, 7232),
    (17, 1699, 65, 1600),
    (186, 50448, 141, 27197),
    (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
)

# Fifteen trials of magnesium after a heart attack, without ISIS-4 (metadat `dat.egger2001`): deaths and people, treated and not.
MAGNESIUM = (
    (1, 40, 2, 36),
    (9, 135, 23, 135),
    (2, 200, 7, 200),
    (1, 48, 1, 46),
    (10, 150, 8, 148),
    (1, 59, 9, 56),
    (1, 25, 3, 23),
    (0, 22, 1, 21),
    (6, 76, 11, 75),
    (1, 27, 7, 27),
    (2, 89, 12, 80),
    (5, 23, 13, 33),
    (4, 130, 8, 122),
    (90, 1159, 118, 1157),
    (4, 107, 17, 108),
)

# Nineteen studies of teachers' expectations (metadat `dat.raudenbush1985`): standardised mean difference and its variance.
EXPECTATIONS = (
    (0.03, 0.0156),
    (0.12, 0.0216),
    (-0.14, 0.0279),
    (1.18, 0.1391),
    (0.26, 0.1362),
    (-0.06, 0.0106),
    (-0.02, 0.0106),
    (-0.32, 0.0484),
    (0.27, 0.0269),
    (0.80, 0.0630),
    (0.54, 0.0912),
    (0.18, 0.0497),
    (-0.02, 0.0835),
    (0.23, 0.0841),
    (-0.18, 0.0253),
    (-0.06, 0.0279),
    (0.30, 0.0193),
    (0.07, 0.0088),
    (-0.07, 0.0303),
)

# Estimates of the Newtonian constant (Kacker 2004), the worked example in statsmodels' own tests.
KACKER = (
    (61.00, 0.2025),
    (61.40, 1.2100),
    (62.21, 0.0900),
    (62.30, 0.2025),
    (62.34, 0.3844),
    (62.60, 0.5625),
    (62.70, 0.0676),
    (62.84, 0.0225),
    (65.90, 1.8225),
)

# The designs on which PyMARE's own tests hold it to metafor (pymare/tests/data/metafor_small_sample.csv).
EQUAL_K5 = (
    (-0.375707, 0.8),
    (0.087667, 0.929221),
    (3.101687, 0.970525),
    (-0.06849, 1.094569),
    (0.31128, 1.2),
)
UNEQUAL_K5 = (
    (-0.073207, 0.02),
    (-0.415375, 0.050569),
    (5.226533, 2.721731),
    (-0.785429, 0.041877),
    (-2.088512, 5.0),
)
EXTREME_K10 = (
    (0.016779, 0.001),
    (0.796272, 0.055928),
    (1.404543, 0.521481),
    (-0.487727, 0.060657),
    (2.690687, 3.638258),
    (0.731744, 0.016879),
    (2.31175, 0.00968),
    (0.109614, 0.013116),
    (0.858999, 2.818472),
    (-2.844727, 10.0),
)


def effects(numbers: Sequence[tuple[float, float]], measure: str = "MD") -> list[Effect]:
    """Estimates and variances, on the scale on which they are pooled, as effects with intervals."""
    outward = math.exp if measure in RATIOS else float
    found = []
    for at, (estimate, variance) in enumerate(numbers, 1):
        reach = Z95 * math.sqrt(variance)
        ends = (estimate, estimate - reach, estimate + reach)
        middle, low, high = map(outward, ends)
        found.append(Effect(key=f"s{at:02}", estimate=middle, low=low, high=high))
    return found


def bcg() -> list[tuple[float, float]]:
    """Logarithms of the risk ratios, and their variances."""
    return [
        (
            math.log((a / (a + b)) / (c / (c + d))),
            1 / a - 1 / (a + b) + 1 / c - 1 / (c + d),
        )
        for a, b, c, d in BCG
    ]


def magnesium() -> list[tuple[float, float]]:
    """Logarithms of the odds ratios, and their variances; a half is added to each cell of a table that holds a 0."""
    found = []
    for dead, treated, died, others in MAGNESIUM:
        cells = [dead, treated - dead, died, others - died]
        a, b, c, d = (cell + 0.5 * (0 in cells) for cell in cells)
        found.append((math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d))
    return found
