"""Which of the ways to ship was asked for?

"bag": the fold models as they are. "refit": the same blend, each member fitted once more on all rows. "distilled": one model that
learnt what the blend says.
"""

from __future__ import annotations

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset
from assay.kernel.plan import Plan

from .distil import distil
from .refit import refit
from .run import Found
from .shipped import Shipped

WAYS = {"refit": refit, "distilled": distil}


def ship(found: Found, plan: Plan, table: Dataset, clock: Clock) -> Shipped | None:
    """What ships in place of the bag, and what is to be said about it; None for the bag itself."""
    way = WAYS.get(plan.ship)
    return None if way is None else way(found, plan, table, clock)
