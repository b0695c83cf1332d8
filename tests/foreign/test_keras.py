"""Are networks that Keras saved asked as they are, and files that could run code refused before anything of them is opened?"""

from __future__ import annotations

import csv
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.foreign.keras import Keras
from assay.kernel.errors import DataError, RequestError

pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(200, 2)).round(3)
    y = np.where(rng.random(200) < 1 / (1 + np.exp(-2 * x[:, 0] - x[:, 1])), "yes", "no")
    path = tmp_path / "new.csv"
    lines = [f"{a},{b},{c}" for (a, b), c in zip(x.tolist(), y, strict=True)]
    path.write_text("a,b,y\n" + "\n".join(lines) + "\n")
    return path


def dense(path: Path, units: int = 1, activation: str = "sigmoid", names: tuple[str, ...] = ()) -> Path:
    """What Keras saves of activation(2 a + b), for two classes with its other side; of one input, or of one for each name."""
    given = [keras.Input((1,), name=name) for name in names] or [keras.Input((2,))]
    x = keras.layers.Concatenate()(given) if len(given) > 1 else given[0]
    layer = keras.layers.Dense(units, activation=activation)
    model = keras.Model(given if len(given) > 1 else given[0], layer(x))
    weights = np.asarray([[2.0], [1.0]]) if names != ("b", "a") else np.asarray([[1.0], [2.0]])
    layer.set_weights([np.hstack([-weights, weights])[:, -units:] / (2 if units == 2 else 1), np.zeros(units)])
    model.save(path)
    return path


