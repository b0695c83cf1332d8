"""Do the places of a picture and what is left add up to its pull, whatever the members tell?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.data import Dataset
from assay.model import Model
from assay.search.ensemble import Ensemble
from assay.search.place_pulls import place_pulls
from assay.stats.calibration import Affine

pytest.importorskip("torch")
image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """rows.csv: sixty small pictures with a striped square somewhere; which way the stripes run is the answer."""
    found, rng = tmp_path_factory.mktemp("squares"), np.random.default_rng(0)
    lines = ["photo,n,runs"]
    for i in range(60):
        pixels = rng.integers(70, 110, size=(24, 24, 3))
        top, left = rng.integers(0, 16, size=2)
        stripes = np.repeat([230, 20, 230, 20], 2)[:, None] * np.ones((1, 8))
        pixels[top : top + 8, left : left + 8] = (stripes if i % 2 else stripes.T)[..., None]
        image.fromarray(pixels.astype(np.uint8)).save(found / f"{i}.png")
        lines.append(f"{i}.png,{rng.normal():.3f},{'across' if i % 2 else 'down'}")
    (found / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def both(folder: Path) -> Model:
    """A model whose blend holds a member with maps and one without."""
    network, trees = (
        assay.train(folder / "rows.csv", target="runs", trials=1, learners=(key,), checks=(), folds=3)
        for key in ("residual", "boosting")
    )
    members = (*network.ensemble.members, *trees.ensemble.members)
    return replace(network, ensemble=replace(network.ensemble, members=members))


def one_row(model: Model, folder: Path, row: int = 3) -> Dataset:
    return model._opened(assay.read(folder / "rows.csv").take(np.asarray([row])))


def blend(model: Model, *weights: float) -> Ensemble:
    """The members with these weights, told apart by whether they look at pictures."""
    chosen = {"residual": weights[0], "boosting": weights[1]}
    members = tuple(replace(m, weight=chosen[m.learner]) for m in model.ensemble.members)
    return replace(model.ensemble, members=members, calibration=Affine(2.0, np.asarray([0.3])))


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.6, 0.4)])
def test_places_and_the_rest_add_up_to_the_pull_of_the_picture(
    both: Model, folder: Path, weights: tuple[float, float]
) -> None:
    ensemble, row = blend(both, *weights), one_row(both, folder)
    (found,) = place_pulls(ensemble, row, range(len(ensemble.encoders)))
    pull = ensemble.contributions(row)[0, ensemble.parts.index("photo")]
    assert found.pulls.sum(axis=(0, 1)) + found.rest == pytest.approx(pull, abs=1e-9)
    assert found.share == pytest.approx(weights[0])
    assert np.abs(found.pulls).max() > 0


def test_of_a_network_alone_the_rest_is_the_same_for_every_picture(both: Model, folder: Path) -> None:
    ensemble = blend(both, 1.0, 0.0)
    folds = range(len(ensemble.encoders))
    rest = [place_pulls(ensemble, one_row(both, folder, row), folds)[0].rest for row in (1, 2, 50)]
    assert np.abs(np.diff(rest, axis=0)).max() < 1e-9  # what the usual picture pulls, taken away


def test_one_fold_is_asked_alone(both: Model, folder: Path) -> None:
    ensemble, row = blend(both, 0.6, 0.4), one_row(both, folder)
    each = [place_pulls(ensemble, row, [fold])[0] for fold in range(len(ensemble.encoders))]
    (all_of_them,) = place_pulls(ensemble, row, range(len(ensemble.encoders)))
    assert np.mean([one.pulls for one in each], axis=0) == pytest.approx(all_of_them.pulls, abs=1e-9)
    for fold, one in enumerate(each):
        pull = ensemble.contributions(row, np.asarray([fold]))[0, ensemble.parts.index("photo")]
        assert one.pulls.sum(axis=(0, 1)) + one.rest == pytest.approx(pull, abs=1e-9)


def test_maps_of_different_sizes_are_brought_to_the_finest(both: Model, folder: Path) -> None:
    ensemble, row = blend(both, 0.6, 0.4), one_row(both, folder)
    folds = range(len(ensemble.encoders))
    network = next(m for m in ensemble.members if m.learner == "residual")
    coarse = replace(network, name="coarse", weight=0.4, folds=tuple(Coarse(fitted) for fitted in network.folds))
    mixed = replace(ensemble, members=(replace(network, weight=0.6), coarse))
    (found,), (fine,) = (place_pulls(one, row, folds) for one in (mixed, blend(both, 1.0, 0.0)))
    assert found.pulls.shape == fine.pulls.shape
    assert found.pulls.sum() == pytest.approx(fine.pulls.sum())
    assert found.rest == pytest.approx(fine.rest, abs=1e-9)


class Coarse:
    """The same network, telling of two places down and three across."""

    def __init__(self, fitted: Any) -> None:
        self.fitted = fitted

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fitted, name)

    def place_pulls(self, grid: Any, place: int) -> Any:
        whole = self.fitted.place_pulls(grid, place).sum(axis=(0, 1))
        return np.broadcast_to(whole / 6, (2, 3, len(whole)))


def test_nothing_is_told_where_no_member_tells_or_no_picture_is_there(both: Model, folder: Path) -> None:
    row = one_row(both, folder)
    folds = range(len(both.ensemble.encoders))
    assert place_pulls(blend(both, 0.0, 1.0), row, folds) == ()
    gone = row.having(replace(row["photo"], cells=np.asarray([-1], dtype=np.int32)))
    assert place_pulls(blend(both, 1.0, 0.0), gone, folds) == ()


def test_a_score_moves_where_places_are_hidden_and_stays_where_none_is(both: Model, folder: Path) -> None:
    ensemble, data = blend(both, 1.0, 0.0), both._opened(assay.read(folder / "rows.csv")).take(np.arange(6))
    hidden = np.zeros((6, 4, 4), dtype=bool)
    folds = np.arange(6) % len(ensemble.encoders)
    before = ensemble.scores(data, folds)
    assert np.array_equal(ensemble.scores(data, folds, {"photo": hidden}), before)
    hidden[::2] = True
    after = ensemble.scores(data, folds, {"photo": hidden})
    assert np.array_equal(after[1::2], before[1::2])
    assert (after[::2] != before[::2]).all()


def test_what_reads_plain_numbers_is_not_moved_by_hiding(both: Model, folder: Path) -> None:
    ensemble, data = blend(both, 0.0, 1.0), one_row(both, folder)
    everything = {"photo": np.ones((1, 2, 2), dtype=bool)}
    assert np.array_equal(ensemble.scores(data, None, everything), ensemble.scores(data))
