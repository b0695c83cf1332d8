"""Which models are served, and which file does each come from?

A model has the name of its file. When a file is replaced, the new one is read beside the old and takes its place in one step; a file that
cannot be read leaves the old one in place, and what is wrong is told by `state`. Requests under way keep the model they began with.
"""

from __future__ import annotations

import functools
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from assay.api import load_bytes
from assay.kernel.errors import AssayError, RequestError, Sentences
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.words import Say, refusal
from assay.model import Model
from assay.stats.conformal import ClassSets, ValueIntervals
from assay.store.bundle import read_bytes
from assay.store.signature import verify_bytes

from .http import refused
from .schema import Schema

ENDING = ".assay"
ON_LOOP = 0.01  # seconds that one request may hold up all others
SHORT = 8_192  # bytes of rows whose texts are read there
VERSION = 12  # characters of the hash that a version is told by


@dataclass(eq=False, slots=True)
class Pace:
    """What one row cost at best, in seconds: a blend of many models takes a hundred times as long as a single one."""

    row: float = 0.0
    reasons: float = math.inf  # until the first were given, which load what reasons need

    def fits(self, rows: int, reasons: bool) -> bool:
        """Whether so many rows can be answered on the loop itself, as others wait meanwhile."""
        return rows * (self.row + self.reasons if reasons else self.row) <= ON_LOOP


@dataclass(frozen=True, eq=False)
class Hosted:
    """One model as it is served."""

    name: str
    model: Model
    schema: Schema
    sha256: str
    loaded: datetime
    stamp: tuple[int, int, int]  # inode, size, time of change: by which another file is known
    columns: frozenset[str]  # that a row must have
    no_flags: frozenset[str]  # of them those in which true and false make no sense
    pace: Pace = field(default_factory=Pace)

    @functools.cached_property
    def quick(self) -> bool:
        """Whether a row is numbers and names alone: then it may be answered on the loop itself, if it fits its `pace`."""
        of = self.model
        plain = isinstance(of.conformal, ClassSets | ValueIntervals) and of.thresholds is None
        return plain and not (of.ensemble.reads_texts or of.ensemble.looks_at_pictures)

    @functools.cached_property
    def alone(self) -> bool:
        """Whether few rows are answered one by one: what is quick, and texts whose words are weighed."""
        return self.quick or self.model.quick

    def on_loop(self, rows: int, size: int, reasons: bool) -> bool:
        """Whether rows of a body of so many bytes are answered on the loop itself."""
        short = self.quick or (self.alone and size <= SHORT and not reasons)
        return short and self.pace.fits(rows, reasons)

    @functools.cached_property
    def gathers(self) -> bool:
        """Whether rows that come at once are better answered together: a network reads texts, and no picture is looked at."""
        of = self.model
        plain = isinstance(of.conformal, ClassSets | ValueIntervals)
        return plain and of.ensemble.reads_texts and not of.ensemble.looks_at_pictures and not self.alone

    @functools.cached_property
    def pictured(self) -> bool:
        """Whether pictures are looked at; asked for at every request, and dear to find out."""
        return bool(self.model.ensemble.looks_at_pictures)

    @functools.cached_property
    def version(self) -> str:
        """By which one file of a name is told from another."""
        return self.sha256[:VERSION]

    def facts(self) -> dict[str, Any]:
        """What a list of models tells of it."""
        plan = self.model.plan
        return {
            "name": self.name,
            "version": self.version,
            "task": plan.task,
            "target": plan.target,
            "rows": int(plan.data.get("rows", 0)),
            "loaded": self.loaded.isoformat(timespec="seconds"),
        }


