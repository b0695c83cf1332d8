"""How much does a model's answer to a row look like that of a model that learnt from it?

Three attacks, arrays in, a score a row out; the larger, the more it looks like a member. `confidence` is the logarithm of the
probability that a model gave to the true answer, at most 0 (see `confidences` for tasks without probabilities). Reference models are
models of the same kind that learnt from other rows, and `inside` says which of the rows each of them learnt from: the attacker made them.
What the target learnt from is not given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints

ATTACKS = ("rmia", "lira", "loss")
PROBABLE = ("classes", "flags")  # heads whose losses are log-losses
ONLINE_FROM = 8  # reference models on either side of most rows: with fewer, their spread on one side is noise (Carlini et al. 2022)
OWN_SPREAD_FROM = 32  # on either side of a row: with fewer, rows share one spread
LEAST = 1e-12  # a logit beyond that of this probability tells nothing more
MIDDLE = 1e-6  # the least a probability of the true answer is taken to be


def confidences(losses: Floats, probable: bool) -> Floats:
    """Logarithms of probabilities [models, n] of per-row losses.

    probable : the losses are log-losses; else they are taken as exponents of a density whose scale is the mean loss, as a
        squared error is of a normal one

    >>> confidences(np.array([[1.0, 3.0]]), False).tolist()
    [[-0.25, -0.75]]
    """
    if probable:
        return np.minimum(-losses, 0.0)
    mean = float(losses.mean())
    return np.asarray(-losses / (2.0 * mean) if mean > 0 else np.zeros_like(losses))


def scores(attack: str, target: Floats, references: Floats, inside: Bools) -> Floats:
    """The scores [n] of an attack of this name on a target [n], with references [m, n] and who is inside them [m, n]."""
    if attack == "loss":
        return loss(target)
    return (lira if attack == "lira" else rmia)(target, references, inside)


def loss(target: Floats) -> Floats:
    """The plain attack: members lose less (Yeom et al. 2018). It cannot tell an easy row from one learnt by heart.

    >>> loss(np.log([0.5, 0.9])).round(3).tolist()
    [-0.693, -0.105]
    """
    return np.asarray(target, dtype=np.float64)


def lira(target: Floats, references: Floats, inside: Bools, online: bool | None = None) -> Floats:
    """The likelihood-ratio attack (Carlini et al. 2022): logits of the true answer against those of references.

    Offline, how far a target lies above references that did not learn the row, in spreads. Online, how much likelier it is among
    those that did than among those that did not, both taken as normal. The spread is pooled over rows where references are few.
    A row that all references learnt from is held against them, lowered by what learning a row raises a logit by on average.

    online : None takes it where most rows have enough references on either side

    >>> two = np.log([[0.5, 0.5], [0.6, 0.4]])
    >>> bool(np.diff(lira(np.log([0.9, 0.5]), two, np.zeros((2, 2), dtype=bool)))[0] < 0)
    True
    """
    own, theirs = _logit(target), _logit(references)
    within, beyond = _side(theirs, inside), _side(theirs, ~inside)
    if online is None:
        online = bool(np.median(np.minimum(within.count, beyond.count)) >= ONLINE_FROM)
    both = (within.count > 0) & (beyond.count > 0)
    rise = float((within.mean - beyond.mean)[both].mean()) if both.any() else 0.0
    out = np.where(beyond.count > 0, beyond.mean, within.mean - rise)
    if not online:
        return np.asarray((own - out) / _spread(beyond, within))
    at = np.where(within.count > 0, within.mean, beyond.mean + rise)
    return _normal(own, at, _spread(within, beyond)) - _normal(own, out, _spread(beyond, within))


def rmia(target: Floats, references: Floats, inside: Bools) -> Floats:
    """The robust attack (Zarifzadeh et al. 2024): the share of the population that a row beats.

    The ratio of a row is the probability that the target gives to its true answer, to that in the middle between models that
    learnt it and models that did not (`middle`); a row beats another where its ratio is at least as large (γ = 1). All rows at hand
    stand for the population.

    >>> p = np.log([[0.5, 0.5, 0.5]])
    >>> rmia(np.log([0.9, 0.5, 0.2]), p, np.zeros((1, 3), dtype=bool)).round(2).tolist()
    [1.0, 0.67, 0.33]
    """
    ratio = target - np.log(middle(references, inside))
    return np.searchsorted(np.sort(ratio), ratio, side="right") / len(ratio)


def middle(references: Floats, inside: Bools) -> Floats:
    """Probability of the true answer [n], half way between models that learnt a row and models that did not.

    With few references a row has often too few of one side. What learning leaves of the doubt, 1 - p_in = a (1 - p_out), is the
    paper's offline form; here a is found on the references rather than guessed, and those of both sides tell of the middle.
    """
    doubt = -np.expm1(references)  # 1 - p
    within, beyond = _side(doubt, inside), _side(doubt, ~inside)
    both = (within.count > 0) & (beyond.count > 0)
    kept = 1.0
    if both.any() and beyond.mean[both].sum() > 0:  # a: what is left of the doubt once a row was learnt
        kept = float(np.clip(within.mean[both].sum() / beyond.mean[both].sum(), 0.05, 1.0))
    # References that learnt the row tell of it through 1/a, which makes their noise larger by as much: so they weigh less.
    weights = beyond.count + kept**2 * within.count
    told = (beyond.count * beyond.mean + kept * within.count * within.mean) / weights
    return np.maximum(1.0 - 0.5 * (1.0 + kept) * told, MIDDLE)


@dataclass(frozen=True, eq=False)
class _Side:
    """What the models of one side say of each row [n]."""

    count: Ints
    mean: Floats
    squares: Floats  # sum of squares around the mean


def _side(values: Floats, chosen: Bools) -> _Side:
    """The values [m, n] of the chosen models."""
    count = chosen.sum(axis=0)
    mean = np.where(chosen, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    return _Side(count, mean, np.where(chosen, (values - mean) ** 2, 0.0).sum(axis=0))


def _spread(side: _Side, other: _Side) -> Floats:
    """Standard deviation [n]: of the row alone where its models are many, else of all rows; of the other side where this has none."""
    side = side if (side.count > 1).any() else other
    degrees = np.maximum(side.count - 1, 0)
    if not degrees.any():
        return np.ones(len(degrees))
    pooled = side.squares.sum() / degrees.sum()
    own = np.where(side.count >= OWN_SPREAD_FROM, side.squares / np.maximum(degrees, 1), pooled)
    return np.asarray(np.sqrt(np.maximum(own, LEAST)))


def _logit(confidence: Floats) -> Floats:
    """log p - log(1 - p), held within what `LEAST` gives."""
    bounded = np.clip(confidence, np.log(LEAST), np.log1p(-LEAST))
    return np.asarray(bounded - np.log(-np.expm1(bounded)))


def _normal(x: Floats, mean: Floats, spread: Floats) -> Floats:
    return np.asarray(-0.5 * ((x - mean) / spread) ** 2 - np.log(spread))
