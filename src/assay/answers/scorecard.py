"""What is every cell of every column worth, so that a person can add up an answer by hand?

A scorecard: for each column its bands or names with the points they bring, for each pair of columns that counts together a grid, and base
points. Additive models are steps along each column, so a blend of them, fold models included, is again steps, on all their edges together: the
exact tables add up to the model's own score. What people read is rounded to whole steps of a unit, and neighbours that bring the same
are one band; by how much a sum can be off by that is told. What is no sum of steps is refused.

Points are those of `Explanation.points`: 600 are odds of 50 to one, 20 more double them (Siddiqi 2006). Of counts 20 more double the
expected count, and 0 stand for one; values are told in their own unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import CLOCK, Dataset, Floats, Ints, plain_day
from assay.kernel.errors import RequestError
from assay.kernel.forms import Feature
from assay.kernel.plan import Plan
from assay.kernel.plugins import Codec
from assay.kernel.words import Say, refusal
from assay.kernel.written_orders import words_in
from assay.search.ensemble import Ensemble
from assay.trees.shapes import Axis, HasShapes

DOUBLE, AT, ODDS = 20, 600, 50
STEPS = 1_000  # of a value's reach: the unit that values are rounded to is the power of ten below
MOST_CELLS = 2_000_000  # of all grids together
KINDS = ("number", "category", "flag", "date")  # of columns whose numbers say the same to every fold
UNITS = {
    "classes": 1.0,
    "counts": 0.1,
}  # to which points are rounded: whole ones are what scorecards have; tenths where a sum could be off by half of what doubles
SINGLE = ("value", "counts", "quantiles")


@dataclass(frozen=True, eq=False)
class Side:
    """One column of a table: where its cells begin and end, or which names they are."""

    feature: str  # as it is called
    part: str  # the data column it is made of
    axis: Axis
    names: tuple[str, ...] = ()  # of codes, the last of them all others
    kind: str = ""  # of the data column: "flag", "date", with its variant where cells are called by that

    def cells(self) -> list[str | Say]:
        """What each cell is called."""
        if self.axis.edges is None:
            told: list[str | Say] = [name or Say("answers", "missing") for name in self.names]
            return [*told, Say("answers", "card.others")]
        return [*self.bands([(k, k) for k in range(self.axis.size - 1)]), Say("answers", "missing")]

    def bands(self, runs: Sequence[tuple[int, int]]) -> list[str | Say]:
        """What runs of cells of numbers, first and last, are called."""
        edges = self.axis.edges
        assert edges is not None
        out: list[str | Say] = []
        for first, last in runs:
            ends = (-math.inf if first == 0 else edges[first - 1], math.inf if last >= len(edges) else edges[last])
            low, high = (self._written(float(end)) if math.isfinite(end) else None for end in ends)
            if words := [word for place, word in enumerate(words_in(self.kind), 1) if ends[0] < place <= ends[1]]:
                out.append(" – ".join(dict.fromkeys((words[0], words[-1]))))
            elif self.kind == "flag":
                keys = ["card.no"] * (first == 0) + ["card.yes"] * (last >= len(edges))
                out.append(Say("answers", keys[0]) if len(keys) == 1 else Say("answers", "card.any"))
            elif low is None or high is None:
                key = "card.any" if low is high else "card.up_to" if low is None else "card.above"
                out.append(Say("answers", key, {"x": high if low is None else low}))
            else:
                out.append(Say("answers", "card.between", {"low": low, "high": high}))
        return out

    def _written(self, edge: float) -> str:
        if self.kind in ("date", CLOCK) and self.feature.endswith("(days)"):
            return plain_day(edge, self.kind)
        return "0" if abs(edge) < TINY else f"{edge:.10g}"


TINY = 1e-30  # by as little LightGBM parts zero from what is above it


@dataclass(frozen=True, eq=False)
class Table:
    """The points of one column, or of a pair."""

    sides: tuple[Side, ...]
    points: Floats  # [cells] or [cells, cells], exact

    @property
    def reach(self) -> float:
        """From the least to the most points."""
        return float(np.ptp(self.points))


@dataclass(frozen=True, eq=False)
class Runs:
    """A rounded table: neighbouring cells that bring the same are one."""

    table: Table
    names: tuple[list[str | Say], ...]  # of each side
    points: Floats


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Base points and tables that add up to the model's score."""

    tables: tuple[Table, ...]  # single columns by their reach, then pairs by theirs
    base: float
    unit: Say  # what a point is
    step: float  # to which people's tables are rounded
    factor: float  # points of one of the raw score
    start: float  # points of a raw score of zero
    target: str
    border: float | None = None  # points above which the class is answered, where mistakes have costs

    @property
    def loss(self) -> float:
        """Points by which a sum of rounded ones can be off at most."""
        return self.step / 2 * (len(self.tables) + 1)

    def rounded(self, table: Table) -> Runs:
        """The table in whole steps, like neighbours together; names stay, the greatest points first."""
        points = np.round(table.points / self.step) * self.step + 0.0
        names = []
        for place, side in enumerate(table.sides):
            if side.axis.edges is None:
                names.append(side.cells())
                continue
            flat = np.moveaxis(points, place, 0)
            known = flat[:-1].reshape(side.axis.size - 1, -1)
            starts = np.flatnonzero(np.append(True, (np.diff(known, axis=0) != 0).any(axis=1)))
            stops = np.append(starts[1:], len(known)) - 1
            names.append(
                [*side.bands(list(zip(starts.tolist(), stops.tolist(), strict=True))), Say("answers", "missing")]
            )
            points = np.moveaxis(np.concatenate([flat[starts], flat[-1:]]), 0, place)
        if len(table.sides) == 1 and table.sides[0].axis.edges is None:
            order = np.argsort(-points, kind="stable")
            names = [[names[0][k] for k in order.tolist()]]
            points = points[order]
        return Runs(table, tuple(names), points)

    def of(self, values: Sequence[tuple[Ints, ...]], rounded: bool = False) -> Floats:
        """Points [n] of rows whose cells in each table are known: base and all that is found in the tables."""
        step = self.step
        total = np.full(len(values[0][0]) if values else 1, round(self.base / step) * step if rounded else self.base)
        for table, cells in zip(self.tables, values, strict=True):
            points = np.round(table.points / step) * step if rounded else table.points
            total = total + points[cells]
        return total

    def score(self, points: Floats) -> Floats:
        """The raw score that points stand for."""
        return (points - self.start) / self.factor


