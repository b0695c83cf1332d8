"""How is one row scored without the cost of a batch?

A forest of small trees by one word a tree and column (bits.py). For larger ones LightGBM has a call for exactly this: what does not change from row to row (the model, the number of columns, the parameters) is
settled once in a handle, and the call itself takes a pointer to the numbers and walks the trees in compiled code. Python reaches it
through ctypes. A handle has a buffer of its own, so each thread has one; it is freed with the object that holds it.

The bits are those of a batch. Where the library at hand lacks the call, our own walker answers (docs/decisions/0018-one-row.md).
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernel.threads import alone
from .walk import LARGEST

if TYPE_CHECKING:
    from .forest import Forest

Score = Callable[[Sequence[float]], list[float]]
FLOAT64, RAW_SCORE = 1, 1  # LightGBM's C_API_DTYPE_FLOAT64 and C_API_PREDICT_RAW_SCORE


def scorer(forest: Forest) -> Score:
    """A scorer of values [features] (NaN is missing, beyond LARGEST counts as that) for one thread: raw scores [width], the base added."""
    call = forest.bits.scorer() if forest.bits is not None else _native(forest) if forest.trees else None
    base, rounds = forest.base.tolist(), forest.iterations if forest.average and forest.trees else 0
    if call is None:
        return lambda values: forest.predict(np.clip(np.asarray(values), -LARGEST, LARGEST)[None])[0].tolist()
    if rounds:
        return lambda values: [score / rounds + more for score, more in zip(call(values), base, strict=True)]
    if forest.width == 1:
        only = base[0]
        return lambda values: [call(values)[0] + only]
    return lambda values: [score + more for score, more in zip(call(values), base, strict=True)]


class NativeRow:
    """LightGBM's call for one row, with its handle and buffers: values [features] → sums of leaves [width]."""

    def __init__(self, booster: Any, features: int, width: int, library: Any) -> None:
        self._booster = booster  # the handle points into it
        self._row = (ctypes.c_double * features)()
        self._view = np.ctypeslib.as_array(self._row)
        self._out = (ctypes.c_double * width)()
        self._length = ctypes.c_int64(0)
        handle = ctypes.c_void_p()
        failed = library.LGBM_BoosterPredictForMatSingleRowFastInit(
            booster._handle,
            ctypes.c_int(RAW_SCORE),
            ctypes.c_int(0),
            ctypes.c_int(-1),
            ctypes.c_int(FLOAT64),
            ctypes.c_int32(features),
            f"num_threads={alone()}".encode(),
            ctypes.byref(handle),
        )
        self._refuse(failed, library)
        self._free = weakref.finalize(self, library.LGBM_FastConfigFree, handle)
        self._library, self._predict = library, library.LGBM_BoosterPredictForMatSingleRowFast
        self._said = (handle, self._row, ctypes.byref(self._length), self._out)

    def __call__(self, values: Sequence[float]) -> list[float]:
        """The sums of the leaves that the row falls into, an output each."""
        self._view[:] = values
        np.minimum(self._view, LARGEST, out=self._view)  # NaN stays NaN
        np.maximum(self._view, -LARGEST, out=self._view)
        failed = self._predict(*self._said)
        if failed:
            self._refuse(failed, self._library)
        return self._out[:]

    @staticmethod
    def _refuse(failed: int, library: Any) -> None:
        if failed:
            from lightgbm.basic import LightGBMError

            raise LightGBMError(library.LGBM_GetLastError().decode())


def _native(forest: Forest) -> NativeRow | None:
    """The native call for a forest, or None where this LightGBM does not have it."""
    from lightgbm import basic

    library = getattr(basic, "_LIB", None)
    booster = forest.booster
    if library is None or not hasattr(booster, "_handle"):
        return None
    if not hasattr(library, "LGBM_BoosterPredictForMatSingleRowFastInit"):
        return None
    return NativeRow(booster, forest.features, forest.width, library)
