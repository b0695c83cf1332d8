"""Does hiding part after part find what a learner looks at that tells no places of its own?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.data import Dataset
from assay.kernel.errors import RequestError
from assay.kernel.forms import Batch
from assay.model import Model
from assay.search.ensemble import Ensemble, Member
from assay.search.occlusion import occluded, places_told
from assay.stats.calibration import Affine

image = pytest.importorskip("PIL.Image")


class Reddish:
    """A fitted learner whose score is how much of the picture is red; it tells no places."""

    def predict(self, batch: Batch) -> np.ndarray:
        pixels = batch.grids.columns[0].at(32).astype(float)
        return (((pixels[..., 0] - pixels[..., 2]) > 90).mean(axis=(1, 2)) * 10)[:, None]

    def contributions(self, batch: Batch) -> np.ndarray:
        out = np.zeros((batch.rows, batch.vector.values.shape[1] + 1, 1))
        out[:, 0] = self.predict(batch)
        return out


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Forty grey pictures, those of "red" with a red square from (24, 40) on; a linear model of plain numbers."""
    folder, rng = tmp_path_factory.mktemp("red"), np.random.default_rng(0)
    lines = ["photo,colour"]
    for i in range(40):
        pixels = rng.integers(70, 110, size=(64, 64, 3))
        if i % 2:
            pixels[24:40, 40:56] = (220, 30, 30)
        image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.png")
        lines.append(f"{i}.png,{'red' if i % 2 else 'grey'}")
    (folder / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    found = assay.train(folder / "rows.csv", target="colour", trials=1, learners=("linear",), checks=(), folds=3)
    return replace(found, card={**found.card, "from": str(folder)})


def blend(model: Model, *weights: float) -> Ensemble:
    """One who looks at pixels, and the linear model of plain numbers."""
    looks: Any = Reddish()
    plain = next(m for m in model.ensemble.members if m.learner == "linear")
    folds = (looks,) * len(model.ensemble.encoders)
    members = (Member("looks", "sight", weights[0], folds), replace(plain, weight=weights[1]))
    return replace(model.ensemble, members=members, calibration=Affine(2.0, np.asarray([0.3])))


def row_of(model: Model, row: int) -> Dataset:
    return model._opened(assay.read(Path(str(model.card["from"])) / "rows.csv").take(np.asarray([row])))


def test_the_part_that_is_looked_at_has_the_pull_and_all_adds_up(model: Model) -> None:
    ensemble, row = blend(model, 1.0, 0.0), row_of(model, 1)
    (found,) = occluded(ensemble, row)
    assert found.hidden > 9
    assert found.share == 1.0
    pulls = found.pulls[..., 0]  # [24, 24]; the square is rows 9 to 15, columns 15 to 21
    assert pulls[8:16, 14:22].sum() == pytest.approx(pulls.sum(), rel=0.05)
    fall = 2.0 * Reddish().predict(ensemble.encoders[0].batch(row))[0, 0]
    assert pulls.sum() == pytest.approx(fall, rel=0.05)  # what is red is hidden once, by one part or another
    whole = ensemble.contributions(row)[0, ensemble.parts.index("photo")]
    assert pulls.sum() + found.rest == pytest.approx(whole)


def test_where_no_member_tells_places_parts_are_hidden_unasked(model: Model) -> None:
    ensemble, row = blend(model, 0.6, 0.4), row_of(model, 1)
    folds = range(len(ensemble.encoders))
    (found,) = places_told(ensemble, row, folds, "")
    assert found.hidden > 0
    assert found.share == pytest.approx(0.6)
    assert places_told(ensemble, row, folds, "pulls") == ()


def test_a_model_of_plain_numbers_alone_has_no_parts_to_hide(model: Model) -> None:
    assert occluded(blend(model, 0.0, 1.0), row_of(model, 1)) == ()
    assert occluded(model.ensemble, row_of(model, 1)) == ()


def test_another_way_is_refused(model: Model) -> None:
    with pytest.raises(RequestError, match=r"'guess' is no way to tell places.*'pulls'.*'occlusion'") as caught:
        model.explain({"photo": "1.png"}, places="guess")
    assert all(caught.value.parts("zh"))
