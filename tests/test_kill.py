"""Processes killed without warning (SIGKILL) while many people fill in the form, and started again.

Afterwards everybody sends everything once more, as platforms do. Nothing may be lost or doubled.
"""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx2
import pytest
from sqlalchemy import select

from bot.app import Place, open_house
from bot.content import form_of
from storage.sealed import place, unseal_document
from storage.tables import events, inbox, submissions

ROOT: Final = Path(__file__).parent.parent
SURNAMES: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Đinh", "Hồ", "Y", "K'")
NAMES: Final = ("Bưởi", "Cam", "Đào", "Mận", "Sung", "Vải")
SHOWN_RECEIPT: Final = re.compile(r'class="receipt-number">([\d ]{11})<')
HIDDEN: Final = re.compile(r'name="(event|prompt)" value="([^"]*)"')


@dataclass(slots=True)
class Person:
    """One person in a chat of their own: what they type, what of it must be kept."""

    chat: str
    lines: list[str]
    answers: dict[str, Any]
    sent: list[dict[str, str]] = field(default_factory=list)
    """Forms posted so far, to be posted again just so."""
    receipts: set[str] = field(default_factory=set)
    """Receipts they were shown."""


def person(number: int, random: Random) -> Person:
    """Return somebody with an identity number of their own. Invented."""
    name = f"{random.choice(SURNAMES)} Thị {random.choice(NAMES)}"
    year, sex = random.randint(1960, 1999), random.choice("12")
    digits = f"051{int(sex) - 1}{year % 100:02}{number:06}"
    picked = {key: random.choice("123") for key in ("q09_gdpt", "q11_ly_do")}
    address = "thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi"
    answers = {
        "q01_ho_ten": name,
        "q02_ngay_sinh": f"{year}-03-12",
        "q03_gioi_tinh": _code("q03_gioi_tinh", sex),
        "q04_so_cccd": digits,
        "q05_ma_bhxh": None,
        "q06_thuong_tru": {"text": address, "commune": "21340", "province": "51"},
        "q07_khac_thuong_tru": "khong",
        "q08_uu_tien": ["khong"],
        "q09_gdpt": _code("q09_gdpt", picked["q09_gdpt"]),
        "q10_cmkt": _code("q10_cmkt", "1"),
        "q11_hdkt": _code("q11_hdkt", "3"),
        "q11_ly_do": _code("q11_ly_do", picked["q11_ly_do"]),
    }
    who = [name, f"12/03/{year}", sex, digits, "bỏ qua", address, "1", "7"]
    rest = [picked["q09_gdpt"], "1", "3", picked["q11_ly_do"], "1"]
    return Person(random.randbytes(32).hex(), ["xin chào", "1", "1", "2", *who, *rest], answers)


def _code(question: str, number: str) -> str:
    return str(form_of()[question].choices[int(number) - 1].code)


@dataclass(frozen=True, slots=True)
class Size:
    people: int
    kills: int
    random: Random


@pytest.fixture
def size(request: pytest.FixtureRequest) -> Size:
    """Small by itself, everything with --soak; the moments of death come from --seed."""
    people, kills = (200, 25) if request.config.getoption("--soak") else (24, 3)
    return Size(people, kills, Random(request.config.getoption("--seed")))


def environment(**more: str) -> dict[str, str]:
    kept = ("PATH", "HOME", "PYTHONPATH", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ} | more


def deaths(size: Size, turns: int) -> Iterator[int]:
    """Yield after how many turns of a process it dies."""
    return (size.random.randint(1, turns) for _ in range(size.kills))


# --- the terminal: one person after the other, every turn of all of them in one process ------


def test_a_killed_terminal_loses_and_doubles_nothing(size: Size, tmp_path: Path) -> None:
    people = [person(number, size.random) for number in range(200)]
    longest = max(len(one.lines) for one in people)
    script = [
        json.dumps({"chat": one.chat, "id": f"{one.chat} {turn}", "text": one.lines[turn]})
        for turn in range(longest)
        for one in people
        if turn < len(one.lines)
    ]
    shown: set[str] = set()

    for turns in [*deaths(size, len(script) - 1), len(script)]:
        shown |= talked_until(tmp_path, script, turns)

    assert shown == {record["receipt"] for record in all_is_there(tmp_path, people)}


def talked_until(data: Path, script: Sequence[str], turns: int) -> set[str]:
    """Feed the script to a process, kill it after so many turns; return the receipts it showed."""
    receipts: set[str] = set()
    command = [sys.executable, "-m", "bot", "chat", "--json", "--data", str(data)]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        lines.write("\n".join(script) + "\n")
        lines.seek(0)
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=lines,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
        )
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            bubble = json.loads(line) if line.endswith("\n") else {}
            receipts |= {bubble["receipt"]} if bubble.get("receipt") else set()
            turns -= bubble == {"end_of_turn": True}
            if turns == 0:
                process.send_signal(signal.SIGKILL)
    return receipts


# --- the server: all of them at the same time, over HTTP -------------------------------------


