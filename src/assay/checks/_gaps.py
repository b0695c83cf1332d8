"""How far do the groups of a sensitive column lie apart, in figures?

What is compared, tested and put in order for the check of fairness; it says nothing. Sources stand there and in `assay.stats.disparities`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.kernel.data import Bools, Column, Floats, Ints
from assay.kernel.findings import Measure
from assay.kernel.plugins import Evidence
from assay.stats.disparities import Apart, Said, means_apart, rates_apart, said_apart
from assay.stats.slices import groups_of
from assay.stats.tests import holm

from ._proxies import Told

LEAST = 30  # rows of a group that is judged
LEAST_OF = 10  # rows of a class in the group and outside, for the rates among them
LEVEL = 0.04  # of a family of gaps; with that of proxies 0.05 in all
FOUR_FIFTHS = 0.8
GAP = 0.1  # between shares
OFF, GRAVE = 0.05, 0.1  # probabilities against what came, compared with all others
SPREADS = 0.2  # standard deviations, from which a gap of means is large (Cohen 1988: small, but real)
SPREADS_OF_ANSWERS = 0.5
MOST_CLASSES, MOST_NAMED = 8, 5


@dataclass(frozen=True, eq=False)
class Cut:
    """One sensitive column: the group of each row (below 0 is none that is judged), and who is too few."""

    name: str
    code: Ints  # [n]
    labels: tuple[str, ...]
    small: tuple[tuple[str, int], ...]
    bands: bool  # numbers or dates that were cut into fifths


@dataclass(frozen=True, eq=False)
class Unit:
    """One class: where it is chosen, how probable it was said to be, where it is true."""

    label: str
    chosen: Bools  # [n]
    p: Floats  # [n]
    true: Bools  # [n]


@dataclass(frozen=True, eq=False)
class Gap:
    """One figure of one group, compared with all others."""

    key: str
    column: str
    group: int
    label: str
    of: str  # the class, "" for the answer as a whole
    apart: Apart
    size: float  # against what is called large: 1 is the limit
    tested: bool = True  # of two groups one is: the other's gap is the same
    said: Said | None = None
    kept: bool = False  # surely not by chance

    @property
    def large(self) -> bool:
        """Sure, and so large that a person should look."""
        return self.kept and self.size > 1 and self.key != "answer"

    @property
    def grave(self) -> bool:
        """Probabilities surely off by so much that no notion of fairness allows it."""
        return (
            self.kept and self.key == "calibration" and min(abs(self.apart.gap_low), abs(self.apart.gap_high)) > GRAVE
        )


def cut_of(column: Column) -> Cut:
    """Groups of LEAST rows; the names of those that are smaller, the largest first."""
    found = groups_of(column, 1)
    if found is None:
        return Cut(column.name, np.full(len(column), -1), (), (), False)
    n = np.bincount(found.code[found.code >= 0], minlength=len(found.labels))
    kept = [g for g in range(len(found.labels)) if n[g] >= LEAST]
    place = np.full(len(found.labels) + 1, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    small = sorted(((found.labels[g], int(n[g])) for g in np.flatnonzero((n < LEAST) & (n > 0))), key=lambda s: -s[1])
    if column.store == "words":
        assert column.levels is not None
        count = np.bincount(column.cells[~column.missing], minlength=len(column.levels))
        rest = [
            c for c in np.argsort(-count, kind="stable") if count[c] > 0 and str(column.levels[c]) not in found.labels
        ]
        small += [(str(column.levels[c]), int(count[c])) for c in rest if count[c] < LEAST]
    distinct = column.distinct
    bands = column.store != "words" and distinct > len([label for label in found.labels if label != "–"])
    labels = tuple(found.labels[g] for g in kept)
    return Cut(column.name, place[found.code], labels, tuple(small), bands)


def of_two(evidence: Evidence) -> bool:
    return len(evidence.codec.labels) == 2 and evidence.y.ndim == 1


def units_of(evidence: Evidence) -> list[Unit]:
    """The class said to favour a person; else of two the second, of more each of the most frequent. None where the answer is a value."""
    labels, y = evidence.codec.labels, evidence.y
    named = [labels.index(label) for label in labels if label == evidence.plan.favourable]
    if not labels:
        return []
    p = evidence.answers()
    if y.ndim > 1:
        order = named or np.argsort(-y.sum(axis=0), kind="stable")[:MOST_CLASSES].tolist()
        return [Unit(labels[k], p[:, k] > 0.5, p[:, k], y[:, k] == 1) for k in order]
    top = evidence.classes()
    count = np.bincount(y, minlength=len(labels))
    order = named or [1] if len(labels) == 2 else named or np.argsort(-count, kind="stable")[:MOST_CLASSES].tolist()
    return [Unit(labels[k], top == k, p[:, k], y == k) for k in order]


# ------------------------------------------------------------------------------------------------------------ gaps


def of_group(cut: Cut, g: int, hit: Bools, blocks: Ints | None, among: Bools | None = None) -> Apart:
    """A share of a group's rows against that of the other groups', of some rows only where `among` names them."""
    rows = cut.code >= 0 if among is None else (cut.code >= 0) & among
    return rates_apart(hit[rows], cut.code[rows] == g, _some(blocks, rows))


def _some(blocks: Ints | None, rows: Bools) -> Ints | None:
    return None if blocks is None else blocks[rows]


def gaps_of(cut: Cut, units: list[Unit], blocks: Ints | None, evidence: Evidence) -> list[Gap]:
    """Every figure of every group of one column."""
    out = []
    for g, label in enumerate(cut.labels):
        found: list[tuple[str, str, Apart, float, Said | None]] = []
        for unit in units:
            found += [(unit.label, *one) for one in _class_gaps(cut, g, unit, blocks)]
        if not units:
            found += [("", *one) for one in _value_gaps(cut, g, blocks, evidence)]
        if units:
            wrong = _wrong(evidence)
            apart = of_group(cut, g, wrong, blocks)
            found.append(("", "error", apart, abs(apart.gap) / GAP, None))
        tested = len(cut.labels) > 2 or g == 0
        out += [
            Gap(key=key, column=cut.name, group=g, label=label, of=of, apart=a, size=size, tested=tested, said=said)
            for of, key, a, size, said in found
        ]
    return out


def _class_gaps(cut: Cut, g: int, unit: Unit, blocks: Ints | None) -> list[tuple[str, Apart, float, Said | None]]:
    inside, counted = cut.code == g, cut.code >= 0
    chosen = of_group(cut, g, unit.chosen, blocks)
    out: list[tuple[str, Apart, float, Said | None]] = [("selection", chosen, _of_ratio(chosen), None)]
    for key, among in (("tpr", unit.true), ("fpr", ~unit.true)):
        if min((among & inside).sum(), (among & counted & ~inside).sum()) >= LEAST_OF:
            apart = of_group(cut, g, unit.chosen, blocks, among)
            out.append((key, apart, abs(apart.gap) / GAP, None))
    said = said_apart(unit.p[counted], unit.true[counted], inside[counted], _some(blocks, counted))
    out.append(("calibration", said.apart, abs(said.apart.gap) / OFF, said))
    return out


def _of_ratio(apart: Apart) -> float:
    """How far a ratio of shares lies beyond four fifths, 1 at the limit; where one side is never chosen, by the gap."""
    if apart.ratio is None:
        return abs(apart.gap) / GAP
    return abs(math.log(apart.ratio[0])) / -math.log(FOUR_FIFTHS)


def _value_gaps(
    cut: Cut, g: int, blocks: Ints | None, evidence: Evidence
) -> list[tuple[str, Apart, float, Said | None]]:
    """Of values the mean error, its size and the answer; of quantiles who does not exceed them, and the task's own loss."""
    rows = cut.code >= 0
    inside, own = (cut.code == g)[rows], _some(blocks, rows)
    answer, y = evidence.answers()[rows, 0], np.asarray(evidence.y, dtype=np.float64)[rows]
    head = evidence.task.head(evidence.codec).name
    out: list[tuple[str, Apart, float, Said | None]] = []
    if head == "quantiles":
        below = rates_apart(y <= answer, inside, own)
        out.append(("below", below, abs(below.gap) / GAP, None))
    else:
        out.append(_mean("bias", y - answer, inside, own, SPREADS))
    # The absolute error of counts grows with them, their deviance hardly: where more is expected, the model is not worse.
    loss = np.abs(y - answer) if head == "value" else evidence.losses()[rows]
    out.append(_mean("mae" if head == "value" else "loss", loss, inside, own, SPREADS))
    out.append(_mean("answer", answer, inside, own, SPREADS_OF_ANSWERS))
    return out


