"""What does one candidate come to, fold by fold?

Encoders are learnt once a fold and shared by all candidates. A candidate is fitted on the training rows of each fold, may
use a slice of them to stop early, and predicts the held-out rows, which it has not seen in any way. Each finished step goes
to the journal, so a killed run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.errors import DoesNotApply, PluginFault
from assay.kernel.findings import Trial
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.need import need
from assay.kernel.plan import Candidate
from assay.kernel.plugins import Fitted, Prepares
from assay.kernel.rng import stream
from assay.kernel.settings import settings_of, with_settings
from assay.kernel.shelf import shelf
from assay.kernel.threads import cores
from assay.kernel.words import Say
from assay.planning.splits import Split
from assay.stats import splitting

from .encoders import Encoders
from .executors.here import side_by_side
from .reweighing import Reweighing

CUT = 0.02  # of its share of the time: with no more left, a learner was stopped by the clock
TUNE_SHARE = 0.12  # of the training rows of a fold: they may stop a learner early, and are never measured on
SPARED = 0.5  # of the time left to the search, for each of the last folds of a candidate whose own is up
CACHE_BYTES, CACHE_SHARE = 3 * 2**30, 0.3  # batches kept: at most so many bytes, and of the room that there is


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows and encoders of one fold."""

    number: int
    train: Ints
    tune: Ints
    held: Ints
    encoders: Encoders


@dataclass(eq=False)
class Bench:
    """All that trials share: the table, the folds, and batches made once."""

    table: Dataset
    y: NDArray[Any]
    weight: Floats | None
    head: Head
    folds: tuple[Fold, ...]
    seed: int
    journal: Any = None
    cache: dict[tuple[int, str], Batch] = field(default_factory=dict)
    most: float = CACHE_BYTES  # bytes of batches that are kept
    reweighing: Reweighing | None = None  # how much rows count for what learns from a fold; None: as they came
    groups: Ints | None = None  # that learners keep apart, too [n]
    more_time: bool = False  # than the journal's steps had: those that the clock cut are not taken from it

    def batch(self, fold: Fold, which: str) -> Batch:
        """The batch of the "train", "tune" or "held" rows of a fold; kept while memory allows."""
        key = (fold.number, which)
        if key not in self.cache:
            rows = getattr(fold, which)
            weight = self.weight if self.reweighing is None else self.reweighing.by(fold.train)
            weight = None if weight is None else weight[rows]
            groups = None if self.groups is None else self.groups[rows]
            batch = fold.encoders.batch(self.table.take(rows), self.y[rows], weight, groups=groups)
            held = sum(b.nbytes for b in list(self.cache.values()))
            if held + batch.nbytes > self.most:
                return batch
            self.cache[key] = batch
        return self.cache[key]


