"""What the figures and the page share: language, room for text, and the ladder of rows."""

from funnelest.plot.base.drawing import drawing
from funnelest.plot.base.frame import framed, round_ticks, wide
from funnelest.plot.base.imputed import imputed_number
from funnelest.plot.base.ladder import Ladder, Row
from funnelest.plot.base.sheet import Sheet, text_width, wrap
from funnelest.words import LANGUAGES, Language, language_problems

__all__ = [
    "LANGUAGES",
    "Ladder",
    "Language",
    "Row",
    "Sheet",
    "drawing",
    "framed",
    "imputed_number",
    "language_problems",
    "round_ticks",
    "text_width",
    "wide",
    "wrap",
]
