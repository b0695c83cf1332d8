"""What is the smallest plausible change of a row that alters its answer?

Wachter, Mittelstadt & Russell (2017) ask for the nearest row that is answered otherwise. Three things make it useful to
the person who stands behind the row: it changes only what that person can change, and only the way it can go (Ustun, Spangher & Liu
2019); it stays where real rows lie; and there is more than one way to choose from (Mothilal, Sharma & Tan 2020).

The model is asked for rows and nothing else, so that every kind of model is served. First each column is changed alone, to each of a few cells.
Which changes together might do is then estimated as if their effects added up, and only what looks cheapest is asked.
What is given has been asked, never estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel.data import Bools, Dataset, Floats, Ints
from assay.kernel.plugins import About
from assay.kernel.rng import stream
from assay.kernel.settings import Real, Whole, check_settings

from ._levers import Lever, Rules, levers
from ._plausible import Plausible

STAY = -1  # a column keeps its own cell
JUST = 1e-6  # beyond the border: an answer asked alone may differ from one asked in a table by the last digits
BEAM = 200  # sets of changes that are led on from one number of columns to the next
ASKED = 32  # rows asked at once
ROUNDS = 2  # of asking at each number of columns: the first tells how far estimates are off
HELPING, MOST_HELPING = 40, 120  # cells that are tried beside others
ALIKE = 4  # rows of one round that change the same columns
BLIND = 8  # times as many are asked where nothing helps alone, so that nothing tells what may help together
NEARER, FINEST = 5, 3  # cells tried between a row's own and the changed one, and how often
SPARE = 2  # ways that are shrunk beside: two may come to the same columns
LEAST_SAVED = 0.01  # standard deviations for which it is worth while to go on shrinking
OVERLAP = 2.0  # what is added to the cost of a way that changes the same columns as one already chosen


@dataclass(frozen=True, kw_only=True, eq=False)
class Way:
    """One set of changes that alters the answer.

    changed : (column, cell as the column stores it; a code of names as its name), in the order of the levers
    """

    changed: tuple[tuple[str, Any], ...]
    margin: float  # how far beyond the border, in the unit of `reach`
    cost: float  # in standard deviations, the charge for each changed column within
    oddness: float  # squared distance from the middle of the training rows


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What a search came to.

    ways    : the cheapest first; none where no change was found
    nearest : where none was found, the plausible change that came nearest
    free    : the columns that could change
    """

    ways: tuple[Way, ...]
    nearest: Way | None
    free: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """A row, what may change in it, and whom to ask.

    row     : one row, opened
    scores  : [d] its normal scores
    reach   : how far rows lie beyond the border of the wished answer [n]; above 0 they have it
    oddness : squared distance of normal scores [n, d] from the middle of the training rows [n]
    usual   : oddness up to which a row is plausible
    """

    row: Dataset
    scores: Floats
    levers: tuple[Lever, ...]
    reach: Callable[[Dataset], Floats]
    oddness: Callable[[Floats], Floats]
    usual: float

    def table(self, choices: Ints) -> Dataset:
        """The row as each line of choices [n, levers] changes it."""
        n = len(choices)
        table = self.row.take(np.zeros(n, dtype=np.int64))
        for place, lever in enumerate(self.levers):
            chosen = choices[:, place]
            moved = chosen != STAY
            if moved.any():
                column = table[lever.name]
                cells = column.cells.copy()
                if lever.levels is not None and not column.missing[0]:
                    cells[:] = len(lever.levels) - 1
                cells[moved] = lever.cells[chosen[moved]]
                table = table.having(replace(column, cells=cells, levels=lever.levels))
        return table

    def placed(self, choices: Ints) -> Floats:
        """Normal scores [n, d]."""
        out = np.repeat(self.scores[None], len(choices), axis=0)
        for place, lever in enumerate(self.levers):
            moved = choices[:, place] != STAY
            out[moved, lever.place] = lever.scores[choices[moved, place]]
        return out

    def odd(self, choices: Ints) -> Floats:
        """Squared distance from the middle of the training rows [n]."""
        return np.asarray(self.oddness(self.placed(choices)))

    def cost(self, choices: Ints, charge: float) -> Floats:
        """What changes cost together [n]."""
        out: Floats = charge * (choices != STAY).sum(axis=1).astype(np.float64)
        for place, lever in enumerate(self.levers):
            moved = choices[:, place] != STAY
            out[moved] += lever.cost[choices[moved, place]]
        return out

    def singles(self) -> Ints:
        """Every column changed alone, to each of its cells: [m, levers]."""
        out = np.full((sum(len(lever.cells) for lever in self.levers), len(self.levers)), STAY)
        at = 0
        for place, lever in enumerate(self.levers):
            out[at : at + len(lever.cells), place] = np.arange(len(lever.cells))
            at += len(lever.cells)
        return out


