"""What is delivered: the wheel holds what it must, runs from anywhere, and owns its names alone."""

import os
import subprocess
import sys
import tomllib
import zipfile
from hashlib import sha256
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "storage", "admin")
VENDOR = ROOT / "bot/platforms/static/vendor"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    written = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    delivered = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert delivered == written


def test_the_installed_wheel_runs_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    # What pip does with a wheel that has no compiled part and whose dependencies are there.
    zipfile.ZipFile(wheel).extractall(installed)
    environment = os.environ | {"PYTHONPATH": str(installed)}

    def run(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=elsewhere,
            env=environment,
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout

    assert Path(run("-c", "import bot; print(bot.__file__)").strip()).is_relative_to(installed)
    assert "12.2" in run("-X", "utf8", "-m", "bot", "form", "show")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_dependency_owns_our_names(package: str) -> None:
    assert set(packages_distributions().get(package, ())) <= {"mau03"}


def test_third_party_files_are_the_ones_listed() -> None:
    listed = {
        f"{package['folder']}/{file}": digest
        for package in tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))["package"]
        for file, digest in package["sha256"].items()
    }
    present = {
        path.relative_to(VENDOR).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "VENDOR.toml"
    }

    assert present == listed


def test_every_third_party_package_brings_its_licence() -> None:
    for package in tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))["package"]:
        assert package["version"] and package["licence"]
        assert any("LICEN" in file.upper() for file in package["sha256"]), package["name"]
