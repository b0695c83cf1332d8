"""How little privacy can a mechanism have had, given how often a guesser was right?

Each of m rows was in the data by a fair coin of its own. An auditor who saw what came out, but not the coins, names r rows and guesses
theirs; v guesses are right. Under (ε, δ)-differential privacy, by adding or leaving out a row, the number of right guesses is hardly
ever larger than a binomial one with share e^ε / (1 + e^ε) (Steinke, Nasr & Jagielski 2023, theorems 5.2 and C.2). So many right ones
prove that ε is larger than a bound. Few prove nothing: a bound of 0 is no proof of privacy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats

SHARES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # of the rows, that may be guessed
MOST = 64.0  # beyond it no table is large enough to tell


def chance(epsilon: float, rows: int, guesses: int, right: int, delta: float = 0.0) -> float:
    """How probable it is at most that so many guesses or more are right, under (ε, δ): a p-value.

    >>> round(chance(0.0, 10, 10, 9), 4)
    0.0107
    """
    from scipy.stats import binom

    share = 1.0 / (1.0 + math.exp(-epsilon))
    tail = float(binom.sf(right - 1, guesses, share))
    if delta == 0.0 or right == 0:
        return min(1.0, tail)
    # P[right - i <= B < right] / i at its largest: what a failure, of probability 2 m δ at most, can add.
    below = np.cumsum(binom.pmf(np.arange(right - 1, -1, -1), guesses, share))
    added = float((below / np.arange(1, right + 1)).max())
    return min(1.0, tail + 2.0 * rows * delta * added)


def epsilon_at_least(rows: int, guesses: int, right: int, level: float = 0.95, delta: float = 0.0) -> float:
    """The largest ε that so many right guesses rule out at this level; 0 where they rule out none.

    >>> round(epsilon_at_least(1000, 100, 90), 2), epsilon_at_least(1000, 100, 55)
    (1.63, 0.0)
    """
    if not 0 <= right <= guesses <= rows:
        raise ValueError(f"{right} right of {guesses} guesses about {rows} rows")
    miss = 1.0 - level
    if delta == 0.0:
        return _exact(guesses, right, miss)
    if chance(0.0, rows, guesses, right, delta) > miss:
        return 0.0
    low, high = 0.0, MOST
    for _ in range(60):
        half = 0.5 * (low + high)
        low, high = (half, high) if chance(half, rows, guesses, right, delta) <= miss else (low, half)
    return low


def _exact(guesses: int, right: int, miss: float) -> float:
    """The same without δ: the low end of a binomial share (Clopper & Pearson 1934) as log-odds."""
    from scipy.special import betaincinv

    share = float(betaincinv(right, guesses - right + 1, miss)) if right else 0.0
    if share <= 0.5:
        return 0.0
    return min(MOST, math.log(share) - math.log1p(-share)) if share < 1.0 else MOST


@dataclass(frozen=True, kw_only=True)
class Guessing:
    """How guesses are made: by which attack, of what share of the rows, at one end of the scores or at both."""

    attack: int
    share: float
    both: bool


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A lower bound on ε, and the guesses it rests on."""

    epsilon: float
    guesses: int
    right: int
    rows: int


def bound(scores: Floats, member: Bools, level: float = 0.95) -> Bound:
    """The lower bound on ε from several targets whose rows were in by fair coins.

    scores : [attacks, targets, rows], targets two at least; member : [targets, rows]

    How to guess is chosen on the first target and applied to the others. Each of those is a run of its own; as one is another's
    reference, their right guesses are not independent and may not be added up, so each bound has its share of the doubt
    (Bonferroni) and the largest holds.
    """
    ways = [Guessing(attack=a, share=s, both=b) for a in range(len(scores)) for s in SHARES for b in (False, True)]
    rows = member.shape[1]

    def of(target: int, way: Guessing, sure: float) -> Bound:
        many, right = guessed(scores[way.attack, target], member[target], way)
        return Bound(epsilon=epsilon_at_least(rows, many, right, sure), guesses=many, right=right, rows=rows)

    chosen = max(ways, key=lambda way: of(0, way, level).epsilon)
    others = range(1, len(member))
    sure = 1.0 - (1.0 - level) / len(others)
    return max((of(target, chosen, sure) for target in others), key=lambda found: (found.epsilon, found.right))


def guessed(scores: Floats, member: Bools, way: Guessing) -> tuple[int, int]:
    """Guesses and how many are right: the rows that score highest are guessed in, the lowest out where both ends are used."""
    many = max(2 if way.both else 1, round(way.share * len(scores)))
    order = np.argsort(scores, kind="stable")
    low = many // 2 if way.both else 0
    right = int((~member[order[:low]]).sum() + member[order[len(order) - (many - low) :]].sum())
    return many, right
