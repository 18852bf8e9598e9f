"""What a profile shows, as pictures. Takes profiles and pools; gives Altair charts, or SVG and PNG. Reads no file and opens no browser.

Everything is told by place, shape and words, nothing by colour: a picture reads the same in greyscale.
"""

from ldn_evidence.drawing import FORMATS, drawing, drawn
from ldn_evidence.pictures.forest import forest

__all__ = ["FORMATS", "drawing", "drawn", "forest"]
