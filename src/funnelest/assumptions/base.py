"""What every assumption about the people or their rate must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest.fields import Allowed, plain_fields, problems_of
from funnelest.population import Population
from funnelest.priors import Prior
from funnelest.words import LANGUAGES, Language, catalogue, say

if TYPE_CHECKING:
    from funnelest.defects.base import Records
    from funnelest.evidence.base import Evidence
    from funnelest.quantities.quantities import Quantities

__all__ = ["Assumption", "spoken", "told"]


class Assumption:
    """Base of the assumptions that no figure supports; a user's own kind inherits from it.

    A kind overrides what it changes: `apply_to_rate`, `apply_to_population` or `on_records`, with
    its `parameters`; nothing is registered.
    """

    #: What is assumed and why, and by whom; reports and the ledger print it.
    statement: str = ""
    source: str = ""
    #: What its fields may hold, for `problems`.
    allowed: ClassVar[Allowed] = {}
    #: What reports print: language -> a sentence, with the names of `words` in braces.
    sentences: ClassVar[Mapping[str, str]] = {}
    #: Among the defects of a register: where it stands, as the `stage` of a `Defect`.
    stage: ClassVar[int] = 50

    def __post_init__(self) -> None:
        plain_fields(self)

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong with it for this `population`, one sentence each."""
        found = problems_of(self, population=population)
        return [f"{type(self).__name__}: {text}" for text in found]

    def problems_among(self, evidence: Sequence[Evidence]) -> list[str]:
        """Return what is wrong with the assumption beside all `evidence`, one sentence each."""
        return []

    def parameters(self, population: Population) -> dict[str, Prior]:
        """Return the priors that it brings with it in this `population`, by parameter name."""
        return {}

    def called(self, population: Population) -> str:
        """Return the name in the ledger of what it carries in a `population`.

        That of its first parameter, unless a kind knows better.
        """
        return next(iter(self.parameters(population)), type(self).__name__)

    def constant(self) -> Sequence[tuple[str, str]]:
        """Return what it states to be the same: name of a part of the model, and an axis."""
        return ()

    # ----------------------------------------------------------- what it changes

    def imputed(self, population: Population) -> NDArray[np.bool_]:
        """Return which cells of the `population` it sets the rate of, as an array of its shape."""
        return np.zeros(population.shape, dtype=bool)

    def rests_on(self, population: Population) -> NDArray[np.bool_]:
        """Return the cells of the `population` whose rate it takes as observed."""
        return np.zeros(population.shape, dtype=bool)

    def beside(self, rate: Any, population: Population) -> Assumption:
        """Return the assumption as it is beside a rate such as the one that it gets.

        Most do not depend on it. What does may see here which ages the model gives one rate.

        Parameters
        ----------
        rate : ndarray
            Some draws of the rate that `apply_to_rate` will get, in that layout.
        population : Population
            The population.

        Returns
        -------
        Assumption
            Itself, or a copy that knows more; with the same parameters.
        """
        return self

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        """Return the `rate` in cells under the assumption.

        Parameters
        ----------
        rate : array
            The rate without the assumption, one axis per axis of the population and then the
            draws; of length 1 on an axis over which it does not vary.
        values : mapping of str to array
            Parameter name -> value per draw; holds at least those of `parameters`.
        population : Population
            The population.

        Returns
        -------
        array
            The rate, in the same layout.
        """
        return rate

    def apply_to_population(
        self, factor: Any, values: Mapping[str, Any], population: Population
    ) -> Any:
        """Return the `factor` on the head count in cells under the assumption.

        Parameters
        ----------
        factor : array
            The factor without the assumption, in the layout of `apply_to_rate`; ones at first.
        values : mapping of str to array
            Parameter name -> value per draw.
        population : Population
            The population.

        Returns
        -------
        array
            The factor, in the same layout.
        """
        return factor

    def on_records(self, records: Records, q: Quantities, source: str) -> Records:
        """Return the `records` of a register, the `source`, under it, given quantities `q`."""
        return records

    def register_names(self) -> Sequence[str]:
        """Return the names of the registers that it changes."""
        return ()

    def first_share(self, values: Mapping[str, Any], population: Population) -> Any:
        """Return the share of a year's victims to whom it is the first time, in cells.

        From the `values` of the parameters, in a `population`.
        """
        raise TypeError(f"{type(self).__name__} does not define first_share")

    def ends(self, population: Population) -> Mapping[str, Assumption]:
        """Return limit -> the assumption at it in a `population`; empty with a distribution."""
        return {}

    def limits_numbers(self) -> bool:
        """Return whether its limits are numbers of people, and not rates."""
        return False

    def gives(self, method: str) -> bool:
        """Return whether the kind overrides a `method` of this base."""
        return getattr(type(self), method) is not getattr(Assumption, method)

    # -------------------------------------------------------------------- in words

    def describe(self) -> str:
        """Return what is assumed, in a sentence without its full stop."""
        template = self._template("en")
        return type(self).__name__ if template is None else self.sentence("en").rstrip(".")

    def sentence(self, language: str = "en") -> str:
        """Return what is assumed, in plain language.

        Parameters
        ----------
        language : {"en", "nl"}
            Language of the sentence; the `statement` stays as it was given.

        Returns
        -------
        str
            The sentence.
        """
        template = self._template(language)
        if template is None:
            return f"{self.describe()}."
        return template.format(**self.words(language))

    def _template(self, language: str) -> str | None:
        """Return the sentence of the kind: its own, or that of the catalogue."""
        own = self.sentences.get(language) or self.sentences.get("en")
        if own:
            return own
        texts = catalogue(spoken(language).code)
        names = [k.__name__ for k in type(self).__mro__ if k.__module__.startswith("funnelest.")]
        return next((texts[k] for k in (f"assumptions.{n}" for n in names) if k in texts), None)

    def words(self, language: str) -> dict[str, str]:
        """Return what stands in the braces of the sentence, in a `language`."""
        return {}


def spoken(language: str) -> Language:
    """Return a language of the texts; English for one that there is not."""
    return Language(language if language in LANGUAGES else "en")


def told(key: str, language: str, **values: Any) -> str:
    """Return a sentence of the catalogue about assumptions, in a language."""
    return spoken(language).say(say(f"assumptions.{key}", **values))
