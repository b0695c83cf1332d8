"""Who wrote this bundle?

An Ed25519 signature of the manifest, kept as the last part of the file. The manifest names the hash of every other
part, so the signature covers them all. Keys are 32 raw bytes. A file without a signature is read like any other; only
`verify` asks for one, with the key of the writer one trusts.
"""

from __future__ import annotations

from pathlib import Path

from ..kernel.errors import BundleTampered, SettingError
from ..kernel.need import need
from ..kernel.words import refusal
from . import bundle, plain, zipped

PURPOSE = b"assay bundle manifest\0"  # a signature made for something else does not pass as one of these


def new_keys() -> tuple[bytes, bytes]:
    """A private and a public key. Raises MissingPackage."""
    ed25519 = need("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    private = ed25519.Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


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


def _key(raw: bytes) -> bytes:
    if len(raw) != 32:
        raise refusal(SettingError, "store", "key", n=len(raw))
    return raw
