"""How often is a model of pictures, trained from scratch in a few minutes on two cores, right on pictures that it never saw?

    python benchmarks/pictures.py --data DATA --results pictures.jsonl --minutes 10 [--only flowers …]
    python benchmarks/pictures.py --results pictures.jsonl --tell
    python benchmarks/pictures.py --step

DATA is a folder of the sets named below, each a folder with `split.csv` (path, label, split). No pretrained weights, no network: the floor
beside each is the figure of histograms of gradients with logistic regression that its keepers state. `--step` prints a ratio taken in
one run: pictures a second of our training step against a bare torch loop of the same network, by turns.
"""

from __future__ import annotations

import argparse
import csv
import functools
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

SETS = {  # folder, floor, goal
    "flowers": ("images_flowers", 0.490, 0.75),
    "gtsrb": ("transport_gtsrb", 0.747, 0.97),
    "magnetic tile": ("manufacturing_magnetic_tile", 0.915, 0.95),
}
ROUNDS, STEPS = 5, 10


def run(data: Path, name: str, minutes: float) -> dict[str, Any]:
    """Train on the rows of the training part, and answer the others."""
    import assay

    folder = data / SETS[name][0]
    with (folder / "split.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with tempfile.TemporaryDirectory() as where:
        parts = {}
        for part in ("train", "test"):
            parts[part] = Path(where) / f"{part}.csv"
            own = [(f"pictures/{row['path']}", row["label"]) for row in rows if row["split"] == part]
            with parts[part].open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([("picture", "label"), *own])
        linked(folder, Path(where) / "pictures")
        timer = time.monotonic()
        model = assay.train(parts["train"], target="label", minutes=minutes)
        seconds = time.monotonic() - timer
        timer = time.monotonic()
        answers = model.predict(parts["test"])
        answering = time.monotonic() - timer
        truth = [row["label"] for row in rows if row["split"] == "test"]
        right = np.asarray([str(a) for a in answers.answer]) == np.asarray(truth)
        honest = {m.name: m.value for m in model.findings[0].measures}
        saved = model.save(Path(where) / "model.assay")
        ledger = [(t.name, t.status, round(t.seconds, 1), t.loss, round(t.weight, 3)) for t in model.ledger]
        return {
            "set": name, "minutes": minutes, "seconds": seconds, "accuracy": float(right.mean()), "n": len(right),
            "cross_fitted": honest.get("accuracy"), "answering": answering, "bytes": saved.stat().st_size,
            "ledger": [line for line in ledger if line[1] == "done"],
        }  # fmt: skip


def linked(folder: Path, where: Path) -> None:
    """The pictures under another folder, as hard copies: a link that leads elsewhere would be refused."""
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".csv":
            target = where / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


def tell(results: Path) -> None:
    """A table of what was measured."""
    print("set | minutes | accuracy (n) | cross-fitted | floor | goal | file")
    for line in results.read_text(encoding="utf-8").splitlines():
        r = json.loads(line)
        _, floor, goal = SETS[r["set"]]
        size = f"{r['bytes'] / 1e6:.1f} MB"
        print(
            f"{r['set']} | {r['minutes']:g} | {r['accuracy']:.3f} ({r['n']}) | {r['cross_fitted']:.3f} | {floor} | {goal} | {size}"
        )


def step() -> None:
    """Our training step against a bare loop of the same network: pictures a second, by turns."""
    import torch

    from assay.kernel.forms import Head
    from assay.learners.residual import Residual
    from assay.neural.chain import learning
    from assay.neural.device import halves_are_fast
    from assay.neural.one_thread import one_thread
    from assay.neural.picture_training import PictureTraining, Rows
    from assay.pictures.warp import Views

    form = Residual(side=128, width=32, stems=2).form()
    rng, n = np.random.default_rng(0), 256
    pixels = rng.integers(0, 256, (n, form.side, form.side, 3), dtype=np.uint8)
    y = np.eye(5, dtype=np.float32)[rng.integers(5, size=n)]
    rows = Rows((pixels,), np.ones((n, 1), dtype=bool), np.zeros((n, 0), np.float32), y, np.ones(n, np.float32))
    with one_thread():
        ours = PictureTraining(form, rows, np.zeros(5), Head.classes(5), rng)
        chain = learning(torch, form.pieces, rng)
        last = torch.nn.Linear(form.pieces[-1].outward, 5)
        optimiser = torch.optim.AdamW([*chain.parameters(), *last.parameters()], lr=1e-3, fused=True)
        x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(64).contiguous(memory_format=torch.channels_last)
        goal = torch.from_numpy(y.argmax(axis=1))

        def bare() -> None:
            at = int(rng.integers(n // form.batch)) * form.batch
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=halves_are_fast()):
                maps = chain(x[at : at + form.batch])
            loss = torch.nn.functional.cross_entropy(last(maps.float().mean(dim=(2, 3))), goal[at : at + form.batch])
            loss.backward()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

        for views in (Views(strength=0.0), form.views):
            ratios = []
            for _ in range(ROUNDS):
                seconds = []
                for mine in (True, False):
                    one = functools.partial(ours._step, 1e-3, form.side, views) if mine else bare
                    one()
                    timer = time.perf_counter()
                    for _ in range(STEPS):
                        one()
                    seconds.append(time.perf_counter() - timer)
                ratios.append(seconds[1] / seconds[0])
            said = "views as far as they go" if views.strength else "pictures as they are"
            print(
                f"{said}: {np.median(ratios):.2f} of a bare loop's pictures a second ({min(ratios):.2f} to {max(ratios):.2f})"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--only", nargs="+", default=list(SETS))
    parser.add_argument("--tell", action="store_true")
    parser.add_argument("--step", action="store_true")
    asked = parser.parse_args()
    if asked.step:
        step()
    elif asked.tell:
        tell(asked.results)
    else:
        for name in asked.only:
            found = run(asked.data, name, asked.minutes)
            print(json.dumps(found), flush=True)
            with asked.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