class Hosts:
    """The models of a server, by name."""

    def __init__(self, sources: Iterable[str], default: str = "", key: str = "") -> None:
        """Reads every model. Raises RequestError or BundleError where one cannot be served."""
        self._sources = tuple(Path(source) for source in sources)
        if not self._sources:
            raise refusal(RequestError, "serve", "none_named")
        self._key = Path(key).read_bytes() if key else b""
        self._paths = _paths(self._sources)
        self._lock = threading.Lock()
        self.state: Mapping[str, AssayError] = {}  # what is wrong with files that could not take their place
        self._hosted: Mapping[str, Hosted] = {name: self._read(name, path) for name, path in self._paths.items()}
        if not self._hosted:
            raise refusal(RequestError, "serve", "no_models", sources=[str(s) for s in self._sources])
        if default and default not in self._hosted:
            raise refusal(RequestError, "serve", "no_default", name=default, known=listing(self.names))
        self.default = default or (self.names[0] if len(self._hosted) == 1 else "")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models."""
        return tuple(self._hosted)

    @property
    def all(self) -> tuple[Hosted, ...]:
        """Every model."""
        return tuple(self._hosted.values())

    def get(self, name: str = "") -> Hosted:
        """The model of a name, or the default. Raises Refused: 404, or 400 where there are several and none was named."""
        found = self._hosted.get(name or self.default)
        if found is not None:
            return found
        if not name:
            raise refused(400, "which_model", names=listing(self.names))
        there = Say("serve", "there_are", {"names": listing(self.names)})
        hint = Sentences([did_you_mean(name[:60], self.names) or "", there])
        raise refused(404, "no_model", name=name[:60], expected=hint)

    def refresh(self, tell: Callable[[str, Hosted | AssayError], None]) -> None:
        """Look whether files were replaced, came or went; read what is new beside the old."""
        with self._lock:
            try:
                paths = _paths(self._sources)
            except AssayError as error:
                self.state = {"": error}
                return
            hosted, wrong = dict(self._hosted), {}
            for name, path in paths.items():
                old = hosted.get(name)
                try:
                    if old is not None and _stamp(path) == old.stamp:
                        continue
                    hosted[name] = self._read(name, path)
                    tell(name, hosted[name])
                except (AssayError, OSError) as error:
                    wrong[name] = (
                        error if isinstance(error, AssayError) else refusal(RequestError, "serve", "unread", name=name)
                    )
                    if str(wrong[name]) != str(self.state.get(name, "")):
                        tell(name, wrong[name])
            for name in set(hosted) - set(paths):  # a file that is gone: its model goes too, unless it is the last
                if len(hosted) > 1:
                    del hosted[name]
            self._hosted, self.state, self._paths = hosted, wrong, paths

    def _read(self, name: str, path: Path) -> Hosted:
        """The model in a file, whose bytes are read once: those that are signed are those that are served."""
        stamp, data = _stamp(path), read_bytes(path)
        if self._key:
            verify_bytes(data, self._key)
        model = load_bytes(data, path)
        schema = Schema.of(model)
        no_flags = frozenset(column.name for column in schema.columns if column.kind != "flag")
        hosted = Hosted(
            name, model, schema, sha256(data).hexdigest(), datetime.now(UTC), stamp, frozenset(schema.names), no_flags
        )
        _warm(hosted)
        return hosted


def _warm(hosted: Hosted) -> None:
    """The first row pays for what is made on first use, and a package that is lacking is then told of: neither is to be a client's.

    Raises MissingPackage.
    """
    texts = {column.name: "a" for column in hosted.schema.columns if column.kind == "text"}
    row = {**hosted.schema.example, **texts}
    if all(value is not None for value in row.values()):
        hosted.model.predict(row)
        began = time.perf_counter()
        hosted.model.predict(row)
        hosted.pace.row = time.perf_counter() - began


def _stamp(path: Path) -> tuple[int, int, int]:
    found = os.stat(path)
    return found.st_ino, found.st_size, found.st_mtime_ns


def _paths(sources: Iterable[Path]) -> dict[str, Path]:
    """Files by the names of their models. Raises RequestError where two have one name, or there is no such file."""
    found: dict[str, Path] = {}
    for source in sources:
        if not source.exists():
            raise refusal(RequestError, "serve", "no_source", path=str(source))
        for path in sorted(source.glob(f"*{ENDING}")) if source.is_dir() else [source]:
            name = path.name.removesuffix(ENDING)
            if name in found and not path.samefile(found[name]):
                raise refusal(RequestError, "serve", "two_of_a_name", name=name, paths=[str(found[name]), str(path)])
            found[name] = path
    return found
