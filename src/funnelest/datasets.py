"""The small cited data sets that are shipped with the package."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from funnelest.entry import entry

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load_figures", "load_onset"]


@entry
def load_figures() -> pd.DataFrame:
    """Return the published figures on sexual violence against children, the Netherlands.

    The route of the Slachtoffermonitor 2017-2018 (Nationaal Rapporteur Mensenhandel en Seksueel
    Geweld tegen Kinderen) and the figures around it.

    Returns
    -------
    pandas.DataFrame
        One row per figure, indexed by `id`: step, register, value, unit, kind, years, ages, sex,
        rounding, reliability, definition, source, note; and `read`, how it was read: "read" in
        the source itself, "second-hand" through others, "derived" or "inference".
    """
    return _table("figures.csv")


@entry
def load_onset() -> pd.DataFrame:
    """Return published shares with a first event of sexual violence before an age.

    From retrospective surveys in the Netherlands, the United States and Sweden. The shares before
    age 12 differ by a factor of two to three between the definitions of the Dutch surveys alone.

    Returns
    -------
    pandas.DataFrame
        One row per figure, indexed by `id`: country, survey, year, respondents, n, sex, before_age,
        percent, low95, high95, definition, source; and `read`, how it was read: "read" in the
        source itself, or "second-hand" through others.
    """
    return _table("onset.csv")


def _table(name: str) -> pd.DataFrame:
    import pandas as pd

    with (files("funnelest") / "data" / name).open(encoding="utf-8") as stream:
        return pd.read_csv(stream, index_col="id")
