"""Does what a file claims come out again when somebody else computes it?

A third party has the file and the table that it was learnt from, and no more. The plan in the file says how rows were opened and which fold
held each, so every row is scored again by the fold models that never saw it; blend, calibration and promises are settled again, and every
check is asked again on that. Claim by claim the answer is one of

    same       the same figure, to the digits that other processors may move
    near       other rows were asked, as the time allowed; the figures are no farther apart than twice what their intervals leave in doubt
    differs    neither
    unchecked  cannot be computed from the file and the table, with the reason

What depends on candidates that were not shipped, or on the machine, cannot be checked here and says so. Of a model without fold models no
row can be scored by one that never saw it: only the one guess for all, which asks no model, comes out again. What was measured on test rows
of the user's own is asked again where those are given, too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from .auditing.evidence import View, guesses, on_rows, with_thresholds
from .auditing.examine import examine
from .kernel.box import Box
from .kernel.clock import Clock
from .kernel.data import Dataset, Floats, Ints
from .kernel.errors import RequestError
from .kernel.findings import Finding, Measure, to_plain
from .kernel.plugins import Codec, Evidence, Task, task_of
from .kernel.rng import stream
from .kernel.words import Say, refusal
from .model import Model
from .planning.draw import reopen
from .planning.splits import Split, draw_splits
from .planning.target import usable_rows
from .search.reweighing import by_mean
from .search.run import parts_of
from .search.settle import Scored, Settled, measured, settle
from .stats import promises
from .stats.group_thresholds import GroupThresholds, learn

Verdict = Literal["same", "near", "differs", "unchecked"]
VERDICTS: tuple[Verdict, ...] = ("differs", "unchecked", "near", "same")
CLOSE = 1e-6  # relative, or absolute for what is less than one: other processors add in another order
WHYS = {  # checks that cannot be put again: times and sizes; other candidates; games with the rows that models saw and did not see
    "cost": "of_the_machine",
    "readable": "of_others",
    "membership": "of_members",
}
FEW = 50  # rows: of fewer, an interval around a mean that a few rows decide is too narrow
FAR = 2.0  # times the half intervals of both: by chance alone once in ten thousand figures
BROKEN = ("limit_broken", "limit_unknown")  # notes of limits of the user's own, which turn a verdict
HASH = "data.sha256"  # the name of the claim that this is the table
USED = "data.rows_used"  # of the claim that so many of its rows were used
GUESS = "(constant guess)"  # behind the names of claims of the one guess for all
TESTED = "test."  # before the names of claims of test rows
SILENT = ("unknown", "error")  # verdicts of what was not asked


@dataclass(frozen=True)
class Claim:
    """One thing that the file says, and what came out."""

    name: str  # "calibration.error"
    stated: float | str | None
    found: float | str | None
    verdict: Verdict
    why: Say | None = None  # of what is unchecked, near or differs

    @property
    def of_model(self) -> bool:
        """Whether it says anything of the model, and not of the table alone."""
        return self.name.removeprefix(TESTED) not in (HASH, USED) and not self.name.endswith(GUESS)

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Plain JSON values, the reason in `lang`."""
        said = {"name": self.name, "stated": to_plain(self.stated), "found": to_plain(self.found)}
        return {**said, "verdict": self.verdict, "why": None if self.why is None else self.why.text(lang)}


