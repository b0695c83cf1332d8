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
from assay.kernel.errors import DataError
from assay.kernel.hints import listing
from assay.kernel.need import need
from assay.kernel.plugins import About
from assay.kernel.words import Say, refusal

from . import _peek as peek
from ._typed import records_dataset

URL = re.compile(r"^(?!https?:|file:|s3:|gs:|ftp:)[a-z][a-z0-9+]*://", re.IGNORECASE)


class Sql:
    """A database and a query."""

    about: ClassVar = About(
        key="sql",
        takes=(".db", ".sqlite", ".sqlite3"),
        order=50,
        words={
            "en": {
                "title": "Database query (SQL)",
                "detail.query": "query",
                "no_database.seen": "{source} is no database.",
                "no_database.expected": "Expected a URL such as sqlite:///loans.db.",
                "no_database.do": "Name one.",
                "no_answer.seen": "'{name}' does not answer the query: {error}.",
                "no_answer.expected": "Its tables: {tables}.",
                "no_answer.do": "Correct the query and try again.",
                "tables.seen": "'{name}' holds {n} tables: {tables}.",
                "tables.expected": "Expected a query that says what to read.",
                "tables.do": 'Pass one, such as: SELECT * FROM "{table}"',
                "no_table.seen": "The query gives no table: {query}",
                "no_table.expected": "Expected a SELECT.",
                "no_table.do": "Ask '{name}' for rows.",
                "no_query.seen": "No query for the database '{name}'.",
                "no_query.expected": "Expected one.",
                "no_query.do": "Pass query='SELECT ...'.",
                "silent.seen": "The database '{name}' does not answer: {error}.",
                "silent.expected": "Expected rows.",
                "silent.do": "Check URL and query.",
            },
            "zh": {
                "title": "数据库查询（SQL）",
                "detail.query": "查询",
                "no_database.seen": "{source} 不是数据库。",
                "no_database.expected": "应为 URL，例如 sqlite:///loans.db。",
                "no_database.do": "请指定一个数据库。",
                "no_answer.seen": "“{name}”无法执行该查询：{error}。",
                "no_answer.expected": "其中的表：{tables}。",
                "no_answer.do": "请更正查询后重试。",
                "tables.seen": "“{name}”中有 {n} 张表：{tables}。",
                "tables.expected": "需要用查询说明读取哪些数据。",
                "tables.do": '请给出查询，例如：SELECT * FROM "{table}"',
                "no_table.seen": "该查询不返回表格：{query}",
                "no_table.expected": "应为 SELECT 查询。",
                "no_table.do": "请从“{name}”中查询数据行。",
                "no_query.seen": "没有给出对数据库“{name}”的查询。",
                "no_query.expected": "需要一个查询。",
                "no_query.do": "请传入 query='SELECT ...'。",
                "silent.seen": "数据库“{name}”没有响应：{error}。",
                "silent.expected": "应返回数据行。",
                "silent.do": "请检查 URL 和查询。",
            },
        },
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
            raise refusal(DataError, "readers/sql", "no_database", source=repr(source))
        url = os.fspath(source)
        if URL.match(url) and not url.lower().startswith("sqlite:"):
            name, names, rows = _elsewhere(url, query)
        else:
            name, names, rows = _sqlite(peek.existing(re.sub(r"^sqlite:///?", "", url, flags=re.IGNORECASE)), query)
        return records_dataset(names, rows, name, "sql", {"query": query})


def _sqlite(path: Path, query: str | None) -> tuple[str, list[str], list[Any]]:
    if peek.kind_of(path) != "sqlite":
        raise peek.not_what_it_says(path, peek.foreign(path) or Say("readers", "is.no_sqlite"))
    link = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        cursor = link.execute(query or f"SELECT * FROM {_only_table(link, path.name)}")
        if cursor.description is None:
            raise _no_rows(path.name, query)
        return path.name, [column[0] for column in cursor.description], cursor.fetchall()
    except sqlite3.Error as error:
        raise refusal(
            DataError,
            "readers/sql",
            "no_answer",
            name=path.name,
            error=str(error).rstrip("."),
            tables=listing(_tables(link)),
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
        raise refusal(
            DataError,
            "readers/sql",
            "tables",
            name=name,
            n=len(tables),
            tables=listing(tables),
            table=tables[0] if tables else "loans",
        )
    return '"' + tables[0].replace('"', '""') + '"'


def _no_rows(name: str, query: str | None) -> DataError:
    return refusal(DataError, "readers/sql", "no_table", name=name, query=query or "")


def _elsewhere(url: str, query: str | None) -> tuple[str, list[str], list[Any]]:
    """Any other database, through SQLAlchemy."""
    name = re.sub(r"^.*[/@]", "", url.partition("?")[0]) or "database"  # never the user's name or password
    if not query:
        raise refusal(DataError, "readers/sql", "no_query", name=name)
    alchemy = need("sqlalchemy")
    try:
        with alchemy.create_engine(url).connect() as link:
            answer = link.execute(alchemy.text(query))
            return name, list(answer.keys()), [tuple(row) for row in answer.fetchall()]
    except alchemy.exc.SQLAlchemyError as error:
        raise refusal(DataError, "readers/sql", "silent", name=name, error=type(error).__name__) from error
