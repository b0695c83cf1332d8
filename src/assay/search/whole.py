"""How does the chosen model learn from all rows, when they do not fit at once?

The search has seen rows drawn from the table. Of the blend, the members that learn from a stream are fitted once more on every
row of the table that is not kept apart: not the sealed rows, not those that stop the growing, and no row of a sealed group, no
copy of a sealed row, and nothing later than the first sealed row where time matters. The encoders are those learnt on the
drawn rows. The new model is trusted only where its loss on the rows that stopped it is not above that of the fold models,
which never saw those rows either; else the bag of fold models is kept (as in refit.py). Its
calibration is its own, learnt on those rows.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel import memory
from assay.kernel.clock import Clock
from assay.kernel.data import Bools, Dataset, Floats, Ints
from assay.kernel.forms import Batch
from assay.kernel.labels import known
from assay.kernel.plan import Plan
from assay.kernel.plugins import Fitted, Task, task_of
from assay.kernel.rng import stream
from assay.kernel.settings import with_settings
from assay.kernel.shelf import shelf
from assay.kernel.stored import BLOCK, Stored, evenly_drawn
from assay.kernel.stream import Stream
from assay.kernel.words import Say
from assay.planning.draw import reopen
from assay.planning.target import usable_rows
from assay.stats import calibration, splitting

from .apart import Apart
from .encoders import Encoders
from .ensemble import Ensemble, Member
from .refit import loses
from .run import Found
from .settle import Settled, fit_of, settle
from .trial import TUNE_SHARE as FOLD_TUNE
from .trial import fault
from .untried import came_late

TUNE_SHARE, TUNE_ROWS = 0.2, 20_000  # of the drawn rows, at most: they stop the growing, and are compared on
BINNED_FROM = 100_000  # rows, at most, that the edges of bins are learnt from
AGAIN = 0.8  # of the time the last member took must be left before another is begun
WORTH = 1.5  # times the rows that were searched: fewer are not worth another fit
BLOCKS_TRIED = 12  # blocks that tell how long reading takes, and how much memory
TRIED_SHARE = 0.05  # of the time, for the rounds of the fit on rows at hand that tells how long one takes,
TRIED_CELLS = 2_000_000  # of so many cells at most
PUSHING = 0.8  # of the time that reading and encoding a block takes, for putting it into bins (measured: 0.4 to 0.8)
TIME_USED, MEMORY_USED = 0.9, 0.95  # of what is left; the rest is for what cannot be foreseen
A_ROW = 52  # bytes a row takes besides its bins: scores, gradients, places, target (measured: 44 to 50)
A_VALUE = 4  # bytes more of a target that is a number
PUSHED = 1.3  # what a block takes while its rows are put into bins, against being read and encoded (measured: 1.2)
CALIBRATION_FOLDS = 5  # of the rows that stopped the growing


@dataclass(frozen=True, eq=False)
class Whole:
    """What ships, how it was settled, what is to be said about it, and how many rows it learnt from (0: the bag ships)."""

    ensemble: Ensemble
    settled: Settled
    note: Say
    learnt: int = 0
    interrupted: bool = False

    @property
    def came_late(self) -> bool:
        """Whether what learns from a stream was not done in time, so that it is to be asked again once it is."""
        return self.note.key == "whole.too_late"


def streams(learner: str) -> bool:
    """Whether a learner also learns from rows that come block by block."""
    return bool(shelf("learners").get(learner).about.streams)


def many_more(stored: Stored, table: Dataset) -> bool:
    """Whether so many more rows are stored than were drawn for the search that another fit is worth it."""
    return stored.rows >= WORTH * table.rows


def whole(found: Found, plan: Plan, table: Dataset, stored: Stored, numbers: Ints, limit: float, clock: Clock) -> Whole:
    """The blend of `found` on all rows of `stored`; row i of `table` is row `numbers[i]` there.

    limit : bytes the process may hold. Where not all rows fit as bins, or the clock does not allow for all, as many as do
            are drawn evenly from them
    """
    task: Task = task_of(plan.task)
    said: dict[str, Any] = {"rows": stored.rows, "drawn": table.rows}

    def bag(why: str, interrupted: bool = False) -> Whole:
        return Whole(found.ensemble, found.settled, Say("search", f"whole.{why}", said), interrupted=interrupted)

    able = found.allowed & np.asarray([streams(c.learner) for c in found.contenders])
    if not many_more(stored, table):
        return bag("few_more")
    if not able.any():
        late = any(came_late(trial) and streams(trial.learner) for trial in found.ledger)
        return bag("interrupted" if found.interrupted else "too_late" if late else "none")
    if clock.expired():
        return bag("no_time")
    memory.give_back()
    fitting = _Fitting(found, plan, table, stored, numbers, task)
    try:
        done = fitting.members(able, limit, clock)
    except KeyboardInterrupt:  # the bag is at hand
        return bag("interrupted", interrupted=True)
    except Exception as error:  # noqa: BLE001  whatever a learner or the file raises: the bag is at hand, and the note tells it
        said |= {"error": fault(error)}
        return bag("failed")
    if not done:
        return bag(fitting.why)
    chosen = np.zeros(len(able), dtype=bool)
    chosen[list(done)] = True
    settled = settle(found.scored, task, plan.level, chosen)
    members = tuple(
        Member(c.name, c.learner, float(weight), (done[i],))
        for i, (c, weight) in enumerate(zip(found.contenders, settled.weights, strict=True))
        if weight > 0
    )
    alone = Ensemble(found.ensemble.head, (fitting.encoders,), members, settled.calibrated.map)
    settled = _calibrated(alone, settled, found, plan, table, fitting.tune)
    alone = replace(alone, calibration=settled.calibrated.map)
    said |= {"n": fitting.learnt}
    if loses(alone, found, task, table, fitting.tune):
        return bag("worse")
    key = "whole.sealed" if len(found.split.sealed) else "whole.cross"
    return Whole(alone, settled, Say("search", key, said), fitting.learnt)


def _calibrated(alone: Ensemble, settled: Settled, found: Found, plan: Plan, table: Dataset, tune: Ints) -> Settled:
    """`settled` with a calibration of this very model, learnt on rows that it did not learn from.

    That of the fold models is not for it: it learnt from many more rows, so what was amiss with them need not be with it. Few
    rows speak here, and of no blend of fold models, so only a sure gain counts.
    """
    task: Task = task_of(plan.task)
    raw, y = alone.raw(table.take(tune)), found.y[tune]
    weight = None if found.weight is None else found.weight[tune]
    groups = None if found.split.groups is None else found.split.groups[tune]
    parts = _parts(task.strata(y), groups, stream(plan.seed, "whole", "calibration"))
    own = calibration.cross_fitted(raw, y, weight, parts, task.losses, fit_of(task), calibration.SURE, groups)
    kept = replace(settled.calibrated, map=own.map, before=own.before, after=own.after, kept=own.kept)
    return replace(settled, calibrated=kept)


def _parts(strata: Ints, groups: Ints | None, rng: np.random.Generator) -> Ints:
    """The part of each row [n] in calibration: no group stands in two, where there are several."""
    several = 0 if groups is None else len(np.unique(groups))
    if groups is None or several < 2:
        return splitting.random_folds(strata, CALIBRATION_FOLDS, rng)
    return splitting.grouped_folds(groups, strata, min(CALIBRATION_FOLDS, several), rng)


class _Fitting:
    """What the members share: encoders, rows that stop the growing, and which rows of the table may teach."""

    def __init__(self, found: Found, plan: Plan, table: Dataset, stored: Stored, numbers: Ints, task: Task) -> None:
        self.found, self.plan, self.table, self.stored, self.numbers, self.task = (
            found,
            plan,
            table,
            stored,
            numbers,
            task,
        )
        split = found.split
        rows = split.rest
        rng = stream(plan.seed, "whole", "tune rows")
        share = min(TUNE_SHARE, TUNE_ROWS / len(rows))
        self.kept, self.tune = splitting.carve(rows, share, task.strata(found.y), split.groups, split.times, rng)
        self.names = plan.names("feature") + plan.names("sensitive")
        self.encoders = Encoders.learn(table, self.names, rows, plan.seed, -1)
        self.learnt = 0
        self.a_block = 0  # bytes that a block takes while it is read and encoded
        self.why = "no_time"  # or "no_memory", "apart": what kept it from another fit

    def members(self, allowed: Bools, limit: float, clock: Clock) -> dict[int, Fitted]:
        """Fitted members by the place of their contender, the one of most weight first, as many as the time allows."""
        weights = settle(self.found.scored, self.task, self.plan.level, allowed).weights
        order = [place for place in np.argsort(-weights, kind="stable").tolist() if weights[place] > 0]
        watched = self._batch(self.tune)
        affordable = self._in_time(order[0], watched, clock)
        if affordable < WORTH * self.table.rows:
            return {}
        held = self._in_memory(limit, len(watched.vector.features))
        if held < WORTH * self.table.rows:
            self.why = "no_memory"
            return {}
        fed = self._stream(min(affordable, held))
        if self.learnt < WORTH * self.table.rows:  # too many stand on the sealed rows' side
            self.why = "apart"
            return {}
        done: dict[int, Fitted] = {}
        took = 0.0
        for place in order:
            if clock.remaining() < took * AGAIN or clock.expired():
                break
            timer = clock.slice(clock.remaining())
            done[place] = self._fit(place, fed, watched, timer)
            took = timer.spent()
        return done

    def _fit(self, place: int, fed: Stream, watched: Batch, clock: Clock) -> Fitted:
        """A contender, fitted on what it is fed."""
        contender = self.found.contenders[place]
        settings = {c.name: c.settings for c in self.plan.candidates}
        learner = with_settings(shelf("learners").get(contender.learner), settings[contender.name])
        rng = stream(self.plan.seed, "whole", contender.name)
        fitted: Fitted = learner.fit_stream(
            fed, watched, self.found.ensemble.head, clock, rng, self._rounds(place, "rounds")
        )
        return fitted

    def _rounds(self, place: int, which: str) -> int:
        """How many rounds were kept ("rounds") or gone ("grown") on the folds; 0 of a learner without rounds."""
        return int(np.mean([int(f.about().get(which, 0)) for f in self.found.outcomes[place].fitted]))

    def _in_time(self, place: int, watched: Batch, clock: Clock) -> int:
        """Rows that a contender can be expected to learn from in the time left: a few blocks are read, and a few rows fitted.

        Every row is read, whether it is learnt from or not; encoding and putting into bins goes by the rows that are. What
        memory a block takes is seen on the way.
        """
        reading, encoding = clock.slice(clock.remaining()), 0.0
        looked_at, before = 0, memory.held()
        for _, opened in itertools.islice(self._blocks(self.names), BLOCKS_TRIED):
            timer = clock.slice(clock.remaining())
            vector = self.encoders.vector(opened)
            encoding += timer.spent()
            self.a_block = max(self.a_block, memory.held() - before)
            looked_at += len(vector.values)
        read, both = reading.spent() - encoding, reading.spent()
        if clock.stands:
            return self.stored.rows
        apart = self._apart  # made once, whatever the number of blocks
        timer = clock.slice(clock.remaining())
        self._teaching(apart, BLOCKS_TRIED)
        times = self.stored.rows / looked_at
        passes = 1 + any(f.kind == "name" for f in vector.features)  # means by name are another pass
        every = times * (timer.spent() + passes * read)
        once, a_row = self._learning(place, watched, clock)
        a_row += (passes * encoding + PUSHING * both) / looked_at
        return int(np.clip((TIME_USED * clock.remaining() - every - once) / a_row, 0, self.stored.rows))

    def _learning(self, place: int, watched: Batch, clock: Clock) -> tuple[float, float]:
        """What a fit takes whatever the rows, and a row more: seconds, by a fit on rows at hand that is given a moment.

        Of rounds as many are reckoned as the folds went. Of many rows one takes less a row (36 to 38 ns were measured on a million, 45
        to 75 on these), so this asks for no more; nor for more than the folds took, which had columns made besides, as the first rounds
        of all are slow beside other work. Where there are no rounds, rows are what half as many take less.
        """
        outcome = self.found.outcomes[place]
        # Rows learnt from, all folds together:
        taught = len(self.found.rows) * (len(outcome.fitted) - 1) * (1 - FOLD_TUNE)
        binned = self._binned()
        some = binned[:: max(1, -(-len(binned) * len(watched.vector.features) // TRIED_CELLS))]
        fitted, rows, took = self._moment(place, some, watched, clock)
        about, needed = fitted.about(), self._rounds(place, "grown")
        if needed and "grown" in about:
            a_round = float(about["seconds_a_round"])
            once = (took - a_round * int(about["grown"])) * len(binned) / rows
            return once, min(a_round * needed / rows, outcome.trial.seconds / taught)
        _, fewer, less = self._moment(place, some[::2], watched, clock)
        a_row = max(0.0, took - less) / max(1, rows - fewer)
        return took - a_row * rows, a_row

    def _moment(self, place: int, rows: Ints, watched: Batch, clock: Clock) -> tuple[Fitted, int, float]:
        """A contender fitted on a few rows at hand, how many there were and how many seconds it took."""
        batch = self._batch(rows)
        fed = Stream(
            sample=lambda: batch,
            sizes=(batch.rows,),
            y=np.asarray(batch.y),
            weight=batch.weight,
            blocks=lambda: iter((batch.vector.values,)),
        )
        timer = clock.slice(TRIED_SHARE * clock.remaining())
        return self._fit(place, fed, watched, timer), batch.rows, timer.spent()

    def _in_memory(self, limit: float, width: int) -> int:
        """Rows that can be held as bins beside what is held now."""
        memory.give_back()
        room = MEMORY_USED * limit - memory.held() - PUSHED * self.a_block
        return int(max(0.0, room / (width + A_ROW + A_VALUE * (self._kept_as is np.float64))))

    @property
    def _kept_as(self) -> type[np.floating[Any]]:
        """In which precision targets are kept until learners have centred them: numbers far from zero differ in their last digits."""
        return np.float64 if self.found.ensemble.head.name in ("value", "quantiles", "counts") else np.float32

    def _batch(self, rows: Ints) -> Batch:
        weight = None if self.found.weight is None else self.found.weight[rows]
        return self.encoders.batch(self.table.take(rows), self.found.y[rows], weight)

    def _stream(self, most: int) -> Stream:
        """The rows that may teach, encoded block by block."""
        mask, y, weight = self._teaching(self._apart)
        if len(y) > most:
            some = evenly_drawn(len(y), most, stream(self.plan.seed, "whole", "drawn rows"))
            mask[np.delete(np.flatnonzero(mask), some)] = False
            y, weight = y[some], None if weight is None else weight[some]
        self.learnt = len(y)
        edges = np.append(np.arange(0, self.stored.rows, BLOCK), self.stored.rows)
        sizes = [int(mask[a:b].sum()) for a, b in itertools.pairwise(edges)]
        return Stream(
            sample=lambda: self._batch(self._binned()),
            sizes=tuple(size for size in sizes if size),
            y=y,
            weight=weight,
            blocks=lambda: self._vectors(mask),
        )

    def _binned(self) -> Ints:
        """Rows at hand that the edges of bins are learnt from."""
        return self.kept[:: max(1, -(-len(self.kept) // BINNED_FROM))]

    def _vectors(self, mask: Bools) -> Iterator[Floats]:
        for rows, opened in self._blocks(self.names):
            some = mask[rows]
            if some.any():
                yield self.encoders.vector(opened if some.all() else opened.take(some)).values

    @functools.cached_property
    def _apart(self) -> Apart:
        return Apart(self.found, self.plan, self.table, self.tune)

    def _teaching(self, apart: Apart, blocks: int | None = None) -> tuple[Bools, NDArray[Any], Floats | None]:
        """The rows of the table, or of its first blocks, that may teach (mask), their targets and weights."""
        plan = self.plan
        roles = [*plan.names("target"), *plan.names("weight"), *plan.names("time"), *plan.names("group")]
        mask = np.ones(self.stored.rows, dtype=bool)
        mask[self.numbers[self.found.split.sealed]] = False
        mask[self.numbers[self.tune]] = False
        unit = self.table[plan.names("weight")[0]].cells.mean() if plan.names("weight") else 1.0  # as in the search
        targets, weights = [], []
        for rows, opened in itertools.islice(self._blocks(tuple(dict.fromkeys([*roles, *apart.names]))), blocks):
            weight = opened[plan.names("weight")[0]] if plan.names("weight") else None
            time = opened[plan.splits.time] if plan.splits.time else None
            y = self.task.encode(opened[plan.target], self.found.codec)
            usable = usable_rows(opened[plan.target], weight, time)[0] & known(y)
            mask[rows] &= usable & ~apart.of(opened)
            targets.append(y[mask[rows]].astype(self._kept_as))
            if weight is not None:
                weights.append((weight.cells[mask[rows]] / unit).astype(np.float32))
        return mask, np.concatenate(targets), np.concatenate(weights) if weights else None

    def _blocks(self, names: tuple[str, ...]) -> Iterator[tuple[slice, Dataset]]:
        start = 0
        for block in self.stored.blocks(names):
            yield slice(start, start + block.rows), reopen(block, self.plan)
            start += block.rows
            memory.give_back(collect=False)  # what a few blocks leave behind is as much as all bins of the table
