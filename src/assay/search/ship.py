"""Which of the ways to ship was asked for?

"bag": the fold models as they are. "refit": the same blend, each member fitted once more on all rows. "distilled": one model that
learnt what the blend says.
"""

from __future__ import annotations

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset
from assay.kernel.plan import Plan

from . import refit as refits
from .distil import distil
from .run import Found
from .shipped import Shipped

SHARE = 0.25  # of the time, where a refit may have to be made for the latency that was asked for
JUDGED = 0.15  # of the time, for students that are judged: beside it a refit has its own, should they lose
WAYS = {"refit": refits.refit, "distilled": distil}


def share_of_time(plan: Plan) -> float:
    """The part of the time that is kept for shipping something else than the bag."""
    again = refits.share_of_time(plan)
    share = {"bag": 0.0, "refit": again, "distilled": JUDGED + again}[plan.ship]
    return max(share, SHARE if plan.latency else 0.0)


def ship(found: Found, plan: Plan, table: Dataset, clock: Clock) -> Shipped | None:
    """What ships in place of the bag, and what is to be said about it; None for the bag itself."""
    way = WAYS.get(plan.ship)
    return None if way is None else way(found, plan, table, clock)
