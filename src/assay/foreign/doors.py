"""Which door is for this model?

Judged by how it is named: an address, an ending, `module:function`. A `.assay` file is a model of ours, and comes in by no door.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernel.errors import RequestError
from ..kernel.words import Say, refusal
from .door import Door

FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
ENDINGS = {".onnx": "onnx", ".skops": "skops", ".keras": "keras"}
NOT_YET = (".h5", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".pmml", ".safetensors")


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How an endpoint is asked, and what of a file is trusted."""

    seconds: float = 30.0  # for one batch
    at_once: int = 100  # rows of one batch
    prompt: str = ""  # of a chat; names of columns in braces
    called: str = ""  # the model's name at a chat endpoint
    trust: tuple[str, ...] = ()  # types of a skops file that are made although they may run code


def is_foreign(model: Any) -> bool:
    """Whether a model was made elsewhere, as far as its name tells."""
    if callable(model):
        return True
    if not isinstance(model, (str, os.PathLike)):
        return False
    name = os.fspath(model)
    if os.path.isdir(name):  # ours are files
        return True
    if _is_address(name) or Path(name).suffix.lower() in (*ENDINGS, *NOT_YET):
        return True
    return bool(FUNCTION.fullmatch(name)) and not os.path.exists(name)


def open_door(model: str | os.PathLike[str] | Callable[..., Any], asking: Asking, target: str) -> Door:
    """The door to a model. Raises RequestError where there is none, and whatever the door refuses."""
    if callable(model):
        from .function import Function

        return Function(model, getattr(model, "__qualname__", type(model).__name__))
    name = os.fspath(model)
    if _is_address(name):
        from .chat import Chat
        from .endpoint import Endpoint

        is_chat = name.partition("?")[0].rstrip("/").endswith("/chat/completions")
        return Chat(name, asking, target) if is_chat else Endpoint(name, asking)
    path = Path(name)
    if FUNCTION.fullmatch(name) and not path.exists():
        from .function import named

        return named(name)
    if path.is_dir():
        from .huggingface import HuggingFace

        return HuggingFace.opened(path)
    if path.suffix.lower() not in ENDINGS:
        raise refusal(RequestError, "foreign", "no_door", name=path.name)
    if not path.is_file():
        raise refusal(RequestError, "foreign", "no_file", path=name)
    if path.suffix.lower() == ".onnx":
        from .onnx import Onnx

        return Onnx.opened(path)
    if path.suffix.lower() == ".keras":
        from .keras import Keras

        return Keras.opened(path)
    from .skops import Skops

    return Skops.opened(path, asking.trust)


def code_said(model: Any, asking: Asking) -> Say | None:
    """That code which came with a model is run, where it is."""
    if asking.trust:
        return Say("foreign", "trusts", {"types": list(asking.trust)})
    if isinstance(model, str) and FUNCTION.fullmatch(model) and not os.path.exists(model):
        return Say("foreign", "runs", {"name": model})
    return None


def _is_address(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))
