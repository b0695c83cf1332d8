"""What can rows be grouped by that is not a column: how long a text is, and in which language?"""

from __future__ import annotations

import numpy as np

from assay.kernel.data import Column
from assay.kernel.plugins import modality_of
from assay.language.languages import language_of


def read_as_text(column: Column) -> bool:
    """Whether an opened column is read as free text."""
    return "texts" in modality_of(column.kind).about.gives


def told_by(column: Column, length: str, language: str) -> list[Column]:
    """The length of each text in characters, and its language, as columns with the names that are given."""
    assert column.levels is not None
    texts = [str(text) for text in column.levels]
    sizes = np.append([float(len(text)) for text in texts], np.nan)[column.cells]
    languages = np.asarray([*(language_of(text) or None for text in texts), None], dtype=object)[column.cells]
    return [Column.of_numbers(length, sizes), Column.of_words(language, languages.tolist())]
