"""How many pixels may a picture have?"""

from __future__ import annotations

import os

from ..kernel.errors import RequestError
from ..kernel.words import refusal

SAID = "ASSAY_MOST_PIXELS"  # environment variable: pixels of a picture; one of more is left out, and counted
USUAL, MOST = 50_000_000, 1_000_000_000


def most_pixels() -> int:
    """Pixels from which on a picture is not opened: what the environment says, or fifty million.

    Raises RequestError where the environment says no whole number.
    """
    value = os.environ.get(SAID, "").strip()
    if not value:
        return USUAL
    if not (value.isascii() and value.isdigit() and len(value) < 12 and 1 <= int(value) <= MOST):
        raise refusal(RequestError, "pictures", "most", value=value[:40], usual=str(USUAL), most=str(MOST))
    return int(value)
