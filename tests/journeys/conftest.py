"""Where is the real data? It is no part of the repository: a journey whose table is not there is skipped, and says which."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
Table = Callable[[str], pd.DataFrame]


def folder() -> Path:
    """$ASSAY_DATA, or the folder that lies beside the repository."""
    return Path(os.environ.get("ASSAY_DATA") or ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def real() -> Callable[[str], Path]:
    """The path of a data set by its file name."""

    def path(name: str) -> Path:
        found = folder() / name
        if not found.is_file():
            pytest.skip(f"the data set {name} is not in {folder()}; ASSAY_DATA names another folder")
        return found

    return path


@pytest.fixture(scope="session")
def table(real: Callable[[str], Path]) -> Table:
    """A data set as a pandas table, its columns named without stray spaces."""

    def frame(name: str) -> pd.DataFrame:
        found = pd.read_csv(real(name), encoding="utf-8-sig")
        return found.rename(columns=str.strip)

    return frame
