"""Which figures does the leakage check judge by?

Each probe looks at the table in one way and gives plain numbers; what they mean is said in leakage.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Column, Dataset, Floats, Ints
from assay.kernel.plugins import Evidence, ShowsCells, offers
from assay.kernel.rng import stream
from assay.kernel.shelf import shelf
from assay.stats import leaks, order
from assay.stats.alike import alike_rows
from assay.stats.tests import holm

from ._small import LEAST_ROWS, ROWS, Gap, forward_gap, grouped_gap, small
from ._telling import telling
from ._texts import read_as_text

MOST_ROWS = 20_000
MOST_CLASSES = 10
ID_LIKE = re.compile(
    r"(^|[\W_\u4e00-\u9fff])(id|ids|uid|udi|uuid|guid|key|nr|no|num|number|code|index|idx)$|编号|序号|号码|工号|学号",
    re.IGNORECASE,
)
THING_LIKE = re.compile(
    r"(^|[\W_\u4e00-\u9fff])(id|ids|uid|uuid|guid|key|no|nr)$|编号|号码|证号|[账帐卡工]号"
    r"|(学|学生|病历|病案|病人|患者|住院|门诊|就诊|客户|用户|会员|员工|被试|档案|合同|贷款|设备|车辆|车牌|户)号$"
    r"|^(用户|患者|病人|客户|学生|会员|员工|被试|受试者)(姓名)?$"
    r"|^(user|patient|customer|client|student|pupil|subject|person|member|employee|machine|device|unit|account|household|mrn)$"
    r"|(?-i:[a-z]I[dD]$)",  # userId
    re.IGNORECASE,
)
LEVEL = 0.01  # family-wise, for each probe that tests
ID_EXPLAINS = 0.03  # share of the spread from which an id's power is worth a word
MOST_GROUPS, MOST_ORDERS = 3, 2
EXAMPLES = 5  # pairs of rows that are nearly the same


def used(evidence: Evidence) -> tuple[str, ...]:
    """The columns the model may learn from."""
    return evidence.plan.names("feature") + evidence.plan.names("sensitive")


def targets(evidence: Evidence, y: NDArray[Any]) -> Floats:
    """The target as numbers [n, k]: its ranks, or one column of 0 and 1 a class (two classes need one)."""
    labels = len(evidence.codec.labels)
    if not labels:
        return order.ranks(np.asarray(y, dtype=np.float64))[:, None]
    if y.ndim > 1:
        return y[:, np.argsort(-y.sum(axis=0), kind="stable")[:MOST_CLASSES]].astype(np.float64)
    count = np.bincount(y[y >= 0], minlength=labels)
    kept = [1] if labels == 2 else np.argsort(-count, kind="stable")[:MOST_CLASSES].tolist()
    return np.column_stack([(y == k).astype(float) for k in kept])


@dataclass(frozen=True)
class Table:
    """The rows the probes look at: opened columns, the target as numbers, and the model's own share explained."""

    data: Dataset
    y: NDArray[Any]
    hot: Floats  # [n, k]
    explained: float  # by the whole model, on rows it never saw

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)


def truth_of(evidence: Evidence, y: NDArray[Any]) -> Floats:
    """What the answers [n, k] of classes or labels should have been: 0 and 1."""
    return np.asarray(y if y.ndim > 1 else np.eye(len(evidence.codec.labels))[y], dtype=np.float64)


def table_of(evidence: Evidence) -> Table:
    """All training rows as opened, in file order."""
    y = evidence.task.encode(evidence.raw[evidence.plan.target], evidence.codec)
    answers = evidence.answers()
    if evidence.codec.labels:
        truth = truth_of(evidence, evidence.y)
    else:
        truth = np.asarray(evidence.y, dtype=np.float64)[:, None]
    spread = float(((truth - truth.mean(axis=0)) ** 2).sum())
    explained = 1.0 - float(((truth - answers) ** 2).sum()) / spread if spread > 0 else 0.0
    return Table(evidence.raw, y, targets(evidence, y), explained)


