"""How far does a combination of cells single out a row, and what does it give away even where it does not?

Codes of cells in, numbers out. Who is alone in a sample need not be alone among all people: how often a match with a row that is alone is
the right person is estimated from how many rows are alone and how many come in pairs (data intrusion simulation; Skinner & Elliot 2002).
Rows that several share are no shield where all of them bear one answer (l-diversity; Machanavajjhala, Kifer, Gehrke &
Venkitasubramaniam 2007).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Ints


def joined(codes: Sequence[Ints]) -> Ints:
    """The number of the combination of each row [n], of columns of codes from -1 [n]."""
    code = np.zeros(len(codes[0]), dtype=np.int64)
    for one in codes:  # joined pair by pair, so that numbers stay small
        code = np.unique(code * (int(one.max()) + 2) + one + 1, return_inverse=True)[1]
    return code


def shared(codes: Sequence[Ints]) -> Ints:
    """How many rows bear the combination of each row, itself among them: [n].

    >>> shared([np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])]).tolist()
    [2, 2, 1, 1]
    """
    code = joined(codes)
    return np.asarray(np.bincount(code)[code])


def right_match(sizes: Ints, part: float) -> tuple[float, float, float] | None:
    """How often whoever is found alone in the sample is the person that was looked for, with its interval of 95 %.

    sizes : rows that bear the combination of each row [n]
    part  : share of all people that the sample holds, drawn by chance

    None where no row is alone. Of a person drawn from all people whose combination one row of the sample alone bears.
    The interval takes the counts of rows alone and of pairs as Poisson.

    >>> round(right_match(np.repeat([1, 2], [50, 100]), 0.1)[0], 2)
    0.05
    """
    alone, pairs = float((sizes == 1).sum()), float((sizes == 2).sum()) / 2
    if not alone:
        return None
    rest = 2 * (1 - part) / part
    found, odds = alone / (alone + pairs * rest), alone / max(pairs, 0.5)
    spread = math.exp(1.96 * math.sqrt(1 / alone + 1 / max(pairs, 0.5)))
    return found, odds / spread / (odds / spread + rest), max(found, odds * spread / (odds * spread + rest))


@dataclass(frozen=True)
class Diverse:
    """What combinations that several rows share tell of the answer."""

    least: int  # fewest different answers of a combination that two rows share at least: l
    alike: float  # share of all rows in such combinations all of which bear one answer
    chance: float  # the same if answers had nothing to do with combinations


def diversity(code: Ints, y: Ints) -> Diverse | None:
    """How many answers [n] the rows of each combination [n] bear; None where no two rows share one.

    >>> diversity(np.array([0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1]))
    Diverse(least=1, alike=0.4, chance=0.416)
    """
    n, answers = len(code), int(y.max()) + 1
    table = np.zeros((int(code.max()) + 1, answers), dtype=np.int64)
    np.add.at(table, (code, y), 1)
    size, distinct = table.sum(axis=1), (table > 0).sum(axis=1)
    several = size >= 2
    if not several.any():
        return None
    p = np.bincount(y, minlength=answers) / n
    by_chance = (p[None, :] ** size[several][:, None]).sum(axis=1)
    return Diverse(
        int(distinct[several].min()),
        float(size[several & (distinct == 1)].sum()) / n,
        round(float((size[several] * by_chance).sum()) / n, 12),
    )


def telling(codes: Sequence[Ints], most: int) -> list[tuple[tuple[int, ...], float]]:
    """The pairs and triples of columns that leave most rows alone, the most telling first: (places, share of rows alone).

    Triples are the best pairs with a third column, which finds the best one nearly always and costs a hundredth.
    """

    def alone(places: tuple[int, ...]) -> float:
        return float((shared([codes[j] for j in places]) == 1).mean())

    pairs = [((i, j), alone((i, j))) for i in range(len(codes)) for j in range(i)]
    pairs.sort(key=lambda found: -found[1])
    sets = {tuple(sorted((*pair, k))) for pair, _ in pairs[:most] for k in range(len(codes)) if k not in pair}
    triples = sorted(((one, alone(one)) for one in sorted(sets)), key=lambda found: -found[1])
    return [*pairs[:1], *triples[:1]]