@dataclass(frozen=True)
class Verified:
    """All claims of a file, in its order."""

    claims: tuple[Claim, ...]

    def count(self, verdict: Verdict) -> int:
        """Claims of this verdict."""
        return Counter(claim.verdict for claim in self.claims)[verdict]

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return not self.count("differs")

    @property
    def confirmed(self) -> bool:
        """Whether anything came out again that says something of the model: neither table nor one guess for all does."""
        return any(claim.verdict in ("same", "near") and claim.of_model for claim in self.claims)

    @property
    def why_not(self) -> Say | None:
        """Why the first of the claims that cannot be computed cannot."""
        return next((claim.why for claim in self.claims if claim.verdict == "unchecked"), None)

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Plain JSON values."""
        said = {"holds": self.holds, "confirmed": self.confirmed}
        counts = {verdict: self.count(verdict) for verdict in VERDICTS}
        return {**said, "counts": counts, "claims": [claim.to_json(lang) for claim in self.claims]}


def verify(
    model: Model, raw: Dataset, tell: Callable[[str, int, int], None] | None = None, test: Dataset | None = None
) -> Verified:
    """Every claim of a model, held against the table that it was learnt from.

    raw  : that table, as it was read; where it is another one, its hash differs and nothing else is asked
    test : the test rows of the user's own, as they were read, where the model was measured on such

    Raises DataError where a column lacks, and RequestError for test rows of a model that was measured on none.
    """
    if test is not None and not model.tested:
        raise refusal(RequestError, "auditing", "no_test", name=test.source.name)
    return Verified((*_claims(model, raw, tell), *_tested(model, raw, test, tell)))


def _tested(
    model: Model, raw: Dataset, test: Dataset | None, tell: Callable[[str, int, int], None] | None
) -> Iterator[Claim]:
    """What was found on the user's own test rows, which no file holds."""
    if not model.tested:
        return
    if test is None or model.plan.privacy:
        yield from _unchecked(model.tested, _say("private" if model.plan.privacy else "no_test_rows"), TESTED)
        return
    stated = str(dict(model.card.get("tested") or {}).get("sha256", ""))  # files of the first releases do not say
    if stated and stated != test.sha256:
        yield Claim(f"{TESTED}{HASH}", stated, test.sha256, "differs", _say("other_table"))
        yield from _unchecked(model.tested, _say("other_rows"), TESTED)
        return
    if stated:
        yield Claim(f"{TESTED}{HASH}", stated, test.sha256, "same")
    whole = model.plan.membership != "none" and not model.plan.splits.sealed and "rows_drawn" not in model.plan.data
    now = model.audit(test, tell=tell, name="test", training=raw if whole else None)
    found = {finding.check: finding for finding in now.findings}
    for finding in model.tested:
        yield from _finding(finding, found.get(finding.check), TESTED)


def _claims(model: Model, raw: Dataset, tell: Callable[[str, int, int], None] | None) -> Iterator[Claim]:
    if model.plan.privacy:  # to tell whether it was this table would be to tell of its rows
        yield from _unchecked(model.findings, _say("private"))
        return
    if "rows_drawn" in model.plan.data:  # the hash is of the rows that were drawn from a larger table, not of the table
        yield from _unchecked(model.findings, _say("drawn"))
        return
    stated = str(model.plan.data.get("sha256", ""))
    table = Claim(HASH, stated, raw.sha256, "same" if stated == raw.sha256 else "differs")
    if table.verdict == "differs":
        yield Claim(table.name, stated, raw.sha256, "differs", _say("other_table"))
        yield from _unchecked(model.findings, _say("other_rows"))
        return
    yield table
    used = _used(model, raw)
    yield _number(USED, float(model.plan.data["rows_used"]), float(used.table.rows))
    again = _again(model, used)
    if again is None:
        yield from _without_folds(model, used)
        return
    if again.settled is not None:
        yield from _settled(model, again.settled)
        yield from _thresholds(model.thresholds, again.evidence)
    keys = [finding.check for finding in model.findings if finding.check not in WHYS]
    found = {finding.check: finding for finding in examine(again.evidence, tell, keys)}
    for finding in model.findings:
        yield from _finding(finding, found.get(finding.check))


