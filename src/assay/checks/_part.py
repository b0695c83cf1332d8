"""What did one question beside the gaps themselves come to?"""

from __future__ import annotations

from dataclasses import dataclass

from assay.kernel.findings import Advice, Figure, Measure
from assay.kernel.words import Say


@dataclass(frozen=True)
class Part:
    """Sentences, measures, figures and advice of one question."""

    column: str = ""
    watch: bool = False
    notes: tuple[Say, ...] = ()
    measures: tuple[Measure, ...] = ()
    advice: tuple[Advice, ...] = ()
    figures: tuple[Figure, ...] = ()
