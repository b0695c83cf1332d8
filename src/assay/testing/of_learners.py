"""What does a learner promise?

Shapes, finite scores, reproducible fits, rows that do not mind their neighbours, reasons that add up, a state that
comes back to the bit from a file and is refused when it makes no sense, and a clock that is looked at.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..kernel.box import Box
from ..kernel.clock import Clock
from ..kernel.data import Floats
from ..kernel.errors import BundleError, BundleInvalid, SettingError
from ..kernel.forms import HEADS, Batch, Head
from ..kernel.rng import stream
from ..kernel.settings import draw_settings, ranges, settings_of, with_settings
from ..kernel.stream import Stream
from ..kernel.threads import at_most
from ..stats.heads import guess, losses
from ..stats.metrics import auc
from .contract import Contract, bytes_of, damaged, demand, same_bits, through_bytes
from .worlds import ROWS, Ticking, bruised, easy, finding, heads, plenty, replaced, seeing

FEW = 120  # rows for what shows on few as on many
MOST_ASKED = 400  # looks at an expired clock: every fold of every stage may look a few times, no loop may go on
Test = Callable[[Any, Head], None]


def contracts(plugin: Any) -> list[Contract]:
    """All contracts, those on fitting once for each head it gives."""
    key = plugin.about.key
    found = [Contract("learners", key, name, functools.partial(test, plugin)) for name, test in OF_SETTINGS.items()]
    for label, head in heads(plugin.about.gives, set(plugin.about.takes) == {"vector"}):
        for name, test in OF_FITTING.items():
            found.append(Contract("learners", key, f"{name} [{label}]", functools.partial(test, plugin, head)))
        if plugin.about.streams:
            name = f"learns from rows that come in blocks [{label}]"
            found.append(Contract("learners", key, name, functools.partial(learns_in_blocks, plugin, head)))
    return found


def fit(plugin: Any, head: Head, train: Batch, seed: int = 0, clock: Clock | None = None) -> Any:
    """A fitted model at the default settings; a fifth of the rows may stop it early."""
    return _fit_on(plugin, head, parted(train), seed, clock)


def _fit_on(plugin: Any, head: Head, given: tuple[Batch, Batch], seed: int = 0, clock: Clock | None = None) -> Any:
    with at_most(1):  # small tables are slower with more threads
        return at_defaults(plugin).fit(*given, head, clock or plenty(), stream(seed, "fit"))


def at_defaults(plugin: Any) -> Any:
    """At the default settings; what sees through a pretrained network is given a tiny one, since none comes with it."""
    named = plugin.about.sees_through
    if not named:
        return plugin()
    return with_settings(plugin, {named: finding() if plugin.about.checkpoint == "boxes" else seeing()})


def parted(batch: Batch) -> tuple[Batch, Batch]:
    """Rows to train on, and a fifth of them to tune by."""
    cut = np.arange(batch.rows) % 5 == 0
    return batch.take(np.flatnonzero(~cut)), batch.take(np.flatnonzero(cut))


def _fitted(plugin: Any, head: Head) -> Any:
    return _fitted_on(plugin, head)[0]


@functools.lru_cache(maxsize=64)
def _fitted_on(plugin: Any, head: Head) -> tuple[Any, tuple[Batch, Batch]]:
    """The model that most contracts are put to, and the very batches that it was given."""
    given = parted(easy(head))
    return _fit_on(plugin, head, given), given


@functools.lru_cache(maxsize=64)
def _fitted_on_few(plugin: Any, head: Head) -> Any:
    return fit(plugin, head, easy(head, FEW))


@functools.lru_cache(maxsize=64)
def _told(plugin: Any, head: Head) -> Floats:
    """What that model says of fresh rows: asked once, for several contracts."""
    scores: Floats = _fitted(plugin, head).predict(_fresh(head))
    return scores


def _fresh(head: Head, rows: int = ROWS) -> Batch:
    return easy(head, rows, seed=1)


def loss(scores: Floats, batch: Batch, head: Head) -> float:
    """Mean loss of raw scores; of oddness, of which nothing says how it turns into probabilities, the share of pairs in the wrong order."""
    assert batch.y is not None
    if head.name == "oddness":
        return 1.0 - auc(scores[:, 0], np.asarray(batch.y) == 1, None)
    return float(losses(head, scores, batch.y).mean())


# -------------------------------------------------------------------------------------------------------- settings


def declares_heads(plugin: Any) -> None:
    """`gives` are heads, `takes` are forms, and there is at least one of each."""
    strange = [name for name in plugin.about.gives if name not in HEADS]
    demand(plugin.about.gives and not strange, f"gives {plugin.about.gives}")
    demand(plugin.about.takes, "takes no form")


def declares_ranges(plugin: Any) -> None:
    """Every setting has a range and a default within it."""
    names = [f.name for f in dataclasses.fields(plugin)]
    spans = ranges(plugin)
    demand(list(spans) == names, f"settings without a range: {[n for n in names if n not in spans]}")
    default = plugin()
    asked = {name: span.problem(getattr(default, name)) for name, span in spans.items()}
    wrong = {name: problem.text() for name, problem in asked.items() if problem}
    demand(not wrong, f"defaults out of range: {wrong}")


def draws_are_settings(plugin: Any) -> None:
    """What is drawn within the ranges can be constructed, and comes back as it was."""
    rng = stream(0, "draws")
    for _ in range(50):
        drawn = draw_settings(plugin, rng)
        demand(settings_of(with_settings(plugin, drawn)) == drawn, f"{drawn} does not come back as it was")


def refuses_bad_settings(plugin: Any) -> None:
    """A value out of range and an unknown name raise SettingError."""
    for wrong in ({name: object() for name in list(ranges(plugin))[:1]}, {"no such setting": 1}):
        if not wrong:
            continue
        try:
            with_settings(plugin, wrong)
        except SettingError:
            continue
        demand(False, f"accepts the settings {wrong}")


# --------------------------------------------------------------------------------------------------------- fitting


def gives_scores(plugin: Any, head: Head) -> None:
    """Finite float64 scores of shape [n, width], none for no rows."""
    scores = _told(plugin, head)
    demand(scores.shape == (ROWS, head.width), f"scores have shape {scores.shape}, not {(ROWS, head.width)}")
    demand(scores.dtype == np.float64 and np.isfinite(scores).all(), f"scores are {scores.dtype} or not finite")
    none = _fitted(plugin, head).predict(_fresh(head).take(np.arange(0)))
    demand(none.shape == (0, head.width), f"no rows give scores of shape {none.shape}")


def learns_in_blocks(plugin: Any, head: Head) -> None:
    """Fed the same rows block by block, in blocks of uneven length, it learns the easy world as well."""
    train, tune = parted(easy(head))
    cuts = [0, 1, train.rows // 3, train.rows]
    asked: list[int] = []

    def blocks() -> Iterator[Floats]:
        for start, stop in itertools.pairwise(cuts):
            asked.append(stop - start)
            yield train.vector.values[start:stop]
        asked.append(0)

    sizes = tuple(stop - start for start, stop in itertools.pairwise(cuts))
    assert train.y is not None
    fed = Stream(sample=lambda: train, sizes=sizes, y=train.y, weight=train.weight, blocks=blocks)
    with at_most(1):
        fitted = at_defaults(plugin).fit_stream(fed, tune, head, plenty(), stream(0, "fit"), 50)
    demand(asked[-1] == 0, "it stops before the end of the blocks, so that their reader stays open")
    passes = len(asked) // (len(sizes) + 1)
    demand(tuple(asked) == passes * (*sizes, 0), f"blocks of {sizes} rows were asked for as {asked}")
    fresh = _fresh(head)
    own, whole = (loss(scores, fresh, head) for scores in (fitted.predict(fresh), _told(plugin, head)))
    demand(own < 1.25 * whole, f"loss {own:.4g} in blocks, {whole:.4g} at once")


def learns(plugin: Any, head: Head) -> None:
    """In an easy world the loss falls to less than two thirds of the constant's; the floor itself is the constant."""
    train, fresh = easy(head), _fresh(head)
    assert train.y is not None
    floor = np.tile(guess(head, train.y, None), (ROWS, 1))
    best, own = loss(floor, fresh, head), loss(_told(plugin, head), fresh, head)
    if plugin.about.order <= 0:
        demand(abs(own - best) < 0.05 * best, f"the floor has loss {own:.4g}, the constant {best:.4g}")
    else:
        demand(own < 0.67 * best, f"loss {own:.4g}, the constant {best:.4g}")


