"""Which pretrained network looks at the pictures, and how long does it look? Shared by the learners that see through one."""

from __future__ import annotations

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Grid
from assay.kernel.plugins import About
from assay.neural.checkpoint import Checkpoint, find
from assay.neural.sights import Sights, sights

TIMED = 12  # pictures
NAMING = {
    "en": {
        "none": "no pretrained network for pictures was named; --encoder FOLDER names one",
        "texts": "the encoder {name} reads texts; one for pictures is wanted",
        "boxes": "the encoder {name} is a detector, which finds things in pictures; one for pictures as a whole is wanted",
        "short": "reading the network may take {seconds} s, and {left} s are left; give more --minutes",
    },
    "zh": {
        "none": "未指定图像预训练网络；请用 --encoder 文件夹 指定",
        "texts": "编码器 {name} 用于文本；此处需要图像编码器",
        "boxes": "编码器 {name} 是目标检测网络；此处需要用于整张图片的编码器",
        "short": "读入网络可能需要 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
    },
}  # sentences that such a learner has among its words


def named(about: About, encoder: str) -> Checkpoint:
    """The checkpoint of a setting. Raises DoesNotApply where none was named, or one that is not for pictures as a whole."""
    if not encoder:
        raise DoesNotApply(about.say("learners", "none"))
    checkpoint = find(encoder)
    if checkpoint.kind != "pictures":
        raise DoesNotApply(about.say("learners", checkpoint.kind, name=checkpoint.name))
    return checkpoint


def opened(about: About, encoder: str, clock: Clock) -> Sights:
    """The network of a setting. Raises DoesNotApply as `named` does, and where there is no time to read it."""
    checkpoint = named(about, encoder)
    if clock.remaining() < about.loads:
        values = {"seconds": about.loads, "left": round(clock.remaining())}
        raise DoesNotApply(about.say("learners", "short", **values))
    return sights(checkpoint.label)


def seconds_each(encode: Sights, grid: Grid, clock: Clock) -> float:
    """What a picture takes, judged by a few spread over all."""
    rows = np.flatnonzero(grid.there)
    if not len(rows):
        return 0.0
    few = rows[:: max(1, len(rows) // TIMED)][:TIMED]
    encode(grid.take(few[:1]))  # the first call is slow
    timer = clock.slice(clock.remaining())
    encode(grid.take(few[1:]), timer)
    return timer.spent() / max(1, len(few) - 1)
