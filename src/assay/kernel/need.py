"""Is an optional package here, and if not, how does one get it?"""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from .errors import MissingPackage
from .words import refusal


def need(package: str, extra: str = "") -> ModuleType:
    """Import `package`, or say how to install it.

    Raises MissingPackage (also an ImportError) that names the extra.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        root = package.partition(".")[0]
        if error.name is not None and error.name.partition(".")[0] != root:
            raise
        what = f"assay[{extra}]" if extra else root
        raise refusal(MissingPackage, "kernel", "no_package", package=root, what=what) from error


def has(package: str) -> bool:
    """Whether `package` can be imported, found out without importing it."""
    return importlib.util.find_spec(package.partition(".")[0]) is not None
