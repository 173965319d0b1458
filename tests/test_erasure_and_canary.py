"""What people typed stands nowhere in the clear; what was erased cannot be read by anybody."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from unicodedata import normalize

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, LargeBinary, Row, select

from bot.app import Place, open_house
from storage.access import Viewer
from storage.audit import broken_chains
from storage.backup import daily_backup
from storage.commune_tables import households, people
from storage.returns import give_back
from storage.sealed import Keys, place, unseal
from storage.tables import consents, metadata, submissions
from tests.commune import HERE, Commune, answers
from tests.conftest import Office, seeded
from tests.filled import ROOT, START, fill, in_chat, run
from tests.test_commands import set_aside
from tests.test_returns import Clerk

ADDRESS: Final = "xóm Canary Chào Mào, thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi"
WHOLE: Final = (
    *("Đinh Thị Vành Khuyên", "17/11/1987", "nữ", "051187006543", "5198765432", ADDRESS),
    *("không", "2, 6", "Ca Dong", "thpt", "cao đẳng", "sư phạm Chích Chòe", "1", "làm công"),
    *("dạy hát Họa Mi", "có", "bắt buộc", "có", "xác định thời hạn", "23/04/2019"),
    *("Trường Sơn Ca", "khu vực nhà nước", "số 7 Đường Cu Gáy, xã Sơn Tây, Quảng Ngãi", "1"),
)
SPELT: Final = (
    *("Phạm Văn Sáo Sậu", "ngày 28 tháng 12 năm 1979", "nam", "051 079 009 876", "bỏ qua"),
    *("Thôn Bồ Chao, xã Sơn Tây, tỉnh Quảng Ngãi", "không", "7", "cấp 1", "1"),
    *("1", "tự làm", "nuôi Chim Cút", "không", "không", "1", "tại nhà", "1"),
)
UNFINISHED: Final = (*START, "Hồ Thị Yểng Nhồng", "09-08-1993", "nữ", "051193005555")
DEAD: Final = "Tôi là Lê Văn Quạ, số 051088007777"

CANARIES: Final = (
    *("Vành Khuyên", "17/11/1987", "1987-11-17", "17111987", "051187006543", "5198765432"),
    *("Canary", "Chào Mào", "Chích Chòe", "Họa Mi", "Sơn Ca", "Cu Gáy", "23/04/2019"),
    *("2019-04-23", "Sáo Sậu", "28 tháng 12", "1979-12-28", "28/12/1979", "051079009876"),
    *("051 079 009 876", "Bồ Chao", "Chim Cút", "Yểng Nhồng", "09-08-1993", "1993-08-09"),
    *("09/08/1993", "051193005555", "Quạ", "051088007777"),
)


def spellings(text: str) -> Iterator[bytes]:
    """Yield the bytes by which a text may stand in a file."""
    for form in ("NFC", "NFD"):
        for words in {normalize(form, text), normalize(form, text).lower()}:
            yield words.encode()
            yield words.encode("utf-16-le")
            yield words.encode("utf-16-be")
            yield json.dumps(words)[1:-1].encode()


def found_in(raw: bytes) -> list[str]:
    return [text for text in CANARIES if any(form in raw for form in spellings(text))]


def leaks(*folders: Path) -> dict[str, list[str]]:
    """Return which files hold which canaries."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found = {path.name: found_in(path.read_bytes()) for path in files}
    return {name: texts for name, texts in found.items() if texts}


def killed_in_the_middle(data: Path, temporary: Path) -> str:
    """Type into a chat until its process is killed; return what it wrote to stderr."""
    chat = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat", "--json", "--data", str(data), "--chat", "killed"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with chat:
        assert chat.stdin and chat.stdout and chat.stderr
        for line in UNFINISHED:
            chat.stdin.write(f"{line}\n")
            chat.stdin.flush()
            while "end_of_turn" not in chat.stdout.readline():
                pass
        chat.send_signal(signal.SIGKILL)
        return chat.stderr.read()


def test_the_canaries_would_be_found() -> None:
    typed = "\n".join((*WHOLE, *SPELT, *UNFINISHED, DEAD))

    assert {"Họa Mi", "051187006543", "28 tháng 12", "Quạ"} <= set(found_in(typed.encode()))
    assert found_in(json.dumps({"x": "chim cút"}).encode()) == ["Chim Cút"]
    assert found_in("Chào Mào".encode("utf-16")) == ["Chào Mào"]


