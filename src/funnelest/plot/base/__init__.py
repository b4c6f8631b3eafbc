"""What the figures and the page share: the frame, the layout of rows, marks and texts."""

from funnelest.plot.base.drawing import drawing
from funnelest.plot.base.frame import framed, round_ticks, wide
from funnelest.plot.base.marks import Mark, Style
from funnelest.plot.base.rows import Axis, Block, Column, Row, rows
from funnelest.plot.base.sheet import Sheet, text_width, wrap
from funnelest.words import LANGUAGES, Language, language_problems

__all__ = [
    "LANGUAGES",
    "Axis",
    "Block",
    "Column",
    "Language",
    "Mark",
    "Row",
    "Sheet",
    "Style",
    "drawing",
    "framed",
    "language_problems",
    "round_ticks",
    "rows",
    "text_width",
    "wide",
    "wrap",
]
