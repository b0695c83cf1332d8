"""Is a row with a picture answered alone as it is in a table, and looked at once?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.modalities import picture

image = pytest.importorskip("PIL.Image")


def table(folder: Path, n: int = 30) -> dict[str, np.ndarray]:
    """Light and dark pictures, and two columns that tell nothing."""
    rng, names = np.random.default_rng(0), []
    for row in range(n):
        pixels = rng.integers(0, 120, (16, 20, 3)) + 100 * (row % 2)
        names.append(str(folder / f"{row}.png"))
        image.fromarray(pixels.astype(np.uint8)).save(names[-1])
    names[4] = ""
    columns = {"photo": np.asarray(names), "x": rng.normal(size=n), "town": rng.choice(list("ab"), n)}
    return columns | {"y": np.where(np.arange(n) % 2, "light", "dark")}


def test_a_row_with_a_picture_is_answered_as_in_its_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = table(tmp_path)
    model = assay.train(cells, "y", trials=1, learners=("constant", "patches"), folds=2, checks=())
    assert any(member.learner == "patches" for member in model.ensemble.members)
    together, looked = model.predict(cells), []
    look = picture._one
    monkeypatch.setattr(picture, "_one", lambda *asked: looked.append(asked) or look(*asked))
    for row in (0, 1, 4):
        alone = model.predict({name: value[row] for name, value in cells.items() if name != "y"})
        assert list(alone.probabilities.values()) == together.probabilities[row].tolist()
    assert len(looked) == 2  # once each, and there is none in row 4
