"""What a further figure, or knowing a parameter, would take away of the uncertainty."""

from funnelest.check.informing.found import Part, ValueOfInformation
from funnelest.check.informing.information import Plan, value_of_information

__all__ = ["Part", "Plan", "ValueOfInformation", "value_of_information"]
