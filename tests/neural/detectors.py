"""Tiny networks of the DETR family, of random weights, saved as every checkpoint is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

KINDS = ("rt_detr", "rt_detr_v2", "d_fine", "deformable_detr", "detr")
CLASSES, QUESTIONS, WIDE = 5, 6, 32
USUAL: dict[str, Any] = {"size": {"height": 64, "width": 64}, "do_normalize": False}
CHAIN = {"embedding_size": 8, "hidden_sizes": [8, 12, 16, 16], "depths": [1, 1, 1, 1], "layer_type": "basic"}
ATTENTION = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "d_model": WIDE, "num_queries": QUESTIONS}
ATTENTION |= {"encoder_ffn_dim": WIDE, "decoder_ffn_dim": WIDE, "decoder_layers": 2, "num_labels": CLASSES}


def network(kind: str, **more: Any) -> Any:
    """A network of random weights; the convolutions large enough for something to be seen."""
    t = transformers
    hybrid = {"encoder_hidden_dim": WIDE, "encoder_in_channels": [12, 16, 16], "decoder_in_channels": [WIDE] * 3}
    hybrid |= {"hidden_expansion": 0.5, "num_denoising": 4, **ATTENTION}
    older = {"use_timm_backbone": False, "encoder_layers": 1, **ATTENTION}
    if kind.startswith("rt_detr"):
        chain = t.RTDetrResNetConfig(**CHAIN, out_indices=[2, 3, 4])
        two = kind.endswith("v2")
        config = (t.RTDetrV2Config if two else t.RTDetrConfig)(backbone_config=chain, **(hybrid | more))
        made = (t.RTDetrV2ForObjectDetection if two else t.RTDetrForObjectDetection)(config)
    elif kind == "d_fine":
        sides = {"stem_channels": [3, 8, 8], "stage_in_channels": [8, 8, 12, 16], "stage_mid_channels": [8] * 4}
        sides |= {"stage_out_channels": [8, 12, 16, 16], "stage_num_blocks": [1] * 4, "stage_numb_of_layers": [1] * 4}
        sides |= {"stage_light_block": [False] * 4, "stage_kernel_size": [3] * 4, "out_indices": [2, 3, 4]}
        chain = t.HGNetV2Config(**(CHAIN | {"stage_downsample": [False, True, True, True]} | sides))
        made = t.DFineForObjectDetection(t.DFineConfig(backbone_config=chain, **(hybrid | more)))
    elif kind == "deformable_detr":
        chain = t.ResNetConfig(**CHAIN, out_features=["stage2", "stage3", "stage4"])
        config = t.DeformableDetrConfig(backbone_config=chain, num_feature_levels=3, **(older | more))
        made = t.DeformableDetrForObjectDetection(config)
    else:
        chain = t.ResNetConfig(**CHAIN, out_features=["stage2"])
        made = t.DetrForObjectDetection(t.DetrConfig(backbone_config=chain, **(older | more)))
    for module in made.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return made.eval()


def saved(kind: str, folder: Path, said: Any = USUAL, **more: Any) -> str:
    """Its folder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network(kind, **more).save_pretrained(folder)
    if said is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return str(folder)
