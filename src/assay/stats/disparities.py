"""How far apart are the answers to groups of people?

Rates of one group against the rates of all others: how often a class is chosen (demographic parity; the four-fifths rule compares by the ratio,
Feldman et al. 2015), how often it is where it is true and where it is not (equalised odds; Hardt, Price & Srebro 2016), and what
probabilities say against what came (calibration within groups; Chouldechova 2017). Arrays in, numbers out. Rows of one block count for less, by
Kish's (1965) design effect. What is fair is not known here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints

from .clusters import design_effect
from .reliability import spiegelhalter
from .tests import wilson

POWER = 0.8


@dataclass(frozen=True)
class Apart:
    """One figure of a group against that of all others: the gap, its interval, and the p-value that there is none.

    The ratio is that of shares, with Katz, Baptista, Azen & Pike's (1978) interval; None of means, and where a share is 0.
    """

    n: int
    here: float
    low: float
    high: float
    rest: int
    there: float
    gap: float  # here - there
    gap_low: float
    gap_high: float
    p: float
    error: float  # standard error of the gap if there were none
    ratio: tuple[float, float, float] | None = None  # value, low, high

    def least(self, level: float) -> float:
        """The smallest gap that a test at `level` would find in four of five cases."""
        from scipy.special import ndtri

        return float(ndtri(1 - level / 2) + ndtri(POWER)) * self.error


def rates_apart(hit: Bools, inside: Bools, blocks: Ints | None = None) -> Apart:
    """A share in a group against that in all other rows: Fisher's (1935) exact test, Wilson's (1927) interval, Newcombe's (1998) of the gap.

    hit, inside : [n]; both sides hold rows.

    >>> hit, inside = np.repeat([True, False, True, False], [30, 70, 60, 40]), np.repeat([True, False], 100)
    >>> found = rates_apart(hit, inside)
    >>> found.here, found.there, found.ratio[0], round(found.p, 6)
    (0.3, 0.6, 0.5, 3.3e-05)
    """
    a, b = float(hit[inside].mean()), float(hit[~inside].mean())
    n, m = int(inside.sum()), int((~inside).sum())
    some = design_effect(hit - np.where(inside, a, b), blocks)
    n_, m_ = max(1.0, n / some), max(1.0, m / some)
    p = _fisher(round(a * n_), round(n_), round(b * m_), round(m_))
    (low, high), (rest_low, rest_high) = wilson(a * n_, n_), wilson(b * m_, m_)
    share = (a * n + b * m) / (n + m)
    return Apart(
        n=n,
        here=a,
        low=low,
        high=high,
        rest=m,
        there=b,
        gap=a - b,
        gap_low=a - b - math.hypot(a - low, rest_high - b),
        gap_high=a - b + math.hypot(high - a, b - rest_low),
        p=p,
        error=math.sqrt(share * (1 - share) * (1 / n_ + 1 / m_)),
        ratio=_ratio(a, n_, b, m_),
    )


def _fisher(hits: int, n: int, others: int, m: int) -> float:
    """Two-sided p-value of `hits` of n against `others` of m: all tables that are no likelier; scipy's takes five times as long and more."""
    from scipy.special import gammaln

    total = hits + others
    k = np.arange(max(0, total - m), min(n, total) + 1)
    ways = -gammaln(k + 1) - gammaln(total - k + 1) - gammaln(n - k + 1) - gammaln(m - total + k + 1)
    likely = np.exp(ways - ways.max())
    return min(1.0, float(likely[likely <= likely[hits - k[0]] * (1 + 1e-7)].sum() / likely.sum()))


def _ratio(a: float, n: float, b: float, m: float) -> tuple[float, float, float] | None:
    if a <= 0 or b <= 0:
        return None
    spread = 1.96 * math.sqrt((1 - a) / (a * n) + (1 - b) / (b * m))
    return a / b, a / b * math.exp(-spread), a / b * math.exp(spread)


def means_apart(values: Floats, inside: Bools, blocks: Ints | None = None) -> Apart:
    """A mean in a group against that of all other rows, by Welch's (1947) test; both sides hold two rows at least.

    >>> found = means_apart(np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0]), np.array([True] * 3 + [False] * 3))
    >>> found.gap, round(found.p, 4)
    (-4.0, 0.008)
    """
    from scipy.special import stdtr, stdtrit

    a, b = values[inside], values[~inside]
    some = design_effect(values - np.where(inside, a.mean(), b.mean()), blocks)
    one, other = float(a.var(ddof=1)) * some / len(a), float(b.var(ddof=1)) * some / len(b)
    gap, error = float(a.mean() - b.mean()), math.sqrt(one + other)
    if error == 0.0:
        return _means(a, b, gap, 0.0, 0.0, 0.0, 1.0)
    freedom = max(1.0, (one + other) ** 2 / (one**2 / (len(a) - 1) + other**2 / (len(b) - 1)))
    p = 2 * float(stdtr(freedom, -abs(gap) / error))
    return _means(a, b, gap, error, float(stdtrit(freedom, 0.975)) * error, 1.96 * math.sqrt(one), p)