def _mean(key: str, values: Floats, inside: Bools, blocks: Ints | None, limit: float) -> tuple[str, Apart, float, None]:
    apart = means_apart(values, inside, blocks)
    return key, apart, abs(apart.gap) / (limit * (float(values.std()) or 1.0)), None


def _wrong(evidence: Evidence) -> Bools:
    """Rows whose answer is wrong [n]: of several labels, in any."""
    answers, y = evidence.answers(), evidence.y
    return np.asarray(((answers > 0.5) != (y == 1)).any(axis=1) if y.ndim > 1 else evidence.classes() != y)


def tested(gaps: list[Gap]) -> list[Gap]:
    """Which are no chance, all accounted for; of two groups both are or neither is."""
    tested = [gap for gap in gaps if gap.tested]
    kept = holm(np.asarray([gap.apart.p for gap in tested], dtype=float), LEVEL)
    sure = {(gap.column, gap.of, gap.key, gap.group) for gap, keep in zip(tested, kept, strict=True) if keep}
    return [replace(gap, kept=(gap.column, gap.of, gap.key, gap.group if gap.tested else 0) in sure) for gap in gaps]


def order_of(gap: Gap) -> tuple[float, int, int]:
    """The largest first; of two that are the same gap, the group that is chosen less, or is smaller."""
    lower = gap.key in ("selection", "tpr") and gap.apart.gap < 0
    return (-round(gap.size, 6), 0 if lower else 1, gap.apart.n)


