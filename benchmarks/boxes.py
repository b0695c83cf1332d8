"""How well are things found in pictures, by a detector trained from scratch in a few minutes on two cores, on pictures that it never saw?

    python benchmarks/boxes.py --data DATA --results boxes.jsonl --minutes 15 [--only bccd pcb …]
    python benchmarks/boxes.py --results boxes.jsonl --tell
    python benchmarks/boxes.py --data DATA --minutes 2 --one

DATA is a folder of the sets named below: blood cells in Pascal VOC (train and validation learnt from, test measured), and circuit boards
(`split.csv`: image, template, annotation, split) with their templates as references, and without them. No pretrained weights, no network.
Average precision is that of COCO, over all classes. The floor is that of a net of 0.7 million parameters that the keepers trained. `--one` prints a
ratio taken in one run: a picture of blood cells from its file to its answer, against a bare ONNX Runtime session on what the same model exports.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pictures import linked

SETS = {  # folder, floor and goal of AP50, goal of AP50-95
    "bccd": ("medical_bccd", 0.893, 0.92, 0.58),
    "pcb": ("manufacturing_deeppcb", 0.858, 0.85, None),
    "pcb alone": ("manufacturing_deeppcb", 0.604, None, None),
}
DEFECTS = ("", "open", "short", "mousebite", "spur", "copper", "pin-hole")  # by number
ONES = 40  # pictures that are asked alone
Rows = list[dict[str, str]]


def run(data: Path, name: str, minutes: float) -> dict[str, Any]:
    """Train on the rows of the training part, and find things in the others."""
    import assay
    from assay.kernel.data import Column
    from assay.stats.found_boxes import figures, found_at
    from assay.tasks.boxes import Boxes

    folder = data / SETS[name][0]
    with tempfile.TemporaryDirectory() as where:
        linked(folder, Path(where) / "pictures")
        parts = blood(Path(where) / "pictures") if name == "bccd" else boards(folder, name == "pcb")
        paths = {part: written(Path(where) / f"{part}.csv", rows) for part, rows in parts.items()}
        kinds = {"template": "picture:against image"} if name == "pcb" else {}
        timer = time.monotonic()
        model = assay.train(paths["train"], target="boxes", minutes=minutes, kinds=kinds)
        seconds = time.monotonic() - timer
        timer = time.monotonic()
        answers = model.predict(paths["test"])
        answering = time.monotonic() - timer
        cells = Column.of_words("boxes", [row["boxes"] for row in parts["test"]])
        y = Boxes().encode(cells, model.codec)
        at = found_at(answers.found.reshape(len(y), -1), y)
        told = np.where(answers.sets, answers.found[:, :, 0], np.inf).min(axis=1, initial=np.inf)
        things = (~np.isnan(at)).sum(axis=1)
        kept = float(((at >= told[:, None]).sum(axis=1)[things > 0] / things[things > 0]).mean())
        found = figures(answers.found.reshape(len(y), -1), y, None, len(model.codec.labels))
        honest = {m.name: m.value for m in model.findings[0].measures}
        saved = model.save(Path(where) / "model.assay")
        promised = next(f for f in model.findings if f.check == "objects")
        return {
            "set": name, "minutes": minutes, "seconds": seconds, "ap50": found.ap50, "ap": found.ap, "n": len(y),
            "classes": dict(zip(model.codec.labels, found.by_class(0.5).round(3).tolist(), strict=True)),
            "cross_fitted": [honest.get("ap50"), honest.get("ap")], "answering": answering,
            "bytes": saved.stat().st_size, "promise": promised.notes[0].text("en"), "kept": kept, "look": detail(model),
        }  # fmt: skip


def one(data: Path, minutes: float) -> None:
    """One picture from its file to its boxes, against a bare session on its pixels, by turns: medians of milliseconds, one thread each."""
    import onnxruntime
    import torch

    import assay
    from assay.exporting_boxes import boxes_graph, feeds_of_picture

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as where:
        linked(data / SETS["bccd"][0], Path(where) / "pictures")
        parts = blood(Path(where) / "pictures")
        paths = {part: written(Path(where) / f"{part}.csv", rows) for part, rows in parts.items()}
        model = assay.train(paths["train"], target="boxes", minutes=minutes, checks=())
        told = model.export(Path(where) / "m.onnx", paths["test"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(Path(where) / "m.onnx"), options, ["CPUExecutionProvider"])
        rows, graph = assay.read(paths["test"]), boxes_graph(model.ensemble, model.codec.labels)
        opened, names = model._opened(rows), rows["image"].texts().tolist()
        took: dict[str, list[float]] = {"ours": [], "bare": []}
        for row in range(min(ONES, rows.rows)):
            cells = {"image": str(Path(where) / names[row])}  # a file that nobody has looked at
            feeds = feeds_of_picture(graph, model.ensemble.encoders[0].grids(opened.take(np.asarray([row]))))
            for name, ask in (("ours", partial(model.predict, cells)), ("bare", partial(session.run, None, feeds))):
                timer = time.process_time()
                ask()
                took[name].append(1000 * (time.process_time() - timer))
        ours, bare = (float(np.median(took[name][1:])) for name in took)
        networks = len(model.ensemble.encoders)
        print(f"{told}")
        print(
            f"{networks} networks, {detail(model)['pixels']} pixels: ours {ours:.1f} ms of CPU, bare session {bare:.1f} ms, {ours / bare:.2f} times"
        )


def detail(model: Any) -> Any:
    """What the detector of the first fold looks at."""
    member = model.ensemble.members[0].folds[0].about()
    return {key: member[key] for key in ("pixels", "strides", "epochs", "mirrored", "weights")}


def blood(folder: Path) -> dict[str, Rows]:
    """Cells on slides, as the reader of Pascal VOC tells them."""
    import assay

    table = assay.read(folder)
    columns = (table[name].texts().tolist() for name in ("picture", "boxes", "split"))
    parts: dict[str, Rows] = {"train": [], "test": []}
    for picture, boxes, part in zip(*columns, strict=True):
        if boxes is not None:
            parts["test" if part == "test" else "train"].append({"image": f"pictures/{picture}", "boxes": boxes})
    return parts


def boards(original: Path, templates: bool) -> dict[str, Rows]:
    """Circuit boards, their defects, and the templates that they were made by."""
    parts: dict[str, Rows] = {"train": [], "test": []}
    with (original / "split.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            boxes = []
            for line in (original / row["annotation"]).read_text().splitlines():
                left, top, right, bottom, kind = map(int, line.split())
                boxes.append([DEFECTS[kind], left, top, right - left, bottom - top])
            own = {"image": f"pictures/{row['image']}", "boxes": json.dumps(boxes)}
            if templates:
                own["template"] = f"pictures/{row['template']}"
            parts[row["split"]].append(own)
    return parts


def written(path: Path, rows: Rows) -> Path:
    """A table of them."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def tell(results: Path) -> None:
    """A table of what was measured."""
    print("set | minutes (taken) | AP50 | AP50-95 (n) | cross-fitted | floor | goals | file")
    for line in results.read_text(encoding="utf-8").splitlines():
        r = json.loads(line)
        _, floor, *goals = SETS[r["set"]]
        crossed = ", ".join("–" if v is None else f"{v:.3f}" for v in r["cross_fitted"])
        took = f"{r['minutes']:g} ({r['seconds']:.0f} s)"
        print(
            f"{r['set']} | {took} | {r['ap50']:.3f} | {r['ap']:.3f} ({r['n']}) | {crossed} | {floor} | {goals} | {r['bytes'] / 1e6:.1f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--results", type=Path, default=Path("boxes.jsonl"))
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--only", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--tell", action="store_true")
    parser.add_argument("--one", action="store_true")
    asked = parser.parse_args()
    if asked.one:
        one(asked.data, asked.minutes)
        return
    if asked.tell:
        tell(asked.results)
        return
    for name in asked.only:
        found = run(asked.data, name, asked.minutes)
        with asked.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")
        print(found, flush=True)


if __name__ == "__main__":
    main()
