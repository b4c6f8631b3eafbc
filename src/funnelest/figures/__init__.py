"""A number as it was printed: exact, rounded, withheld, a limit, or two that disagree.

One file per way of printing. What a figure must be able to do stands in `base`; a user's own
class that inherits `Figure` works without registration.
"""

from funnelest.figures.base import Figure
from funnelest.figures.bounds import AtLeast, AtMost
from funnelest.figures.disagreeing import Disagreeing
from funnelest.figures.given import as_figure, as_given, figure_problems, show_figure
from funnelest.figures.plain import Between, Exact
from funnelest.figures.rounded import RandomlyRounded, Rounded, RoundedToUnknown
from funnelest.figures.withheld import Withheld

__all__ = [
    "AtLeast",
    "AtMost",
    "Between",
    "Disagreeing",
    "Exact",
    "Figure",
    "RandomlyRounded",
    "Rounded",
    "RoundedToUnknown",
    "Withheld",
    "as_figure",
    "as_given",
    "figure_problems",
    "show_figure",
]
