"""What did training leave?

A Model is immutable: it predicts, explains, is audited, reports and is saved. It never learns again.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, overload

import numpy as np

from .answers.alone import Alone
from .answers.annex import Annex
from .answers.answer import Answer, out_of_set, unlike
from .answers.answers import Answers, by_row, notes_of
from .answers.boxes import BoxAnswer, BoxAnswers
from .answers.by_group import chosen, one_threshold
from .answers.counterfactuals import Asked, Counterfactuals, counterfactuals, rules_of
from .answers.explained import Teller
from .answers.explanation import Explanation
from .answers.gaps import never_missing
from .answers.goals import goal_of
from .answers.odd import OddAnswer, OddAnswers
from .answers.opened import empty_table, has_row, opened
from .answers.reason_codes import Court, Reasons, reasons, side_of_rows, usual_of
from .answers.scorecard import scorecard
from .answers.stopwatch import some_rows
from .auditing.evidence import on_rows, with_thresholds
from .auditing.examine import checks_named, examine
from .auditing.labelled import labelled, noted, on_seen_rows
from .auditing.limits import Limit, check_measures, keep
from .auditing.seen import ALL, seen_rows
from .explainers._plausible import Plausible
from .exporting import Exported, export
from .kernel.box import Box
from .kernel.clock import Clock
from .kernel.data import Dataset, Floats, Ints
from .kernel.errors import RequestError
from .kernel.findings import Finding, Trial
from .kernel.forms import Head
from .kernel.labels import known as known_rows
from .kernel.plan import Plan
from .kernel.plugins import Codec, Contender, Task, task_of
from .kernel.words import Say, refusal
from .model_box import box_of, parts_of
from .reading import IsColumn, is_pandas, read_like
from .report import statements
from .report.content import Content
from .report.report import Report
from .report.scorecard import ScorecardReport
from .report.statements import Statement
from .search.ensemble import STRANGE_SHARE, Ensemble
from .search.occlusion import WAYS, places_told
from .search.pool import Pooled, of_tables
from .search.word_pulls import word_pulls
from .stats.alarms import GoodScores
from .stats.box_sets import BoxSets
from .stats.clusters import blocks_of, bound
from .stats.conformal import ClassSets
from .stats.group_thresholds import GroupThresholds
from .stats.profile import Profile
from .stats.promises import Promise
from .stats.reference import Reference
from .store import bundle, plain

_NEAR_ROWS = 1_000  # of a table, by which it is told how its cells are written


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A trained model with its assay."""

    plan: Plan
    codec: Codec
    ensemble: Ensemble
    conformal: Promise
    constant: Floats
    ledger: tuple[Trial, ...] = ()
    findings: tuple[Finding, ...] = ()
    tested: tuple[Finding, ...] = ()  # findings on the user's own test file, where there was one
    card: Mapping[str, Any] = field(default_factory=dict)
    broken_limits: int = 0
    exposure: Annex | None = None  # which rows of the table are exposed: never in the file
    profile: Profile | None = None  # how the training rows were spread; files of older releases do not tell
    reference: Reference | None = None  # what is usual just beyond the border, of two answers
    thresholds: GroupThresholds | None = None  # from which probability on a class is answered, a group
    statements: tuple[Statement, ...] = ()  # what persons have said to clauses of technical files

    @functools.cached_property
    def task(self) -> Task:
        """What the target means."""
        task: Task = task_of(self.plan.task)
        return task

    @property
    def _several(self) -> bool:
        """Whether a row may bear several labels."""
        return self.ensemble.head.name == "flags"

    @property
    def _pictured(self) -> str:
        """The column whose pictures boxes are told of: the first that holds pictures."""
        return self.ensemble.encoders[0].pictured[0]

    # -------------------------------------------------------------------------------------------------- answers

    @overload
    def predict(
        self, source: Dataset | str | os.PathLike[str] | Sequence[Any], **options: Any
    ) -> Answers | BoxAnswers | OddAnswers: ...
    @overload
    def predict(self, source: Any, **options: Any) -> Any: ...
    def predict(self, source: Any, **options: Any) -> Any:
        """Answers for a file, a frame or a Dataset; one Answer for one row, a mapping of column names to cells.

        A row is answered as a table of that one row would be; columns that the model does not use are ignored in both. A cell may be a
        list, as those of Parquet are, where the model learnt from lists and another value can be nothing but a cell (a number, a text,
        None, a mapping). Where all values are lists they are columns; a row of lists alone is asked as [row].
        Raises DataError where a column is lacking, or a list is no cell of its column.
        """
        if isinstance(source, Mapping) and not options and (answer := self._answer(source)) is not None:
            return answer
        found = self._answers(source, **options)
        if isinstance(found, BoxAnswers) or not is_pandas(source):
            return found
        return replace(found, index=source.index)

    def reading(self, source: Any, **options: Any) -> Dataset:
        """A table as `assay.read` reads it; a text file that does not show how it writes decimals is read as the one learnt from was."""
        return read_like(source, self.plan.data, options)

    def _answers(self, source: Any, **options: Any) -> Answers | BoxAnswers | OddAnswers:
        raw = self.reading(source, **options)
        data = self._opened(raw)
        scores = self.ensemble.scores(data)
        answers = self.task.answers(scores)
        strange = np.asarray(self.ensemble.strange(data) > STRANGE_SHARE)
        outside = np.asarray(strange.any(axis=1))
        kinds = {c.name: c.kind for c in self.plan.columns}
        notes = notes_of(strange, data, self.ensemble.parts, raw, kinds, self._never_missing)
        # As written: answers are joined by them.
        ids = tuple(raw[name] for name in self.plan.names("id") if name in raw)
        if isinstance(self.conformal, BoxSets):
            seen, sets = replace(raw[self._pictured], kind=kinds[self._pictured]), self.conformal(answers)
            said = by_row(notes, data.rows)
            if not self.conformal.kept:
                said = tuple((*own, Say("answers", "no_promise", {})) for own in said)
            more = {"ids": ids, "pictures": seen, "labels": self.codec.labels, "notes": said, "out_of_range": outside}
            return BoxAnswers.of(answers, sets=sets, **more)
        if isinstance(self.conformal, GoodScores):
            of = {"ids": ids, "labels": self.codec.labels, "notes": by_row(notes, data.rows), "out_of_range": outside}
            return OddAnswers.of(scores, self.conformal, **of)
        if isinstance(self.conformal, ClassSets):
            sets = self.conformal(answers)
            if self._several:
                said = by_row(notes, data.rows)
                return Answers(ids, self.codec.labels, answers, None, sets, None, said, outside, several=True)
            own = self._chosen(answers, data)
            top = answers.argmax(axis=1)
            for row in np.flatnonzero(~sets[np.arange(len(sets)), top]):
                notes.setdefault(int(row), []).append(unlike(self.codec.labels[top[row]], bool(sets[row].any())))
            if own is not None:
                for row in np.flatnonzero((own != top) & ~sets[np.arange(len(sets)), own]):
                    notes.setdefault(int(row), []).append(out_of_set(self.codec.labels[own[row]]))
            said = by_row(notes, data.rows)
            return Answers(ids, self.codec.labels, answers, None, sets, None, said, outside, chosen=own)
        values = answers[:, 0]
        said = by_row(notes, data.rows)
        return Answers(
            ids,
            (),
            None,
            values,
            None,
            self.conformal(values),
            said,
            outside,
            scale=self.codec.scale,
            grades=self.codec.grades,
        )

    def _answer(self, row: Mapping[Any, Any]) -> Answer | BoxAnswer | OddAnswer | None:
        """The answer to one row; None where the mapping holds columns."""
        try:
            if (answer := self._alone.answer(row)) is not None:
                return answer
        except IsColumn:
            pass
        if not self._alone.is_row(row):
            return None
        whole: Answers | BoxAnswers | OddAnswers = self.predict([row])
        return whole.row(0)

    @functools.cached_property
    def _never_missing(self) -> Mapping[str, Say]:
        return never_missing(self.plan)

    @functools.cached_property
    def _alone(self) -> Alone:
        return Alone(self.ensemble, self.task, self.codec, self.plan, self.conformal, self.thresholds)

    def explain(self, source: Any, row: int = 1, label: str = "", places: str = "", **options: Any) -> Explanation:
        """Why one row (counted from 1) is answered as it is; for classes the pulls on `label`, by default the answer.

        source : a file, a frame or a Dataset, or the row itself as a mapping of column names to cells
        places : how the places of pictures are told: exact "pulls", or "occlusion", which hides part by part; by default pulls where a
            member tells them, else occlusion

        Raises RequestError where there is no such row, class or way, where a way is named and the model reads no pictures, and for boxes,
        which are no sum of what columns pull.
        """
        if isinstance(self.conformal, BoxSets):
            raise refusal(RequestError, "answers", "boxes_alone", target=self.plan.target)
        if places not in ("", *WAYS):
            raise refusal(RequestError, "answers", "no_way", way=places)
        if places and not self.ensemble.looks_at_pictures:
            raise refusal(RequestError, "answers", "no_places", way=places)
        alone = isinstance(source, Mapping) and not options
        if alone and (found := self._explanation(source, row, label, places)) is not None:
            return found
        raw = self.reading(source, **options)
        has_row(raw, row)
        place = np.asarray([row - 1])
        data = self._opened(raw.take(place))
        texts = [data[name].texts()[0] for name in self.ensemble.parts]
        folds = range(len(self.ensemble.encoders))
        pulled = self.ensemble.contributions(data)[0]
        words = word_pulls(self.ensemble, data, folds, pulled)
        seen = places_told(self.ensemble, data, folds, places, pulled)
        own = self._chosen(self.task.answers(pulled.sum(axis=0, keepdims=True)), data)
        shown, top = [(one, data[one.part]) for one in seen], None if own is None else int(own[0])
        return self._teller.explained(row, pulled, texts, label, words, shown, top, data)

    def _explanation(self, cells: Mapping[Any, Any], row: int, label: str, places: str) -> Explanation | None:
        """Why one row that comes alone is answered as it is; None where the mapping holds columns."""
        try:
            values = self._alone.values(cells)
            if values is None:
                return self.explain([cells], row, label, places)
            if self.ensemble.reads_texts or self.ensemble.looks_at_pictures or self.thresholds is not None:
                return self.explain([cells], row, label, places) if self._alone.is_row(cells) else None
            pulls = self._alone.road.contributions(values)
        except IsColumn:
            return self.explain([cells], row, label, places) if self._alone.is_row(cells) else None
        if row != 1:
            raise refusal(RequestError, "answers", "no_row", row=row, name="table", rows=1)
        return self._teller.explained(row, pulls, self._alone.road.texts(values), label)

    @property
    def quick(self) -> bool:
        """Whether one row that comes alone is answered without a table: numbers, names, and words that are weighed one by one."""
        return self._alone.quick

    @functools.cached_property
    def _teller(self) -> Teller:
        return Teller(
            task=self.task,
            codec=self.codec,
            target=self.plan.target,
            unit=self.plan.unit,
            parts=self.ensemble.parts,
            head=self.ensemble.head,
            thresholds=self.thresholds,
        )

    def counterfactual(
        self,
        source: Any,
        row: int = 1,
        to: str = "",
        immutable: Sequence[str] | str = (),
        increase_only: Sequence[str] | str = (),
        decrease_only: Sequence[str] | str = (),
        most: int = 3,
        **options: Any,
    ) -> Counterfactuals:
        """The smallest plausible changes of one row (counted from 1) that alter its answer, each put to the model.

        source : a file, a frame or a Dataset, or the row itself as a mapping of column names to cells
        to     : the class that is wished for, by default any other; of a value a range, ">20", "<20" or "20..30"
        immutable, increase_only, decrease_only : columns that stay, only rise, only fall; sensitive columns stay by themselves,
            as do texts and pictures
        most   : ways that are told, the cheapest first

        Raises RequestError where no such change was found, the row has the answer already, or what is asked makes no sense.
        """
        if isinstance(source, Mapping) and self._alone.is_row(source):
            source = [source]
        one_threshold(self.thresholds, "counterfactual")
        raw = self.reading(source, **options)
        has_row(raw, row)
        near = raw.take(np.asarray([row - 1, *range(min(raw.rows, _NEAR_ROWS))]))
        opened, now = self._opened(near), self.predict(near.take(np.asarray([0]))).row(0)
        goal = goal_of(to, now, self.codec, self.ensemble.head, self.task.answers)
        assert isinstance(now, Answer)
        asked = self._asked
        rules = rules_of(asked, immutable, increase_only, decrease_only)
        return counterfactuals(asked, near, opened, row, now, goal, rules, most)

    def reason_codes(
        self, source: Any, row: int = 1, label: str = "", reference: Any = None, **options: Any
    ) -> Reasons:
        """At most four principal reasons why one row (counted from 1) did not get one of two answers, by default the other.

        source    : a file, a frame or a Dataset, or the row itself as a mapping of column names to cells
        reference : rows to hold against, where those that just got the answer in training are not to be taken

        Raises RequestError for a model of more than two answers, a row that has the answer, and too few rows to hold against.
        """
        if self.ensemble.head != Head.classes(2):
            raise refusal(RequestError, "explainers/reason_codes", "not_two")
        one_threshold(self.thresholds, "reason_codes")
        if isinstance(source, Mapping) and self._alone.is_row(source):
            source = [source]
        raw = self.reading(source, **options)
        has_row(raw, row)
        raw = raw.take(np.asarray([row - 1]))
        opened = self._opened(raw)
        answers = self.task.answers(self.ensemble.scores(opened))[0]
        other = self.codec.labels[1 - int(self.codec.weighed(answers).argmax())]
        label = self._teller.side(answers, label)[2] if label else other
        court = Court(
            plan=self.plan,
            parts=self.ensemble.parts,
            labels=self.codec.labels,
            scores=lambda rows: self.codec.shifted(self.ensemble.scores(rows)),
            pulls=self.ensemble.contributions,
            predict=self.predict,
        )
        if reference is not None:
            rows = self._opened(self.reading(reference))
            side = side_of_rows(court, rows, label)
            said = {"n": side.rows, "source": rows.source.name, "label": label}
            against = Say("explainers/reason_codes", "reference.rows", said)
        else:
            side = usual_of(self.reference, label == self.codec.labels[1], label)
            against = Say("explainers/reason_codes", "reference.training", {"n": side.rows, "label": label})
        return reasons(court, raw, opened, row, label, side, against, self.plan.seed)

    @functools.cached_property
    def _asked(self) -> Asked:
        if self.profile is None:
            raise refusal(RequestError, "explainers/counterfactual", "no_profile")
        return Asked(
            plan=self.plan,
            parts=self.ensemble.parts,
            plausible=Plausible(self.profile),
            score=self.ensemble.scores,
            predict=self.predict,
        )

    # -------------------------------------------------------------------------------------------------- evidence

    def audit(
        self,
        source: Any,
        limits: Sequence[Limit] = (),
        tell: Callable[[str, int, int], None] | None = None,
        minutes: float = 5.0,
        name: str = "audit",
        clock: Clock | None = None,
        training: Any = None,
        checks: str | Sequence[str] | None = None,
        taught: Dataset | None = None,
        **options: Any,
    ) -> Model:
        """The same checks on new labelled data, within `minutes` or by a clock of one's own: the model with those
        findings in place of its own.

        training : the table that was learnt from, which no file holds: the drift check compares it row by row (without it, what the
            file keeps), and it is asked whether its rows are told from the new ones
        checks : the checks that are put; None puts all that are for this task
        taught : the same table as it was read, only to be told from the new ones; `training` says so as well
        """
        check_measures(limits, self.task, self.codec)
        checks = checks_named(checks)
        raw = self.reading(source, **options)
        data, notes = labelled(raw, self.plan, self.codec)
        learnt, more = self._learnt_from(training, options)
        notes = (*notes, *more)
        weights, splits = self.plan.names("weight"), self.plan.splits
        clock = Clock.start(60 * minutes) if clock is None else clock
        contender = Contender(name="blend", learner="", readable=False, scores=self.ensemble.raw(data), seconds=0.0)
        evidence = on_rows(
            name,
            data=data,
            raw=data,
            plan=self.plan,
            task=self.task,
            codec=self.codec,
            weight=data[weights[0]].cells if weights and weights[0] in data else None,
            ensemble=self.ensemble,
            conformal=self.conformal,
            contenders=(contender,),
            readable=None,
            constant=self.constant,
            ledger=self.ledger,
            size=self.size_bytes(),
            seconds=float(self.card.get("seconds") or 0.0),
            blocks=bound(blocks_of(data, splits.group, splits.time, self.ensemble.parts, splits.both)),
            clock=clock,
        )
        evidence = replace(with_thresholds(evidence, self.thresholds), ask=self.asking(raw), profile=self.profile)
        evidence = replace(evidence, training=learnt, pool=self._members(learnt, data))
        findings, broken = keep(examine(evidence, tell, checks), limits)
        findings = noted(findings, notes)
        known = learnt if learnt is not None or taught is None else self._opened(taught)
        seen = data.rows if raw.sha256 == self.plan.data.get("sha256") else 0
        seen = seen or (0 if known is None else seen_rows(known, data, self.plan))
        if seen >= ALL * data.rows:
            findings = tuple(map(on_seen_rows, findings))
        elif seen:
            said = {"n": seen, "rows": data.rows, "share": seen / data.rows}
            findings = noted(findings, (Say("auditing", "some_seen", said),))
        card = {**self.card, "audited": raw.source.name, "audited_rows": data.rows, "audited_sha256": raw.sha256}
        return replace(self, findings=findings, tested=(), card=card, broken_limits=broken, exposure=None)

    def _learnt_from(self, source: Any, options: Mapping[str, Any]) -> tuple[Dataset | None, tuple[Say, ...]]:
        """The training table that a person gives, opened as planned, and a note where it is another. Raises DataError."""
        if source is None:
            return None, ()
        raw = self.reading(source, **(options if isinstance(source, (str, os.PathLike)) else {}))
        data = self._opened(raw)
        if raw.sha256 == self.plan.data.get("sha256"):
            return data, ()
        return data, (Say("auditing", "other_training", {"name": raw.source.name}),)

    def _members(self, learnt: Dataset | None, data: Dataset) -> Pooled | None:
        """This model on rows that it learnt from and on others, where the former are given with their answers."""
        if learnt is None or self.plan.target not in learnt:
            return None
        told = known_rows(self.task.encode(learnt[self.plan.target], self.codec))
        if not told.any():
            return None
        of = (self.ensemble, self.task, self.codec, self.plan, learnt.take(told), data)
        return Pooled(functools.partial(of_tables, *of))

    @property
    def report(self) -> Report:
        """The findings, to be read."""
        card = {**self.card, "file_bytes": self.size_bytes()}
        title = str(self.card.get("audited") or self.plan.data.get("name", ""))
        found = (*self.findings, *self.tested)
        content = Content(f"{self.plan.target} · {title}", self.plan, found, self.ledger, card)
        return Report(content, self.statements)

    @property
    def scorecard(self) -> ScorecardReport:
        """The points of every cell of every column, of a blend of additive models; see `answers/scorecard.py`.

        Raises RequestError where the model is none, or has more than two classes.
        """
        empty = empty_table(self.plan)
        return ScorecardReport(scorecard(self.ensemble, self.plan, self.codec, empty), self.report.content)

    def keeping(self, said: Sequence[Statement]) -> Model:
        """The same model, with statements of persons beside those it has; where both speak to one clause, the new."""
        return replace(self, statements=statements.joined(self.statements, said))

    # ------------------------------------------------------------------------------------------------------ file

    def save(self, path: str | os.PathLike[str], examples: bool = False) -> Path:
        """Write one file that holds no code; the same model gives the same bytes.

        examples : keep the figures that show single rows (ids, texts, pictures), which stay in this object's report in any case
        """
        bundle.write(self.to_box(examples), Path(path), kind="model")
        return Path(path)

    def export(self, path: str | os.PathLike[str], data: Any = None, **options: Any) -> Exported:
        """Write the model as ONNX (see assay.exporting), checked on every row of `data`, or on made-up rows without.

        Raises RequestError where it is not called .onnx, a part cannot be written or an answer differs by more than 1e-5; no file is left then.
        """
        rows = None if data is None else self._opened(self.reading(data, **options))
        of = (self.ensemble, self.plan, self.task, self.codec)
        return export(*of, Path(path), rows, self.conformal, self.thresholds)

    def to_box(self, examples: bool = False) -> Box:
        """Everything a file needs, and the figures that show single rows where they are asked for."""
        return box_of(self, examples)

    @classmethod
    def from_box(cls, box: Box) -> Model:
        """The model in a box. Raises BundleError."""
        return cls(**parts_of(box))

    def size_bytes(self) -> int:
        """Size of the file."""
        return plain.size(self.to_box())

    def _opened(self, raw: Dataset) -> Dataset:
        return opened(raw, self.plan, self.needs)

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns that a table to be answered must have: those that are learnt from, and the one whose groups have thresholds."""
        more = () if self.thresholds is None else (self.thresholds.column,)
        return tuple(dict.fromkeys((*self.ensemble.parts, *more)))

    def asking(self, raw: Dataset) -> Callable[[int], Any] | None:
        """What answers one of a few rows of a raw table, as a row that comes alone; None where none of them can be answered."""
        if self.thresholds is not None:
            if self.thresholds.column not in raw:
                return None
            name = self.thresholds.column
            column = opened(raw.only((name,)), self.plan, (name,))[name]
            raw = raw.take(np.flatnonzero(self.thresholds.known(column)))
        rows = some_rows(raw, self.needs)
        return (lambda place: self.predict(rows[place % len(rows)])) if rows else None

    def _chosen(self, p: Floats, data: Dataset) -> Ints | None:
        """The place of the label of each row [n], where it need not be the most probable."""
        if self.codec.costs:
            return np.asarray(self.codec.weighed(p).argmax(axis=1))
        return chosen(self.thresholds, p, data, self.codec.labels)

    def __repr__(self) -> str:
        members = ", ".join(f"{m.name} {m.weight:.0%}" for m in self.ensemble.members)
        return f"<Model of '{self.plan.target}' ({self.plan.task}): {members}>"
