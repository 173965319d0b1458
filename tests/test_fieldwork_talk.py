"""Conversations of somebody who collects, as an official can read them; all people invented.

Besides what `test_transcripts` knows:

    Người thu thập: chị Hoa; 40; 2026-12-22    name, target, due day of who writes in the chat
    Hộ: Tà Vinh; thôn Tà Vinh, xã ...          a household on the list, with its address
    Người: {"q01_ho_ten": ...}                 somebody of that household, with what is known
    Năm: 2025                                  the year that is known of the last one
    Quan hệ: chu_ho                            the last one's relation to the head
    ! trả lại q09_gdpt: ...                      the officer returns the form handed in last
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.dialogs.messages import Text
from storage.access import Viewer
from storage.commune_tables import outcomes
from storage.outbox import pending
from storage.returns import give_back
from storage.tables import submissions
from tests.field import Resident, put_account, put_household, put_person
from tests.talks import OFFICE, Stage, without_receipts
from tests.test_transcripts import SPOKEN_BY_BOT, Player, written_down

FOLDER = Path(__file__).parent / "transcripts" / "fieldwork"
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))
HEADS = ("Hôm nay: ", "Thôn: ", "Người thu thập: ", "Hộ: ", "Người: ", "Năm: ", "Quan hệ: ")


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_round(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    written = path.read_text("utf-8")

    happened = "\n".join(without_receipts(list(replay(tmp_path, written)))) + "\n"

    if request.config.getoption("--update", default=False):
        path.write_text(happened, "utf-8")
        written = happened
    assert happened.splitlines() == written.splitlines()


def replay(folder: Path, written: str) -> Iterator[str]:
    lines = [line for line in written.splitlines() if not f"{line}\n".startswith(SPOKEN_BY_BOT)]
    heads = [line for line in lines if line.startswith(HEADS)]
    setting = Setting.read(heads)
    stage = Stage(folder, setting.villages)
    try:
        stage.begin(setting.today)
        player = Player(stage, "round")
        seen: set[str] = set()
        setting.let_in(stage, "")
        stage.ledger.write_now(lambda connection: setting.put(connection, stage))
        for line in lines:
            yield line
            if line.startswith("! "):
                yield from stage.ledger.write_now(partial(returned, stage, line))
            elif line.startswith("@ ") and line[2:] not in seen:
                seen.add(line[2:])
                setting.let_in(stage, line[2:])
            yield from player.play(line)
        yield from written_down(stage.kept("round/"))
        yield from stage.ledger.write_now(outcome_lines)
    finally:
        stage.close()


def returned(stage: Stage, line: str, connection: Connection) -> list[str]:
    """Give the form handed in last back, as the officer does; return what the chat is told."""
    house = stage.house
    handed_in = (submissions.c.receipt.is_not(None), submissions.c.status == "confirmed")
    newest = select(submissions.c.receipt).where(*handed_in)
    receipt = connection.scalar(newest.order_by(submissions.c.confirmed_at.desc()).limit(1))
    question, _, comment = line.removeprefix("! trả lại ").partition(": ")
    viewer = Viewer("officer", house.office.commune, None, by="test")
    clerk, comments = house.conversation, {question: comment}
    give_back(connection, house.context, clerk, viewer, str(receipt), comments)
    told = pending(connection, house.keys, worker="test", now=house.now())
    return [f"< {said}" for bubble in told for said in bubble.outgoing.text.splitlines()]


def outcome_lines(connection: Connection) -> list[str]:
    rows = connection.execute(select(outcomes).order_by(outcomes.c.id))
    return [f"= lý do: {row.kind} {row.since or ''} {row.until or ''}".rstrip() for row in rows]


@dataclass(slots=True)
class Setting:
    """What the heads of a transcript say."""

    today: date = date(2026, 11, 22)
    villages: tuple[str, ...] = ()
    collectors: list[Sequence[str]] = field(default_factory=list)
    people: list[tuple[str, str, Resident]] = field(default_factory=list)
    """Village and address of the household, and who lives there."""

    @classmethod
    def read(cls, heads: Sequence[str]) -> "Setting":
        setting, home = cls(), ("", "")
        for line in heads:
            head, _, rest = line.partition(": ")
            match head:
                case "Hôm nay":
                    setting.today = date.fromisoformat(rest)
                case "Thôn":
                    setting.villages = tuple(rest.split(", "))
                case "Người thu thập":
                    setting.collectors.append(rest.split("; "))
                case "Hộ":
                    village, _, address = rest.partition("; ")
                    home = (village, address)
                case "Người":
                    setting.people.append((*home, Resident(json.loads(rest), home[0])))
                case "Năm":
                    setting._last(year=rest)
                case "Quan hệ":
                    setting._last(relation=rest)
        return setting

    def _last(self, **changes: Any) -> None:
        village, address, resident = self.people[-1]
        self.people[-1] = (village, address, replace(resident, **changes))

    def let_in(self, stage: Stage, name: str) -> None:
        """Let the chat of this name, or the first one, be that of a collector."""
        (collector,) = [who for who in self.collectors if not name or who[0] == name][:1]
        stage.say(f"round/{name}", Text("chào"))
        chat, villages = stage.talked[f"round/{name}"], self.villages
        target, due = (int(collector[1]), collector[2]) if len(collector) > 1 else (None, None)
        stage.ledger.write_now(
            lambda c: put_account(c, stage.house, chat, collector[0], villages, target, due)
        )

    def put(self, connection: Connection, stage: Stage) -> None:
        house = stage.house
        homes: dict[tuple[str, str], int] = {}
        for village, text, resident in self.people:
            if (village, text) not in homes:
                address = {"text": text, "commune": OFFICE.commune, "province": OFFICE.province}
                homes[village, text] = put_household(connection, house, village, address)
            put_person(connection, house, replace(resident, household=homes[village, text]))
