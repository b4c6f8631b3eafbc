"""A distribution of a share whose log-odds are normal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from funnelest.priors.base import UNIT, NormalOnLine, Prior, PyMC

__all__ = ["LogitNormal"]


@dataclass(frozen=True, repr=False)
class LogitNormal(NormalOnLine):
    """Distribution of a share whose log-odds are normal.

    Parameters
    ----------
    logit_mean, logit_sd : float
        Mean and standard deviation of the log-odds (`logit_sd` above 0).
    """

    logit_mean: float
    logit_sd: float
    _range: ClassVar[tuple[float, float]] = UNIT
    positive: ClassVar[tuple[str, ...]] = ("logit_sd",)
    pymc: ClassVar[PyMC] = ("LogitNormal", {"logit_mean": "mu", "logit_sd": "sigma"})

    @property
    def on_its_line(self) -> bool:
        return True

    @classmethod
    def to_pymc(cls, name: str, priors: Sequence[Prior], dims: str) -> Any:
        import pymc as pm

        # The one family for which PyMC has no map from the line.
        logodds = pm.distributions.transforms.logodds
        family, arguments = cls.in_pymc(priors)
        return getattr(pm, family)(name, **arguments, default_transform=logodds, dims=dims)
