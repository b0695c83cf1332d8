"""Are limits kept to the letter, and is a check that breaks told and never silent?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

import assay
from assay.auditing.examine import checks_named, examine
from assay.auditing.limits import Limit, keep, parse
from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply, RequestError
from assay.kernel.findings import Finding, Measure
from assay.kernel.plugins import About, Evidence
from assay.kernel.shelf import Shelf
from assay.kernel.words import Say
from assay.testing.of_checks import evidence

FOUND = Finding(
    check="quality",
    verdict="pass",
    say=Say("auditing", "no_time"),
    measures=(Measure(name="auc", value=0.8, low=0.7, high=0.9),),
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("quality.auc>=0.8", True), ("quality.auc>0.8", False), ("quality.auc<=8e-1", True), ("quality.auc < 0.5", False)],
)
def test_the_figure_itself_must_keep_the_limit(text: str, kept: bool) -> None:
    findings, broken = keep([FOUND], [parse(text)])
    assert broken == (not kept)
    assert findings[0].verdict == ("pass" if kept else "fail")


def test_a_check_that_is_none_is_refused_with_the_one_that_may_be_meant() -> None:
    assert checks_named(None) is None
    assert (checks_named("quality"), checks_named(())) == (("quality",), ())
    with pytest.raises(RequestError, match=r"There is no check 'qualty'\. Did you mean 'quality'\?"):
        checks_named(("leakage", "qualty"))


def test_test_rows_are_put_to_the_checks_that_were_asked_for() -> None:
    x = np.random.default_rng(0).normal(size=120).round(3).tolist()
    rows = {"x": x, "y": ["a" if cell > 0 else "b" for cell in x]}
    line = {"trials": 1, "learners": ("linear",)}
    for checks, told in ((("quality", "data"), {"quality", "data"}), ((), {"quality"})):
        found = assay.train(rows, "y", test=rows, checks=checks, **line)
        assert {finding.check for finding in found.tested} == told


def test_what_was_not_measured_is_broken() -> None:
    findings, broken = keep([FOUND], [parse("quality.brier<=1")])
    assert broken == 1
    assert findings[0].notes[0].key == "limit_unknown"


def test_a_limit_on_a_question_that_was_not_put_is_broken_and_says_so() -> None:
    findings, broken = keep([FOUND], [Limit("fairness", "gap", "<=", 0.1)])
    assert broken == 1
    quality, fairness = findings
    assert quality == FOUND
    assert (fairness.check, fairness.verdict, fairness.say.key) == ("fairness", "fail", "not_put")
    assert "nothing shows that it is kept" in fairness.notes[0].text()


@pytest.mark.parametrize(
    "text", ["", "quality.auc", "quality.auc=0.8", "quality>=1", "nobody.auc>=1", "quality.auc>=x"]
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="is no limit"):
        parse(text)


@dataclass(frozen=True)
class Odd:
    about: ClassVar[About] = About(
        key="odd", order=99, words={"en": {"title": "odd", "question": "?"}, "zh": {"title": "奇", "question": "？"}}
    )

    def run(self, given: Evidence) -> Finding:
        raise NotImplementedError


def answer_of(act: Any, monkeypatch: pytest.MonkeyPatch) -> Finding:
    class Acting(Odd):
        def run(self, given: Evidence) -> Finding:
            return act(given)  # type: ignore[no-any-return]

    point = type("Point", (), {"name": "odd", "load": staticmethod(lambda: Acting)})()
    monkeypatch.setattr(Shelf, "outside", property(lambda self: {"odd": point} if self.room == "checks" else {}))
    (found,) = examine(evidence("binary"), only=("odd",))
    return found


def raising(error: BaseException) -> Any:
    def act(given: Evidence) -> Finding:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "verdict", "said"),
    [
        (ValueError("a hole"), "error", "ValueError: a hole"),
        (DoesNotApply("too few"), "unknown", "too few"),
        (DoesNotApply("x", say=Say("planning", "note.few", {"n": 3})), "unknown", "only 3 rows"),
        (KeyboardInterrupt(), "unknown", "time was up"),
    ],
)
def test_a_check_that_gives_no_answer_is_told(
    error: BaseException, verdict: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = answer_of(raising(error), monkeypatch)
    assert found.verdict == verdict
    assert said in found.say.text("en")
    assert found.say.text("zh") != found.say.text("en")
    assert found.check == "odd"
    assert found.rows == "cross-fitted"


def test_one_slow_check_leaves_time_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def act(seen: Evidence) -> Finding:
        given.append(seen.clock.remaining())
        return replace(FOUND, check="odd")

    class Acting(Odd):
        def run(self, seen: Evidence) -> Finding:
            return act(seen)

    point = type("Point", (), {"name": "odd", "load": staticmethod(lambda: Acting)})()
    monkeypatch.setattr(Shelf, "outside", property(lambda self: {"odd": point} if self.room == "checks" else {}))
    clock = Clock.start(100.0, now=lambda: 0.0)
    examine(replace(evidence("binary"), clock=clock), only=("odd",))
    assert given == [100.0]
    given.clear()
    examine(replace(evidence("binary"), clock=clock), only=("odd", "quality"))
    assert len(given) == 1


@pytest.mark.parametrize(("taken", "asked"), [(0.2, 7), (0.75, 3), (60.0, 1)])
def test_when_the_time_is_up_what_was_cheap_is_still_asked_and_no_more(
    taken: float, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment, done = [100.0], list[str]()  # the time was up 40 s before

    def ask(plugin: Any, given: Evidence, key: str) -> Finding:
        moment[0] += taken
        done.append(key)
        return replace(FOUND, check=key)

    monkeypatch.setattr("assay.auditing.examine._ask", ask)
    only = ("quality", "calibration", "leakage", "coverage", "effects", "labels", "cost")
    late = replace(evidence("binary"), clock=Clock(started=0.0, deadline=60.0, now=lambda: moment[0]))
    found = examine(late, only=only)
    assert len(found) == len(only)
    assert len(done) == asked
    assert [f.verdict for f in found] == ["pass"] * asked + ["unknown"] * (len(only) - asked)
    assert all("time was up" in f.say.text("en") for f in found[asked:])