@dataclass(frozen=True, kw_only=True)
class Counterfactual:
    """The smallest plausible changes that alter an answer.

    Deterministic: nothing is drawn by lot. Changes that exist may be missed, since not every set is asked.
    """

    about: ClassVar[About] = About(
        key="counterfactual",
        order=20,
        words={
            "en": {
                "title": "counterfactuals",
                "heading": "Row {row}: {now}. Wished for: {goal}.",
                "goal_class": "'{label}'",
                "goal_another": "another answer than '{label}'",
                "goal_above": "at least {low}",
                "goal_below": "at most {high}",
                "goal_range": "{low} to {high}",
                "answered": "{answer} ({goal} has {p:%})",
                "answered_value": "{answer}",
                "way": "{place}. {n} {n:change|changes}: {answer}; {rarer:%} of rows like those of training are more unusual",
                "column": "column",
                "now": "now",
                "then": "then",
                "kept": "Kept as they are: {names}.",
                "order": "'{name}' rises in this order: {names: → }. A name without a place in it goes nowhere.",
                "asked": "Each was put to the model, which answers so. It is no promise that the change brings about what is predicted.",
                "nearest": "The nearest found ({changes:; }) is answered {answer}.",
                "no_change.seen": "No plausible change of the {n} {n:column|columns} that may change was found that leads row {row} to {goal}.",
                "no_change.do": "Name an answer that is nearer, with --to, if there is one.",
                "let_change": "Let more columns change; kept are {names}.",
                "already.seen": "Row {row} has the answer {goal} already.",
                "already.expected": "There is nothing to change.",
                "already.do": "Name another answer with --to, or another row with --row.",
                "no_profile.seen": "The model's file keeps nothing of how the rows of training were spread.",
                "no_profile.expected": "By that it is told which changes are plausible; earlier releases did not write it.",
                "no_profile.do": "Train the model again.",
                "no_order.seen": "'{name}' holds names without numbers, which neither rise nor fall.",
                "no_order.expected": "Numbers, dates and names such as '... < 100' and '100 - 500' do.",
                "no_order.do": "Keep the column as it is instead: --immutable {name}",
                "both_ways.seen": "{names} may only rise and only fall.",
                "both_ways.expected": "That leaves nowhere to go.",
                "both_ways.do": "Name one direction, or --immutable.",
                "not_for.seen": "The model answers neither with one class nor with a value.",
                "not_for.expected": "Counterfactuals lead to another class, or to a value in a range.",
                "not_for.do": "Ask `assay explain` what pulls at the answer, or draw boxes with `assay predict --draw FOLDER`.",
                "no_goal.seen": "The model answers with a value, and none is wished for.",
                "no_goal.expected": "A range such as '>20', '<20' or '20..30' was expected.",
                "no_goal.do": "Name it with --to, in quotes.",
                "bad_goal.seen": "'{to}' is no range of values.",
                "bad_goal.expected": "A range such as '>20', '<20' or '20..30' was expected.",
                "bad_goal.do": "Name it with --to, in quotes.",
            },
            "zh": {
                "title": "反事实",
                "heading": "第 {row} 行：{now}。希望得到：{goal}。",
                "goal_class": "“{label}”",
                "goal_another": "不同于“{label}”的回答",
                "goal_above": "至少 {low}",
                "goal_below": "至多 {high}",
                "goal_range": "{low} 至 {high}",
                "answered": "{answer}（{goal}的概率为 {p:%}）",
                "answered_value": "{answer}",
                "way": "{place}. 改变 {n} 列：{answer}；与训练数据相似的行中有 {rarer:%} 更为罕见",
                "column": "列",
                "now": "现在",
                "then": "改为",
                "kept": "保持不变：{names}。",
                "order": "“{name}”按此顺序升高：{names: → }。不在其中的名称不作改变。",
                "asked": "每一种改变都已交给模型，模型确实如此回答。这并不保证作出改变后实际结果如模型所料。",
                "nearest": "找到的最接近的改变（{changes:；}）得到的回答是 {answer}。",
                "no_change.seen": "在可以改变的 {n} 列中，没有找到合理的改变能使第 {row} 行得到{goal}。",
                "no_change.do": "如有更接近的回答，请用 --to 指定。",
                "let_change": "请允许改变更多的列；目前保持不变：{names}。",
                "already.seen": "第 {row} 行的回答已经是{goal}。",
                "already.expected": "无需改变。",
                "already.do": "请用 --to 指定另一个回答，或用 --row 指定另一行。",
                "no_profile.seen": "模型文件中没有保存训练数据的分布。",
                "no_profile.expected": "判断改变是否合理要以它为据；早期版本没有写入。",
                "no_profile.do": "请重新训练模型。",
                "no_order.seen": "“{name}”的取值是不含数字的名称，没有升降之分。",
                "no_order.expected": "数值、日期，以及“... < 100”“100 - 500”之类的名称才有升降。",
                "no_order.do": "请改用 --immutable {name} 使该列保持不变。",
                "both_ways.seen": "{names} 既只许升高又只许降低。",
                "both_ways.expected": "这样就无处可去。",
                "both_ways.do": "请只指定一个方向，或使用 --immutable。",
                "not_for.seen": "模型的回答既不是单个类别，也不是数值。",
                "not_for.expected": "反事实指向另一个类别，或某个范围内的数值。",
                "not_for.do": "请用 `assay explain` 查看各部分的影响，或用 `assay predict --draw FOLDER` 画出方框。",
                "no_goal.seen": "模型的回答是数值，但没有说明希望得到什么值。",
                "no_goal.expected": "应为 '>20'、'<20' 或 '20..30' 之类的范围。",
                "no_goal.do": "请用 --to 指定，并加引号。",
                "bad_goal.seen": "“{to}”不是数值的范围。",
                "bad_goal.expected": "应为 '>20'、'<20' 或 '20..30' 之类的范围。",
                "bad_goal.do": "请用 --to 指定，并加引号。",
            },
        },
    )
    charge: Annotated[float, Real(0.0, 10.0)] = 1.0  # standard deviations for each changed column: few, not small
    deepest: Annotated[int, Whole(1, 12)] = 6  # columns changed together, at most

    def __post_init__(self) -> None:
        check_settings(self)

    def find(
        self,
        row: Dataset,
        reach: Callable[[Dataset], Floats],
        plausible: Plausible,
        rules: Rules,
        table: Dataset,
        most: int = 3,
    ) -> Found:
        """Up to `most` ways, the cheapest first, each asked, plausible and within the rules.

        row   : one row, opened
        reach : how far opened rows lie beyond the border of the wished answer [n]; above 0 they have it
        table : opened rows among which the row was given, by which it is told how numbers are written
        """
        own = plausible.profile.scores(row)
        usual = max(plausible.usual, float(plausible.oddness(own)[0]))  # an unusual row need not become a usual one
        moved = levers(row, table, plausible.profile, rules)
        world = World(
            row=row, scores=np.nan_to_num(own[0]), levers=moved, reach=reach, oddness=plausible.oddness, usual=usual
        )
        names = tuple(lever.name for lever in moved)
        asked = _Asked(world, self.charge)
        if moved:
            self._search(world, asked, most)
        chosen = asked.ways(most + SPARE)
        if not len(chosen):
            return Found(ways=(), nearest=asked.nearest, free=names)
        world, chosen, margins = _shrunk(world, chosen, asked.margins(chosen), self.charge)
        return Found(ways=_told(world, chosen, margins, self.charge)[:most], nearest=None, free=names)

    def _search(self, world: World, asked: _Asked, most: int) -> None:
        """Ask for sets of one column, two, three …, until there are ways enough and one more column brought none cheaper."""
        singles = world.singles()
        own, *margins = asked.ask(np.concatenate([np.full_like(singles[:1], STAY), singles])).tolist()
        gains = np.asarray(margins) - own
        rate = _rate(world.cost(singles, self.charge), gains)
        usual = world.odd(singles) <= world.usual
        short = (own + gains <= JUST) | ~usual  # where one change is enough, whatever were changed beside is too much
        singles, gains = singles[short], gains[short]
        hope = world.cost(singles, self.charge) - rate * gains
        first = np.argsort(hope, kind="stable")[:BEAM]
        beam, estimates, cheapest = singles[first], own + gains[first], asked.cheapest
        for depth in range(2, min(self.deepest, len(world.levers)) + 1):
            if asked.several >= most and cheapest <= asked.cheapest and depth > 2:
                return
            cheapest = asked.cheapest
            beam, estimates = _led_on(beam, estimates, singles, gains)
            rounds = 1 if asked.several >= most else ROUNDS  # then only what is cheaper still is looked for
            wide = BLIND if depth == 2 and not (gains > JUST).any() else 1
            beam, estimates = self._narrowed(world, asked, beam, estimates, rate, rounds, wide)
            if not len(beam):
                return

    def _narrowed(
        self, world: World, asked: _Asked, beam: Ints, estimates: Floats, rate: float, rounds: int, wide: int
    ) -> tuple[Ints, Floats]:
        """Ask for the most hopeful sets of a beam, and keep those from which to go on, with their margins."""
        cost, odd = world.cost(beam, self.charge), world.odd(beam)
        known = asked.knows(beam)
        for _ in range(rounds):
            hope = cost + rate * np.maximum(0.0, JUST - estimates)
            places = _foremost(beam, hope, (odd <= world.usual) & ~known, wide)
            if not len(places):
                break
            told = asked.ask(beam[places])
            off = np.median(told - estimates[places])  # they all lean the same way
            estimates = np.where(known, estimates, estimates + off)
            estimates[places], known[places] = told, True
        far = np.sqrt(np.maximum(0.0, odd)) - np.sqrt(world.usual)
        hope = cost + rate * np.maximum(0.0, JUST - estimates) + np.maximum(0.0, far)
        kept = np.argsort(hope, kind="stable")
        kept = kept[estimates[kept] <= JUST][:BEAM]
        return beam[kept], estimates[kept]


