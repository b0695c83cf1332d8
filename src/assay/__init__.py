"""Assay: your own data and a target in, a model that stands up to inspection out.

>>> import assay
>>> sorted(assay.__all__)[:3]
['AssayError', 'Dataset', 'Model']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "plan": "assay.api",
    "train": "assay.api",
    "load": "assay.api",
    "audit": "assay.api",
    "read": "assay.api",
    "verify": "assay.api",
    "embed": "assay.documents",
    "similar": "assay.documents",
    "fetch": "assay.fetching.fetch",
    "Model": "assay.model",
    "Plan": "assay.kernel.plan",
    "Dataset": "assay.kernel.data",
    "AssayError": "assay.kernel.errors",
}
__all__ = [
    "AssayError",
    "Dataset",
    "Model",
    "Plan",
    "audit",
    "embed",
    "fetch",
    "load",
    "plan",
    "read",
    "similar",
    "train",
    "verify",
]

if TYPE_CHECKING:
    from .api import audit, load, plan, read, train, verify
    from .documents import embed, similar
    from .fetching.fetch import fetch
    from .kernel.data import Dataset
    from .kernel.errors import AssayError
    from .kernel.plan import Plan
    from .model import Model


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'assay' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
