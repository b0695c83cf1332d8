"""How is the answer of a database query read?

SQLite works embedded, from a URL (sqlite:///loans.db) or the file itself; other databases through SQLAlchemy where it
is installed. The database is only read, never written: an SQLite file is opened read-only.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path
from typing import Any, ClassVar

from assay.kernel.data import Dataset
from assay.kernel.errors import DataError, listing
from assay.kernel.need import need
from assay.kernel.plugins import About

from . import _peek as peek
from ._typed import records_dataset

URL = re.compile(r"^(?!https?:|file:|s3:|gs:|ftp:)[a-z][a-z0-9+]*://", re.IGNORECASE)


class Sql:
    """A database and a query."""

    about: ClassVar = About(
        key="sql",
        takes=(".db", ".sqlite", ".sqlite3"),
        order=50,
        words={"en": {"title": "Database query (SQL)"}, "zh": {"title": "数据库查询（SQL）"}},
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether it is a database URL or an SQLite file."""
        if isinstance(source, str) and URL.match(source):
            return True
        return peek.kind_of(source) == "sqlite"

    @classmethod
    def read(cls, source: Any, *, query: str | None = None) -> Dataset:
        """Read the rows a query gives; without a query, the only table of the database.

        Raises DataError where the database is not there, the query fails or gives no rows.
        """
        if not cls.opens(source) and not peek.is_path(source):
            raise DataError(f"{source!r} is no database.", "Expected a URL such as sqlite:///loans.db.", "Name one.")
        url = os.fspath(source)
        if URL.match(url) and not url.lower().startswith("sqlite:"):
            name, names, rows = _elsewhere(url, query)
        else:
            name, names, rows = _sqlite(peek.existing(re.sub(r"^sqlite:///?", "", url, flags=re.IGNORECASE)), query)
        return records_dataset(names, rows, name, "sql", {"query": query})


def _sqlite(path: Path, query: str | None) -> tuple[str, list[str], list[Any]]:
    if peek.kind_of(path) != "sqlite":
        raise peek.not_what_it_says(path, peek.foreign(path) or "no SQLite database")
    link = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        cursor = link.execute(query or f"SELECT * FROM {_only_table(link, path.name)}")
        if cursor.description is None:
            raise _no_rows(path.name, query)
        return path.name, [column[0] for column in cursor.description], cursor.fetchall()
    except sqlite3.Error as error:
        raise DataError(
            f"'{path.name}' does not answer the query: {error}.",
            f"Its tables: {listing(_tables(link))}.",
            "Correct the query and try again.",
        ) from error
    finally:
        link.close()


def _tables(link: sqlite3.Connection) -> list[str]:
    try:
        found = link.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
        )
        return [row[0] for row in found]
    except sqlite3.Error:  # the file is damaged: there is nothing to list
        return []


def _only_table(link: sqlite3.Connection, name: str) -> str:
    tables = _tables(link)
    if len(tables) != 1:
        raise DataError(
            f"'{name}' holds {len(tables)} tables: {listing(tables)}.",
            "Expected a query that says what to read.",
            f'Pass one, such as: SELECT * FROM "{tables[0] if tables else "loans"}"',
        )
    return '"' + tables[0].replace('"', '""') + '"'


def _no_rows(name: str, query: str | None) -> DataError:
    return DataError(f"The query gives no table: {query}", "Expected a SELECT.", f"Ask '{name}' for rows.")


def _elsewhere(url: str, query: str | None) -> tuple[str, list[str], list[Any]]:
    """Any other database, through SQLAlchemy."""
    name = re.sub(r"^.*[/@]", "", url.partition("?")[0]) or "database"  # never the user's name or password
    if not query:
        raise DataError(f"No query for the database '{name}'.", "Expected one.", "Pass query='SELECT ...'.")
    alchemy = need("sqlalchemy")
    try:
        with alchemy.create_engine(url).connect() as link:
            answer = link.execute(alchemy.text(query))
            return name, list(answer.keys()), [tuple(row) for row in answer.fetchall()]
    except alchemy.exc.SQLAlchemyError as error:
        raise DataError(
            f"The database '{name}' does not answer: {type(error).__name__}.", "Expected rows.", "Check URL and query."
        ) from error
