"""Forms filled through the real command `mau03 chat --json`, and what people type in them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner

from bot.__main__ import app

ROOT: Final = Path(__file__).parent.parent

Lines = Sequence[str | Mapping[str, str]]

START: Final = ("/start", "1", "1", "2")
"""Begin, for oneself, the consent, no messages."""
FARMER: Final = (
    *("Đinh Văn Chín", "5/9/1990", "nam", "051090001234", "bỏ qua"),
    *("thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi", "không", "2, 6", "Ca Dong", "cấp 2", "1"),
    *("1", "tự làm", "trồng keo", "không", "không", "1", "tại nhà", "1"),
)
WORKER: Final = (
    *("Trần Thị Ánh", "02/02/1995", "nữ", "051195004321", "5112345678"),
    *("thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi", "không", "7", "cấp 3", "trung cấp"),
    *("may công nghiệp", "1", "làm công", "=HYPERLINK(1)", "có", "bắt buộc", "có"),
    *("xác định thời hạn", "01/03/2020", "Công ty May Hoa Sim", "doanh nghiệp", "dn fdi"),
    *("xã Sơn Tây, Quảng Ngãi", "1"),
)
STUDENT: Final = (
    *("Hồ Thị Bé", "1/1/2004", "nữ", "chưa có số", "bỏ qua"),
    *("thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi", "không", "7", "cấp 3", "1", "3", "đi học"),
    "1",
)


def in_chat(chat: str, lines: Iterable[str]) -> list[Mapping[str, str]]:
    return [{"chat": chat, "text": line} for line in lines]


def run(*arguments: str, words: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as people do, without any setting of this machine."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MAU03_")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=ROOT,
        env=ours | environment,
        input=words,
        capture_output=True,
        encoding="utf-8",
    )


def call(*arguments: str, words: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The same within this process, which is quicker. A bug is raised here."""
    theirs: dict[str, str | None] = dict.fromkeys(x for x in os.environ if x.startswith("MAU03_"))
    done = CliRunner().invoke(app, arguments, input=words, env=theirs | environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def fill(data: Path, lines: Lines, *options: str, **environment: str) -> list[dict[str, Any]]:
    """Type lines into the chat kept in `data`; return the bubbles."""
    words = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    done = run("chat", "--json", "--data", str(data), *options, words=words, **environment)
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return [bubble for bubble in said if "kind" in bubble]