def scorecard(ensemble: Ensemble, plan: Plan, codec: Codec, empty: Dataset) -> Scorecard:
    """The card of an ensemble of additive models; `empty` is an opened table of its columns without rows.

    Raises RequestError where a member is no sum of steps, or where there are more than two classes.
    """
    head = ensemble.head
    if head.width != 1 or (head.name not in SINGLE and not (head.name == "classes" and len(codec.labels) == 2)):
        raise refusal(RequestError, "answers", "no_card", task=plan.task)
    others = [m.name for m in ensemble.members if not all(isinstance(f, HasShapes) for f in m.folds)]
    if others:
        raise refusal(RequestError, "answers", "not_additive", names=others, n=len(others))
    sign, factor, start, unit = _points(head.name, plan, codec.labels)
    border = None
    if codec.costs:
        border = start - sign * factor * float(codec.shifted(np.zeros((1, 1)))[0, 0])
        unit = Say("answers", "card.odds_above", {**unit.values, "border": border})
    features = [encoders.features(empty) for encoders in ensemble.encoders]
    sides = _sides(ensemble, features, plan)
    unsaid = sorted({side.part for side in sides.values() if side.kind.partition(":")[0] not in KINDS})
    if unsaid:
        raise refusal(RequestError, "answers", "unsaid_card", names=unsaid, n=len(unsaid))
    scale = float(np.asarray(ensemble.calibration.by_column).ravel()[0])
    raw, found = float(ensemble.calibration.shift[0]), dict[tuple[str, ...], Floats]()
    share = scale / len(ensemble.encoders)
    cells = 0
    for member in ensemble.members:
        for fold, fitted in enumerate(member.folds):
            assert isinstance(fitted, HasShapes)
            raw += share * member.weight * float(fitted.shapes.base[0])
            for term in fitted.shapes.terms:
                own = features[fold]
                keys = tuple(own[axis.feature].name for axis in term.axes)
                if keys not in found:
                    size = tuple(sides[key].axis.size for key in keys)
                    cells += math.prod(size) if len(size) > 1 else 0
                    if cells > MOST_CELLS:
                        raise refusal(RequestError, "answers", "large_card", most=MOST_CELLS)
                    found[keys] = np.zeros(size)
                places = [
                    _places(sides[key], own[axis.feature], axis) for key, axis in zip(keys, term.axes, strict=True)
                ]
                found[keys] += share * member.weight * term.values[np.ix_(*places)][..., 0]
    tables = [Table(tuple(sides[key] for key in keys), sign * factor * values) for keys, values in found.items()]
    tables.sort(key=lambda table: (len(table.sides), -table.reach))
    reach = sum(table.reach for table in tables)
    step = UNITS.get(head.name) or 10.0 ** math.floor(math.log10(max(reach, 1e-300) / STEPS))
    if head.name in UNITS and step * (len(tables) + 1) > DOUBLE:  # many small errors are a large one
        step = UNITS[head.name] / 10
    base = start + sign * factor * raw
    return Scorecard(tuple(tables), base, unit, step, sign * factor, start, plan.target, border)


