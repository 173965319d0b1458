"""The two lock files: complete, pinned, hashed, and naming no host."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
RUN, DEV = "requirements.txt", "requirements-dev.txt"
PINNED = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; [^\\]+)?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)$",
    re.MULTILINE,
)


@cache
def pinned(lock: str) -> dict[str, Version]:
    """Return the version of every package of a lock. Fails when a line is anything else."""
    text = (ROOT / lock).read_text("ascii")
    text = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    assert PINNED.sub("", text).strip() == ""
    return {found["name"]: Version(found["version"]) for found in PINNED.finditer(text)}


def wanted(lock: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names: list[str] = project["project"]["dependencies"] + project["build-system"]["requires"]
    if lock == DEV:
        names += project["dependency-groups"]["dev"]
    return [Requirement(name) for name in names]


@pytest.mark.parametrize("lock", [RUN, DEV])
def test_a_lock_pins_everything_the_project_asks_for(lock: str) -> None:
    for requirement in wanted(lock):
        version = pinned(lock)[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement


@pytest.mark.parametrize("lock", [RUN, DEV])
def test_a_lock_names_no_host_and_no_option(lock: str) -> None:
    text = (ROOT / lock).read_text("ascii")

    assert not re.search(r"://|file:|--(?!hash=|    )[a-z-]+|@ ", text)


def test_tests_run_on_the_versions_that_are_run() -> None:
    run, dev = pinned(RUN), pinned(DEV)

    assert {name: dev.get(name) for name in run} == run


def test_the_run_lock_alone_can_open_the_database() -> None:
    """The development lock brings greenlet by another way, and would hide that it is missing."""
    assert "greenlet" in pinned(RUN)