def repeats_itself(plugin: Any, head: Head) -> None:
    """The same rows and the same seed give the same bits."""
    again = fit(plugin, head, easy(head, FEW))
    demand(bytes_of(again.dump) == bytes_of(_fitted_on_few(plugin, head).dump), "two fits with one seed differ")


def leaves_rows_alone(plugin: Any, head: Head) -> None:
    """Fitting and predicting change nothing in the batch."""
    (model, given), kept = _fitted_on(plugin, head), parted(easy(head))
    model.predict(given[0])
    for batch, before in zip(given, kept, strict=True):
        demand(same_bits(batch.vector.values, before.vector.values), "the values were changed")
        demand(np.array_equal(np.asarray(batch.y), np.asarray(before.y)), "the targets were changed")


def rows_stand_alone(plugin: Any, head: Head) -> None:
    """A row alone gets what it gets in a batch, in whichever order."""
    fresh, model, whole = _fresh(head), _fitted(plugin, head), _told(plugin, head)
    size = 1e-9 * (1 + np.abs(whole).max())
    for row in (0, 17, ROWS - 1):
        alone = model.predict(fresh.take(np.asarray([row])))
        demand(np.abs(alone - whole[row]).max() <= size, f"row {row} alone: {alone}, in the batch: {whole[row]}")
    turned = model.predict(fresh.take(np.arange(ROWS)[::-1]))[::-1]
    demand(np.abs(turned - whole).max() <= size, "the order of the rows changes their scores")


