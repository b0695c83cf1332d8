"""What does it cost to train, to keep and to ask?

Seconds, memory and file size as they were met here; nothing is judged, since only its user knows what is dear.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.findings import Figure, Finding, Measure, Trial
from assay.kernel.forms import PLAIN
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say

BATCH_ROWS, GROWS = 2_000, 8  # of a batch at most; times as many rows are asked while there is time
TIMES, TIMES_ALONE = 5, 60
FEW_TIMES = 2  # askings of a batch that tell no stall from its pace
STALLED = 3.0  # times what was to be expected, from which an asking is put again
MOST_SECONDS = 1.5  # spent on measuring, where one asking does not take longer
# There are always as many where a row that comes alone has a road: what an answer takes is told of every model.
LEAST_SECONDS = 0.5
A_MOMENT = 1.0  # seconds of a first asking after which there is always a second
SHOWN = 20


@dataclass(frozen=True)
class Cost:
    """What does it cost to train, to keep and to ask?"""

    about: ClassVar[About] = About(
        key="cost",
        takes=(*PLAIN, "boxes", "oddness"),
        order=90,
        words={
            "en": {
                "title": "Cost",
                "question": "What does the model cost to train, to keep and to ask?",
                "said": "Training took {seconds} s. The file weighs {size} MB. An answer takes {row} µs a row in a batch, {alone} µs for one row alone.",
                "said_alone": "Training took {seconds} s. The file weighs {size} MB. An answer takes {alone} µs for one row alone; no time was left to measure a batch.",
                "said_still": "The file weighs {size} MB. Times were not kept: this run counts candidates, so that two of its kind give the same bytes.",
                "said_no_time": "Training took {seconds} s. The file weighs {size} MB. No time was left to measure answers.",
                "untimed": "The file weighs {size} MB. An answer takes {row} µs a row in a batch, {alone} µs for one row alone. What training took was not kept: it counted candidates, so that two such runs give the same bytes.",
                "untimed_alone": "The file weighs {size} MB. An answer takes {alone} µs for one row alone; no time was left to measure a batch. What training took was not kept: it counted candidates, so that two such runs give the same bytes.",
                "untimed_no_time": "The file weighs {size} MB. No time was left to measure answers. What training took was not kept: it counted candidates, so that two such runs give the same bytes.",
                "elsewhere": "The file weighs {size} MB. An answer takes {row} µs a row in a batch, {alone} µs for one row alone. What training took is not known: the model was made elsewhere.",
                "elsewhere_alone": "The file weighs {size} MB. An answer takes {alone} µs for one row alone; no time was left to measure a batch. What training took is not known: the model was made elsewhere.",
                "elsewhere_served": "An answer takes {row} µs a row in a batch, {alone} µs for one row alone. What training took, and what the model weighs, is not known: it was made elsewhere.",
                "elsewhere_served_alone": "An answer takes {alone} µs for one row alone; no time was left to measure a batch. What training took, and what the model weighs, is not known: it was made elsewhere.",
                "elsewhere_no_time": "No time was left to measure answers. What training took is not known: the model was made elsewhere.",
                "trials": "{done} of {all} candidates were finished; the blend uses {used}, which took {share:%} of the time of all.",
                "unfinished": "Not finished: {names}.",
                "machine": "Times were taken on the machine that made this report, while it may have had other work.",
                "small": "The batch was of {rows} {rows:row|rows}: there was no time for a larger one.",
                "figure": "Seconds that each candidate took",
                "seconds": "seconds",
                "measure.training_seconds": "training time",
                "measure.memory_mb": "memory",
                "measure.size_mb": "file size",
                "measure.microseconds_per_row": "time of a row in a batch",
                "measure.seconds_one_row": "time of one row alone",
            },
            "zh": {
                "title": "成本",
                "question": "训练、保存和使用该模型的成本是多少？",
                "said": "训练用时 {seconds} 秒，文件大小 {size} MB；成批回答每行 {row} 微秒，单独回答一行 {alone} 微秒。",
                "said_alone": "训练用时 {seconds} 秒，文件大小 {size} MB；单独回答一行 {alone} 微秒，已无时间测量成批回答。",
                "said_still": "文件大小 {size} MB。未记录用时：这次运行按候选模型的个数计，因此两次这样的运行得到完全相同的文件。",
                "said_no_time": "训练用时 {seconds} 秒，文件大小 {size} MB；已无时间测量回答速度。",
                "untimed": "文件大小 {size} MB；成批回答每行 {row} 微秒，单独回答一行 {alone} 微秒。未记录训练用时：训练按候选模型的个数计，因此两次这样的运行得到完全相同的文件。",
                "untimed_alone": "文件大小 {size} MB；单独回答一行 {alone} 微秒，已无时间测量成批回答。未记录训练用时：训练按候选模型的个数计，因此两次这样的运行得到完全相同的文件。",
                "untimed_no_time": "文件大小 {size} MB；已无时间测量回答速度。未记录训练用时：训练按候选模型的个数计，因此两次这样的运行得到完全相同的文件。",
                "elsewhere": "文件大小 {size} MB；成批回答每行 {row} 微秒，单独回答一行 {alone} 微秒。模型在别处制作，训练用时未知。",
                "elsewhere_alone": "文件大小 {size} MB；单独回答一行 {alone} 微秒，已无时间测量成批回答。模型在别处制作，训练用时未知。",
                "elsewhere_served": "成批回答每行 {row} 微秒，单独回答一行 {alone} 微秒。模型在别处制作，训练用时和大小未知。",
                "elsewhere_served_alone": "单独回答一行 {alone} 微秒，已无时间测量成批回答。模型在别处制作，训练用时和大小未知。",
                "elsewhere_no_time": "已无时间测量回答速度。模型在别处制作，训练用时未知。",
                "trials": "{all} 个候选模型中完成了 {done} 个；组合采用其中 {used} 个，占全部用时的 {share:%}。",
                "unfinished": "未完成：{names}。",
                "machine": "用时在生成本报告的机器上测得，当时可能还有其他任务。",
                "small": "该批只有 {rows} 行：没有时间测量更大的一批。",
                "figure": "各候选模型用时（秒）",
                "seconds": "秒",
                "measure.training_seconds": "训练用时",
                "measure.memory_mb": "内存",
                "measure.size_mb": "文件大小",
                "measure.microseconds_per_row": "成批回答每行用时",
                "measure.seconds_one_row": "单独回答一行用时",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Measure answers, gather what the ledger and the file say."""
        megabytes = (evidence.shipped or evidence.model).size_bytes() / 1e6
        if evidence.clock.stands:
            size = Measure(name="size_mb", value=megabytes, unit="MB", better="lower")
            return Finding(check="cost", verdict="info", say=self._say("said_still", size=megabytes), measures=(size,))
        row, alone, rows = _asking(evidence)
        small = [self._say("small", rows=rows)] if 1 < rows < min(BATCH_ROWS, evidence.n) else []
        kept = not evidence.elsewhere and not evidence.plan.trials  # a run that counts candidates keeps no times
        measures = [Measure(name="training_seconds", value=evidence.seconds, unit="s", better="lower")] if kept else []
        if evidence.ledger and kept:
            memory = sum(t.memory_mb for t in evidence.ledger)
            measures.append(Measure(name="memory_mb", value=memory, unit="MB", better="lower"))
        if megabytes or not evidence.elsewhere:
            measures.append(Measure(name="size_mb", value=megabytes, unit="MB", better="lower"))
        key, said = self._of_training(evidence, megabytes)
        if row is None or alone is None:
            say = self._say("elsewhere_no_time") if evidence.elsewhere else self._say(f"{key}_no_time", **said)
        else:
            several = rows > 1 or evidence.n == 1  # a batch of one would be told as if it were the pace of many
            if several:
                measures.append(
                    Measure(name="microseconds_per_row", value=1e6 * row, unit="microseconds", better="lower")
                )
            measures.append(Measure(name="seconds_one_row", value=alone, unit="s", better="lower"))
            pace = {"row": 1e6 * row} if several else {}
            say = self._say(key if several else f"{key}_alone", **said, **pace, alone=1e6 * alone)
        return Finding(
            check="cost",
            verdict="info",
            say=say,
            measures=tuple(measures),
            figures=self._figures(evidence.ledger),
            notes=(*self._notes(evidence.ledger), *small, self._say("machine")),
        )

    @staticmethod
    def _of_training(evidence: Evidence, megabytes: float) -> tuple[str, dict[str, float]]:
        """What is known of training and of the file: the key of the sentence, and its values."""
        if evidence.elsewhere:
            return ("elsewhere", {"size": megabytes}) if megabytes else ("elsewhere_served", {})
        if evidence.plan.trials:
            return "untimed", {"size": megabytes}
        return "said", {"seconds": evidence.seconds, "size": megabytes}

    def _notes(self, ledger: Sequence[Trial]) -> list[Say]:
        done = [t for t in ledger if t.status == "done"]
        total = sum(t.seconds for t in ledger)
        out = []
        if done and total > 0:
            used = [t for t in done if t.weight > 0]
            share = sum(t.seconds for t in used) / total
            out.append(self._say("trials", done=len(done), all=len(ledger), used=len(used), share=share))
        broken = [t.name for t in ledger if t.status in ("failed", "starved")]
        if broken:
            out.append(self._say("unfinished", names=broken[:SHOWN]))
        return out

    def _figures(self, ledger: Sequence[Trial]) -> tuple[Figure, ...]:
        taken = [t for t in ledger if t.seconds > 0]
        if not taken:
            return ()
        kept = sorted(taken, key=lambda t: -t.seconds)[:SHOWN]
        data = {"labels": [t.name for t in kept], "values": [t.seconds for t in kept]}
        return (Figure(kind="bars", title=self._say("figure"), data=data, x=self._say("seconds")),)

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def weighed(findings: tuple[Finding, ...], size: int) -> tuple[Finding, ...]:
    """The same; of the cost, what a file weighs that holds what all checks found out: `size` bytes."""
    return tuple(_weighed(finding, size / 1e6) if finding.check == "cost" else finding for finding in findings)


