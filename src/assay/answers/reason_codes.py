"""Why did this row not get the other of two answers, in at most four reasons?

Each reason is a sentence in the words of the table's columns; and the reasons together are put to the model, beside others drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.explainers.reason_codes import ReasonCodes
from assay.kernel.data import Column, Dataset, Floats
from assay.kernel.errors import RequestError
from assay.kernel.hints import listing
from assay.kernel.plan import Plan
from assay.kernel.rng import stream
from assay.kernel.words import Say, refusal
from assay.stats.reference import FEWEST, Reference, Side, just_beyond

from .answers import Answers

OWNER = "explainers/reason_codes"
DRAWS = 50  # of as many other columns


@dataclass(frozen=True)
class Reason:
    """One factor that speaks against a row."""

    name: str
    now: str | None  # as written; None where missing
    usual: str | None  # in the middle of those who just got the answer; None where nothing is usual
    short: float  # by how much the row falls short of their average, in log-odds
    say: Say


@dataclass(frozen=True)
class Put:
    """What the model answers with the cells of the reasons as usual."""

    names: tuple[str, ...]  # the columns that were changed
    answer: str
    p: float  # of the answer that was denied
    hits: int  # draws of as many other columns that alter the answer
    draws: int


@dataclass(frozen=True)
class Reasons:
    """The principal reasons of one row, the strongest first, whom it was held against, and what the model says to it."""

    row: int
    answer: str
    label: str  # the answer that the row did not get
    p: float  # its probability
    reasons: tuple[Reason, ...]
    reference: Say
    put: Put | None
    sensitive: tuple[str, ...]
    rule: Say | None = None  # by which classes are answered, where mistakes have costs

    @property
    def flips(self) -> bool:
        """Whether the reasons, set to what is usual, alter the answer."""
        return self.put is not None and self.put.answer == self.label

    def to_json(self, lang: str = "en") -> Mapping[str, Any]:
        """Plain JSON values."""
        put = None if self.put is None else {**vars(self.put), "names": list(self.put.names), "flips": self.flips}
        return {
            "row": self.row,
            "answer": self.answer,
            "denied": self.label,
            "p": self.p,
            "reasons": [
                {"name": r.name, "now": r.now, "usual": r.usual, "short": r.short, "text": r.say.text(lang)}
                for r in self.reasons
            ],
            "reference": self.reference.text(lang),
            "put": put,
            "sensitive": list(self.sensitive),
        }

    def text(self, lang: str = "en") -> str:
        """A numbered list, whom the row was held against, and what came of putting the reasons to the model."""
        said = {"row": self.row, "answer": self.answer, "label": self.label}
        lines = [Say(OWNER, "heading", said).text(lang)]
        lines += [f"  {place}. {reason.say.text(lang)}" for place, reason in enumerate(self.reasons, start=1)]
        lines += ["", self.reference.text(lang), self._verified().text(lang)]
        if self.rule is not None:
            lines.append(Say("answers", "rule", {"rule": self.rule}).text(lang))
        if self.sensitive:
            lines.append(Say(OWNER, "sensitive", {"names": listing(self.sensitive)}).text(lang))
        return "\n".join(lines)

    def _verified(self) -> Say:
        if self.put is None:
            return Say(OWNER, "unput")
        said = {"label": self.label, "now": self.p, "answer": self.put.answer, "p": self.put.p, "hits": self.put.hits}
        said |= {"names": listing(self.put.names), "draws": self.put.draws}
        key = "flips" if self.flips else "no_flip"
        return Say(OWNER, key if self.put.draws else f"{key}_all", said)

    def __repr__(self) -> str:
        return self.text()


@dataclass(frozen=True, kw_only=True)
class Court:
    """Whom to ask about two answers."""

    plan: Plan
    parts: tuple[str, ...]
    labels: tuple[str, ...]
    scores: Callable[[Dataset], Floats]  # opened rows → log-odds of the second label [n, 1]
    pulls: Callable[[Dataset], Floats]  # opened rows → pulls on it, the base last [n, parts + 1, 1]
    predict: Callable[[Dataset], Answers]  # raw rows → answers: the ordinary road


def usual_of(reference: Reference | None, above: bool, label: str) -> Side:
    """What the model's file keeps of those that just got a label. Raises RequestError where it keeps nothing."""
    side = None if reference is None else reference.above if above else reference.below
    if side is None:
        raise refusal(RequestError, "explainers/reason_codes", "no_reference", label=label, least=FEWEST)
    return side


