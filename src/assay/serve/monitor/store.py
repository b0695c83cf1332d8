"""Where do the numbers of an hour lie, so that several workers add to them and a restart keeps them?

In one SQLite file, which needs no server, or in PostgreSQL. Both speak the same few sentences of SQL; what differs is how a connection is made and how
a transaction that reads and writes keeps others out. Every transaction is short. Ids of rows are kept as keyed hashes alone; the key lies in the
database, so that who holds the log of requests but not the database cannot look anybody up, and who holds the database alone cannot guess ids that are random.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from assay.kernel.data import Floats
from assay.kernel.errors import RequestError
from assay.kernel.need import need
from assay.kernel.words import refusal

MARK = 0x41535359  # of our SQLite files: "ASSY"
EDITION = 1
BUSY, PAUSE = 5.0, 0.02  # seconds that a writer waits for another, and between two tries to open
Key = tuple[str, int]  # a model's name, hash and form of numbers; the hour since 1970

TABLES = (
    "CREATE TABLE IF NOT EXISTS assay_facts (name TEXT PRIMARY KEY, value {blob} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS assay_hours (model TEXT NOT NULL, hour BIGINT NOT NULL, numbers {blob} NOT NULL, PRIMARY KEY (model, hour))",
    "CREATE TABLE IF NOT EXISTS assay_answers (id {blob} NOT NULL, model TEXT NOT NULL, hour BIGINT NOT NULL, said {blob} NOT NULL, "
    "label {blob}, PRIMARY KEY (model, id))",
    "CREATE INDEX IF NOT EXISTS assay_answers_by_hour ON assay_answers (model, hour)",
)


class StoreFails(RequestError):
    """The database does not take or give what it is asked for."""


class Store(Protocol):
    """What is asked of a database."""

    def add(self, hours: Mapping[Key, Floats], answers: Sequence[tuple[Key, str, Floats]], oldest: int) -> None:
        """Add numbers to those of their hours, keep answers by the ids of their rows, and drop what is older. Raises StoreFails."""
        ...

    def hours(self, model: str, since: int) -> list[tuple[int, Floats]]:
        """The numbers of each hour, the oldest first. Raises StoreFails."""
        ...

    def label(self, model: str, labels: Iterable[tuple[str, Floats]]) -> list[bool]:
        """Put labels to answers; for each whether such an answer is kept. Raises StoreFails."""
        ...

    def labelled(self, model: str, since: int, most: int) -> list[tuple[Floats, Floats]]:
        """Answers and their labels, the newest first. Raises StoreFails."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


def open_store(where: str) -> Store:
    """The store at a path or a URL of PostgreSQL. Raises RequestError where it cannot be opened, or belongs to somebody else."""
    if where.partition("://")[0] in ("postgres", "postgresql"):
        return Postgres(where)
    if "://" in where:
        raise refusal(RequestError, "serve", "monitor_where", scheme=where.partition("://")[0][:20])
    return Sqlite(Path(where))


