"""What does the target mean?

Every task bids for the target; the best bid is the task, the second the runner-up.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from assay.kernel.data import CLOCK, Column, Dataset, Floats
from assay.kernel.errors import DataError, DoesNotApply, RequestError
from assay.kernel.plugins import ChoosesWay, Claim, SuitsTarget, Task, modality_of, task_of
from assay.kernel.shelf import shelf
from assay.kernel.words import Say, refusal
from assay.kernel.written_numbers import units_of

from .wishes import UNNAMED, Wishes

LEAST_SPREAD = 1e-100  # of values; the square of a ten-millionth of it is a number still
MOST_WEIGHT = 1e30  # of one row; trees keep weights in single precision, whose end is 3e38
MOST_DATES = 20  # different ones, of a target: so few may be names, of sessions or cohorts
SURELY_DATES = 0.9
GOOD = "good"  # the answer of every row, where a task can be learnt from it


def choose_task(target: Column, asked: str) -> tuple[Task, Say, str]:
    """The task, why, and the runner-up. Raises DataError where no task fits."""
    if not (~target.missing).any():
        raise refusal(DataError, "planning", "no_target", target=target.name, n=len(target))
    claims: list[tuple[float, Task, Claim]] = []
    reasons: list[DoesNotApply] = []
    looked_at = _as_dates(target)
    for plugin in shelf("tasks").ready():
        task: Task = plugin()
        if task.about.asked_for:
            continue
        try:
            claim = task.recognise(looked_at)
        except DoesNotApply as answer:
            reasons.append(answer)
            continue
        claims.append((claim.fit, task, claim))
    claims.sort(key=lambda item: -item[0])
    if asked:
        chosen = _of_several(asked, [task for _, task, _ in claims]) or task_of(asked)
        alone = chosen.about.of_one or chosen.about.empty_answers or "boxes" in chosen.about.gives
        if not alone and _alike(target):  # else one and the same cell may be learnt from
            raise _nothing_to_learn(target, reasons)
        chosen = chosen.suited(target) if isinstance(chosen, SuitsTarget) else chosen
        others = [t.about.key for _, t, _ in claims if t.about.key != chosen.about.key]
        why = chosen.recognise(target).why if chosen.about.of_one else _asked(chosen)
        return chosen, why, others[0] if others else ""
    if not claims:
        raise _nothing_to_learn(looked_at, reasons)
    _, best, claim = claims[0]
    return best, claim.why, claims[1][1].about.key if len(claims) > 1 else ""


def _as_dates(target: Column) -> Column:
    """The target; opened, where it is many different dates written in words: most of the dates to come are no class that was seen."""
    if target.store != "words" or target.distinct <= MOST_DATES:
        return target
    try:
        claim = modality_of("date").recognise(target)
    except DoesNotApply:
        return target
    opened = modality_of(f"date:{claim.variant}").open(target).column
    return opened if claim.fit >= SURELY_DATES and opened.kind != CLOCK else target


def _of_several(asked: str, claiming: list[Task]) -> Task | None:
    """What a name means that several tasks go by ("classification"): the one that fits the target best, or the last that knows it."""
    fit = [task for task in claiming if asked in task.about.also]
    others: list[Task] = [plugin() for plugin in shelf("tasks").ready() if asked in plugin.about.also]
    return next(iter(fit or others[::-1]), None)


def _asked(task: Task) -> Say:
    """Why a task was chosen that was asked for: what its variant means, where it has one."""
    variant = getattr(task, "variant", "")
    return task.about.say("tasks", "variant", variant=variant) if variant else Say("planning", "why.asked")


def lacks_answers(names: tuple[str, ...], wishes: Wishes) -> bool:
    """Whether no target was named, none of the columns is one, and the task can be learnt from rows of one answer."""
    unnamed = wishes.target not in names and wishes.target == UNNAMED
    return bool(unnamed and wishes.task and task_of(wishes.task).about.of_one)


def with_answers(data: Dataset, wishes: Wishes) -> Dataset:
    """The table, with a target in which every row is a good one, where none was named and the task can be learnt from that."""
    if not lacks_answers(data.names, wishes):
        return data
    return data.having(Column.of_words(UNNAMED, [wishes.task.partition(":")[2] or GOOD] * data.rows))


def open_target(target: Column, task: Task) -> Column:
    """The target, opened the way its task reads it."""
    kind = _kind(target, task)
    opened = modality_of(kind).open(target)
    share = 1 - opened.misfits / max(1, int((~target.missing).sum()))
    if share < 0.5:
        raise refusal(
            RequestError,
            "planning",
            "no_numbers",
            task=task.about.key,
            share=share,
            target=target.name,
            examples=opened.examples,
        )
    return replace(answered(opened.column, task), kind=kind, role="target")


def _kind(target: Column, task: Task) -> str:
    """The kind that the task reads, in the variant the cells are written in: "number:unit:岁"; labels are kept as written."""
    kind = task.kind()
    if ":" in kind:
        return kind
    reader = modality_of(kind)
    try:
        variant = reader.recognise(target).variant
    except DoesNotApply:
        variant = reader.way(target) if kind == "number" and isinstance(reader, ChoosesWay) else ""
    return f"{kind}:{variant}" if variant else kind


def answered(target: Column, task: Task) -> Column:
    """An opened target; where the task takes an empty cell for an answer, it is one: a word without letters."""
    if not task.about.empty_answers or target.levels is None or not target.missing.any():
        return target
    return Column.of_words(target.name, ["" if text is None else text for text in target.texts()])


def usable_rows(target: Column, weight: Column | None, time: Column | None) -> tuple[np.ndarray, int, int, int]:
    """Rows that can teach (mask [n]), rows without target, of the others those without positive weight, and without time."""
    no_target = target.missing
    no_weight = np.zeros(len(target), dtype=bool)
    if weight is not None:
        no_weight = ~no_target & ~(np.nan_to_num(weight.cells, nan=0.0) > 0)
    no_time = np.zeros(len(target), dtype=bool)
    if time is not None:
        no_time = ~no_target & ~no_weight & time.missing  # neither before nor after any other row
    return ~no_target & ~no_weight & ~no_time, int(no_target.sum()), int(no_weight.sum()), int(no_time.sum())


def check_size(y: Floats, name: str) -> None:
    """Squared errors of values must be numbers still when they are added up, and more than nothing. Raises DataError."""
    if y.dtype.kind != "f" or not len(y):
        return
    largest = float(np.abs(y).max())
    if largest > np.sqrt(np.finfo(np.float64).max / len(y)) / 2:
        raise refusal(DataError, "planning", "too_large", target=name, largest=largest)
    spread = float(y.max() - y.min())
    if 0.0 < spread < LEAST_SPREAD:
        raise refusal(DataError, "planning", "too_small", target=name, spread=spread)


def check_weights(weight: Floats, name: str) -> None:
    """Products of weights must be numbers still, for learners that keep short ones too: only ratios matter. Raises DataError."""
    largest = float(weight.max(initial=0.0))
    if largest > MOST_WEIGHT or 0.0 < largest < 1 / MOST_WEIGHT:
        key = "heavy" if largest > 1 else "light"
        raise refusal(DataError, "planning", key, name=name, largest=f"{largest:.3g}", most=f"{MOST_WEIGHT:g}")


def _alike(target: Column) -> bool:
    """Whether every cell that is there says the same."""
    return target.distinct == 1


def several_units(target: Column) -> Say | None:
    """What is to be said of a target whose cells are amounts in several units; None of any other."""
    levels = [] if target.levels is None else [str(level) for level in target.levels]
    units = units_of(levels)
    if not units:
        return None
    examples = [next(level for level in levels if level.rstrip().endswith(unit)) for unit in units[:3]]
    return Say("planning", "note.units", {"target": target.name, "examples": examples})


def _nothing_to_learn(target: Column, reasons: list[DoesNotApply]) -> DataError:
    if _alike(target):
        present, blank = target.take(~target.missing), int(target.missing.sum())
        said: dict[str, Any] = {"target": target.name, "value": present.take(slice(1)).texts()[0], "n": len(present)}
        return refusal(DataError, "planning", "one_answer_blank" if blank else "one_answer", blank=blank, **said)
    if target.store == "moments":
        return refusal(DataError, "planning", "dates", target=target.name, k=target.distinct)
    units = several_units(target)
    every: list[Say | DoesNotApply] = [*([units] if units else []), *reasons]
    several = {reason.text("en"): reason for reason in every}  # tasks of numbers say the same of what is none
    return refusal(DataError, "planning", "no_task", target=target.name, reasons=list(several.values()))
