"""What does a check promise?

An answer that reads in both languages and survives a file, or a reason why there is none; evidence left as it was; and
time kept.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..kernel.clock import Clock
from ..kernel.data import Column, Dataset
from ..kernel.errors import DoesNotApply
from ..kernel.findings import FIGURES, VERDICTS, Finding
from ..kernel.forms import PLAIN
from ..kernel.plugins import Evidence, task_of
from ..kernel.rng import stream
from ..kernel.words import LANGUAGES, Say
from . import pictured
from .contract import Contract, demand
from .worlds import endless

TASKS = ("binary", "classes", "value", "grades", "count", "quantile:0.8", "flags")
LEARNERS = ("constant", "linear", "boosting")
LINES = ("constant", "linear")  # for several labels a row, which no tree learns


def contracts(plugin: Any) -> list[Contract]:
    """All contracts, once for each task we can give evidence of."""
    key = plugin.about.key
    found = [Contract("checks", key, "puts a question", functools.partial(puts_a_question, plugin))]
    tests: dict[str, Callable[[Any, str], None]] = {
        "answers in both languages, or says why not": answers,
        "has figures and measures of known kinds": is_drawn,
        "names its measures in both languages": names_measures,
        "survives a file": survives_a_file,
        "leaves the evidence as it was": leaves_evidence_alone,
        "answers when the time is up": keeps_its_clock,
        "answers for very few rows": bears_few_rows,
    }
    heads = set(plugin.about.takes or PLAIN)
    for task in (*TASKS, *pictured.TASKS):
        if not heads & set(task_of(task).about.gives):
            continue
        for name, test in tests.items():
            found.append(Contract("checks", key, f"{name} [{task}]", functools.partial(test, plugin, task)))
    return found


def table(task: str, rows: int = 240) -> Dataset:
    """A table whose target is learnable: a number, a name, a flag and gaps."""
    rng = stream(0, "evidence", task)
    x, place = rng.normal(size=rows), rng.integers(3, size=rows)
    signal = 1.5 * x + (place == 1) + rng.normal(scale=0.7, size=rows)
    gaps = rng.normal(size=rows)
    gaps[rng.random(rows) < 0.15] = np.nan
    target = {
        "binary": lambda: Column.of_words("answer", np.where(signal > 0.4, "yes", "no").tolist()),
        "classes": lambda: Column.of_words("answer", np.asarray(["a", "b", "c"])[np.digitize(signal, [-0.7, 1.0])]),
        "value": lambda: Column.of_numbers("answer", 20 + 5 * signal),
        "grades": lambda: Column.of_numbers("answer", np.clip(np.round(3 + signal), 1, 5)),
        "quantile:0.8": lambda: Column.of_numbers("answer", 20 + 5 * signal),
        "flags": lambda: Column.of_words("answer", _borne(signal, x, place)),
        "count": lambda: Column.of_numbers("answer", rng.poisson(np.exp(0.8 + 0.4 * signal))),
    }[task]()
    return Dataset(
        (
            Column.of_numbers("x", x.round(4)),
            Column.of_words("place", np.asarray(["north", "south", "west"])[place].tolist()),
            Column.of_words("member", np.where(rng.random(rows) < 0.5, "yes", "no").tolist()),
            Column.of_numbers("gaps", gaps.round(4)),
            target,
        )
    )


def _borne(signal: Any, x: Any, place: Any) -> list[str | None]:
    """None, one or several of three labels."""
    own = np.column_stack([signal > 0.4, x + signal < -0.5, (place == 1) & (signal > 0)])
    return ["|".join(np.asarray(["a", "b", "c"])[row]) or None for row in own]


@functools.cache
def evidence(task: str, rows: int = 240) -> Evidence:
    """Evidence of a small model, cross-fitted, at a clock that stands still."""
    if task in pictured.TASKS:
        return pictured.evidence(task, rows // 2)
    from ..auditing.evidence import from_training
    from ..planning.draw import draw
    from ..planning.wishes import Wishes
    from ..search.run import search

    learners = LINES if task == "flags" else LEARNERS
    wishes = Wishes(target="answer", task=task, learners=learners, sensitive=("member",), folds=4)
    plan, opened = draw(table(task, rows), wishes)
    brief = {"boosting": {"rounds": 60}}
    few = tuple(
        replace(c, settings={**c.settings, **brief.get(c.learner, {})}) for c in plan.candidates if c.name in learners
    )
    plan = replace(plan, candidates=few)
    found = search(plan, opened, endless(), lambda event: None)
    return from_training(found, found.ensemble, plan, opened, 100_000, 5.0, endless())


def ask(plugin: Any, given: Evidence) -> Finding | DoesNotApply:
    """The finding, or the reason why there is none."""
    try:
        found = plugin().run(given)
    except DoesNotApply as answer:
        return answer
    demand(isinstance(found, Finding), f"run() gives a {type(found).__name__}")
    return found  # type: ignore[no-any-return]


def _asked(plugin: Any, task: str) -> Finding | DoesNotApply:
    return _asked_and_watched(plugin, task)[0]


@functools.lru_cache(maxsize=256)
def _asked_and_watched(plugin: Any, task: str) -> tuple[Finding | DoesNotApply, bool]:
    """What most contracts look at, and whether the evidence was left as it was."""
    given = evidence(task)
    before = print_of(given)
    found = ask(plugin, given)
    kept = print_of(given) == before
    if not kept:
        evidence.cache_clear()  # the next contract is to be given an honest one
    return found, kept


def puts_a_question(plugin: Any) -> None:
    """A question in both languages."""
    for lang in LANGUAGES:
        question = plugin.about.words[lang].get("question", "")
        demand(question.strip().endswith(("?", "？")), f"the question in '{lang}' is {question!r}")


def says(value: Any) -> Iterator[Say]:
    """Every Say within a value."""
    if isinstance(value, Say):
        yield value
        yield from says(list(value.values.values()))
    elif isinstance(value, dict):
        yield from says(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from says(inner)
    elif hasattr(value, "__dataclass_fields__"):
        yield from says([getattr(value, name) for name in value.__dataclass_fields__])


def reads(found: Finding | DoesNotApply) -> list[str]:
    """Every sentence in every language; a placeholder left over, an empty sentence or one without words breaks."""
    if isinstance(found, DoesNotApply):
        demand(isinstance(found.say, Say), f"the reason '{found}' stands in one language only; give it as `say`")
    out = []
    for say in says(found.say if isinstance(found, DoesNotApply) else found):
        for lang in LANGUAGES:
            text = say.text(lang)
            demand(text.strip(), f"{say.owner}.{say.key} is empty in '{lang}'")
            out.append(text)
    return out


def answers(plugin: Any, task: str) -> None:
    """A Finding of this check whose every sentence reads in both languages, or a DoesNotApply that does."""
    found = _asked(plugin, task)
    demand(reads(found), "says nothing")
    if isinstance(found, Finding):
        demand(found.check == plugin.about.key, f"the finding is of '{found.check}'")
        demand(found.verdict in VERDICTS, f"the verdict is '{found.verdict}'")
        demand(found.verdict not in ("fail", "error"), f"'{found.verdict}' on honest data: {found.say.text()}")


def is_drawn(plugin: Any, task: str) -> None:
    """Figures of known kinds; measures of different names whose value lies where its interval does, or beside."""
    found = _asked(plugin, task)
    if isinstance(found, DoesNotApply):
        return
    strange = [figure.kind for figure in found.figures if figure.kind not in FIGURES]
    demand(not strange, f"figures of kinds {strange}")
    names = [measure.name for measure in found.measures]
    demand(len(set(names)) == len(names), f"measures of one name: {names}")
    for m in found.measures:
        demand(isinstance(m.value, (int, float)) and math.isfinite(m.value), f"{m.name} is {m.value!r}")
        demand((m.low is None) == (m.high is None), f"{m.name} has half an interval")
        demand(m.low is None or m.high is None or not m.low > m.high, f"{m.name} from {m.low} to {m.high}")


def names_measures(plugin: Any, task: str) -> None:
    """Each measure has a name in the words of the check, or of the task whose metric it is."""
    found = _asked(plugin, task)
    if isinstance(found, DoesNotApply):
        return
    for lang in LANGUAGES:
        known = {**evidence(task).task.about.words[lang], **plugin.about.words[lang]}
        nameless = sorted({m.key for m in found.measures if not known.get(f"measure.{m.key}", "").strip()})
        demand(not nameless, f"no words 'measure.NAME' in '{lang}' for {nameless}")


def survives_a_file(plugin: Any, task: str) -> None:
    """Through strict JSON and back it says the same."""
    found = _asked(plugin, task)
    if isinstance(found, DoesNotApply):
        return
    text = json.dumps(found.to_json(), allow_nan=False)
    again = Finding.from_json(json.loads(text))
    demand(again.to_json() == json.loads(text), "another finding comes back from JSON")
    demand(reads(again) == reads(found), "other sentences come back from JSON")


def print_of(given: Evidence) -> str:
    """A hash of every array in the evidence."""
    digest = hashlib.sha256()
    arrays = [given.y, given.weight, given.scores, given.uncalibrated, given.folds, given.constant, given.sets]
    arrays += [given.intervals, given.honest.draws, given.honest.apparent, given.honest.constant]
    arrays += [c.scores for c in given.contenders]
    arrays += [column.cells for data in (given.data, given.raw) for column in data]
    for array in arrays:
        digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
    digest.update(json.dumps(given.plan.to_json(), sort_keys=True, default=str).encode())
    return digest.hexdigest()


def leaves_evidence_alone(plugin: Any, task: str) -> None:
    """No array of the evidence is changed."""
    demand(_asked_and_watched(plugin, task)[1], "the evidence was changed")


def keeps_its_clock(plugin: Any, task: str) -> None:
    """With the time up there is an answer or a reason, not a fall."""
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    reads(ask(plugin, replace(evidence(task), clock=late)))


def bears_few_rows(plugin: Any, task: str) -> None:
    """Evidence from a dozen rows gives an answer or a reason, not a fall."""
    reads(ask(plugin, evidence(task, 24)))