class _Asked:
    """What was asked, and what of it reached."""

    def __init__(self, world: World, charge: float) -> None:
        self._world, self._charge = world, charge
        self._seen: dict[bytes, float] = {}
        self._reached = np.empty((0, len(world.levers)), dtype=np.int64)
        self._cost = np.empty(0)
        self._best: tuple[float, Ints] | None = None

    def ask(self, choices: Ints) -> Floats:
        """How far beyond the border each lies [n]; those that reach and are plausible are kept."""
        margins = self._world.reach(self._world.table(choices))
        self._seen.update(zip((row.tobytes() for row in choices), margins.tolist(), strict=True))
        plausible = (self._world.odd(choices) <= self._world.usual) & (choices != STAY).any(axis=1)
        if plausible.any():
            place = int(np.where(plausible, margins, -np.inf).argmax())
            if self._best is None or margins[place] > self._best[0]:
                self._best = float(margins[place]), choices[place]
        held = choices[(margins > JUST) & plausible]
        self._reached = np.concatenate([self._reached, held])
        self._cost = np.concatenate([self._cost, self._world.cost(held, self._charge)])
        return margins

    def knows(self, choices: Ints) -> Bools:
        """Which were asked before [n]."""
        return np.asarray([row.tobytes() in self._seen for row in choices], dtype=bool)

    def margins(self, choices: Ints) -> Floats:
        """How far beyond the border those lie that were asked before [n]."""
        return np.asarray([self._seen[row.tobytes()] for row in choices], dtype=np.float64)

    @property
    def nearest(self) -> Way | None:
        """The plausible change that came nearest; None where there was none."""
        return (
            None
            if self._best is None
            else _told(self._world, self._best[1][None], np.asarray([self._best[0]]), self._charge)[0]
        )

    @property
    def cheapest(self) -> float:
        """Of what reached; infinite where nothing did."""
        return float(self._cost.min(initial=np.inf))

    @property
    def several(self) -> int:
        """Sets of columns that reach."""
        return len(np.unique(self._reached != STAY, axis=0)) if len(self._reached) else 0

    def ways(self, most: int) -> Ints:
        """The cheapest, then those that are cheap and change other columns (after Mothilal et al. 2020): [k, levers]."""
        changed = self._reached != STAY
        chosen: list[int] = []
        while len(chosen) < most and len(changed):
            price = self._cost.copy()
            for one in chosen:
                both, either = (changed & changed[one]).sum(axis=1), (changed | changed[one]).sum(axis=1)
                price += np.where(both == either, np.inf, OVERLAP * both / either)
            if not np.isfinite(price.min()):
                break
            chosen.append(int(price.argmin()))
        return self._reached[chosen]