def cells_of(card: Scorecard, ensemble: Ensemble, data: Dataset) -> list[tuple[Ints, ...]]:
    """The cells of opened rows in each table, found by the data alone: a number in its band, a name by its name."""
    values: dict[str, Floats] = {}
    for encoders in ensemble.encoders:  # one fold may know a cycle of a date, or its hour, that another does not
        vector = encoders.vector(data)
        values |= {feature.name: vector.values[:, place] for place, feature in enumerate(vector.features)}
    out = []
    for table in card.tables:
        found = []
        for side in table.sides:
            if side.axis.edges is None:
                at = {name: k for k, name in enumerate(side.names)}
                texts = data[side.part].texts()
                found.append(np.asarray([at.get("" if text is None else str(text), len(at)) for text in texts]))
            else:
                found.append(side.axis.cells(values[side.feature]))
        out.append(tuple(found))
    return out


def _points(head: str, plan: Plan, labels: Sequence[str]) -> tuple[float, float, float, Say]:
    """(sign, points of one of the raw score, points of zero, what a point is)"""
    factor = DOUBLE / math.log(2.0)
    if head == "classes":
        label = plan.favourable if plan.favourable in labels else labels[1]
        said = {"double": DOUBLE, "at": AT, "odds": ODDS, "label": label}
        return (
            (1.0 if label == labels[1] else -1.0),
            factor,
            AT - factor * math.log(ODDS),
            Say("answers", "card.odds", said),
        )
    said = {"target": plan.target, "double": DOUBLE}
    if head == "counts":
        return 1.0, factor, 0.0, Say("answers", "card.counts", said)
    return 1.0, 1.0, 0.0, Say("answers", "card.value", said)


def _sides(ensemble: Ensemble, features: Sequence[tuple[Feature, ...]], plan: Plan) -> dict[str, Side]:
    """The cells of each feature: all edges, or all names, of all folds and members."""
    edges: dict[str, list[Floats]] = {}
    names: dict[str, dict[str, None]] = {}
    part: dict[str, str] = {}
    kinds = {c.name: c.kind if c.kind == CLOCK or words_in(c.kind) else c.kind.partition(":")[0] for c in plan.columns}
    for member in ensemble.members:
        for fold, fitted in enumerate(member.folds):
            assert isinstance(fitted, HasShapes)
            for axis in (axis for term in fitted.shapes.terms for axis in term.axes):
                feature = features[fold][axis.feature]
                part[feature.name] = feature.part
                if feature.kind == "code":
                    names.setdefault(feature.name, {}).update(dict.fromkeys(feature.levels))
                elif axis.edges is not None:
                    edges.setdefault(feature.name, []).append(axis.edges)
    out = {}
    for name, found in edges.items():
        axis = Axis(feature=0, edges=np.unique(np.concatenate(found)))
        out[name] = Side(name, part[name], axis, kind=kinds.get(part[name], ""))
    for name, levels in names.items():
        axis = Axis(feature=0, edges=None, codes=len(levels))
        out[name] = Side(name, part[name], axis, tuple(levels), kinds.get(part[name], ""))
    return out


def _places(side: Side, feature: Feature, axis: Axis) -> Ints:
    """The cell along a fold's own axis of each cell of the side."""
    if side.axis.edges is not None and axis.edges is not None:
        ends = side.axis.examples()[:-1]  # the upper end of each cell as it is: an end of hardly below zero is not zero
        return np.append(np.searchsorted(axis.edges, ends, side="left"), axis.size - 1)
    own = {name: code for code, name in enumerate(feature.levels)}
    codes = [own.get(name, len(own)) for name in side.names]
    return axis.cells(np.asarray([*codes, len(own)], dtype=np.float64))
