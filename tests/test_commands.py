"""The command line: every command answers in clear words and with the right exit status."""

import json
import re
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from bot.__main__ import DEFAULT_FORM
from bot.app import Place, open_house
from bot.commands_watching import told_in_words
from bot.content import CURRENT_FORM, texts_of
from bot.dialogs.messages import Incoming, Text
from storage.ledger import commit
from storage.sealed import key_text
from storage.turn import ChatView, Decision, Lookup
from tests.conftest import Clock, seeded
from tests.filled import FARMER, ROOT, START, call, fill, in_chat, run

COMMANDS = {
    *("run", "setup", "chat", "try-answer", "export", "backup", "restore", "tasks"),
    *("form", "key", "inbox", "outbox", "audit", "account", "invite", "unit", "record"),
    *("assign", "return", "people"),
    *("import", "doubles"),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A confirmed form, a chat that asked for an officer, an unfinished one."""
    data = tmp_path_factory.mktemp("filled")
    fill(data, [*in_chat("a", START + FARMER), *in_chat("b", (*START, "gặp cán bộ"))])
    return data


def test_help_lists_every_command_in_one_line() -> None:
    lines = run("--help").stdout.partition("Commands:\n")[2].splitlines()

    assert {line.split()[0] for line in lines} == COMMANDS
    assert all(re.match(r"  [a-z-]+ +[A-Z].*[^.]\.$", line) for line in lines)


def test_help_imports_nothing_heavy() -> None:
    shown = run("--help", PYTHONPROFILEIMPORTTIME="1")

    imported = set(re.findall(r"\| +([\w.]+)$", shown.stderr, re.MULTILINE))
    assert "typer" in imported
    assert not imported & {"sqlalchemy", "pydantic", "alembic", "cryptography", "xlsxwriter"}


def test_the_form_named_in_help_is_the_present_one() -> None:
    assert DEFAULT_FORM == CURRENT_FORM


def test_try_answer_goes_on_after_a_bad_line() -> None:
    lines = (
        "not json",
        '{"question": "q99", "input": "1"}',
        '{"question": "q03_gioi_tinh"}',
        "[]",
        '{"question": "q03_gioi_tinh", "input": "nữ"}',
        '{"question": "q03_gioi_tinh", "input": "xanh"}',
    )

    done = run("try-answer", words="\n".join(lines))

    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [result.get("code") for result in results[:4]] == [
        *("bad_line", "no_such_question", "bad_line", "bad_line")
    ]
    assert results[4] == {"accepted": True, "value": "nu", "label": "Nữ", "warnings": []}
    assert not results[5]["accepted"] and results[5]["message"]


def test_try_answer_knows_the_office_of_a_folder(tmp_path: Path) -> None:
    fill(tmp_path, ["/start"])
    call("setup", "--commune", "21340", "--villages", "Tà Vinh, Ra Pân", MAU03_DATA=str(tmp_path))

    done = call(
        *("try-answer", "--data", str(tmp_path)), words='{"question": "h_thon", "input": "2"}'
    )

    assert json.loads(done.stdout)["value"] == "Ra Pân"


def test_a_form_is_shown_and_checked(tmp_path: Path) -> None:
    (tmp_path / "form.toml").write_text('id = "x"\n', "utf-8")

    shown, refused = call("form", "show"), call("form", "check", str(tmp_path / "form.toml"))
    unknown = call("form", "show", "no_such_form")

    assert shown.returncode == 0 and "q13_1_thoi_gian" in shown.stdout
    assert refused.returncode == 1 and str(tmp_path / "form.toml") in refused.stderr
    assert unknown.returncode == 1 and "Traceback" not in unknown.stderr


def test_setup_saves_the_office(tmp_path: Path) -> None:
    options = ("--commune", "21340", "--officer", "Đinh Văn Lâm", "--phone", "0255 000 111")

    done = call("setup", *options, MAU03_DATA=str(tmp_path))
    greeted = fill(tmp_path, ["/start"])

    assert done.returncode == 0 and str(tmp_path / "mau03.key") in done.stdout
    assert "0255 000 111" in greeted[0]["text"]


def test_setup_explains_its_options_and_a_wrong_name(tmp_path: Path) -> None:
    helped = call("setup", "--help", MAU03_DATA=str(tmp_path))
    wrong = call("setup", "--commune", "Không Có", MAU03_DATA=str(tmp_path))

    assert helped.returncode == 0 and "--retention-source" in helped.stdout
    assert wrong.returncode == 1 and "Traceback" not in wrong.stderr


def test_the_key_is_shown_and_verified(filled: Path) -> None:
    shown = call("key", "show", "--data", str(filled))
    verified = call("key", "verify", "--data", str(filled))

    assert shown.stdout == (filled / "mau03.key").read_text()
    assert verified.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("key", "verify"),
        ("export", "--format", "json", "--out", "x.json"),
        ("backup", "--out", "x"),
    ],
)
def test_a_wrong_or_missing_key_stops_with_the_way_out(
    filled: Path, tmp_path: Path, arguments: Sequence[str]
) -> None:
    key = filled / "mau03.key"
    aside = key.rename(filled / "aside")
    try:
        missing = run(*arguments, "--data", str(filled))
        key.write_text(key_text(bytes(32)))
        wrong = run(*arguments, "--data", str(filled))
    finally:
        aside.replace(key)

    assert (missing.returncode, wrong.returncode) == (1, 1)
    assert "MAU03_KEY" in missing.stderr and "Traceback" not in missing.stderr + wrong.stderr
    assert len(wrong.stderr.splitlines()) == 2


def test_the_key_may_stand_in_the_settings(filled: Path, tmp_path: Path) -> None:
    key = (filled / "mau03.key").read_text().strip()
    aside = (filled / "mau03.key").rename(filled / "aside")
    try:
        done = call("key", "verify", "--data", str(filled), MAU03_KEY=key)
    finally:
        aside.rename(filled / "mau03.key")

    assert done.returncode == 0, done.stderr


def test_nothing_is_made_where_there_is_no_database(tmp_path: Path) -> None:
    done = call("tasks", "--data", str(tmp_path / "none"))

    assert done.returncode == 1 and len(done.stderr.splitlines()) == 2
    assert not (tmp_path / "none").exists()


def test_wrong_settings_are_told_in_both_languages() -> None:
    done = call("key", "verify", MAU03_PORT="many")

    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["MAU03_PORT"] * 2


def test_tasks_show_who_asked_for_an_officer(filled: Path) -> None:
    (line,) = call("tasks", "--data", str(filled)).stdout.splitlines()

    number, at, kind, platform, chat, detail = line.split("\t")
    assert number.isdigit() and chat.isdigit()
    assert (kind, platform) == ("cần gọi hoặc gặp", "dòng lệnh")
    assert datetime.strptime(at, "%Y-%m-%d %H:%M").year >= 2026
    assert "{" not in detail and "_" not in detail


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"at": "q09_gdpt"}, "đang hỏi mục 9 "),
        ({"at": ""}, ""),
        ({"at": "welcome"}, ""),
        ({"why": "withheld"}, "không đồng ý"),
        ({"why": "proxy_not_asked", "relation": "con"}, "; Con"),
        ({"words": "x"}, "x"),
        ({"what": "erase"}, "xin xóa"),
        ({}, ""),
    ],
)
def test_a_task_is_told_in_words(detail: dict[str, str], said: str) -> None:
    told = told_in_words(detail, texts_of())

    assert said in told and bool(said) == bool(told)


def test_whoever_reads_the_first_lines_only_is_told_nothing() -> None:
    command = [sys.executable, "-m", "bot", "form", "show"]
    with Popen(command, cwd=ROOT, stdout=PIPE, stderr=PIPE) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""


def test_the_history_is_verified_and_anchored(filled: Path) -> None:
    anchored = call("audit", "anchor", "--data", str(filled))
    again = call("audit", "anchor", "--data", str(filled))
    verified = call("audit", "verify", "--data", str(filled))

    assert re.fullmatch(r"\d{4}-\d\d-\d\d\t[0-9a-f]{64}\n", anchored.stdout)
    assert again.stdout == anchored.stdout
    assert verified.returncode == 0 and " 2 " in verified.stdout and " 1 " in verified.stdout


def test_a_changed_event_breaks_the_history(tmp_path: Path) -> None:
    fill(tmp_path, START + FARMER)
    with closing(sqlite3.connect(tmp_path / "mau03.db")) as database:
        (broken,) = database.execute("SELECT id FROM submissions").fetchone()
        database.execute("UPDATE events SET kind = 'other' WHERE seq = 2")
        database.commit()

    done = call("audit", "verify", "--data", str(tmp_path))

    assert done.returncode == 1 and str(broken) in done.stderr


def set_aside(data: Path, words: str, chat: str) -> int:
    """Let a message fail as if the program had a mistake; return its number in the inbox."""

    def fail(_: Incoming, view: ChatView, lookup: Lookup) -> Decision:
        raise LookupError

    clock = Clock(datetime.now(UTC))
    house = open_house(Place.of(data), now=clock, random=seeded(5))
    at = clock()
    incoming = Incoming("terminal", "terminal", "dead", chat, Text(words), at, at)
    assert house.database.writer is not None
    with house.database.writer.connect() as connection:
        commit(connection, [incoming], fail, house.context)
    house.database.writer.dispose()
    listed = call("inbox", "list", "--data", str(data)).stdout.splitlines()
    return int(listed[-1].split("\t")[0])


def test_a_dead_letter_is_applied_to_the_question_it_was_for(tmp_path: Path) -> None:
    fill(tmp_path, START)
    letter = set_aside(tmp_path, "Nguyễn Văn Sáu", "local")

    first = call("inbox", "replay", str(letter), "--data", str(tmp_path))
    second = call("inbox", "replay", str(letter), "--data", str(tmp_path))

    assert (first.returncode, second.returncode) == (0, 1)
    assert call("inbox", "list", "--data", str(tmp_path)).stdout == ""
    assert any(bubble["question"] == "q02_ngay_sinh" for bubble in fill(tmp_path, ["?"]))


def test_a_dead_letter_never_answers_another_question(tmp_path: Path) -> None:
    fill(tmp_path, START)
    letter = set_aside(tmp_path, "Nguyễn Văn Sáu", "local")
    fill(tmp_path, ["Trần Văn Bảy"])

    done = call("inbox", "replay", str(letter), "--data", str(tmp_path))

    listed = call("inbox", "list", "--data", str(tmp_path)).stdout
    assert done.returncode == 1 and str(letter) in done.stdout
    assert listed.startswith(f"{letter}\t") and "Sáu" not in listed


def test_undelivered_answers_are_listed_without_their_words(tmp_path: Path) -> None:
    fill(tmp_path, START)
    set_aside(tmp_path, "x", "local")
    with closing(sqlite3.connect(tmp_path / "mau03.db")) as database:
        database.execute("UPDATE outbox SET failed_at = 1767225600000, why = 'not_deleted'")
        database.commit()

    lines = call("outbox", "list", "--data", str(tmp_path)).stdout.splitlines()

    assert [line.split("\t")[1:3] for line in lines] == [["2026-01-01 07:00", "dòng lệnh"]]
    assert "xin nhắc người gửi tự xóa" in lines[0]


def test_a_day_that_is_no_day_is_refused() -> None:
    done = call("chat", "--json", "--today", "31/12/2026")

    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_words_that_are_no_utf8_do_not_end_the_chat(tmp_path: Path) -> None:
    bubbles = fill(tmp_path, ["/start", "\ufffd", "1"])

    assert bubbles[-1]["question"] == "consent_collect"


def test_commands_work_on_postgresql(postgres: Callable[[str], str], tmp_path: Path) -> None:
    settings = {"MAU03_DATABASE_URL": postgres("commands"), "MAU03_DATA": str(tmp_path)}
    fill_in = ("--commune", "21340", "--officer", "Đinh Văn Lâm")

    made = call("setup", *fill_in, **settings)
    exported = call("export", "--format", "json", "--out", str(tmp_path / "o.json"), **settings)
    anchored = call("audit", "anchor", **settings)
    verified = call("audit", "verify", **settings)
    saved = call("backup", "--out", str(tmp_path / "b"), **settings)

    done = (made, exported, anchored, verified)
    assert [one.returncode for one in done] == [0, 0, 0, 0], [one.stderr for one in done]
    assert json.loads((tmp_path / "o.json").read_text("utf-8")) == []
    assert saved.returncode == 1 and "pg_dump" in saved.stderr


def test_a_database_out_of_reach_is_told_without_a_traceback(tmp_path: Path) -> None:
    url = "postgresql://office@127.0.0.1:1/mau03"

    done = call("tasks", MAU03_DATABASE_URL=url, MAU03_DATA=str(tmp_path))

    assert done.returncode == 1 and len(done.stderr.splitlines()) == 2