def _rate(cost: Floats, gains: Floats) -> float:
    """What one unit of margin costs where it is had most cheaply."""
    with np.errstate(divide="ignore"):
        rates = np.sort(np.where(gains > JUST, cost / np.maximum(gains, JUST), np.inf))[:10]
    rates = rates[np.isfinite(rates)]
    return float(np.median(rates)) if len(rates) else 1.0


def _led_on(beam: Ints, estimates: Floats, singles: Ints, gains: Floats) -> tuple[Ints, Floats]:
    """Every set of the beam with one more column changed, and its margin as if effects added up."""
    if not len(beam) or not len(singles):
        return beam[:0], estimates[:0]
    order = np.argsort(-gains, kind="stable")
    helpful = int((gains > 0).sum())
    helping = order[: min(max(HELPING, helpful), MOST_HELPING)]  # what helps nothing alone may help beside another
    levers = (singles[helping] != STAY).argmax(axis=1)
    cells = singles[helping, levers]
    free = beam[:, levers] == STAY  # [b, m]
    row, single = np.nonzero(free)
    choices = beam[row].copy()
    choices[np.arange(len(row)), levers[single]] = cells[single]
    told = estimates[row] + gains[helping][single]
    # Sums that overflow are keys as well.
    keys = choices @ stream(0, "sets of changes").integers(2**62, size=choices.shape[1])
    _, first = np.unique(keys, return_index=True)  # the same set comes by several roads
    return choices[first], told[first]


