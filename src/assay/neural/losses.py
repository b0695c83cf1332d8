"""What is lost by each score while a network learns, in torch?"""

from __future__ import annotations

from typing import Any

from assay.kernel.forms import Head

STEEPEST = 12.0  # logarithm of an expected count, in means of the target


def losses_of(torch: Any, head: Head, scores: Any, y: Any) -> Any:
    """Loss of each row: scores [..., n, w] in the unit of the network, targets [n, w] → [..., n]."""
    f = torch.nn.functional
    if head.name == "value":
        return (scores - y).square().sum(dim=-1)
    if head.name == "quantiles":
        above = y - scores
        return torch.maximum(head.level * above, (head.level - 1.0) * above).sum(dim=-1)
    if head.name == "counts":
        low = scores.clamp(max=STEEPEST)  # beyond it straight on, so that no slope grows without bound
        return (low.exp() * (1.0 + scores - low) - y * scores).sum(dim=-1)
    if head.name == "flags":
        return f.binary_cross_entropy_with_logits(scores, y, reduction="none").sum(dim=-1)
    if head.width == 1:
        return f.binary_cross_entropy_with_logits(scores, y.expand_as(scores), reduction="none").squeeze(-1)
    return -(f.log_softmax(scores, dim=-1) * y).sum(dim=-1)