@dataclass(frozen=True, eq=False)
class _Used:
    """The rows that were used then, in the parts that the plan gives them."""

    table: Dataset
    y: Any
    strata: Ints
    weight: Floats | None
    split: Split

    @cached_property
    def held(self) -> list[Ints]:
        """The rows each fold held, in the order of its models."""
        return [held for _, _, held in self.split.rounds()]

    @cached_property
    def rows(self) -> Ints:
        """All of them, sorted."""
        return np.sort(np.concatenate(self.held))

    def weights(self, rows: Ints) -> Floats | None:
        """Weights of these rows."""
        return None if self.weight is None else self.weight[rows]

    def constant(self, task: Task, codec: Codec) -> Floats:
        """Raw score of one guess for all, of the rows that were held [w]."""
        return task.constant(self.y[self.rows], self.weights(self.rows), codec)

    def guess(self, task: Task, codec: Codec) -> Floats:
        """The same, for each of them [n, w]."""
        return guesses(task, codec, self.split, self.rows, self.constant(task, codec), self.y, self.weight)


def _used(model: Model, raw: Dataset) -> _Used:
    plan, task = model.plan, task_of(model.plan.task)
    opened = reopen(raw, plan)
    weighed = plan.names("weight")
    weight, time = (opened[name] if name else None for name in (weighed[0] if weighed else "", plan.splits.time))
    usable = usable_rows(opened[plan.target], weight, time)[0]
    table = opened if usable.all() else opened.take(usable)
    y = task.encode(table[plan.target], model.codec)
    strata = task.strata(y)
    weights = by_mean(table[weighed[0]].cells) if weighed else None
    return _Used(table, y, strata, weights, draw_splits(plan, table, strata))


@dataclass(frozen=True, eq=False)
class _Again:
    """What was computed again: evidence, and what was settled on its rows."""

    evidence: Evidence
    settled: Settled | None  # None where rows were sealed: what was settled then rests on candidates that are gone


def _again(model: Model, used: _Used) -> _Again | None:
    """None where the file holds no fold models, so that every row would be scored by a model that saw it."""
    plan, task, split, held = model.plan, task_of(model.plan.task), used.split, used.held
    if len(split.sealed):
        return _Again(with_thresholds(_sealed(model, used), model.thresholds), None)
    folds = model.ensemble.encoders
    if len(held) != len(folds) or len(folds) < 2:
        return None
    rows = used.rows
    number = np.full(used.table.rows, -1, dtype=np.int64)
    for fold, own in enumerate(held):
        number[own] = fold
    data = used.table.take(rows)
    scored = Scored(
        names=("blend",),
        readable=np.zeros(1, dtype=bool),
        scores=[model.ensemble.raw(data, number[rows])],
        y=used.y[rows],
        weight=used.weights(rows),
        folds=number[rows],
        blocks=split.blocks(rows),
        parts=parts_of(split, rows, number[rows], used.strata[rows], plan.seed),
        forward=split.forward,
    )
    settled = settle(scored, task, plan.level, np.ones(1, dtype=bool))
    guess = used.guess(task, model.codec)
    crossed = _crossed(model, used.table, data, scored, settled, guess)
    return _Again(with_thresholds(crossed, model.thresholds, scored.parts), settled)


def _crossed(model: Model, table: Dataset, data: Dataset, scored: Scored, settled: Settled, guess: Floats) -> Evidence:
    plan, task, clock = model.plan, task_of(model.plan.task), Clock.start()
    scores = settled.calibrated.scores
    rng = stream(plan.seed, "bootstrap")
    figures = measured(task, model.codec, scores, None, guess, scored.y, scored.weight, scored.blocks, rng, clock)
    return Evidence(
        rows="cross-fitted",
        data=data,
        raw=table,
        plan=plan,
        task=task,
        codec=model.codec,
        y=scored.y,
        weight=scored.weight,
        scores=scores,
        uncalibrated=settled.uncalibrated,
        folds=scored.folds,
        constant=guess,
        contenders=(),
        honest=figures,
        sets=settled.sets,
        intervals=settled.intervals,
        ledger=model.ledger,
        model=View(model.ensemble, model.size_bytes()),
        seconds=float(model.card.get("seconds") or 0.0),
        seed=plan.seed,
        clock=clock,
        kept=_kept(model),
    )


