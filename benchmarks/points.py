"""What does a text cost alone in each format of numbers, and how many answers change?

A logistic regression on the points of the rows to learn from, made as training makes them, answers the held-out texts, each encoded alone by
all-MiniLM-L6-v2 on one thread: in full digits as transformers loads it, in full digits over packed weights (what the program does), in bfloat16, and in int8
(torch's dynamic quantisation of all linear layers; once with the same head, once with a head learnt on int8 points). Told are the CPU time of a text, formats turn about in
blocks of fifty texts, the least cosine with full digits, and the accuracy lost in points with its paired 95 % interval.

    python benchmarks/points.py --data DATA [--only sst2_sentences …]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from texts import SETS

from assay.neural.checkpoint import find, network_of
from assay.neural.one_thread import one_thread
from assay.neural.sentences import Sentences

STRENGTH = 10.0
BLOCK = 50  # texts of one turn


def networks(encode: Sentences) -> dict[str, Any]:
    """The same network in each format."""
    import torch

    plain = network_of(encode.checkpoint)
    eighth = torch.ao.quantization.quantize_dynamic(network_of(encode.checkpoint), {torch.nn.Linear}, dtype=torch.qint8)
    return {
        "plain": plain,
        "packed": encode._network,
        "bfloat16": network_of(encode.checkpoint, half=True),
        "int8": eighth,
    }


def alone(encode: Sentences, texts: list[str], formats: dict[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    """Points of each text in each format [n, width], and milliseconds of CPU a text."""
    ids = encode._cut(texts)
    points: dict[str, list[Any]] = {name: [] for name in formats}
    took = dict.fromkeys(formats, 0.0)
    with one_thread():
        for at in range(0, len(ids), BLOCK):
            for name, network in formats.items():
                began = time.process_time()
                points[name] += [encode._step([row], network)[0] for row in ids[at : at + BLOCK]]
                took[name] += time.process_time() - began
    return {k: np.stack(v) for k, v in points.items()}, {k: v / len(texts) * 1e3 for k, v in took.items()}


def told(encode: Sentences, name: str, texts: list[str], answers: Any, held: Any, formats: dict[str, Any]) -> None:
    """One set."""
    from sklearn.linear_model import LogisticRegression

    taught, asked = (
        [t for t, h in zip(texts, held, strict=True) if not h],
        np.asarray(texts, dtype=object)[held].tolist(),
    )
    truth = answers[held]
    head = LogisticRegression(C=STRENGTH, max_iter=300).fit(encode(taught, quick=True)[0], answers[~held])
    ids = encode._cut(taught)
    order = np.argsort([len(row) for row in ids], kind="stable")
    coarse = np.empty((len(taught), encode.width), dtype=np.float32)
    for at in range(0, len(order), 32):
        coarse[order[at : at + 32]] = encode._step([ids[i] for i in order[at : at + 32]], formats["int8"])
    own = LogisticRegression(C=STRENGTH, max_iter=300).fit(coarse, answers[~held])
    points, took = alone(encode, asked, formats)
    full = head.predict(points["plain"])
    print(
        f"{name}: {len(taught)} taught, {len(asked)} held out, {np.mean([len(r) for r in encode._cut(asked)]):.0f} tokens; full digits {(full == truth).mean():.2%}"
    )
    for kind, given, by in [*((k, p, head) for k, p in points.items()), ("int8, own head", points["int8"], own)]:
        found = by.predict(given)
        lost = 100.0 * ((full == truth).astype(float) - (found == truth))
        half = 1.96 * lost.std() / np.sqrt(len(lost))
        cosine = (given * points["plain"]).sum(axis=1).min()
        print(
            f"  {kind:15} {took[kind.partition(',')[0]]:5.1f} ms  cosine {cosine:.7f}  {int((found != full).sum()):3d} answers changed  lost {lost.mean():+.2f} ± {half:.2f} points"
        )


def main() -> None:
    """Print what was measured."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--only", nargs="*", default=["sst2_sentences", "movie_reviews_mr"])
    given = asked.parse_args()
    encode = Sentences(find(), 256)
    formats = networks(encode)
    for name in given.only:
        told(encode, name, *SETS[name](given.data), formats)


if __name__ == "__main__":
    main()