def rewritten(path: Path, change: Any, beside: dict[str, bytes] | None = None) -> Path:
    """The same file with another description."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["config.json"] = json.dumps(change(json.loads(parts["config.json"]))).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in (parts | (beside or {})).items():
            new.writestr(name, content)
    return path


def log_loss(data: Path) -> float:
    rows = list(csv.DictReader(data.open()))
    z = np.asarray([2 * float(r["a"]) + float(r["b"]) for r in rows])
    z = np.where([r["y"] == "yes" for r in rows], z, -z)
    return float(np.log1p(np.exp(-z)).mean())


def audited(path: Path, data: Path, **more: Any) -> dict[str, float]:
    found = assay.audit(path, data, target="y", minutes=0.3, **more)
    assert [f.check for f in found.findings if f.verdict == "error"] == []
    assert found.card["made_elsewhere"]["door"] == "keras"
    return {m.name: m.value for m in found.findings[0].measures}


@pytest.mark.parametrize(
    ("units", "activation", "names"),
    [(1, "sigmoid", ()), (2, "softmax", ()), (1, "sigmoid", ("a", "b")), (1, "sigmoid", ("b", "a"))],
)
def test_figures_are_those_of_the_network(
    units: int, activation: str, names: tuple[str, ...], data: Path, tmp_path: Path
) -> None:
    found = audited(dense(tmp_path / "m.keras", units, activation, names), data, labels=("no", "yes"))
    assert found["log_loss"] == pytest.approx(log_loss(data), abs=1e-5)


def test_columns_side_by_side_come_in_the_order_in_which_they_are_named(data: Path, tmp_path: Path) -> None:
    path = dense(tmp_path / "m.keras")
    lines = [line.split(",") for line in data.read_text().splitlines()]
    data.write_text("\n".join(f"{b},{a},{y}" for a, b, y in lines) + "\n")
    turned = audited(path, data)["log_loss"]
    named = audited(path, data, wishes={"features": ("a", "b")})["log_loss"]
    assert named == pytest.approx(log_loss(data), abs=1e-5)
    assert turned > named + 0.01


def test_values_are_answered_as_they_are(data: Path, tmp_path: Path) -> None:
    lines = ["a,b,y"]
    for line in data.read_text().splitlines()[1:]:
        a, b, _ = line.split(",")
        lines.append(f"{a},{b},{2 * float(a) + float(b) + 0.5}")
    data.write_text("\n".join(lines) + "\n")
    found = assay.audit(dense(tmp_path / "m.keras", 1, "linear"), data, target="y", minutes=0.3)
    assert found.plan.task == "value"
    assert next(m.value for m in found.findings[0].measures if m.name == "mae") == pytest.approx(0.5, abs=1e-5)


def test_outputs_that_are_no_probabilities_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no probabilities"):
        audited(dense(tmp_path / "m.keras", 2, "linear"), data)
    with pytest.raises(DataError, match="3"):
        audited(dense(tmp_path / "n.keras", 2, "softmax"), data, labels=("no", "yes", "perhaps"))


def test_columns_that_do_not_fit_are_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="takes columns that the table lacks: c"):
        audited(dense(tmp_path / "m.keras", names=("a", "c")), data)
    data.write_text(data.read_text().replace("\n", ",1\n").replace("y,1", "y,c", 1))
    with pytest.raises(DataError, match="takes 2 columns side by side, and the table has"):
        audited(dense(tmp_path / "n.keras"), data)


def test_a_function_in_a_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2), keras.layers.Dense(1)]).save(path)
    with pytest.raises(RequestError, match=r"may run code or open other files: .*keras\.layers\.Lambda") as error:
        Keras.opened(path)
    assert "ONNX" in error.value.do


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"module": "builtins", "class_name": "function", "config": "print", "registered_name": "function"}, "print"),
        ({"module": "os", "class_name": "function", "config": "system", "registered_name": "function"}, "system"),
        ({"module": "keras.utils", "class_name": "get_file", "config": {}, "registered_name": None}, "get_file"),
        ({"module": "keras.layers", "class_name": "TFSMLayer", "config": {}, "registered_name": None}, "TFSMLayer"),
        ({"module": "keras.layers", "class_name": "StringLookup", "config": {}, "registered_name": None}, "StringLookup"),
        ({"module": "kerasish", "class_name": "Dense", "config": {}, "registered_name": None}, "kerasish.Dense"),
        ({"module": None, "class_name": "Own", "config": {}, "registered_name": "my>Own"}, "my>Own"),
    ],
)  # fmt: skip
def test_what_names_anything_else_is_refused_wherever_it_stands(entry: Any, said: str, tmp_path: Path) -> None:
    def change(config: dict[str, Any]) -> dict[str, Any]:
        config["config"]["layers"][-1]["config"]["activation"] = {"deep": [entry]}
        return config

    with pytest.raises(RequestError, match="nothing of the file was opened") as error:
        Keras.opened(rewritten(dense(tmp_path / "m.keras"), change))
    assert said in error.value.seen


def test_how_a_model_within_is_trained_is_looked_at_too(tmp_path: Path) -> None:
    """Keras leaves out how the whole is trained, but opens what stands there of a model within it."""
    inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    keras.Sequential([keras.Input((2,)), inner]).save(tmp_path / "m.keras")

    def evil(whole: dict[str, Any]) -> dict[str, Any]:
        loss = {"module": "builtins", "class_name": "function", "config": "my_code", "registered_name": "function"}
        within = next(layer for layer in whole["config"]["layers"] if layer["class_name"] == "Sequential")
        within["compile_config"] = {"optimizer": "adam", "loss": loss}
        return whole

    assert Keras.opened(tmp_path / "m.keras").inputs[0][1] == 2
    with pytest.raises(RequestError, match="my_code"):
        Keras.opened(rewritten(tmp_path / "m.keras", evil))


def test_a_model_that_was_trained_is_opened_without_how_it_was(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.save(tmp_path / "m.keras")
    assert Keras.opened(tmp_path / "m.keras").inputs[0][1] == 2


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(b"PK nothing")
    with pytest.raises(RequestError, match="cannot be opened: BadZipFile"):
        Keras.opened(path)
    with pytest.raises(RequestError, match=r"cannot be opened: assets/x\.py"):
        Keras.opened(rewritten(dense(path), lambda config: config, {"assets/x.py": b""}))
    with pytest.raises(RequestError, match="cannot be opened"):
        Keras.opened(rewritten(dense(path), lambda config: [config]))
    given = keras.Input((2,))
    keras.Model(given, [keras.layers.Dense(1)(given), keras.layers.Dense(1)(given)]).save(path)
    with pytest.raises(RequestError, match="has 2 outputs"):
        Keras.opened(path)
    given = keras.Input((4, 4, 3))
    keras.Model(given, keras.layers.Flatten()(given)).save(path)
    with pytest.raises(RequestError, match="takes what no table gives"):
        Keras.opened(path)
