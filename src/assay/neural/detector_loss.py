"""What is a detector told about its answer: which place should have found which thing, and how far off is it?

Each place of a map answers for at most one thing. Which, is decided anew in each step by how well place and thing agree, in class and in box
(task-aligned, TOOD, Feng et al. 2021); how well they agree is also what the score should say (quality focal loss, Li et al. 2020). Boxes
are drawn together by their generalised overlap (GIoU, Rezatofighi et al. 2019). Here boxes are corners: left, top, right, bottom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .detector import FARTHEST, Anatomy, places

CANDIDATES = 10  # places that may answer for a thing (TOOD: 13)
OF_SCORE, OF_OVERLAP = 1.0, 6.0  # exponents of the agreement (TOOD)
BOXES_WEIGH = 2.0  # the loss of boxes, in that of classes
PRIOR = 5.0  # strides: sides of the box that stands in for one that is not yet trusted
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Things:
    """What lies in the pictures of a step, so many places for it in each: b pictures, m things."""

    corners: Any  # [b, m, 4] in pixels
    classes: Any  # [b, m]
    there: Any  # [b, m]


def loss_of(
    torch: Any, anatomy: Anatomy, size: tuple[int, int], scores: Any, sides: Any, things: Things, trust: float = 1.0
) -> Any:
    """Of scores [b, p, classes] and logarithms of distances [b, p, 4]; a single number."""
    t, f = torch, torch.nn.functional
    at = t.from_numpy(places(*size, anatomy.strides))
    away = at[:, 2:] * sides.clamp(max=FARTHEST).exp()
    corners = t.cat([at[:, :2] - away[..., :2], at[:, :2] + away[..., 2:]], dim=2)  # [b, p, 4]
    with t.no_grad():
        whose, quality = assigned(t, at, scores.sigmoid(), corners, things, trust)
    answers = quality > 0  # [b, p]
    target = t.zeros_like(scores)
    label = things.classes.gather(1, whose)  # [b, p]
    target.scatter_(2, label[..., None], quality[..., None])
    # quality focal: cross-entropy, times the square of how far the share is from the target
    of_classes = f.binary_cross_entropy_with_logits(scores, target, reduction="none")
    of_classes = (of_classes * (scores.detach().sigmoid() - target).square()).sum()
    own = things.corners.gather(1, whose[..., None].expand(-1, -1, 4))
    of_boxes = ((1.0 - giou(t, corners[answers], own[answers])) * quality[answers]).sum()
    return (of_classes + BOXES_WEIGH * of_boxes) / quality.sum().clamp(min=1.0)


def assigned(torch: Any, at: Any, shares: Any, corners: Any, things: Things, trust: float = 1.0) -> tuple[Any, Any]:
    """Which thing each place answers for [b, p], and how well [b, p]: 0 where for none (Feng et al. 2021).

    at      : [p, 3] middle and stride of each place
    shares  : [b, p, classes] how sure each is of each class
    corners : [b, p, 4] the box that each proposes
    trust   : 0 to 1, in what is proposed: without, a place is as good as a usual box around it, whatever it says
    """
    t = torch
    label = things.classes[:, :, None].expand(-1, -1, len(at))  # [b, m, p]
    sure = shares.transpose(1, 2).gather(1, label)
    low, high = things.corners[:, :, None, :2], things.corners[:, :, None, 2:]
    half = t.maximum((high - low) / 2, at[:, 2:] / 2)  # what is smaller than a place has one none the less
    within = ((at[:, :2] - (low + high) / 2).abs() <= half).all(dim=3) & things.there[:, :, None]
    over = iou(t, things.corners[:, :, None], corners[:, None])  # [b, m, p]
    if trust < 1.0:
        half = PRIOR / 2 * at[:, 2:]
        usual = t.cat([at[:, :2] - half, at[:, :2] + half], dim=1)
        over = t.lerp(iou(t, things.corners[:, :, None], usual), over, trust)
        sure = sure**trust
    agree = (sure**OF_SCORE * over**OF_OVERLAP + TINY) * within
    best, which = agree.topk(min(CANDIDATES, len(at)), dim=2)
    may = t.zeros_like(agree, dtype=t.bool).scatter_(2, which, best > 0)
    over = t.where(may, over + TINY, 0.0)
    most, whose = over.max(dim=1)  # a place that several want answers for the one it overlaps most
    mine = may & (t.arange(agree.shape[1])[:, None] == whose[:, None])
    agree = agree * mine
    top = agree.amax(dim=2, keepdim=True).clamp(min=TINY)
    # The best overlap of each thing is what its best place should say.
    reached = (over * mine).amax(dim=2, keepdim=True)
    reached = 1.0 - trust * (1.0 - reached)
    quality = (agree / top * reached).amax(dim=1)
    return whose, t.where(most > 0, quality, 0.0)


def iou(torch: Any, a: Any, b: Any) -> Any:
    """Overlap by union of boxes as corners [..., 4], one by one."""
    both, own = _shared(torch, a, b), _area(a) + _area(b)
    return both / (own - both).clamp(min=TINY)


def giou(torch: Any, a: Any, b: Any) -> Any:
    """Generalised overlap, -1 to 1: less, the more of the rectangle around both is neither (Rezatofighi et al. 2019)."""
    both = _shared(torch, a, b)
    union = (_area(a) + _area(b) - both).clamp(min=TINY)
    around = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    around = around.prod(dim=-1).clamp(min=TINY)
    return both / union - (around - union) / around


def _shared(torch: Any, a: Any, b: Any) -> Any:
    along = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    return along.clamp(min=0).prod(dim=-1)


def _area(a: Any) -> Any:
    return (a[..., 2:] - a[..., :2]).prod(dim=-1)
