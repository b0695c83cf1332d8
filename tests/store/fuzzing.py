"""Does any damaged bundle bring the process down? Run by test_fuzz.py in a process of its own.

    python fuzzing.py FIRST COUNT

Mutates one bundle COUNT times, by seeds from FIRST on, and puts each to use. Most mutations recompute the hashes, so
that what lies behind them is reached. Prints how often each outcome was seen; an outcome that is neither an answer nor
an AssayError is printed with its seed and ends with code 3.
"""

from __future__ import annotations

import collections
import hashlib
import json
import sys
from collections.abc import Callable
from typing import Any

import lightgbm as lgb
import numpy as np

from assay.kernel.box import DTYPES, Box
from assay.kernel.errors import AssayError
from assay.store import plain, tensors, zipped
from assay.trees.forest import Forest
from assay.trees.from_lightgbm import forest_of

Parts = list[tuple[str, bytes]]
Rng = np.random.Generator
NUMBERS = [
    0,
    -1,
    1,
    2,
    3,
    5,
    31,
    255,
    2**15,
    2**31 - 1,
    2**31,
    2**32,
    2**53,
    2**63,
    -(2**31),
    0.5,
    1e-300,
    1e300,
    -1e308,
]
VALUES = [*NUMBERS, None, True, "", "x", [], {}, [1, 2], {"a": 1}]
REALS = [0.0, -0.0, 1.0, -1.0, 1e-36, 1e298, 1e300, -1e308, 5e-324, np.nan, np.inf, -np.inf]


