"""Ades and Cliffe, Med Decis Making 2002;22:359: HIV before birth, 12 figures of 9 unknowns.

Data also in Welton et al., Evidence Synthesis for Decision Making in Healthcare, 2012, chapter 8.
The model, for the test beside this file and for the benchmark of leave-one-out refits.
"""

from __future__ import annotations

import funnelest as fe

WOMEN, DIAGNOSED, SUBTYPE = "pregnant", "diagnosed before", "w"
AFRICA, INJECTING, OTHERS = "from sub-Saharan Africa", "injecting", "others"
HIV = {group: f"HIV, {group}" for group in (AFRICA, INJECTING, OTHERS)}


def group(q, name):
    return q.transition(WOMEN, name)


def infected(q, *groups):
    return sum(group(q, name) * q.transition(name, HIV[name]) for name in groups)


def diagnosed(q, *groups):
    return sum(infected(q, name) * q.transition(HIV[name], DIAGNOSED) for name in groups)


def item_5(q):
    return infected(q, INJECTING, OTHERS) / (1 - group(q, AFRICA))


def item_6(q):
    return infected(q, *HIV)


def item_7(q):
    return diagnosed(q, AFRICA) / diagnosed(q, *HIV)


def item_8(q):
    return diagnosed(q, INJECTING) / diagnosed(q, INJECTING, OTHERS)


def item_9(q):
    return diagnosed(q, *HIV) / infected(q, *HIV)


def item_11(q):
    return q.parameter(SUBTYPE)


def item_12(q):
    yes = infected(q, INJECTING) + item_11(q) * infected(q, OTHERS)
    return yes / infected(q, INJECTING, OTHERS)


def model() -> fe.Model:
    flat = fe.Beta(1, 1)
    diagnoses = [(hiv, DIAGNOSED) for hiv in HIV.values()]
    return fe.Model(
        fe.Route(
            WOMEN, *HIV, *HIV.values(), DIAGNOSED,
            edges=[*((WOMEN, name) for name in HIV), *HIV.items(), *diagnoses],
        ),
        fe.Population.cells(),
        fe.Number(100_000),
        # Stick-breaking: together Dirichlet(1, 1, 1).
        {
            (WOMEN, AFRICA): fe.Share(fe.Beta(1, 2)),
            (WOMEN, INJECTING): fe.Share(flat),
            (WOMEN, OTHERS): fe.Share(1.0),
            **{edge: fe.Share(flat) for edge in [*HIV.items(), *diagnoses]},
        },
        [
            fe.Cohort("1", of=WOMEN, step=AFRICA, yes=11_044, n=104_577),
            fe.Cohort("2", of=WOMEN, step=INJECTING, yes=12, n=882),
            fe.Cohort("3", of=AFRICA, step=HIV[AFRICA], yes=252, n=15_428),
            fe.Cohort("4", of=INJECTING, step=HIV[INJECTING], yes=10, n=473),
            fe.OwnBinomial("5", quantity=item_5, yes=74, n=136_139),
            fe.OwnBinomial("6", quantity=item_6, yes=254, n=102_287),
            fe.OwnBinomial("7", quantity=item_7, yes=43, n=60),
            fe.OwnBinomial("8", quantity=item_8, yes=4, n=17),
            fe.OwnBinomial("9", quantity=item_9, yes=87, n=254),
            fe.Cohort("10", of=HIV[INJECTING], step=DIAGNOSED, yes=12, n=15),
            fe.OwnBinomial("11", quantity=item_11, yes=14, n=118),
            fe.OwnBinomial("12", quantity=item_12, yes=5, n=31),
        ],
        parameters={SUBTYPE: flat},
    )  # fmt: skip


def quantities():
    edges = [(WOMEN, AFRICA), (WOMEN, INJECTING), *HIV.items()]
    edges += [(hiv, DIAGNOSED) for hiv in HIV.values()]
    made = {
        letter: (lambda q, edge=edge: q.transition(*edge))
        for letter, edge in zip("abcdefgh", edges, strict=True)
    }
    return {**made, "w": item_11}
