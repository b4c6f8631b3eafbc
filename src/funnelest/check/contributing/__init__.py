"""Who says what: what each source, prior and assumption adds to what is known."""

from funnelest.check.contributing.found import Contributions, Known, Without
from funnelest.check.contributing.shares import contributions

__all__ = ["Contributions", "Known", "Without", "contributions"]