def test_a_killed_server_loses_and_doubles_nothing(size: Size, tmp_path: Path) -> None:
    people = [person(number, size.random) for number in range(size.people)]
    answers = sum(len(one.lines) for one in people)

    for turns in deaths(size, answers // 2):
        with served(tmp_path) as server:
            asyncio.run(everybody(server, people, turns))
    with served(tmp_path) as server:
        asyncio.run(everybody(server, people))

    records = all_is_there(tmp_path, people)
    receipts = {record["answers"]["q04_so_cccd"]: record["receipt"] for record in records}
    assert all(one.receipts == {receipts[one.answers["q04_so_cccd"]]} for one in people)


@dataclass(slots=True)
class Server:
    process: "subprocess.Popen[str]"
    url: str
    taken: int = 0
    """Answers it has taken since it was started."""


@contextmanager
def served(data: Path) -> Iterator[Server]:
    """Yield a serving process; it is killed at the end, unless it is dead by then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment(MAU03_DATA=str(data), MAU03_PORT=str(port)),
    )
    assert process.stdout is not None
    with process:
        try:
            assert str(port) in process.stdout.readline()
            yield Server(process, f"http://127.0.0.1:{port}")
        finally:
            process.kill()


async def everybody(server: Server, people: Iterable[Person], turns: int | None = None) -> None:
    """Let all of them answer at once; after `turns` answers the server is killed."""
    async with httpx2.AsyncClient(base_url=server.url, timeout=60) as client:
        await asyncio.gather(*(_answers(server, client, one, turns) for one in people))


async def _answers(
    server: Server, client: httpx2.AsyncClient, one: Person, turns: int | None
) -> None:
    """Send again what was sent, then answer what the page asks, until the end or the kill."""
    with suppress(httpx2.TransportError) if turns else nullcontext():
        for form in one.sent:
            await _post(server, client, one, form, turns)
        await _look(client, one)
        for line in one.lines[len(one.sent) :]:
            page = await _look(client, one)
            one.sent.append({**dict(HIDDEN.findall(page)), "text": line})
            await _post(server, client, one, one.sent[-1], turns)
        await _look(client, one)


async def _look(client: httpx2.AsyncClient, one: Person) -> str:
    page = await client.get("/", headers={"cookie": f"mau03={one.chat}"})
    one.receipts |= {found.replace(" ", "") for found in SHOWN_RECEIPT.findall(page.text)}
    return page.text


async def _post(
    server: Server,
    client: httpx2.AsyncClient,
    one: Person,
    form: dict[str, str],
    turns: int | None,
) -> None:
    headers = {"cookie": f"mau03={one.chat}", "sec-fetch-site": "same-origin"}
    answer = await client.post("/", data=form, headers=headers)
    if answer.status_code == 429:
        await asyncio.sleep(float(answer.headers["retry-after"]))  # as the server asks
        return await _post(server, client, one, form, turns)
    assert answer.status_code == 303
    server.taken += 1
    if server.taken == turns:
        server.process.send_signal(signal.SIGKILL)
    return None


# --- what must be there afterwards -----------------------------------------------------------


def all_is_there(
    data: Path, people: Sequence[Person], messages: int | None = None
) -> list[dict[str, Any]]:
    """Return the exported records, after checking that they and their history are complete.

    `messages`: how many were sent, if not one for each line.
    """
    records = exported(data)
    found = {record["answers"]["q04_so_cccd"]: record for record in records}
    assert len(records) == len(people)
    assert [found[one.answers["q04_so_cccd"]]["answers"] for one in people] == [
        one.answers for one in people
    ]
    assert {record["status"] for record in records} == {"confirmed"}
    assert len({record["receipt"] for record in records}) == len(people)
    assert run("audit", "verify", "--data", str(data)).returncode == 0
    _history_is_there(data, people, messages or sum(len(one.lines) for one in people))
    return records


def exported(data: Path) -> list[dict[str, Any]]:
    out = data / "export.json"
    done = run("export", "--format", "json", "--out", str(out), "--data", str(data))
    assert done.returncode == 0, done.stderr
    records: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
    return records


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", env=environment(), timeout=120
    )


def _history_is_there(data: Path, people: Sequence[Person], messages: int) -> None:
    """Every message once in the inbox, every answer once in its submission's history."""
    house = open_house(Place.of(data), now=lambda: datetime.now(UTC), random=os.urandom)
    assert house.database.writer is not None
    with house.database.writer.begin() as connection:
        outcomes = Counter(connection.scalars(select(inbox.c.outcome)))
        keys = {
            row.id: house.keys.data_key(row.id, row.data_key)
            for row in connection.execute(select(submissions.c.id, submissions.c.data_key))
        }
        kept: dict[int, list[str]] = {submission_id: [] for submission_id in keys}
        for row in connection.execute(select(events)):
            where = place("events", "sealed", f"{row.submission_id}:{row.seq}")
            told = unseal_document(keys[row.submission_id], row.sealed, where)
            kept[row.submission_id].append(told.get("question", row.kind))
    house.database.writer.dispose()
    assert outcomes == {"done": messages}
    assert len(kept) == len(people)
    expected = sorted([*people[0].answers, "confirmed"])
    for questions in kept.values():
        assert sorted(questions) == expected
