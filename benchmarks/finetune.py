"""Does our training loop keep pace with a bare one of transformers and peft?

LoRA on the packaged network, the same texts in the same batches, the same precision, one thread each: tokens a second of our loop over those
of the bare loop, pair by pair in one run, the order turned about from pair to pair. The bare loop is what one writes by hand: peft's model in
autocast, torch's AdamW, a linear head on the mean of the states, attention as transformers chooses it (`--attention eager` gives it ours).
Tokens are those of texts, padding not counted.

    python benchmarks/finetune.py [--pairs 5] [--steps 10] [--batch 16] [--precision bfloat16] [--attention sdpa]
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from assay.kernel.forms import Head
from assay.kernel.rng import stream
from assay.neural.checkpoint import find, network_of
from assay.neural.one_thread import one_thread
from assay.neural.tuning import SCALE, Form, Line, Rows, Tuning, learns_in, tokens_of

WORDS = [
    "the",
    "film",
    "is",
    "a",
    "long",
    "and",
    "quiet",
    "story",
    "of",
    "two",
    "people",
    "who",
    "find",
    "out",
    "that",
    "nothing",
    "they",
    "were",
    "told",
    "was",
    "ever",
    "quite",
    "true",
]


def rows(label: str, count: int) -> Rows:
    """Sentences of 6 to 40 words, and two classes."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, size=int(rng.integers(6, 40)))) for _ in range(count)]
    y = rng.integers(2, size=(count, 1)).astype(np.float32)
    places = np.arange(count)[:, None]
    return Rows(tokens_of(label, texts, 128), places, y, np.ones(count, dtype=np.float32))


class Bare:
    """What one writes by hand."""

    def __init__(self, label: str, half: bool, attention: str) -> None:
        import peft
        import torch

        network = network_of(find(label))
        network.set_attn_implementation(attention)
        names = learns_in(network, "lora")
        self.torch, self.half = torch, half
        self.model = peft.get_peft_model(network, peft.LoraConfig(r=8, lora_alpha=8 * SCALE, target_modules=names))
        self.model.train()
        self.head = torch.nn.Linear(network.config.hidden_size, 1)
        learnt = [p for p in [*self.model.parameters(), *self.head.parameters()] if p.requires_grad]
        self.optimiser = torch.optim.AdamW(learnt, lr=1e-3)

    def step(self, given: Rows, batch: np.ndarray) -> None:
        torch = self.torch
        ids = [torch.tensor(given.ids[i]) for i in batch]
        tokens = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in ids], batch_first=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.half):
            states = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
            points = (states * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
            scores = self.head(points)
        y = torch.from_numpy(given.target[batch])
        torch.nn.functional.binary_cross_entropy_with_logits(scores.float(), y).backward()
        self.optimiser.step()
        self.optimiser.zero_grad()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    asked = parser.parse_args()
    half, label = asked.precision == "bfloat16", find("").label
    given = rows(label, asked.steps * asked.batch)
    form = Form(way="lora", rank=8, rate=1e-3, epochs=1, batch=asked.batch, half=half)
    with one_thread():
        ours = Tuning(label, form, Head.classes(2), Line(np.zeros((384, 1)), np.zeros(1)), False, stream(0, "fit"))
        optimiser, bare = ours.optimiser(), Bare(label, half, asked.attention)
        batches = list(ours.batches(given, 1))
        tokens = sum(len(given.ids[i]) for batch in batches for i in batch)

        def run_ours() -> float:
            started = time.process_time()
            for batch in batches:
                ours.step(optimiser, given, batch, 0.5)
            return tokens / (time.process_time() - started)

        def run_bare() -> float:
            started = time.process_time()
            for batch in batches:
                bare.step(given, batch)
            return tokens / (time.process_time() - started)

        ours.step(optimiser, given, batches[0], 0.5)  # the first steps are slow
        bare.step(given, batches[0])
        found: list[tuple[float, float]] = []
        for pair in range(asked.pairs):
            first = (run_ours, run_bare) if pair % 2 == 0 else (run_bare, run_ours)
            speeds = {run.__name__: run() for run in first}
            found.append((speeds["run_ours"], speeds["run_bare"]))
            print(
                f"ours {found[-1][0]:.0f} tokens/s, bare {found[-1][1]:.0f}, ratio {found[-1][0] / found[-1][1]:.2f}",
                flush=True,
            )
    ratios = sorted(ours / bare for ours, bare in found)
    print(
        f"{asked.precision}, bare attention {asked.attention}: ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) of {len(ratios)} pairs, CPU seconds of one thread"
    )


if __name__ == "__main__":
    main()
