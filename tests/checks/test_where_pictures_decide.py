"""Are maps of pictures that lie found, and honest ones believed?"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.checks.reasons import ALARM, Reasons
from assay.kernel.clock import Clock
from assay.kernel.data import Dataset
from assay.kernel.findings import Finding
from assay.kernel.plugins import PictureReasons
from assay.pictures.hidden import Hidden
from assay.pictures.shown import Shown

from .evidence_b import at_most, evidence, speaks
from .scenes import column_of

image = pytest.importorskip("PIL.Image")
SIDE, PLACES = 24, 6


@dataclass(frozen=True, eq=False)
class Lit:
    """A model that adds what is bright: the score is the sum of light over places, less the usual light.

    `told` is what it tells of a map [places, places]; a liar tells of other places. `share` of the blend looks at pixels.
    """

    told: Any = np.asarray
    told_shuffled: Any = None
    share: float = 1.0
    seconds: float = 0.0
    tick: Any = None

    parts = ("photo",)
    folds = 3

    def light(self, grid: Any) -> np.ndarray:
        """Of each place: [n, 6, 6, 1]."""
        if self.tick:
            self.tick(self.seconds)
        seen = grid.at(SIDE).mean(axis=3) / 40.0
        cut = SIDE // PLACES
        return np.asarray(seen.reshape(-1, PLACES, cut, PLACES, cut).mean(axis=(2, 4))[..., None])

    def scores(self, data: Dataset, folds: Any = None) -> np.ndarray:
        return np.asarray(self.light(Shown.of(data["photo"])).sum(axis=(1, 2)) - USUAL)

    def scores_hiding(self, data: Dataset, hidden: Any, folds: Any = None) -> np.ndarray:
        return np.asarray(self.light(Hidden(Shown.of(data["photo"]), hidden["photo"])).sum(axis=(1, 2)) - USUAL)

    def contributions(self, data: Dataset, folds: Any = None) -> np.ndarray:
        scores = self.scores(data)
        return np.stack([scores, np.zeros_like(scores)], axis=1)

    def pictures(self, row: Dataset, fold: int | None = None) -> tuple[PictureReasons, ...]:
        grid = Shown.of(row["photo"])
        if not grid.there[0]:
            return ()
        pulls = self.told(self.light(grid)[0])
        rest = self.scores(row)[0] - pulls.sum(axis=(0, 1))
        return (PictureReasons(part="photo", pulls=pulls, rest=rest, share=self.share),)

    def shuffled(self, fold: int, data: Dataset, seed: int) -> Any:
        """It then names places by lot."""
        rng = np.random.default_rng([seed, fold])
        return replace(self, told=self.told_shuffled or (lambda light: rng.normal(size=light.shape)))

    def size_bytes(self) -> int:
        return 1000


USUAL = 90.0


def pictures(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    """Noise, and in it a bright patch of some size at some place, never of the same light."""
    found = []
    for _ in range(n):
        pixels = rng.integers(60, 120, size=(SIDE, SIDE, 3))
        top, left = rng.integers(0, SIDE - 10, size=2)
        high, wide = rng.integers(6, 10, size=2)
        pixels[top : top + high, left : left + wide] += 100
        found.append(pixels.astype(np.uint8))
    return found


def world(folder: Path, model: Lit, n: int = 60, seed: int = 0, **more: Any) -> Any:
    """Pictures as evidence: the class is drawn by how bright they are."""
    rng = np.random.default_rng(seed)
    data = Dataset((column_of(folder, pictures(rng, n), 95),))
    base = evidence(n=n, seed=seed, weights=(1.0,))
    scores = model.scores(data)
    y = (rng.random(n) < 1 / (1 + np.exp(-scores[:, 0]))).astype(np.int64)
    fields = {"data": data, "raw": data, "y": y, "scores": scores, "uncalibrated": scores, "model": model}
    return replace(base, **{**fields, **more})


def run(folder: Path, model: Lit, **more: Any) -> Finding:
    return Reasons().run(world(folder, model, **more))


def elsewhere(light: np.ndarray) -> np.ndarray:
    """A map that names the darkest places."""
    return light.max() + light.min() - light


def test_a_map_that_is_true_is_believed(tmp_path: Path) -> None:
    found = run(tmp_path / "p", Lit())
    assert (found.verdict, found.say.key) == ("pass", "true_places")
    gain = found.measure("gain_of_places")
    assert found.measure("moved_by_places").value > found.measure("moved_by_other_places").value
    assert gain.value == pytest.approx(
        found.measure("moved_by_places").value - found.measure("moved_by_other_places").value
    )
    assert gain.low is not None
    assert gain.low > 0
    assert gain.n == 60
    assert found.measure("raised_by_places").value > found.measure("raised_by_other_places").value
    assert found.measure("p_value_places_alone").value < ALARM
    alike = found.measure("likeness_when_shuffled")
    assert abs(alike.value) < 0.1
    assert {"covered", "revealed", "likeness"} <= {note.key for note in found.notes}
    speaks(found)


def test_true_maps_are_seldom_doubted(tmp_path: Path) -> None:
    trials = 12
    verdicts = [run(tmp_path / str(seed), Lit(), n=40, seed=seed).verdict for seed in range(trials)]
    assert sum(verdict != "pass" for verdict in verdicts) <= at_most(ALARM, trials)


@pytest.mark.parametrize("lie", [elsewhere, lambda light: np.roll(light, (3, 3), axis=(0, 1))])
def test_a_map_of_other_places_is_found(tmp_path: Path, lie: Any) -> None:
    found = run(tmp_path / "p", Lit(told=lie))
    assert (found.verdict, found.say.key) == ("watch", "untrue_places")
    assert found.measure("p_value_places").value > ALARM
    speaks(found)


def test_a_map_drawn_by_lot_is_no_better_than_chance(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    found = run(tmp_path / "p", Lit(told=lambda light: rng.permutation(light.ravel()).reshape(light.shape)))
    assert found.say.key == "untrue_places"


def test_a_map_that_stays_when_weights_are_shuffled_is_found(tmp_path: Path) -> None:
    """Hiding what is bright does move this model, but its map would be the same of any model."""
    found = run(tmp_path / "p", Lit(told_shuffled=lambda light: 0.1 * light))
    assert (found.verdict, found.say.key) == ("watch", "idle_places")
    assert found.measure("likeness_when_shuffled").value == pytest.approx(1.0)
    speaks(found)


def test_right_and_wrong_ones_are_shown_with_their_maps(tmp_path: Path) -> None:
    found = run(tmp_path / "p", Lit())
    sheets = {figure.title.key: figure.data["pictures"] for figure in found.figures if figure.kind == "pictures"}
    assert set(sheets) == {"maps.right", "maps.wrong"}
    assert len(sheets["maps.right"]) == 4
    for key, shown in sheets.items():
        said = [one["say"].values for one in shown]
        assert {one["given"] == one["answer"] for one in said} == {key == "maps.right"}
        assert [one["p"] for one in said] == sorted((one["p"] for one in said), reverse=True)
    for one in [one for shown in sheets.values() for one in shown]:
        assert image.open(io.BytesIO(base64.b64decode(one["jpeg"]))).size == (306, 150)
        assert one["say"].text("en").startswith("photo, row ")
        assert one["say"].text("zh")


def test_the_share_of_the_blend_that_tells_is_said(tmp_path: Path) -> None:
    said = " ".join(note.text() for note in run(tmp_path / "p", Lit(share=0.4)).notes)
    assert "40.0 % of the blend" in said
    assert "plain numbers" in said


def test_of_values_the_least_and_the_greatest_losses_are_shown(tmp_path: Path) -> None:
    value = evidence(n=60, labels=(), weights=(1.0,))
    y = np.random.default_rng(1).normal(size=60)
    found = run(tmp_path / "p", Lit(), task=value.task, codec=value.codec, plan=value.plan, y=y)
    sheets = {figure.title.key: figure.data["pictures"] for figure in found.figures if figure.kind == "pictures"}
    assert {key: len(shown) for key, shown in sheets.items()} == {"maps.least": 4, "maps.most": 4}
    assert (found.verdict, found.say.key) == ("pass", "true_places")
    speaks(found)


def test_a_blend_without_maps_is_judged_as_before(tmp_path: Path) -> None:
    class Silent(Lit):
        def pictures(self, row: Dataset, fold: int | None = None) -> tuple[PictureReasons, ...]:
            return ()

    found = run(tmp_path / "p", Silent())
    assert (found.verdict, found.say.key) == ("info", "plain")
    assert not [figure for figure in found.figures if figure.kind == "pictures"]


def test_says_when_too_few_pictures_could_be_asked(tmp_path: Path) -> None:
    time = [0.0]

    def tick(seconds: float) -> None:
        time[0] += seconds

    slow = replace(world(tmp_path / "p", Lit()), model=Lit(seconds=0.1, tick=tick))
    found = Reasons().run(replace(slow, clock=Clock.start(4.0, now=lambda: time[0])))
    assert found.say.key == "plain"
    assert "uncovered" in [note.key for note in found.notes]
    speaks(found)
