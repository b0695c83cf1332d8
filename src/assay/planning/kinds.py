"""What kind of thing does each column hold, and what is it for?

Every modality bids for every column; the best bid gives the kind, the second the runner-up. Columns that can teach
nothing (constant, empty, an id) get a role that says so, with the reason.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DoesNotApply, Part, RequestError, Sentences, UnknownKey
from assay.kernel.hints import unknown
from assay.kernel.labels import MOST_LOOKED_AT, are_codes
from assay.kernel.plan import ColumnPlan
from assay.kernel.plugins import ChoosesWay, Claim, NamesVariants, Refers, modality_of
from assay.kernel.shelf import shelf
from assay.kernel.words import Say, refusal
from assay.language.personal import FEW_HOLD, masked, sketched

from .named import other_names
from .portfolio import learners_by_candidate
from .wishes import Wishes

LEAST_FIT = 0.15  # of a runner-up that is worth naming
KNOWN_TO_READERS = ("id", "dropped")  # roles that a reader may give: where a row comes from is nothing to learn from
LEAST_FOR_ID = 20  # rows below which "all different" means little
CUT = 60  # letters of an example
NEARLY = 0.98  # of the cells that are there, and of those that differ, where the name says id
ID_NAME = re.compile(
    r"(^|[\W_\u4e00-\u9fff])(id|ids|uid|udi|uuid|guid|key|nr|no|num|number|index|idx|phone|mobile|telephone|tel|ssn|mrn)$|(?-i:[a-z]I[dD]$)"
    r"|^(p|s|r|case|stud(y|ent)|patient|subj(ect)?|person|resp(ondent)?|user|cust(omer)?|client|member|emp(loyee)?|acc(oun)?t|trans(action)?"
    r"|order|product|item|record|loan|policy|claim)id$"
    r"|编号|序号|号码|证号|证件|账号|卡号|手机|电话|(学|工|病历|病人|患者|住院|门诊|就诊|客户|用户|会员|学生|员工|设备|档案|合同|贷款|订单|运单|单|案|户|流水|车牌)号$",
    re.IGNORECASE,
)
ROW_NAME = re.compile(  # what libraries call the row numbers that they write beside a table, and people do
    r"unnamed: 0|column_1|_c0|\.\.\.1|x1?|level_0|__index_level_0__|row|row[\W_]?(names?|numbers?)|obs|observation|record|case",
    re.IGNORECASE,
)
YEAR_NAME = re.compile(r"(^|[\W_])(years?|yr)($|[\W_])|(?-i:[a-z]Year$)|年份|年度|年$", re.IGNORECASE)
FIRST_YEAR, LAST_YEAR = 1000, 2500
SPREAD = 4  # numbers a row among which row numbers lie, rows having been drawn; measured as finely, a quantity would have ties


@dataclass(frozen=True)
class Bid:
    """A kind (with its variant) and how well it fits."""

    kind: str
    claim: Claim

    @property
    def to_ask_for(self) -> str:
        """The kind as a person would name it, who has no choice in how the column is written."""
        return self.kind.removesuffix(f":{self.claim.as_met}") if self.claim.as_met else self.kind


def bids(column: Column) -> list[Bid]:
    """Every modality's bid that applies, the best first."""
    found = []
    for plugin in shelf("modalities").ready():
        try:
            claim = plugin().recognise(column)
        except DoesNotApply:
            continue
        found.append(Bid(":".join(filter(None, (plugin.about.key, claim.variant, claim.as_met))), claim))
    return sorted(found, key=lambda bid: -bid.claim.fit)


