"""How is a model trained so that no single row of the table shows in it?

A road of its own beside `assay.training`: nothing here is searched, folded, stopped early, calibrated or checked on rows. What is planned
comes from the wishes and the declared schema alone; rows enter twice, through a private learner (`privacy.learner`) and `privacy.figures`
(the figures), each time as sums with Gaussian noise that an accountant adds up. Everything else in the model is made of what those released.

What the rows could change beside that: whether training is refused (told to whoever holds them), and how their file is read (its
separator, its encoding); the guarantee says so.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

import assay

from .auditing.limits import Limit, keep
from .checks.guarantee import Guarantee
from .kernel.data import Column, Dataset, Floats
from .kernel.errors import RequestError
from .kernel.findings import Finding
from .kernel.forms import PLAIN, Feature, Head
from .kernel.hints import listing
from .kernel.labels import distinct_labels
from .kernel.labels import known as known_rows
from .kernel.plan import Candidate, ColumnPlan, Plan, Splits
from .kernel.plugins import Codec, Encoder, Task, modality_of, task_of
from .kernel.shelf import shelf
from .kernel.words import Say, refusal
from .modalities.category import MISSING, Codes
from .modalities.number import Range
from .modalities.text import Factors
from .model import Model
from .planning.draw import reopen
from .planning.kinds import bids, check_names
from .planning.wishes import Wishes
from .privacy import figures
from .privacy.accounting import DELTA, Release, budgeted, secret, sigma_for
from .privacy.learner import NAMES, Aim, Learner, Learnt, learner_of
from .privacy.quality import quality
from .privacy.schema import TEXT, Declared, example, read_schema
from .search.encoders import Encoders
from .search.ensemble import Ensemble, Member
from .stats.calibration import Affine
from .stats.conformal import ClassSets, ValueIntervals
from .stats.promises import Promise

HELD = 0.15  # probability of each row to be held out for the figures
USUAL = "additive"  # learner, where none is named
KINDS = {"binary": "binary", "classes": "classes", "value": "value"}  # tasks that have a private learner
MOST_EPSILON = 20.0
SEEN = 200  # rows by which a column looks like numbers, for the example of a schema
Tell = Callable[[str, float, float], None]  # metric, the figure without noise, the figure of what ships


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was decided before any row was read."""

    plan: Plan
    task: Task
    codec: Codec
    features: tuple[Declared, ...]
    target: Declared
    learner: Learner
    ratio: float  # sensitivity over noise that the budget allows

    @property
    def key(self) -> str:
        """The learner of the shelf whose form the model is kept in: it explains, exports and serves as that does."""
        return self.plan.candidates[0].learner

    @property
    def kind(self) -> str:
        """The kind of residual: "value", "binary" or "classes"."""
        return KINDS[self.plan.task]

    @property
    def aim(self) -> Aim:
        """What is to be learnt."""
        encoder = str(self.plan.candidates[0].settings.get("encoder", ""))
        return Aim(self.features, self.kind, len(self.codec.labels), encoder)

    @property
    def scale(self) -> tuple[float, float]:
        """Middle and half width of a value's range; (0, 1) of classes."""
        low, high = self.target.low, self.target.high
        return ((low + high) / 2, (high - low) / 2) if self.kind == "value" else (0.0, 1.0)


def asked(wishes: Wishes) -> bool:
    """Whether a guarantee is asked for. Raises RequestError where only what belongs to one is."""
    if wishes.privacy is not None:
        return True
    alone = [name for name in ("delta", "schema") if getattr(wishes, name) is not None]
    if alone:
        raise _wishes([Say("privacy", "wish.alone", {"name": f"--{name}"}) for name in alone])
    return False


