# The public names, and their only list: `__init__.py` reads it, and so do type checkers.

from . import bounds as bounds
from . import check as check
from . import distributions as distributions
from . import lists as lists
from . import math as math
from . import plot as plot
from . import report as report
from .assumptions.base import Assumption as Assumption
from .assumptions.bounds import Bounds as Bounds
from .assumptions.constant import Constant as Constant
from .assumptions.detection_ratio import DetectionRatio as DetectionRatio
from .assumptions.extrapolate import Extrapolate as Extrapolate
from .assumptions.first_time import FirstTime as FirstTime
from .assumptions.imputation import Imputation as Imputation
from .assumptions.population_error import PopulationError as PopulationError
from .assumptions.proportional import Proportional as Proportional
from .assumptions.shift import Shift as Shift
from .check.trust import trust as trust
from .datasets import load_figures as load_figures
from .datasets import load_onset as load_onset
from .defects.base import Defect as Defect
from .defects.base import Records as Records
from .defects.bridge import Bridge as Bridge
from .defects.clustered import Clustered as Clustered
from .defects.coverage import Completeness as Completeness
from .defects.coverage import Coverage as Coverage
from .defects.earlier_rate import EarlierRate as EarlierRate
from .defects.false_records import PPV as PPV
from .defects.false_records import FalsePositives as FalsePositives
from .defects.outside_frame import OutsideFrame as OutsideFrame
from .defects.overdispersion import Overdispersion as Overdispersion
from .defects.recall import Recall as Recall
from .defects.repeat_victims import RepeatVictims as RepeatVictims
from .defects.telescoping import Telescoping as Telescoping
from .defects.test_error import TestError as TestError
from .defects.unknown import Unrecorded as Unrecorded
from .errors import FileError as FileError
from .errors import FitError as FitError
from .errors import FunnelestError as FunnelestError
from .errors import FunnelestWarning as FunnelestWarning
from .errors import SpecError as SpecError
from .evidence.base import Evidence as Evidence
from .evidence.cascade import Cascade as Cascade
from .evidence.cohort import Cohort as Cohort
from .evidence.joint_survey import Asked as Asked
from .evidence.joint_survey import JointSurvey as JointSurvey
from .evidence.linked import Linked as Linked
from .evidence.onset_age import OnsetAge as OnsetAge
from .evidence.onset_survey import OnsetSurvey as OnsetSurvey
from .evidence.own import OwnBinomial as OwnBinomial
from .evidence.own import OwnCustom as OwnCustom
from .evidence.own import OwnNormal as OwnNormal
from .evidence.own import OwnPoisson as OwnPoisson
from .evidence.register import Register as Register
from .evidence.survey import Survey as Survey
from .evidence.total import Total as Total
from .evidence.unlinked import Unlinked as Unlinked
from .evidence.validation import Validation as Validation
from .figures import AtLeast as AtLeast
from .figures import AtMost as AtMost
from .figures import Between as Between
from .figures import Disagreeing as Disagreeing
from .figures import Exact as Exact
from .figures import Figure as Figure
from .figures import RandomlyRounded as RandomlyRounded
from .figures import Rounded as Rounded
from .figures import RoundedToUnknown as RoundedToUnknown
from .figures import Withheld as Withheld
from .inference.fitting import fit as fit
from .inference.loading import load as load
from .likelihood.as_pymc import to_pymc as to_pymc
from .likelihood.simulating import draw_parameters as draw_parameters
from .likelihood.simulating import simulate as simulate
from .model.model import Model as Model
from .observations.observation import Observation as Observation
from .population import Population as Population
from .priors import Beta as Beta
from .priors import Fixed as Fixed
from .priors import Gamma as Gamma
from .priors import HalfNormal as HalfNormal
from .priors import LogitNormal as LogitNormal
from .priors import LogNormal as LogNormal
from .priors import LogUniform as LogUniform
from .priors import Normal as Normal
from .priors import Prior as Prior
from .priors import Shared as Shared
from .priors import Truncated as Truncated
from .priors import Uniform as Uniform
from .quantities.quantities import Quantities as Quantities
from .rates import Hazard as Hazard
from .rates import Number as Number
from .rates import PerLevel as PerLevel
from .rates import Rate as Rate
from .rates import Share as Share
from .results.printing import as_text as as_text
from .results.result import Result as Result
from .results.storing import save as save
from .results.storing import to_datatree as to_datatree
from .route import Route as Route
from .terms.base import Term as Term
from .terms.change_point import ChangePoint as ChangePoint
from .terms.levels import Levels as Levels
from .terms.random_walk import RandomWalk as RandomWalk
from .terms.spline import Spline as Spline

__version__: str

__all__ = [
    "PPV",
    "Asked",
    "Assumption",
    "AtLeast",
    "AtMost",
    "Beta",
    "Between",
    "Bounds",
    "Bridge",
    "Cascade",
    "ChangePoint",
    "Clustered",
    "Cohort",
    "Completeness",
    "Coverage",
    "Defect",
    "DetectionRatio",
    "Disagreeing",
    "EarlierRate",
    "Evidence",
    "Exact",
    "Extrapolate",
    "FalsePositives",
    "Figure",
    "FileError",
    "FirstTime",
    "FitError",
    "Fixed",
    "FunnelestError",
    "FunnelestWarning",
    "Gamma",
    "HalfNormal",
    "Hazard",
    "Imputation",
    "JointSurvey",
    "Levels",
    "Linked",
    "LogNormal",
    "LogUniform",
    "LogitNormal",
    "Model",
    "Normal",
    "Number",
    "Observation",
    "OnsetAge",
    "OnsetSurvey",
    "OutsideFrame",
    "Overdispersion",
    "OwnBinomial",
    "OwnCustom",
    "OwnNormal",
    "OwnPoisson",
    "PerLevel",
    "Population",
    "PopulationError",
    "Prior",
    "Proportional",
    "Quantities",
    "RandomWalk",
    "RandomlyRounded",
    "Rate",
    "Recall",
    "Records",
    "Register",
    "RepeatVictims",
    "Result",
    "Rounded",
    "RoundedToUnknown",
    "Route",
    "Share",
    "Shared",
    "Shift",
    "SpecError",
    "Spline",
    "Survey",
    "Telescoping",
    "Term",
    "TestError",
    "Total",
    "Truncated",
    "Uniform",
    "Unlinked",
    "Unrecorded",
    "Validation",
    "Withheld",
    "as_text",
    "bounds",
    "check",
    "distributions",
    "draw_parameters",
    "fit",
    "lists",
    "load",
    "load_figures",
    "load_onset",
    "math",
    "plot",
    "report",
    "save",
    "simulate",
    "to_datatree",
    "to_pymc",
    "trust",
]
