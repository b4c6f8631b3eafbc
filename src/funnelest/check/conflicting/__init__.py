"""Whether sources contradict each other: one against the others, and both sides of a node."""

from funnelest.check.conflicting.found import Compared, Conflict
from funnelest.check.conflicting.mixed import conflict
from funnelest.check.conflicting.split import NodeSplit, Side
from funnelest.check.conflicting.splitting import node_split

__all__ = ["Compared", "Conflict", "NodeSplit", "Side", "conflict", "node_split"]