def draw(data: Dataset, wishes: Wishes) -> Drawn:
    """The plan for a raw table, of which only names of columns are used, and whether its first cells read as declared. Raises RequestError that tells what cannot be private."""
    wrong = _wrong(wishes)
    if wrong:
        raise _wishes(wrong)
    check_names(data, wishes)
    dropped = {*wishes.drop, *wishes.ids}
    names = [name for name in data.names if name not in dropped]
    if wishes.schema is None:
        raise refusal(RequestError, "privacy", "no_schema", example=_example(data, names))
    schema = read_schema(wishes.schema)
    if strange := [name for name in schema if name not in data]:
        known = listing(data.names, 30)
        raise refusal(RequestError, "privacy", "unknown", names=strange, name=data.source.name, known=known)
    if lacking := [name for name in names if name not in schema]:
        shown = _example(data, lacking)
        raise refusal(RequestError, "privacy", "undeclared", n=len(lacking), names=lacking, example=shown)
    target = schema[wishes.target]
    features = tuple(schema[name] for name in names if name != wishes.target)
    if not features:
        raise refusal(RequestError, "privacy", "nothing")
    if len(target.levels) == 1:
        raise refusal(RequestError, "privacy", "one_level", target=target.name)
    if target.text:
        raise refusal(RequestError, "privacy", "text_target", target=target.name)
    key = wishes.task or ("value" if not target.levels else "binary" if len(target.levels) == 2 else "classes")
    if key not in KINDS or (key == "value") == bool(target.levels) or (key == "binary" and len(target.levels) > 2):
        raise _wishes([Say("privacy", "wish.task", {"task": key})])
    task: Task = task_of(key)
    delta = DELTA if wishes.delta is None else float(wishes.delta)
    if delta * data.rows >= 1:
        raise refusal(RequestError, "privacy", "delta", delta=f"{delta:g}", n=data.rows)
    epsilon = float(wishes.privacy or 0.0)
    name = wishes.learners[0] if wishes.learners else USUAL
    learner = learner_of(name)
    _readable_texts(features, learner)
    _readable_numbers(data, (*features, target))
    aim = Aim(features, KINDS[key], len(target.levels), wishes.encoder)
    ratio, vouch = budgeted(epsilon, delta, lambda spent: (learner.chain(aim, spent), (_held(aim.kind, spent),)))
    promise = {
        "epsilon": max(
            vouch.epsilon, epsilon
        ),  # rounded up to what was asked for; never below what the accountant found
        "delta": delta,
        "accountant": vouch.accountant,
        "unit": "row",
        "neighbours": "add or remove",
        "columns": len(features),
        "held": HELD,
        "learner": name,
        **learner.told(aim),
    }
    source, note = data.source, {"epsilon": promise["epsilon"], "delta": f"{delta:.2g}"}
    plan = Plan(
        data={"name": source.name, "reader": source.reader, "rows": None, "details": {}, "examples": []},
        target=wishes.target,
        task=key,
        task_why=Say("privacy", "why.declared"),
        columns=tuple(_column(name, schema, wishes) for name in data.names),
        splits=Splits(how="coin", folds=1),
        candidates=(Candidate(name=f"private {name}", learner=name, settings=learner.settings(aim)),),
        notes=(Say("privacy", "note.guarantee", note),),
        minutes=wishes.budget,
        level=task.about.level if wishes.level is None else wishes.level,
        readable=learner.readable,
        version=assay.__version__,
        privacy=promise,
    )
    labels = tuple(distinct_labels(Column.of_words(target.name, target.levels))) if target.levels else ()
    return Drawn(plan, task, Codec(labels=labels), features, target, learner, ratio)


def train(
    data: Dataset,
    wishes: Wishes,
    limits: Sequence[Limit] = (),
    planned: Callable[[Plan], None] | None = None,
    price: Tell | None = None,
    noise: np.random.Generator | None = None,
) -> Model:
    """A model of a raw table under the guarantee that its plan states.

    price : is told what the same learner reaches without noise on the rows held out; that figure is not private, and not in the model
    noise : for tests alone: whoever knows the seed of the noise can take it away again
    """
    drawn = draw(data, wishes)
    if planned is not None:
        planned(drawn.plan)
    rng = secret() if noise is None else noise
    table, y = _table(data, drawn)
    held = rng.random(table.rows) < HELD  # a coin for each row, so that another row moves none
    encoders = _encoders(drawn)
    taught, asked_of = (encoders.batch(table.take(np.flatnonzero(rows))) for rows in (~held, held))
    learnt = drawn.learner.learn(taught, y[~held], drawn.aim, drawn.ratio, rng)
    scores, about = learnt.scores(asked_of), HELD / (1 - HELD) * float(learnt.answers.sum())
    width, k = 2 * drawn.scale[1], drawn.aim.k
    counts = figures.count(scores, y[held], drawn.kind, k, learnt.guess, drawn.ratio, rng, width, about)
    model = _model(drawn, encoders, table, learnt, counts)
    findings, broken = keep(_findings(drawn, counts, learnt.guess, rng), limits)
    model = replace(model, findings=findings, broken_limits=broken)
    if price is not None:
        bare = drawn.learner.learn(taught, y[~held], drawn.aim, np.inf, rng)
        metric = drawn.task.metrics(drawn.codec)[1 if drawn.kind == "binary" else 0]
        middle, half = drawn.scale
        said = [metric.of(middle + half * of.scores(asked_of), _told(y[held], drawn), None) for of in (bare, learnt)]
        price(metric.key, *said)
    return model


