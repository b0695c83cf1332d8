"""Do clocks end, streams repeat, and settings stay in range?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.errors import MissingPackage, SettingError, UnknownKey
from assay.kernel.forms import Head
from assay.kernel.hints import did_you_mean
from assay.kernel.need import has, need
from assay.kernel.rng import stream
from assay.kernel.settings import Choice, Real, Switch, Whole, check_settings, draw_settings, with_settings
from assay.kernel.shelf import shelf


def test_a_slice_never_outlasts_its_clock() -> None:
    now = [0.0]
    clock = Clock.start(10, now=lambda: now[0])
    piece = clock.slice(100)
    assert piece.remaining() == 10
    now[0] = 4.0
    assert clock.slice(3).remaining() == 3
    assert clock.spent() == 4
    now[0] = 11.0
    assert clock.expired()
    assert piece.expired()
    assert clock.remaining() == 0


def test_streams_repeat_and_do_not_mix() -> None:
    first = stream(1, "folds").random(1000)
    np.testing.assert_array_equal(first, stream(1, "folds").random(1000))
    for other in (stream(2, "folds"), stream(1, "fold", "s"), stream(1, "folds", 0)):
        assert abs(np.corrcoef(first, other.random(1000))[0, 1]) < 0.15


@dataclass(frozen=True, kw_only=True)
class Some:
    rate: Annotated[float, Real(0.01, 1.0, log=True)] = 0.1
    rounds: Annotated[int, Whole(1, 9)] = 3
    mode: Annotated[str, Choice(("a", "b"))] = "a"
    again: Annotated[bool, Switch()] = False

    def __post_init__(self) -> None:
        check_settings(self)


def test_every_mistake_in_settings_is_told_together() -> None:
    with pytest.raises(SettingError) as caught:
        Some(rate=2.0, rounds=0, mode="c", again=1)  # type: ignore[arg-type]
    for part in ("rate: expected a number from 0.01 to 1", "rounds", "mode", "again"):
        assert part in str(caught.value)
    with pytest.raises(SettingError, match="Did you mean 'rounds'"):
        with_settings(Some, {"round": 3})


def test_draws_stay_in_range_and_reach_all_of_it() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_settings(Some, rng) for _ in range(400)]
    assert {d["rounds"] for d in drawn} == set(range(1, 10))
    assert {d["mode"] for d in drawn} == {"a", "b"}
    assert np.median([d["rate"] for d in drawn]) == pytest.approx(0.1, rel=0.3)  # evenly on the log scale
    assert not Real(0, 1).problem(0)
    assert Real(0, 1).problem(float("nan"))
    assert Whole(0, 1).problem(True)


def test_a_package_that_is_not_there_is_told_with_its_extra() -> None:
    with pytest.raises(MissingPackage, match=r"pip install 'assay\[neural\]'") as caught:
        need("no_such_package_at_all", extra="neural")
    assert isinstance(caught.value, ImportError)
    assert not has("no_such_package_at_all")
    assert has("numpy")


def test_an_unknown_plugin_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownKey, match="Did you mean 'boosting'"):
        shelf("learners").get("boostin")
    assert did_you_mean("zzz", ["default"]) is None


def test_heads_have_the_width_of_their_scores() -> None:
    assert (Head.value().width, Head.classes(2).width, Head.classes(7).width) == (1, 1, 7)