def scores_singly(plugin: Any, head: Head) -> None:
    """Where it has a road for one row, that gives what `predict` gives, to the bit; two scorers do not mind each other."""
    model = _fitted(plugin, head)
    reads = hasattr(model, "single_with_texts")
    if not reads and not hasattr(model, "single"):
        return
    road, forms = ("with texts ", {"vector", "texts"}) if reads else ("", {"vector"})
    demand(
        set(plugin.about.takes) == forms, f"a road for one row {road}is for learners that take {sorted(forms)} alone"
    )
    rows = bruised_rows(head)
    values = rows.vector.values.copy()
    values[1::9, 0] = 1e305  # of a row that comes alone nothing is drawn in beforehand
    texts = [[column[row] for column in rows.texts.columns] for row in range(rows.rows)] if reads else []
    first, second = ((model.single_with_texts(rows.vector.features) if reads else model.single()) for _ in range(2))
    for row in range(rows.rows):
        given = values[row].tolist()
        whole = model.predict(replaced(rows, values).take(np.asarray([row])))[0]
        alone = np.asarray(first(given, *texts[row : row + 1]), dtype=np.float64)
        before = row - 1 if row else rows.rows - 1
        second(values[before].tolist(), *texts[before : before + 1])
        demand(same_bits(alone, whole), f"row {row} alone: {alone}, in a batch of one: {whole}")
        demand(same_bits(np.asarray(given), values[row]), "the values were changed")


def overlooks_what_it_says(plugin: Any, head: Head) -> None:
    """Where it says that it overlooks the numbers of some columns, scores and reasons are the same to the bit without them."""
    model, fresh = _fitted(plugin, head), bruised_rows(head)
    if not hasattr(model, "overlooked"):
        return
    values = fresh.vector.values.copy()
    values[:, [feature.part in model.overlooked() for feature in fresh.vector.features]] = np.nan
    without = replaced(fresh, values)
    demand(same_bits(model.predict(without), model.predict(fresh)), "scores hang on numbers that it says it overlooks")
    if hasattr(model, "contributions"):
        demand(same_bits(model.contributions(without), model.contributions(fresh)), "so do reasons")