def _foremost(beam: Ints, hope: Floats, open_: Bools, wide: int) -> Ints:
    """Places of the rows to be asked: the most hopeful, not too many of which change the same columns."""
    places: list[int] = []
    alike: dict[bytes, int] = {}
    for place in np.argsort(np.where(open_, hope, np.inf), kind="stable").tolist():
        if not open_[place] or len(places) == wide * ASKED:
            break
        key = (beam[place] != STAY).tobytes()
        if alike.get(key, 0) < wide * ALIKE:
            alike[key] = alike.get(key, 0) + 1
            places.append(place)
    return np.asarray(places, dtype=np.int64)


def _shrunk(world: World, ways: Ints, beyond: Floats, charge: float) -> tuple[World, Ints, Floats]:
    """Each way with every change taken back as far as the answer stays, and its margin; levers get the cells that were tried."""
    ways, beyond = ways.copy(), beyond.copy()
    short: dict[tuple[int, int], Any] = {}  # of a way's column the cell nearest to the changed one that was not enough
    for _ in range(FINEST):
        world, tried, owners, places = _taken_back(world, ways, short)
        if not len(tried):
            break
        margins, cost = world.reach(world.table(tried)), world.cost(tried, charge)
        held = (margins > JUST) & (world.odd(tried) <= world.usual)
        for owner in np.unique(owners).tolist():
            enough = np.flatnonzero(held & (owners == owner))
            if len(enough):
                best = enough[cost[enough].argmin()]
                ways[owner], beyond[owner] = tried[best], margins[best]
            for place in np.flatnonzero(ways[owner] != STAY).tolist():
                lever, failed = world.levers[place], tried[~held & (owners == owner) & (places == place), place]
                nearer = [c for c in failed.tolist() if c != STAY and lever.cost[c] < lever.cost[ways[owner, place]]]
                if nearer:
                    short[owner, place] = lever.cells[max(nearer, key=lambda c: float(lever.cost[c]))]
    return world, ways, beyond


