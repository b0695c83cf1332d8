"""What does the membership audit cost, and are its figures right where the truth is known?

Seconds of `standard` on a boosted model of 30,000 rows, against one fit of the same pipeline on all rows, and of `quick` on 10,000;
how often an interval of a null model holds a half and its bound is 0; how often the bound exceeds the ε of randomised response.

    python benchmarks/membership.py [--data taiwan_credit_default.csv.gz --target "default payment"] [--rows 30000] [--draws 100]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np

import assay
from assay.auditing.evidence import from_training
from assay.auditing.examine import examine
from assay.checks.membership import LEVEL
from assay.kernel.clock import Clock
from assay.kernel.data import Dataset
from assay.kernel.plan import Plan
from assay.kernel.threads import at_most, cores
from assay.planning.draw import draw
from assay.planning.wishes import Wishes
from assay.privacy.bounds import bound
from assay.privacy.exposure import auc
from assay.privacy.games import played
from assay.search.ensemble import Member
from assay.search.pool import Pooled, learnt_from, of_refits, pooled
from assay.search.run import Found, search

Searched = tuple[Plan, Dataset, Found]


def table(rows: int, seed: int = 0) -> dict[str, Any]:
    """Fifteen numbers, two classes, and much noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 15))
    score = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + 0.5 * x[:, 3] - 1
    y = rng.random(rows) < 1 / (1 + np.exp(-score))
    return {f"x{i}": x[:, i] for i in range(15)} | {"y": np.where(y, "yes", "no").tolist()}


def searched(source: Any, target: str, tier: str, learner: str = "boosting", **wishes: Any) -> Searched:
    """One candidate of a learner, beside the constant guess."""
    asked = Wishes(target=target, learners=("constant", learner), membership=tier, **wishes)
    plan, opened = draw(assay.read(source), asked)
    guess, *others = plan.candidates
    plain = [c for c in others if not c.settings.get("random_splits") and not c.settings.get("craft")]
    plan = replace(plan, candidates=(guess, (plain or others)[0]))
    return plan, opened, search(plan, opened, Clock.start(), lambda event: None)


def told(have: Searched, members: Pooled) -> Any:
    """The finding."""
    plan, opened, found = have
    given = from_training(found, found.ensemble, plan, opened, 1000, 1.0, Clock.start(), None, members)
    return examine(given, only=["membership"])[0]


def cost(have: Searched) -> None:
    """Seconds of the audit, with all cores, against those of one fit, with as many as are fastest."""
    plan, opened, found = have
    one = np.inf
    for cores_ in (1, cores()):  # with few rows, or a busy machine, one thread is faster
        started = time.perf_counter()
        with at_most(cores_):
            learnt_from(found, plan, opened, np.arange(opened.rows), np.arange(0), -1, Clock.start())
        one = min(one, time.perf_counter() - started)
    started = time.perf_counter()
    members = pooled(found, found.ensemble, plan, opened, Clock.start())
    refits = time.perf_counter() - started
    finding = told(have, members)
    spent = refits + finding.seconds
    print(
        f"one fit on {opened.rows} rows {one:.1f} s; standard {spent:.1f} s (refits {refits:.1f}): {spent / one:.1f} fits"
    )
    print(finding.say.text())
    for name in ("auc", "tpr_01", "lira_auc", "loss_auc", "loss_tpr_01", "epsilon"):
        m = finding.measure(name)
        print(f"  {name:12} {m.value:.4f}" + ("" if m.low is None else f" ({m.low:.4f} to {m.high:.4f})"))


def quick(source: Any, target: str) -> None:
    """Seconds of `quick`."""
    have = searched(source, target, "quick")
    plan, opened, found = have
    finding = told(have, pooled(found, found.ensemble, plan, opened, Clock.start()))
    m = finding.measure("auc")
    print(
        f"quick on {opened.rows} rows: {finding.seconds:.2f} s, AUC {m.value:.4f} ({m.low:.4f} to {m.high:.4f}) on {m.n}"
    )


def null(have: Searched, draws: int) -> None:
    """Real refits whose coins are drawn anew, so that they have nothing to do with them; then the constant guess on its own halves."""
    plan, opened, found = have
    made = of_refits(found, found.ensemble, plan, opened, Clock.start())
    rng, held, zero = np.random.default_rng(0), 0, 0
    for _ in range(draws):
        some = np.sort(rng.choice(opened.rows, min(3_000, opened.rows), replace=False))
        coins = rng.random((len(made.inside), len(some))) < 0.5
        drawn = replace(made, rows=some, units=np.arange(len(some)), inside=coins, losses=made.losses[:, some])
        held, zero = _counted(replace(drawn, unseen=made.unseen[some]), rng, held, zero)
    print(f"null, coins drawn anew: interval holds a half in {held}, bound is 0 in {zero} of {draws}")
    held = zero = 0
    for draw_ in range(draws):
        own = searched(table(1_000, draw_), "y", "standard", "linear", seed=draw_, folds=3)
        guess = next(o for o in own[2].outcomes if o.trial.learner == "constant")
        alone = replace(own[2].ensemble, members=(Member("constant", "constant", 1.0, guess.fitted),))
        made = of_refits(replace(own[2], ensemble=alone), alone, own[0], own[1], Clock.start())
        held, zero = _counted(made, rng, held, zero)
    print(f"constant guess of 1,000 rows, which knows their share: holds in {held}, bound is 0 in {zero} of {draws}")


def _counted(made: Any, rng: np.random.Generator, held: int, zero: int) -> tuple[int, int]:
    judged = played(made, True, rng)
    found = auc(*judged.flat("rmia"), LEVEL)
    return held + (found.low <= 0.5 <= found.high), zero + (bound(judged.scores, judged.member).epsilon == 0)


def responses(draws: int, rows: int = 1_000) -> None:
    """Randomised response (Warner 1965), five runs a draw, one of them to choose on."""
    rng = np.random.default_rng(1)
    for epsilon in (0.0, 0.5, 1.0, 2.0, 4.0):
        bounds = []
        for _ in range(draws):
            coins = rng.random((5, rows)) < 0.5
            kept = rng.random(coins.shape) < 1 / (1 + np.exp(-epsilon))
            said = np.where(kept, coins, ~coins) + 0.5 * rng.random((3, 5, rows))
            bounds.append(bound(said, coins).epsilon)
        above = float(np.mean(np.asarray(bounds) > epsilon))
        print(
            f"randomised response ε {epsilon}: bound {np.median(bounds):.2f} (median), above the truth in {above:.1%}"
        )


def main() -> None:
    """Print all of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data")
    asked.add_argument("--target", default="y")
    asked.add_argument("--rows", type=int, default=30_000)
    asked.add_argument("--draws", type=int, default=100)
    said = asked.parse_args()
    source, target = (said.data, said.target) if said.data else (table(said.rows), "y")
    have = searched(source, target, "standard")
    cost(have)
    quick(table(10_000), "y")
    null(have, said.draws)
    responses(4 * said.draws)


if __name__ == "__main__":
    main()
