"""The rules of the house that a reader relies on, enforced: who imports whom, how long files are, what stands where."""

import ast
import re
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "videoseq"
FILES = sorted(PACKAGE.rglob("*.py"))
COMMANDS = {"train", "evaluate", "predict", "experiment", "crossvalidate", "extract", "prepare", "benchmark"}
SHARED = {"types", "errors"}
ROOMS = {"data", "models", "training", "serving", "reporting", "config", "benchmarks", "running"}

ALLOWED = {
    "types": SHARED,
    "errors": set(),
    "data": SHARED | {"data"},
    "models": SHARED | {"models"},
    "reporting": SHARED | {"reporting"},
    "training": SHARED | {"training", "models", "reporting"},
    "serving": SHARED | {"serving", "data", "models"},
    "running": SHARED | {"running", "data", "models", "training", "serving", "reporting"},
    "config": SHARED | ROOMS,
    "benchmarks": SHARED | ROOMS,
    "__init__": set(),
    "__main__": set(),
}
"""Which parts of ours a part may import; commands may import all rooms, and nothing imports a command."""

HEAVY = {
    "torch",
    "torchvision",
    "torchmetrics",
    "pytorch_lightning",
    "lightning_fabric",
    "matplotlib",
    "decord",
    "av",
    "pyarrow",
}
LIGHTNING = {"pytorch_lightning", "lightning_fabric"}


def part_of(path: Path) -> str:
    """Returns the room of a file, or its own name at the root."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else path.stem


def module_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, *, at_start_only: bool = False) -> set[str]:
    """Returns the dotted names that a file imports, those for types alone left out.

    Args:
        path: The file.
        at_start_only: Whether imports inside functions are left out too: they do not run when the module is imported.
    """
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if at_start_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found.add(str(node.module))
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def own_parts(names: set[str]) -> set[str]:
    """Returns which parts of ours stand among imported names."""
    known = {part_of(path) for path in FILES}
    return {name.split(".")[1] for name in names if name.startswith("videoseq.") and name.split(".")[1] in known}


def test_the_root_holds_commands_and_shared_files_only():
    files = {path.stem for path in PACKAGE.glob("*.py")}
    assert files == COMMANDS | {"errors", "__init__", "__main__"}
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"} <= ROOMS | {"types"}
    for command in COMMANDS:
        assert 'if __name__ == "__main__":\n    main(' in (PACKAGE / f"{command}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_what_its_room_may(path):
    part = part_of(path)
    allowed = SHARED | ROOMS if part in COMMANDS else ALLOWED[part]
    found = own_parts(imports_of(path))
    assert found <= allowed, f"{part} must not import {', '.join(sorted(found - allowed))}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_lightning_and_hydra_stand_where_they_are_allowed(path):
    tops = {name.partition(".")[0] for name in imports_of(path)}
    part, relative = part_of(path), str(path.relative_to(PACKAGE))
    may_use_lightning = part in COMMANDS | {"training", "benchmarks"} or relative == "data/datamodule.py"
    assert not tops & LIGHTNING or may_use_lightning
    assert not tops & {"hydra", "omegaconf"} or part == "config"
    if part == "serving":
        assert "videoseq.data.datamodule" not in imports_of(path)


def closure_at_start(module: str) -> set[str]:
    """Returns all names that importing a module imports through our own modules."""
    by_name = {module_of(path): path for path in FILES}
    seen: set[str] = set()
    todo = [module]
    names: set[str] = set()
    while todo:
        current = todo.pop()
        if current in seen or current not in by_name:
            continue
        seen.add(current)
        parents = [current.rpartition(".")[0]] if "." in current else []
        found = imports_of(by_name[current], at_start_only=True)
        names |= found
        todo += [*parents, *found]
    return names


@pytest.mark.parametrize(
    "module",
    [
        "videoseq.types",
        "videoseq.errors",
        "videoseq.models.options",
        "videoseq.training.options",
        "videoseq.data.options",
        "videoseq.config",
        "videoseq.__main__",
        *(f"videoseq.{command}" for command in sorted(COMMANDS)),
    ],
)
def test_what_the_configuration_is_checked_with_needs_no_torch(module):
    tops = {name.partition(".")[0] for name in closure_at_start(module)}
    assert tops & HEAVY == set()


@pytest.mark.parametrize("name", ["annotations", "splits", "scanning", "sampling", "decoding"])
def test_the_data_room_up_to_the_frames_needs_no_torch(name):
    tops = {name.partition(".")[0] for name in closure_at_start(f"videoseq.data.{name}")}
    assert tops & {"torch", "torchvision", "pytorch_lightning"} == set()


def test_the_closure_sees_what_it_should():
    """The two tests above would pass on anything if imports were not followed."""
    assert "torch" in closure_at_start("videoseq.serving.predictor")
    assert "videoseq.errors" in closure_at_start("videoseq.config")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_is_short_and_begins_with_a_sentence(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 320, "split it by subject"
    docstring = ast.get_docstring(ast.parse(text))
    if path.name == "__init__.py" and path.parent == PACKAGE:
        return
    assert docstring, "a module begins with what it is about"
    assert re.match(r"[^\n]*(\n[^\n]+)*[.:]", docstring)


EVERY_TEXT = sorted(
    path
    for folder in ("videoseq", "tests", "conf")
    for path in (PROJECT / folder).rglob("*")
    if path.suffix in (".py", ".yaml") and path != Path(__file__)
)


@pytest.mark.parametrize("path", EVERY_TEXT, ids=lambda path: str(path.relative_to(PROJECT)))
def test_nothing_is_left_for_later(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|unittest\.mock|MagicMock", text)
    assert not re.search(r"/work/|/home/\w", text), "a path of one machine"


def test_no_class_receives_the_whole_configuration():
    """Only the functions of the commands, named after them, and the configuration's own take `cfg`."""
    for path in FILES:
        if part_of(path) in COMMANDS | {"config"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
                assert not names & {"cfg"}, f"{path}: {node.name}"


def test_the_tests_mirror_the_package():
    for path in (PROJECT / "tests").rglob("test_*.py"):
        room = path.relative_to(PROJECT / "tests").parts[0]
        assert room in ROOMS or room.startswith("test_"), path


def test_the_standard_library_names_are_not_shadowed():
    assert {path.stem for path in PACKAGE.iterdir()} & set(sys.stdlib_module_names) == {"types"}
