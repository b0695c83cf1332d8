"""Is an estimator that skops saved measured as scikit-learn measures it, and does nothing untrusted come in?"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import assay
from assay.foreign.doors import Asking
from assay.kernel.errors import RequestError

from .worlds import table

skops = pytest.importorskip("skops.io")
pandas = pytest.importorskip("pandas")
TREE = "sklearn.tree._tree.Tree"
TRUST = (TREE, "numpy.dtype")
MADE = {"target": "y", "minutes": 0.3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    made = tmp_path_factory.mktemp("skops")
    (made / "new.csv").write_text(table(2))
    rows = pandas.read_csv(io.StringIO(table(1)))
    numbers = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[["income", "age"]], rows.y)
    skops.dump(numbers, made / "numbers.skops")
    names = make_column_transformer((OneHotEncoder(), ["job", "owner"]), ("passthrough", ["age"]))
    forest = RandomForestClassifier(20, min_samples_leaf=10, random_state=0)
    skops.dump(make_pipeline(names, forest).fit(rows.drop(columns="y"), rows.y), made / "names.skops")
    skops.dump({"no": "estimator"}, made / "none.skops")
    return made


@pytest.mark.parametrize(("file", "trust"), [("numbers", ()), ("names", TRUST)])
def test_figures_are_those_of_scikit_learn(file: str, trust: tuple[str, ...], folder: Path) -> None:
    from sklearn.metrics import log_loss, roc_auc_score

    if trust:  # scikit-learn 1.6 saves a type of its own beside the trees
        trust = (*trust, *skops.get_untrusted_types(file=folder / f"{file}.skops"))
    found = assay.audit(folder / f"{file}.skops", folder / "new.csv", asking=Asking(trust=trust), **MADE)
    rows = pandas.read_csv(folder / "new.csv")
    p = skops.load(folder / f"{file}.skops", trusted=list(trust))
    p = p.predict_proba(rows[["income", "age"]] if file == "numbers" else rows.drop(columns="y"))
    here = {m.name: m.value for m in found.findings[0].measures}
    assert here["log_loss"] == pytest.approx(log_loss(rows.y, p), rel=1e-9)
    assert here["auc"] == pytest.approx(roc_auc_score(rows.y == "good", p[:, 1]), rel=1e-9)
    assert found.card["made_elsewhere"]["ran_code"] == bool(trust)
    assert [f.check for f in found.findings if f.verdict == "error"] == []


def test_types_that_nobody_trusts_are_named_and_not_loaded(folder: Path) -> None:
    with pytest.raises(RequestError, match=TREE) as error:
        assay.audit(folder / "names.skops", folder / "new.csv", **MADE)
    assert "--trust" in error.value.do
    assert all(error.value.parts("zh"))


def test_what_is_no_estimator_is_refused(folder: Path) -> None:
    (folder / "bad.skops").write_bytes(b"hello")
    with pytest.raises(RequestError, match="cannot be read"):
        assay.audit(folder / "bad.skops", folder / "new.csv", **MADE)
    with pytest.raises(RequestError, match="no estimator but dict"):
        assay.audit(folder / "none.skops", folder / "new.csv", **MADE)


def test_columns_that_lack_are_named(folder: Path) -> None:
    text = (folder / "new.csv").read_text().replace("income", "salary", 1)
    (folder / "other.csv").write_text(text)
    with pytest.raises(RequestError, match="lacks: income"):
        assay.audit(folder / "numbers.skops", folder / "other.csv", **MADE)
