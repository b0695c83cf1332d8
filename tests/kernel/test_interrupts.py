"""Is a Ctrl-C obeyed wherever it arrives?"""

from __future__ import annotations

import signal
import sys
import time
import weakref
from collections.abc import Iterator

import pytest

from assay.kernel.interrupts import MOMENT, none_lost, through_one

LONG = 10.0  # seconds, of which a moment passes


class Thing:
    """Something that can be referred to weakly."""


def interrupted(_: object) -> None:
    """A callback in whose midst Ctrl-C arrives."""
    signal.raise_signal(signal.SIGINT)
    time.sleep(0)


def dropped_then(seconds: float) -> None:
    """Work that goes on after Ctrl-C arrived in a callback of a weak reference."""
    with none_lost():
        thing = Thing()
        watched = weakref.ref(thing, interrupted)
        del thing
        assert watched() is None
        time.sleep(seconds)


@pytest.fixture
def foreground() -> Iterator[None]:
    """Ctrl-C raises, as for a command in the foreground."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("foreground")
def test_an_interruption_that_python_drops_comes_again(capfd: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        dropped_then(LONG)
    assert time.monotonic() - started < LONG
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.usefixtures("foreground")
def test_an_interruption_does_not_come_again_once_the_work_is_over() -> None:
    came: list[int] = []

    def raising(number: int, _: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, raising)
    dropped_then(0.0)
    time.sleep(5 * MOMENT)
    assert came == [signal.SIGINT]


def test_what_else_python_drops_is_told_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: told.append(str(dropped.exc_value)))
    before = sys.unraisablehook

    def broken(_: object) -> None:
        raise ValueError("a fault")

    with none_lost():
        thing = Thing()
        watched = weakref.ref(thing, broken)
        del thing
        assert watched() is None
    assert told == ["a fault"]
    assert sys.unraisablehook is before


def test_a_step_is_begun_again_after_one_interruption() -> None:
    calls = iter([KeyboardInterrupt(), None])

    def work() -> str:
        if error := next(calls):
            raise error
        return "done"

    assert through_one(work) == ("done", True)