def _wrong(wishes: Wishes) -> list[Say]:
    """Everything asked for that no guarantee can stand beside."""
    said = []

    def tell(key: str, **values: Any) -> None:
        said.append(Say("privacy", f"wish.{key}", values))

    epsilon = wishes.privacy
    if epsilon is None or not 0 < epsilon <= MOST_EPSILON:
        tell("epsilon", value=f"{epsilon:g}" if epsilon is not None else "–")
    if wishes.delta is not None and not 0 < wishes.delta < 1:
        tell("delta", value=f"{wishes.delta:g}")
    if wishes.seed:
        tell("seed")
    for name in dict.fromkeys((*wishes.learners, *wishes.also)):
        if name not in NAMES:
            tell("learner", name=name)
    if len({*wishes.learners} & {*NAMES}) > 1 or (wishes.also and {*wishes.also} <= {*NAMES}):
        tell("one")
    if wishes.group:
        tell("group", name=wishes.group)
    if wishes.membership not in ("quick", "none"):
        tell("membership", name=wishes.membership)
    for name in ("time", "weight", "audit_only"):
        if getattr(wishes, name):
            tell("role", name=f"--{name.replace('_', '-')}")
    given = {
        "--kind": wishes.kinds,
        "--trials": wishes.trials,
        "--folds": wishes.folds,
        "--sealed": wishes.sealed is not None,
        "--ship": wishes.ship not in ("", "bag"),
        "--latency": wishes.latency != "",
        "--encoder": wishes.encoder and wishes.learners not in (("encoder",), ("finetune",)),
        "--memory": wishes.memory != "",
        "--mitigate": wishes.mitigate,
        "--cost": wishes.costs,
    }
    for name, there in given.items():
        if there:
            tell("search", name=name)
    return said


def _readable_texts(features: Sequence[Declared], learner: Learner) -> None:
    """Refuse columns that the learner does not read, and a reader of texts without any. Raises RequestError."""
    texts = [one.name for one in features if one.text]
    if texts and not learner.texts:
        raise refusal(RequestError, "privacy", "unread", n=len(texts), names=texts)
    if learner.texts and not texts:
        raise refusal(RequestError, "privacy", "no_text", shape=TEXT)
    others = [one.name for one in features if not one.text]
    if others and not learner.beside:
        raise refusal(RequestError, "privacy", "texts_alone", n=len(others), names=others)


def _wishes(wrong: list[Say]) -> RequestError:
    return refusal(RequestError, "privacy", "wishes", wrong=wrong)


def more_than_rows(test: Any, checks: Sequence[str] | None) -> None:
    """Refuse what would publish rows beside the model. Raises RequestError."""
    wrong = [Say("privacy", "wish.test")] if test is not None else []
    wrong += [Say("privacy", "wish.checks")] if checks is not None else []
    if wrong:
        raise _wishes(wrong)


def _example(data: Dataset, names: Sequence[str]) -> str:
    """A schema to fill in: names, and whether they look like numbers (told to whoever holds the rows, and kept nowhere)."""
    return example([(c.name, found[0].kind if (found := bids(c)) else "") for c in _first(data, names)])


def _first(data: Dataset, names: Sequence[str]) -> Dataset:
    """The first rows, by which whoever holds them is told how cells are written; nothing of it is kept."""
    return data.only(list(names)).take(np.arange(min(data.rows, SEEN)))


def _readable_numbers(data: Dataset, declared: Sequence[Declared]) -> None:
    """Refuse numbers that are written otherwise than is declared: none of them would be learnt from. Raises RequestError."""
    numbers = {one.name: one.kind for one in declared if one.kind.startswith("number")}
    wrong = []
    for raw in _first(data, list(numbers)):
        read = modality_of(numbers[raw.name]).open(raw)
        if read.misfits > len(raw) - read.misfits - int(raw.missing.sum()):
            wrong.append(raw.name)
    if wrong:
        raise refusal(RequestError, "privacy", "misread", n=len(wrong), names=wrong, example=_example(data, wrong))


def _column(name: str, schema: Mapping[str, Declared], wishes: Wishes) -> ColumnPlan:
    """The plan for a column: its kind as declared, no count of its cells."""
    role = "target" if name == wishes.target else wishes.role_of(name) or "feature"
    declared = schema.get(name)
    kind = declared.kind if declared is not None and not (role == "target" and declared.levels) else "category"
    return ColumnPlan(
        name=name,
        kind=kind,
        role=role,
        why=Say("privacy", "why.dropped" if role in ("dropped", "id") else "why.declared"),
    )


