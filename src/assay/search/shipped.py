"""What ships in the end, and what is to be said about it?"""

from __future__ import annotations

from dataclasses import dataclass

from assay.kernel.words import Say

from .ensemble import Ensemble


@dataclass(frozen=True, eq=False)
class Shipped:
    """The ensemble to ship, and what is to be said about it."""

    ensemble: Ensemble
    note: Say
