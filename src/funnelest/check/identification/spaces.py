"""What can be told from slopes: ranks, directions that change nothing, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["TOLD", "Spaces", "alike", "components", "unseen_part"]

type Floats = NDArray[np.float64]

#: A slope per prior score below this part of a figure is no slope: the differences are good to
#: some ten digits.
_NONE = 1e-7
#: Singular values below this part of the largest are zero.
_RANK = 1e-6
#: A part of a direction below this is nothing.
TOLD = 1e-5


class Spaces:
    """The directions that change no figure, at each point.

    Slopes are compared after every figure and every parameter is scaled to the same size, so that
    neither a tight prior nor a small figure looks like none. The rank of a model is the largest
    of all points: it is that of almost every point, and smaller ones are accidents.
    """

    def __init__(self, slopes: Floats) -> None:
        points, _, size = slopes.shape
        found = [_null(one) for one in slopes]
        self.ranks = tuple(size - null.shape[1] for null, _, _ in found)
        self.rank = max(self.ranks, default=0)
        self.singular = np.zeros((points, size))
        for i, (_, values, _) in enumerate(found):
            self.singular[i, : len(values)] = values
        #: The points with that rank, and the directions there, ``(points, parameters, deficit)``.
        self.at = [i for i in range(points) if self.ranks[i] == self.rank]
        self.null = np.array([found[i][0] for i in self.at])
        #: Size of the column of each parameter there, ``(points, parameters)``; 1 where it is zero.
        self.columns = np.array([found[i][2] for i in self.at])

    @property
    def deficit(self) -> int:
        """Number of directions that change no figure."""
        return int(self.null.shape[2])

    def known(self) -> NDArray[np.bool_]:
        """Return which parameters are told by the figures alone."""
        return np.asarray(np.sqrt((self.null**2).sum(axis=2)).max(axis=0) < TOLD)


def _null(slopes: Floats) -> tuple[Floats, Floats, Floats]:
    """Return an orthonormal basis of what changes no figure, singular values, and column sizes."""
    slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    size = slopes.shape[1]
    rows = np.sqrt((slopes**2).sum(axis=1))
    scaled = slopes[rows > _NONE] / rows[rows > _NONE, None]
    columns = np.sqrt((scaled**2).sum(axis=0))
    seen = columns > _NONE
    scale = np.where(seen, columns, 1.0)
    scaled = np.where(seen, scaled / scale, 0.0)
    if not len(scaled):
        return np.eye(size), np.zeros(0), scale
    _, values, right = np.linalg.svd(scaled, full_matrices=True)
    rank = int((values > _RANK * max(values[0], 1e-300)).sum())
    basis = right[rank:].T / scale[:, None]
    return (np.linalg.qr(basis)[0] if basis.shape[1] else basis), values, scale


def unseen_part(gradients: Floats, null: Floats) -> Floats:
    """Return the part of each gradient that lies along directions that change no figure.

    ``(points, quantities)``: its length over that of the gradient, from 0 to 1.
    """
    length = np.sqrt((gradients**2).sum(axis=2))
    along = np.sqrt(((gradients @ null) ** 2).sum(axis=2))
    with np.errstate(all="ignore"):
        return np.where(length > 0, along / length, 0.0)


def components(null: Floats, scale: Floats) -> list[tuple[list[int], int]]:
    """Return the smallest sets of parameters that are confounded among themselves only.

    The connected components of the matroid of the parameters' columns: two parameters are in one
    set when some smallest dependent set holds both. They are those of the bipartite graph of any
    reduced echelon form of the null space (Oxley, Matroid Theory, 2011, section 4.1 and 6.1).

    With each set comes the number of directions in it. `null` is a basis at each point,
    ``(points, parameters, deficit)``, and `scale` the size of each parameter's column there, with
    which entries are made comparable.
    """
    group = list(range(null.shape[1]))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    supports: list[list[int]] = []
    for one, size_of in zip(null, scale, strict=True):
        for row in _echelon((one * size_of[:, None]).T):
            support = [int(i) for i in np.flatnonzero(np.abs(row) > TOLD)]
            if not support:  # of transitions: a direction in which none of them moves
                continue
            supports.append(support)
            for i in support[1:]:
                group[root(i)] = root(support[0])
    touched = sorted({i for support in supports for i in support})
    sets: dict[int, list[int]] = {}
    for i in touched:
        sets.setdefault(root(i), []).append(i)
    found = []
    for members in sets.values():
        part = null[0][members] * scale[0][members, None]
        values = np.linalg.svd(part, compute_uv=False)
        found.append((members, int((values > TOLD * values[0]).sum())))
    return found


def _echelon(rows: Floats) -> Floats:
    """Return the reduced row echelon form, each pivot the largest that is left."""
    rows = rows.copy()
    free = np.ones(len(rows), dtype=bool)
    for _ in range(len(rows)):
        left = np.abs(np.where(free[:, None], rows, 0.0))
        i, j = np.unravel_index(int(left.argmax()), rows.shape)
        if left[i, j] <= TOLD:  # nothing but rounding
            rows[free] = 0.0
            break
        rows[i] /= rows[i, j]
        others = np.arange(len(rows)) != i
        rows[others] -= np.outer(rows[others, j], rows[i])
        rows[others, j] = 0.0
        free[i] = False
    return rows


def alike(slopes: Floats, members: Sequence[int]) -> list[list[int]]:
    """Return the groups of parameters of which every figure sees one and the same combination."""
    slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    rows = np.sqrt((slopes**2).sum(axis=2, keepdims=True))
    scaled = slopes / np.where(rows > _NONE, rows, np.inf)
    part = scaled[:, :, list(members)]
    part = part / np.sqrt((part**2).sum(axis=1, keepdims=True))
    cosine = np.abs(np.einsum("pri,prj->pij", part, part)).min(axis=0)
    found: list[list[int]] = []
    for i, member in enumerate(members):
        for group in found:
            if cosine[i, members.index(group[0])] > 1 - 1e-10:
                group.append(member)
                break
        else:
            found.append([member])
    return [group for group in found if len(group) > 1]