def _weighed(finding: Finding, megabytes: float) -> Finding:
    of_size = [replace(m, value=megabytes) if m.name == "size_mb" else m for m in finding.measures]
    said = {key: megabytes if key == "size" else value for key, value in finding.say.values.items()}
    return replace(finding, say=replace(finding.say, values=said), measures=tuple(of_size))


def _asking(evidence: Evidence) -> tuple[float | None, float | None, int]:
    """Seconds a row in a batch as large as there is time for, and for one row alone: medians, the first asking left out; rows of that batch.

    An asking that takes far longer than was to be expected may have met a stalled machine: it is put again, and a batch that could be
    asked hardly twice is not told where a smaller one had a better pace.
    """
    model, clock, n = evidence.shipped or evidence.model, evidence.clock.slice(MOST_SECONDS), evidence.n
    if evidence.ask is not None and clock.remaining() < LEAST_SECONDS:  # whatever the other checks took
        clock = Clock.start(LEAST_SECONDS, clock.now)
    if n == 0 or clock.expired():
        return None, None, 0

    def seconds(rows: int) -> float:
        data = evidence.data.take(np.arange(rows))
        timer = clock.slice(clock.remaining())
        model.scores(data)
        return timer.spent()

    ask = evidence.ask

    def single(place: int) -> float:
        if ask is None:  # no road for a row that comes alone is at hand: a batch of one
            return seconds(1)
        timer = clock.slice(clock.remaining())
        ask(place)
        return timer.spent()

    alone = [single(0)]
    most = alone[0]  # that a row takes
    if not clock.expired() or alone[0] < A_MOMENT:
        alone = [single(0)]  # what is settled at the first asking is no part of the others
    times, batches = TIMES if ask is None else TIMES_ALONE, clock.remaining() / 2  # kept for them
    while len(alone) < times and clock.remaining() > max(batches, min(4, len(alone)) * min(most, *alone)):
        alone.append(single(len(alone)))
    rows, took = 1, {1: [statistics.median_low(alone)]}
    if ask is not None and not clock.expired():
        seconds(1)
        took[1] = [seconds(1)]
        if took[1][0] < clock.remaining():
            took[1].append(seconds(1))
    each = min(took[1])  # seconds that one row more takes
    while rows < min(BATCH_ROWS, n):
        more = min(GROWS * rows, BATCH_ROWS, n)
        expected = min(took[rows]) + each * (more - rows)
        if clock.remaining() <= expected:
            break
        took[more] = [seconds(more)]
        if took[more][0] > STALLED * expected and clock.remaining() > expected:
            took[more].append(seconds(more))
        each, rows = max(0.0, min(took[more]) - min(took[rows])) / (more - rows), more
    while len(took[rows]) < TIMES and clock.remaining() > min(took[rows]):
        took[rows].append(seconds(rows))
    pace = {size: statistics.median_low(times) / size for size, times in took.items()}
    if len(took[rows]) <= FEW_TIMES:
        rows = min(pace, key=lambda size: (pace[size], -size))
    return pace[rows], statistics.median_low(alone), rows