def check_names(data: Dataset, wishes: Wishes) -> None:
    """Every column the user named must be there, every kind must exist: all mistakes are told together."""
    known = list(data.names)
    problems = [unknown("column", name, known) for name in wishes.named() if name not in data]
    keys = shelf("modalities").keys()
    problems += [unknown("kind", k, keys) for k in wishes.kinds.values() if k.partition(":")[0] not in keys]
    asked = [modality_of(k) for k in wishes.kinds.values() if k.partition(":")[0] in keys]
    problems += [_no_variant(m) for m in asked if isinstance(m, NamesVariants) and not _is_variant(m)]
    referred = [m.refers for m in asked if isinstance(m, Refers) and m.refers]
    problems += [unknown("column", name, known) for name in referred if name not in data]
    learners, single = shelf("learners").keys(), learners_by_candidate()
    named = [key for key in (*wishes.learners, *wishes.also) if key not in learners and key not in single]
    also = (*other_names(), *single) if named else ()
    problems += [unknown("learners", key, learners, most=len(learners), also=also) for key in named]
    if problems:
        others = data.source.details.get("other_sheets")
        name = others[0] if others and len(others) == 1 else "NAME"  # which of several holds the column is not known
        cures: list[Part] = [Say("planning", "names.sheets", {"sheets": list(others), "name": name})] if others else []
        encoding = str(data.source.details.get("encoding", "utf"))
        if not encoding.startswith("utf"):  # found out by how plausible it looks
            cures.append(Say("planning", "names.encoding", {"encoding": encoding}))
        do: Part = Sentences(cures) if cures else ""
        raise refusal(RequestError, "planning", "names", expected=Sentences(problems), do=do, name=data.source.name)
    _check_one_target(data, wishes)


def _check_one_target(data: Dataset, wishes: Wishes) -> None:
    """Of several columns that bear the target's name in the source, all but one must be left out, or named for something.

    Which of them is meant nobody knows, and what stands in another may be the answer.
    """
    renamed = data.source.details.get("renamed")
    if not isinstance(renamed, Mapping):
        return
    own = renamed.get(wishes.target, wishes.target)
    twins = [name for name in (own, *(new for new, name in renamed.items() if name == own)) if name != wishes.target]
    if lost := [name for name in twins if not wishes.role_of(name)]:
        said: dict[str, Any] = {"name": data.source.name, "target": own, "n": 1 + len(twins)}
        options = " ".join(f"--drop {shlex.quote(name)}" for name in lost)
        raise refusal(RequestError, "planning", "several_targets", **said, options=options)


def _is_variant(modality: NamesVariants) -> bool:
    return not modality.variant or re.fullmatch(modality.variants, modality.variant) is not None


def _no_variant(modality: NamesVariants) -> UnknownKey:
    key = modality.about.key
    known = [key, *(f"{key}:{one}" for one in modality.some)]
    return unknown("kind", f"{key}:{modality.variant}", known, most=len(known))


def plan_column(column: Column, wishes: Wishes) -> tuple[Column, ColumnPlan]:
    """The opened column and its plan."""
    asked_kind, asked_role = wishes.kinds.get(column.name, ""), wishes.role_of(column.name)
    known = "" if asked_role or column.role not in KNOWN_TO_READERS else column.role
    asked_role = asked_role or known
    if asked_role in ("id", "group") and not asked_kind:
        asked_kind = "category"  # names of rows and people stay as written: as numbers, long ones would become one
    found = bids(column)
    kind = _as_met(asked_kind, found, column) or (found[0].kind if found else "category")
    why = Say("planning", "why.asked") if asked_kind or not found else found[0].claim.why
    others = [bid for bid in found if bid.kind.partition(":")[0] != kind.partition(":")[0]]
    runner_up = others[0].to_ask_for if others and others[0].claim.fit >= LEAST_FIT else ""
    opened = modality_of(kind).open(column)
    role, reason = (asked_role, None) if asked_role else _role(opened.column, column, bool(asked_kind))
    if known:
        reason = Say("planning", "why.reader")
    if asked_role == "dropped":
        reason = Say("planning", "why.asked")
    if asked_role == "audited":
        reason = Say("planning", "why.audited")
    if asked_role == "feature" and (useless := _useless(opened.column)):
        role, reason = "dropped", useless
    if role == "dropped" and opened.misfits and opened.column.missing.all():
        reason = Say("planning", "why.all_misfit", {"kind": Say(f"modalities/{kind.partition(':')[0]}", "title")})
    plan = ColumnPlan(
        name=column.name,
        kind=kind,
        role=role,
        why=reason or why,
        runner_up=runner_up,
        missing=int(opened.column.missing.sum()),
        misfits=opened.misfits,
        examples=tuple(_shown(example, column) for example in opened.examples),
        distinct=opened.column.distinct,
    )
    return replace(opened.column, kind=kind, role=role), plan


