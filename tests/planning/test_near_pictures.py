"""Do pictures that are nearly the same stay on one side of the folds, and do the plan and the check of leakage say so?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.plan import Plan
from assay.kernel.words import Say
from assay.planning.draw import draw
from assay.planning.splits import draw_splits
from assay.planning.wishes import Wishes

Image = pytest.importorskip("PIL.Image")
N, COPIED = 120, 24


def pictures(folder: Path, copied: int = COPIED) -> np.ndarray:
    """N pictures of coloured boxes, the last `copied` of them smaller copies of the first; and who copies whom: [n]."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for i in range(N - copied):
        pixels = np.full((90, 120, 3), rng.uniform(80, 160, size=3))
        for _ in range(12):
            top, left = rng.integers(0, [70, 95])
            pixels[top : top + 20, left : left + 25] += rng.uniform(-70, 70, size=3)
        picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        picture.save(folder / f"{i:03}.jpg", quality=90)
        if i < copied:
            picture.resize((80, 60)).save(folder / f"{N - copied + i:03}.jpg", quality=75)
    return np.concatenate([np.arange(N - copied), np.arange(copied)])


def table_of(folder: Path) -> dict[str, Any]:
    return {
        "picture": [str(folder / f"{i:03}.jpg") for i in range(N)],
        "size": np.random.default_rng(1).normal(size=N).tolist(),
        "y": np.random.default_rng(2).choice(["yes", "no"], size=N).tolist(),
    }


def drawn(table: dict[str, Any], **wishes: Any) -> tuple[Plan, np.ndarray]:
    plan, opened = draw(assay.read(table), Wishes(target="y", **wishes))
    _, strata = np.unique(table["y"], return_inverse=True)
    return plan, draw_splits(plan, opened, strata).folds


def note(plan: Plan, key: str) -> Say | None:
    return next((n for n in plan.notes if n.key == key), None)


def test_near_pictures_stay_on_one_side_and_are_counted(tmp_path: Path) -> None:
    family = pictures(tmp_path / "p")
    plan, folds = drawn(table_of(tmp_path / "p"))
    assert all(len(set(folds[family == i])) == 1 for i in range(COPIED))
    said = note(plan, "note.near_pictures")
    assert said is not None
    assert said.values["n"] == 2 * COPIED
    assert "48 rows (40.0 %) hold a picture" in said.text("en")
    assert "48 行（40.0 %）" in said.text("zh")


def test_pictures_of_their_own_are_left_alone(tmp_path: Path) -> None:
    pictures(tmp_path / "p", copied=0)
    plan, _ = drawn(table_of(tmp_path / "p"))
    assert not [n for n in plan.notes if n.key.startswith("note.near")]


def test_one_picture_of_half_the_rows_is_let_go_and_told(tmp_path: Path) -> None:
    pictures(tmp_path / "p", copied=0)
    table = table_of(tmp_path / "p")
    table["picture"][: N // 2] = [table["picture"][0]] * (N // 2)
    plan, folds = drawn(table)
    said = note(plan, "note.near_pictures_apart")
    assert said is not None
    assert said.values["n"] == N // 2
    assert all(said.text(lang) for lang in ("en", "zh"))
    assert len(set(folds[: N // 2])) > 3


@pytest.mark.parametrize("group", ["", "who"])
def test_what_a_model_had_learnt_from_is_told_where_a_named_group_parts_copies(tmp_path: Path, group: str) -> None:
    pictures(tmp_path / "p")
    table = table_of(tmp_path / "p") | {"who": [f"w{i % 17}" for i in range(N)]}
    quick: dict[str, Any] = {"learners": ("constant", "linear"), "checks": ("leakage",), "minutes": 0.3}
    model = assay.train(table, "y", group=group, **quick)
    leakage = next(finding for finding in model.findings if finding.check == "leakage")
    assert leakage.measure("near_pictures").value == pytest.approx(2 * COPIED / N)
    sheet = next(figure for figure in leakage.figures if figure.kind == "pictures")
    assert len(sheet.data["pictures"]) == 10
    learnt = leakage.measure("near_pictures_learnt").value
    assert (learnt > 0.2) == bool(group)
    assert any(say.key == f"near_pictures_{'apart' if group else 'kept'}" for say in (leakage.say, *leakage.notes))
