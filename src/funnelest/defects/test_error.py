"""A question or a test that does not always tell the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from funnelest.defects.base import Defect
from funnelest.fields import Allowed
from funnelest.population import Population
from funnelest.priors import Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["TestError"]


@dataclass(frozen=True, kw_only=True)
class TestError(Defect):
    r"""A question or a test with a sensitivity and a specificity below 1.

    Parameters
    ----------
    sensitivity : Prior or float, optional
        Probability that a person of the step says so, 0-1. Left out: 1, a default that the
        ledger shows.
    specificity : Prior or float, optional
        Probability that any other person does not say so, 0-1. Left out: 1.

    Notes
    -----
    :math:`p \leftarrow \mathrm{se}\, p + (1 - \mathrm{sp})(1 - p)` (Rogan and Gladen, Am J
    Epidemiol 1978;107:71). Studies of people whose state is known go in as `Validation`.
    """

    __test__: ClassVar[bool] = False  # no test case, whatever pytest thinks of the name

    sensitivity: Prior | float | None = None
    specificity: Prior | float | None = None
    stage: ClassVar[int] = 30
    label: ClassVar[str] = "test error"
    allowed: ClassVar[Allowed] = dict.fromkeys(
        ("sensitivity", "specificity"), prior_of(0.0, 1.0).or_none
    )

    def _given(self) -> dict[str, Prior]:
        named = {"sensitivity": self.sensitivity, "specificity": self.specificity}
        return {name: as_prior(value) for name, value in named.items() if value is not None}

    def problems(self, population: Population) -> list[str]:
        found = super().problems(population)
        return found if self._given() else ["give 'sensitivity', 'specificity' or both."]

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {
            f"{name}[{source}]": within(prior, 0.0, 1.0) for name, prior in self._given().items()
        }

    def defaults(self, source: str) -> dict[str, str]:
        texts = {
            "sensitivity": named("default.sensitivity"),
            "specificity": named("default.specificity"),
        }
        return {
            f"{name}[{source}]": text for name, text in texts.items() if name not in self._given()
        }

    def on_share(self, share: Any, q: Quantities, source: str) -> Any:
        given = self._given()
        right = q.parameters[f"sensitivity[{source}]"] if "sensitivity" in given else 1.0
        wrong = 1.0 - q.parameters[f"specificity[{source}]"] if "specificity" in given else 0.0
        return right * share + wrong * (1.0 - share)

    def describe(self) -> str:
        return named("defect.question", what=[named(f"word.{one}") for one in self._given()])

    def checked(self) -> set[str]:
        return set(self._given())
