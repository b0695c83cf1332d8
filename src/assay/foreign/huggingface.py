"""What does a network for texts say, of a folder as transformers saves it?

A sequence classifier, or one that gives one number: configuration, tokenizer, and weights in safetensors; pickles are not opened and no code
of the folder is run. It takes one column of texts. What its outputs are called stands in the configuration, unless it was never said
("LABEL_0"). Texts longer than it reads are cut at the end. A cell that is empty has no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..kernel.clock import Clock
from ..kernel.data import Dataset, Floats
from ..kernel.errors import DataError, MissingPackage, RequestError
from ..kernel.hints import listing
from ..kernel.need import need
from ..kernel.words import Say, refusal
from ..neural.checkpoint import classifier_of, find, tokenizer_of
from .cells import words
from .door import Known, Reply, Unanswered

AT_ONCE, BATCH = 200, 16  # rows asked together, and texts that go through the network at once
LONGEST = 512  # tokens, where neither network nor tokenizer says
LETTERS = 200


@dataclass(frozen=True, eq=False)
class HuggingFace:
    """A network that reads one text and gives classes or a number."""

    network: Any
    tokenizer: Any
    known: Known
    longest: int
    several: bool  # outputs are probabilities of labels, each by itself

    @classmethod
    def opened(cls, folder: Path) -> HuggingFace:
        """Raises RequestError where the folder lacks what it must hold, MissingPackage without transformers."""
        try:
            found = find(str(folder.resolve()))
            if found.sees:
                raise refusal(RequestError, "foreign", "no_texts", name=folder.name)
            tokenizer, network = tokenizer_of(found), classifier_of(found)
        except MissingPackage:
            raise
        except RequestError as error:  # which speaks of encoders to train with
            raise RequestError(error.said[0], Say("foreign", "folder.expected"), Say("foreign", "folder.do")) from error
        config = network.config
        if (
            config.num_labels > 1
            and getattr(config, "pad_token_id", None) is None
            and tokenizer.pad_token_id is not None
        ):
            config.pad_token_id = tokenizer.pad_token_id
        told = [str(config.id2label.get(i, "")) for i in range(config.num_labels)]
        unsaid = config.num_labels == 1 or any(name == f"LABEL_{i}" for i, name in enumerate(told))
        known = Known(
            door="huggingface",
            name=folder.resolve().name,
            sha256=found.sha256,
            size=sum(path.stat().st_size for path in folder.iterdir() if path.suffix == ".safetensors"),
            labels=() if unsaid else tuple(told),
            at_once=AT_ONCE,
            one_text=True,
        )
        limit = min(int(tokenizer.model_max_length), int(getattr(config, "max_position_embeddings", LONGEST)))
        offset = 2 if config.model_type in ("roberta", "xlm-roberta", "camembert", "longformer") else 0
        several = config.problem_type == "multi_label_classification"
        return cls(network, tokenizer, known, max(8, min(limit, 1 << 16) - offset), several)

    def takes(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """The one column of texts. Raises DataError where there is not one."""
        if len(names) != 1:
            said: dict[str, Any] = {"name": self.known.name, "n": len(names), "columns": listing(names, 30)}
            raise refusal(DataError, "foreign", "one_text", **said)
        return tuple(names)

    def ask(self, rows: Dataset, labels: Sequence[str], clock: Clock) -> Reply:
        """Probabilities of its classes, or its number. Raises Unanswered where a text is missing or breaks it."""
        column = next(iter(rows))
        if column.missing.any():
            raise Unanswered(Say("foreign", "why.empty", {"column": column.name}))
        texts = [str(text) for text in words(column)]
        size = BATCH if self.tokenizer.pad_token_id is not None else 1
        try:
            found = [self._asked(texts[low : low + size]) for low in range(0, len(texts), size)]
        except Exception as error:  # a network may break in any way; the rows that break it are told
            raise Unanswered(f"{type(error).__name__}: {error}"[:LETTERS]) from error
        return Reply(np.concatenate(found))

    def _asked(self, texts: list[str]) -> Floats:
        """What some texts come to: [n, k], or [n, 1]."""
        torch = need("torch", extra="text")
        given = self.tokenizer(
            texts, padding=len(texts) > 1, truncation=True, max_length=self.longest, return_tensors="pt"
        )
        given = {name: given[name] for name in ("input_ids", "attention_mask") if name in given}
        with torch.inference_mode():
            raw = self.network(**given).logits.double()
            if raw.shape[1] > 1:
                raw = torch.sigmoid(raw) if self.several else torch.softmax(raw, dim=1)
        return np.asarray(raw.numpy())