def reasons_add_up(plugin: Any, head: Head) -> None:
    """Contributions, where it gives them, are [n, d + 1, width] and sum to the scores."""
    model, fresh = _fitted(plugin, head), bruised_rows(head)
    if not hasattr(model, "contributions"):
        demand(not plugin.about.readable, "a readable learner must give contributions")
        return
    pulls, scores = model.contributions(fresh), model.predict(fresh)
    shape = (fresh.rows, len(fresh.vector.features) + 1, head.width)
    demand(pulls.shape == shape, f"contributions have shape {pulls.shape}, not {shape}")
    gap = np.abs(pulls.sum(axis=1) - scores).max() / (1 + np.abs(scores).max())
    demand(gap <= 1e-6, f"contributions miss the scores by {gap:.2g}")


def bruised_rows(head: Head) -> Batch:
    """A few fresh rows with gaps and unseen codes."""
    fresh = _fresh(head, FEW)
    values = fresh.vector.values.copy()
    values[::7, 0] = np.nan
    values[::11, 2] = 3.0
    values[::17, 3] = 36.0
    return replaced(fresh, values)


def comes_back(plugin: Any, head: Head) -> None:
    """Dumped, written to bytes, read and loaded: the same scores and reasons to the bit, and the same dump."""
    model, fresh = _fitted(plugin, head), bruised_rows(head)
    again = plugin.load(through_bytes(model.dump), head, fresh.vector.features)
    demand(same_bits(again.predict(fresh), model.predict(fresh)), "scores differ after a round trip")
    if hasattr(model, "contributions"):
        demand(same_bits(again.contributions(fresh), model.contributions(fresh)), "reasons differ after a round trip")
    demand(bytes_of(again.dump) == bytes_of(model.dump), "it is not dumped again as it was")


def refuses_damage(plugin: Any, head: Head) -> None:
    """A box in which one thing is missing or of a wrong type is refused with BundleInvalid; numbers gone bad, too."""
    model, features = _fitted(plugin, head), easy(head).vector.features
    for what, box in damaged(model.dump):
        try:
            plugin.load(box, head, features)
        except BundleInvalid:
            continue
        except Exception as error:  # noqa: BLE001  any other error is the breach that is looked for
            demand(False, f"{what}: raises {type(error).__name__}: {error}, not BundleInvalid")
        demand(False, f"{what}: is loaded")
    for what, box in _gone_bad(model.dump):
        try:
            scores = plugin.load(box, head, features).predict(_fresh(head, FEW))
        except BundleError:
            continue
        demand(np.isfinite(scores).all(), f"{what}: is loaded and gives scores that are not finite")


def _gone_bad(dump: Callable[[Box], None]) -> list[tuple[str, Box]]:
    whole, out = Box("thing"), []
    dump(whole)
    for place, inner in enumerate(whole.walk()):
        for name, array in inner.arrays.items():
            if array.size and array.dtype.kind == "f":
                box = Box("thing")
                dump(box)
                bad = array.copy()
                bad.flat[0] = math.nan
                list(box.walk())[place].arrays[name] = bad
                out.append((f"array '{name}' with a NaN", box))
    return out


def bears_bruises(plugin: Any, head: Head) -> None:
    """Empty and constant columns, huge numbers and unseen codes are borne: scores are finite."""
    train = bruised(easy(head, FEW))
    scores = fit(plugin, head, train).predict(bruised(_fresh(head, FEW)))
    demand(np.isfinite(scores).all(), "scores are not finite")


def bears_a_missing_class(plugin: Any, head: Head) -> None:
    """A class without a row in training still has its place in the scores."""
    if head.name != "classes":
        return
    batch = easy(head, FEW)
    assert batch.y is not None
    some = batch.take(np.flatnonzero(batch.y != head.classes_ - 1))
    scores = fit(plugin, head, some).predict(_fresh(head, FEW))
    demand(scores.shape == (FEW, head.width), f"scores have shape {scores.shape}")
    demand(np.isfinite(scores).all(), "scores are not finite")