def test_nothing_typed_stands_anywhere_in_the_clear(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    data, temporary, out = (tmp_path / name for name in ("data", "temporary", "out"))
    for folder in (temporary, out):
        folder.mkdir()
    inside = partial(run, TMPDIR=str(temporary))

    typed = [*in_chat("a", START + WHOLE), *in_chat("b", START + SPELT)]
    bubbles = fill(data, typed, TMPDIR=str(temporary))
    assert sum(bubble["kind"] == "receipt" for bubble in bubbles) == 2
    said = killed_in_the_middle(data, temporary)
    assert "mau03.db-wal" in {path.name for path in data.iterdir()}
    after_the_kill = leaks(data, temporary)
    set_aside(data, DEAD, "killed")
    daily_backup(Place.of(data), datetime.now(UTC))
    for kind in ("csv", "xlsx", "json"):
        done = inside(
            *("export", "--format", kind, "--out", str(out / f"o.{kind}"), "--data", str(data))
        )
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
    for command in (("inbox", "list"), ("outbox", "list"), ("tasks",), ("audit", "verify")):
        done = inside(*command, "--data", str(data))
        said += done.stdout + done.stderr

    assert "Họa Mi" in (out / "o.csv").read_text("utf-8-sig")
    assert after_the_kill == {}
    assert leaks(data, temporary) == {}
    assert found_in("".join((said, *capfd.readouterr(), caplog.text)).encode()) == []


def sealed_cells(connection: Connection) -> Iterator[tuple[str, bytes]]:
    """Yield every sealed cell of the database: the place it was sealed for, and its bytes."""
    for table in metadata.sorted_tables:
        for row in connection.execute(select(table)):
            for column in table.columns:
                cell = row._mapping[column]
                if isinstance(column.type, LargeBinary) and cell:
                    yield place(table.name, column.name, NAMED[table.name](row)), cell


def _by_id(row: Row[Any]) -> str:
    return str(row.id)


NAMED: Final[Mapping[str, Callable[[Row[Any]], str]]] = {
    "inbox": lambda row: f"{row.platform}:{row.account}:{row.event_id}",
    "events": lambda row: f"{row.submission_id}:{row.seq}",
    "anchors": lambda row: row.day,
    "renewals": lambda row: f"{row.batch_id}:{row.person_id}",
    **dict.fromkeys(("chats", "submissions", "consents", "tasks", "outbox"), _by_id),
    **dict.fromkeys(("accounts", "people", "households", "returns", "merges"), _by_id),
}


def readable(connection: Connection, keys: Keys) -> str:
    """Return everything that can still be unsealed with the office's key, as one text."""
    opened = [
        keys.data_key(row.id, row.data_key)
        for table in (submissions, people, households)
        for row in connection.execute(select(table.c.id, table.c.data_key))
        if row.data_key
    ]
    found = []
    for where, cell in sealed_cells(connection):
        for key in (keys.office, *opened):
            try:
                found.append(unseal(key, cell, where).decode())
            except InvalidTag:
                continue
    return "\n".join(found)


CHILD: Final = (
    *("/start", "1", "1", "2", "Lò Thị Chích Chòe", "22/11/2011", "Lò Văn Họa Mi", "1", "2"),
)
WITHDRAWN: Final = (*START, "Lò Thị Chích Chòe", "17/11/1987", "nữ", "051187006543")


@pytest.mark.parametrize(
    ("typed", "last"),
    [(CHILD, ("guardian", "no")), ((*WITHDRAWN, "rút phiếu", "1"), ("collect", "withdrawn"))],
)
def test_what_was_erased_is_unreadable_even_with_the_key(
    tmp_path: Path, typed: tuple[str, ...], last: tuple[str, str]
) -> None:
    fill(tmp_path, typed, "--today", "2026-11-22")

    house = open_house(Place.of(tmp_path), now=lambda: datetime.now(UTC), random=seeded(1))
    assert house.database.writer is not None
    with house.database.writer.begin() as connection:
        text = readable(connection, house.keys)
        kept = connection.execute(select(submissions)).one()
        broken = broken_chains(connection)
        said = select(consents.c.purpose, consents.c.decision).order_by(consents.c.id)
        decisions = [tuple(row) for row in connection.execute(said)]
    house.database.writer.dispose()
    assert text and found_in(text.encode()) == []
    assert leaks(tmp_path) == {}
    assert (kept.status, kept.folded_name, kept.data_key, broken) == ("erased", None, None, [])
    assert decisions == [("collect", "yes"), ("contact", "no"), last]


@pytest.mark.parametrize("listed", [True, False])
async def test_nothing_of_an_erased_form_is_left_with_its_person(
    office: Office, listed: bool
) -> None:
    commune, keys = await Commune(office).build(), office.context.keys
    await commune.assign(await commune.account("lan"), village="Thon 1")
    on_the_list = answers("Họa Mi Trong Sổ", "1987-11-17", "051187006543")
    person = await commune.person(on_the_list) if listed else 0
    said = answers("Vành Khuyên", "1979-12-28", "051079009876", q12_2_nghe="nuôi Chim Cút")
    sent = await commune.hand_in("lan", said, person_id=person, relation_to_head="Chích Chòe")
    officer, comments = Viewer("officer", HERE, None, by="hanh"), {"q09_gdpt": "Sáo Sậu"}
    await office.write(
        lambda c: give_back(c, office.context, Clerk(), officer, f"{sent:09}", comments)
    )
    before = found_in((await office.write(lambda c: readable(c, keys))).encode())

    await commune.do("lan", erased=[sent])

    after = found_in((await office.write(lambda c: readable(c, keys))).encode())
    theirs = {"Vành Khuyên", "1979-12-28", "051079009876", "Chim Cút", "Chích Chòe", "Sáo Sậu"}
    lists = {"Họa Mi", "1987-11-17", "051187006543"} if listed else set()
    assert {*before} == theirs | lists
    assert {*after} == lists
    rows = await office.rows(select(people))
    assert [row.folded_name for row in rows] == (["hoa mi trong so"] if listed else [None])
    assert await office.run(broken_chains) == []


def test_the_walk_reads_what_is_not_erased(tmp_path: Path) -> None:
    fill(tmp_path, WITHDRAWN)

    house = open_house(Place.of(tmp_path), now=lambda: datetime.now(UTC), random=seeded(1))
    assert house.database.writer is not None
    with house.database.writer.begin() as connection:
        text = readable(connection, house.keys)
    house.database.writer.dispose()

    assert {"Chích Chòe", "051187006543", "1987-11-17"} <= set(found_in(text.encode()))
