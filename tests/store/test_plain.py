"""The bytes of a bundle: they come back, they are the same each time, and each kind of damage has its own name."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load as their_load
from safetensors.numpy import save as their_save

from assay.kernel.box import DTYPES, Box
from assay.kernel.errors import (
    BundleError,
    BundleForeign,
    BundleInvalid,
    BundleOversized,
    BundleTampered,
    BundleTruncated,
    PluginFault,
)
from assay.store import bundle, plain, strictjson, tensors, zipped

Parts = list[tuple[str, bytes]]


def some_box() -> Box:
    box = Box()
    box.put(name="loans", rows=3, share=0.1, empty=None, yes=True, nested={"b": [1, 2, [3]], "a": "新 é 🚂"})
    rng = np.random.default_rng(0)
    for name in DTYPES:
        box.put_array(name, rng.integers(0, 2, (2, 3)).astype(name))
    box.put_array("nothing", np.zeros((0, 4)))
    inner = box.add("learners").add("boosting-1")
    inner.put_array("leaf_value", rng.normal(size=50))
    box.add("card").put(text="a\u2028b\udc80")
    return box


def same(one: Box, other: Box) -> bool:
    return (
        one.values == other.values
        and one.arrays.keys() == other.arrays.keys()
        and all(a.dtype == other.arrays[k].dtype and np.array_equal(a, other.arrays[k]) for k, a in one.arrays.items())
        and list(one.inner) == list(other.inner)
        and all(same(box, other.inner[name]) for name, box in one.inner.items())
    )


def sealed(parts: Parts) -> bytes:
    """Parts under a manifest whose sizes and hashes are right."""
    said = json.loads(parts[0][1])
    said["parts"] = [
        {"name": n, "bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()}
        for n, d in parts[1:]
        if n != plain.SIGNATURE
    ]
    return zipped.write([(plain.MANIFEST, json.dumps(said).encode()), *parts[1:]])


def parts_of(box: Box) -> Parts:
    return plain.to_parts(box, "model", {})


def test_a_box_comes_back_bit_for_bit() -> None:
    box = some_box()
    assert same(plain.from_bytes(plain.to_bytes(box)), box)


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
LETTERS = st.text(st.characters(exclude_categories=()), max_size=10)  # lone surrogates among them
TREES = st.recursive(SCALARS | LETTERS, lambda t: st.lists(t, max_size=4) | st.dictionaries(LETTERS, t, max_size=4))


@settings(max_examples=100, deadline=None)
@given(values=st.dictionaries(LETTERS, TREES, max_size=5))
def test_any_plain_value_comes_back(values: dict[str, Any]) -> None:
    box = Box()
    box.values = values
    assert plain.from_bytes(plain.to_bytes(box)).values == values


def test_the_same_box_gives_the_same_bytes() -> None:
    assert plain.to_bytes(some_box()) == plain.to_bytes(some_box())
    assert plain.size(some_box()) == len(plain.to_bytes(some_box()))


def test_what_is_read_can_be_written_to() -> None:
    box = plain.from_bytes(plain.to_bytes(some_box()))
    box.arrays["float64"][0, 0] = 7
    assert box.arrays["float64"][0, 0] == 7


def repetitive_box() -> Box:
    box = Box()
    box.put_array("zeros", np.arange(40_000) // 100)
    box.put_array("noise", np.random.default_rng(0).integers(0, 256, 200_000).astype(np.uint8))
    box.add("inner").put_array("noise", np.random.default_rng(1).integers(0, 256, 300_000).astype(np.uint8))
    box.add("words").put(words=[f"word {k}" for k in range(3000)])
    return box


def test_parts_are_deflated_where_that_pays() -> None:
    data = plain.to_bytes(repetitive_box())
    assert same(plain.from_bytes(data), repetitive_box())
    found = {entry.name: entry for entry in zipped.read(data)}
    assert found["model/words.json"].method == zipped.DEFLATED
    assert found["model.safetensors"].method == zipped.DEFLATED  # its beginning or its end does, its middle does not
    assert found["model/inner.safetensors"].method == zipped.STORED
    assert len(data) < 0.85 * sum(len(entry.data) for entry in found.values())
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        assert file.read("model/words.json") == bytes(found["model/words.json"].data)


def test_ordinary_zip_tools_open_it(tmp_path: Path) -> None:
    data = plain.to_bytes(some_box())
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        assert [i.filename for i in file.infolist()] == [name for name, _ in parts_of(some_box())]
        assert json.loads(file.read("manifest.json"))["format"] == "assay"
        arrays = their_load(file.read("model.safetensors"))
    assert set(arrays) == {*DTYPES, "nothing"}
    path = tmp_path / "one.zip"
    path.write_bytes(data)
    try:
        done = subprocess.run(["unzip", "-t", str(path)], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unzip on this machine")
    assert done.returncode == 0, done.stdout


def test_arrays_are_laid_out_as_safetensors_does() -> None:
    arrays = dict(some_box().arrays) | {'名 "quoted"': np.arange(3.0), "scalar": np.array(2.5)}
    assert tensors.write(arrays) == their_save(arrays)
    found = tensors.read(their_save(arrays), "here")
    assert all(
        np.array_equal(found[name], array) and found[name].shape == array.shape for name, array in arrays.items()
    )
    assert tensors.read(their_save({}), "here") == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_json_cannot_say_is_the_writers_fault(value: Any) -> None:
    box = Box()
    box.put(value=value)
    with pytest.raises(PluginFault):
        plain.to_bytes(box)


@pytest.mark.parametrize("name", ["../up", "a/b", "", "a b", ".hidden", "新"])
def test_a_part_needs_a_plain_name(name: str) -> None:
    box = Box()
    box.add(name)
    with pytest.raises(PluginFault):
        plain.to_bytes(box)


def test_numpy_numbers_are_kept_as_numbers() -> None:
    box = Box()
    box.put(n=np.int64(3), x=np.float64(0.1), b=np.bool_(True))
    assert plain.from_bytes(plain.to_bytes(box)).values == {"n": 3, "x": 0.1, "b": True}


# -------------------------------------------------------------------------------------------------------- refusals


def test_every_cut_is_truncated() -> None:
    data = plain.to_bytes(some_box())
    for length in range(len(data)):
        with pytest.raises(BundleTruncated):
            plain.from_bytes(data[:length])


def test_every_flipped_byte_is_refused() -> None:
    data = plain.to_bytes(some_box())
    for at in range(0, len(data), 7):
        with pytest.raises(BundleError):
            plain.from_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])


def test_a_flipped_byte_in_a_part_is_tampering() -> None:
    data = bytearray(plain.to_bytes(some_box()))
    data[bytes(data).index(b'"loans"') + 1] ^= 1
    with pytest.raises(BundleTampered):
        plain.from_bytes(bytes(data))


def test_a_changed_part_with_a_right_checksum_is_tampering() -> None:
    parts = parts_of(some_box())
    parts[1] = (parts[1][0], parts[1][1].replace(b"loans", b"grant"))
    with pytest.raises(BundleTampered):
        plain.from_bytes(zipped.write(parts))


def test_junk_behind_the_end_is_tampering() -> None:
    with pytest.raises(BundleTampered):
        plain.from_bytes(plain.to_bytes(some_box()) + b"\0")


def test_another_file_is_no_bundle() -> None:
    for data in [b"", b"a,b\n1,2\n", b"%PDF-1.7", b"\x80\x04K\x01."]:
        with pytest.raises(BundleTruncated):
            plain.from_bytes(data)
    with pytest.raises(BundleForeign):
        plain.from_bytes(zipped.write([("word/document.xml", b"<w/>")]))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_bundle_zipped_again_is_tampering(compression: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, data in parts_of(some_box()):
            file.writestr(name, data)
    with pytest.raises(BundleTampered):
        plain.from_bytes(out.getvalue())


@pytest.mark.parametrize(
    "name", ["../evil.json", "/etc/evil.json", "model/../../evil.json", "C:\\evil.json", "a//b.json"]
)
def test_a_part_that_leaves_the_file_is_foreign(name: str) -> None:
    parts = [*parts_of(some_box()), (name.replace("\\", "_"), b"{}")]
    data = sealed(parts).replace(name.replace("\\", "_").encode(), name.encode())
    with pytest.raises(BundleForeign):
        plain.from_bytes(data)


@pytest.mark.parametrize("name", ["model.pkl", "model/code.py", "other.safetensors", "manifest2"])
def test_a_part_we_never_write_is_foreign(name: str) -> None:
    with pytest.raises(BundleForeign):
        plain.from_bytes(sealed([*parts_of(some_box()), (name, b"{}")]))


def test_an_entry_the_manifest_does_not_list_is_tampering() -> None:
    with pytest.raises(BundleTampered):
        plain.from_bytes(zipped.write([*parts_of(some_box()), ("model/more.json", b"{}")]))


def test_a_part_twice_is_tampering() -> None:
    parts = parts_of(some_box())
    with pytest.raises(BundleTampered):
        plain.from_bytes(zipped.write([*parts, parts[-1]]))


def test_swapped_parts_are_tampering() -> None:
    parts = parts_of(some_box())
    parts[2], parts[3] = parts[3], parts[2]
    with pytest.raises(BundleTampered):
        plain.from_bytes(zipped.write(parts))


def test_the_two_headers_must_agree() -> None:
    data = plain.to_bytes(some_box())
    at = data.rindex(b"model/card.json")
    with pytest.raises(BundleTampered):
        plain.from_bytes(data[:at] + b"model/cart.json" + data[at + 15 :])


def test_a_large_file_is_oversized() -> None:
    data = plain.to_bytes(some_box())
    with pytest.raises(BundleOversized):
        plain.from_bytes(data, limit_bytes=len(data) - 1)
    unpacked = sum(len(entry.data) for entry in zipped.read(data))
    assert same(plain.from_bytes(data, limit_bytes=max(len(data), unpacked)), some_box())


def test_a_file_that_unpacks_to_too_much_is_oversized() -> None:
    data = plain.to_bytes(repetitive_box())
    unpacked = sum(len(entry.data) for entry in zipped.read(data))
    assert unpacked > len(data)
    with pytest.raises(BundleOversized, match="unpacks to"):
        plain.from_bytes(data, limit_bytes=unpacked - 1)
    assert same(plain.from_bytes(data, limit_bytes=unpacked), repetitive_box())


def test_zeros_are_not_deflated_to_nothing() -> None:
    """What a file unpacks to is bounded by what it holds, so such a part is stored; a file that has one deflated is refused."""
    zeros = b"\0" * 1_000_000
    data = zipped.write([("a.json", zeros)])
    assert len(data) > len(zeros)
    assert bytes(zipped.read(data)[0].data) == zeros
    with pytest.raises(BundleTampered):
        zipped.read(forged(zeros, deflated(zeros)))


def deflated(data: bytes, level: int = 9) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def forged(data: bytes, packed: bytes, size: int | None = None, name: str = "a.json") -> bytes:
    """A zip of one part, its headers right, whatever stands as its deflated bytes."""
    size = len(data) if size is None else size
    entry = zipped.Entry(name, memoryview(packed), size, zlib.crc32(data), 0, zipped.DEFLATED)
    local = zipped._local(entry)
    return local + packed + zipped._directory([entry], len(local) + len(packed))


def test_a_deflated_part_is_exactly_what_its_header_says() -> None:
    data = bytes(np.random.default_rng(0).integers(0, 16, 5000).astype(np.uint8))
    packed = deflated(data)
    assert bytes(zipped.read(forged(data, packed))[0].data) == data
    assert bytes(zipped.read(forged(data, deflated(data, 1)))[0].data) == data  # another zlib's stream of the same
    for wrong in (packed + b"\0", packed[:-1], packed[:-1] + b"\xff", b"\xff" * 2000, data[:2500]):
        with pytest.raises(BundleTampered):
            bytes(zipped.read(forged(data, wrong))[0].data)
    for size in (len(data) - 1, len(data) + 1):
        with pytest.raises(BundleTampered):
            bytes(zipped.read(forged(data, packed, size))[0].data)


def test_nothing_is_unpacked_before_all_sizes_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> bytes:
        raise AssertionError("a part was unpacked")

    monkeypatch.setattr(zipped, "_inflated", never)
    large = bytes(np.random.default_rng(0).integers(0, 4, 9 * 2**20).astype(np.uint8))  # a manifest has 8 MiB at most
    with pytest.raises(BundleOversized, match="manifest"):
        plain.from_bytes(forged(large, deflated(large, 1), name="manifest.json"))
    data = plain.to_bytes(repetitive_box())
    with pytest.raises(BundleOversized):
        plain.from_bytes(data, limit_bytes=len(data))
    with pytest.raises(BundleTampered):
        plain.from_bytes(data[:-30] + b"\0" + data[-29:])


def test_a_large_part_is_oversized(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = plain.to_bytes(some_box())
    monkeypatch.setattr(plain, "MOST_PART", 100)
    with pytest.raises(BundleOversized):
        plain.from_bytes(data)
    with pytest.raises(BundleOversized, match="would have"):  # nothing is written that could not be read
        bundle.write(some_box(), tmp_path / "m.assay")
    assert not list(tmp_path.iterdir())


def with_manifest(change: Callable[[dict[str, Any]], Any]) -> bytes:
    parts = parts_of(some_box())
    said = json.loads(parts[0][1])
    change(said)
    return zipped.write([(plain.MANIFEST, json.dumps(said).encode()), *parts[1:]])


def test_a_later_format_is_foreign() -> None:
    with pytest.raises(BundleForeign, match="Update"):
        plain.from_bytes(with_manifest(lambda said: said.update(version=plain.VERSION + 1)))
    with pytest.raises(BundleForeign):
        plain.from_bytes(with_manifest(lambda said: said.update(format="onnx")))


@pytest.mark.parametrize("key", ["version", "kind", "about", "parts", "program"])
@pytest.mark.parametrize("value", [None, [], -1, 1e9, [3], [{}], [{"name": 3}]])
def test_a_manifest_that_makes_no_sense_is_refused(key: str, value: Any) -> None:
    with pytest.raises(BundleError):
        plain.from_bytes(with_manifest(lambda said: said.update({key: value})))


BAD_JSON = [
    b"",
    b"{",
    b"[]",
    b"3",
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":1e999}',
    b'{"a":1,"a":2}',
    b"\xff{}",
    b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"a":' * 70 + b"1" + b"}" * 70,
    b"{}{}",
    b"{'a':1}",
    b'{"a":01}',
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("text", BAD_JSON, ids=range(len(BAD_JSON)))
def test_json_that_is_not_strict_is_invalid(text: bytes) -> None:
    parts = parts_of(some_box())
    parts[1] = (parts[1][0], text)
    with pytest.raises(BundleInvalid):
        plain.from_bytes(sealed(parts))


def test_brackets_inside_strings_are_no_depth() -> None:
    assert strictjson.read(b'{"a":"' + b"[" * 500 + b'\\"[["}', "here", 10_000)["a"].endswith('"[[')


def header(**entries: Any) -> bytes:
    head = json.dumps(entries).encode()
    return len(head).to_bytes(8, "little") + head


F64 = {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}
BAD_ARRAYS = [
    b"",
    b"\0" * 7,
    b"\xff" * 8,
    b"\xff" * 16,
    (10**9).to_bytes(8, "little") + b"{}",
    header(a=F64),
    header(a=F64) + b"\0" * 9,
    header(a=F64, b=F64) + b"\0" * 8,
    header(a=F64 | {"data_offsets": [8, 16]}) + b"\0" * 16,
    header(a=F64 | {"shape": [2]}) + b"\0" * 8,
    header(a=F64 | {"shape": [-1]}) + b"\0" * 8,
    header(a=F64 | {"shape": [True]}) + b"\0" * 8,
    header(a=F64 | {"shape": [1.0]}) + b"\0" * 8,
    header(a=F64 | {"dtype": "F16"}) + b"\0" * 8,
    header(a=F64 | {"dtype": ["F64"]}) + b"\0" * 8,
    header(a=F64 | {"more": 1}) + b"\0" * 8,
    header(a=F64 | {"shape": [0, 2**50, 2**50], "data_offsets": [0, 0]}),
    header(a=F64 | {"shape": [1] * 9}) + b"\0" * 8,
    header(__metadata__={"a": "b"}),
    header(a=3),
    header(a={"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]}) + b"\1\2",
    (2).to_bytes(8, "little") + b"[]",
    header(a=F64 | {"data_offsets": [8, 0]}) + b"\0" * 8,
    header(a=F64 | {"data_offsets": [0]}) + b"\0" * 8,
]


@pytest.mark.parametrize("raw", BAD_ARRAYS, ids=range(len(BAD_ARRAYS)))
def test_arrays_that_are_none_are_invalid(raw: bytes) -> None:
    parts = parts_of(some_box())
    parts[2] = (parts[2][0], raw)
    with pytest.raises(BundleInvalid):
        plain.from_bytes(sealed(parts))


def test_a_box_in_no_box_is_invalid() -> None:
    with pytest.raises(BundleInvalid):
        plain.from_bytes(sealed([*parts_of(some_box()), ("model/no/where.json", b"{}")]))


def test_a_checksum_of_a_zip_tool_is_right() -> None:
    entry = zipped.read(plain.to_bytes(some_box()))[3]
    assert entry.crc == zlib.crc32(entry.data)
