"""The distribution of a sum of counts, from those of each, as logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funnelest import math as fm

__all__ = ["joined", "joined_arrays", "joined_in_logs"]

type Value = Any


def joined(parts: Sequence[Value], lengths: Sequence[int]) -> Value:
    """Return the log-distribution of a sum of counts, for arrays and symbols.

    From that of each, shape ``(length, draws)``, whose counts are consecutive. What is next to
    nothing beside the largest is impossible for arrays.
    """
    if len(parts) == 1:
        return parts[0]
    join = joined_in_logs if fm.is_symbol(*parts) else joined_arrays
    with np.errstate(all="ignore"):
        return join(parts, lengths)


def joined_in_logs(parts: Sequence[Value], lengths: Sequence[int]) -> Value:
    """Return what `joined` does, term by term: nothing is too small."""
    sums, length = parts[0], lengths[0]
    for each, size in zip(parts[1:], lengths[1:], strict=True):
        # Row s holds the pairs (s - j, j); outside the first part stands a row of "never".
        at = np.arange(length + size - 1)[:, None] - np.arange(size)[None, :]
        at = np.where((at >= 0) & (at < length), at, length)
        never = sums[:1] * 0.0 - np.float64(1e100)  # no 32-bit number
        padded = fm.concatenate([sums, never], axis=0)
        sums = fm.logsumexp(padded[at] + each[None, :], axis=1)
        length += size - 1
    return sums


def joined_arrays(parts: Sequence[Value], lengths: Sequence[int]) -> Value:
    """Return what `joined_in_logs` does, in linear arithmetic: what is too small is impossible."""
    scale: Any = 0.0
    sums: Any = None
    for logs in parts:
        top = fm.constant(logs).max(axis=0)
        top = np.where(np.isfinite(top), top, 0.0)
        each, scale = fm.exp(logs - top), scale + top
        sums = each if sums is None else fm.convolve(sums, each)
    there = sums > 0
    return fm.where(there, fm.log(fm.where(there, sums, 1.0)) + scale, -np.inf)
