"""How are trees grown from a batch?

The only place that calls LightGBM's training. It sees vectors and codes, a head, and a clock; it knows nothing of
tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel import memory
from ..kernel.clock import Clock
from ..kernel.data import Floats
from ..kernel.forms import Batch, Head
from ..kernel.stream import Stream
from ..kernel.threads import threads
from ..stats.heads import guess
from .centre import centre_of, taken_from
from .forest import Forest
from .from_lightgbm import filled, forest_of
from .walk import LARGEST
from .watch import WAY, Pace, Watch

QUIET = {"verbosity": -1, "deterministic": True, "force_row_wise": True, "first_metric_only": True}
OF_DATA = ("min_data_in_leaf", "seed", "num_threads")  # parameters that matter when rows are binned
UNWATCHED = 50  # rounds at most where no rows are there to stop by
OWN_RATE = 0.1  # LightGBM's own, where none is named


@dataclass(frozen=True, eq=False)
class Grown:
    """Trees, the loss on the tune rows a round each, the gain of each feature, and how it ended."""

    forest: Forest
    curve: list[float]
    gains: Floats
    seconds: float
    cut_short: bool  # the clock ended it, not the tune rows
    rate: float = 0.0  # of the last round, where it may have risen; 0 where it cannot
    a_round: float = 0.0  # seconds, of streamed rows, without what goes before the first round


def grow(
    train: Batch,
    tune: Batch | None,
    head: Head,
    parameters: dict[str, Any],
    rounds: int,
    patience: int,
    clock: Clock,
    start: tuple[Floats, Floats | None] | None = None,
) -> Grown:
    """Grow at most `rounds` rounds of trees; keep those up to the best round on `tune`.

    Where the clock allows too few rounds at the rate asked for and `tune` watches, the rate rises (to MOST_RATE at most): small
    steps that are cut short end far from where larger ones lead.

    patience : rounds without gain after which growing stops; 0 grows all rounds, at the rate asked for, and keeps all
    start    : raw scores [n, w] of the training and tune rows to grow on top of; they are no part of the forest
    """
    import lightgbm

    timer = clock.slice(clock.remaining())
    if tune is not None and not tune.rows:  # of a table of some ten rows: there is nothing to stop by
        tune, patience, rounds = None, 0, min(rounds, UNWATCHED)
    whole = QUIET | objective_of(head) | {"num_threads": threads()} | parameters
    if _no_event(head, train.y, train.weight):
        base = np.zeros(1) if start is not None else guess(head, np.asarray(train.y), train.weight)
        return _unsplit(len(train.vector.features), base, timer)
    centre, ground = centre_of(head, train.y), None
    if start is None:
        ground = _ground(head, train.y, train.weight, whole)
    on_train, on_tune = (_tiled(ground, train), _tiled(ground, tune)) if start is None else start
    data = _dataset(train, whole, on_train, centre)
    watched = [] if tune is None else [_dataset(tune, whole, on_tune, centre, reference=data)]
    watch, rate = _Watched(timer, patience), float(whole.get("learning_rate", OWN_RATE))
    paced = patience and watched and start is None and whole.get("boosting") != "rf"
    pace = _Paced(timer, min(rounds, WAY / rate) if paced else 0.0, rate)
    booster = lightgbm.train(whole, data, rounds, valid_sets=watched, callbacks=[pace, watch])
    keep = watch.keep(booster.current_iteration())
    forest = _kept(booster, keep, head, taken_from(train.y, centre), train.weight)
    forest = _moved(forest, centre if start is None else 0.0, ground)
    gains = np.asarray(booster.feature_importance("gain", iteration=keep), dtype=np.float64)
    return Grown(forest, watch.curve, gains, timer.spent(), watch.cut_short, pace.rate)


def grow_streamed(
    stream: Stream,
    tune: Batch,
    head: Head,
    parameters: dict[str, Any],
    rounds: int,
    patience: int,
    clock: Clock,
    needed: int,
) -> Grown:
    """Grow on rows that come in blocks: they are kept as the number of their bin, a byte a feature, and nowhere as floats.

    Edges of bins are those of the stream's sample. Where the clock will not allow the rounds that are `needed` at the rate
    asked for, the rate rises (to MOST_RATE at most), so that the same way is gone in fewer steps; 0 keeps the rate.
    """
    import lightgbm

    timer = clock.slice(clock.remaining())
    # Column by column: the other layout would hold every bin a second time.
    whole = QUIET | {"force_row_wise": False, "force_col_wise": True} | objective_of(head)
    whole |= {"num_threads": threads()} | parameters
    if _no_event(head, stream.y, stream.weight):
        return _unsplit(len(tune.vector.features), guess(head, stream.y, stream.weight), timer)
    ground = _ground(head, stream.y, stream.weight, whole)
    blocks = stream.blocks()

    class Block(lightgbm.Sequence):
        def __init__(self, size: int) -> None:
            self.batch_size = self.size = size

        def __len__(self) -> int:
            return self.size

        def __getitem__(self, rows: Any) -> Floats:
            return np.clip(next(blocks), -LARGEST, LARGEST)

    of_data = {"verbosity": -1, **{k: whole[k] for k in OF_DATA if k in whole}}
    edges, centre = _dataset(stream.sample(), whole, None).construct(), centre_of(head, stream.y)
    data = lightgbm.Dataset(
        [Block(size) for size in stream.sizes],
        taken_from(stream.y, centre),
        weight=stream.weight,
        init_score=_told(_tiled(ground, stream)),
        reference=edges,
        params=of_data,
    ).construct()
    next(blocks, None)  # past the last block, its reader lets go of what it holds
    memory.give_back()
    watched = _dataset(tune, whole, _tiled(ground, tune), centre, reference=data)
    watch = _Watched(clock.slice(clock.remaining()), patience)
    pace = _Paced(watch.clock, needed, float(whole.get("learning_rate", OWN_RATE)))
    growing = clock.slice(clock.remaining())
    booster = lightgbm.train(whole, data, rounds, valid_sets=[watched], callbacks=[pace, watch])
    a_round = growing.spent() / max(1, booster.current_iteration())
    keep = watch.keep(booster.current_iteration())
    gains = np.asarray(booster.feature_importance("gain", iteration=keep), dtype=np.float64)
    forest = _moved(_kept(booster, keep, head, taken_from(stream.y, centre), stream.weight), centre, ground)
    return Grown(forest, watch.curve, gains, timer.spent(), watch.cut_short, a_round=a_round)


class _Paced(Pace):
    """The same, as LightGBM calls it."""

    before_iteration = True
    order = 5

    def __call__(self, env: Any) -> None:
        if self.raised(env.iteration):
            env.model.reset_parameter({"learning_rate": self.rate})


def objective_of(head: Head) -> dict[str, Any]:
    """What the head means to LightGBM."""
    if head.name == "value":
        return {"objective": "regression", "metric": "l2"}
    if head.name == "counts":
        return {"objective": "poisson", "metric": "poisson"}
    if head.name == "quantiles":
        return {"objective": "quantile", "metric": "quantile", "alpha": head.level}
    if head.classes_ == 2:
        return {"objective": "binary", "metric": "binary_logloss"}
    return {"objective": "multiclass", "metric": "multi_logloss", "num_class": head.classes_}


def clean_batch(batch: Batch) -> Floats:
    """Values the native library reads as we do: [n, d]."""
    return np.clip(batch.vector.without_names(), -LARGEST, LARGEST)  # NaN stays NaN


def _kept(booster: Any, keep: int, head: Head, y: NDArray[Any] | None, weight: Floats | None) -> Forest:
    """The first rounds of a booster that was told these targets."""
    forest = forest_of(booster, keep)
    if forest.average and (forest.leaves == 1).any():
        forest = filled(forest, guess(head, np.asarray(y), weight))
    return forest.settled()


def _moved(forest: Forest, centre: float, ground: Floats | None) -> Forest:
    """The trees on top of the centre that was taken from their targets, or of the scores that they were grown on."""
    more = centre if ground is None else ground
    return replace(forest, base=forest.base + more) if np.any(more) else forest


def _no_event(head: Head, y: NDArray[Any] | None, weight: Floats | None) -> bool:
    """Whether all counts that weigh are zero: LightGBM refuses these."""
    if head.name != "counts" or y is None:
        return False
    return not np.any(y if weight is None else np.asarray(y)[np.asarray(weight) > 0])


def _unsplit(features: int, base: Floats, timer: Clock) -> Grown:
    """One round of trees that say the base and ask nothing."""
    width, none = len(base), np.zeros(0, dtype=np.int32)
    forest = Forest(
        features=features,
        width=width,
        average=False,
        base=base,
        leaves=np.ones(width, dtype=np.int32),
        feature=none,
        threshold=np.zeros(0),
        left=none,
        right=none,
        decision=np.zeros(0, dtype=np.uint8),
        category_offsets=np.zeros(1, dtype=np.int64),
        category_words=np.zeros(0, dtype=np.uint32),
        leaf_value=np.zeros(width),
        leaf_count=np.ones(width, dtype=np.int32),
    )
    return Grown(forest, [], np.zeros(features), timer.spent(), False)


def _ground(head: Head, y: NDArray[Any] | None, weight: Floats | None, parameters: dict[str, Any]) -> Floats | None:
    """The best constant [w] where a class lacks among the targets: LightGBM would start it 34 nats below the others.

    Its forests take no start; there such a class has no splits, and `filled` sees to it.
    """
    if head.name != "classes" or y is None or parameters.get("boosting") == "rf":
        return None
    classes = np.asarray(y).astype(np.int64)
    if np.bincount(classes, weights=weight, minlength=head.classes_).all():
        return None
    return guess(head, classes, weight)


def _tiled(ground: Floats | None, batch: Batch | Stream | None) -> Floats | None:
    return None if ground is None or batch is None else np.tile(ground, (batch.rows, 1))


def _told(start: Floats | None) -> Floats | None:
    """Scores as LightGBM wants them: of one output as a line."""
    return start if start is None or start.shape[1] > 1 else start[:, 0]


def _dataset(
    batch: Batch, parameters: dict[str, Any], start: Floats | None, centre: float = 0.0, reference: Any = None
) -> Any:
    import lightgbm

    if start is not None and centre:
        start = start - centre
    codes = [i for i, feature in enumerate(batch.vector.features) if feature.kind == "code"]
    return lightgbm.Dataset(
        clean_batch(batch),
        taken_from(batch.y, centre),
        weight=batch.weight,
        init_score=_told(start),
        categorical_feature=codes,
        reference=reference,
        params={
            "verbosity": -1,
            **{k: parameters[k] for k in OF_DATA if k in parameters},
        },
        free_raw_data=True,
    )


class _Watched(Watch):
    """The same, as LightGBM calls it."""

    before_iteration = False
    order = 0

    def __call__(self, env: Any) -> None:
        from lightgbm.callback import EarlyStopException

        found = env.evaluation_result_list
        if self.stop(env.iteration, env.end_iteration, float(found[0][2]) if found else None):
            raise EarlyStopException(self.best, found)
