"""Who wrote this bundle?

An Ed25519 signature of the manifest, kept as the last part of the file. The manifest names the hash of every other
part, so the signature covers them all. Keys are 32 raw bytes. A file without a signature is read like any other; only
`verify` asks for one, with the key of the writer one trusts.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..kernel.errors import BundleTampered, RequestError, SettingError
from ..kernel.hints import reason
from ..kernel.need import need
from ..kernel.words import refusal
from . import bundle, plain, zipped

PURPOSE = b"assay bundle manifest\0"  # a signature made for something else does not pass as one of these


def new_keys() -> tuple[bytes, bytes]:
    """A private and a public key. Raises MissingPackage."""
    ed25519 = need("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    private = ed25519.Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def new_key_files(stem: str | Path) -> tuple[Path, Path]:
    """A private key in STEM.key, which its owner alone may read, and the public one in STEM.pub.

    Raises RequestError where one of them is there already, or cannot be written: no key is ever written over.
    """
    paths = Path(f"{stem}.key"), Path(f"{stem}.pub")
    for path in paths:
        if os.path.lexists(path):
            raise refusal(RequestError, "store", "key_there", path=str(path))
    made: list[Path] = []
    try:
        for path, raw, mode in zip(paths, new_keys(), (0o600, 0o644), strict=True):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
            made.append(path)
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        for one in made:
            one.unlink(missing_ok=True)
        raise refusal(RequestError, "store", "unwritten", path=str(path), reason=reason(error)) from error
    return paths


def read_key(path: str | Path) -> bytes:
    """The key in a file. Raises RequestError where it cannot be read, SettingError where it is no key."""
    try:
        with open(path, "rb") as file:
            return _key(file.read(33), os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise refusal(RequestError, "store", "key_unread", path=str(path), reason=reason(error)) from error


def public_of(private_key: bytes) -> bytes:
    """The public half of a private key. Raises MissingPackage."""
    ed25519 = need("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    found: bytes = ed25519.Ed25519PrivateKey.from_private_bytes(_key(private_key)).public_key().public_bytes_raw()
    return found


def sign(path: str | Path, private_key: bytes) -> None:
    """Put a signature into a bundle; one that is there already is replaced."""
    ed25519 = need("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    entries = plain.checked_entries(bundle.read_bytes(path))
    made = ed25519.Ed25519PrivateKey.from_private_bytes(_key(private_key)).sign(PURPOSE + bytes(entries[0].data))
    parts = [(entry.name, bytes(entry.data)) for entry in entries if entry.name != plain.SIGNATURE]
    bundle.write_bytes(zipped.write([*parts, (plain.SIGNATURE, made)]), Path(path))


def verify(path: str | Path, public_key: bytes) -> None:
    """Raise BundleTampered unless the bundle is signed with the private half of this key."""
    verify_bytes(bundle.read_bytes(path), public_key)


def verify_bytes(data: bytes, public_key: bytes) -> None:
    """The same of the bytes of a bundle, for who goes on to open those very bytes."""
    ed25519 = need("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    invalid = need("cryptography.exceptions", extra="sign").InvalidSignature
    entries = plain.checked_entries(data)
    if entries[-1].name != plain.SIGNATURE:
        raise refusal(BundleTampered, "store", "unsigned")
    try:
        key = ed25519.Ed25519PublicKey.from_public_bytes(_key(public_key))
        key.verify(bytes(entries[-1].data), PURPOSE + bytes(entries[0].data))
    except invalid as error:
        raise refusal(BundleTampered, "store", "other_key") from error


def _key(raw: bytes, size: int = 0) -> bytes:
    if len(raw) != 32:
        raise refusal(SettingError, "store", "key", n=max(size, len(raw)))
    return raw
