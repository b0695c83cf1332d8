"""Is a column that lacks held against what the table has to spare, and against nothing else?"""

from __future__ import annotations

import numpy as np
import pytest

import assay
from assay.kernel.errors import DataError

RNG = np.random.default_rng(0)
WORLD = {
    "mean_radius": RNG.normal(size=60).tolist(),
    "mean_area": RNG.normal(size=60).tolist(),
    "worst_radius": RNG.normal(size=60).tolist(),
    "kind": RNG.choice(["a", "b"], 60).tolist(),
}


@pytest.fixture(scope="module")
def model() -> assay.Model:
    return assay.train(WORLD, "kind", learners=("linear",), trials=1, folds=2, checks=())


def test_a_column_that_the_model_has_is_not_offered_for_one_that_lacks(model: assay.Model) -> None:
    table = {name: cells for name, cells in WORLD.items() if name != "mean_radius"}
    with pytest.raises(DataError, match="mean_radius") as caught:
        model.predict(table)
    assert "Did you mean" not in str(caught.value)  # neither 'mean_area' nor 'worst_radius'


def test_a_column_that_nobody_knows_is_offered(model: assay.Model) -> None:
    table = {name.replace("mean_radius", "mean_radus"): cells for name, cells in WORLD.items()}
    with pytest.raises(DataError, match="Did you mean 'mean_radus'"):
        model.predict(table)


def test_the_same_holds_for_the_answers_of_an_audit(model: assay.Model) -> None:
    table = {name: cells for name, cells in WORLD.items() if name != "kind"}
    plan = {"kinds": WORLD["kind"]}
    with pytest.raises(DataError, match="Did you mean 'kinds'"):
        assay.audit(model, {**table, **plan})
    other = assay.train(
        {**WORLD, "kin": WORLD["mean_area"]}, "kind", learners=("linear",), trials=1, folds=2, checks=()
    )
    with pytest.raises(DataError) as caught:
        assay.audit(other, {**table, "kin": WORLD["mean_area"]})
    assert "Did you mean" not in str(caught.value)
