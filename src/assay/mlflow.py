"""How does a model come into an MLflow tracking server?

As a pyfunc model whose only data is the .assay file, so that nothing is pickled: `mlflow.pyfunc.load_model` opens it through `_load_pyfunc`, and a registry, a
scoring server or Spark takes it like any other. What the checks measured is logged as metrics, what the plan decided as parameters, the report as an artifact.

    import assay.mlflow
    with mlflow.start_run():
        assay.mlflow.log_model(model, name="loans", registered_model_name="loans")
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import assay
from assay.api import load
from assay.kernel.need import need
from assay.model import Model
from assay.serve.schema import Schema

FLAVOR = "assay"
FILE = "model.assay"
_WRONG = re.compile(r"[^A-Za-z0-9_\-. :/]")  # letters that a name of a metric may not have


def save_model(model: Model, path: str | Path, mlflow_model: Any = None) -> None:
    """Write a model as an MLflow folder: `MLmodel`, the .assay file, and what is to be installed. The folder must not be there.

    Raises MissingPackage without mlflow.
    """
    pyfunc = need("mlflow.pyfunc", extra="mlflow")
    made = mlflow_model if mlflow_model is not None else need("mlflow.models", extra="mlflow").Model()
    folder = Path(path)
    folder.mkdir(parents=True)
    model.save(folder / FILE)
    made.signature = signature(model)
    pyfunc.add_to_model(made, loader_module="assay.mlflow", data=FILE, pip_requirements=None)
    plan = model.plan
    made.add_flavor(FLAVOR, assay_version=assay.__version__, data=FILE, task=plan.task, target=plan.target, code=None)
    made.save(str(folder / "MLmodel"))
    (folder / "requirements.txt").write_text(f"assay=={assay.__version__}\n", encoding="utf-8")


def log_model(
    model: Model, name: str = "model", registered_model_name: str | None = None, metrics: bool = True, **more: Any
) -> Any:
    """Log a model to the run that is under way (one begins where none is), with what its checks measured and its report.

    name                  : of the model in the run
    registered_model_name : under which it is registered, too; a new version where there is one already
    metrics               : log parameters, metrics and the report beside it

    Gives MLflow's ModelInfo. Raises MissingPackage without mlflow.
    """
    mlflow = need("mlflow", extra="mlflow")
    logged = need("mlflow.models", extra="mlflow").Model.log(
        artifact_path=None,
        name=name,
        flavor=sys.modules[__name__],
        model=model,
        registered_model_name=registered_model_name,
        **more,
    )
    if metrics:
        mlflow.log_params(parameters(model))
        mlflow.log_metrics(dict(measured(model)))
        with tempfile.TemporaryDirectory() as folder:
            mlflow.log_artifact(str(model.report.save(Path(folder) / "report.html")))
            mlflow.log_artifact(str(model.report.save(Path(folder) / "report.json")))
    return logged


def load_model(model_uri: str, dst_path: str | None = None) -> Model:
    """The Model in what was logged. Raises BundleError where the file is not whole."""
    artifacts = need("mlflow.artifacts", extra="mlflow")
    folder = Path(artifacts.download_artifacts(artifact_uri=model_uri, dst_path=dst_path))
    return load(folder / FILE)


def signature(model: Model) -> Any:
    """MLflow's signature: the columns that a row must have.

    Of any type: how a cell reads as its column's kind the model knows better than MLflow, which would refuse whole numbers where it was told reals.
    """
    types, any_type = need("mlflow.types", extra="mlflow"), need("mlflow.types.schema", extra="mlflow").AnyType
    columns = [types.ColSpec(any_type(), column.name, required=True) for column in Schema.of(model).columns]
    return need("mlflow.models", extra="mlflow").ModelSignature(inputs=types.Schema(columns))


def parameters(model: Model) -> dict[str, Any]:
    """What the plan decided."""
    plan = model.plan
    data = {"data_sha256": plan.data.get("sha256", ""), "data_rows": plan.data.get("rows", 0)}
    return {
        "target": plan.target,
        "task": plan.task,
        "seed": plan.seed,
        "folds": plan.splits.folds,
        "level": plan.level,
        "ship": plan.ship,
        **data,
    }


def measured(model: Model) -> Iterator[tuple[str, float]]:
    """Every figure of every finding as "check.figure", and the ends of its interval."""
    for finding in model.findings:
        for measure in finding.measures:
            label = _WRONG.sub("_", f"{finding.check}.{measure.name}")
            for ending, value in (("", measure.value), (".low", measure.low), (".high", measure.high)):
                if value is not None and math.isfinite(value):
                    yield label + ending, float(value)


class Scoring:
    """What MLflow asks for answers."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:
        """A pandas frame of answers, a row each, for a frame of rows."""
        return self.model.predict(model_input).to_pandas()


def _load_pyfunc(path: str) -> Scoring:
    """MLflow calls this by name: the model in the file at `path`."""
    return Scoring(load(path))
