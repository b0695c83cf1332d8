"""Do pictures stay on one side of the folds whose names tell that they are of one thing, and none whose names only count?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.plan import Plan
from assay.planning import splits
from assay.planning.by_name import key_of
from assay.planning.draw import draw
from assay.planning.splits import draw_splits
from assay.planning.wishes import Wishes

Image = pytest.importorskip("PIL.Image")
THINGS, EACH = 18, 6

NAMED = {  # a way to name them, and the rule that is found
    "patient_{thing:04}_view{k}.png": "start 2",
    "{label}/patient_{thing:04}_view{k}.png": "start 2 within",
    "{label}/scene{thing:02}/frame_{k:04}.png": "folder 2 within",
    "{label}/{own:05}_{k:05}.png": "start 1 within",
    "exp{k}_num_{thing:06}.png": "rest",
    "images/{label}/IMG{thing:03}{letter}.png": "start 2 within",
}
COUNTED = [
    "{label}/img_{row:03}.png",
    "{row:03}_{k}.png",
    "batch{any}_img{row:03}.png",
    "{label}/{any:02}_{row:04}.png",
    "{label}/{row:03}.png",
]


def table_of(folder: Path, form: str, of_things: bool = True) -> tuple[dict[str, Any], np.ndarray]:
    """Pictures of things, some of each, with names of one form; and the thing that each shows: [n]."""
    rng = np.random.default_rng(0)
    names, labels, things = [], [], []
    for row, place in enumerate(rng.permutation(THINGS * EACH).tolist()):
        thing, k = divmod(place, EACH)
        label = "ab"[thing % 2]
        seen = np.random.default_rng(thing if of_things else 1000 + row).uniform(60, 190, size=(4, 4, 3))
        pixels = np.kron(seen, np.ones((16, 16, 1))) + rng.normal(scale=25, size=(64, 64, 3)) + 10 * (label == "a")
        values = {"thing": thing, "k": k, "label": label, "own": thing // 2, "row": row, "letter": "abcdef"[k]}
        name = form.format(any=rng.integers(12), **values)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name)
        names.append(name)
        labels.append(label)
        things.append(thing)
    (folder / "rows.csv").write_text("file,y\n" + "".join(f"{a},{b}\n" for a, b in zip(names, labels, strict=True)))
    return {"file": names, "y": labels}, np.asarray(things)


def drawn(folder: Path, **wishes: Any) -> tuple[Plan, np.ndarray]:
    plan, opened = draw(assay.read(folder / "rows.csv"), Wishes(target="y", **wishes))
    _, strata = np.unique(opened["y"].texts().astype(str), return_inverse=True)
    return plan, draw_splits(plan, opened, strata).folds


def parted(things: np.ndarray, folds: np.ndarray) -> int:
    """How many things stand on both sides of a split."""
    return sum(len(set(folds[things == thing])) > 1 for thing in range(THINGS))


@pytest.mark.parametrize("form", NAMED)
def test_what_names_bind_and_looks_confirm_stays_on_one_side(tmp_path: Path, form: str) -> None:
    _, things = table_of(tmp_path, form)
    plan, folds = drawn(tmp_path)
    assert (plan.splits.how, plan.splits.named, plan.splits.name_rule) == ("named", "file", NAMED[form])
    assert parted(things, folds) == 0
    note = next(n for n in plan.notes if n.key == "note.named")
    assert (note.values["n"], note.values["groups"]) == (THINGS * EACH, THINGS)
    assert "--no-group-by-name" in note.text("en")
    assert "--no-group-by-name" in note.text("zh")
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize("form", COUNTED)
def test_what_only_counts_binds_nothing(tmp_path: Path, form: str) -> None:
    _, things = table_of(tmp_path, form)
    plan, folds = drawn(tmp_path)
    assert not plan.splits.named
    assert parted(things, folds) > THINGS / 2


@pytest.mark.parametrize("form", list(NAMED))
def test_names_that_looks_do_not_confirm_bind_nothing(tmp_path: Path, form: str) -> None:
    table_of(tmp_path, form, of_things=False)
    plan, _ = drawn(tmp_path)
    assert not plan.splits.named


def test_it_can_be_switched_off_and_gives_way_to_what_is_named(tmp_path: Path) -> None:
    table, things = table_of(tmp_path, "patient_{thing:04}_view{k}.png")
    plan, folds = drawn(tmp_path, by_name=False)
    assert plan.splits.how == "stratified"
    assert parted(things, folds) > THINGS / 2
    who = [f"w{i % 9}" for i in range(len(things))]
    rows = "".join(f"{a},{b},{c}\n" for a, b, c in zip(table["file"], table["y"], who, strict=True))
    (tmp_path / "rows.csv").write_text("file,y,who\n" + rows)
    plan, _ = drawn(tmp_path, group="who")
    assert (plan.splits.how, plan.splits.named) == ("grouped", "")


def test_a_thing_that_is_half_of_a_class_is_let_go_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "LEAST_CLASS", 1)
    table, things = table_of(tmp_path, "patient_{thing:04}_view{k}.png")
    some = np.flatnonzero(things == 2)[:3]
    labels = ["c" if things[i] == 0 or i in some else y for i, y in enumerate(table["y"])]
    rows = "".join(f"{a},{b}\n" for a, b in zip(table["file"], labels, strict=True))
    (tmp_path / "rows.csv").write_text("file,y\n" + rows)
    plan, folds = drawn(tmp_path)
    apart = next(n for n in plan.notes if n.key == "note.named_apart")
    assert apart.values["n"] == EACH
    assert all(apart.text(lang) for lang in ("en", "zh"))
    assert len(set(folds[things == 0])) > 1
    assert len(set(folds[things == 5])) == 1


def test_keys_by_hand() -> None:
    assert key_of("train/7/00033_00025.ppm", "start 1") == ("00033",)
    assert key_of("train/7/00033_00025.ppm", "folder 2 within") == ("train", "7")
    assert key_of("00341.ppm", "start 1") is None  # nothing follows
    assert key_of("cat/tabby/1.png", "folder 2") is None  # a sort, not a thing
    assert key_of("a_b.png", "rest") is None