def _shown(example: str, column: Column) -> str:
    """A cell that did not read, as it may stand in a report and a file, which more people read than the table."""
    hidden = masked(example)
    if hidden != example or column.levels is None:
        return hidden
    cut = len(example) >= CUT
    alike = [level.startswith(example) if cut else level == example for level in column.levels.tolist()]
    held = int(np.isin(column.cells, np.flatnonzero(alike)).sum())  # none where the example tells more than the cell
    return sketched(example) if 0 < held < FEW_HOLD else example


def _as_met(asked: str, found: list[Bid], column: Column) -> str:
    """The kind that was asked for, with what stands in the cells whoever asks: in which zone dates are, in which unit numbers.

    How cells are read is taken as it was found where the person does not say it.
    """
    key, _, variant = asked.partition(":")
    same = [bid for bid in found if bid.kind.partition(":")[0] == key]
    if same and not variant:
        return same[0].kind
    if asked and isinstance(reader := modality_of(asked), ChoosesWay) and (way := reader.way(column)):
        asked = f"{key}:{way}"
    met = same[0].claim.as_met if same else ""
    return f"{asked}:{met}" if met and met.partition(":")[0] not in asked.split(":") else asked


def _role(opened: Column, raw: Column, asked: bool) -> tuple[str, Say | None]:
    if useless := _useless(opened):
        return "dropped", useless
    if is_row_number(opened):
        return "id", Say("planning", "why.id_rows")
    levels = (
        () if raw.levels is None or asked else raw.levels[:MOST_LOOKED_AT]
    )  # of a kind that was asked for none is a code
    codes = are_codes([str(level) for level in levels])
    if looks_like_id(opened, codes):
        return "id", Say("planning", "why.id_names")
    if not asked and nearly_id(opened, codes):
        said = {"distinct": opened.distinct, "n": int((~opened.missing).sum())}
        return "id", Say("planning", "why.id_nearly", said)
    return "feature", None


def _useless(column: Column) -> Say | None:
    present = ~column.missing
    if not present.any():
        return Say("planning", "why.all_missing")
    if present.all() and (column.cells == column.cells[0]).all():
        return Say("planning", "why.constant")
    return None


def is_row_number(column: Column) -> bool:
    """Whether the cells count the rows: each one more than the last, and no years."""
    if column.store != "numbers" or len(column) < LEAST_FOR_ID:
        return False
    if YEAR_NAME.search(column.name) and column.cells[0] >= FIRST_YEAR and column.cells[-1] <= LAST_YEAR:
        return False
    return bool((np.diff(column.cells) == 1).all())


def looks_like_id(column: Column, codes: bool = False) -> bool:
    """Whether every cell is different and none is a measured quantity, a date or a text.

    codes : numbers were written as codes are
    """
    n = len(column)
    if n < LEAST_FOR_ID or column.kind not in ("category", "number") or column.missing.any() or column.distinct < n:
        return False
    if column.kind == "category" or codes:
        return True
    name, whole = column.name.strip(), bool((column.cells == np.round(column.cells)).all())
    near = float(np.ptp(column.cells)) <= SPREAD * n
    return whole and bool(ID_NAME.search(name) or (near and ROW_NAME.fullmatch(name)))


def nearly_id(column: Column, codes: bool = False) -> bool:
    """Whether the name or leading zeros say id and nearly every cell is there and different: a patient who came twice has one number."""
    n, present = len(column), ~column.missing
    named = codes or ID_NAME.search(column.name.strip())
    if n < LEAST_FOR_ID or column.kind not in ("category", "number") or not named:
        return False
    cells = column.cells[present]
    whole = column.store == "words" or bool((cells == np.round(cells)).all())
    return whole and len(cells) >= NEARLY * n and column.distinct >= NEARLY * len(cells)