def _taken_back(world: World, ways: Ints, short: Mapping[tuple[int, int], Any]) -> tuple[World, Ints, Ints, Ints]:
    """Every change of every way taken back, in part and altogether.

    Gives levers with these cells, choices [n, levers], and of each the way and the column.
    """
    levers = list(world.levers)
    tried, owners, places = list[Ints](), list[int](), list[int]()
    for owner, way in enumerate(ways):
        for place in np.flatnonzero(way != STAY).tolist():
            lever, others = levers[place], [STAY] if (owner, place) not in short else []
            if lever.nearer is not None:
                cells, scores, cost = lever.nearer(short.get((owner, place)), lever.cells[way[place]], NEARER)
                worth = cost < lever.cost[way[place]] - LEAST_SAVED
                others += range(len(lever.cells), len(lever.cells) + int(worth.sum()))
                levers[place] = lever.also(cells[worth], scores[worth], cost[worth])
            for other in others:
                back = way.copy()
                back[place] = other
                if (back != STAY).any():
                    tried.append(back)
                    owners.append(owner)
                    places.append(place)
    made = np.asarray(tried, dtype=np.int64).reshape(-1, len(levers))
    return (
        replace(world, levers=tuple(levers)),
        made,
        np.asarray(owners, dtype=np.int64),
        np.asarray(places, dtype=np.int64),
    )


def _told(world: World, ways: Ints, margins: Floats, charge: float) -> tuple[Way, ...]:
    """The ways, the cheapest first; one that shrank into another's columns at a higher price is left away."""
    cost, odd = world.cost(ways, charge), world.odd(ways)
    out, seen = list[Way](), set[bytes]()
    for place in np.argsort(cost, kind="stable").tolist():
        key = (ways[place] != STAY).tobytes()
        if key in seen:
            continue
        seen.add(key)
        changed = [
            (lever.name, _cell(lever, int(choice)))
            for lever, choice in zip(world.levers, ways[place], strict=True)
            if choice != STAY
        ]
        said = {"margin": float(margins[place]), "cost": float(cost[place]), "oddness": float(odd[place])}
        out.append(Way(changed=tuple(changed), **said))
    return tuple(out)


def _cell(lever: Lever, choice: int) -> Any:
    cell = lever.cells[choice]
    return cell if lever.levels is None else str(lever.levels[cell])
