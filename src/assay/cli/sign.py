"""assay sign: the writer's signature into a .assay file, and the keys for it."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from assay.kernel.errors import BundleError, RequestError
from assay.kernel.words import refusal

from .options import common, tell, writable
from .speech import helped, word


def options(parser: argparse.ArgumentParser, lang: str) -> None:
    """Options of the verb."""
    parser.add_argument("model", nargs="?", help=helped("model", lang))
    parser.add_argument("--key", metavar="FILE", help=helped("sign.key", lang))
    parser.add_argument("--new-keys", metavar="STEM", help=helped("sign.new_keys", lang))
    common(parser, lang)


def run(parsed: argparse.Namespace) -> int:
    """Make keys where they are asked for, and sign."""
    if bool(parsed.key) == bool(parsed.new_keys) or not (parsed.model or parsed.new_keys):
        raise refusal(RequestError, "cli", "no_signing")
    said: dict[str, Any] = {}
    key = parsed.key
    if parsed.model and not Path(parsed.model).is_file():
        _read(parsed.model)  # before any key is made: says what is wrong
    if parsed.new_keys:
        from assay.store.signature import new_key_files

        private, public = new_key_files(writable(Path(parsed.new_keys), option="--new-keys"))
        key, said = private, {"private_key": str(private), "public_key_file": str(public)}
        tell(word("sign.keys", parsed.lang, private=str(private), public=str(public)))
    if parsed.model:
        said |= _signed(parsed.model, key, parsed.lang)
    if parsed.json:
        print(json.dumps(said, ensure_ascii=False))
    return 0


def _signed(model: str, key: str | Path, lang: str) -> dict[str, Any]:
    from assay.store.bundle import of_file
    from assay.store.signature import public_of, read_key, sign

    private = read_key(key)
    if os.name == "posix" and os.stat(key).st_mode & 0o077:
        tell(word("sign.open_key", lang, path=str(key)))
    try:
        sign(model, private)
    except BundleError as error:
        raise of_file(error, model) from error
    public = public_of(private)
    print_of = hashlib.sha256(public).hexdigest()
    tell(word("sign.signed", lang, path=model, fingerprint=print_of))
    return {"path": model, "public_key": public.hex(), "fingerprint": print_of}


def _read(model: str) -> None:
    from assay.store.bundle import read_bytes

    read_bytes(model)
