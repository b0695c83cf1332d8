"""Is a model that was logged to MLflow the same model when it comes back, and is nothing of it pickled?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import assay.mlflow as flavor
from tests.serve.worlds import amounts, loans, table

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a test tells nobody that it runs
mlflow = pytest.importorskip("mlflow")
ROWS = {name: cells[:20] for name, cells in table(20, seed=3).items() if name != "repaid"}


@pytest.fixture
def tracking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tracking server that is a folder."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(tmp_path)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(tmp_path.joinpath("runs").as_uri())
    yield tmp_path
    mlflow.set_tracking_uri(before)


def test_a_saved_model_answers_as_a_pyfunc_and_holds_no_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # MLflow 3.0 puts an empty folder of runs where it is asked
    pandas = pytest.importorskip("pandas")
    for model in (loans(), amounts()):
        folder = tmp_path / model.plan.task
        flavor.save_model(model, folder)
        assert {path.name for path in folder.rglob("*") if path.is_file()} == {
            "MLmodel",
            "model.assay",
            "requirements.txt",
        }
        opened = mlflow.pyfunc.load_model(str(folder))
        assert opened.predict(pandas.DataFrame(ROWS))["answer"].tolist() == model.predict(ROWS).answer.tolist()
        assert set(opened.metadata.signature.inputs.input_names()) == set(ROWS)


def test_a_run_shows_what_the_checks_measured(tracking: Path) -> None:
    with mlflow.start_run() as run:
        logged = flavor.log_model(loans(), name="loans", registered_model_name="loans")
    found = mlflow.get_run(run.info.run_id).data
    assert found.params["target"] == "repaid"
    measure = loans().findings[0].measures[0]
    assert found.metrics[f"{loans().findings[0].check}.{measure.name}"] == pytest.approx(measure.value)
    assert {item.path for item in mlflow.MlflowClient().list_artifacts(run.info.run_id)} >= {
        "report.html",
        "report.json",
    }
    again = flavor.load_model(logged.model_uri)
    assert again.predict(ROWS).answer.tolist() == loans().predict(ROWS).answer.tolist()
    assert mlflow.pyfunc.load_model("models:/loans/1") is not None
