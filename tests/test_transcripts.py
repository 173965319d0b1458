"""Conversations as an official can read them, played through the whole program.

    Title                 what is shown
    Hôm nay: 2026-11-22   the day it begins
    Thôn: A, B            the office has these villages
    Sau: other            what the person says in that transcript comes first, unseen
    > words               a message ("⏎" is a new line)
    >> words              sent in the same second, before the answer could be seen
    >* value              a button of the last bubble        >~ value   of the one before
    >! voice              something that is not words
    @ name                another chat
    ... 3 ngày            time passes
    ... khởi động lại     the program is stopped and started again
    < words               the bot, a line "<" between two bubbles
    = words               what is kept at the end

To add one: write the lines of the person, run `pytest --update`, then read what the bot says.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.dialogs.messages import Other, Outgoing, Press, Text
from bot.dialogs.state import Answer, Draft
from tests.talks import Kept, Stage, without_receipts

FOLDER = Path(__file__).parent / "transcripts"
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))
SPOKEN_BY_BOT = ("< ", "<\n", "= ")


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Stages"]:
    stages = Stages(tmp_path_factory.mktemp("stages"))
    yield stages
    for stage in stages.opened.values():
        stage.close()


@dataclass(slots=True)
class Stages:
    """One installation for each set of villages; transcripts differ by the names of their chats."""

    folder: Path
    opened: dict[tuple[str, ...], Stage] = field(default_factory=dict)

    def of(self, villages: tuple[str, ...]) -> Stage:
        if villages not in self.opened:
            self.opened[villages] = Stage(self.folder / str(len(self.opened)), villages)
        return self.opened[villages]


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_conversation(path: Path, stages: Stages, request: pytest.FixtureRequest) -> None:
    written = path.read_text("utf-8")

    happened = "\n".join(without_receipts(list(replay(path.stem, written, stages)))) + "\n"

    if request.config.getoption("--update", default=False):
        path.write_text(happened, "utf-8")
        written = happened
    assert happened.splitlines() == written.splitlines()


def replay(name: str, written: str, stages: Stages) -> Iterator[str]:
    lines = [line for line in written.splitlines() if not f"{line}\n".startswith(SPOKEN_BY_BOT)]
    villages = next((line for line in lines if line.startswith("Thôn: ")), "")
    today = next(line for line in lines if line.startswith("Hôm nay: "))
    stage = stages.of(tuple(villages.removeprefix("Thôn: ").split(", ")) if villages else ())
    stage.begin(date.fromisoformat(today.removeprefix("Hôm nay: ")))
    player = Player(stage, name)
    for line in lines:
        yield line
        if line.startswith("Sau: "):
            player.play_before(line.removeprefix("Sau: "))
        yield from player.play(line)
    for chat in player.chats:
        if len(player.chats) > 1:
            yield f"= @ {chat or 'đầu'}"
        yield from written_down(stage.kept(f"{name}/{chat}"))


@dataclass(slots=True)
class Player:
    """Speaks the lines of a transcript."""

    stage: Stage
    name: str
    chat: str = ""
    chats: dict[str, None] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=lambda: [""])
    lines: int = 0

    def play_before(self, other: str) -> None:
        for line in (FOLDER / f"{other}.txt").read_text("utf-8").splitlines():
            if line.startswith("Sau: "):
                self.play_before(line.removeprefix("Sau: "))
            list(self.play(line))

    def play(self, line: str) -> Iterator[str]:
        mark, _, rest = line.partition(" ")
        if mark == "...":
            self._pass_time(rest)
        elif mark == "@":
            self.chat = rest
        elif mark.startswith(">"):
            self.chats[self.chat] = None
            yield from self._told(self._send(mark, rest))

    def _pass_time(self, what: str) -> None:
        if what == "khởi động lại":
            self.stage.restart()
        else:
            self.stage.clock.at += timedelta(days=int(what.split()[0]))

    def _send(self, mark: str, rest: str) -> list[Outgoing]:
        self.lines += 1
        chat = f"{self.name}/{self.chat}"
        match mark:
            case ">":
                return self.stage.say(chat, Text(rest.replace("⏎", "\n")))
            case ">*":
                return self.stage.say(chat, Press(rest, self.prompts[-1]))
            case ">~":
                return self.stage.say(chat, Press(rest, self.prompts[-2]))
            case ">!":
                return self.stage.say(chat, Other(rest))  # type: ignore[arg-type]
            case ">>":
                return self.stage.say_early(chat, rest, self.lines)
        raise ValueError(mark)

    def _told(self, bubbles: list[Outgoing]) -> Iterator[str]:
        for number, bubble in enumerate(bubbles):
            if number:
                yield "<"
            yield from (f"< {said}" for said in bubble.text.splitlines())
        if bubbles and bubbles[-1].prompt not in self.prompts[-1:]:
            self.prompts.append(bubbles[-1].prompt)


def written_down(kept: Kept) -> Iterator[str]:
    for status, draft in zip(kept.statuses, kept.drafts, strict=True):
        yield f"= phiếu: {status}"
        if draft:
            yield from _draft_lines(draft)
    for purpose, decision in kept.consents:
        yield f"= đồng ý {purpose}: {decision}"
    for kind, detail in kept.tasks:
        yield f"= việc {kind}: {_plain(detail)}"


def _draft_lines(draft: Draft) -> Iterator[str]:
    yield f"= cho: {draft.relation}"
    if draft.guardian.consent:
        yield f"= người giám hộ: {_plain([*draft.guardian.fields().values()])}"
    yield from (f"= {key}: {_answer_line(answer)}" for key, answer in draft.all_answers().items())
    yield from (f"= cất {key}: {_answer_line(answer)}" for key, answer in draft.parked.items())


def _answer_line(answer: Answer) -> str:
    value = answer.value if isinstance(answer.value, str) else _plain(answer.value)
    marks: list[str] = [answer.how] if answer.how != "given" else []
    marks += [answer.reason] if answer.reason else []
    marks += [f"giữ {code}" for code in answer.kept]
    return " · ".join([value, *marks])


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