# ------------------------------------------------------------------------------------------ one column tells all


@dataclass(frozen=True)
class Alone:
    """Share of the target's spread that a column explains alone, on rows it was not fitted to."""

    share: float
    words: tuple[str, ...] = ()  # by which, where it is a text


def columns_alone(evidence: Evidence, table: Table) -> list[str]:
    """The columns that may tell the answer alone: not pictures, of which each cell is a file and its name is not learnt from."""
    return [name for name in used(evidence) if not offers(table.data[name].kind, ShowsCells)]


def explained_alone(evidence: Evidence, table: Table) -> dict[str, Alone]:
    """What each column explains alone, as far as time goes; of texts, what the one word does that goes most with each class."""
    rng = stream(evidence.seed, "leakage", "alone")
    rows = np.arange(table.n)
    if table.n > MOST_ROWS:
        rows = np.sort(rng.choice(rows, MOST_ROWS, replace=False))
    hot = table.hot[rows]
    if not evidence.codec.labels:  # ranks hide a straight line, values hide a curve with outliers: the better of both
        hot = np.column_stack([hot, np.asarray(table.y[rows], dtype=np.float64)])
    found = {}
    for name in columns_alone(evidence, table):
        column, own = table.data[name].take(rows), hot
        words: tuple[str, ...] = ()
        if read_as_text(column) and (told := telling(column, hot, rng)) is not None:
            column, own, words = told.column, hot[told.rows], told.words
        alone = [leaks.explained_alone(column, y, rng) for y in own.T]
        spread = own.var(axis=0)
        share = max(alone) if not evidence.codec.labels else float(np.average(alone, weights=np.maximum(spread, 1e-12)))
        found[name] = Alone(share, words)
        if evidence.clock.expired():
            break
    return found


@dataclass(frozen=True)
class Pure:
    """Columns whose levels always go with one class, and the share of that class they cover together."""

    label: str
    names: tuple[str, ...]
    share: float


def pure(evidence: Evidence, table: Table) -> Pure | None:
    """The class that flags or levels give away most, by what no chance explains."""
    best: Pure | None = None
    for k, label in enumerate(evidence.codec.labels[:200]):
        hit = table.y == k if table.y.ndim == 1 else table.y[:, k] == 1
        covered: Bools = np.zeros(table.n, dtype=bool)
        names = []
        for name in used(evidence):
            column = table.data[name]
            if (
                column.kind.partition(":")[0] in ("flag", "category")
                and len(np.unique(column.cells)) <= order.SORTED_LEVELS
            ):
                rows = leaks.pure_levels(column, hit)
                if rows.any():
                    names.append(name)
                    covered |= rows
        share = float(covered.sum() / max(1, hit.sum()))
        if names and (best is None or share > best.share):
            best = Pure(label, tuple(names), share)
    return best


# ------------------------------------------------------------------------------------------------------- copies


@dataclass(frozen=True)
class Copies:
    """Rows that are copies, how often copies agree, how often the model would have them agree, and two scores."""

    group: Ints
    rows: int
    agree: float  # mean squared difference of answers within copies, as a share of the target's spread: 0 is equal
    expected: float  # the same if answers were drawn as the model says
    naive: float  # primary figure if a copy's answer were known
    honest: float
    apart: float  # share of measured copies of which the model that scored them learnt another


