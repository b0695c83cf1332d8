"""Which texts are near to one another, and where does each stand?

A text becomes a point of length one: by a pretrained encoder (what it means), or by the TF-IDF weights of its words and characters in
the same column (which words it shares). The nearer two points, the larger their product: 1 for the same text.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kernel.data import Column, Dataset
from .kernel.errors import MissingPackage, RequestError
from .kernel.hints import did_you_mean, listing, reason
from .kernel.plugins import modality_of
from .kernel.words import refusal
from .language.normal import normal
from .planning.kinds import bids
from .reading import read

UNKNOWN = 0.1  # share of tokens beyond which the vocabulary is of other scripts
LOOKED_AT = 200  # texts that are looked at for unknown tokens
TOKENS = 256  # of a text that an encoder reads
PIECES = 200_000  # of each sort, where texts are compared by words
WRITTEN = (".npy", ".csv", ".parquet")


@dataclass(frozen=True)
class Near:
    """A text that is near to what was asked: its row (counted from 1), how near (at most 1), and the text."""

    row: int
    nearness: float
    text: str


@dataclass(frozen=True, eq=False)
class Embedded:
    """A point for each row of a column, and what made it."""

    column: str
    by: str  # name of the encoder, or "words"
    points: NDArray[np.float32]  # [n, d], of length one; zero where the text is missing
    texts: tuple[str, ...]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write .npy (float32 [n, d]), .csv or .parquet (columns e0, e1, …). Raises RequestError."""
        target = Path(path)
        if target.suffix not in WRITTEN:
            raise refusal(RequestError, "answers", "no_ending", path=str(path), known=listing(WRITTEN))
        part = target.with_name(f".{target.name}.{os.getpid()}.part{target.suffix}")
        try:
            self._write(part)
            os.replace(part, target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise refusal(RequestError, "answers", "unwritten", path=str(target), reason=reason(error)) from error
        return target

    def _write(self, path: Path) -> None:
        names = [f"e{i}" for i in range(self.points.shape[1])]
        if path.suffix == ".npy":
            np.save(path, self.points, allow_pickle=False)
        elif path.suffix == ".csv":
            np.savetxt(path, self.points, fmt="%.7g", delimiter=",", header=",".join(names), comments="")
        else:
            import pyarrow
            import pyarrow.parquet

            columns = [pyarrow.array(self.points[:, i]) for i in range(len(names))]
            pyarrow.parquet.write_table(pyarrow.table(columns, names=names), path)


def embed(source: Any, column: str = "", encoder: str = "", **options: Any) -> Embedded:
    """The point of each text of a column, by a pretrained encoder.

    column  : the one that is free text, where it is not named
    encoder : a folder, a name on the hub, or empty for the one that assay[text] brings

    Raises RequestError where there is no such column, no such encoder, or its vocabulary does not know the script.
    """
    chosen = text_column(read(source, **options), column)
    return Embedded(chosen.name, *_by_meaning(_texts(chosen), chosen.name, encoder))


def similar(
    source: Any, text: str, column: str = "", most: int = 5, by: str = "", encoder: str = "", **options: Any
) -> tuple[list[Near], str]:
    """The rows whose texts are nearest to one, the nearest first, and what compared them.

    by : "meaning" (a pretrained encoder), "words" (TF-IDF), or empty for meaning where an encoder is at hand that knows the script
    """
    if not text.strip():
        raise refusal(RequestError, "answers", "no_query")
    chosen = text_column(read(source, **options), column)
    texts = _texts(chosen)
    nearness, how = _nearness(texts, normal(text), chosen.name, by, encoder)
    present = [bool(one) for one in texts]
    order = [i for i in np.argsort(-nearness, kind="stable").tolist() if present[i]][:most]
    return [Near(i + 1, float(nearness[i]), texts[i]) for i in order], how


def _nearness(texts: list[str], query: str, name: str, by: str, encoder: str) -> tuple[NDArray[Any], str]:
    if by != "words":
        try:
            how, points, _ = _by_meaning([query, *texts], name, encoder)
            return points[1:] @ points[0], how
        except (MissingPackage, RequestError):
            if by == "meaning" or encoder:
                raise
    points = _by_words([query, *texts])
    return np.asarray((points[1:] @ points[:1].T).todense()).ravel(), "words"


def text_column(table: Dataset, name: str) -> Column:
    """The column of that name, or the only one that reads as free text. Raises RequestError."""
    if name and name not in table:
        hint = did_you_mean(name, table.names) or ""
        raise refusal(RequestError, "answers", "no_column", expected=hint, name=name, known=listing(table.names, 30))
    found = [name] if name else [raw.name for raw in table if _reads_as_text(raw)]
    if len(found) != 1:
        key = "several_texts" if found else "no_texts"
        raise refusal(RequestError, "answers", key, names=listing(found or table.names, 30), file=table.source.name)
    return table[found[0]]


def _reads_as_text(raw: Column) -> bool:
    claims = bids(raw)
    return bool(claims) and "texts" in modality_of(claims[0].kind).about.gives


def _texts(column: Column) -> list[str]:
    return [normal(text) if text else "" for text in column.as_words().texts()]


def _by_meaning(texts: Sequence[str], column: str, encoder: str) -> tuple[str, NDArray[np.float32], tuple[str, ...]]:
    from .neural.checkpoint import find
    from .neural.sentences import sentences

    checkpoint = find(encoder)
    encode = sentences(checkpoint.label, TOKENS)
    share = encode.unknown_share([text for text in texts[:: max(1, len(texts) // LOOKED_AT)] if text])
    if share > UNKNOWN:
        raise refusal(RequestError, "answers", "other_script", name=checkpoint.name, share=share, column=column)
    points, _ = encode(texts)
    points[[not text for text in texts]] = 0.0
    return checkpoint.name, points, tuple(texts)


def _by_words(texts: Sequence[str]) -> Any:
    """TF-IDF of words and of characters, half the weight each: scipy.sparse.csr_array [n, v]."""
    from scipy.sparse import csr_array, hstack

    from .language.grams import counted
    from .language.tfidf import Vocabulary

    parts = []
    for words in (True, False):
        counts = counted(texts, words)
        parts.append(Vocabulary.learn(counts, words, PIECES).of_counts(counts) * np.sqrt(0.5))
    return csr_array(hstack(parts, format="csr"))
