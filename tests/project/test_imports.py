"""The architecture's import rule, read from the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EDGE = ROOT / "edge" / "simpang_edge"
INGEST = ROOT / "ingest" / "simpang_ingest"

STAGES = {
    "source", "detector", "recorded_detector", "tracker", "ground", "signal_head", "scene", "meter", "publisher",
    "outbox",
}  # fmt: skip
OUTSIDE = {
    "source": {"av", "numpy"},
    "detector": {"onnxruntime", "cv2", "numpy"},
    "recorded_detector": {"pyarrow", "numpy"},
    "tracker": {"scipy", "numpy"},
    "ground": {"cv2", "numpy"},
    "signal_head": {"numpy"},
    "meter": {"numpy"},
    "publisher": {"paho", "structlog"},
    "outbox": set(),
    "scene": {"cv2", "numpy"},
}
STANDARD = set(__import__("sys").stdlib_module_names)


def imported(path: Path) -> set[str]:
    """Names of modules a file imports; a relative import is given as '.module'."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = "." * node.level + (node.module or "")
            names |= {base} if node.module else {base + alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def stage_files(stage: str) -> list[Path]:
    """The modules of a stage: one file, files with its prefix, or a package."""
    folder = EDGE / stage
    if folder.is_dir():
        return sorted(folder.rglob("*.py"))
    return [EDGE / f"{stage}.py", *sorted(EDGE.glob(f"{stage}_*.py"))]


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_stage_imports_no_other_stage(stage: str) -> None:
    """A stage knows the nouns on its own arrows and never another stage."""
    for path in stage_files(stage):
        siblings = {name.lstrip(".").split(".")[0] for name in imported(path) if name.startswith(".")}
        if path.parent == EDGE:
            own = {stage} | {f.stem for f in stage_files(stage)}
            assert not (siblings - own) & (STAGES | {"worker", "supervisor"}), path.name
        else:
            above = {n.lstrip(".").split(".")[0] for n in imported(path) if n.startswith("..")}
            assert not (above - {stage}) & (STAGES | {"worker", "supervisor"}), path.name


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_stage_uses_only_its_outside_library(stage: str) -> None:
    """Each outside library is touched by one stage, where its errors are translated."""
    for path in stage_files(stage):
        outside = {n.split(".")[0] for n in imported(path) if n and not n.startswith(".")}
        assert outside - STANDARD <= OUTSIDE[stage], path.name


def test_ingest_imports_exactly_one_module_of_edge() -> None:
    """The centre shares nothing with the box but the message contract."""
    used = {name for path in INGEST.rglob("*.py") for name in imported(path) if name.startswith("simpang_edge")}
    assert used == {"simpang_edge.message"}


def test_the_message_contract_needs_no_numpy() -> None:
    """The ingestor runs where numpy is not installed."""
    names = {name for path in (EDGE / "message").glob("*.py") for name in imported(path)}
    assert {n.split(".")[0] for n in names if not n.startswith(".")} - STANDARD == {"msgspec"}
    assert not {n for n in names if n.startswith("..")}  # nor anything else of edge


def test_outside_libraries_of_stages_are_touched_nowhere_else_in_the_edge_loop() -> None:
    """PyAV and onnxruntime appear only in their own stage and in the video writer of the quick count."""
    for path in EDGE.rglob("*.py"):
        names = {n.split(".")[0] for n in imported(path) if not n.startswith(".")}
        if "onnxruntime" in names:
            assert path.name == "detector.py"
        if "paho" in names:
            assert path.name.startswith("publisher")


def test_broad_handlers_stand_only_at_the_top_of_a_process() -> None:
    """`except Exception` appears at most once per process, in the file that is its top."""
    tops = {"worker.py", "service.py", "cli.py", "edge_cli.py"}
    for folder in ("edge", "ingest", "models", "sample_videos", "dashboards"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                broad = isinstance(node, ast.ExceptHandler) and (
                    node.type is None
                    or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
                )
                assert not broad or path.name in tops, f"{path}:{node.lineno}"