def copies(evidence: Evidence, table: Table) -> Copies | None:
    """Exact copies, where there are more than independent columns would give by chance."""
    group, rows, chance = leaks.copies(table.data.only(used(evidence)))
    if rows < 2 or chance >= 0.01 * leaks.copied_pairs(group):
        return None
    mine, *_ = leaks.copies(evidence.data.only(used(evidence)))
    hot = targets(evidence, evidence.y) if evidence.codec.labels else np.asarray(evidence.y, dtype=float)[:, None]
    has, others = leaks.answers_of_copies(mine, hot)
    answers = evidence.answers()
    agree = expected = naive = honest = float("nan")
    if has.sum() >= 20:
        spread = float(hot.var(axis=0).sum()) or 1.0
        agree = float(((hot - others)[has] ** 2).sum(axis=1).mean()) / spread
        own = answers[:, 1:] if hot.shape[1] == 1 and answers.shape[1] == 2 else answers[:, : hot.shape[1]]
        if evidence.y.ndim > 1:
            own = answers[:, np.argsort(-evidence.y.sum(axis=0), kind="stable")[:MOST_CLASSES]]
        expected = float(((hot - own)[has] ** 2).sum(axis=1).mean()) / spread
        honest = float(((hot - own) ** 2).sum(axis=1).mean())
        naive = float(((hot - np.where(has[:, None], others, own)) ** 2).sum(axis=1).mean())
        honest, naive = 1.0 - honest / spread, 1.0 - naive / spread
    fold = _folds(evidence, table)
    copied = (np.bincount(group)[group] > 1) & (fold >= 0)
    apart = float(_learnt(evidence, table, fold, group)[copied].mean()) if copied.any() else 0.0
    return Copies(group, rows, agree, expected, naive, honest, apart)


@dataclass(frozen=True)
class NearCopies:
    """Rows whose texts, or whose pictures, are nearly those of another row, and those of which a copy was learnt from."""

    rows: int
    apart: int  # measured rows of which the model that scored them learnt a near copy
    pairs: tuple[tuple[int, int], ...]  # places of a few pairs of rows, those apart first


def text_names(evidence: Evidence) -> list[str]:
    """The columns of free text that the model may learn from."""
    room = shelf("modalities")
    kinds = {name: evidence.plan.column(name).kind.partition(":")[0] for name in used(evidence)}
    return [name for name, kind in kinds.items() if kind in room.keys() and "texts" in room.get(kind).about.gives]


def near_copies(evidence: Evidence, table: Table, group: Ints) -> NearCopies | None:
    """Near copies by the group of each row [n], where there are any."""
    size = np.bincount(group)
    copied = np.flatnonzero(size[group] > 1)
    if len(copied) == 0:
        return None
    fold = _folds(evidence, table)
    apart = _learnt(evidence, table, fold, group)
    some = np.concatenate([np.flatnonzero(apart), copied])
    _, at = np.unique(group[some], return_index=True)  # one example a group, those apart first
    pairs: list[tuple[int, int]] = []
    for row in some[np.sort(at)[:EXAMPLES]].tolist():
        mates = np.setdiff1d(np.flatnonzero(group == group[row]), [row])
        learnt = mates[_taught(evidence, table, fold, fold[row])[mates]] if apart[row] else mates
        mate = int(learnt[0])
        pairs.append((min(row, mate), max(row, mate)))
    return NearCopies(len(copied), int(apart.sum()), tuple(pairs))


def _folds(evidence: Evidence, table: Table) -> Ints:
    """The fold in which each row of the table [n] was measured; -1 where it was not."""
    fold = np.full(table.n, -1, dtype=np.int64)  # sealed rows are predicted from all others
    fold[leaks.places_in(evidence.data, table.data)] = 0 if evidence.folds is None else evidence.folds
    return fold


def _learnt(evidence: Evidence, table: Table, fold: Ints, group: Ints) -> Bools:
    """Measured rows [n] of which the model that scored them learnt another of the same group."""
    out = np.zeros(table.n, dtype=np.bool_)
    for number in np.unique(fold[fold >= 0]):
        held = fold == number
        out[held] = np.isin(group[held], group[_taught(evidence, table, fold, number)])
    return out


def _taught(evidence: Evidence, table: Table, fold: Ints, number: int) -> Bools:
    """Rows of the table [n] that the model of a fold learnt from."""
    splits = evidence.plan.splits
    taught = fold < number if splits.time or evidence.folds is None else fold != number
    if splits.both:
        who = table.data[splits.group].as_words()
        taught &= who.missing | ~np.isin(who.cells, who.cells[fold == number])
    return taught