def one_a_notion(gaps: list[Gap]) -> list[Gap]:
    """The largest gap of each figure of each column and class."""
    seen: dict[tuple[str, str, str], Gap] = {}
    for gap in gaps:
        seen.setdefault((gap.column, gap.of, gap.key), gap)
    return list(seen.values())


def weakest_of(gaps: list[Gap], key: str) -> Gap | None:
    """The group in which the largest gap of one figure would go unseen; None where nobody was asked for it."""
    return max((gap for gap in gaps if gap.key == key), key=lambda gap: gap.apart.error, default=None)


def least_seen(gap: Gap, gaps: list[Gap]) -> float:
    return gap.apart.least(LEVEL / max(1, sum(one.tested for one in gaps)))


def worst(gaps: list[Gap]) -> list[Measure]:
    """The lowest ratio of shares chosen, the lower by the higher, and the largest gap where a class is true or not: for limits."""
    out = []
    shares = [gap.apart for gap in gaps if gap.key == "selection" and max(gap.apart.here, gap.apart.there) > 0]
    if shares:
        one = min(shares, key=_lower_by_higher)
        low, high = (None, None) if one.ratio is None else one.ratio[1:]
        if low is not None and high is not None and one.gap > 0:
            low, high = 1 / high, 1 / low
        out.append(
            Measure(name="least_ratio", value=_lower_by_higher(one), low=low, high=high, n=one.n, better="higher")
        )
    rates = [gap.apart for gap in gaps if gap.key in ("tpr", "fpr")]
    if rates:
        one = max(rates, key=lambda apart: abs(apart.gap))
        low, high = (one.gap_low, one.gap_high) if one.gap >= 0 else (-one.gap_high, -one.gap_low)
        out.append(Measure(name="largest_gap", value=abs(one.gap), low=low, high=high, n=one.n, better="lower"))
    return out


def _lower_by_higher(apart: Apart) -> float:
    return min(apart.here, apart.there) / max(apart.here, apart.there)


# --------------------------------------------------------------------------------------------------------- proxies


def best_told(found: Sequence[Told]) -> list[Told]:
    """Of each column the group it tells best, the best first."""
    best: dict[str, Told] = {}
    for told in found:
        if told.name not in best or told.auc > best[told.name].auc:
            best[told.name] = told
    return sorted(best.values(), key=lambda told: -told.auc)


def area_of(cut: Cut, told: Told) -> dict[str, object]:
    """What is said of an area."""
    return {"column": cut.name, "label": cut.labels[told.group], "auc": told.auc, "low": told.low, "high": told.high}


def areas_of(cut: Cut, best: list[Told], whole: list[Told]) -> list[Measure]:
    alone = [_measure(f"proxy: {cut.name} by {told.name}", told) for told in best[:MOST_NAMED]]
    return [*alone, *(_measure(f"proxies: {cut.name}", told) for told in whole[:1])]


def _measure(name: str, told: Told) -> Measure:
    return Measure(name=name, value=told.auc, low=told.low, high=told.high, n=told.n, constant=0.5)
