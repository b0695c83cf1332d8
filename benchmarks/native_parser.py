"""How often does one changed number in a LightGBM model text bring the process down?

    OMP_NUM_THREADS=1 python benchmarks/native_parser.py

Changes one number of a sound model text, gives it to LightGBM in a process of its own, and counts how each ended.
This is why the text is only ever rendered from checked arrays (docs/decisions/0004-trees-are-arrays.md).
"""

from __future__ import annotations

import collections
import os
import re
import signal
import sys
import time

import lightgbm as lgb
import numpy as np

TRIALS, PATIENCE = 300, 10.0  # mutations; seconds until one counts as hanging
NUMBERS = ["-1", "0", "7", "255", "-40000", "100000", "2147483647", "1e300", "nan"]


def sound() -> tuple[str, np.ndarray]:
    """A model text and rows for it."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 4))
    rows[:, 2] = rng.integers(0, 70, 300)
    data = lgb.Dataset(rows, rows[:, 0] + np.sin(rows[:, 2] ** 2), categorical_feature=[2])
    fixed = {"objective": "regression", "verbose": -1, "num_threads": 1, "min_data_per_group": 2, "num_leaves": 6}
    return lgb.train(fixed, data, 3).model_to_string().partition("\nfeature_importances")[0], rows[:20]


def changed(text: str, rng: np.random.Generator) -> str:
    """The text with one of its numbers replaced."""
    found = [m for m in re.finditer(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text) if m.start() > text.index("num_class")]
    spot = found[rng.integers(len(found))]
    return text[: spot.start()] + str(rng.choice(NUMBERS)) + text[spot.end() :]


def outcome(text: str, rows: np.ndarray) -> str:
    """How a process of its own ends that loads the text and predicts."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        try:
            booster = lgb.Booster(model_str=text)
            booster.predict(rows, raw_score=True)
            booster.predict(rows, pred_contrib=True)
        except (lgb.basic.LightGBMError, ValueError):
            os._exit(1)
        os._exit(0)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if os.WIFSIGNALED(status):
                return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
            return ("answers", "typed error")[os.WEXITSTATUS(status) != 0]
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return f"still running after {PATIENCE:.0f} s"


def main() -> int:
    text, rows = sound()
    rng = np.random.default_rng(0)
    seen = collections.Counter(outcome(changed(text, rng), rows) for _ in range(TRIALS))
    for what, times in seen.most_common():
        print(f"{what:<32}{times:>6} of {TRIALS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