def spelled(data: Dataset, names: list[str], row: int) -> str:
    """The texts of one row, read together."""
    return " ".join(str(t) for t in (data[name].take(slice(row, row + 1)).texts()[0] for name in names) if t)


# ---------------------------------------------------------------------------------------------------------- ids


def id_readings(column: Column) -> list[Column]:
    """An id as numbers that could tell: its value, the digits in it, the letters before them."""
    if column.store != "words":
        return [replace(column, kind="number")]
    assert column.levels is not None
    pattern = re.compile(r"^(\D*?)0*(\d{1,15})\D*$")
    found = [pattern.match(str(level)) for level in column.levels]
    digits = np.asarray([float(m[2]) if m else np.nan for m in found] + [np.nan])
    heads = [m[1] if m else None for m in found] + [None]
    out = []
    if np.isfinite(digits).mean() > 0.5:
        out.append(Column.of_numbers(column.name, digits[column.cells], kind="number"))
    if 1 < len(set(heads)) <= order.SORTED_LEVELS:
        out.append(Column.of_words(column.name, [heads[c] for c in column.cells], kind="category"))
    return out


def telling_ids(evidence: Evidence, table: Table) -> dict[str, float]:
    """Ids, and the place in the file under "", that explain more of the target than chance; share explained."""
    rng = stream(evidence.seed, "leakage", "ids")
    place = Column.of_numbers("", np.arange(table.n, dtype=float), kind="number")
    asked: list[tuple[str, list[Column]]] = [("", [place])]
    ids = [c.name for c in evidence.plan.columns if c.role == "id" and not order.follows_rows(table.data[c.name])]
    asked += [(name, id_readings(table.data[name])) for name in ids]  # one that counts the rows is their place
    asked += [(n, id_readings(table.data[n])) for n in used(evidence) if _numbers_rows(table.data[n])]
    names, shares, p_values = [], [], []
    for name, readings in asked[:20]:
        for reading in readings:
            bins = leaks.binned(reading)
            names.append(name)
            shares.append(max(leaks.explained_alone(reading, y, rng) for y in table.hot.T))
            p_values.append(min(1.0, table.hot.shape[1] * min(leaks.bins_differ(bins, y) for y in table.hot.T)))
    kept = holm(np.asarray(p_values), LEVEL) if table.n >= 100 else np.zeros(len(names), dtype=bool)
    found: dict[str, float] = {}
    for name, share, keep in zip(names, shares, kept, strict=True):
        if keep and share > ID_EXPLAINS:
            found[name] = max(share, found.get(name, 0.0))
    return found


def _numbers_rows(column: Column) -> bool:
    """Whether a feature names single rows: an id by its name, whole numbers, mostly different."""
    if column.store != "numbers" or not ID_LIKE.search(column.name.strip()):
        return False
    seen = column.cells[~column.missing]
    return len(seen) > 0 and bool((seen == np.round(seen)).all()) and len(np.unique(seen)) > 0.3 * len(seen)


# ------------------------------------------------------------------------------------------------ time and groups


@dataclass(frozen=True)
class Order:
    """What random rows hide when rows are in an order: neighbours alike, and the gap forward in it."""

    name: str  # the column that gives the order; "" is the file's
    alike: float
    gap: Gap


