"""What is said of what each quantity rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funnelest.check.contributions.shares import Known
from funnelest.check.wording import lists
from funnelest.words import Sentence, say

__all__ = ["resting", "sentences"]


def resting(found: Sequence[Known], verdict: str) -> list[str]:
    """Return what rests on this: of strata what no source sees, but others of it do."""
    whole = {row.quantity for row in found if row.rests_on == "prior only" and not row.labels}
    return [
        row.name
        for row in found
        if row.rests_on == verdict
        and (not row.labels or (verdict == "prior only" and row.quantity not in whole))
    ]


def sentences(found: Sequence[Known], unscaled: Sequence[str]) -> list[Sentence]:
    """Return the headline, and what else there is to say."""
    kinds = {"unseen": "prior only", "prior": "prior", "assumed": "assumption", "both": "both"}
    rests = {key: resting(found, verdict) for key, verdict in kinds.items()}
    broken = [row for row in found if row.rests_on != "held" and not row.telling]
    unknown = [row.name for row in broken if not row.rests_on]
    none = "contributions.none_other" if unknown else "contributions.none"
    parts = lists("contributions", rests) or [say(none)]
    parts += lists("contributions", {"unknown": unknown})
    said = [say("contributions.headline", parts=parts), say("contributions.meaning")]
    for row in found:
        if row.rests_on in ("prior", "assumption", "both") and row.shares and not row.labels:
            most = max(row.shares, key=lambda name: row.shares[name])
            share = row.shares[most]  # more than all of it where others are negative
            of: Any = say("contributions.its_prior") if most == row.quantity else most
            key = "contributions.owed" if share < 1 else "contributions.owed_all"
            values = {"name": row.name, "contraction": row.contraction, "share": share, "of": of}
            said.append(say(key, **values))
    failed = {name for row in found for name, out in row.without.items() if out.how == "failed"}
    return said + lists(
        "contributions",
        {
            "held": resting(found, "held"),
            "apart": [row.name for row in found if row.labels and row.seen_by and not row.apart],
            "partial": [row.name for row in broken],
            "failed": sorted(failed),
            "unscaled": unscaled,
        },
    )
