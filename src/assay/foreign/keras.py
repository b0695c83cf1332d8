"""What does a Keras file say?

A `.keras` file is a zip of a description and of weights in HDF5. The description names classes and functions that Keras looks up when it
opens the file, so that whoever wrote it could have code run: it is read here first, and only layers, activations and the like that Keras
itself brings and that do nothing but arithmetic are let through; all else is refused by name, and nothing of the file is opened then.
Inputs are numbers: one of each column by its name, or all columns side by side in the order of the table. Outputs as of an ONNX file.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.data import Column, Dataset
from ..kernel.errors import DataError, RequestError
from ..kernel.hints import listing
from ..kernel.need import has, need
from ..kernel.words import Say, refusal
from .cells import numbers
from .door import Known, Reply, Unanswered

LETTERS = 200
MOST_BYTES = 2**31  # of the file, and of what is in it
MEMBERS = frozenset({"config.json", "metadata.json", "model.weights.h5"})
BACKENDS = ("torch", "tensorflow", "jax")  # in the order in which they are taken, where nobody chose one
ARITHMETIC = ("initializers", "regularizers", "constraints", "activations")  # rooms of keras all of which is arithmetic
MODELS = frozenset({"Sequential", "Functional", "Model"})
LAYERS = frozenset(  # that take numbers, and neither run code of their own, nor look up words, nor open files
    [
        "Activation",
        "ActivityRegularization",
        "Add",
        "AlphaDropout",
        "Average",
        "BatchNormalization",
        "CategoryEncoding",
        "Concatenate",
        "Conv1D",
        "AveragePooling1D",
        "MaxPooling1D",
        "Dense",
        "Discretization",
        "Dot",
        "Dropout",
        "ELU",
        "EinsumDense",
        "Embedding",
        "Flatten",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling1D",
        "GlobalMaxPooling1D",
        "GroupNormalization",
        "GRU",
        "InputLayer",
        "LayerNormalization",
        "LeakyReLU",
        "LSTM",
        "Masking",
        "Maximum",
        "Minimum",
        "MultiHeadAttention",
        "Multiply",
        "Normalization",
        "PReLU",
        "Permute",
        "ReLU",
        "RMSNormalization",
        "RepeatVector",
        "Rescaling",
        "Reshape",
        "SimpleRNN",
        "Softmax",
        "SpatialDropout1D",
        "Subtract",
        "UnitNormalization",
    ]
)


@dataclass(frozen=True, eq=False)
class Keras:
    """A model that Keras opened."""

    network: Any
    known: Known
    inputs: tuple[tuple[str, int, str], ...]  # name, columns side by side (0 where any number), kind of number

    @classmethod
    def opened(cls, path: Path) -> Keras:
        """Raises RequestError where the file names what may run code or takes no table, MissingPackage without Keras."""
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise refusal(RequestError, "foreign", "large_keras", name=path.name, mb=size // 10**6)
        content = path.read_bytes()
        named = sorted(_named(_described(content, path.name)))
        if strange := [name for name, fine in named if not fine]:
            raise refusal(RequestError, "foreign", "own_layers", name=path.name, names=listing(strange))
        keras = _keras()
        try:
            network = _opened(keras, content)
        except Exception as error:  # a file that is none breaks it in many ways
            said = (str(error).strip().splitlines() or [type(error).__name__])[0][:LETTERS]
            raise refusal(RequestError, "foreign", "no_keras", name=path.name, error=said) from error
        inputs = tuple(_input(given, path.name) for given in network.inputs)
        if len(network.outputs) != 1:
            raise refusal(RequestError, "foreign", "outputs_keras", name=path.name, n=len(network.outputs))
        known = Known(door="keras", name=path.name, sha256=hashlib.sha256(content).hexdigest(), size=size)
        return cls(network, known, inputs)

    def takes(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """The columns of its inputs, or all where one input takes them side by side. Raises DataError."""
        if self._is_wide(names):
            wide = self.inputs[0][1]
            if wide and wide != len(names):
                said: dict[str, Any] = {"name": self.known.name, "wide": wide, "n": len(names)}
                raise refusal(DataError, "foreign", "wide", **said, columns=listing(names, 30))
            return tuple(names)
        lacking = [name for name, _, _ in self.inputs if name not in names]
        if lacking:
            said = {"name": self.known.name, "lacking": listing(lacking, 30), "n": len(names)}
            raise refusal(DataError, "foreign", "lacking", **said, columns=listing(names, 30))
        return tuple(name for name, _, _ in self.inputs)

    def ask(self, rows: Dataset, labels: Sequence[str], clock: Clock) -> Reply:
        """What the network answers. Raises Unanswered where it breaks."""
        if self._is_wide(rows.names):
            feeds = [np.column_stack([_cells(column, self.inputs[0][2]) for column in rows])]
        else:
            feeds = [_cells(rows[name], kind).reshape(-1, 1) for name, _, kind in self.inputs]
        try:
            out = np.asarray(self.network.predict_on_batch(feeds[0] if len(feeds) == 1 else self._arranged(feeds)))
        except Exception as error:  # a network may break in any way; the rows that break it are told
            raise Unanswered(f"{type(error).__name__}: {error}"[:LETTERS]) from error
        return Reply(out.astype(np.float64).reshape(len(out), -1) if out.ndim > 2 else out.astype(np.float64))

    def _is_wide(self, names: Sequence[str]) -> bool:
        return len(self.inputs) == 1 and (self.inputs[0][1] != 1 or self.inputs[0][0] not in names)

    def _arranged(self, feeds: list[NDArray[Any]]) -> Any:
        """The inputs in the form in which the network was given them: by name, or in order."""
        by_name = isinstance(getattr(self.network, "_inputs_struct", None), dict)
        return dict(zip((name for name, _, _ in self.inputs), feeds, strict=True)) if by_name else feeds


def _opened(keras: Any, content: bytes) -> Any:
    """The model of these very bytes: the file they came from may be another by now."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        return keras.saving.load_model(path, compile=False, safe_mode=True)


