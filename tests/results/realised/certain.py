"""Made-up people, what sources print of them, and how many there can have been, by enumeration.

The enumeration is an integer programme over all that people may have done and been counted in; it
shares no line of code with the package.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise, product

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

import funnelest as fe

AXES = {"sex": ["boy", "girl"], "kind": ["x", "y", "z"]}
CELLS = [dict(zip(AXES, levels, strict=True)) for levels in product(*AXES.values())]
ROUTE = fe.Route("a", "b", "c", skips=[("a", "c")])
PATHS = [("a",), ("a", "b"), ("a", "c"), ("a", "b", "c")]
SHARES = {("a", "b"): 0.5, ("a", "c"): 0.3, ("b", "c"): 0.4}
PLACES = ["a", "b", "c", ("a", "b"), ("a", "c"), ("b", "c")]
#: People of each sex and kind; one in ten of them comes to the first step.
EACH, RATE = 80, 0.1


def on(path, place):
    return place in path if isinstance(place, str) else place in pairwise(path)


def inside(cell, where):
    return all(cell[axis] in levels for axis, levels in where.items())


class Source:
    """A register, or several of one step that are not linked, with what they print."""

    def __init__(self, name, place, registers, *, whole, apart=True):
        self.name, self.place, self.registers = name, place, registers
        self.whole, self.apart = whole, apart

    def held(self, cell):
        """Return what somebody of a cell may be counted in: a line, or none, of each register."""
        every = []
        for lines in self.registers:
            every.append([None, *(n for n, line in enumerate(lines) if inside(cell, line.cells))])
        found = list(product(*every))
        covered = any(len(one) > 1 for one in every)
        if self.whole and covered:
            found = [one for one in found if any(n is not None for n in one)]
        return found


class Line:
    """One printed number: the cells, and what it may stand for."""

    def __init__(self, cells, low, high, *, false=False):
        self.cells, self.low, self.high, self.false = cells, low, high, false


def ends(sources, totals, place, cells):
    """Return the fewest and the most people that there can have been at a place in some cells."""
    columns, objective, rows = [], [], defaultdict(dict)
    for path, cell in product(PATHS, CELLS):
        passed = [s for s in sources if on(path, s.place)]
        for choice in product(*(s.held(cell) for s in passed)):
            at = len(objective)
            objective.append(float(on(path, place) and inside(cell, cells)))
            for source, held in zip(passed, choice, strict=True):
                for r, n in enumerate(held):
                    if n is not None:
                        rows[source.name, r, n][at] = 1.0
            columns.append((path, cell))
    for source in sources:
        for r, lines in enumerate(source.registers):
            for n, line in enumerate(lines):
                rows[source.name, r, n]  # also of those that can hold nobody
                if line.false:
                    rows[source.name, r, n][len(objective)] = 1.0
                    objective.append(0.0)
    size = len(objective)
    matrix, low, high = [], [], []
    known = {(s.name, r, n): line for s in sources for r, lines in enumerate(s.registers)
             for n, line in enumerate(lines)}  # fmt: skip
    for key, line in known.items():
        matrix.append(_row([rows[key]], size))
        low.append(line.low)
        high.append(line.high)
    for keys, first, last in totals:
        matrix.append(_row([rows[key] for key in keys], size))
        low.append(first)
        high.append(last)
    found = []
    for sign in (1.0, -1.0):
        limits = [LinearConstraint(np.array(matrix), low, high)] if matrix else []
        made = milp(sign * np.array(objective), integrality=np.ones(size),
                    bounds=Bounds(0, EACH * len(CELLS) * 10), constraints=limits)  # fmt: skip
        assert made.status == 0, made.message
        found.append(round(sign * made.fun))
    return found


def _row(parts, size):
    row = np.zeros(size)
    for part in parts:
        for at, one in part.items():
            row[at] += one
    return row


class World:
    """People, and sources that counted them."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.people = []
        for cell in CELLS:
            for _ in range(rng.poisson(EACH * RATE)):
                b = rng.random() < SHARES["a", "b"]
                left = SHARES["b", "c"] if b else SHARES["a", "c"] / (1 - SHARES["a", "b"])
                c = rng.random() < left
                self.people.append((cell, ("a", *(["b"] if b else []), *(["c"] if c else []))))
        self.sources, self.totals, self.evidence = [], [], []

    def choose(self, *among):
        return among[self.rng.integers(len(among))]

    def figure(self, count, how):
        """Return a count as it is printed, and the least and the most that it stands for."""
        if how == "withheld" and count <= 15:
            return fe.Between(0, 15), 0, 15
        if how == "rounded":
            shown = int(np.floor(count / 5 + 0.5)) * 5
            return fe.Rounded(shown, to=5), max(shown - 2, 0), shown + 2
        return count, count, count

    def register(self, name, place, held, share, **kinds):
        """Return a register of those who are held, its lines, and its totals.

        `held` are the places of people among all; `share` is the chance to be held.
        """
        rng, where, by = self.rng, kinds.get("where", {}), kinds.get("by", ())
        held = [i for i in held if inside(self.people[i][0], where)]
        defects = [fe.Coverage(share)] if share < 1 else []
        ppv, unknown = kinds.get("ppv", 1.0), kinds.get("unknown")
        if ppv < 1:
            defects.append(fe.PPV(ppv))
        if unknown:
            defects.append(fe.Unrecorded(0.3, axis=unknown, name="?"))
        levels = [
            [v for v in AXES[axis] if v in where.get(axis, AXES[axis])]
            + (["?"] if axis == unknown else [])
            for axis in by
        ]
        counts = dict.fromkeys(product(*levels), 0)
        for i in held:
            key = [self.people[i][0][axis] for axis in by]
            if unknown and rng.random() < 0.3:
                key[by.index(unknown)] = "?"
            counts[tuple(key)] += 1
        if ppv < 1:
            counts = {key: n + rng.poisson(n * (1 / ppv - 1)) for key, n in counts.items()}
        lines, shown = [], {}
        for key, count in counts.items():
            printed, low, high = self.figure(count, kinds.get("how"))
            cells = {**where, **{a: [v] for a, v in zip(by, key, strict=True) if v != "?"}}
            lines.append(Line(cells, low, high, false=ppv < 1))
            shown[key if len(key) > 1 else (key[0] if key else "")] = printed
        total = None
        if by and kinds.get("total"):
            every = sum(counts.values())
            total = (every, every, every)
        made = fe.Register(
            name=name, step=place, count=shown if by else shown[""], by=by, where=where,
            defects=defects, total=None if total is None else total[0],
        )  # fmt: skip
        return made, lines, total

    def kinds(self):
        """Return at random how a register counts."""
        by = self.choose((), ("sex",), ("kind",), ("sex", "kind"))
        free = [axis for axis in AXES if axis not in by]
        where = {}
        if free and self.rng.random() < 0.4:
            axis = self.choose(*free)
            where = {axis: self.choose(*([v] for v in AXES[axis]))}
        unknown = self.choose(*by) if by and self.rng.random() < 0.3 else None
        return {"by": by, "where": where, "unknown": unknown, "total": self.rng.random() < 0.6,
                "how": self.choose("exact", "withheld", "rounded"),
                "ppv": self.choose(1.0, 1.0, 1.0, 0.8)}  # fmt: skip

    def add_register(self, name, share, **kinds):
        place = kinds.pop("place", None) or PLACES[self.rng.integers(len(PLACES))]
        held = [i for i, (_, path) in enumerate(self.people)
                if on(path, place) and self.rng.random() < share]  # fmt: skip
        made, lines, total = self.register(name, place, held, share, **(kinds or self.kinds()))
        self.evidence.append(made)
        self.sources.append(Source(name, place, [lines], whole=share == 1))
        if total is not None:
            self.totals.append(([(name, 0, n) for n in range(len(lines))], *total[1:]))

    def add_unlinked(self, name, step, number, *, whole, **how):
        """Add registers that overlap; with `whole` everybody at the step is in one at least."""
        kinds = [self.kinds() for _ in range(number)]
        kinds[0]["where"] = {}
        held = [[] for _ in kinds]
        for i, (cell, path) in enumerate(self.people):
            if step in path:
                some = [r for r in range(number) if self.rng.random() < 0.5]
                over = [r for r, one in enumerate(kinds) if inside(cell, one["where"])]
                if whole and not {*some} & {*over}:
                    some.append(over[self.rng.integers(len(over))])
                for r in some:
                    held[r].append(i)
        registers, lines = [], []
        for r, own in enumerate(held):
            made, printed, total = self.register(f"{name}{r}", step, own, 1.0, **kinds[r])
            registers.append(made)
            lines.append(printed)
            if total is not None:
                self.totals.append(([(name, r, n) for n in range(len(printed))], *total[1:]))
        self.evidence.append(fe.Unlinked(
            name=name, registers=registers, together=None if whole else fe.Fixed(0.7),
            overlap=fe.Fixed(how.get("overlap", 0.5), statement="a guess"),
        ))  # fmt: skip
        self.sources.append(Source(name, step, lines, whole=whole))

    def model(self):
        axes = {axis: list(levels) for axis, levels in AXES.items()}
        people = fe.Population(axes, np.full([len(v) for v in axes.values()], EACH))
        shares = {edge: fe.Share(fe.Fixed(share)) for edge, share in SHARES.items()}
        shares["a", "c"] = fe.Share(fe.Fixed(SHARES["a", "c"] / (1 - SHARES["a", "b"])))
        return fe.Model(ROUTE, people, fe.Rate(fe.Fixed(RATE)), shares, evidence=self.evidence)

    def ends(self, place, cells):
        return ends(self.sources, self.totals, place, cells)

    def alone(self, source, totals, place, cells):
        """Return the fewest people by one source alone."""
        return ends([source], totals, place, cells)[0]