def obeys_weights(plugin: Any, head: Head) -> None:
    """Rows of weight zero teach nothing; whole numbers are weights as well."""
    clean = easy(head, FEW)
    lying = replace(clean, y=_lies(clean, head))

    def model_with(weights: list[Any]) -> Any:
        """Learnt from the very rows of the model on few, each followed by a lie, weighted by two numbers."""
        train, tune = (_mixed(*parts, np.asarray(weights)) for parts in zip(parted(clean), parted(lying), strict=True))
        return _fit_on(plugin, head, (train, tune))

    fresh = _fresh(head)
    models = _fitted_on_few(plugin, head), model_with([1.0, 0.0]), model_with([1.0, 1.0])
    alone, heeded, ignored = (loss(model.predict(fresh), fresh, head) for model in models)
    harm = max(0.0, ignored - alone)  # lies may do none to what learns only how often each answer comes
    demand(heeded - alone < 0.25 * harm + 1e-9, f"loss {heeded:.4g}; without the rows {alone:.4g}")
    real, whole = models[1].predict(fresh), model_with([1, 0]).predict(fresh)
    demand(np.abs(whole - real).max() <= 1e-9 * (1 + np.abs(real).max()), "whole-number weights give another model")


def _lies(batch: Batch, head: Head) -> Floats:
    """The opposite of each answer; of boxes another class where they are."""
    y = np.asarray(batch.y)
    if head.name in ("value", "quantiles"):
        return 60.0 - 4 * y
    if head.name != "boxes":
        return np.asarray(y.max() - y)
    lies = y.copy()
    lies[..., 0] = np.where(lies[..., 0] >= 0, (lies[..., 0] + 1) % head.classes_, -1)
    return lies


def _mixed(clean: Batch, lying: Batch, weights: Any) -> Batch:
    """Rows and lies in a random order, the ones of the first weight, the others of the second."""
    both = replace(clean.then(lying), weight=np.repeat(weights, clean.rows))
    return both.take(stream(0, "order").permutation(both.rows))


def keeps_its_clock(plugin: Any, head: Head) -> None:
    """With the time up it comes back at once with a model that works, and before that it looks at the clock."""
    time = Ticking(most=MOST_ASKED)
    model = fit(plugin, head, easy(head), clock=Clock(started=0.0, deadline=0.0, now=time))
    scores = model.predict(_fresh(head, FEW))
    demand(scores.shape == (FEW, head.width) and np.isfinite(scores).all(), "what it left in no time does not work")
    demand(time.asked or not ranges(plugin), "never looks at the clock, although it has work to set")


def tells_itself(plugin: Any, head: Head) -> None:
    """`about()` is a mapping of strict JSON."""
    said = _fitted(plugin, head).about()
    demand(json.loads(json.dumps(dict(said), allow_nan=False)) == dict(said), "about() is not plain JSON")


OF_SETTINGS: dict[str, Callable[[Any], None]] = {
    "declares heads and forms": declares_heads,
    "declares a range for every setting": declares_ranges,
    "can be built from any draw": draws_are_settings,
    "refuses settings out of range": refuses_bad_settings,
}
OF_FITTING: dict[str, Test] = {
    "gives finite scores of the right shape": gives_scores,
    "learns an easy world": learns,
    "gives the same bits for the same seed": repeats_itself,
    "leaves the batch as it was": leaves_rows_alone,
    "answers a row alone as in a batch": rows_stand_alone,
    "scores one row as in a batch of one": scores_singly,
    "overlooks what it says it does": overlooks_what_it_says,
    "gives contributions that add up": reasons_add_up,
    "comes back from a file to the bit": comes_back,
    "refuses a damaged file": refuses_damage,
    "bears empty, constant and huge columns": bears_bruises,
    "bears a class that is missing": bears_a_missing_class,
    "obeys weights": obeys_weights,
    "keeps its clock": keeps_its_clock,
    "tells itself in JSON": tells_itself,
}
