"""Which candidates are tried, and in which order?

An ordered portfolio of settings known to complement each other rather than blind tuning (after TabRepo, Salinas &
Erickson 2024): the readable ones first, since they are always kept; then boosting at the settings that win most
often, then variants that err differently: thresholds drawn at random, columns made of others, a forest. The order was
found greedily on the out-of-fold loss of the blend over a dozen tables (docs/decisions/0015-the-portfolio.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assay.kernel.forms import Head
from assay.kernel.plan import Candidate
from assay.kernel.settings import settings_of, with_settings
from assay.kernel.shelf import shelf
from assay.kernel.words import Say

SMALL, TINY = 5_000, 600
REFIT_UP_TO = 100_000  # rows: beyond it the rows that stop the growing are spared, and the time of a second growing too


def candidates(
    rows: int, head: Head, only: tuple[str, ...], trials: int = 0, drawn: bool = False
) -> tuple[list[Candidate], list[Say]]:
    """The portfolio for a table of this size, the first `trials` of it where they are given, and what was left out and why.

    drawn : the table is larger than memory: only readable learners and those that take a stream, and no made columns, which
            would stand beside the given ones as floats
    """
    found: list[Candidate] = []
    left_out: list[Say] = []
    room = shelf("learners")
    keys = [key for key in room.keys() if not only or key in only]
    for key in keys:
        missing = room.missing(key)
        if missing:
            extra = f"assay[{room.get(key).about.extra}]" if room.get(key).about.extra else " ".join(missing)
            left_out.append(
                Say("planning", "left.learner", {"learner": key, "packages": list(missing), "extra": extra})
            )
    for name, key, settings in _ordered(rows, head):
        if key in keys and key in room.keys() and not room.missing(key):
            kind = room.get(key)
            if head.name in kind.about.gives:
                found.append(Candidate(name=name, learner=key, settings=settings_of(with_settings(kind, settings))))
    named = {candidate.learner for candidate in found}
    for plugin in room.ready():  # learners from outside, at their defaults
        if plugin.about.key in keys and plugin.about.key not in named and head.name in plugin.about.gives:
            found.append(Candidate(name=plugin.about.key, learner=plugin.about.key, settings=settings_of(plugin())))
    if drawn:
        about = {candidate.learner: room.get(candidate.learner).about for candidate in found}
        slow = [key for key, of in about.items() if not (of.streams or of.readable or key == "constant")]
        left_out += [Say("planning", "left.stream", {"learner": key}) for key in slow]
        found = [_unmade(candidate) for candidate in found if candidate.learner not in slow]
    if trials:
        tried = [candidate for candidate in found if candidate.learner != "constant"][:trials]
        found = [candidate for candidate in found if candidate.learner == "constant" or candidate in tried]
    return found, left_out


def _unmade(candidate: Candidate) -> Candidate:
    """The same candidate without made columns."""
    if not candidate.settings.get("craft"):
        return candidate
    return replace(candidate, settings={**candidate.settings, "craft": 0})


def _ordered(rows: int, head: Head) -> list[tuple[str, str, dict[str, Any]]]:
    first: list[tuple[str, str, dict[str, Any]]] = [("constant", "constant", {}), ("linear", "linear", {})]
    return [*first, *(_small(rows, head) if rows <= SMALL else _middling(rows, head))]


def _small(rows: int, head: Head) -> list[tuple[str, str, dict[str, Any]]]:
    """Slow steps, small trees, and a refit on all rows."""
    small = {"refit": True, "patience": 100, "least_rows": 5 if rows <= TINY else 10}
    loose = {"random_splits": True, "column_share": 1.0, "refit": True, "patience": 100}  # any threshold, so any leaf
    return [
        ("boosting random", "boosting", loose | {"rate": 0.03, "leaves": 16, "least_rows": 2, "craft": 30}),
        ("additive", "additive", {"refit": True, "leaves": 3, "rate": 0.03}),
        ("perceptron", "perceptron", _perceptron(rows, head)),
        ("boosting stumps", "boosting", small | {"rate": 0.05, "leaves": 3, "column_share": 0.5}),
        (
            "forest",
            "boosting",
            {"mode": "forest", "leaves": 256, "least_rows": 2, "column_share": 0.5, "rounds": 150},
        ),
        ("boosting crafted", "boosting", small | {"rate": 0.04, "leaves": 16, "column_share": 0.5, "craft": 30}),
        ("boosting deep", "boosting", small | {"rate": 0.03, "leaves": 48, "column_share": 0.4, "ridge": 10.0}),
        ("boosting tiny", "boosting", loose | {"rate": 0.04, "leaves": 7, "least_rows": 1, "ridge": 2.0}),
        ("boosting slow", "boosting", small | {"rate": 0.02, "leaves": 8, "column_share": 0.5, "ridge": 5.0}),
        ("boosting fine", "boosting", small | {"rate": 0.03, "leaves": 24, "least_rows": 2, "column_share": 0.7}),
    ]


def _middling(rows: int, head: Head) -> list[tuple[str, str, dict[str, Any]]]:
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
        ("boosting", "boosting", refit | {"rate": 0.06, "leaves": 31, "one_hot": 64}),
        (
            "boosting nodes",
            "boosting",
            refit | {"rate": 0.04, "leaves": 31, "column_share": 1.0, "node_column_share": 0.5, "one_hot": 64},
        ),
        (
            "boosting random deep",
            "boosting",
            loose
            | {"rate": 0.04, "leaves": 64, "column_share": 0.55, "row_share": 0.95, "least_rows": 10, "ridge": 2.0},
        ),
    ]


def _perceptron(rows: int, head: Head) -> dict[str, Any]:
    """Values bear larger steps and less dropout than classes, whose networks are soon too sure."""
    if head.name == "value":
        return {"rate": 0.07, "dropout": 0.05, "spread": 0.25, "epochs": 192}
    return {"rate": 0.02 if rows <= SMALL else 0.04}
