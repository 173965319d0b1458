"""`mau03 run` as a process: what it says when it cannot start, and what it does not load."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.e2e.conftest import ROOT


def run(data: Path, port: int) -> "subprocess.CompletedProcess[str]":
    others = {name: text for name, text in os.environ.items() if not name.startswith("MAU03_")}
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "bot", "run"],
        cwd=ROOT,
        env=others | {"MAU03_DATA": str(data), "MAU03_PORT": str(port)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run(tmp_path / "data", taken.getsockname()[1])

    assert ended.returncode == 1
    assert "MAU03_PORT" in ended.stderr
    assert "đang có chương trình khác dùng" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_second_process_on_one_file_says_so(served_data: Path) -> None:
    ended = run(served_data, 0)

    assert ended.returncode == 1
    assert "another process is already serving" in ended.stderr


def test_messengers_are_not_loaded_without_being_configured() -> None:
    loaded = (
        "import bot.serving, sys; print([m for m in ('aiogram', 'aiohttp') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )

    assert ended.stdout.strip() == "[]"
