"""Do texts that are nearly the same stay on one side of the folds, and does the plan say so?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.plan import Plan
from assay.kernel.words import Say
from assay.planning.draw import draw
from assay.planning.splits import draw_splits
from assay.planning.wishes import Wishes

N = 400
RNG = np.random.default_rng(0)
WORDS = ["".join(RNG.choice(list("etaoinshrdlucm"), size=RNG.integers(3, 9))) for _ in range(2000)]


def sentence(words: int = 30) -> str:
    return " ".join(str(w) for w in RNG.choice(WORDS, size=words))


def planted(copied: int, families: int = 1) -> tuple[dict[str, Any], np.ndarray]:
    """A table of texts, each of `copied` of which another row copies but for a word; and who copies whom: [n]."""
    texts, family = [sentence() for _ in range(N)], np.arange(N)
    for i in range(copied):
        of = N - 1 - i % families
        texts[i], family[i] = texts[of].replace(texts[of].split()[7], "another", 1), family[of]
    order = RNG.permutation(N)
    y = RNG.choice(["yes", "no"], size=N, p=[0.3, 0.7]).tolist()
    return {"text": [texts[i] for i in order], "y": y}, family[order]


def drawn(table: dict[str, Any], **wishes: Any) -> tuple[Plan, np.ndarray]:
    plan, opened = draw(assay.read(table), Wishes(target="y", **wishes))
    _, strata = np.unique(table["y"], return_inverse=True)
    return plan, draw_splits(plan, opened, strata).folds


def note(plan: Plan, key: str) -> Say | None:
    return next((n for n in plan.notes if n.key == key), None)


def test_near_copies_stay_on_one_side_and_are_counted() -> None:
    table, family = planted(60, families=50)
    plan, folds = drawn(table)
    copied = np.bincount(family)[family] > 1
    assert all(len(set(folds[family == f])) == 1 for f in family[copied])
    said = note(plan, "note.near")
    assert said is not None
    assert said.values["n"] == copied.sum() == 110
    assert "110 rows (27.5 %)" in said.text("en")
    assert "110 行（27.5 %）" in said.text("zh")
    yes = np.asarray(table["y"]) == "yes"
    shares = [yes[folds == f].mean() for f in range(folds.max() + 1)]
    assert max(shares) - min(shares) < 0.06
    assert np.ptp(np.bincount(folds)) <= 4


def test_texts_of_their_own_are_left_alone() -> None:
    table, _ = planted(0)
    plan, _ = drawn(table)
    assert not [n for n in plan.notes if n.key.startswith("note.near")]


@pytest.mark.parametrize("more", [{"group": "who"}, {"time": "when"}])
def test_a_named_group_or_time_goes_before(more: dict[str, str]) -> None:
    table, _ = planted(60, families=50)
    table |= {"who": [f"p{i % 40}" for i in range(N)], "when": list(range(N))}
    plan, _ = drawn(table, **more)
    assert note(plan, "note.near") is None


def test_copies_that_hang_together_in_a_group_too_large_are_let_go_and_told() -> None:
    base = sentence(60)
    words = base.split()
    texts = []
    for _ in range(150):  # each a step from the one before, so that the last has little of the first
        at = int(RNG.integers(len(words)))
        words = [*words[:at], str(RNG.choice(WORDS)), *words[at + 1 :]]
        texts.append(" ".join(words))
    table = {"text": [*texts, *(sentence() for _ in range(N - 150))], "y": RNG.choice(["yes", "no"], size=N).tolist()}
    plan, folds = drawn(table)
    said = note(plan, "note.near_apart")
    assert said is not None
    assert said.values["n"] > 100
    assert all(said.text(lang) for lang in ("en", "zh"))
    assert len(set(folds[:150])) > 3


def test_copies_that_are_most_of_a_class_do_not_take_it_from_the_models() -> None:
    table, family = planted(40)
    table["y"] = np.where(np.bincount(family)[family] > 1, "rare", "often").tolist()
    plan, folds = drawn(table)
    assert note(plan, "note.near_apart") is not None
    assert len(set(folds[np.asarray(table["y"]) == "rare"])) > 3


def test_the_same_table_gives_the_same_folds() -> None:
    table, _ = planted(60, families=50)
    np.testing.assert_array_equal(drawn(table)[1], drawn(table)[1])


@pytest.mark.parametrize("sealed", [None, 0.25])
def test_no_measured_row_has_a_near_copy_among_those_its_model_learnt(sealed: float | None) -> None:
    table, _ = planted(60, families=50)
    quick: dict[str, Any] = {"learners": ("constant", "linear"), "checks": ("leakage",), "minutes": 0.3}
    model = assay.train(table, "y", sealed=sealed, **quick)
    leakage = next(finding for finding in model.findings if finding.check == "leakage")
    assert leakage.measure("near_copies").value > 0.25
    assert leakage.measure("near_learnt").value == 0