def _means(a: Floats, b: Floats, gap: float, error: float, half: float, own: float, p: float) -> Apart:
    here = float(a.mean())
    return Apart(len(a), here, here - own, here + own, len(b), float(b.mean()), gap, gap - half, gap + half, p, error)


@dataclass(frozen=True)
class Said:
    """What probabilities say in a group against what came there."""

    said: float
    came: float
    z: float  # Spiegelhalter's (1986), of the group alone
    apart: Apart  # of came - said, against all others


def said_apart(p: Floats, hit: Bools, inside: Bools, blocks: Ints | None = None) -> Said:
    """Whether a group's probabilities miss what came by more, or to another side, than those of all others.

    The spread is what the probabilities themselves expect, times how far they are exceeded overall: a group with rarer hits spreads less, and a few
    hits are no measure of a spread.

    >>> p, hit = np.full(400, 0.5), np.arange(400) % 2 == 0
    >>> inside = np.arange(400) < 200
    >>> round(said_apart(np.where(inside, 0.3, 0.5), hit, inside).apart.gap, 6)
    0.2
    """
    from scipy.special import ndtr

    off = hit - p
    a, b = float(off[inside].mean()), float(off[~inside].mean())
    n, m = int(inside.sum()), int((~inside).sum())
    some = design_effect(off - np.where(inside, a, b), blocks)
    varies = p * (1 - p)
    beyond = max(1.0, float((off**2).sum() / max(float(varies.sum()), 1e-12))) * some
    one, other = beyond * float(varies[inside].sum()) / n**2, beyond * float(varies[~inside].sum()) / m**2
    error = math.sqrt(one + other)
    gap, own = a - b, 1.96 * math.sqrt(one)
    p_value = 2 * float(ndtr(-abs(gap) / error)) if error > 0 else 1.0
    found = Apart(n, a, a - own, a + own, m, b, gap, gap - 1.96 * error, gap + 1.96 * error, p_value, error)
    z = spiegelhalter(p[inside], hit[inside].astype(float), None, some)
    return Said(float(p[inside].mean()), float(hit[inside].mean()), z, found)


# ------------------------------------------------------------------------------------------------------ thresholds


@dataclass(frozen=True)
class Traded:
    """What a rule of choosing comes to: how often it is right, the lowest share chosen by the highest, the largest gap of those true."""

    right: float
    ratio: float
    gap: float


def traded(chosen: Bools, hit: Bools, code: Ints) -> Traded:
    """The price and the evenness of a choice [n], over the groups numbered in `code`; rows below 0 are in none.

    >>> traded(np.array([True, False, True, True]), np.array([True, False, True, False]), np.array([0, 0, 1, 1]))
    Traded(right=0.75, ratio=0.5, gap=0.0)
    """
    groups = range(int(code.max()) + 1)
    shares = [float(chosen[code == g].mean()) for g in groups]
    true = [float(chosen[(code == g) & hit].mean()) for g in groups if (hit & (code == g)).any()]
    ratio = min(shares) / max(shares) if max(shares) > 0 else 1.0
    return Traded(float((chosen == hit)[code >= 0].mean()), ratio, max(true) - min(true) if true else 0.0)


def own_thresholds(p: Floats, hit: Bools, code: Ints, half: Ints, *, among_true: bool) -> Bools:
    """The choice [n] if each group had a threshold of its own, so that equal shares are chosen: of all its rows, or of those that are true.

    A threshold is learnt on one half of the rows and used on the other. The common share is what 0.5 chooses overall (Hardt, Price & Srebro
    2016: equal opportunity is the second).
    """
    chosen = np.zeros(len(p), dtype=bool)
    for part in (0, 1):
        learnt = (half == part) & (code >= 0) & (hit | (not among_true))
        if not learnt.any():
            continue
        share = float((p[learnt] > 0.5).mean())
        for g in range(int(code.max()) + 1):
            own = p[learnt & (code == g)]
            limit = float(np.quantile(own, 1 - share)) if len(own) else 0.5
            used = (half != part) & (code == g)
            chosen[used] = p[used] > limit
    return chosen