def _held(kind: str, ratio: float) -> Release:
    """The release of the rows held out."""
    tables = 1 if kind == "binary" else 2
    return Release("held out", sigma_for(ratio, 1.0, tables), tables)


def _table(data: Dataset, drawn: Drawn) -> tuple[Dataset, NDArray[Any]]:
    """The rows whose answer is declared, opened, and their answers: classes, or values from -1 to 1."""
    table = reopen(data, drawn.plan)
    y = np.asarray(drawn.task.encode(table[drawn.target.name], drawn.codec))
    known = known_rows(y)
    table, y = table.take(known), y[known]
    if drawn.kind == "value":
        middle, half = drawn.scale
        y = np.clip((y - middle) / half, -1.0, 1.0)
    return table, y


def _told(y: NDArray[Any], drawn: Drawn) -> NDArray[Any]:
    """Answers in the unit of the target."""
    middle, half = drawn.scale
    return np.asarray(middle + half * y) if drawn.kind == "value" else np.asarray(y)


def _encoders(drawn: Drawn) -> Encoders:
    """Those of all columns, which no row has taught."""
    return Encoders(tuple((d.name, d.kind) for d in drawn.features), tuple(map(_encoder, drawn.features)))


def _encoder(one: Declared) -> Encoder:
    """The encoder of a column, made of its declaration."""
    if one.text:
        return Factors(one.name, (), np.empty(0), np.empty((0, 0), dtype=np.float32))  # knows no word
    return Codes(one.name, (*one.levels, MISSING)) if one.named else Range(one.name, *one.ends)


def _model(drawn: Drawn, encoders: Encoders, table: Dataset, learnt: Learnt, counts: figures.Counts) -> Model:
    """What was learnt in the form of its learner on the shelf, in the unit of the target."""
    middle, half = drawn.scale
    head: Head = drawn.task.head(drawn.codec)
    features: tuple[Feature, ...] = encoders.features(table)
    fitted = shelf("learners").get(drawn.key).load(learnt.box(middle, half), head, features)
    member = Member(drawn.plan.candidates[0].name, drawn.key, 1.0, (fitted,))
    ensemble = Ensemble(head, (encoders,), (member,), Affine.identity(head.width))
    level = drawn.plan.level
    promise: Promise
    if drawn.kind == "value":
        reach = np.asarray([counts.reach(level)])
        promise = ValueIntervals(np.empty(0), -reach, reach, least=middle - half, most=middle + half)  # as declared
    else:
        promise = ClassSets(counts.thresholds(level))
    rows = max(0, round(float(learnt.answers.sum()))) + counts.rows
    plan = replace(drawn.plan, data={**drawn.plan.data, "rows": rows, "rows_used": rows})
    return Model(
        plan=plan,
        codec=drawn.codec,
        ensemble=ensemble,
        conformal=promise,
        constant=middle + half * learnt.guess,
        card=_card(drawn, head, rows),
    )


def _card(drawn: Drawn, head: Head, rows: int) -> dict[str, Any]:
    """Where the model comes from; no hash of the rows and no time that hangs on them."""
    import scipy

    return {
        "created": datetime.now(UTC).strftime("%Y-%m-%d"),
        "assay": drawn.plan.version,
        "python": platform.python_version(),
        "packages": {m.__name__: m.__version__ for m in (np, scipy)},
        "seed": "",
        "rows": rows,
        "task": drawn.plan.task,
        "task_title": drawn.task.about.say("tasks", "title"),
        "target": drawn.plan.target,
        "head": head.name,
        "blend": [{"name": drawn.plan.candidates[0].name, "learner": drawn.key, "weight": 1.0}],
        "ships": "private",
        "calibrated": False,
        "interrupted": False,
    }


def _findings(drawn: Drawn, counts: figures.Counts, guess: Floats, rng: np.random.Generator) -> list[Finding]:
    """The guarantee, the figures, and what was not asked."""
    found = {
        "guarantee": Guarantee().told(drawn.plan.privacy),
        "quality": quality(counts, guess, rng, drawn.task.about, HELD),
    }
    out = []
    for plugin in shelf("checks").ready():
        key = plugin.about.key
        if key in found:
            out.append(found[key])
        elif set(drawn.task.about.gives) & set(plugin.about.takes or PLAIN):
            out.append(Finding(check=key, verdict="unknown", say=Say("auditing", "tells")))
    return out
