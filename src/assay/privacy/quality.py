"""What is said of a private model's quality, in the words of the check of that name?"""

from __future__ import annotations

import numpy as np

from ..kernel.data import Floats
from ..kernel.findings import Finding, Measure
from ..kernel.plugins import About
from ..kernel.words import Say
from .figures import LEVEL, Counts

UNITS = {"accuracy": "share", "rmse": "target", "mae": "target"}


def quality(counts: Counts, guess: Floats, rng: np.random.Generator, about: About, held: float) -> Finding:
    """Noisy figures of the rows held out, the primary one first.

    guess : the raw score of one guess for all [w]
    about : of the task, which names the figures
    held  : share of rows that were held out
    """
    measures = [
        Measure(
            name=f.name,
            value=f.value,
            low=f.low,
            high=f.high,
            level=LEVEL,
            n=counts.rows,
            unit=UNITS.get(f.name, ""),
            constant=f.constant,
            better="higher" if f.name in ("auc", "accuracy", "r2") else "lower",
        )
        for f in counts.figures(guess, rng)
    ]
    if not measures:
        return Finding(check="quality", verdict="unknown", say=Say("privacy", "lost"), rows="sealed")
    first = measures[0]
    beaten = first.high is not None and first.constant is not None and first.high < first.constant
    metric = about.say("tasks", f"measure.{first.name}")
    said = {"metric": metric, "value": first.value, "low": first.low, "high": first.high, "constant": first.constant}
    say = Say("checks/quality", "better" if beaten else "no_better", said)
    note = Say("checks/guarantee", "figures", {"held": held})
    return Finding(
        check="quality",
        verdict="pass" if beaten else "watch",
        say=say,
        measures=tuple(measures),
        notes=(note,),
        rows="sealed",
    )
