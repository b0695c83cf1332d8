"""Are costs told as they were met?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.checks.cost import Cost
from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats
from assay.kernel.findings import Trial

from .evidence_b import evidence, model, speaks

LEDGER = (
    Trial(name="line", learner="linear", seconds=1.0, memory_mb=10.0, weight=0.25),
    Trial(name="trees", learner="boosting", seconds=6.0, memory_mb=30.0, weight=0.75),
    Trial(name="forest", learner="boosting", seconds=2.0, memory_mb=5.0),
    Trial(name="late", learner="boosting", status="starved", seconds=1.0),
    Trial(name="never", learner="boosting", status="skipped"),
)


def timed(seconds_an_asking: float, budget: float = 60.0) -> tuple[Clock, object]:
    time = [0.0]

    def tick(seconds: float) -> None:
        time[0] += seconds

    return Clock.start(budget, now=lambda: time[0]), model(1.0, 0.5, seconds=seconds_an_asking, tick=tick)


def test_figures_are_those_of_ledger_file_and_clock() -> None:
    clock, slow = timed(0.1)
    found = Cost().run(replace(evidence(n=500, model_=slow), clock=clock, ledger=LEDGER))
    assert found.verdict == "info"
    assert found.measure("training_seconds").value == 12.0
    assert found.measure("memory_mb").value == 45.0
    assert found.measure("size_mb").value == pytest.approx(0.123)
    assert found.measure("microseconds_per_row").value == pytest.approx(0.1 / 500 * 1e6)
    assert found.measure("seconds_one_row").value == pytest.approx(0.1)
    assert found.figures[0].data["labels"] == ["trees", "forest", "line", "late"]
    trials = found.notes[0]
    assert trials.values == {"done": 3, "all": 5, "used": 2, "share": 0.7}
    speaks(found)


@pytest.mark.parametrize(
    ("asking", "budget", "key"),
    [(0.1, 60.0, "untimed"), (2.0, 4.0, "untimed_alone"), (0.1, 0.0, "untimed_no_time")],
)
def test_of_a_run_that_counted_candidates_no_time_of_training_is_told(asking: float, budget: float, key: str) -> None:
    clock, slow = timed(asking, budget)
    given = evidence(n=500, model_=slow)
    plan = replace(given.plan, minutes=0.0, trials=3)
    found = Cost().run(replace(given, clock=clock, ledger=LEDGER, plan=plan, seconds=0.0))
    assert found.say.key == key
    assert "was not kept" in found.say.text("en")
    assert not {"training_seconds", "memory_mb"} & {measure.name for measure in found.measures}
    assert found.measure("size_mb").value == pytest.approx(0.123)
    speaks(found)


def test_little_is_asked_of_a_slow_model() -> None:
    clock, slow = timed(2.0)
    found = Cost().run(replace(evidence(n=5000, model_=slow), clock=clock))
    assert clock.spent() <= 4.0  # the first asking, and one row
    assert found.say.key == "said_alone"  # a batch of one is not told as the pace of many
    assert not any(measure.name == "microseconds_per_row" for measure in found.measures)
    assert found.measure("seconds_one_row").value == pytest.approx(2.0)
    assert not any(note.key == "small" for note in Cost().run(evidence(n=500)).notes)


@pytest.mark.parametrize("stalled", range(1, 12))
def test_one_stall_is_never_told_as_the_pace_of_a_batch(stalled: int) -> None:
    """The machine stands still for half a second in one asking, whichever; a row of a batch takes 10 µs, asking 0.1 ms."""
    time, asked = [0.0], [0]

    given = evidence(n=2000)

    class Slow:
        def size_bytes(self) -> int:
            return 1000

        def scores(self, data: Dataset) -> Floats:
            asked[0] += 1
            time[0] += 1e-4 + 1e-5 * data.rows + (0.5 if asked[0] == stalled else 0.0)
            return given.model.scores(data)

    clock = Clock.start(0.8, now=lambda: time[0])
    found = Cost().run(replace(given, clock=clock, model=Slow(), shipped=None))
    assert found.measure("microseconds_per_row").value < 40
    assert found.measure("seconds_one_row").value < 2e-4


def test_what_is_settled_at_the_first_asking_is_never_told_as_the_time_of_a_row() -> None:
    time, asked = [0.0], list[int]()

    def ask(place: int) -> None:
        asked.append(place)
        time[0] += 0.6 if len(asked) == 1 else 0.001

    clock = Clock.start(0.5, now=lambda: time[0])  # over once the model has been asked
    found = Cost().run(replace(evidence(n=500), clock=clock, ask=ask))
    assert found.say.key == "said_alone"
    assert found.measure("seconds_one_row").value == pytest.approx(0.001)


def test_what_an_answer_takes_is_told_however_late_it_is() -> None:
    time = [0.0]

    def tick(seconds: float) -> None:
        time[0] += seconds

    clock = Clock.start(0.0, now=lambda: time[0])
    quick = model(1.0, 0.5, seconds=0.002, tick=tick)
    found = Cost().run(replace(evidence(n=500, model_=quick), clock=clock, ask=lambda place: tick(0.0001)))
    assert found.say.key == "said"
    assert found.measure("seconds_one_row").value == pytest.approx(0.0001)
    assert found.measure("microseconds_per_row").value == pytest.approx(4.0)
    assert clock.spent() < 0.55
    speaks(found)


def test_without_time_the_rest_is_told_still() -> None:
    clock, slow = timed(0.1, budget=0.0)
    found = Cost().run(replace(evidence(n=500, model_=slow), clock=clock, ledger=LEDGER))
    assert found.say.key == "said_no_time"
    assert found.measure("size_mb").value == pytest.approx(0.123)
    speaks(found)


def test_an_empty_ledger_is_no_error() -> None:
    found = Cost().run(evidence(n=50))
    assert found.figures == ()
    speaks(found)