def bundle_box() -> Box:
    """Two forests, one with leaves in full and one with leaves on a grid, numbers and strings."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 4))
    values[:, 2] = rng.integers(0, 70, 300)
    values[rng.random(values.shape) < 0.1] = np.nan
    signal = np.nan_to_num(values[:, 0]) + np.sin(np.nan_to_num(values[:, 2]) ** 2)
    box = Box()
    box.put(classes=["no", "yes"], share=0.25, rows=300)
    fixed = {"verbose": -1, "num_threads": 1, "min_data_per_group": 2, "cat_smooth": 1.0, "num_leaves": 6}
    modes = {"value": {"objective": "regression"}, "classes": {"objective": "multiclass", "num_class": 3}}
    for name, mode in modes.items():
        target = signal if name == "value" else np.digitize(signal, [-0.5, 0.5]).astype(float)
        data = lgb.Dataset(values, target, categorical_feature=[2])
        forest = forest_of(lgb.train(mode | fixed, data, 3))
        (forest if name == "value" else forest.settled()).dump(box.add(name))
    return box


def use(data: bytes) -> None:
    """What a program does with a bundle from a stranger. Raises AssertionError if the two roads differ."""
    box = plain.from_bytes(data)
    box.real("share"), box.whole("rows"), box.texts("classes")
    for name in ("value", "classes"):
        forest = Forest.load(box.box(name))
        rows = np.array([[0.1, -2.0, 5.0, 0.0], [np.nan] * 4, [-1e300, np.inf, -7.0, 1e-36], [0.0, 0.5, 1e10, 2.0]])
        rows = (
            np.resize(rows, (4, min(forest.features, 1000)))
            if forest.features < 1000
            else np.zeros((1, forest.features))
        )
        np.testing.assert_array_equal(forest.predict(rows), forest.native(rows))
        assert forest.contributions(rows).shape == (len(rows), forest.features + 1, forest.width)


# ------------------------------------------------------------------------------------------------------- mutations


def sealed(parts: Parts) -> bytes:
    """The parts under a manifest with the right sizes and hashes."""
    said = json.loads(parts[0][1])
    said["parts"] = [{"name": n, "bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in parts[1:]]
    return zipped.write([(parts[0][0], json.dumps(said).encode()), *parts[1:]])


def flip_bit(parts: Parts, rng: Rng) -> bytes:
    data = bytearray(zipped.write(parts))
    data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    return bytes(data)


def cut(parts: Parts, rng: Rng) -> bytes:
    data = zipped.write(parts)
    begin, end = sorted(rng.integers(0, len(data) + 1, 2))
    return data[:end] if rng.random() < 0.5 else data[:begin] + data[end:]


def insert_bytes(parts: Parts, rng: Rng) -> bytes:
    data, at = zipped.write(parts), int(rng.integers(0, 2**16))
    at %= len(data) + 1
    return data[:at] + rng.bytes(int(rng.integers(1, 50))) + data[at:]


def damage_part(parts: Parts, rng: Rng) -> bytes:
    """Bytes of one part changed, hashes right."""
    at = int(rng.integers(1, len(parts)))
    data = bytearray(parts[at][1])
    for _ in range(rng.integers(1, 4)):
        data[rng.integers(len(data))] = rng.choice(list(b'{}[]",:0123456789eE-+.\\ \x00\xff'))
    parts[at] = (parts[at][0], bytes(data))
    return sealed(parts)


def damage_header(parts: Parts, rng: Rng) -> bytes:
    """Bytes of the header of some arrays changed, hashes right."""
    at = int(rng.choice([i for i, (name, _) in enumerate(parts) if name.endswith(plain.ARRAYS)]))
    data = bytearray(parts[at][1])
    end = 8 + int.from_bytes(data[:8], "little")
    for _ in range(rng.integers(1, 3)):
        data[rng.integers(end)] = rng.choice(list(b'0123456789-[],{}":FIU'))
    parts[at] = (parts[at][0], bytes(data))
    return sealed(parts)


def swap_value(parts: Parts, rng: Rng) -> bytes:
    """One value inside a JSON part replaced, hashes right."""
    at = int(rng.choice([i for i, (name, _) in enumerate(parts) if name.endswith(plain.JSON)]))
    said = json.loads(parts[at][1])
    said[rng.choice(sorted(said))] = VALUES[rng.integers(len(VALUES))]
    parts[at] = (parts[at][0], json.dumps(said).encode())
    return zipped.write(parts) if at == 0 else sealed(parts)


def swap_element(parts: Parts, rng: Rng) -> bytes:
    """A few numbers inside an array replaced, hashes right."""
    at, arrays, name = some_array(parts, rng)
    array = arrays[name] = arrays[name].copy()
    for _ in range(rng.integers(1, 4)):
        place = rng.integers(max(1, array.size))
        if array.size:
            array.flat[place] = some_number(array, rng)
    parts[at] = (parts[at][0], tensors.write(arrays))
    return sealed(parts)


def some_number(array: np.ndarray, rng: Rng) -> Any:
    if array.dtype.kind == "f":
        return rng.choice(REALS)
    info = np.iinfo(array.dtype)
    near = int(rng.choice(array)) + int(rng.integers(-2, 3))
    number = int(rng.choice([near, near, near, info.min, info.max, 0, 1]))
    return min(max(number, info.min), info.max)


def reshape_array(parts: Parts, rng: Rng) -> bytes:
    """An array made longer, shorter, of another dtype, permuted or dropped, hashes right."""
    at, arrays, name = some_array(parts, rng)
    array = arrays[name]
    changes: list[Callable[[], Any]] = [
        lambda: array[: rng.integers(array.size + 1)],
        lambda: np.append(array, array[:1]),
        lambda: np.nan_to_num(array, posinf=0).astype(rng.choice(DTYPES)) if array.size else array,
        lambda: rng.permutation(array),
        lambda: array[None],
        lambda: array[:0],
    ]
    with np.errstate(all="ignore"):
        arrays[name] = changes[rng.integers(len(changes))]()
    if rng.random() < 0.1:
        del arrays[name]
    parts[at] = (parts[at][0], tensors.write(arrays))
    return sealed(parts)


def swap_parts(parts: Parts, rng: Rng) -> bytes:
    """Two parts change contents, or names, or places."""
    one, two = (int(i) for i in rng.choice(np.arange(1, len(parts)), 2, replace=False))
    mode = rng.integers(3)
    if mode == 0:
        parts[one], parts[two] = (parts[one][0], parts[two][1]), (parts[two][0], parts[one][1])
    elif mode == 1:
        parts[one], parts[two] = parts[two], parts[one]
    else:
        parts[one] = (parts[two][0], parts[one][1])
    return sealed(parts)


def some_array(parts: Parts, rng: Rng) -> tuple[int, dict[str, np.ndarray], str]:
    at = int(rng.choice([i for i, (name, _) in enumerate(parts) if name.endswith(plain.ARRAYS)]))
    arrays = tensors.read(parts[at][1], "fuzz")
    return at, arrays, str(rng.choice(sorted(arrays)))


MUTATIONS = [flip_bit, cut, insert_bytes, damage_part, damage_header, swap_value, reshape_array, swap_parts]
MUTATIONS += [swap_element] * 4  # the numbers a native parser would see


def main(first: int, count: int) -> int:
    """Mutate and use; 0 if every outcome was an answer or a typed refusal."""
    honest = plain.to_parts(bundle_box(), "model", {})
    use(zipped.write(honest))
    seen: collections.Counter[str] = collections.Counter()
    for seed in range(first, first + count):
        rng = np.random.default_rng(seed)
        mutate = MUTATIONS[seed % len(MUTATIONS)]
        print(f"seed {seed}: {mutate.__name__}", file=sys.stderr, flush=True)  # the last line names what killed us
        data = mutate(list(honest), rng)
        try:
            use(data)
            seen["used"] += 1
        except AssayError as error:
            seen[type(error).__name__] += 1
    print(json.dumps(seen))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
