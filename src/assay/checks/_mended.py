"""What did a mitigation bring, and what does it cost?

The same rows answered with and without it: how often answers are right, how even the shares chosen are, and how far apart they lie where
the class is true; of probabilities that changed the log-loss. Rows are drawn again 400 times (of one block together), with and without
side by side, so that the interval of the difference is that of a pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.findings import Figure, Measure
from assay.kernel.plugins import Evidence
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.stats.disparities import traded
from assay.stats.group_thresholds import GroupThresholds, told

from ._gaps import Cut, Unit
from ._part import Part

TRIES = 50  # draws for each that is wanted: where a group stands in one block, many draws lack it
ROUNDS, ROWS = 400, 20_000  # rows that are drawn from at most: the interval is then a bit wide, never narrow
FIGURES = ("right", "ratio", "gap")
UNITS = {"right": "share", "ratio": "", "gap": "share", "loss": ""}
MOST_LIMITS = 12  # groups whose threshold is said


@dataclass(frozen=True)
class Price:
    """One figure before and after, with the change; each (value, low, high)."""

    key: str
    before: tuple[float, float, float]
    after: tuple[float, float, float]
    change: tuple[float, float, float]

    @property
    def sure(self) -> bool:
        """Whether the change is no chance."""
        return self.change[1] > 0 or self.change[2] < 0


def mended(
    cuts: list[Cut], units: list[Unit], blocks: Ints | None, evidence: Evidence, say: Callable[..., Say]
) -> Part:
    """What is said of a mitigation; nothing where none was asked for."""
    asked = evidence.plan.mitigation
    if not asked:
        return Part()
    column, how = asked["column"], asked["how"]
    cut = next((cut for cut in cuts if cut.name == column), None)
    found = [] if cut is None else prices(cut, units[0], blocks, evidence)
    if cut is None or not found:
        return Part(notes=(say("mended.unknown", column=column),) if how == "reweight" else ())
    of, limits = units[0].label, []
    notes = []
    if isinstance(evidence.thresholds, GroupThresholds):
        limits = [say("mended.limit", label=label, limit=limit) for label, limit in told(evidence.thresholds)]
        lost = int(evidence.thresholds.chosen(evidence.answers(), evidence.data[column])[1].sum())
        notes = [say("mended.unanswered", column=column, n=lost)] if lost else []
    figures = [
        say(f"mended.{one.key}", of=of, before=one.before[0], after=one.after[0], low=one.change[1], high=one.change[2])
        for one in found
    ]
    first = say(f"mended.{how}", column=column, of=of, figures=figures, limits=limits[:MOST_LIMITS])
    n = int((cut.code >= 0).sum())
    measures = [
        Measure(
            name=f"{one.key}_{when}: {column}", value=value[0], low=value[1], high=value[2], n=n, unit=UNITS[one.key]
        )
        for one in found
        for when, value in (("before", one.before), ("after", one.after))
    ]
    heads = [say(key) for key in ("figure", "before", "after", "change", "change_low", "change_high")]
    names = {"right": "line_right", "ratio": "ratio", "gap": "gap", "loss": "log_loss"}
    rows = [[say(names[one.key]), one.before[0], one.after[0], *one.change] for one in found]
    table = Figure(kind="table", title=say("prices", column=column), data={"columns": heads, "rows": rows})
    return Part(column=column, notes=(first, *notes), measures=tuple(measures), figures=(table,))


def prices(cut: Cut, unit: Unit, blocks: Ints | None, evidence: Evidence) -> list[Price]:
    """Every figure of a mitigation; empty where what would be without it is not known, or its doubt cannot be drawn."""
    before = _without(unit, evidence)
    if before is None or len(np.unique(cut.code[cut.code >= 0])) < 2:
        return []
    rng = stream(evidence.seed, "mitigation", cut.name)
    rows = np.flatnonzero(cut.code >= 0)
    if len(rows) > ROWS:
        rows = np.sort(rng.permutation(rows)[:ROWS])
    true, code = unit.true[rows], cut.code[rows]
    ways = [before[rows], unit.chosen[rows]]
    losses = _losses(evidence)
    places = {key: FIGURES.index(key) for key in FIGURES} | ({"loss": len(FIGURES)} if losses is not None else {})

    def figures(some: Ints) -> Floats:
        """[2, figures] of rows drawn."""
        out = np.empty((2, len(places)))
        for way, chosen in enumerate(ways):
            found = traded(chosen[some], true[some], code[some])
            out[way, : len(FIGURES)] = found.right, found.ratio, found.gap
            if losses is not None:
                out[way, len(FIGURES)] = losses[way][rows[some]].mean()
        return out

    draws = draws_of(None if blocks is None else blocks[rows], code, rng)
    if len(draws) < ROUNDS:
        return []
    value, drawn = figures(np.arange(len(rows))), np.asarray([figures(some) for some in draws])

    def told(of: Floats, at: float) -> tuple[float, float, float]:
        low, high = np.quantile(of, (0.025, 0.975))
        return float(at), float(low), float(high)

    return [
        Price(
            key,
            told(drawn[:, 0, place], value[0, place]),
            told(drawn[:, 1, place], value[1, place]),
            told(drawn[:, 1, place] - drawn[:, 0, place], value[1, place] - value[0, place]),
        )
        for key, place in places.items()
    ]


def _without(unit: Unit, evidence: Evidence) -> Bools | None:
    """Which rows the class would be chosen for without the mitigation [n]."""
    place = evidence.codec.labels.index(unit.label)
    if evidence.before is not None:
        weighed = evidence.codec.weighed(evidence.task.answers(evidence.before))
        return np.asarray(weighed.argmax(axis=1) == place)
    if evidence.chosen is not None:
        return np.asarray(evidence.answers().argmax(axis=1) == place)
    return None


def _losses(evidence: Evidence) -> tuple[Floats, Floats] | None:
    """Losses [n] before and after, where probabilities changed."""
    if evidence.before is None:
        return None
    return evidence.task.losses(evidence.before, evidence.y), evidence.losses()


def draws_of(blocks: Ints | None, code: Ints, rng: np.random.Generator) -> list[Ints]:
    """Rows drawn with replacement, blocks as a whole; a draw that lacks a group is drawn again, though not for ever."""
    n = len(code)
    member = np.arange(n) if blocks is None else np.unique(blocks, return_inverse=True)[1]
    size, groups = int(member.max()) + 1, len(np.unique(code))
    out: list[Ints] = []
    for _ in range(TRIES * ROUNDS):
        if len(out) == ROUNDS:
            break
        times = np.bincount(rng.integers(size, size=size), minlength=size)[member]
        some = np.repeat(np.arange(n), times)
        if len(np.unique(code[some])) == groups:
            out.append(some)
    return out
