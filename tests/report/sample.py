"""A model that never was: findings of every verdict, figures of every kind, in two languages."""

from __future__ import annotations

import math
from typing import Any

from assay.kernel.findings import Advice, Figure, Finding, Measure, Trial
from assay.kernel.plan import Candidate, ColumnPlan, Plan, Splits
from assay.kernel.words import Say
from assay.report.content import Content

NUCLEI = ("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "symmetry", "fractal")
# check: verdict, title, question, sentence; English, then Chinese
CHECKS: dict[str, tuple[Any, ...]] = {
    "quality": (
        "pass",
        "Quality", "How good are the answers, and how much better than a constant guess?",
        "Log-loss is 0.0786 (0.0531 to 0.112); the constant guess loses 0.660.",
        "预测质量", "预测有多准？比常数猜测好多少？", "对数损失为 0.0786（0.0531 至 0.112）；常数猜测为 0.660。",
    ),
    "readable": (
        "info",
        "Readable contender", "What does complexity buy over a model that a person can read?",
        "The additive model is within the interval of the best: 0.0812 against 0.0786.",
        "可读模型", "与人能读懂的模型相比，复杂度换来了什么？", "加性模型与最佳模型的差距在区间之内：0.0812 对 0.0786。",
    ),
    "calibration": (
        "pass",
        "Calibration", "When it says 70 %, does it happen in 70 of 100 cases?",
        "Stated probabilities agree with what happened; the calibration slope is 1.03 (0.88 to 1.19).",
        "概率校准", "当模型说 70 % 时，100 例中是否有 70 例发生？", "给出的概率与实际相符；校准斜率为 1.03（0.88 至 1.19）。",
    ),
    "coverage": (
        "watch",
        "Coverage", "Do the 90 % prediction sets hold the truth in 90 of 100 rows, in every class?",
        "Overall 90.7 % are covered, but only 84.0 % of the malignant cases (85.2 % is the least that chance allows).",
        "覆盖率", "90 % 预测集合是否在每个类别中都覆盖了真实答案？",
        "总体覆盖 90.7 %，但恶性病例仅 84.0 %（随机波动允许的下限为 85.2 %）。",
    ),
    "leakage": (
        "fail",
        "Leakage", "Does a column give the answer away, or a row stand on both sides?",
        "biopsy_code alone predicts the target almost without error (area under ROC 0.998).",
        "信息泄漏", "是否有某列直接泄露答案，或同一行出现在训练与测试两侧？",
        "仅凭 biopsy_code 一列即可几乎无误地预测目标（ROC 曲线下面积 0.998）。",
    ),
    "subgroups": (
        "watch",
        "Subgroups", "Is there a group of people or cases for which it is worse?",
        "For site = North the log-loss is 0.171, 0.092 above the rest (corrected p = 0.013).",
        "子群表现", "是否存在表现更差的人群或病例？", "site = North 的对数损失为 0.171，比其余部分高 0.092（校正后 p = 0.013）。",
    ),
    "reasons": (
        "pass",
        "Reasons", "Which columns pull the answers, and are these reasons true of the model?",
        "concavity and area pull most; deleting the columns in that order hurts 6.1 times as much as in random order.",
        "依据", "哪些列在左右预测？这些依据是否属实？", "concavity 与 area 作用最大；按此顺序删除列造成的损失是随机顺序的 6.1 倍。",
    ),
    "stability": (
        "pass",
        "Stability", "How much do answers move when other rows are learnt from?",
        "Half of the answers move by less than 0.8 points, 95 % by less than 6.2 points.",
        "稳定性", "换一批行训练，预测会变化多少？", "一半的预测变化小于 0.8 个百分点，95 % 小于 6.2 个百分点。",
    ),
    "labels": (
        "watch",
        "Labels", "Which rows does the model contradict most?",
        "7 of 569 rows deserve a second look; 2.1 would be expected by chance.",
        "标签质疑", "模型与哪些行的标签矛盾最大？", "569 行中有 7 行值得复核；随机情况下预期为 2.1 行。",
    ),
    "data": (
        "info",
        "Data", "What is missing, constant, repeated or drifting in the table?",
        "Nothing is repeated; 1.2 % of the cells are missing, most of them in fractal_worst.",
        "数据状况", "表中有哪些缺失、恒定、重复或漂移？", "没有重复行；1.2 % 的单元格缺失，多数位于 fractal_worst。",
    ),
    "drift": (
        "unknown",
        "Drift in time", "Does the model hold up on later rows?",
        "Not asked: the table has no time column. Name one with --time.",
        "时间漂移", "模型在较晚的行上是否依然有效？", "未检查：表中没有时间列。可用 --time 指定。",
    ),
    "cost": (
        "error",
        "Cost", "What does it cost to train, keep and ask?",
        "This check broke: ZeroDivisionError in the timer. The other findings are not affected.",
        "成本", "训练、保存与查询的成本如何？", "该检查出错：计时器发生 ZeroDivisionError。其他结果不受影响。",
    ),
}  # fmt: skip
JPEG = (  # 12 x 8 pixels of grey
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6j"
    "q62rZ4C8ybqmx5moq6T/wAALCAAIAAwBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABP/EAB0QAAECBwAAAAAAAAAAAAAAAAAUYQUR"
    "EiMxMoH/2gAIAQEAAD8ATEFttG9WrSz0Yf/Z"
)


def text(words: str) -> Say:
    """A sentence said as it is."""
    return Say("report", "text", {"text": words})


def sample(lang: str = "en") -> Content:
    """The content; `lang` chooses the language of sentences that would come from checks."""
    zh = lang == "zh"
    said, spoken = {}, {}
    for key, words in CHECKS.items():
        title, question, sentence = words[4:7] if zh else words[1:4]
        said[key] = text(sentence)
        spoken |= {f"checks/{key}.title": text(title), f"checks/{key}.question": text(question)}
    names = {
        "tasks/binary": ("Yes or no", "二分类"),
        "learners/boosting": ("Boosting", "提升树"),
        "learners/linear": ("Linear", "线性模型"),
        "learners/additive": ("Additive", "加性模型"),
        "learners/constant": ("Constant", "常数"),
        "readers/csv": ("CSV", "CSV"),
    }
    spoken |= {f"{key}.title": text(words[zh]) for key, words in names.items()}
    findings = tuple(_finding(key, said[key]) for key in CHECKS)
    title = "乳腺癌诊断" if zh else "Breast-cancer diagnosis"
    return Content(title, _plan(zh), findings, _ledger(), _card(), spoken)


def _finding(check: str, say: Say) -> Finding:
    parts: dict[str, Any] = {
        "quality": {"measures": _quality(), "figures": (_roc(), _confusion())},
        "readable": {"measures": _readable(), "figures": _shapes()},
        "calibration": {"measures": _slopes(), "figures": (_reliability(), _histogram())},
        "coverage": {"measures": _coverage(), "figures": (_sets(),)},
        "leakage": {"figures": (_alone(),), "advice": (_drop(),), "notes": (text("No row stands on both sides."),)},
        "subgroups": {"figures": (_gaps(),)},
        "reasons": {"figures": (_pulls(), _deletion(), _signed(), _said())},
        "stability": {"figures": (_cloud(),)},
        "labels": {
            "figures": (
                _contradicted(),
                _sheet(),
            )
        },
        "data": {
            "figures": (_missing(),),
            "measures": (Measure(name="missing_share", value=0.012, unit="share", n=569),),
        },
        "drift": {"advice": (Advice(say=text("Name the column that holds the time."), option="--time NAME"),)},
    }
    verdict = CHECKS[check][0]
    return Finding(check=check, verdict=verdict, say=say, rows="cross-fitted", seconds=0.42, **parts.get(check, {}))


def _quality() -> tuple[Measure, ...]:
    return (
        Measure(name="log_loss", value=0.0786, low=0.0531, high=0.112, n=569, constant=0.660, better="lower"),
        Measure(name="auc", value=0.9941, low=0.988, high=0.998, n=569, constant=0.5, better="higher"),
        Measure(name="brier", value=0.0204, low=0.0127, high=0.0301, n=569, constant=0.234, better="lower"),
        Measure(
            name="accuracy", value=0.9736, low=0.957, high=0.986, n=569, constant=0.627, unit="share", better="higher"
        ),
        Measure(
            name="recall: malignant",
            value=0.948,
            low=0.91,
            high=0.98,
            n=212,
            constant=0.0,
            unit="share",
            better="higher",
        ),
    )


def _readable() -> tuple[Measure, ...]:
    return (
        Measure(name="log_loss", value=0.0812, low=0.055, high=0.117, n=569, constant=0.660, better="lower"),
        Measure(name="gap", value=0.0026, low=-0.0091, high=0.0142, n=569),
    )


def _slopes() -> tuple[Measure, ...]:
    return (
        Measure(name="slope", value=1.03, low=0.88, high=1.19, n=569),
        Measure(name="ece", value=0.0121, low=0.008, high=0.021, n=569, better="lower"),
    )


def _coverage() -> tuple[Measure, ...]:
    return (
        Measure(name="coverage", value=0.907, low=0.88, high=0.93, level=0.95, n=569, unit="share"),
        Measure(name="set_size", value=1.04, n=569, better="lower"),
    )


def _roc() -> Figure:
    x = [i / 200 for i in range(201)]
    series = [
        {"name": "model", "x": x, "y": [v**0.06 for v in x], "low": [v**0.1 for v in x], "high": [v**0.035 for v in x]},
        {"name": "constant", "x": [0, 1], "y": [0, 1], "dashed": True},
    ]
    titles = {"x": text("false alarms"), "y": text("malignant cases found")}
    return Figure(kind="lines", title=text("Found against false alarms"), data={"series": series}, **titles)


def _confusion() -> Figure:
    data = {
        "rows": ["benign", "malignant"],
        "columns": ["benign", "malignant"],
        "values": [[353, 4], [11, 201]],
    }
    return Figure(kind="matrix", title=text("Truth (rows) and answer (columns)"), data=data, x=text("answer"))


def _shapes() -> tuple[Figure, ...]:
    x = [6 + i * 0.5 for i in range(45)]
    y = [round(2.4 * math.tanh((v - 14) / 3) + 0.4 * math.sin(v), 3) for v in x]
    band = {"low": [v - 0.4 for v in y], "high": [v + 0.4 for v in y]}
    number = {"series": [{"name": "radius_mean", "x": x, "y": y, "steps": True, **band}]}
    level = {"series": [{"name": "site", "x": ["North", "South", "East", "West", "a very long name of a site"],
                         "y": [0.4, -0.1, 0.02, -0.3, 0.0], "low": [0.1, -0.3, -0.2, -0.5, -0.4],
                         "high": [0.7, 0.1, 0.2, -0.1, 0.4]}]}  # fmt: skip
    pull = text("pull (log-odds)")
    return (
        Figure(kind="lines", title=text("radius_mean"), data=number, x=text("radius_mean"), y=pull),
        Figure(kind="lines", title=text("site"), data=level, x=text("site"), y=pull),
    )


def _reliability() -> Figure:
    x = [0.02, 0.08, 0.15, 0.27, 0.36, 0.48, 0.6, 0.71, 0.84, 0.97]
    y = [0.01, 0.06, 0.19, 0.24, 0.41, 0.44, 0.63, 0.7, 0.88, 0.985]
    series = [
        {
            "name": "observed",
            "x": x,
            "y": y,
            "low": [max(0, v - 0.08) for v in y],
            "high": [min(1, v + 0.08) for v in y],
        },
        {"name": "perfect", "x": [0, 1], "y": [0, 1], "dashed": True},
    ]
    titles = {"x": text("stated probability"), "y": text("share that happened")}
    return Figure(kind="lines", title=text("Stated and observed"), data={"series": series}, **titles)


def _histogram() -> Figure:
    edges = [i / 20 for i in range(21)]
    benign = [190, 61, 30, 18, 12, 9, 7, 6, 5, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1, 0]
    series = [{"name": "benign", "counts": benign}, {"name": "malignant", "counts": [c * 3 // 5 for c in benign[::-1]]}]
    data = {"edges": edges, "series": series}
    return Figure(kind="histogram", title=text("Answers"), data=data, x=text("probability"), y=text("rows"))


def _sets() -> Figure:
    data = {"labels": ["benign", "malignant"], "values": [0.947, 0.84], "low": [0.92, 0.79], "high": [0.97, 0.88],
            "reference": 0.9}  # fmt: skip
    return Figure(kind="bars", title=text("Coverage by class"), data=data, x=text("share covered"))


def _alone() -> Figure:
    data = {
        "labels": ["biopsy_code", *(f"{n}_worst" for n in NUCLEI[:7])],
        "values": [0.998, 0.976, 0.971, 0.948, 0.912, 0.881, 0.793, 0.744],
        "reference": 0.99,
    }
    return Figure(kind="bars", title=text("Area under ROC of each column alone"), data=data)


def _drop() -> Advice:
    return Advice(say=text("Leave the column out and train again."), option="--drop biopsy_code")


def _gaps() -> Figure:
    data = {
        "columns": ["group", "rows", "log-loss", "difference", "corrected p"],
        "rows": [
            ["site = North", 61, 0.171, 0.092, 0.013],
            ["site = South", 204, 0.071, -0.009, 1.0],
            ["age_band = 70 and older, living alone", 38, 0.102, 0.025, 0.61],
            ["sex = f", 569, 0.0786, 0.0, None],
        ],
    }
    return Figure(kind="table", title=text("Groups, worst first"), data=data)


def _pulls() -> Figure:
    labels = [f"{n}_{part}" for part in ("mean", "worst") for n in NUCLEI[:7]]
    values = [1.31 * 0.83**i for i in range(14)]
    data = {"labels": labels, "values": values, "low": [v * 0.8 for v in values], "high": [v * 1.22 for v in values]}
    return Figure(kind="bars", title=text("Mean pull of each column"), data=data, x=text("log-odds"))


def _deletion() -> Figure:
    x = list(range(12))
    series = [
        {"name": "most important first", "x": x, "y": [0.08 + 0.55 * (1 - 0.7**i) for i in x]},
        {"name": "random order", "x": x, "y": [0.08 + 0.05 * i for i in x], "low": [0.06 + 0.04 * i for i in x],
         "high": [0.1 + 0.06 * i for i in x]},
        {"name": "least important first", "x": x, "y": [0.08 + 0.002 * i**2 for i in x]},
    ]  # fmt: skip
    titles = {"x": text("columns deleted"), "y": text("log-loss")}
    return Figure(kind="lines", title=text("Deleting columns"), data={"series": series}, **titles)


def _said() -> Figure:
    said = "Palpable mass, not painful; skin unchanged."
    words = {"title": text("note: given 'M', answered 'M'"), "text": said, "starts": [0, 9, 15], "stops": [8, 13, 18]}
    return Figure(
        kind="texts", title=text("Words and their pull"), data={"texts": [words | {"pulls": [0.4, 1.2, -0.6]}]}
    )


def _sheet() -> Figure:
    seen = [{"jpeg": JPEG, "say": text(f"row {i}: given 'benign', answered 'malignant'")} for i in (3, 64, 125)]
    return Figure(kind="pictures", title=text("How these rows look"), data={"pictures": seen})


def _signed() -> Figure:
    data = {
        "labels": ["concavity_mean", "area_worst", "texture_mean", "smoothness_worst", "fractal_mean"],
        "values": [1.9, 1.1, 0.3, -0.42, -0.88],
        "colours": "signed",
    }
    return Figure(kind="bars", title=text("Pulls in row 3"), data=data, x=text("log-odds"))


def _cloud() -> Figure:
    spots = [((i * 37) % 569 / 569, (i * 101) % 569 / 569) for i in range(900)]
    data = {
        "x": [x for x, _ in spots],
        "y": [x + (y - 0.5) * 0.3 * x * (1 - x) for x, y in spots],
        "groups": ["malignant" if x > 0.6 else "benign" for x, _ in spots],
    }
    titles = {"x": text("answer of one fold"), "y": text("answer of another")}
    return Figure(kind="points", title=text("The same rows, other models"), data=data, **titles)


def _contradicted() -> Figure:
    rows = [[i * 61 + 3, "benign", "malignant", 0.98 - 0.03 * i] for i in range(7)]
    data = {"columns": ["row", "label", "answer", "probability of the answer"], "rows": rows}
    return Figure(kind="table", title=text("Rows to look at again"), data=data)


def _missing() -> Figure:
    columns = [f"part {i + 1}" for i in range(9)]
    values = [[round((r * 7 + c * 3) % 11 / 100 - 0.03, 3) for c in range(9)] for r in range(5)]
    data = {"rows": list(NUCLEI[:5]), "columns": columns, "values": values}
    return Figure(kind="matrix", title=text("Drift by row order, against the whole"), data=data)


def _plan(zh: bool) -> Plan:
    why = text("数值，几乎每行都不同。" if zh else "Numbers, nearly all distinct.")
    names = [f"{n}_{part}" for part in ("mean", "error", "worst") for n in NUCLEI]
    columns = [
        ColumnPlan(name="id", kind="number", role="id", why=why, distinct=569),
        *(
            ColumnPlan(name=n, kind="number", why=why, missing=3 * (i % 4), distinct=400 + i)
            for i, n in enumerate(names)
        ),
        ColumnPlan(
            name="site", kind="category", role="sensitive", why=text("四个取值。" if zh else "Four distinct words."), runner_up="text", distinct=4, misfits=2,
            examples=("?", "n/a"),
        ),
        ColumnPlan(name="diagnosis", kind="flag", role="target", distinct=2),
    ]  # fmt: skip
    return Plan(
        data={
            "name": "breast_cancer.csv", "sha256": "9f2c" * 16, "rows": 569, "rows_read": 571, "rows_repaired": 1,
            "rows_refused": 2, "reader": "csv", "details": {"separator": ";", "encoding": "utf-8", "header": 1},
        },
        target="diagnosis",
        task="binary",
        task_why=text("目标有两个取值。" if zh else "The target takes two values."),
        columns=tuple(columns),
        splits=Splits(how="stratified", folds=5),
        candidates=(
            Candidate(name="linear", learner="linear"),
            Candidate(name="additive", learner="additive", settings={"bags": 4, "interactions": 0}),
            Candidate(name="boosting", learner="boosting", settings={"rate": 0.05, "leaves": 31}),
        ),
        left_out=(text("学习器 network 需要 torch。" if zh else "The learner network needs torch: pip install 'assay[neural]'."),),
        notes=(text("修复了 1 行。" if zh else "One row had a separator too many; it was repaired."),),
        advice=(
            Advice(
                say=text("若同一患者有多行，请指定。" if zh else "If a patient has several rows, say so."),
                option="--group patient",
            ),
        ),
        minutes=2,
        seed=7,
        version="0.1.0",
    )  # fmt: skip


def _ledger() -> tuple[Trial, ...]:
    return (
        Trial(name="constant", learner="constant", loss=0.660, low=0.62, high=0.70, seconds=0.01, folds=5, readable=True),
        Trial(name="linear", learner="linear", loss=0.0951, low=0.062, high=0.131, seconds=0.9, weight=0.22, folds=5,
              memory_mb=12, readable=True),
        Trial(name="additive", learner="additive", settings={"bags": 4}, loss=0.0812, low=0.055, high=0.117, seconds=6.1,
              weight=0.31, folds=5, memory_mb=44, readable=True),
        Trial(name="boosting", learner="boosting", settings={"rate": 0.05, "leaves": 31}, loss=0.0901, low=0.06,
              high=0.128, seconds=3.3, weight=0.47, folds=5, memory_mb=63),
        Trial(name="boosting deep", learner="boosting", settings={"rate": 0.02, "leaves": 127}, loss=0.0965, low=0.064,
              high=0.133, seconds=8.7, folds=5, memory_mb=71),
        Trial(name="forest", learner="boosting", settings={"mode": "forest"}, loss=0.1187, low=0.09, high=0.151,
              seconds=4.1, folds=5, memory_mb=90, resumed=True),
        Trial(name="boosting fast", learner="boosting", settings={"rate": 0.3}, status="failed", seconds=0.2,
              error="LightGBMError: Check failed: (num_data) > (0) at row <569>"),
        Trial(name="boosting slow", learner="boosting", settings={"rate": 0.01}, status="starved", seconds=31.0),
    )  # fmt: skip


def _card() -> dict[str, Any]:
    return {
        "created": "2026-03-02", "assay": "0.1.0", "python": "3.11.9",
        "packages": {"numpy": "2.4.0", "scipy": "1.17.0", "lightgbm": "4.7.0"},
        "sha256": "9f2c" * 16, "seed": 7, "seconds": 61.4, "rows": 569, "file_bytes": 214_300,
        "command": "assay train breast_cancer.csv --target diagnosis --minutes 2",
        "task": "binary", "target": "diagnosis", "head": "classes",
        "readable": {"name": "additive", "recommended": True},
        "equation": {"equation": "log-odds = −0.31 + 1.92·concavity_mean + 1.13·area_worst + 0.74·radius_worst − "
                                 "0.42·smoothness_error + 0.31·texture_mean + 0.12·[site = North]"},
    }  # fmt: skip
