"""Do encoders come back from a file, however many columns there are, and are they asked only for what is looked at?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import BundleInvalid
from assay.kernel.forms import Batch, Head
from assay.planning.draw import draw
from assay.planning.wishes import Wishes
from assay.search.encoders import Encoders
from assay.search.ensemble import Ensemble, Member
from assay.stats.calibration import Affine
from assay.store import plain

RNG = np.random.default_rng(0)
N = 60
WORDS = ["late", "again", "broken", "fine", "good", "bad", "door", "window"]


def mixed(numbers: int) -> Dataset:
    columns = [Column.of_numbers(f"x{i}", RNG.normal(size=N)) for i in range(numbers)]
    columns.append(Column.of_words("town", RNG.choice(["a", "b", "c"], N).tolist()))
    columns.append(Column.of_words("note", [" ".join(RNG.choice(WORDS, 6)) + f" {i}" for i in range(N)]))
    return Dataset((*columns, Column.of_words("y", RNG.choice(["no", "yes"], N).tolist())))


def learnt(numbers: int) -> tuple[Encoders, Dataset]:
    plan, table = draw(mixed(numbers), Wishes(target="y"))
    return Encoders.learn(table, plan.names("feature"), np.arange(N), 0, 0), table


def test_encoders_come_back_to_the_bit() -> None:
    encoders, table = learnt(3)
    box = Box("encoders")
    encoders.dump(box)
    again = Encoders.load(plain.from_bytes(plain.to_bytes(box)))
    np.testing.assert_array_equal(again.vector(table).values, encoders.vector(table).values)
    assert again.features(table) == encoders.features(table)


def test_many_columns_are_few_parts_of_the_file() -> None:
    few, many = Box("encoders"), Box("encoders")
    learnt(3)[0].dump(few)
    learnt(300)[0].dump(many)
    assert len(plain.to_parts(many, "model", {})) == len(plain.to_parts(few, "model", {}))


@pytest.mark.parametrize("values", [None, [], [1, 2], "no"])
def test_encoders_that_make_no_sense_are_refused(values: object) -> None:
    box = Box("encoders")
    box.put(kinds=[["x0", "number"], ["x1", "number"]], values=values)
    with pytest.raises(BundleInvalid):
        Encoders.load(box)


class Whole:
    """A fitted learner that looks at everything, and keeps what it saw."""

    seen: Batch

    def predict(self, batch: Batch) -> np.ndarray:
        self.seen = batch
        return np.zeros((batch.rows, 1))


class Overlooking(Whole):
    """One that looks at no number of a text."""

    def overlooked(self) -> frozenset[str]:
        return frozenset({"note"})


@pytest.mark.parametrize(("kinds", "there"), [((Overlooking,), False), ((Overlooking, Whole), True), ((Whole,), True)])
def test_words_are_counted_where_a_member_looks_at_the_counts(kinds: tuple[type[Whole], ...], there: bool) -> None:
    encoders, table = learnt(2)
    fitted = [kind() for kind in kinds]
    members = tuple(Member(str(i), "stub", 1.0, (one,)) for i, one in enumerate(fitted))
    ensemble = Ensemble(Head.classes(2), (encoders,), members, Affine(1.0, np.zeros(1)))
    ensemble.raw(table)
    vector, whole = fitted[0].seen.vector, encoders.vector(table)
    assert vector.features == whole.features
    of_note = np.asarray([feature.part == "note" for feature in whole.features])
    assert of_note.sum() > 1
    assert np.array_equal(vector.values[:, ~of_note], whole.values[:, ~of_note])
    assert np.isfinite(vector.values[:, of_note]).all() == there
    assert np.isnan(vector.values[:, of_note]).all() != there
