"""Do the names of files tell which pictures are of one thing, so that they must stay on one side of every split?

Frames of one film, views of one patient and shots of one part are no witnesses of one another: if some are learnt from and others measured,
the figure flatters. Names often tell them (patient_0012_view3.png, scene07/0001.jpg, exp1_num_108719.jpg), and as often count what has
nothing in common (img_001.jpg). So several ways of taking a key from a name are tried, the one that makes the fewest groups first, and
a key is believed only where

- many rows share theirs with others, and no group has more than a fifth of the rows;
- pictures of one key are markedly more alike than others of the same class: a picture is compared with one of its key and with some of its
  class that have another, group by group (a matched comparison, as in Mantel 1967). By chance the one of its key is nearer half the time.

A key holds a number; folders and beginnings that are words alone are more often sorts than things. What is alike for another reason that
names tell, such as a day, is kept together as well: that makes figures no better than they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.plugins import ComparesCells, modality_of

# Share of the rows that share their key, at least; share of them that one key has, at most.
LEAST_SHARED, MOST = 0.2, 0.2
LEAST_KEYS, OTHERS = 8, 2  # keys by which it is judged; other keys in a class, so that there are strangers
ASKED, PAIRS, STRANGERS = 400, 4, 8  # keys that are asked, pairs of each, and strangers for each pair
ALIKE, SURE = 0.7, 4.0  # how often one of its key must be nearer, and by how many standard errors beyond chance
DEEPEST, LONGEST = 3, 4  # folders and runs of a name that a key may take
RUNS = re.compile(r"\d+|[^\W\d_]+")  # of digits, or of letters
FIELD = re.compile(r"[_\-. ]+")


@dataclass(frozen=True, kw_only=True)
class ByName:
    """The column whose names tell, how a key is taken from them, and what that comes to.

    alike : how often a picture of the same key is nearer than one of its class with another
    one, other : two names of one key
    """

    column: str
    rule: str
    alike: float
    one: str
    other: str


def told_by_name(table: Dataset, names: Sequence[str], strata: Ints, rng: np.random.Generator) -> ByName | None:
    """How names of files group the rows, by the first column of pictures for which they do; None where they do not.

    names  : columns that are learnt from
    strata : the class of each row [n]
    """
    for name in names:
        column, modality = table[name], modality_of(table[name].kind)
        if not isinstance(modality, ComparesCells) or column.levels is None:
            continue
        for rule in _rules(column):
            keys = keys_of(column, rule)
            if not _plausible(keys):
                continue
            wins = _wins(modality, column, keys, strata, rng, across=not rule.endswith("within"))
            if len(wins) < LEAST_KEYS:
                continue
            error = float(wins.std(ddof=1)) / len(wins) ** 0.5
            if wins.mean() >= ALIKE and wins.mean() - SURE * error > 0.5:
                most = np.flatnonzero(keys == np.bincount(keys[keys >= 0]).argmax())
                one, other = column.take(most[:2]).texts().tolist()
                return ByName(column=name, rule=rule, alike=float(wins.mean()), one=one, other=other)
    return None


def keys_of(column: Column, rule: str) -> Ints:
    """Number of the key of each cell of a column of names [n]; -1 where its name has none by that rule.

    rule : "folder 2" the second folder from the top, "start 3" three runs of the name, "rest" what is behind its first part; followed
        by "within" where they count anew in each folder
    """
    assert column.levels is not None
    code: dict[tuple[str, ...], int] = {}
    found = [key_of(str(name), rule) for name in column.levels]
    number = [-1 if key is None else code.setdefault(key, len(code)) for key in found]
    return np.asarray(np.asarray([*number, -1], dtype=np.int64)[column.cells])


def key_of(name: str, rule: str) -> tuple[str, ...] | None:
    """The key of one name: None where it is too short, or holds no number.

    >>> key_of("a/00033_00025.ppm", "start 1 within"), key_of("exp1_num_108719.jpg", "rest")
    (('a', '00033'), ('num', '108719'))
    """
    kind, *more = rule.split()
    amount, within = int(more[0]) if more and more[0].isdigit() else 0, more[-1:] == ["within"]
    *folders, file = name.replace("\\", "/").split("/")
    stem = file.rpartition(".")[0] or file
    if kind == "folder":
        if len(folders) < amount or not re.search(r"\d", folders[amount - 1]):
            return None
        return tuple(folders[:amount]) if within else (folders[amount - 1],)
    if kind == "start":
        runs = RUNS.findall(stem)
        key = runs[:amount] if len(runs) > amount and runs[amount - 1].isdigit() else []
    else:
        fields = [field for field in FIELD.split(stem) if field]
        key = fields[1:] if any(re.search(r"\d", field) for field in fields[1:]) else []
    return (*folders * within, *key) if key else None


def _rules(column: Column) -> Iterator[str]:
    """Ways of taking a key, from those that make few groups to those that make many."""
    assert column.levels is not None
    deep = max((str(name).count("/") for name in column.levels), default=0)
    for kind, most in (("folder", min(deep, DEEPEST)), ("start", LONGEST)):
        for amount in range(1, most + 1):
            yield f"{kind} {amount}"
            yield f"{kind} {amount} within"
    yield "rest"
    yield "rest within"


def _plausible(keys: Ints) -> bool:
    """Whether many rows share a key, and none is shared by too many."""
    size = np.bincount(keys[keys >= 0], minlength=1)
    shared = size[size > 1]
    return len(shared) >= LEAST_KEYS and shared.max() <= MOST * len(keys) and shared.sum() >= LEAST_SHARED * len(keys)


def _wins(
    modality: ComparesCells, column: Column, keys: Ints, strata: Ints, rng: np.random.Generator, across: bool
) -> Floats:
    """For each of some keys, the share of strangers of its class that are less like a picture than one of its key [m].

    across : where names are in folders, the two of a key are of different folders, so that one count in each would not do
    """
    usable = (keys >= 0) & ~column.missing
    folder = _folders(column)
    across &= bool((folder != folder[0]).any())
    kinds, keyed = np.unique(np.unique(np.column_stack([strata, keys])[usable], axis=0)[:, 0], return_counts=True)
    usable &= np.isin(strata, kinds[keyed > OTHERS])
    in_class = {kind: np.flatnonzero(usable & (strata == kind)) for kind in kinds.tolist()}
    order = np.flatnonzero(usable)[np.argsort(keys[usable], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)
    asked: list[list[int]] = []  # a row, its mate, and strangers
    for rows in (groups[k] for k in rng.permutation(len(groups)).tolist()):
        if len(asked) >= PAIRS * ASKED:
            break
        for one in rng.permutation(rows)[: PAIRS if len(rows) > 2 else 1].tolist():
            mates = rows[folder[rows] != folder[one]] if across else rows[(strata[rows] == strata[one]) & (rows != one)]
            if not len(mates):
                continue
            mate = int(rng.choice(mates))
            peers = in_class[int(strata[mate])]
            some = peers[rng.integers(len(peers), size=4 * STRANGERS)]
            some = some[keys[some] != keys[one]][:STRANGERS]
            if len(some):
                asked.append([one, mate, *np.resize(some, STRANGERS).tolist()])
    if not asked:
        return np.empty(0)
    shown = np.asarray(asked)
    used, place = np.unique(shown, return_inverse=True)
    looks = modality.looks(column.take(used)).astype(np.float32)
    gap = np.stack([np.linalg.norm(looks[at[1:]] - looks[at[0]], axis=1) for at in place.reshape(shown.shape)])
    nearer = ((gap[:, :1] < gap[:, 1:]) + 0.5 * (gap[:, :1] == gap[:, 1:])).mean(axis=1)
    _, key = np.unique(keys[shown[:, 0]], return_inverse=True)
    return np.asarray(np.bincount(key, weights=nearer) / np.bincount(key))


def _folders(column: Column) -> Ints:
    assert column.levels is not None
    _, code = np.unique([str(name).rpartition("/")[0] for name in column.levels], return_inverse=True)
    return np.asarray(np.append(code.reshape(-1), -1)[column.cells])
