"""What would have to be otherwise for another answer?

The smallest changes of one row that the model itself answers otherwise, beside the row as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from assay.explainers._levers import Rules, has_order
from assay.explainers._orders import ladder
from assay.explainers._plausible import Plausible
from assay.explainers.counterfactual import Counterfactual, Way
from assay.kernel.data import Column, Dataset, Floats
from assay.kernel.errors import Part, RequestError, Sentences
from assay.kernel.hints import listing, unknown
from assay.kernel.plan import Plan
from assay.kernel.words import Say, pad, refusal, width_of
from assay.kernel.written_orders import flag_words
from assay.stats.profile import Profile

from .answer import Answer
from .answers import Answers
from .goals import OWNER, ClassGoal, RangeGoal
from .written import Written

WIDTH = 40  # terminal columns of one cell
KEPT_SHOWN = 12


@dataclass(frozen=True)
class Changed:
    """One column and its cell, as written: in the row, and in the way."""

    name: str
    now: str | None
    then: str


@dataclass(frozen=True)
class Shown:
    """One way, and what the model answers to it."""

    changes: tuple[Changed, ...]
    answer: str | float
    p: float | None  # of the wished class; None for values, and where any other class was wished for
    cost: float  # standard deviations moved, one for each changed column beside
    rarer: float  # share of rows like those of training that are more unusual


@dataclass(frozen=True, eq=False, repr=False)
class Counterfactuals(Written):
    """The ways that lead one row to another answer, the cheapest first; each was put to the model."""

    row: int
    answer: str | float
    goal: Say
    p: float | None
    rarer: float
    ways: tuple[Shown, ...]
    kept: tuple[str, ...]  # columns of the model that stayed, by rule or since they are no numbers, names or dates
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of names that only rise or fall, lowest first
    rule: Say | None = None  # by which classes are answered, where mistakes have costs

    def __len__(self) -> int:
        return len(self.ways)

    def columns(self, lang: str = "en") -> dict[str, list[Any]]:
        """A row for each changed column of each way."""
        rows = [(place, way, one) for place, way in enumerate(self.ways, start=1) for one in way.changes]
        return {
            "way": [place for place, _, _ in rows],
            "column": [one.name for _, _, one in rows],
            "now": ["" if one.now is None else one.now for _, _, one in rows],
            "then": [one.then for _, _, one in rows],
            "answer": [way.answer for _, way, _ in rows],
            "p": ["" if way.p is None else way.p for _, way, _ in rows],
        }

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Plain JSON values."""
        ways = [
            {
                "changes": [{"name": c.name, "now": c.now, "then": c.then} for c in way.changes],
                "answer": way.answer,
                "p": way.p,
                "cost": way.cost,
                "rarer": way.rarer,
            }
            for way in self.ways
        ]
        now = {"row": self.row, "answer": self.answer, "p": self.p, "rarer": self.rarer}
        orders = {name: list(names) for name, names in self.orders.items()}
        return {**now, "to": self.goal.text(lang), "kept": list(self.kept), "orders": orders, "ways": ways}

    def text(self, lang: str = "en") -> str:
        """A small table a way."""
        now = _answered(self.answer, self.p, self.goal).text(lang)
        said = {"row": self.row, "now": now, "goal": self.goal}
        lines = [Say(OWNER, "heading", said).text(lang)]
        missing = Say("answers", "missing").text(lang)
        heads = [Say(OWNER, key).text(lang) for key in ("column", "now", "then")]
        for place, way in enumerate(self.ways, start=1):
            answer = _answered(way.answer, way.p, self.goal)
            said = {"place": place, "answer": answer, "n": len(way.changes), "rarer": way.rarer}
            rows = [heads, *([c.name, c.now if c.now is not None else missing, c.then] for c in way.changes)]
            wide = [min(WIDTH, max(width_of(row[k]) for row in rows)) for k in range(3)]
            lines += ["", Say(OWNER, "way", said).text(lang)]
            lines += ["  " + "  ".join(pad(t, w) for t, w in zip(row, wide, strict=True)).rstrip() for row in rows]
        lines += [""] if self.orders or self.kept else []
        for name, names in self.orders.items():
            lines.append(Say(OWNER, "order", {"name": name, "names": list(names)}).text(lang))
        if self.kept:
            lines += [Say(OWNER, "kept", {"names": listing(self.kept, KEPT_SHOWN)}).text(lang)]
        lines += [said.text(lang) for said in _told(self.rule)]
        return "\n".join([*lines, Say(OWNER, "asked").text(lang)])


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whom to ask, and what stays as it is unless said otherwise."""

    plan: Plan
    parts: tuple[str, ...]
    plausible: Plausible
    score: Callable[[Dataset], Floats]  # opened rows → calibrated raw scores [n, w]
    predict: Callable[[Dataset], Answers]  # raw rows → answers: the ordinary road


def rules_of(
    asked: Asked, immutable: Iterable[str] | str, rising: Iterable[str] | str, falling: Iterable[str] | str
) -> Rules:
    """The rules that names of columns make; sensitive columns are held by themselves.

    Raises UnknownKey for a name that is no column of the model, and RequestError where a column has no order or both directions.
    """
    held, up, down = (_named(names, asked.parts) for names in (immutable, rising, falling))
    if both := sorted(up & down):
        raise refusal(RequestError, "explainers/counterfactual", "both_ways", names=listing(both))
    profile = asked.plausible.profile
    for name in sorted(up | down):
        if name in profile.names and not has_order(profile, name):
            raise refusal(RequestError, "explainers/counterfactual", "no_order", name=name)
    return Rules(held=held | frozenset(asked.plan.names("sensitive")), rising=up, falling=down)


def counterfactuals(
    asked: Asked,
    raw: Dataset,
    opened: Dataset,
    row: int,
    now: Answer,
    goal: ClassGoal | RangeGoal,
    rules: Rules,
    most: int,
) -> Counterfactuals:
    """The ways for the first of some rows, which is row `row` of its table and is answered `now`.

    Raises RequestError where it is answered so already, and where no change was found.
    """
    first = np.zeros(1, dtype=np.int64)
    own, alone = opened.take(first), raw.take(first)
    if goal.holds(now):
        raise refusal(RequestError, "explainers/counterfactual", "already", row=row, goal=goal.said())
    found = Counterfactual().find(
        own, lambda table: goal.reach(asked.score(table)), asked.plausible, rules, opened, max(1, most)
    )
    kept = tuple(name for name in asked.parts if name not in found.free)
    answers = _put(asked, alone, own, found.ways)
    told = [(way, answer) for way, answer in zip(found.ways, answers, strict=True) if goal.holds(answer)]
    if not told:
        near: Part = ""
        if found.nearest is not None:
            answer = _put(asked, alone, own, [found.nearest])[0]
            changes = [f"{c.name} → {c.then}" for c in _changes(alone, own, found.nearest)]
            values = {"changes": changes, "answer": _answered(_plain(answer), _p(answer, goal), goal.said())}
            near = Say("explainers/counterfactual", "nearest", values)
        raise refusal(
            RequestError,
            "explainers/counterfactual",
            "no_change",
            expected=Sentences([near, *_told(asked.plan.cost_rule)]),
            do=Say("explainers/counterfactual", "let_change", {"names": listing(kept)}) if kept else "",
            row=row,
            n=len(found.free),
            goal=goal.said(),
        )
    ways = tuple(
        Shown(_changes(alone, own, way), _plain(answer), _p(answer, goal), way.cost, asked.plausible.rarer(way.oddness))
        for way, answer in told
    )
    oddness = float(asked.plausible.oddness(asked.plausible.profile.scores(own))[0])
    rarer = asked.plausible.rarer(oddness)
    orders = _orders(asked.plausible.profile, rules)
    rule = asked.plan.cost_rule
    return Counterfactuals(row, _plain(now), goal.said(), _p(now, goal), rarer, ways, kept, orders, rule)


def _orders(profile: Profile, rules: Rules) -> dict[str, tuple[str, ...]]:
    """The order that was read out of the names of each column that only rises or only falls."""
    found = {}
    for name in sorted((rules.rising | rules.falling) - rules.held):
        places = ladder(profile.column(name).levels) if name in profile.names else {}
        if places:
            found[name] = tuple(sorted(places, key=lambda one: places[one]))
    return found


def _named(names: Iterable[str] | str, parts: tuple[str, ...]) -> frozenset[str]:
    """Names of columns; one that is no column is several, with commas between. Raises UnknownKey."""
    given = [names] if isinstance(names, str) else list(names)
    several = [one.strip() for name in given for one in ([name] if name in parts else name.split(","))]
    for name in several:
        if name and name not in parts:
            raise unknown("column", name, parts)
    return frozenset(name for name in several if name)


def _put(asked: Asked, alone: Dataset, own: Dataset, ways: Sequence[Way]) -> list[Answer]:
    """What the model answers to the raw row with the changes of each way, by the road every table takes."""
    if not ways:
        return []
    table = alone.take(np.zeros(len(ways), dtype=np.int64))
    for name in {name for way in ways for name, _ in way.changed}:
        column = own[name].take(np.zeros(len(ways), dtype=np.int64))
        cells = [dict(way.changed).get(name) for way in ways]
        if column.store == "words":
            kept = own[name].texts()[0]
            column = Column.of_words(name, [kept if cell is None else cell for cell in cells])
        else:
            changed = [place for place, cell in enumerate(cells) if cell is not None]
            column.cells[changed] = [cells[place] for place in changed]
        table = table.having(replace(column, role="feature", kind=""))
    answers = asked.predict(table)
    return [answers.row(place) for place in range(len(ways))]


def _column(column: Column, cell: Any) -> Column:
    if column.store == "words":
        return Column.of_words(column.name, [cell])
    return replace(column, cells=np.asarray([cell], dtype=column.cells.dtype))


def _changes(alone: Dataset, own: Dataset, way: Way) -> tuple[Changed, ...]:
    return tuple(
        Changed(name, alone[name].texts()[0], _written(alone[name], own[name], cell)) for name, cell in way.changed
    )


def _written(raw: Column, own: Column, cell: Any) -> str:
    """A cell as the table would write it: flags by the table's own words where it has both."""
    plain = str(_column(own, cell).texts()[0])
    if own.kind.partition(":")[0] != "flag" or raw.levels is None:
        return plain
    from assay.kernel.plugins import modality_of

    both = Column(name=raw.name, cells=np.arange(len(raw.levels), dtype=np.int32), levels=raw.levels)
    means = modality_of(own.kind).open(both).column.cells
    same = [str(level) for level, meant in zip(raw.levels, means.tolist(), strict=True) if meant == cell]
    return same[0] if same else plain if flag_words(own.kind) else "yes" if cell else "no"


def _plain(answer: Answer) -> str | float:
    return answer.answer if isinstance(answer.answer, float) else str(answer.answer)


def _p(answer: Answer, goal: ClassGoal | RangeGoal) -> float | None:
    """The probability of the wished class."""
    if isinstance(goal, RangeGoal):
        return None
    label = goal.label or (goal.other if len(goal.labels) == 2 else "")
    return answer.probabilities[label] if label else 1.0 - answer.probabilities[goal.now]


def _answered(answer: str | float, p: float | None, goal: Say) -> Say:
    if p is None:
        return Say(OWNER, "answered_value", {"answer": answer})
    said: Mapping[str, Any] = {"answer": answer, "p": p, "goal": goal}
    return Say(OWNER, "answered", said)


def _told(rule: Say | None) -> list[Say]:
    """By what rule classes are answered, as a sentence, where mistakes have costs."""
    return [] if rule is None else [Say("answers", "rule", {"rule": rule})]
