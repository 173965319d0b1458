"""Rules of the house that no linter knows."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "storage", "admin")
VIETNAMESE = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1ea0-\u1eff]")
MACHINE = re.compile(
    # Written so that this line does not find itself.
    r"(?<![\w.~])/(home|root|Users|work)/\w"
    r"|[A-Z]:\\Users\\"
    r"|\b(pypi|pythonhosted|npmjs|yarnpkg|jsdelivr|unpkg)\.(org|com|net)\b"
)
PURE = sorted((ROOT / "bot" / "dialogs").rglob("*.py"))


def committed() -> list[Path]:
    """Return every file that is or would be committed."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    paths = [ROOT / name for name in listing.split("\0") if name]
    return [path for path in paths if path.is_file()]


def literals(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text as written) of every Vietnamese string that is not a docstring."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) not in docstrings and VIETNAMESE.search(node.value):
            yield node.lineno, ast.get_source_segment(source, node) or node.value


def test_vietnamese_sentences_stand_in_data_files() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in committed()
        if path.suffix == ".py" and path.parts[len(ROOT.parts)] != "tests"
        for line, text in literals(path.read_text("utf-8"))
        if VIETNAMESE.search(text)
    ]

    assert found == []


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in committed()
        if path.suffix not in {".woff2", ".png", ".xlsx", ".ico", ".gz", ".wasm"}
        and "vendor" not in path.parts  # unchanged, and never asked: the pages' policy forbids it
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if MACHINE.search(line)
    ]

    assert found == []


def names_imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.stem)
def test_dialogs_need_only_the_standard_library_pydantic_and_msgspec(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    imported = {name.split(".")[0] for node in ast.walk(tree) for name in names_imported(node)}
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert imported <= sys.stdlib_module_names | {"bot", "msgspec", "pydantic", "pydantic_core"}
    assert "open" not in called


def test_every_module_of_bot_has_its_layer() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    layers = re.findall(r"bot\.(\w+)", " ".join(contracts["contracts"][0]["layers"]))
    modules = {path.stem for path in (ROOT / "bot").iterdir() if path.suffix in {"", ".py"}}

    assert modules - {"__init__", "__pycache__"} <= set(layers)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("copied")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    # The copy before the installed project; no cache, whose file times are too coarse here.
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        encoding="utf-8",
    )


def test_the_import_rules_are_kept(copied: Path) -> None:
    kept = lint_imports(copied)

    assert kept.returncode == 0, kept.stdout


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("bot/dialogs/form.py", "import random"),
        ("bot/dialogs/form.py", "from sqlalchemy import select"),
        ("bot/dialogs/form.py", "import storage.turn"),
        ("storage/turn.py", "import bot.settings"),
        ("storage/turn.py", "import admin"),
        ("bot/settings.py", "import storage.turn"),
        ("bot/platforms/__init__.py", "import admin"),
        ("admin/__init__.py", "import bot.platforms"),
        ("bot/platforms/__init__.py", "import bot.jobs"),
    ],
)
def test_a_forbidden_import_is_caught(copied: Path, module: str, forbidden: str) -> None:
    broken = copied / module
    before = broken.read_text("utf-8")
    broken.write_text(f"{before}\n{forbidden}\n", "utf-8")

    caught = lint_imports(copied)
    broken.write_text(before, "utf-8")

    assert caught.returncode != 0
    assert "BROKEN" in caught.stdout
