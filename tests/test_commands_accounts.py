"""The command line for accounts, invitations and units, and who asks with `--as`."""

import csv
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from storage.codes import read_code
from storage.invites import LENGTH
from tests.filled import FARMER, START, call, fill, in_chat

VILLAGES = "Tà Vinh, Huy Em"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A commune with one confirmed form and an account of every kind. All invented."""
    data = tmp_path_factory.mktemp("filled")
    fill(data, [*in_chat("a", START + FARMER)])
    for login, role in [
        ("hoa", "officer"),
        ("lan", "officer"),
        ("mai", "chairman"),
        ("cuc", "viewer"),
        ("dao", "enumerator"),
        ("sen", "police"),
        ("tuan", "administrator"),
    ]:
        made = at(data, "account", "add", login, "--role", role, "--name", f"{login} (bịa)")
        assert made[0] == 0, made
    return data


def at(data: Path, *arguments: str) -> tuple[int, str, str]:
    done = call(*arguments, "--data", str(data))
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def table(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_accounts_are_listed_with_their_names(filled: Path) -> None:
    _, listed, _ = at(filled, "account", "list")

    assert ["hoa", "hoa (bịa)", "công chức phụ trách"] in [row[:3] for row in table(listed)]
    assert b"hoa (b" not in (filled / "mau03.db").read_bytes()


def test_an_account_is_disabled_and_let_in_again(filled: Path) -> None:
    assert at(filled, "account", "disable", "lan")[0] == 0
    code, _, why = at(filled, "tasks", "--as", "lan")
    assert code == 1 and "đang khóa" in why

    assert at(filled, "account", "enable", "lan")[0] == 0
    assert at(filled, "tasks", "--as", "lan")[0] == 0
    kinds = [row[1] for row in table(at(filled, "account", "log")[1])]
    assert kinds[-2:] == ["khóa tài khoản", "mở lại tài khoản"]


@pytest.mark.parametrize(
    ("login", "arguments", "why"),
    [
        ("nobody", ["tasks"], "Không có tài khoản"),
        ("cuc", ["tasks"], "không được làm việc"),
        ("dao", ["inbox", "list"], "không được làm việc"),
        ("sen", ["outbox", "list"], "không được làm việc"),
        ("dao", ["account", "list"], "không được làm việc"),
        ("dao", ["account", "disable", "hoa"], "không được làm việc"),
        ("hoa", ["account", "disable", "mai"], "không được làm việc"),
        ("hoa", ["invite", "--role", "police"], "không được làm việc"),
        ("mai", ["unit", "add", "Thôn Lạ"], "không được làm việc"),
        ("sen", ["audit", "verify"], "không được làm việc"),
        ("cuc", ["account", "log"], "chỉ được xem số đếm"),
    ],
)
def test_what_a_role_may_not_is_refused_in_words(
    filled: Path, login: str, arguments: Sequence[str], why: str
) -> None:
    code, said, refused = at(filled, *arguments, "--as", login)

    assert (code, said) == (1, "")
    assert why in refused


@pytest.mark.parametrize(
    ("login", "code", "count", "masked"),
    [
        (None, 0, 1, False),
        ("hoa", 0, 1, False),
        ("mai", 0, 1, True),
        ("sen", 0, 0, False),  # nothing was handed over
        ("cuc", 1, None, None),
        ("dao", 1, None, None),
        ("tuan", 1, None, None),
    ],
)
def test_an_export_is_what_the_role_may_see(
    filled: Path, tmp_path: Path, login: str | None, code: int, count: int | None, masked: bool
) -> None:
    out = tmp_path / "out.csv"
    asks = ["--as", login] if login else []

    done, _, why = at(filled, "export", "--format", "csv", "--out", str(out), *asks)

    assert (done, out.exists()) == (code, code == 0)
    if code:
        assert "số đếm" in why or "không được làm" in why
        return
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == count
    assert all(("•" in "".join(row)) == masked for row in rows)


@pytest.mark.parametrize(
    ("asks", "code", "masked"),
    [
        ([], 0, True),
        (["--why", "Dân báo sai số"], 0, False),
        (["--as", "hoa"], 0, True),
        (["--as", "hoa", "--why", "Dân báo sai số"], 0, False),
        (["--as", "dao"], 1, None),  # somebody else's entry
        (["--as", "sen"], 1, None),  # not handed over
        (["--as", "sen", "--why", "Cần xem"], 1, None),
        (["--as", "cuc"], 1, None),
        (["--as", "tuan"], 1, None),
    ],
)
def test_one_form_is_shown_as_the_role_may_see_it_and_the_look_is_kept(
    filled: Path, asks: Sequence[str], code: int, masked: bool | None
) -> None:
    with closing(sqlite3.connect(filled / "mau03.db")) as database:
        (receipt,) = database.execute("SELECT receipt FROM submissions").fetchone()
        before = database.execute("SELECT count(*) FROM accesses").fetchone()[0]

        done, said, _ = at(filled, "record", receipt, *asks)

        looks = database.execute("SELECT action, why FROM accesses ORDER BY id").fetchall()
    assert (done, bool(said), len(looks) - before) == (code, code == 0, int(code == 0))
    if code == 0:
        assert ("•" in said) == masked
        assert looks[-1] == (("read_record", None) if masked else ("reveal_record", asks[-1]))


def test_an_invitation_is_shown_once_with_its_links_and_picture(
    filled: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "moi.svg"

    code, said, _ = at(filled, "invite", "--role", "enumerator", "--qr", str(picture))

    found = re.search(r"Mã mời: ([0-9A-Z-]+)", said)
    assert code == 0 and found is not None
    assert read_code(found[1], LENGTH) is not None
    assert picture.read_text("utf-8").startswith("<?xml")
    _, listed, _ = at(filled, "invite", "list")
    number = table(listed)[0][0]
    assert found[1] not in listed and "còn dùng được" in listed
    assert at(filled, "invite", "revoke", number)[0] == 0
    assert at(filled, "invite", "revoke", number)[0] == 1
    assert "đã thu hồi" in at(filled, "invite", "list")[1].splitlines()[0]


@pytest.mark.parametrize("name", ["moi.jpg", "moi", "none/moi.png"])
def test_no_code_is_made_when_its_picture_cannot_be_drawn(
    filled: Path, tmp_path: Path, name: str
) -> None:
    before = at(filled, "invite", "list")[1]

    code, said, why = at(filled, "invite", "--role", "enumerator", "--qr", str(tmp_path / name))

    assert (code, said) == (1, "") and "--qr moi.png" in why
    assert at(filled, "invite", "list")[1] == before


def test_an_invitation_needs_a_role_or_an_account(filled: Path) -> None:
    assert at(filled, "invite")[0] == 2
    assert at(filled, "invite", "--role", "police", "--account", "hoa")[0] == 2
    assert at(filled, "invite", "--account", "hoa", "--qr", "-")[0] == 0


def test_villages_are_added_renamed_closed_and_imported(tmp_path: Path) -> None:
    fill(tmp_path, ["/start"])
    sheet = tmp_path / "thon.csv"
    sheet.write_text("tên;loại\nThôn Một;thôn\nTổ dân phố 2;\n", "utf-8")

    assert at(tmp_path, "unit", "add", "Tà Vinh")[0] == 0
    looked = at(tmp_path, "unit", "import", str(sheet))[1]
    assert at(tmp_path, "unit", "import", str(sheet), "--write")[0] == 0
    codes = {row[2]: row[0] for row in table(at(tmp_path, "unit", "list")[1])}
    assert at(tmp_path, "unit", "rename", codes["Thôn Một"], "Thôn Mới")[0] == 0
    assert at(tmp_path, "unit", "close", codes["Tà Vinh"])[0] == 0
    rows = table(at(tmp_path, "unit", "list")[1])

    assert "Xem thử: 2" in looked
    assert [row[1:3] for row in rows[1:]] == [
        ["thôn", "Tà Vinh"],
        ["thôn", "Thôn Mới"],
        ["tổ dân phố", "Tổ dân phố 2"],
    ]
    assert [row[-1] for row in rows[1:]] == ["đã đóng", "", ""]
    sheet.write_text("tên;loại\nThôn Ba;huyện\n", "utf-8")
    code, said, _ = at(tmp_path, "unit", "import", str(sheet), "--write")
    assert code == 1 and "Dòng 2" in said
    assert "Thôn Ba" not in at(tmp_path, "unit", "list")[1]


def test_a_database_holds_several_communes(tmp_path: Path) -> None:
    settings = {"MAU03_DATA": str(tmp_path)}
    assert call("setup", "--commune", "21340", "--villages", VILLAGES, **settings).returncode == 0

    other = call("setup", "--commune", "21343", "--add", **settings)
    third = call("setup", "--commune", "21334", **settings)
    unclear = call("unit", "list", **settings)
    named = call("unit", "list", MAU03_COMMUNE="21340", **settings)
    unknown = call("unit", "list", MAU03_COMMUNE="00004", **settings)
    changed = call("setup", "--commune", "21343", "--villages", "Mang", **settings)

    assert other.returncode == changed.returncode == 0, other.stderr
    assert third.returncode == 1 and "--add" in third.stderr
    assert unclear.returncode == 1 and "MAU03_COMMUNE" in unclear.stderr
    assert [row[2] for row in table(named.stdout)] == ["Xã Sơn Tây", "Tà Vinh", "Huy Em"]
    assert unknown.returncode == 1 and "00004" in unknown.stderr
    after = call("unit", "list", MAU03_COMMUNE="21343", **settings)
    assert [row[2] for row in table(after.stdout)] == ["Xã Sơn Tây Hạ", "Mang"]
