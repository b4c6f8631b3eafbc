"""Who says what: what each source, prior and assumption adds to what is known."""

from funnelest.check.contributions.finding import contributions

__all__ = ["contributions"]
