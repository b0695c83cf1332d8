"""How well does a model that saw good parts alone tell odd ones, and where in them the defect is?

    python benchmarks/odd_pictures.py --data DATA --minutes 5

DATA holds `manufacturing_magnetic_tile`, a folder with `split.csv` (path, mask, label, split). Learnt from the good tiles of the training
part alone. Printed are the area under ROC of whole pictures, on the published test part and against every odd tile; the share of odd and
of good test tiles that raise an alarm; and the area under ROC of pixels of the odd test tiles, the pulls of places brought to the size of
the mask. Its goal is 0.88 of the first; floors: autoencoder 0.60, file size and brightness alone 0.71, a first rung 0.82.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.metrics import roc_auc_score

FOLDER, GOOD = "manufacturing_magnetic_tile", "Free"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5.0)
    asked = parser.parse_args()
    run(asked.data / FOLDER, asked.minutes)


def run(folder: Path, minutes: float) -> None:
    """Train, answer, and tell."""
    import assay

    with (folder / "split.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    learnt = [row for row in rows if row["split"] == "train" and row["label"] == GOOD]
    unseen = [row for row in rows if row not in learnt]
    with tempfile.TemporaryDirectory() as where:
        copied(folder, Path(where))
        tables = {
            name: written(Path(where) / f"{name}.csv", some) for name, some in (("good", learnt), ("new", unseen))
        }
        timer = time.monotonic()
        model = assay.train(tables["good"], task="odd", minutes=minutes)
        seconds = time.monotonic() - timer
        answers: Any = model.predict(tables["new"])
        odd = np.asarray([row["label"] != GOOD for row in unseen])
        test = np.asarray([row["split"] == "test" for row in unseen])
        alarm = answers.scores > 0
        print(f"{len(learnt)} good tiles, {minutes:g} minutes allowed, {seconds:.0f} s taken")
        print(f"area under ROC: test part {roc_auc_score(odd[test], answers.scores[test]):.3f}", end=", ")
        print(f"against all {odd.sum()} odd ones {roc_auc_score(odd, answers.scores):.3f}")
        print(f"alarms: {alarm[odd].mean():.1%} of odd ones, {alarm[~odd].mean():.1%} of {(~odd).sum()} good ones")
        heat, defect = [], []
        for place in np.flatnonzero(odd & test):
            with Image.open(folder / unseen[place]["mask"]) as image:
                mask = np.asarray(image.convert("L")) > 127
            told = model.explain(tables["new"], row=int(place) + 1, label=model.codec.labels[1]).pictures
            if told and mask.any():
                map_ = Image.fromarray(told[0].map.astype(np.float32)).resize(
                    mask.shape[::-1], Image.Resampling.BILINEAR
                )
                heat.append(np.asarray(map_).ravel())
                defect.append(mask.ravel())
        print(
            f"pixels of {len(heat)} odd test tiles: {roc_auc_score(np.concatenate(defect), np.concatenate(heat)):.3f}"
        )


def copied(folder: Path, where: Path) -> None:
    """The pictures under another folder: a link that leads elsewhere would be refused."""
    for path in folder.rglob("*.jpg"):
        target = where / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    """A table of their names."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("picture",), *((row["path"],) for row in rows)])
    return path


if __name__ == "__main__":
    main()
