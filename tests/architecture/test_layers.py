"""Is the house still built as the plan says? Data flows one way; plug-ins stand alone; heavy packages wait to be asked."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "assay"
ROOMS = ("readers", "modalities", "tasks", "learners", "checks", "explainers", "recipes")
# Who stands above whom; a room may import what stands below it.
LAYERS = (
    {"cli", "serve", "sklearn", "mlflow", "testing"},
    {"api"},
    {"training", "foreseeing", "private", "verifying", "streaming", "foreign"},
    {"model", "model_box"},
    {
        "auditing",
        "answers",
        "report",
        "reading",
        "opening",
        "exporting",
        "exporting_boxes",
        "exporting_cells",
        "exporting_groups",
        "documents",
    },
    {"search"},
    {"planning"},
    set(ROOMS),
    {"neural", "stats", "privacy", "store", "trees", "crafting", "onnx_graph", "language", "pictures", "fetching"},
    {"kernel"},
)
# What a toolkit may know of another: growing trees is no part of statistics, and the other way round.
HEAVY = {
    "lightgbm",
    "scipy",
    "pyarrow",
    "pandas",
    "polars",
    "sklearn",
    "torch",
    "openpyxl",
    "statsmodels",
    "sqlalchemy",
    "onnx",
    "onnxruntime",
    "skops",
    "tokenizers",
    "gensim",
    "PIL",
    "pydicom",
    "opacus",
    "uvicorn",
    "msgspec",
    "psycopg",
    "mlflow",
}


def layer(room: str) -> int:
    return next((i for i, rooms in enumerate(LAYERS) if room in rooms), -1)


def files() -> list[Path]:
    return sorted(p for p in SRC.rglob("*.py") if p.name not in ("__init__.py", "__main__.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(SRC).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[tuple[str, ...]]:
    """Every module of ours that a file names, as parts below `assay`."""
    found: set[tuple[str, ...]] = set()
    here = path.relative_to(SRC).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {tuple(a.name.split(".")[1:]) for a in node.names if a.name.split(".")[0] == "assay"}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = here[: len(here) - node.level + 1]
                name = (*base, *(node.module or "").split(".")) if node.module else base
            elif (node.module or "").split(".")[0] == "assay":
                name = tuple((node.module or "").split(".")[1:])
            else:
                continue
            found |= {tuple(p for p in name if p)} if node.module else {(*name, a.name) for a in node.names}
    return {name for name in found if name}


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(SRC)))
def test_imports_point_downwards(path: Path) -> None:
    room = room_of(path)
    mine = layer(room)
    assert mine >= 0, f"{room} stands in no layer"
    for name in imported(path):
        theirs = layer(name[0])
        if name[0] == room or theirs == -1:
            continue
        assert theirs > mine or (theirs == mine and room not in ROOMS), f"{path.name} imports assay.{'.'.join(name)}"


@pytest.mark.parametrize("path", [p for p in files() if room_of(p) in ROOMS], ids=lambda p: str(p.relative_to(SRC)))
def test_plugins_import_no_sibling(path: Path) -> None:
    room = room_of(path)
    public = {p.stem for p in (SRC / room).glob("*.py") if not p.stem.startswith("_")}
    for name in imported(path):
        if name[0] == room and len(name) > 1:
            assert name[1] not in public - {path.stem}, f"{path.name} imports its sibling {name[1]}"


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(SRC)))
def test_heavy_packages_are_imported_where_they_are_used(path: Path) -> None:
    if room_of(path) == "sklearn" or path.relative_to(SRC).parts == ("serve", "protocol.py"):
        return  # both derive from classes of such a package, and are themselves imported only where they are used
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {a.name.split(".")[0] for node in top if isinstance(node, ast.Import) for a in node.names}
    names |= {(node.module or "").split(".")[0] for node in top if isinstance(node, ast.ImportFrom) and not node.level}
    assert not names & HEAVY


def modules_after(code: str) -> set[str]:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; before = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(said.stdout.splitlines()[-1].split()) if said.stdout.split() else set()


def test_import_is_light() -> None:
    found = modules_after("import assay")
    assert len(found) <= 60, sorted(found)
    assert not {m.split(".")[0] for m in found} & (HEAVY | {"numpy"})


def test_help_is_light() -> None:
    code = "import contextlib, io\nfrom assay.cli.main import main\n"
    code += "with contextlib.redirect_stdout(io.StringIO()):\n    main(['--help'])"
    found = modules_after(code)
    assert not {m.split(".")[0] for m in found} & (HEAVY | {"numpy"}), sorted(found)
    assert len(found) <= 60, len(found)


def test_nothing_of_ours_unpickles_or_evaluates() -> None:
    for path in files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {a.name.split(".")[0] for a in node.names} | {str(getattr(node, "module", "")).split(".")[0]}
                assert not names & {"pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec"}, path
