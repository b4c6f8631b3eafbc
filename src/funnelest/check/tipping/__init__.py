"""At which value of what is assumed a conclusion turns."""

from funnelest.check.tipping.found import Conclusion, Tipping, Turn
from funnelest.check.tipping.grid import tipping_point

__all__ = ["Conclusion", "Tipping", "Turn", "tipping_point"]
