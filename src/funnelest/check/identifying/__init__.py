"""What the figures can tell apart, before anything is fitted."""

from funnelest.check.identifying.found import Identification
from funnelest.check.identifying.identification import identification
from funnelest.check.identifying.parts import Confounded, Further, Standing

__all__ = ["Confounded", "Further", "Identification", "Standing", "identification"]
