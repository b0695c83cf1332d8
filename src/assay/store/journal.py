"""Which steps of a run are done already, should it be killed?

One bundle per step, named by the hash of the run's fingerprint and the step's name, written all or nothing and never
changed. A file that is torn or corrupt is as good as absent and is removed. A folder belongs to one fingerprint (data,
settings, version): a resumed run equals an uninterrupted one, or is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernel.box import Box
from ..kernel.errors import BundleError, RequestError
from ..kernel.hints import reason
from ..kernel.words import Say, refusal
from . import bundle, plain, strictjson

OWNER = "fingerprint.run.assay"  # so called that no model of a user is taken for it
STEP = ".step.assay"
OPTIONS = ("target", "task", "seed", "level", "minutes", "trials")  # of a fingerprint: what the command line calls so
PARTS = ("sha256", "columns", "splits", "version")  # of a fingerprint: what has words of its own


@dataclass(frozen=True)
class Journal:
    """Steps done, in a folder; `key` is the hash of the run's fingerprint."""

    folder: Path
    key: str

    def get(self, step: str) -> Box | None:
        """What a step left, or None if it was never done (or its file is damaged)."""
        path = self._path(step)
        if not path.exists():
            return None
        try:
            manifest, box = bundle.open_bundle(path)
        except BundleError:
            path.unlink(missing_ok=True)
            return None
        return box if manifest.about.get("step") == step else None

    def put(self, step: str, box: Box) -> None:
        """Keep what a step left."""
        bundle.write(box, self._path(step), kind="step", about={"step": step})

    def clear(self) -> None:
        """Remove every step, the fingerprint and the folder if nothing else is in it; what is no folder stays."""
        if not self.folder.is_dir():
            return
        for path in [*self.folder.glob(f"*{STEP}"), *self.folder.glob(f".*{STEP}.*.tmp"), self.folder / OWNER]:
            path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _path(self, step: str) -> Path:
        digest = hashlib.sha256(f"{self.key}\x1f{step}".encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / f"{digest[:32]}{STEP}"


def open_journal(folder: str | Path, fingerprint: Mapping[str, Any]) -> Journal:
    """The journal in a folder, made if there is none.

    Raises RequestError if the folder belongs to a run of other data, settings or version.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(RequestError, "store", "no_journal", folder=str(folder), reason=reason(error)) from error
    mine = strictjson.read(strictjson.write(dict(fingerprint), "the fingerprint"), "the fingerprint", plain.MOST_JSON)
    journal = Journal(folder, hashlib.sha256(strictjson.write(mine, "the fingerprint")).hexdigest())
    theirs = _owner(folder)
    if theirs is None:
        journal.clear()  # steps whose run is unknown cannot be trusted
        folder.mkdir(parents=True, exist_ok=True)
        box = Box()
        box.put(fingerprint=mine)
        bundle.write(box, folder / OWNER, kind="run")
    elif theirs != mine:
        raise refusal(RequestError, "store", "other_run", folder=str(folder), differences=_differences(theirs, mine))
    return journal


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Say]:
    """What two fingerprints differ in; options with what they were and are."""
    found = []
    for name in sorted(k for k in {*old, *new} if old.get(k) != new.get(k)):
        key = "differs.option" if name in OPTIONS else f"differs.{name}" if name in PARTS else "differs"
        found.append(Say("store", key, {"name": name, "old": _short(old.get(name)), "new": _short(new.get(name))}))
    return found


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _owner(folder: Path) -> dict[str, Any] | None:
    """The fingerprint of the run a folder belongs to."""
    path = folder / OWNER
    if not path.exists():
        return None
    try:
        return bundle.read(path).mapping("fingerprint")
    except BundleError:
        return None
