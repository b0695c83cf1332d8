"""Are rows kept apart where they must be, and only there: copies, profiles that are often met, groups of sealed rows?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel.errors import DataError
from assay.planning.draw import draw
from assay.planning.splits import draw_splits
from assay.planning.wishes import Wishes

N = 600


def split(frame: pd.DataFrame, **wishes: object):  # type: ignore[no-untyped-def]
    plan, opened = draw(assay.read(frame), Wishes(target="y", **wishes))  # type: ignore[arg-type]
    strata = np.unique(frame["y"], return_inverse=True)[1]
    return plan, draw_splits(plan, opened, strata)


def customers(idle: int, rng: np.random.Generator) -> pd.DataFrame:
    """Some customers did nothing: their rows are equal, and what becomes of them is not."""
    x = rng.normal(size=(N, 4))
    x[:idle] = 0.0
    return pd.DataFrame(x, columns=list("abcd")).assign(y=np.where(rng.random(N) < 0.5, "left", "stayed"))


def test_a_profile_that_is_often_met_is_spread_over_the_folds() -> None:
    plan, found = split(customers(90, np.random.default_rng(0)))
    assert found.groups is None
    assert not [note for note in plan.notes if note.key == "note.duplicates"]
    assert set(found.folds[:90]) == set(range(plan.splits.folds))


def test_copies_with_one_answer_stay_together_however_many_they_are() -> None:
    frame = customers(90, np.random.default_rng(0))
    frame.loc[:89, "y"] = "left"
    _, found = split(frame)
    assert len(set(found.folds[:90])) == 1


def test_few_copies_stay_together_whatever_their_answers() -> None:
    _, found = split(customers(8, np.random.default_rng(0)))
    assert len(set(found.folds[:8])) == 1


@pytest.mark.parametrize("groups", [3, 4, 16])
def test_sealed_rows_share_no_group_with_others(groups: int) -> None:
    rng = np.random.default_rng(0)
    frame = customers(0, rng).assign(site=[f"site {i}" for i in rng.integers(groups, size=N)])
    _, found = split(frame, group="site", sealed=0.05)
    rest = np.setdiff1d(np.arange(N), found.sealed)
    assert len(found.sealed)
    assert not set(frame["site"][found.sealed]) & set(frame["site"][rest])


def test_two_groups_of_which_one_is_sealed_are_refused() -> None:
    frame = customers(0, np.random.default_rng(0)).assign(site=["a", "b"] * (N // 2))
    with pytest.raises(DataError, match="say --sealed 0"):
        split(frame, group="site", sealed=0.2)


def test_groups_that_go_on_through_time_are_not_promised_to_stay_together() -> None:
    rng = np.random.default_rng(0)
    frame = customers(0, rng).assign(shop=rng.integers(40, size=N), day=pd.date_range("2024-01-01", periods=N))
    plan, found = split(frame, group="shop", time="day")
    keys = {note.key for note in plan.notes}
    assert "note.grouped_forward" in keys
    assert not keys & {"note.grouped", "note.grouped_in_time"}
    assert plan.splits.how == "time"
    assert not found.both


def test_a_panel_of_which_rows_are_sealed_is_kept_apart_by_time_alone() -> None:
    shop = [f"s{i % 20}" for i in range(N)]  # every shop has sealed rows: without those of sealed shops, none is left
    frame = customers(0, np.random.default_rng(0)).assign(shop=shop, day=pd.date_range("2024-01-01", periods=N))
    plan, found = split(frame, group="shop", time="day", sealed=0.2)
    assert plan.splits.how == "time"
    assert "note.grouped_forward" in {note.key for note in plan.notes}
    assert len(list(found.rounds())) == plan.splits.folds


@pytest.mark.parametrize("sealed", [0.0, 0.2])
def test_no_group_stands_on_both_sides_in_time_either(sealed: float) -> None:
    rng = np.random.default_rng(0)
    patient = np.minimum(np.arange(N) // 4 + rng.integers(0, 8, N), N // 4)  # come again within days
    frame = customers(0, rng).assign(
        patient=[f"p{i}" for i in patient], visit=pd.date_range("2024-01-01", periods=N, freq="h")
    )
    plan, found = split(frame, group="patient", time="visit", sealed=sealed)
    assert "note.grouped_in_time" in {note.key for note in plan.notes}
    rounds = list(found.rounds())
    assert len(rounds) == plan.splits.folds
    measured = [(train, held) for _, train, held in rounds]
    if sealed:
        measured.append((found.rest, found.sealed))
        left_out = N - len(found.rest) - len(found.sealed)  # earlier rows of sealed patients
        assert left_out > 0
        assert [note.values["n"] for note in plan.notes if note.key == "note.beside_sealed"] == [left_out]
    for train, held in measured:
        assert not set(patient[train]) & set(patient[held])
        assert train.max() < held.min()


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_weights_does_not_change_the_model(unit: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "w": rng.uniform(1, 2, 300), "y": x[:, 0] * x[:, 1]})
    found = []
    for scale in (1.0, unit):
        model = assay.train(
            frame.assign(w=frame["w"] * scale), "y", weight="w", learners=("boosting",), trials=1, checks=()
        )
        found.append(model.predict(frame[:20]).values)
    np.testing.assert_allclose(*found, rtol=1e-6, atol=1e-9)