class _Sql(ABC):
    """What both databases have in common."""

    mark = "?"
    blob = "BLOB"
    begin = "BEGIN IMMEDIATE"
    alone = ""  # what keeps two that begin at once from making the same tables
    locked = ""  # what a reading that will be written puts behind itself
    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self._secret = b""
        try:
            with self._at_work() as run:
                if self.alone:
                    run(self.alone)
                for table in TABLES:
                    run(table.format(blob=self.blob))
                run("INSERT INTO assay_facts VALUES (?, ?) ON CONFLICT DO NOTHING", ("secret", secrets.token_bytes(32)))
                (self._secret,) = run("SELECT value FROM assay_facts WHERE name = ?", ("secret",)).fetchone()
        except StoreFails:
            self.close()
            raise

    def add(self, hours: Mapping[Key, Floats], answers: Sequence[tuple[Key, str, Floats]], oldest: int) -> None:
        """See Store."""
        with self._at_work() as run:
            for (model, hour), numbers in sorted(
                hours.items()
            ):  # in one order, so that two workers never wait for each other
                run("INSERT INTO assay_hours VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (model, hour, b""))
                sql = f"SELECT numbers FROM assay_hours WHERE model = ? AND hour = ?{self.locked}"
                kept = _numbers(run(sql, (model, hour)).fetchone()[0])
                new = numbers if len(kept) != len(numbers) else kept + numbers
                run("UPDATE assay_hours SET numbers = ? WHERE model = ? AND hour = ?", (_bytes(new), model, hour))
            for (model, hour), own, said in answers:
                values = (self._hashed(own), model, hour, _bytes(said), None)
                run("INSERT INTO assay_answers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values)
            run("DELETE FROM assay_hours WHERE hour < ?", (oldest,))
            run("DELETE FROM assay_answers WHERE hour < ?", (oldest,))

    def hours(self, model: str, since: int) -> list[tuple[int, Floats]]:
        """See Store."""
        with self._at_work() as run:
            found = run(
                "SELECT hour, numbers FROM assay_hours WHERE model = ? AND hour >= ? ORDER BY hour", (model, since)
            )
            return [(int(hour), _numbers(numbers)) for hour, numbers in found.fetchall()]

    def label(self, model: str, labels: Iterable[tuple[str, Floats]]) -> list[bool]:
        """See Store."""
        wanted = [(self._hashed(own), _bytes(y)) for own, y in labels]
        sql, there = "UPDATE assay_answers SET label = ? WHERE model = ? AND id = ?", [False] * len(wanted)
        with self._at_work() as run:
            for place in sorted(range(len(wanted)), key=lambda place: wanted[place][0]):  # in one order, as in `add`
                own, y = wanted[place]
                there[place] = run(sql, (y, model, own)).rowcount > 0
        return there

    def labelled(self, model: str, since: int, most: int) -> list[tuple[Floats, Floats]]:
        """See Store."""
        sql = "SELECT said, label FROM assay_answers WHERE model = ? AND hour >= ? AND label IS NOT NULL ORDER BY hour DESC LIMIT ?"
        with self._at_work() as run:
            return [(_numbers(said), _numbers(y)) for said, y in run(sql, (model, since, most)).fetchall()]

    def close(self) -> None:
        """See Store."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _hashed(self, own: str) -> bytes:
        return hashlib.blake2b(own.encode(errors="replace"), key=self._secret, digest_size=16).digest()

    @contextmanager
    def _at_work(self) -> Iterator[Any]:
        """A transaction; what the database says against it becomes StoreFails, and the next one begins with a new connection."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                cursor = self._connection.cursor()
                cursor.execute(self.begin)

                def run(sql: str, values: Sequence[Any] = ()) -> Any:
                    return cursor.execute(sql.replace("?", self.mark), values)

                yield run
                cursor.execute("COMMIT")
            except self.errors as error:
                self._lost()
                raise self._said(error) from error
            except BaseException:
                self._lost()
                raise

    def _lost(self) -> None:
        try:
            self.close()
        except self.errors:  # it was broken already, and is let go of either way
            return

    @abstractmethod
    def _connect(self) -> Any: ...

    def _said(self, error: Exception) -> StoreFails:
        """The error without what was written: the message of PostgreSQL may hold values."""
        return refusal(StoreFails, "serve", "monitor_fails", why=type(error).__name__)


class Sqlite(_Sql):
    """One file, to which several processes write by turns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__()

    def _connect(self) -> Any:
        try:
            self._path.touch(mode=0o600)  # for who runs the server alone; where the file is there, its mode stays
        except OSError as error:
            raise refusal(StoreFails, "serve", "monitor_no_file", path=str(self._path)) from error
        until = time.monotonic() + BUSY
        while True:
            try:
                return self._opened()
            except sqlite3.OperationalError as error:  # who turns a file to WAL, or back, lets nobody wait
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(PAUSE)

    def _opened(self) -> sqlite3.Connection:
        made = sqlite3.connect(self._path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        try:
            self._known(made)
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            made.close()
            raise
        return made

    def _known(self, made: sqlite3.Connection) -> None:
        """Mark a new file as ours. Raises StoreFails where the file is somebody else's, or torn."""
        made.execute("BEGIN IMMEDIATE")
        mark = made.execute("PRAGMA application_id").fetchone()[0]
        if mark == 0 and not made.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            made.execute(f"PRAGMA application_id = {MARK}")
            made.execute(f"PRAGMA user_version = {EDITION}")
        elif mark != MARK or made.execute("PRAGMA user_version").fetchone()[0] != EDITION:
            raise refusal(StoreFails, "serve", "monitor_foreign", path=str(self._path))
        made.execute("COMMIT")
        if made.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise refusal(StoreFails, "serve", "monitor_torn", path=str(self._path))

    def _said(self, error: Exception) -> StoreFails:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return refusal(StoreFails, "serve", "monitor_torn", path=str(self._path))
        if code == sqlite3.SQLITE_CANTOPEN:
            return refusal(StoreFails, "serve", "monitor_no_file", path=str(self._path))
        return refusal(StoreFails, "serve", "monitor_fails", why=getattr(error, "sqlite_errorname", "SQLITE_ERROR"))


class Postgres(_Sql):
    """A database that several machines may write to."""

    mark, blob, begin, locked = "%s", "BYTEA", "BEGIN", " FOR UPDATE"
    alone = f"SELECT pg_advisory_xact_lock({MARK})"

    def __init__(self, url: str) -> None:
        self._psycopg = need("psycopg", extra="postgres")
        self._url = url
        self.errors = (self._psycopg.Error,)
        super().__init__()

    def _connect(self) -> Any:
        return self._psycopg.connect(self._url, autocommit=True, connect_timeout=round(BUSY))


def _bytes(numbers: Floats) -> bytes:
    return np.asarray(numbers, dtype="<f8").tobytes()


def _numbers(raw: bytes) -> Floats:
    return np.frombuffer(raw, dtype="<f8").astype(np.float64)
