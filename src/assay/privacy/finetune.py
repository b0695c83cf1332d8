"""How is a pretrained network tuned to texts under a guarantee, and what is left?

LoRA (Hu et al. 2022) under DP-SGD (Yu et al. 2022): the network stays as it came, and only low-rank differences of its attention and the
weights of a head on its points learn, by `privacy.dp_sgd`, where slopes of single rows are clipped over all of them together. The head starts
at nothing, so that the first answer is the one guess of noisy counts. It is kept as the learner `finetune` of the shelf keeps its own.

The network's weights are public; what it was pretrained on is outside the guarantee.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.data import Floats
from ..kernel.forms import Batch, Head
from ..kernel.need import need
from ..neural.adapting import Adapted, settled
from ..neural.checkpoint import find
from ..neural.halves import Halves, halves, put_halves
from ..neural.losses import losses_of
from ..neural.one_thread import one_thread
from ..neural.sentences import sentences
from ..neural.tuned_texts import base, points_of, tokens_of
from . import dp_sgd
from .accounting import Release
from .dp_sgd import CLIP, Schedule, train
from .learner import Aim
from .noisy import start, totals_of
from .perceptron import VALUE, switches

TOKENS, RANK = 128, 8
SCHEDULE = Schedule(steps=150, rate=0.04, size=0.002, late=0.3)
TALL = 20.0  # of the head's weights against those that learn: points have length one, scores have not
AT_ONCE = 32  # texts whose states are held at once


@dataclass(frozen=True, eq=False)
class Tuned:
    """Low-rank differences, a head, and the noisy counts that it began from."""

    label: str
    tokens: int
    first: bool
    parts: tuple[str, ...]
    arrays: tuple[Halves, ...]
    weights: Floats  # [t * d, w]
    intercept: Floats  # [w]
    guess: Floats
    answers: Floats

    def scores(self, batch: Batch) -> Floats:
        """Raw scores [n, w], of values in the unit of the range from -1 to 1; every text is read alone, as when it is asked."""
        torch = need("torch", "private")
        network, d = settled(base(self.label), "lora", RANK, self.arrays), len(self.weights) // len(self.parts)
        out = np.tile(self.intercept, (batch.rows, 1))
        with one_thread(), torch.inference_mode():
            for place, column in enumerate(batch.texts.columns):
                own, known = self.weights[place * d : (place + 1) * d], dict[str, Floats]()
                for row, text in enumerate(column):
                    if text not in known:
                        ids = tokens_of(self.label, [text], self.tokens)
                        known[text] = points_of(network, ids, self.first).cpu().numpy()[0].astype(np.float64) @ own
                    out[row] += known[text]
        return out

    def box(self, middle: float, half: float) -> Box:
        """What `learners.finetune` opens; the usual text is one that says nothing, since the mean of the rows is not released."""
        box = Box("private")
        box.put(encoder=self.label, tokens=self.tokens, first=self.first, texts=list(self.parts), way="lora", rank=RANK)
        for place, array in enumerate(self.arrays):
            put_halves(box, f"learnt-{place}", array)
        box.put_array("weights", half * self.weights)
        box.put_array("intercept", middle + half * self.intercept)
        box.put_array("usual", np.zeros((len(self.parts), self.weights.shape[1])))
        box.put_array("curve", np.empty(0))
        return box


@dataclass(frozen=True)
class Finetune:
    """LoRA under DP-SGD on a fixed schedule."""

    readable: bool = False
    texts: bool = True
    beside: bool = False

    def chain(self, aim: Aim, ratio: float) -> tuple[Release, ...]:
        """How many bear each answer, and the steps on rows that are drawn."""
        return dp_sgd.chain(ratio, SCHEDULE)

    def settings(self, aim: Aim) -> dict[str, Any]:
        """Which network, by name and hash. Raises RequestError and MissingPackage."""
        need("peft", "text")
        return {"encoder": find(aim.encoder).label, "tokens": TOKENS, "way": "lora", "rank": RANK}

    def told(self, aim: Aim) -> dict[str, Any]:
        """Steps, how likely each row is drawn, and the length to which slopes are drawn in."""
        return {"rounds": SCHEDULE.steps, "rate": SCHEDULE.rate, "reach": CLIP}

    def learn(self, batch: Batch, y: NDArray[Any], aim: Aim, ratio: float, rng: np.random.Generator) -> Tuned:
        """Differences and head, from noisy sums of slopes alone."""
        answered, sloped = (r.sigma for r in self.chain(aim, ratio))
        encode = sentences(find(aim.encoder).label, TOKENS)
        label = encode.checkpoint.label
        totals = totals_of(y, aim.k, answered, rng)
        guess, rows = start(totals, aim.kind), float(totals.sum() if aim.k else totals[0])
        unit = VALUE if aim.kind == "value" else 1.0
        target = ((y - guess[0]) / unit).astype(np.float32)[:, None] if aim.kind == "value" else switches(y, aim)
        head = Head.value() if aim.kind == "value" else Head.classes(aim.k)
        with one_thread():
            torch = need("torch", "private")
            adapted = Adapted(base(label), "lora", RANK, rng)
            ids = [tokens_of(label, [str(text) for text in column], encode.tokens) for column in batch.texts.columns]
            network = _network(torch, adapted.network, ids, encode.first, encode.width, aim.width)
            begin = torch.from_numpy((np.zeros(1) if aim.kind == "value" else guess).astype(np.float32))

            def losses(scores: Any, answers: Any) -> Any:
                found = losses_of(torch, head, scores + begin, answers)
                return found / 2 if aim.kind == "value" else found

            schedule = replace(SCHEDULE, at_once=AT_ONCE)
            learning = [p for p in network.parameters() if p.requires_grad]
            weights = train(
                network, losses, np.arange(batch.rows)[:, None], target, schedule, sloped, rows, rng, "hooks"
            )
        by_id = {id(p): found for p, found in zip(learning, weights, strict=True)}
        arrays = tuple(halves(by_id[id(p)]) for p in adapted.learnt)
        matrix, shift = by_id[id(network.head.weight)], by_id[id(network.head.bias)]
        return Tuned(
            label=label,
            tokens=encode.tokens,
            first=encode.first,
            parts=batch.texts.parts,
            arrays=arrays,
            weights=unit * TALL * matrix.T,
            intercept=guess + unit * TALL * shift,
            guess=guess,
            answers=totals if aim.k else totals[:1],
        )


LEARNER = Finetune()


def _network(torch: Any, tuned: Any, ids: list[list[list[int]]], first: bool, width: int, scores: int) -> Any:
    """From numbers of rows [b, 1] to scores [b, w]: points of their texts side by side, and a head that starts at nothing."""

    class Reader(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.tuned, self.head = tuned, torch.nn.Linear(len(ids) * width, scores, device=tuned.device)
            torch.nn.init.zeros_(self.head.weight)
            torch.nn.init.zeros_(self.head.bias)

        def forward(self, rows: Any) -> Any:
            at = rows[:, 0].tolist()
            points = [points_of(self.tuned, [column[row] for row in at], first) for column in ids]
            return TALL * self.head(torch.cat(points, dim=1)).cpu()

    return Reader()
