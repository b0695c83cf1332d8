"""Is what was learnt lost when weights are shuffled, and nothing else?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.plugins import PullsPlaces
from assay.search.place_pulls import place_pulls
from assay.search.shuffled import shuffled


@pytest.mark.parametrize("learner", ["patches", "cnn"])
def test_places_are_told_otherwise_and_the_same_seed_tells_the_same(tmp_path: Path, learner: str) -> None:
    pytest.importorskip("PIL.Image")
    pytest.importorskip("torch")
    source = pictures(tmp_path)
    model = assay.train(source, target="label", learners=(learner,), trials=1, checks=())
    table = model._opened(assay.read(source))
    assert any(isinstance(member.folds[0], PullsPlaces) for member in model.ensemble.members)
    fold, row = 1, table.take(np.asarray([0]))
    found = [shuffled(model.ensemble, fold, table, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    (first,), (same,), (other,) = (place_pulls(one, row, [0]) for one in found)
    (learnt,) = place_pulls(model.ensemble, row, [fold])
    assert first.pulls.shape == learnt.pulls.shape
    assert np.isfinite(first.pulls).all()
    assert np.array_equal(first.pulls, same.pulls)
    assert not np.allclose(first.pulls, other.pulls)
    assert not np.allclose(first.pulls, learnt.pulls)
    (again,) = place_pulls(model.ensemble, row, [fold])
    assert np.array_equal(again.pulls, learnt.pulls)


def pictures(folder: Path) -> Path:
    """Forty small pictures of two kinds: a light spot on the left, or on the right."""
    rng, lines = np.random.default_rng(0), ["picture,label"]
    for i in range(40):
        pixels = rng.integers(40, 120, (24, 24, 3))
        left = 3 if i % 2 else 14
        pixels[8:15, left : left + 7] += 110
        (folder / f"{i}.ppm").write_bytes(b"P6 24 24 255\n" + pixels.astype(np.uint8).tobytes())
        lines.append(f"{i}.ppm,{'left' if i % 2 else 'right'}")
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