def orders(evidence: Evidence, table: Table, group: Ints | None) -> list[Order]:
    """Orders of the rows in which neighbours are alike; copies are asked once."""
    names = used(evidence)
    dates = [n for n in names if table.data[n].store == "moments" and len(np.unique(table.data[n].cells)) > 20]
    parts = order.sorting_columns([c for c in table.data if c.store == "words" and c.role != "id"])
    ways = [(n, np.argsort(table.data[n].cells, kind="stable")) for n in dates[:MOST_ORDERS]]
    sorted_by_answer = order.follows_rows(table.data[evidence.plan.target])
    if not sorted_by_answer and not any(order.follows_rows(table.data[n]) for n in dates):
        ways.append(("", order.interleaved(parts, table.n)))
    if group is not None:
        _, first = np.unique(group, return_index=True)
        once = np.zeros(table.n, dtype=bool)
        once[first] = True
        ways = [(name, rows[once[rows]]) for name, rows in ways]
    found: list[Order] = []
    for name, rows in ways:
        if len(rows) < LEAST_ROWS or (found and evidence.clock.expired()):
            continue
        alike, p = order.neighbours_alike(table.hot[rows])
        left, p_left = _residuals_alike(evidence, table, rows)
        if min(p, p_left) < (0.005 if name else 0.0005) and max(alike, left) > 0.03:
            some = rows[order.stretches(len(rows), ROWS)]
            gap = forward_gap(small(evidence, table.data.take(some), names))
            found.append(Order(name, max(alike, left), gap))
    return found


def _residuals_alike(evidence: Evidence, table: Table, rows: Ints) -> tuple[float, float]:
    """Likeness of what the model left over, where every row was measured."""
    if evidence.n != table.n:
        return 0.0, 1.0
    answers = evidence.answers()
    if evidence.codec.labels:
        return order.neighbours_alike((truth_of(evidence, evidence.y) - answers)[rows])
    return order.neighbours_alike(order.ranks(evidence.y - answers[:, 0])[rows])


def alike(evidence: Evidence, table: Table, copies: Ints | None) -> tuple[Ints, Gap] | None:
    """Groups of rows that are nearly the same in every number [n], of copies one, and the gap when they are kept apart."""
    rows = np.arange(table.n) if copies is None else np.sort(np.unique(copies, return_index=True)[1])
    names = used(evidence)
    groups = alike_rows(table.data.take(rows), names, evidence.clock)
    if groups is None:
        return None
    some = _whole_groups(groups, stream(evidence.seed, "leakage", "alike"))
    if len(some) < LEAST_ROWS or evidence.clock.expired():
        return None
    return groups, grouped_gap(small(evidence, table.data.take(rows[some]), names), groups[some])


def groupings(evidence: Evidence, table: Table) -> list[tuple[str, Gap]]:
    """Columns that name persons or things found in several rows, and the gap when they are kept apart."""
    found: list[tuple[str, Gap]] = []
    for name in used(evidence):
        codes = _names_things(table.data[name], table.n)
        if codes is None or len(found) >= MOST_GROUPS or (found and evidence.clock.expired()):
            continue
        if min(leaks.bins_differ(codes, y) for y in table.hot.T) * table.hot.shape[1] > LEVEL:
            continue  # no group answers otherwise than another
        rows = _whole_groups(codes, stream(evidence.seed, "leakage", name))
        if len(rows) >= LEAST_ROWS:
            model = small(evidence, table.data.take(rows), used(evidence))
            found.append((name, grouped_gap(model, codes[rows])))
    return found


def _names_things(column: Column, n: int) -> Ints | None:
    """Codes [n] of a column of names or id numbers that repeat, None for any other."""
    seen = column.cells[~column.missing]
    if column.store == "moments" or len(seen) < LEAST_ROWS:
        return None
    distinct = len(np.unique(seen))
    named = bool(THING_LIKE.search(column.name.strip()))
    whole = column.store == "words" or bool((seen == np.round(seen)).all())
    many = distinct >= 30 and distinct >= 0.02 * n and column.store == "words"
    if not whole or not (named or many) or not 10 < distinct <= 0.5 * len(seen):
        return None
    _, codes = np.unique(column.as_words().cells, return_inverse=True)
    return codes.astype(np.int64)


def _whole_groups(codes: Ints, rng: np.random.Generator) -> Ints:
    """At most ROWS rows, whole groups of them."""
    shuffled = rng.permutation(int(codes.max()) + 1)
    size = np.bincount(codes)[shuffled]
    kept = shuffled[np.cumsum(size) <= ROWS]
    return np.flatnonzero(np.isin(codes, kept))
