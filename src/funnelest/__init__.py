"""funnelest: how many people go through this, and where do we lose them?

A route of steps, estimated as a Bayesian attrition chain from registrations and surveys that
are incomplete, unreliable and do not fit together. Names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelest import bounds as bounds
    from funnelest import check as check
    from funnelest import distributions as distributions
    from funnelest import lists as lists
    from funnelest import math as math
    from funnelest import plot as plot
    from funnelest import report as report
    from funnelest.assumptions import Assumption as Assumption
    from funnelest.assumptions import PopulationError as PopulationError
    from funnelest.compiling import to_pymc as to_pymc
    from funnelest.datasets import load_figures as load_figures
    from funnelest.defects.base import Defect as Defect
    from funnelest.defects.base import Records as Records
    from funnelest.defects.bridge import Bridge as Bridge
    from funnelest.defects.clustered import Clustered as Clustered
    from funnelest.defects.coverage import Completeness as Completeness
    from funnelest.defects.coverage import Coverage as Coverage
    from funnelest.defects.earlier_rate import EarlierRate as EarlierRate
    from funnelest.defects.false_records import PPV as PPV
    from funnelest.defects.false_records import FalsePositives as FalsePositives
    from funnelest.defects.outside_frame import OutsideFrame as OutsideFrame
    from funnelest.defects.overdispersion import Overdispersion as Overdispersion
    from funnelest.defects.recall import Recall as Recall
    from funnelest.defects.telescoping import Telescoping as Telescoping
    from funnelest.defects.test_error import TestError as TestError
    from funnelest.defects.unknown import Unrecorded as Unrecorded
    from funnelest.errors import FitError as FitError
    from funnelest.errors import FunnelestError as FunnelestError
    from funnelest.errors import FunnelestWarning as FunnelestWarning
    from funnelest.errors import SpecError as SpecError
    from funnelest.evidence.base import Evidence as Evidence
    from funnelest.evidence.cohort import Cohort as Cohort
    from funnelest.evidence.joint_survey import Asked as Asked
    from funnelest.evidence.joint_survey import JointSurvey as JointSurvey
    from funnelest.evidence.onset_age import OnsetAge as OnsetAge
    from funnelest.evidence.onset_survey import OnsetSurvey as OnsetSurvey
    from funnelest.evidence.own import OwnBinomial as OwnBinomial
    from funnelest.evidence.own import OwnCustom as OwnCustom
    from funnelest.evidence.own import OwnNormal as OwnNormal
    from funnelest.evidence.own import OwnPoisson as OwnPoisson
    from funnelest.evidence.register import Register as Register
    from funnelest.evidence.survey import Survey as Survey
    from funnelest.evidence.total import Total as Total
    from funnelest.evidence.validation import Validation as Validation
    from funnelest.figures import AtLeast as AtLeast
    from funnelest.figures import AtMost as AtMost
    from funnelest.figures import Between as Between
    from funnelest.figures import Disagreeing as Disagreeing
    from funnelest.figures import Exact as Exact
    from funnelest.figures import Figure as Figure
    from funnelest.figures import RandomlyRounded as RandomlyRounded
    from funnelest.figures import Rounded as Rounded
    from funnelest.figures import RoundedToUnknown as RoundedToUnknown
    from funnelest.figures import Withheld as Withheld
    from funnelest.fitting import fit as fit
    from funnelest.imputation.base import Imputation as Imputation
    from funnelest.imputation.detection_ratio import DetectionRatio as DetectionRatio
    from funnelest.imputation.extrapolate import Extrapolate as Extrapolate
    from funnelest.imputation.first_time import FirstTime as FirstTime
    from funnelest.imputation.limits import Bounds as Bounds
    from funnelest.imputation.proportional import Proportional as Proportional
    from funnelest.imputation.shift import Shift as Shift
    from funnelest.model import Model as Model
    from funnelest.observation import Observation as Observation
    from funnelest.population import Population as Population
    from funnelest.priors import Beta as Beta
    from funnelest.priors import Fixed as Fixed
    from funnelest.priors import Gamma as Gamma
    from funnelest.priors import HalfNormal as HalfNormal
    from funnelest.priors import LogitNormal as LogitNormal
    from funnelest.priors import LogNormal as LogNormal
    from funnelest.priors import LogUniform as LogUniform
    from funnelest.priors import Normal as Normal
    from funnelest.priors import Prior as Prior
    from funnelest.priors import Shared as Shared
    from funnelest.priors import Truncated as Truncated
    from funnelest.priors import Uniform as Uniform
    from funnelest.quantities import Quantities as Quantities
    from funnelest.rates import Hazard as Hazard
    from funnelest.rates import Number as Number
    from funnelest.rates import PerLevel as PerLevel
    from funnelest.rates import Rate as Rate
    from funnelest.rates import Share as Share
    from funnelest.registers.linked import Linked as Linked
    from funnelest.registers.unlinked import Unlinked as Unlinked
    from funnelest.result import Result as Result
    from funnelest.route import Route as Route
    from funnelest.simulating import draw_parameters as draw_parameters
    from funnelest.simulating import simulate as simulate
    from funnelest.storing import load as load
    from funnelest.storing import save as save
    from funnelest.storing import to_datatree as to_datatree
    from funnelest.terms.base import Term as Term
    from funnelest.terms.change_point import ChangePoint as ChangePoint
    from funnelest.terms.levels import Levels as Levels
    from funnelest.terms.random_walk import RandomWalk as RandomWalk
    from funnelest.terms.spline import Spline as Spline
    from funnelest.trusting import trust as trust

__version__ = "0.1.0.dev0"

#: Public name -> the module that defines it (a module itself when it ends in a dot).
_HOMES = {
    "Asked": "evidence.joint_survey",
    "Assumption": "assumptions",
    "AtLeast": "figures",
    "AtMost": "figures",
    "Beta": "priors",
    "Between": "figures",
    "Bounds": "imputation.limits",
    "Bridge": "defects.bridge",
    "ChangePoint": "terms.change_point",
    "Clustered": "defects.clustered",
    "Cohort": "evidence.cohort",
    "Completeness": "defects.coverage",
    "Coverage": "defects.coverage",
    "Defect": "defects.base",
    "DetectionRatio": "imputation.detection_ratio",
    "Disagreeing": "figures",
    "EarlierRate": "defects.earlier_rate",
    "Evidence": "evidence.base",
    "Exact": "figures",
    "Extrapolate": "imputation.extrapolate",
    "FalsePositives": "defects.false_records",
    "Figure": "figures",
    "FirstTime": "imputation.first_time",
    "FitError": "errors",
    "Fixed": "priors",
    "FunnelestError": "errors",
    "FunnelestWarning": "errors",
    "Gamma": "priors",
    "HalfNormal": "priors",
    "Hazard": "rates",
    "Imputation": "imputation.base",
    "JointSurvey": "evidence.joint_survey",
    "Levels": "terms.levels",
    "Linked": "registers.linked",
    "LogNormal": "priors",
    "LogUniform": "priors",
    "LogitNormal": "priors",
    "Model": "model",
    "Normal": "priors",
    "Number": "rates",
    "Observation": "observation",
    "OnsetAge": "evidence.onset_age",
    "OnsetSurvey": "evidence.onset_survey",
    "OutsideFrame": "defects.outside_frame",
    "Overdispersion": "defects.overdispersion",
    "OwnBinomial": "evidence.own",
    "OwnCustom": "evidence.own",
    "OwnNormal": "evidence.own",
    "OwnPoisson": "evidence.own",
    "PPV": "defects.false_records",
    "PerLevel": "rates",
    "Population": "population",
    "PopulationError": "assumptions",
    "Prior": "priors",
    "Proportional": "imputation.proportional",
    "Quantities": "quantities",
    "RandomWalk": "terms.random_walk",
    "RandomlyRounded": "figures",
    "Rate": "rates",
    "Recall": "defects.recall",
    "Records": "defects.base",
    "Register": "evidence.register",
    "Result": "result",
    "Rounded": "figures",
    "RoundedToUnknown": "figures",
    "Route": "route",
    "Share": "rates",
    "Shared": "priors",
    "Shift": "imputation.shift",
    "SpecError": "errors",
    "Spline": "terms.spline",
    "Survey": "evidence.survey",
    "Telescoping": "defects.telescoping",
    "Term": "terms.base",
    "TestError": "defects.test_error",
    "Total": "evidence.total",
    "Truncated": "priors",
    "Uniform": "priors",
    "Unlinked": "registers.unlinked",
    "Unrecorded": "defects.unknown",
    "Validation": "evidence.validation",
    "Withheld": "figures",
    "bounds": "bounds.",
    "check": "check.",
    "distributions": "distributions.",
    "draw_parameters": "simulating",
    "fit": "fitting",
    "lists": "lists.",
    "load": "storing",
    "load_figures": "datasets",
    "load_onset": "datasets",
    "math": "math.",
    "plot": "plot.",
    "report": "report.",
    "save": "storing",
    "simulate": "simulating",
    "trust": "trusting",
    "to_datatree": "storing",
    "to_pymc": "compiling",
}

__all__ = sorted(_HOMES)


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
