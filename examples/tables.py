"""Writes the tables of the demo: real data that packages carry.

breast_cancer  569 × 30, diagnosis from cell nuclei (Wolberg, Street & Mangasarian; UCI, CC BY 4.0), in scikit-learn
rand_health    20,190 × 10, visits to a doctor in the RAND Health Insurance Experiment (public domain), in statsmodels
"""

from __future__ import annotations

import sys
from pathlib import Path


def breast_cancer(folder: Path) -> Path:
    """Diagnosis by name, so that answers read as words."""
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer(as_frame=True)
    table = found.frame.rename(columns={"target": "diagnosis"})
    table["diagnosis"] = [found.target_names[k] for k in table["diagnosis"]]
    path = folder / "breast_cancer.csv"
    table.to_csv(path, index=False)
    return path


def rand_health(folder: Path) -> Path:
    """Any visit to a doctor in the year, from insurance plan and health; codes written out as words."""
    from statsmodels.datasets import randhie

    table = randhie.load_pandas().data
    table["visited"] = ["yes" if n > 0 else "no" for n in table.pop("mdvis")]
    health = ["excellent", "good", "fair", "poor"]
    flags = table[["hlthg", "hlthf", "hlthp"]].to_numpy()
    table["health"] = [health[int(row.argmax()) + 1 if row.any() else 0] for row in flags]
    table["limitation"] = ["yes" if v else "no" for v in table.pop("physlm").round()]
    table = table.drop(columns=["hlthg", "hlthf", "hlthp"])
    path = folder / "rand_health.csv"
    table.to_csv(path, index=False)
    return path


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    place.mkdir(exist_ok=True)
    for make in (breast_cancer, rand_health):
        print(make(place))
