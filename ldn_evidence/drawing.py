"""The library that draws, and a chart as the bytes of a file."""

from __future__ import annotations

import io
from types import ModuleType
from typing import Any

from ldn_evidence.errors import InputError

FORMATS = ("svg", "png")


def drawing() -> ModuleType:
    """Altair. Raises InputError, with the mend, where it or what turns its charts into pictures is not installed."""
    try:
        import altair
        import vl_convert  # noqa: F401  # altair asks for it only when the picture is finished
    except ImportError as error:
        raise InputError(
            f"a picture needs {error.name}, which is not installed. "
            'Install the pictures: pip install "ldn-evidence[pictures]".'
        ) from error
    return altair


def drawn(chart: Any, form: str) -> bytes:
    """A chart as the bytes of a file in one of FORMATS; a PNG has two pixels to a point."""
    if form == "svg":
        text = io.StringIO()
        chart.save(text, format="svg")
        return text.getvalue().encode("utf-8")
    image = io.BytesIO()
    chart.save(image, format="png", scale_factor=2)
    return image.getvalue()
