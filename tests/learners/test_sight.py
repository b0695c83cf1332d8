"""Does a linear model read the points of a pretrained network for pictures, and is that network named, found and refused as it must be?"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply, RequestError
from assay.kernel.forms import Batch, Feature, Grids, Head, Vector
from assay.kernel.rng import stream
from assay.learners.sight import Sight
from assay.neural import checkpoint, sights
from assay.neural.checkpoint import find
from assay.planning.portfolio import candidates
from assay.testing.worlds import Drawn, Ticking, pictures, seeing

pytest.importorskip("transformers")
SEEN = frozenset({"vector", "grid"})


def stripes(n: int, seed: int = 0) -> Batch:
    """Stripes that stand or lie, in any colour, on noise; nothing else tells which."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n).astype(np.int64)
    wave = np.arange(32) // 4 % 2
    plain = np.where(y[:, None, None] == 1, wave[None, None, :], wave[None, :, None])  # [n, 32, 32]
    pixels = 120 * plain[..., None] * rng.random((n, 1, 1, 3)) + rng.integers(0, 100, (n, 32, 32, 3))
    there = np.ones(n, dtype=bool)
    there[::50] = False
    grids = Grids((Drawn(pixels.astype(np.uint8), there),), ("photo",))
    vector = Vector(rng.normal(size=(n, 2)), (Feature("photo", "photo"), Feature("size", "size")))
    return Batch({"vector": vector, "grid": grids}, y)


def fitted(folder: str) -> tuple[Sight, Any]:
    learner = Sight(encoder=folder).prepare(stripes(200), 5, Clock.still())
    return learner, learner.fit(stripes(200), stripes(60, 1), Head.classes(2), Clock.still(), stream(0, "fit"))


def test_it_tells_what_only_the_pictures_show() -> None:
    learner, model = fitted(seeing())
    fresh = stripes(200, 2)
    there = fresh.grids.columns[0].there
    right = (model.predict(fresh)[:, 0] > 0) == fresh.y
    assert right[there].mean() > 0.9
    assert learner.encoder == find(seeing()).label


def test_reasons_name_the_picture_and_add_up() -> None:
    _, model = fitted(seeing())
    fresh = stripes(80, 2)
    pulls = model.contributions(fresh)
    assert np.allclose(pulls.sum(axis=1), model.predict(fresh), atol=1e-9)
    assert np.abs(pulls[:, 0]).mean() > 5 * np.abs(pulls[:, 1]).mean()


def test_the_file_names_the_checkpoint_and_is_answered_by_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(seeing(), tmp_path / "first" / "mine")
    _, model = fitted(str(tmp_path / "first" / "mine"))
    box = Box("thing")
    model.dump(box)
    assert box.text("encoder") == find(str(tmp_path / "first" / "mine")).label
    assert sum(array.nbytes for inner in box.walk() for array in inner.arrays.values()) < 10_000

    fresh, features = stripes(20, 3), stripes(1).vector.features
    shutil.move(tmp_path / "first", tmp_path / "second")
    monkeypatch.setattr(checkpoint, "_opened", {})
    sights.sights.cache_clear()
    with pytest.raises(RequestError, match="not on this machine"):
        Sight.load(box, Head.classes(2), features)
    monkeypatch.setenv(checkpoint.PLACES, str(tmp_path / "second"))
    again = Sight.load(box, Head.classes(2), features)
    assert again.predict(fresh).tobytes() == model.predict(fresh).tobytes()

    monkeypatch.setattr(checkpoint, "_opened", {})
    sights.sights.cache_clear()
    (tmp_path / "second" / "mine" / "preprocessor_config.json").write_text('{"size": 30}')  # looks otherwise: another
    with pytest.raises(RequestError, match="not on this machine"):
        Sight.load(box, Head.classes(2), features)


def test_it_says_why_when_none_was_named_or_the_time_is_short() -> None:
    with pytest.raises(DoesNotApply, match="--encoder"):
        Sight().prepare(stripes(60), 5, Clock.still())
    with pytest.raises(DoesNotApply, match="minutes"):
        Sight(encoder=seeing()).prepare(stripes(60), 5, Clock.start(3.0))
    with pytest.raises(DoesNotApply, match="encoding 98 pictures"):
        Sight(encoder=seeing()).prepare(stripes(100, 9), 5, Clock.start(20.0, now=Ticking()))


# ------------------------------------------------------------------------------------------------------------- plans


def test_it_is_tried_first_among_what_looks_where_it_is_named_and_not_at_all_where_not() -> None:
    named, _ = candidates(500, Head.classes(3), (), forms=SEEN, checkpoints={"pictures": "net@0123456789abcdef"})
    assert [c.learner for c in named][:3] == ["constant", "sight", "fisher"]
    plain, left = candidates(500, Head.classes(3), (), forms=SEEN)
    assert "sight" not in {c.learner for c in plain} | {said.values["learner"] for said in left}
    _, left = candidates(500, Head.classes(3), ("sight",), forms=SEEN)
    assert "--encoder" in next(said.text() for said in left if said.values["learner"] == "sight")


def test_a_folder_of_a_network_for_pictures_goes_to_what_looks_at_pictures() -> None:
    pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    folder = Path(pictures(80))
    table = {"photo": [str(folder / f"{i}.ppm") for i in range(80)], "y": rng.choice(["yes", "no"], size=80).tolist()}
    plan = assay.plan(table, "y", encoder=seeing())
    label = find(seeing()).label
    assert {c.settings["encoder"] for c in plan.candidates if c.learner == "sight"} == {label}
    assert not any(c.settings.get("encoder") == label for c in plan.candidates if c.learner != "sight")
    keys = {note.key for note in plan.notes}
    assert "note.from_scratch" not in keys
    assert "note.from_scratch" in {note.key for note in assay.plan(table, "y").notes}
