"""Whether a model gets back what made-up data were made from: simulation-based calibration."""

from funnelest.check.calibrating.found import Calibration
from funnelest.check.calibrating.running import calibrate

__all__ = ["Calibration", "calibrate"]
