"""funnelest: how many people go through this, and where do we lose them?

A route of steps, estimated as a Bayesian attrition chain from registrations and surveys that
are incomplete, unreliable and do not fit together. Names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelest import math, plot, report
    from funnelest.assumptions import Assumption, PopulationError
    from funnelest.compiling import to_pymc
    from funnelest.datasets import load_figures
    from funnelest.errors import FitError, FunnelestError, FunnelestWarning, SpecError
    from funnelest.evidence.base import Bridge, Evidence
    from funnelest.evidence.cohort import Cohort
    from funnelest.evidence.own import OwnBinomial, OwnCustom, OwnNormal, OwnPoisson
    from funnelest.evidence.register import Register
    from funnelest.evidence.survey import Survey
    from funnelest.evidence.total import Total
    from funnelest.figures import Between, Exact, Figure, Rounded
    from funnelest.fitting import fit
    from funnelest.imputation.shift import Shift
    from funnelest.model import Model
    from funnelest.observation import Observation
    from funnelest.population import Population
    from funnelest.priors import (
        Beta,
        Fixed,
        Gamma,
        HalfNormal,
        LogitNormal,
        LogNormal,
        LogUniform,
        Normal,
        Prior,
        Shared,
        Truncated,
        Uniform,
    )
    from funnelest.quantities import Quantities
    from funnelest.rates import Number, PerLevel, Rate, Share
    from funnelest.result import Result
    from funnelest.route import Route
    from funnelest.simulating import draw_parameters, simulate
    from funnelest.storing import load, save, to_datatree
    from funnelest.terms.base import Term
    from funnelest.terms.levels import Levels

__version__ = "0.1.0.dev0"

#: Public name -> the module that defines it (a module itself when it ends in a dot).
_HOMES = {
    "Assumption": "assumptions", "Beta": "priors", "Between": "figures",
    "Bridge": "evidence.base", "Cohort": "evidence.cohort", "Evidence": "evidence.base",
    "Exact": "figures", "FitError": "errors", "Figure": "figures", "Fixed": "priors", "FunnelestError": "errors",
    "FunnelestWarning": "errors", "Gamma": "priors", "HalfNormal": "priors", "Levels":
    "terms.levels", "LogNormal": "priors", "LogUniform": "priors", "LogitNormal": "priors",
    "Model": "model", "Normal": "priors", "Number": "rates", "Observation": "observation",
    "OwnBinomial": "evidence.own", "OwnCustom": "evidence.own", "OwnNormal": "evidence.own",
    "OwnPoisson": "evidence.own", "PerLevel": "rates", "Population": "population",
    "PopulationError": "assumptions", "Prior": "priors", "Quantities": "quantities",
    "Rate": "rates", "Register": "evidence.register", "Result": "result", "Rounded": "figures",
    "Route": "route", "Share": "rates", "Shared": "priors", "Shift": "imputation.shift",
    "SpecError": "errors", "Term": "terms.base", "Survey": "evidence.survey", "Total": "evidence.total",
    "Truncated": "priors", "Uniform": "priors", "draw_parameters": "simulating",
    "fit": "fitting", "load": "storing", "load_figures": "datasets", "math": "math.",
    "plot": "plot.", "report": "report.", "save": "storing", "simulate": "simulating",
    "to_datatree": "storing", "to_pymc": "compiling",
}  # fmt: skip

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'funnelest' has no attribute {name!r}")
    if home.endswith("."):
        value: Any = import_module(f"funnelest.{home[:-1]}")
    else:
        value = getattr(import_module(f"funnelest.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