def _kept(model: Model) -> Callable[[], tuple[str, ...]]:
    """What the file held as text before anything was found out about the model."""
    return lambda: tuple(replace(model, findings=(), tested=()).to_box().texts_within())


def _sealed(model: Model, used: _Used) -> Evidence:
    rows, task = np.sort(used.split.sealed), task_of(model.plan.task)
    found = on_rows(
        "sealed",
        data=used.table.take(rows),
        raw=used.table,
        plan=model.plan,
        task=task,
        codec=model.codec,
        weight=used.weights(rows),
        ensemble=model.ensemble,
        conformal=model.conformal,
        contenders=(),
        readable=None,
        constant=used.constant(task, model.codec),
        ledger=model.ledger,
        size=model.size_bytes(),
        seconds=float(model.card.get("seconds") or 0.0),
        blocks=used.split.blocks(rows),
        clock=Clock.start(),
    )
    return replace(found, kept=_kept(model))


# ----------------------------------------------------------------------------------------------------------- claims


def _without_folds(model: Model, used: _Used) -> Iterator[Claim]:
    """Nothing can be asked of rows that the model saw; what one guess for all would have needs no model."""
    task, why, rows = task_of(model.plan.task), _say("no_folds"), used.rows
    guess, y, weight = used.guess(task, model.codec), used.y[rows], used.weights(rows)
    figures = {metric.key: metric.of for metric in task.metrics(model.codec)}
    for finding in model.findings:
        yield from _unchecked([finding], why)
        for m in finding.measures if finding.check == "quality" else ():
            if m.constant is not None and m.name in figures:
                yield _number(f"quality.{m.name} {GUESS}", m.constant, figures[m.name](guess, y, weight))


def _settled(model: Model, settled: Settled) -> Iterator[Claim]:
    """Calibration and promise, which are learnt on the scores of rows held out."""
    stated, found = model.ensemble.calibration, settled.calibrated.map
    yield _number("calibration.scale", float(np.mean(stated.by_column)), float(np.mean(found.by_column)))
    yield _number("calibration.shift", float(np.abs(stated.shift).sum()), float(np.abs(found.shift).sum()))
    was, now = _arrays(model.conformal), _arrays(settled.conformal)
    for name, array in was.items():
        if array.dtype.kind == "f" and name in now:
            same = now[name].shape == array.shape
            yield _number(f"promise.{name}", _sum(array), _sum(now[name]) if same else math.nan)


def _thresholds(stated: GroupThresholds | None, evidence: Evidence) -> Iterator[Claim]:
    """Thresholds of groups, which are learnt on the same scores."""
    if stated is not None:
        favoured, column = stated.favoured, evidence.data[stated.column]
        found = learn(
            column, favoured, evidence.answers()[:, favoured], evidence.y == favoured, stated.band, evidence.weight
        )
        yield _number(f"thresholds.{stated.column}", _sum(stated.limits), _sum(found.limits))


def _arrays(promise: promises.Promise) -> Mapping[str, Any]:
    box = Box("promise")
    promises.put(promise, box)
    return box.arrays


def _sum(array: Any) -> float:
    """One figure of many thresholds: those that are finite, added up."""
    return float(array[np.isfinite(array)].sum())


