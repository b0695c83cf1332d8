"""How much of the portfolio did the time leave untried?

A run that is given too little time ends with a model all the same, the linear one at worst. That it might have been another one is
said where less than half of the candidates were done and the time is the reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from assay.kernel.findings import Trial
from assay.kernel.words import Say

FEW = 0.5  # of the candidates


def untried(ledger: Sequence[Trial]) -> Say | None:
    """The note that few candidates were done for want of time; None where most were, or the rest were spared for another reason.

    >>> late = Trial(name="trees", learner="boosting", status="starved")
    >>> untried([Trial(name="line", learner="linear"), late, late]).text()
    'Little time was given: 1 of 3 candidates was tried to its end. More --minutes try the others, too.'
    """
    done = sum(trial.status == "done" for trial in ledger)
    late = sum(came_late(trial) for trial in ledger)
    if not late or done >= FEW * len(ledger):
        return None
    return Say("search", "untried", {"done": done, "all": len(ledger)})


def came_late(trial: Trial) -> bool:
    """Whether it is for want of time that a candidate was not tried, or not to its end."""
    if trial.status == "starved":
        return True
    return trial.status == "skipped" and isinstance(trial.error, Say) and trial.error.key == "no_time"
