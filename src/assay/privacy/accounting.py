"""How much noise keeps a promise of (ε, δ), and who vouches for it?

Everything that private training releases of the rows is a sum with Gaussian noise, each chosen in the light of those before. Such
a chain is exactly as private as one Gaussian mechanism whose squared ratio of sensitivity to noise is the sum of theirs (Dong, Roth &
Su 2022, corollary 2), and the δ of that one at a given ε is known in closed form (Balle & Wang 2018). Where each sum is over rows that
were drawn anew (Poisson sampling), the closed form holds in the limit of many steps alone (Bu, Dong, Long & Su 2020) and says too
little. What is promised is what Google's dp-accounting says of the same chain; the formula only finds where to ask.

The noise is that of real numbers: attacks on the last bits of floating-point noise (Mironov 2012) are outside what is promised.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from ..kernel.need import need

SLACK = 1e-5  # share of the asked ε by which the formula stays below it, so that the accountant's rounding up is not above it
AGAIN = 8  # times that less is spent
DELTA = 1e-6  # where none is given: a constant, since one made of the number of rows would tell that number


@dataclass(frozen=True)
class Release:
    """A sum over rows, released `times` with Gaussian noise of `sigma` times what one row can change of it (Euclidean norm).

    With a `rate` below 1 each time is over rows of its own, every row being drawn with that probability by itself.
    """

    name: str
    sigma: float
    times: int = 1
    rate: float = 1.0

    @property
    def spent(self) -> float:
        """Its squared ratio of sensitivity to noise, all times together; of rows that were drawn, in the limit of many times."""
        return self.times / self.sigma**2 if self.rate == 1.0 else _limit(self.sigma, self.times, self.rate)


@dataclass(frozen=True)
class Guarantee:
    """What the accountant says of a chain of releases."""

    epsilon: float
    delta: float
    accountant: str


def delta_of(epsilon: float, ratio: float) -> float:
    """The least δ of one Gaussian mechanism at ε (Balle & Wang 2018, theorem 8); `ratio` is its sensitivity over its noise.

    >>> round(delta_of(1.0, 0.2367), 9)
    1e-06
    """
    from scipy.stats import norm

    second = epsilon + float(norm.logcdf(-ratio / 2 - epsilon / ratio))  # e^ε alone may not be a finite number
    return float(norm.cdf(ratio / 2 - epsilon / ratio)) - math.exp(second)


def ratio_for(epsilon: float, delta: float) -> float:
    """The largest ratio of sensitivity to noise that keeps (ε, δ): δ rises with it, so it is found by halving.

    >>> round(ratio_for(1.0, 1e-6), 4)
    0.2367
    """
    low, high = 0.0, 1.0
    while delta_of(epsilon, high) < delta:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if delta_of(epsilon, middle) <= delta else (low, middle)
    return low


def sigma_for(ratio: float, share: float, times: int = 1, rate: float = 1.0) -> float:
    """The noise, in sensitivities, of a release that may spend a share of the squared ratio, `times` together.

    >>> round(sigma_for(0.2, 0.5, 100), 2), round(sigma_for(0.2, 0.5, 100, 0.1), 2)
    (70.71, 7.11)
    """
    if rate == 1.0 or not math.isfinite(ratio):
        return math.sqrt(times / share) / ratio
    return 1 / math.sqrt(math.log1p(share * ratio**2 / (rate**2 * times)))


def _limit(sigma: float, times: int, rate: float) -> float:
    """The squared ratio of the one mechanism that many sampled ones come to (Bu, Dong, Long & Su 2020)."""
    return rate**2 * times * math.expm1(1 / sigma**2)


def vouched(chains: Sequence[Sequence[Release]], delta: float) -> Guarantee:
    """The ε that dp-accounting's privacy loss distributions give at δ to chains that each see rows of their own.

    One row is in one chain alone, so the dearest chain is the price of all (parallel composition; McSherry 2009).

    Raises MissingPackage.
    """
    dp = need("dp_accounting", extra="private")
    pld = need("dp_accounting.pld", extra="private")
    found = 0.0
    for chain in chains:
        accountant = pld.PLDAccountant(dp.NeighboringRelation.ADD_OR_REMOVE_ONE)
        for release in chain:
            event = dp.GaussianDpEvent(release.sigma)
            one = event if release.rate == 1.0 else dp.PoissonSampledDpEvent(release.rate, event)
            accountant.compose(dp.SelfComposedDpEvent(one, release.times))
        found = max(found, float(accountant.get_epsilon(delta)))
    return Guarantee(found, delta, f"dp-accounting {version('dp-accounting')} (PLD)")


def budgeted(
    epsilon: float, delta: float, chains: Callable[[float], Sequence[Sequence[Release]]]
) -> tuple[float, Guarantee]:
    """The ratio of sensitivity to noise that chains may spend, and what the accountant says of them: never more than ε.

    It rounds up, by most where ε and δ are tiny, so less is spent until it agrees; where it never does, what it says stands.

    Raises MissingPackage.
    """
    aim = epsilon * (1 - SLACK)
    ratio = ratio_for(aim, delta)
    found = vouched(chains(ratio), delta)
    for _ in range(AGAIN):
        if found.epsilon <= epsilon:
            break
        aim *= epsilon / found.epsilon * (1 - SLACK)
        ratio = ratio_for(aim, delta)
        found = vouched(chains(ratio), delta)
    return ratio, found


def secret() -> np.random.Generator:
    """Noise that nobody can make again: seeded with 256 bits of the operating system's randomness, which are not kept."""
    return np.random.Generator(np.random.PCG64DXSM(int.from_bytes(os.urandom(32), "big")))