def _finding(stated: Finding, found: Finding | None, before: str = "") -> Iterator[Claim]:
    name = f"{before}{stated.check}"
    if stated.check in WHYS:
        why = _say(WHYS[stated.check])
        yield Claim(f"{name}.verdict", stated.verdict, None, "unchecked", why)
        yield from (Claim(f"{name}.{m.name}", m.value, None, "unchecked", why) for m in stated.measures)
        return
    if found is None or found.verdict in SILENT or stated.verdict in SILENT:
        now = None if found is None else found.verdict
        if now == stated.verdict:
            yield Claim(f"{name}.verdict", stated.verdict, now, "same")
            return
        silent = stated if stated.verdict in SILENT else found
        reason = _say("not_asked" if silent is stated else "not_asked_now", said=_told(silent))
        yield Claim(f"{name}.verdict", stated.verdict, now, "unchecked", reason)
        yield from (Claim(f"{name}.{m.name}", m.value, None, "unchecked", reason) for m in stated.measures)
        return
    asked = {m.name: m for m in found.measures}
    corrected = [note.values["apparent"] for note in stated.notes if note.key == "corrected"]
    if stated.check == "quality" and corrected:
        yield from _corrected(stated, asked, float(corrected[0]))
    else:
        claims = [_measure(f"{name}.{m.name}", m, asked.get(m.name)) for m in stated.measures]
        yield from claims
        loose = any(claim.verdict in ("near", "unchecked") for claim in claims)
        yield _verdict(name, stated, found, loose)


def _told(finding: Finding | None) -> Say:
    return _say("no_check") if finding is None else finding.say


def _corrected(stated: Finding, asked: Mapping[str, Measure], apparent: float) -> Iterator[Claim]:
    """Figures from which the gain of choosing was taken away: the choices cannot be made again, what they were made on can."""
    for place, m in enumerate(stated.measures):
        now = asked.get(m.name)
        if place == 0:
            yield _number(f"quality.{m.name} (uncorrected)", apparent, math.nan if now is None else now.value)
        if m.constant is not None and now is not None and now.constant is not None:
            yield _number(f"quality.{m.name} {GUESS}", m.constant, now.constant)
        yield Claim(f"quality.{m.name}", m.value, None if now is None else now.value, "unchecked", _say("corrected"))


def _measure(name: str, stated: Measure, found: Measure | None) -> Claim:
    if found is None:
        return Claim(name, stated.value, None, "unchecked", _say("not_measured"))
    if _alike(stated.value, found.value):
        return Claim(name, stated.value, found.value, "same")
    if stated.n != found.n and abs(stated.value - found.value) <= FAR * (_doubt(stated) + _doubt(found)):
        return Claim(
            name, stated.value, found.value, "near", _say("other_sample", stated=stated.n or 0, n=found.n or 0)
        )
    few = min(stated.n or 0, found.n or 0) < FEW
    if stated.n != found.n and (few or (stated.low is None and found.low is None)):
        why = _say("other_sample", stated=stated.n or 0, n=found.n or 0)
        return Claim(name, stated.value, found.value, "unchecked", why)
    return Claim(name, stated.value, found.value, "differs", _say("differs"))


def _verdict(name: str, stated: Finding, found: Finding, loose: bool) -> Claim:
    name = f"{name}.verdict"
    if any(note.key in BROKEN for note in stated.notes):
        return Claim(name, stated.verdict, found.verdict, "unchecked", _say("limit"))
    if stated.verdict == found.verdict:
        return Claim(name, stated.verdict, found.verdict, "same")
    return Claim(name, stated.verdict, found.verdict, "unchecked" if loose else "differs", _say("other_verdict"))


def _number(name: str, stated: float, found: float) -> Claim:
    same = _alike(stated, found)
    return Claim(name, stated, found, "same" if same else "differs", None if same else _say("differs"))


def _alike(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b))


def _doubt(of: Measure) -> float:
    """Half of the interval; 0 without one."""
    return 0.0 if of.low is None or of.high is None else (of.high - of.low) / 2


def _unchecked(findings: Sequence[Finding], why: Say, before: str = "") -> Iterator[Claim]:
    for finding in findings:
        name = f"{before}{finding.check}"
        yield Claim(f"{name}.verdict", finding.verdict, None, "unchecked", why)
        yield from (Claim(f"{name}.{m.name}", m.value, None, "unchecked", why) for m in finding.measures)


def _say(key: str, **values: Any) -> Say:
    return Say("auditing", f"verify.{key}", values)
