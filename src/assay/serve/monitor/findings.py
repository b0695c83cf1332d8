"""How does the traffic of the last hours stand against training?

The questions of the drift check, put to counts instead of rows: each column, all columns together (without the pairs), and how sure fold models were of
some of the rows. One look at traffic that has not moved says in at most one of twenty that it has; whoever looks every hour for a year will see false alarms, and
the note says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from assay.checks import _held as held
from assay.checks.drift import LEAST_ROWS, Drift, Standing
from assay.kernel.data import Floats, plain_number
from assay.kernel.findings import Finding
from assay.kernel.words import Say
from assay.stats.alarms import GoodScores
from assay.stats.box_sets import BoxSets
from assay.stats.drift import Moved, risen, tally_moved
from assay.stats.profile import Profile

from .summaries import FEW, HIDDEN, Layout, named

HOUR = 3600


def traffic(layout: Layout, hours: Sequence[tuple[int, Floats]], waiting: int = 0) -> dict[str, Any]:
    """How many rows came in each hour, and what was answered; `waiting` of them are too few to be written as yet."""
    at, whole = layout.at, _summed(layout, hours)
    rows = int(whole[at["rows"]][0])
    labels = [name if isinstance(name, str) else plain_number(name) for name in named(layout.model)]
    counts = whole[at["answers"]].astype(int).tolist()
    return {
        "rows": rows,
        "since": _time(hours[0][0]) if hours else None,
        "hours": [{"hour": _time(hour), "rows": int(numbers[at["rows"]][0])} for hour, numbers in hours],
        "waiting": waiting,
        "not_looked_at": int(whole[at["left"]][0]),
        "out_of_range": int(whole[at["outside"]][0]),
        "answers": dict(zip(labels, counts, strict=True))
        if labels
        else {},  # rows by label, but boxes where these are told
        "empty": int(whole[at["empty"]][0]),  # answers without a box or label
    }


def drift(layout: Layout, hours: Sequence[tuple[int, Floats]], waiting: int = 0) -> Finding:
    """The drift check's finding on the traffic of these hours; `waiting` rows of it are too few to be written as yet."""
    whole, model, check = _summed(layout, hours), layout.model, Drift()
    n = int(whole[layout.at["rows"]][0])
    profile, answered = model.profile, _answered(layout, whole, n)
    aside = (*answered, *_waits(waiting))
    if profile is None:
        key = "nothing_private" if model.plan.privacy else "nothing"
        nothing = Say("checks/drift", key)
        return Finding(check="drift", verdict="unknown", say=nothing, rows="live", notes=aside)
    if n < LEAST_ROWS:
        few = Say("checks/drift", "few", {"n": n, "least": LEAST_ROWS})
        return Finding(check="drift", verdict="unknown", say=few, rows="live", notes=aside)
    moved = [tally_moved(one, tally) for one, tally in layout.tallies(whole) if tally.rows]
    moved += _scores(layout, whole)
    found = held.sorted_out(moved)
    joined = int(whole[layout.at["joined"]][0])
    odd = float(whole[layout.at["odd"]][0]) / joined if joined else None
    stand = Standing(
        model.plan,
        n,
        profile,
        found,
        _pulls(layout, whole),
        _together(layout, profile, whole, joined),
        _loss(layout, profile, whole),
        odd,
    )
    said = check.judged(stand, live=True)
    more = (*_unlooked(layout, whole), *_held_back(profile, n, joined))
    notes = (*said.notes, *answered, *_unseen(layout), Say("serve", "live.looks"), *_waits(waiting), *more)
    return replace(said, notes=notes, rows="live")


def _scores(layout: Layout, whole: Floats) -> list[Moved]:
    """Whether rows look odder than good rows that fold models had not learnt from.

    Only that: all models together answer good rows with lower and closer scores than each of them by itself does.
    """
    tally = layout.scored(whole)
    if layout.score is None or tally is None or not tally.rows or not layout.score[0].counted:
        return []
    return [replace(risen(layout.score[0], tally), fact=held.SCORE)]


def _answered(layout: Layout, whole: Floats, n: int) -> list[Say]:
    """What was answered, where that is no class and no value."""
    model, answers = layout.model, whole[layout.at["answers"]]
    if not n:
        return []
    if isinstance(model.conformal, GoodScores):
        most = max(1 - model.plan.level, 1 / (1 + model.conformal.of))  # of good ones
        return [Say("serve", "live.alarms", {"n": int(answers[1]), "all": n, "share": answers[1] / n, "most": most})]
    if isinstance(model.conformal, BoxSets):
        empty = int(whole[layout.at["empty"]][0])
        return [Say("serve", "live.boxes", {"n": int(answers.sum()), "all": n, "empty": empty})]
    return []


def _unseen(layout: Layout) -> list[Say]:
    """What is not looked at of such a model."""
    found, model = [], layout.model
    if model.ensemble.looks_at_pictures:
        found.append(Say("serve", "live.pictures"))
    if not named(model):
        found.append(Say("serve", "live.values"))
    return found


def _summed(layout: Layout, hours: Sequence[tuple[int, Floats]]) -> Floats:
    return np.asarray(sum((numbers for _, numbers in hours), layout.empty()))


def _pulls(layout: Layout, whole: Floats) -> dict[str, float]:
    pulls = whole[layout.at["pulls"]]
    total = float(pulls.sum())
    return {name: float(v) / total for name, v in zip(layout.model.ensemble.parts, pulls, strict=True)} if total else {}


def _together(layout: Layout, profile: Profile, whole: Floats, n: int) -> held.Together | None:
    """The mean embedding alone: how far correlations stray by chance takes more than sums of features."""
    if profile.whole is None or n < 2:
        return None
    m = len(profile.whole.mean)
    mean = whole[layout.at["mean"]] / n
    own = (whole[layout.at["square"]].reshape(m, m) - n * np.outer(mean, mean)) / (n - 1)
    size, p = profile.whole.sums_moved(n, mean, own)
    spread = float(np.trace(profile.whole.covariance))
    distance = size / spread if spread > 0 else 0.0
    return held.Together(distance, p <= held.TOGETHER, "", "", 0.0, 0.0, False, n, None, False)


def _loss(layout: Layout, profile: Profile, whole: Floats) -> held.Loss | None:
    n, total, square = whole[layout.at["loss"]].tolist()
    if profile.expected is None or n < 2:
        return None
    here = total / n
    half = 1.96 * math.sqrt(max(0.0, square / n - here**2) / (n - 1))
    return held.Loss(profile.expected.loss, here, here - half, here + half, None, False, int(n))


def _waits(rows: int) -> tuple[Say, ...]:
    return (Say("serve", "live.waits", {"n": rows, "least": FEW}),) if rows else ()


def _unlooked(layout: Layout, whole: Floats) -> list[Say]:
    left = int(whole[layout.at["left"]][0])
    return [Say("serve", "live.left", {"n": left})] if left else []


def _held_back(profile: Profile, n: int, joined: int) -> list[Say]:
    if profile.whole is None or joined >= n:
        return []
    return [Say("serve", "live.held", {"n": joined, "all": n, "least": HIDDEN})]


def _time(hour: int) -> str:
    return datetime.fromtimestamp(hour * HOUR, UTC).isoformat(timespec="minutes")