def side_of_rows(court: Court, rows: Dataset, label: str) -> Side:
    """What is usual for those of some opened rows that just get a label. Raises RequestError where they are too few."""
    above, scores = label == court.labels[1], court.scores(rows)[:, 0]
    if not len(just_beyond(scores, above)):
        n, source = int(((scores > 0) == above).sum()), rows.source.name
        raise refusal(RequestError, "explainers/reason_codes", "few", n=n, source=source, label=label, least=FEWEST)
    found = Reference.of(rows, scores, lambda some: court.pulls(rows.take(some))[:, :-1, 0], court.parts)
    side = None if found is None else found.above if above else found.below
    assert side is not None  # there were rows enough
    return side


def reasons(
    court: Court, raw: Dataset, opened: Dataset, row: int, label: str, side: Side, reference: Say, seed: int
) -> Reasons:
    """The principal reasons why one row, raw and opened, did not get `label`.

    Raises RequestError where it did, or where no factor speaks against it.
    """
    now = court.predict(raw).row(0)
    if now.answer == label:
        raise refusal(RequestError, "explainers/reason_codes", "passed", row=row, label=label)
    sign = 1.0 if label == court.labels[1] else -1.0
    places, short = ReasonCodes().principal(sign * court.pulls(opened)[0, :-1, 0], sign * side.pulls)
    if not len(places):
        raise refusal(RequestError, "explainers/reason_codes", "no_reasons", row=row, label=label)
    found = []
    for place in places.tolist():
        name = court.parts[place]
        cell = side.cell(place, opened[name])
        say, usual = _said(opened[name], cell, label)
        found.append(Reason(name, raw[name].texts()[0], usual, float(short[place]), say))
    names = tuple(reason.name for reason in found)
    sensitive = tuple(name for name in names if name in court.plan.names("sensitive"))
    put = _put(court, raw, opened, side, names, label, stream(seed, "reason codes", row))
    p, rule = now.probabilities[label], court.plan.cost_rule
    return Reasons(row, str(now.answer), label, p, tuple(found), reference, put, sensitive, rule)


def _said(own: Column, usual: Column | None, label: str) -> tuple[Say, str | None]:
    """The sentence of one reason, and the usual cell as written."""
    now = own.texts()[0]
    if now is None:
        return Say(OWNER, "not_given", {"name": own.name}), None if usual is None else str(usual.texts()[0])
    if usual is None:
        return Say(OWNER, "untold", {"name": own.name, "label": label}), None
    then = str(usual.texts()[0])
    said = {"name": own.name, "label": label, "now": now, "usual": then}
    if now == then:
        return Say(OWNER, "alike", said), then
    if own.store == "words" or own.kind.partition(":")[0] == "flag":
        return Say(OWNER, "other", said), then
    below = bool(own.cells[0] < usual.cells[0])
    ways = ("earlier", "later") if own.store == "moments" else ("lower", "higher")
    return Say(OWNER, ways[0] if below else ways[1], said), then


def _put(
    court: Court,
    raw: Dataset,
    opened: Dataset,
    side: Side,
    names: tuple[str, ...],
    label: str,
    rng: np.random.Generator,
) -> Put | None:
    """The reasons set to what is usual, and as many other columns drawn at random, by the road every row takes."""
    cells = {name: side.cell(place, opened[name]) for place, name in enumerate(court.parts)}
    usual = {name: cell for name, cell in cells.items() if cell is not None}
    told = tuple(name for name in names if name in usual)
    others = [name for name in usual if name not in names]
    if not told:
        return None
    draws = [tuple(rng.permutation(len(others))[: len(told)].tolist()) for _ in range(DRAWS if others else 0)]
    sets = [told, *(tuple(others[k] for k in draw) for draw in draws)]
    table = raw.take(np.zeros(len(sets), dtype=np.int64))
    for name, cell in usual.items():
        changed = np.asarray([name in one for one in sets])
        both = _stacked(opened[name], cell)
        table = table.having(both.take(changed.astype(np.int64)))
    answers = court.predict(table)
    first = answers.row(0)
    hits = int((answers.answer[1:] == label).sum())
    return Put(told, str(first.answer), first.probabilities[label], hits, len(draws))


def _stacked(own: Column, usual: Column) -> Column:
    """A row's own cell and the usual one, as a column of two rows."""
    if own.store == "words":
        return Column.of_words(own.name, [own.texts()[0], usual.texts()[0]])
    return Column(name=own.name, cells=np.concatenate([own.cells, usual.cells]))
