"""Where do networks of texts compute? On the graphics card where torch can use one, else on the processor.

CUDA_VISIBLE_DEVICES, set empty, keeps them off the card, as everywhere with torch.
"""

from __future__ import annotations

import functools
from typing import Any

from ..kernel.need import need


@functools.lru_cache(maxsize=1)
def device() -> Any:
    """The torch.device to compute on."""
    torch = need("torch", "nets")
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def on_card() -> bool:
    """Whether that is a graphics card, which is fast with many texts at once and slow with one."""
    return str(device().type) == "cuda"


def halves_are_fast() -> bool:
    """Whether it multiplies bfloat16 as a whole (AMX, AVX-512 BF16, or a card from Ampere on)."""
    torch = need("torch", "nets")
    if on_card():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    asked = [getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported")]
    return any(callable(ask) and ask() for ask in asked)
