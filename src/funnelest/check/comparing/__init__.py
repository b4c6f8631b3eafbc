"""One model under several assumptions about the ages that nobody asked, side by side."""

from funnelest.check.comparing.alternatives import compare
from funnelest.check.comparing.comparison import NO_PROBABILITY, Comparison, Looked

__all__ = ["NO_PROBABILITY", "Comparison", "Looked", "compare"]
