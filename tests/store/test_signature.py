"""A signature holds for one file and one key."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleTampered, MissingPackage, SettingError
from assay.kernel.need import has
from assay.store import bundle, plain, signature, zipped

needs_cryptography = pytest.mark.skipif(not has("cryptography"), reason="cryptography is not installed")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    box = Box()
    box.put(rows=3)
    bundle.write(box, tmp_path / "one.assay")
    return tmp_path / "one.assay"


@needs_cryptography
def test_a_signed_bundle_is_verified_and_read(path: Path) -> None:
    private, public = signature.new_keys()
    signature.sign(path, private)
    signature.sign(path, private)  # again: replaced, not added
    signature.verify(path, public)
    assert bundle.read(path).whole("rows") == 3


@needs_cryptography
def test_another_key_another_file_and_no_signature_are_refused(path: Path) -> None:
    private, public = signature.new_keys()
    with pytest.raises(BundleTampered, match="no signature"):
        signature.verify(path, public)
    signature.sign(path, private)
    with pytest.raises(BundleTampered, match="not by this key"):
        signature.verify(path, signature.new_keys()[1])
    made = zipped.read(path.read_bytes())[-1]
    box = Box()
    box.put(rows=4)
    moved = [*plain.to_parts(box, "model", {}), (made.name, bytes(made.data))]
    path.write_bytes(zipped.write(moved))
    with pytest.raises(BundleTampered, match="not by this key"):
        signature.verify(path, public)


@needs_cryptography
def test_a_key_has_32_bytes(path: Path) -> None:
    with pytest.raises(SettingError, match="32"):
        signature.sign(path, b"secret")


def test_a_signature_stands_at_the_end_or_nowhere(path: Path) -> None:
    box = Box()
    box.put(rows=3)
    parts = plain.to_parts(box, "model", {})
    assert plain.from_bytes(zipped.write([*parts, (plain.SIGNATURE, b"x" * 64)])).whole("rows") == 3
    with pytest.raises(BundleTampered):
        plain.from_bytes(zipped.write([parts[0], (plain.SIGNATURE, b"x" * 64), *parts[1:]]))


def test_it_says_what_to_install(path: Path) -> None:
    if has("cryptography"):
        pytest.skip("cryptography is installed")
    with pytest.raises(MissingPackage, match=r"assay\[sign\]"):
        signature.sign(path, b"0" * 32)