def _keras() -> Any:
    """Keras, by the first of its engines that is here unless somebody chose one. Raises MissingPackage."""
    if "KERAS_BACKEND" not in os.environ and (engine := next(filter(has, BACKENDS), "")):
        os.environ["KERAS_BACKEND"] = engine  # Keras reads it once, when it is imported
    return need("keras", extra="keras")


def _described(content: bytes, name: str) -> Any:
    """The description in a file. Raises RequestError where it is no zip of what a Keras file holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            others = sorted({member.filename for member in zipped.infolist()} - MEMBERS)
            if others or sum(member.file_size for member in zipped.infolist()) > MOST_BYTES:
                said = listing(others) if others else f"> {MOST_BYTES // 10**6} MB"
                raise refusal(RequestError, "foreign", "no_keras", name=name, error=said)
            return json.loads(zipped.read("config.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError) as error:
        said = f"{type(error).__name__}: {error}"[:LETTERS]
        raise refusal(RequestError, "foreign", "no_keras", name=name, error=said) from error


def _named(described: Any) -> set[tuple[str, bool]]:
    """Every class and function that a description names, and whether it is one that is let through."""
    return {(name, fine) for name, fine in _walk(described)}


def _walk(described: Any) -> Iterator[tuple[str, bool]]:
    # How the whole is trained is dropped by Keras before it looks (`compile=False`); of models within it, it is not.
    whole = isinstance(described, dict)
    todo = [{key: value for key, value in described.items() if key != "compile_config"} if whole else described]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            if "class_name" in one:
                yield _judged(one)
            todo += one.values()
        elif isinstance(one, list):
            todo += one


def _judged(one: dict[str, Any]) -> tuple[str, bool]:
    """The name of what one entry names, and whether it is let through."""
    module, own, registered = one.get("module"), str(one["class_name"]), one.get("registered_name")
    if own == "__keras_tensor__":
        return own, True
    if own == "function":
        said = str(one.get("config"))
        return said[:LETTERS], module == "builtins" and said.isidentifier() and said in _activations()
    name = f"{module}.{own}"[:LETTERS]
    room = str(module).removeprefix("keras.src.").removeprefix("keras.").partition(".")[0]
    ours = isinstance(module, str) and (module == "keras" or module.startswith("keras."))
    if not ours or (registered not in (None, own) and ">" in str(registered)):
        return name if not registered else str(registered)[:LETTERS], False
    if own in MODELS:
        return name, module == "keras" or room == "models"
    if own.endswith("DTypePolicy"):
        return name, module == "keras" or room == "dtype_policies"
    return name, room in ARITHMETIC or (room == "layers" and own in LAYERS)


def _activations() -> frozenset[str]:
    """Functions of one number and no more, by name."""
    return frozenset(
        [
            "elu",
            "exponential",
            "gelu",
            "hard_sigmoid",
            "hard_silu",
            "hard_swish",
            "hard_tanh",
            "leaky_relu",
            "linear",
            "log_sigmoid",
            "log_softmax",
            "mish",
            "relu",
            "relu6",
            "selu",
            "sigmoid",
            "silu",
            "soft_shrink",
            "softmax",
            "softplus",
            "softsign",
            "swish",
            "tanh",
            "tanh_shrink",
        ]
    )


def _input(given: Any, name: str) -> tuple[str, int, str]:
    kind = str(given.dtype)
    if not kind.startswith(("float", "int", "bool")) or len(given.shape) not in (1, 2):
        said = f"{given.name}: {kind} {tuple(given.shape)}"[:LETTERS]
        raise refusal(RequestError, "foreign", "no_table", name=name, seen=said)
    wide = 1 if len(given.shape) == 1 else given.shape[1] or 0
    return str(given.name), int(wide), kind


def _cells(column: Column, kind: str) -> NDArray[Any]:
    """The cells of a column as numbers. Raises Unanswered where one is none."""
    found = numbers(column)
    if not kind.startswith("float") and not np.isfinite(found).all():
        raise Unanswered(Say("foreign", "why.missing", {"column": column.name}))
    return found.astype(np.float32 if kind.startswith("float") else kind)
