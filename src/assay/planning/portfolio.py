"""Which candidates are tried, and in which order?

An ordered portfolio of settings known to complement each other rather than blind tuning (after TabRepo, Salinas &
Erickson 2024): what reads texts and looks at pictures where there are some; the readable ones, since they are always kept; then boosting at the settings that win most
often, then variants that err differently: thresholds drawn at random, columns made of others, a forest. The order was
found greedily on the out-of-fold loss of the blend over a dozen tables (docs/decisions/0015-the-portfolio.md).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from assay.kernel import memory
from assay.kernel.errors import RequestError, Sentences
from assay.kernel.forms import Head
from assay.kernel.plan import Candidate
from assay.kernel.plugins import About
from assay.kernel.settings import settings_of, with_settings
from assay.kernel.shelf import shelf
from assay.kernel.words import Say, refusal

Listed = tuple[str, str, dict[str, Any]]  # name, learner, settings
NONE: Mapping[str, str] = MappingProxyType({})
SMALL, TINY = 5_000, 600
MANY_CLASSES = 20  # beyond it a round of trees for each class takes as long as a whole network
FEW_A_CLASS = 100  # rows of each of several classes, up to which their means tell a line something
REFIT_UP_TO = 100_000  # rows: beyond it the rows that stop the growing are spared, and the time of a second growing too


def candidates(
    rows: int,
    head: Head,
    only: tuple[str, ...],
    trials: int = 0,
    drawn: bool = False,
    spare: float = math.inf,
    also: tuple[str, ...] = (),
    forms: frozenset[str] = frozenset({"vector"}),
    checkpoints: Mapping[str, str] = NONE,
) -> tuple[list[Candidate], list[Say]]:
    """The portfolio for a table of this size, the first `trials` of it where they are given, and what was left out and why.

    only  : learners, or candidates by name, where not all; `also`: those to try beside although they keep rows of the table or
            are for the asking
    drawn : the rows were drawn from a table larger than memory. What is to learn from all of it must take a stream, and
            gets no made columns: neither the rows drawn nor the bins of the stream leave room for them
    spare : bytes of memory beyond what the table needs; a learner whose packages take more is left out
    forms : that the columns give; a learner that takes others has nothing to learn from
    checkpoints : name and hash of the pretrained network for texts, pictures and boxes, by these words; without one of
            texts a package carries one, without one of the others what sees through it is left out
    """
    room = shelf("learners")
    single = {name: key for name, key in learners_by_candidate().items() if name in (*only, *also)}
    whole = {*only, *also} - {*single}
    named = whole | {*single.values()} if only else whole
    keys = [key for key in room.keys() if not only or key in named]
    keys = [key for key in keys if forms.issuperset(room.get(key).about.takes)]
    keys = [key for key in keys if key in named or not room.get(key).about.by_name]
    keys = [key for key in keys if key in named or not forms.intersection(room.get(key).about.not_beside)]
    keys = [key for key in keys if key in named or not _lacks_network(room.get(key).about, checkpoints)]
    left_out = [said for key in keys if (said := _left_out(key, drawn, spare, checkpoints)) is not None]
    gone = {said.values["learner"] for said in left_out}
    fitting = [key for key in keys if key not in gone and head.name in room.get(key).about.gives]
    fitting = [key for key in fitting if key in named or not room.get(key).about.keeps_rows]
    found: list[Candidate] = []
    for name, key, settings in _with_named(_ordered(rows, head, forms, checkpoints), single, rows, head):
        if key in fitting and (not only or key in whole or name in single):
            fixed = settings | {"craft": 0} if drawn and "craft" in settings else settings
            found.append(_candidate(name, with_settings(room.get(key), fixed)))
    there = {candidate.learner for candidate in found}
    for plugin in room.ready():  # learners from outside, at their defaults
        if plugin.about.key in fitting and plugin.about.key not in there:
            found.append(_candidate(plugin.about.key, plugin()))
    found = _trees_last(found, head)
    if trials:
        tried = [candidate for candidate in found if candidate.learner != "constant"][:trials]
        found = [candidate for candidate in found if candidate.learner == "constant" or candidate in tried]
    return _whole_cells_first(found), left_out


@functools.cache
def learners_by_candidate() -> Mapping[str, str]:
    """The learner of each candidate for numbers and names that bears a name of its own, of tables of any size."""
    keys = shelf("learners").keys()
    listed = (*_small(1, Head.value()), *_middling(SMALL + 1, Head.value()))
    return MappingProxyType({name: key for name, key, _ in listed if name not in keys})


def _with_named(ordered: list[Listed], single: Mapping[str, str], rows: int, head: Head) -> list[Listed]:
    """The same, and behind them candidates that were named although they are those of tables of another size."""
    there = {name for name, *_ in ordered}
    other = _middling(rows, head) if rows <= SMALL else _small(rows, head)
    return [*ordered, *(one for one in other if one[0] in single and one[0] not in there)]


def check_learners(
    found: list[Candidate], left_out: list[Say], head: Head, task: str, forms: frozenset[str], readable: bool = False
) -> None:
    """Something beyond the constant guess is tried, readable where that is asked for. Raises RequestError that says why nothing is."""
    room = shelf("learners")
    tried = [room.get(candidate.learner).about for candidate in found]
    tried = [about for about in tried if about.order > 0]
    if readable and tried and not any(about.readable for about in tried):
        raise refusal(RequestError, "planning", "no_readable", task=task, able=sorted({one.key for one in tried}))
    if tried:
        return
    if left_out:
        raise refusal(RequestError, "planning", "left_learners", expected=Sentences(left_out))
    if found:
        raise refusal(RequestError, "planning", "only_constant")
    about = [room.get(key).about for key in room.keys()]
    able = [one.key for one in about if head.name in one.gives and forms.issuperset(one.takes) and one.order > 0]
    raise refusal(RequestError, "planning", "no_learner", task=task, able=able)


def only_readable(found: list[Candidate]) -> list[Candidate]:
    """Those that a person can read, and the constant guess."""
    room = shelf("learners")
    return [one for one in found if (about := room.get(one.learner).about).readable or about.order == 0]


def _whole_cells_first(found: list[Candidate]) -> list[Candidate]:
    """After the constant guess, what reads whole texts and looks at whole pictures; what sees a few factors of them gets the time that is left.

    The linear model is always among the candidates, but on texts of many classes it takes a third of a short budget.
    """

    def place(candidate: Candidate) -> int:
        about = shelf("learners").get(candidate.learner).about
        return 0 if about.order == 0 else 1 if set(about.takes) - {"vector"} else 2

    return sorted(found, key=place)


def _trees_last(found: list[Candidate], head: Head) -> list[Candidate]:
    """The same; of many classes what grows trees for each of them last, or it would take the time of all others and end unfinished."""
    if head.name != "classes" or head.width <= MANY_CLASSES:
        return found
    return sorted(found, key=lambda one: shelf("learners").get(one.learner).about.by_class)


def _candidate(name: str, learner: Any) -> Candidate:
    return Candidate(name=name, learner=learner.about.key, settings=settings_of(learner))


def _lacks_network(about: About, checkpoints: Mapping[str, str]) -> bool:
    """Whether it sees through a pretrained network, and none of that kind was named."""
    return bool(about.sees_through) and about.checkpoint not in checkpoints


def _left_out(key: str, drawn: bool, spare: float, checkpoints: Mapping[str, str]) -> Say | None:
    """Why a learner cannot be among the candidates; None where it can."""
    missing, about = shelf("learners").missing(key), shelf("learners").get(key).about
    if missing:
        extra = f"assay[{about.extra}]" if about.extra else " ".join(missing)
        return Say("planning", "left.learner", {"learner": key, "packages": list(missing), "extra": extra})
    if drawn and not (about.streams or about.readable or about.order == 0):  # 0 is the constant guess
        return Say("planning", "left.stream", {"learner": key})
    if _lacks_network(about, checkpoints):
        return Say("planning", f"left.network.{about.checkpoint}", {"learner": key})
    if about.memory > spare:
        values = {"learner": key, "need": memory.said(about.memory), "spare": memory.said(max(0.0, spare))}
        return Say("planning", "left.memory", values)
    return None


def _ordered(rows: int, head: Head, forms: frozenset[str], checkpoints: Mapping[str, str]) -> list[Listed]:
    first: list[Listed] = [(key, key, {}) for key in ("constant", "linear", "isolation")]
    return [
        *first,
        *_by_means(rows, head),
        *(_texts(checkpoints.get("texts", "")) if "texts" in forms else []),
        *(_through(checkpoints) if "grid" in forms else []),
        *(_pictures() if "grid" in forms else []),
        *(_small(rows, head) if rows <= SMALL else _middling(rows, head)),
    ]


def _by_means(rows: int, head: Head) -> list[Listed]:
    """The line drawn towards the means of several classes, where each has few rows or a line costs the least of all."""
    if head.name != "classes" or head.width == 1 or (rows > FEW_A_CLASS * head.width and head.width <= MANY_CLASSES):
        return []
    return [("linear discriminant", "linear", {"towards": "discriminant"})]


def _texts(encoder: str) -> list[Listed]:
    """What reads whole texts comes before what sees a few factors of them; of those, networks are tried where they are named."""
    by_name = ("convolution", "recurrent", "word_vectors")
    return [
        ("sparse", "sparse", {}),
        *((key, key, {"encoder": encoder}) for key in ("encoder", "finetune")),
        *((key, key, {}) for key in by_name),
    ]


def _through(checkpoints: Mapping[str, str]) -> list[Listed]:
    """What sees through a pretrained network, where one of its kind is named."""
    known: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("pictures", "sight", {}),
        ("pictures", "finetune_pictures", {}),
        ("boxes", "detr", {"epochs": 50}),
    )
    return [
        (key, key, {"encoder": checkpoints[kind], **settings}) for kind, key, settings in known if kind in checkpoints
    ]


def _pictures() -> list[Listed]:
    """What is done in seconds comes before what takes all the time there is."""
    views = {"views": 3, "reach": 0.4}
    return [
        ("fisher", "fisher", {}),
        ("patches", "patches", {}),
        ("residual", "residual", {"epochs": 150}),
        ("patches in views", "patches", views),
        ("large patches in views", "patches", views | {"patch": 12}),
        ("residual by place", "residual", {"epochs": 150, "placed": True}),
        ("cnn", "cnn", {"epochs": 60}),
        ("detector", "detector", {"epochs": 300}),
        ("defects", "defects", {}),
    ]


def _small(rows: int, head: Head) -> list[Listed]:
    """Slow steps, small trees, and a refit on all rows."""
    small = {"refit": True, "patience": 100, "least_rows": 5 if rows <= TINY else 10}
    loose = {"random_splits": True, "column_share": 1.0, "refit": True, "patience": 100}  # any threshold, so any leaf
    return [
        ("boosting random", "boosting", loose | {"rate": 0.03, "leaves": 16, "least_rows": 2, "craft": 30}),
        ("additive", "additive", {"refit": True, "leaves": 3, "rate": 0.03}),
        ("fourier", "fourier", {}),
        ("perceptron", "perceptron", _perceptron(rows, head)),
        ("neighbours", "neighbours", {}),
        ("catboost", "catboost", {"refit": True, "rounds": 1000, "rate": 0.05, "depth": 4, "ridge": 5.0}),
        ("boosting stumps", "boosting", small | {"rate": 0.05, "leaves": 3, "column_share": 0.5}),
        (
            "forest",
            "boosting",
            {"mode": "forest", "leaves": 256, "least_rows": 2, "column_share": 0.5, "rounds": 150},
        ),
        ("boosting crafted", "boosting", small | {"rate": 0.04, "leaves": 16, "column_share": 0.5, "craft": 30}),
        (
            "forest random",
            "boosting",
            {
                "mode": "forest",
                "random_splits": True,
                "leaves": 256,
                "least_rows": 1,
                "column_share": 0.8,
                "rounds": 150,
            },
        ),
        ("catboost deep", "catboost", {"refit": True, "rounds": 600, "rate": 0.08, "depth": 6, "column_share": 0.5}),
        ("boosting deep", "boosting", small | {"rate": 0.03, "leaves": 48, "column_share": 0.4, "ridge": 10.0}),
        ("perceptron fine", "perceptron", _perceptron(rows, head) | {"spread": 1.0, "width": 96, "dropout": 0.3}),
        ("fourier near", "fourier", {"waves": 1024 if head.name == "value" else 512, "reach": 1.5}),
        (
            "boosting random nodes",
            "boosting",
            loose | {"rate": 0.03, "leaves": 32, "least_rows": 3, "node_column_share": 0.4, "craft": 60},
        ),
        ("boosting tiny", "boosting", loose | {"rate": 0.04, "leaves": 7, "least_rows": 1, "ridge": 2.0}),
        ("boosting fine", "boosting", small | {"rate": 0.03, "leaves": 24, "least_rows": 2, "column_share": 0.7}),
        ("boosting slow", "boosting", small | {"rate": 0.02, "leaves": 8, "column_share": 0.5, "ridge": 5.0}),
        ("xgboost", "xgboost", {"refit": True, "rate": 0.03, "depth": 4, "column_share": 0.5, "ridge": 5.0}),
    ]


def _middling(rows: int, head: Head) -> list[Listed]:
    refit = {"refit": rows <= REFIT_UP_TO}
    loose = refit | {"random_splits": True}
    return [
        (
            "boosting crafted",
            "boosting",
            refit | {"rate": 0.05, "leaves": 20, "column_share": 0.6, "row_share": 0.95, "one_hot": 27, "craft": 30},
        ),
        (
            "additive",
            "additive",
            refit | {"leaves": 12, "rate": 0.06, "column_share": 0.2, "row_share": 0.85, "pairs": 20},
        ),
        ("boosting random", "boosting", loose | {"rate": 0.04, "leaves": 24, "column_share": 1.0, "least_rows": 2}),
        ("boosting slow", "boosting", refit | {"rate": 0.03, "leaves": 16, "column_share": 0.5}),
        ("perceptron", "perceptron", _perceptron(rows, head)),
        ("neighbours", "neighbours", {}),
        ("forest", "boosting", {"mode": "forest", "leaves": 512, "least_rows": 5, "column_share": 0.4, "rounds": 100}),
        (
            "boosting fine",
            "boosting",
            refit | {"rate": 0.03, "leaves": 48, "least_rows": 10, "column_share": 0.7, "ridge": 3.0},
        ),
        (
            "boosting tiny",
            "boosting",
            loose
            | {
                "rate": 0.05,
                "leaves": 8,
                "column_share": 1.0,
                "least_rows": 1,
                "ridge": 2.0,
                "craft": 30,
                "one_hot": 64,
            },
        ),
        ("catboost", "catboost", refit | {"rounds": 1000, "rate": 0.08, "depth": 6, "column_share": 0.7}),
        ("boosting", "boosting", refit | {"rate": 0.06, "leaves": 31, "one_hot": 64}),
        (
            "boosting nodes",
            "boosting",
            refit | {"rate": 0.04, "leaves": 31, "column_share": 1.0, "node_column_share": 0.5, "one_hot": 64},
        ),
        ("xgboost", "xgboost", refit | {"rate": 0.05, "depth": 6, "column_share": 0.6, "least_weight": 3.0}),
        (
            "boosting random deep",
            "boosting",
            loose
            | {"rate": 0.04, "leaves": 64, "column_share": 0.55, "row_share": 0.95, "least_rows": 10, "ridge": 2.0},
        ),
        ("fourier", "fourier", {}),
    ]


def _perceptron(rows: int, head: Head) -> dict[str, Any]:
    """Values bear larger steps and less dropout than classes, whose networks are soon too sure.

    Small tables have more folds, and half as many networks in each answer as well together.
    """
    few = {"members": 4} if rows <= SMALL else {}
    if head.name in ("value", "quantiles"):
        return few | {"rate": 0.07, "dropout": 0.05, "spread": 0.25, "epochs": 192}
    return few | {"rate": 0.02 if rows <= SMALL else 0.04}
