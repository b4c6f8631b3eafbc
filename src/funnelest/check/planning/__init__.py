"""What a source that does not exist yet would be expected to add."""

from funnelest.check.planning.found import Planned
from funnelest.check.planning.preposterior import planned

__all__ = ["Planned", "planned"]