def make_folds(
    table: Dataset,
    names: tuple[str, ...],
    split: Split,
    strata: Ints,
    seed: int,
) -> tuple[Fold, ...]:
    """The folds of a split, with encoders learnt from their training rows."""
    parts = list(split.rounds())

    def fold(place: int, _: Clock) -> Fold:
        number, train, held = parts[place]
        rng = stream(seed, "tune rows", number)
        kept, tune = splitting.carve(train, TUNE_SHARE, strata, split.groups, split.times, rng)
        return Fold(place, kept, tune, held, Encoders.learn(table, names, train, seed, number))

    return tuple(side_by_side(fold, len(parts), min(len(parts), cores()), Clock.still())) if parts else ()


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a candidate left: its ledger line, fold models, and raw scores of the held-out rows."""

    trial: Trial
    fitted: tuple[Fitted, ...] = ()
    scores: Floats | None = None  # [n, w], NaN where no fold held the row
    cut: bool = False  # whether the clock stopped a fold model


def try_candidate(
    bench: Bench,
    candidate: Candidate,
    clock: Clock,
    tell: Callable[[int], None],
    must: bool = False,
    spare: Clock | None = None,
) -> Outcome:
    """Fit a candidate on every fold. An error or a lack of time is an outcome, never a crash.

    must  : go on to the last fold although the time is up, since there is nothing else to ship
    spare : the clock of the whole search: a candidate whose time is up with most of its folds done may end them within it
    """
    plugin = shelf("learners").get(candidate.learner)
    line: dict[str, Any] = {
        "name": candidate.name,
        "learner": candidate.learner,
        "settings": dict(candidate.settings),
        "readable": bool(plugin.about.readable),
    }
    if clock.remaining() < plugin.about.loads:
        return Outcome(Trial(**line, status="skipped", error=Say("search", "no_time")))
    timer, before = clock.slice(clock.remaining()), peak_memory_mb()

    def work(number: int, share: Clock) -> _Step | None:
        if number >= workers and timer.expired() and not must:
            if spare is None or spare.expired() or 2 * number <= len(bench.folds):
                return None
            share = spare.slice(SPARED * spare.remaining())
        tell(number)
        return _step(bench, learner, candidate, bench.folds[number], share)

    workers = min(len(bench.folds), cores())
    try:
        for package in plugin.about.needs:  # loading it takes seconds, and they are not the first folds' alone
            need(package, plugin.about.extra)
        learner = with_settings(plugin, candidate.settings)
        if isinstance(learner, Prepares):
            tell(0)
            learner = learner.prepare(bench.folds[0].encoders.beside(bench.table), len(bench.folds), timer)
            line["settings"] = settings_of(learner)
        steps = side_by_side(work, len(bench.folds), workers, timer)
    except KeyboardInterrupt:
        raise
    except DoesNotApply as answer:
        return Outcome(
            Trial(
                **line,
                status="skipped",
                seconds=timer.spent(),
                error=answer.say if isinstance(answer.say, Say) else str(answer),
            )
        )
    except Exception as error:  # noqa: BLE001  whatever a learner raises is a ledger line, not the end of the run
        return Outcome(Trial(**line, status="failed", seconds=timer.spent(), error=fault(error)))
    done = [step for step in steps if step is not None]
    line |= {"seconds": timer.spent(), "folds": len(done)}
    if len(done) < len(steps):
        return Outcome(Trial(**line, status="starved"))
    scores = np.full((len(bench.y), bench.head.width), np.nan)
    for fold, step in zip(bench.folds, done, strict=True):
        scores[fold.held] = step.scores
    # Where the clock stands, nothing is kept of how the run went on this machine.
    grown = 0.0 if clock.stands else max(0.0, peak_memory_mb() - before)
    resumed = not clock.stands and all(step.resumed for step in done)
    trial = Trial(**line, status="done", memory_mb=grown, resumed=resumed)
    return Outcome(trial, tuple(step.fitted for step in done), scores, any(step.cut for step in done))


def was_cut(clock: Clock) -> bool:
    """Whether so little of a learner's time is left that the clock stopped it."""
    return clock.remaining() < CUT * (clock.spent() + clock.remaining())


def fault(error: Exception) -> str:
    """What went wrong, as a line of the ledger or a note tells it."""
    return f"{type(error).__name__}: {error}"[:500]


@dataclass(frozen=True, eq=False)
class _Step:
    fitted: Fitted
    scores: Floats
    seconds: float
    resumed: bool
    cut: bool


def _step(bench: Bench, learner: Any, candidate: Candidate, fold: Fold, clock: Clock) -> _Step:
    key = step_key(candidate, fold.number)
    held = bench.batch(fold, "held")
    kept: Box | None = bench.journal.get(key) if bench.journal is not None else None
    if kept is not None and bench.more_time and kept.values.get("cut") is True:
        kept = None
    if kept is not None:
        features: tuple[Feature, ...] = held.vector.features
        fitted = learner.load(kept.box("fitted"), bench.head, features)
        scores = kept.array("scores", np.float64, (len(fold.held), bench.head.width))
        return _Step(fitted, scores, kept.real("seconds", 0.0), True, kept.values.get("cut") is True)
    timer = clock.slice(clock.remaining())
    rng = stream(bench.seed, "fit", candidate.name, fold.number)
    fitted = learner.fit(bench.batch(fold, "train"), bench.batch(fold, "tune"), bench.head, clock, rng)
    cut = was_cut(clock)
    scores = fitted.predict(held)
    if scores.shape != (len(fold.held), bench.head.width):
        raise PluginFault(f"The learner '{candidate.learner}' gave scores of shape {scores.shape}.")
    if not np.isfinite(scores).all():
        raise PluginFault(f"The learner '{candidate.learner}' gave scores that are not finite.")
    seconds = timer.spent()
    if bench.journal is not None:
        box = Box("step")
        box.put(seconds=seconds, cut=cut)
        box.put_array("scores", scores)
        fitted.dump(box.add("fitted"))
        bench.journal.put(key, box)
    return _Step(fitted, scores, seconds, False, cut)


def step_key(candidate: Candidate, fold: int) -> str:
    """The name of one step in the journal: a hash of what decides its outcome besides data and plan."""
    said = json.dumps([candidate.name, candidate.learner, dict(candidate.settings), fold], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def peak_memory_mb() -> float:
    """The largest memory this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
