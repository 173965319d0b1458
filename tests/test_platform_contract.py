"""What every platform owes the conversation. A new platform needs a driver here, nothing else.

A driver talks to its platform as a person does, and can do four odd things people's phones do:
send the same message twice, press an old button, answer before the question was shown, restart.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final, Protocol

import pytest
from sqlalchemy import select

from bot.app import CAPABILITIES, House, Place, open_house, open_house_async
from bot.dialogs.messages import Incoming, Press, Text
from bot.dialogs.prompts import OPTIONS
from bot.dialogs.state import Chat, Draft
from bot.platforms import telegram_updates, terminal, web
from bot.platforms.doorman import Bouncer
from bot.platforms.terminal import Line, Terminal
from bot.platforms.zalo import Zalo
from bot.sender import Ledger, Sender
from bot.serving import application, close_ledger, open_ledger
from storage.group import SqliteLedger
from storage.ledger import chat_token
from storage.standing import standing
from storage.tables import chats, consents, inbox, outbox
from tests.browsing import Site, Visitor
from tests.conftest import Clock, seeded
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_updates import update
from tests.fakes.zalo import FakeZalo
from tests.fakes.zalo_people import Chat as ZaloChat
from tests.fakes.zalo_people import Event as ZaloEvent
from tests.fakes.zalo_people import Person as ZaloPerson
from tests.fresh import put_fresh_database
from tests.listening import served, until
from tests.telegram_house import TOKEN, TelegramHouse


class Driver(Protocol):
    house: House

    async def start(self, folder: Path) -> None: ...
    async def stop(self) -> None: ...
    async def end(self) -> None:
        """Leave nothing behind: there is no start after this."""

    async def say(self, words: str) -> str:
        """Return all that the platform shows afterwards, as one text."""

    async def press(self, value: str) -> str: ...
    async def again(self) -> None:
        """Send the last message once more, as it was."""

    async def old_button(self, value: str) -> None:
        """Press a button of the first prompt that was ever open."""

    async def too_early(self, words: str) -> None:
        """Send words as somebody who has not seen the open prompt."""

    def chat(self) -> tuple[str, str, str]:
        """Platform, account, chat, as the ledger knows them."""


@dataclass
class TerminalDriver:
    house: House = field(init=False)
    _ledger: SqliteLedger = field(init=False)
    _terminal: Terminal = field(init=False)
    _last: Line = field(init=False)
    _numbers: Iterator[int] = field(default_factory=count)

    async def start(self, folder: Path) -> None:
        await asyncio.to_thread(self._open, folder)

    def _open(self, folder: Path) -> None:
        put_fresh_database(folder / "mau03.db")
        self.house = open_house(Place.of(folder), now=Clock(), random=seeded(7))
        self._ledger = self.house.sqlite_ledger(lambda _: None)
        self._terminal = Terminal(
            self._ledger.submit_now, self._ledger.delivered, self.house.now, seeded(9), "an"
        )

    async def stop(self) -> None:
        self._ledger.close()
        await self.house.database.close()

    async def end(self) -> None:
        pass

    async def say(self, words: str) -> str:
        return await self._turn(Line(Text(words), event_id=f"message {next(self._numbers)}"))

    async def press(self, value: str) -> str:
        return await self._turn(Line(Press(value)))

    async def _turn(self, line: Line) -> str:
        self._last = line
        return "\n".join(bubble.text for bubble in self._terminal.turn(line))

    async def again(self) -> None:
        assert self._terminal.turn(self._last) == []

    async def old_button(self, value: str) -> None:
        self._terminal.turn(Line(Press(value, "1")))

    async def too_early(self, words: str) -> None:
        at = self.house.now()
        before = at - timedelta(days=1)
        self._ledger.submit_now(Incoming(*self.chat()[:2], "early", "an", Text(words), before, at))

    def chat(self) -> tuple[str, str, str]:
        return terminal.PLATFORM, terminal.ACCOUNT, "an"


@dataclass
class WebDriver:
    house: House = field(init=False)
    _ledger: Ledger = field(init=False)
    _visitor: Visitor | None = None
    _last: dict[str, str] = field(default_factory=dict)
    _first_prompt: str = ""

    async def start(self, folder: Path) -> None:
        now, random = Clock(), seeded(7)
        self.house = await open_house_async(Place.of(folder), now=now, random=random)
        sender = Sender({}, self.house.keys, self.house.context.worker, now, random)
        self._ledger = await open_ledger(self.house, sender)
        app = application(self.house, self._ledger, sender, bouncer=Bouncer(burst=1000))
        cookies = self._visitor.client.cookies if self._visitor else None
        self._visitor = Site(self.house, self._ledger, app).visitor(cookies=cookies)
        await self._visitor.look()

    @property
    def visitor(self) -> Visitor:
        assert self._visitor is not None
        return self._visitor

    async def stop(self) -> None:
        await self.visitor.client.aclose()
        await close_ledger(self._ledger)
        await self.house.database.close()

    async def end(self) -> None:
        pass

    async def say(self, words: str) -> str:
        return await self._send(text=words)

    async def press(self, value: str) -> str:
        assert f'value="{value}"' in self.visitor.page
        return await self._send(press=value)

    async def _send(self, **fields: str) -> str:
        prompt = self.visitor.hidden("prompt")
        self._first_prompt = self._first_prompt or prompt
        self._last = {"event": self.visitor.hidden("event"), "prompt": prompt, **fields}
        await self.visitor.post(**self._last)
        return await self.visitor.look()

    async def again(self) -> None:
        await self.visitor.post(**self._last)
        await self.visitor.look()

    async def old_button(self, value: str) -> None:
        await self._send(press=value, prompt=self._first_prompt or "1")

    async def too_early(self, words: str) -> None:
        await self._send(text=words, prompt=self._first_prompt or "1")

    def chat(self) -> tuple[str, str, str]:
        secret = self.visitor.client.cookies["mau03"]
        return (
            web.PLATFORM,
            web.ACCOUNT,
            self.house.keys.token("web chat", f"{self.house.context.unit} {secret}"),
        )


@dataclass
class ZaloDriver:
    """A person with a strict Zalo between them and the bot: all they can do there is type."""

    clock: Clock = field(default_factory=Clock)
    house: House = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _zalo: FakeZalo = field(init=False)
    _sender: Sender = field(init=False)
    _person: ZaloChat = field(init=False)
    _first: ZaloEvent | None = None
    _last: ZaloEvent | None = None
    _used: int = 0
    """Messages of earlier lives: the platform does not use an id twice."""

    async def start(self, folder: Path) -> None:
        self._zalo = await self._stack.enter_async_context(FakeZalo(self.clock))
        bot = self._zalo.bot("100001:INVENTED")
        self._person = bot.chat(ZaloPerson("An"))
        for _ in range(self._used):
            bot.new_message_id()
        self.house = await open_house_async(Place.of(folder), now=self.clock, random=seeded(7))
        zalo = self._messenger()
        there = await self._stack.enter_async_context(served(zalo.routes))
        self._zalo.postman.tunnels["https://bot.example.vn"] = there
        platforms = {"zalo": zalo}
        context = self.house.context
        self._sender = Sender(platforms, context.keys, context.worker, self.clock, seeded(8))
        self._ledger = await open_ledger(self.house, self._sender)
        self._sender.start(self._ledger)
        await zalo.start(self._ledger)
        await until(lambda: bot.webhook)
        self._stop = zalo.stop

    def _messenger(self) -> Zalo:
        return Zalo(
            tokens={"100001": "100001:INVENTED"},
            api=self._zalo.url,
            public_url="https://bot.example.vn",
            secret_of=lambda account: f"invented-{account}",
            capabilities=CAPABILITIES["zalo"],
            texts=self.house.known.texts,
            now=self.clock,
            random=seeded(9),
            warn=print,
        )

    async def stop(self) -> None:
        self._used += 1_000
        await self._stop()
        await self._sender.stop()
        await close_ledger(self._ledger)
        await self.house.database.close()
        await self._stack.aclose()

    async def end(self) -> None:
        pass

    async def say(self, words: str) -> str:
        seen = len(self._person.texts)
        self._last = self._person.types(words)
        self._first = self._first or self._last
        await self._carried()
        return "\n".join(self._person.texts[seen:])

    async def _carried(self) -> None:
        """Let the message arrive, and all that answers it."""
        (attempt,) = await self._zalo.postman.deliver_due()
        assert attempt.status == 200
        while await self._ledger.write(lambda c: c.scalar(select(outbox.c.id).limit(1))):
            pass

    async def press(self, value: str) -> str:
        """Type the number that stands before the choice."""
        question, _ = await stands(self)
        return await self.say(str(OPTIONS[question or ""].index(value) + 1))

    async def again(self) -> None:
        assert self._last is not None
        self._person.bot.put(self._last)
        await self._carried()

    async def old_button(self, value: str) -> None:
        """There are no buttons; the nearest is the first message of all, come once more."""
        assert self._first is not None
        self._person.bot.put(self._first)
        await self._carried()

    async def too_early(self, words: str) -> None:
        self.clock.at -= timedelta(days=1)
        self._person.types(words)
        self.clock.at += timedelta(days=1)
        await self._carried()

    def chat(self) -> tuple[str, str, str]:
        return "zalo", "100001", self._person.id


@dataclass
class TelegramDriver:
    """Polls a fake Telegram, where An taps what lies under the thumb and presses what is above."""

    telegram: FakeTelegram = field(default_factory=lambda: FakeTelegram(Clock()))
    house: House = field(init=False)
    _office: TelegramHouse = field(init=False)
    _person: Person | None = None
    _last: int = 0

    async def start(self, folder: Path) -> None:
        if self._person is None:
            await self.telegram.__aenter__()
            self._person = self.telegram.person("An", self.telegram.bot(TOKEN))
        self._office = TelegramHouse(self.telegram)
        await self._office.open(folder)
        self.house = self._office.house

    @property
    def person(self) -> Person:
        assert self._person is not None
        return self._person

    async def stop(self) -> None:
        await self._office.close()
        assert self.telegram.violations == []

    async def end(self) -> None:
        """Switch the fake off; between `stop` and `start` people go on writing to it."""
        await self.telegram.__aexit__(None, None, None)

    async def say(self, words: str) -> str:
        return await self._turn(lambda: self.person.types(words))

    async def press(self, value: str) -> str:
        label = self._office.label(value)
        below = any(label in row for row in self.person.keyboard)
        press = self.person.taps if below else self.person.presses
        return await self._turn(lambda: press(label))

    async def _turn(self, do: Callable[[], object]) -> str:
        self._last = self.person.account.queue.next_id
        said = await self._office.answers(self.person, do)
        return "\n".join(bubble.text for bubble in said)

    async def again(self) -> None:
        account = self.person.account
        await self._office.turn(account, lambda: account.queue.again(self._last))

    async def old_button(self, value: str) -> None:
        press = update("callback")["callback_query"]
        press["from"] |= {"id": self.person.id}
        press["message"]["chat"] |= {"id": self.person.id}
        await self._inject({"callback_query": {**press, "data": f"1:{value}"}})

    async def too_early(self, words: str) -> None:
        message = update("text")["message"]
        message["chat"] |= {"id": self.person.id}
        yesterday = int((self.telegram.now() - timedelta(days=1)).timestamp())
        await self._inject({"message": {**message, "text": words, "date": yesterday}})

    async def _inject(self, body: Mapping[str, object]) -> None:
        account = self.person.account
        await self._office.turn(account, lambda: self.telegram.inject(body, account))

    def chat(self) -> tuple[str, str, str]:
        return telegram_updates.PLATFORM, TOKEN.partition(":")[0], str(self.person.id)


DRIVERS: Final[dict[str, Callable[[], Driver]]] = {
    "telegram": TelegramDriver,
    "terminal": TerminalDriver,
    "web": WebDriver,
    "zalo": ZaloDriver,
}


def test_every_platform_has_its_driver() -> None:
    assert set(DRIVERS) == set(CAPABILITIES)


@pytest.fixture(params=sorted(DRIVERS))
async def driver(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Driver]:
    driver = DRIVERS[request.param]()
    await driver.start(tmp_path)
    yield driver
    await driver.stop()
    await driver.end()


async def stands(driver: Driver) -> tuple[str | None, dict[str, object]]:
    """Return the open prompt and the answers kept."""
    token = chat_token(driver.house.keys, *driver.chat())
    found = await driver.house.read(lambda c: standing(c, driver.house.context, token))
    assert found is not None
    prompt = Chat.from_document(found.view.document).prompt
    draft = Draft.from_document(0, found.view.submission or b"{}")
    return (prompt.question if prompt else None), dict(draft.answers)


async def to_the_name(driver: Driver) -> None:
    for words in ("/start", "1", "1", "2"):
        await driver.say(words)


async def test_the_first_words_open_the_conversation(driver: Driver) -> None:
    shown = await driver.say("xin chào")

    assert "Khai cho ai?" in shown
    assert (await stands(driver))[0] == "for_whom"


async def test_numbers_alone_are_enough(driver: Driver) -> None:
    await to_the_name(driver)
    for words in ("Nguyễn Văn An", "05/09/1990", "1"):
        await driver.say(words)

    question, answers = await stands(driver)
    assert question == "q04_so_cccd"
    assert answers["q03_gioi_tinh"] == "nam"


async def test_words_without_tones_are_enough(driver: Driver) -> None:
    for words in ("xin chao", "cho toi", "dong y", "khong can", "Nguyen Van An"):
        await driver.say(words)

    assert (await stands(driver))[0] == "q02_ngay_sinh"


async def test_a_button_answers_its_prompt(driver: Driver) -> None:
    await driver.say("/start")
    await driver.press("self")

    assert (await stands(driver))[0] == "consent_collect"


async def test_a_message_sent_twice_has_one_effect(driver: Driver) -> None:
    await to_the_name(driver)
    await driver.say("Nguyễn Văn An")
    before = await stands(driver)

    await driver.again()

    assert await stands(driver) == before


async def test_an_old_button_answers_nothing(driver: Driver) -> None:
    await to_the_name(driver)
    before = await stands(driver)

    await driver.old_button("self")

    assert await stands(driver) == before


async def test_a_yes_sent_before_the_question_was_seen_is_no_consent(driver: Driver) -> None:
    await driver.say("/start")
    await driver.say("1")

    await driver.too_early("có")

    assert (await stands(driver))[0] == "consent_collect"
    found = await driver.house.read(lambda c: c.execute(select(consents.c.id)).all())
    assert found == []


async def test_a_consent_keeps_its_platform_and_its_message(driver: Driver) -> None:
    await driver.say("/start")
    await driver.say("1")
    await driver.say("1")

    columns = (consents.c.platform, consents.c.event_ref, consents.c.text_sha256)
    rows = await driver.house.read(lambda c: c.execute(select(*columns)).all())
    events = await driver.house.read(lambda c: list(c.scalars(select(inbox.c.event_id))))
    assert [row.platform for row in rows] == [driver.chat()[0]]
    assert rows[0].event_ref in events
    assert len(rows[0].text_sha256) == 64


async def test_a_restart_loses_nothing(driver: Driver) -> None:
    await to_the_name(driver)
    await driver.say("Nguyễn Văn An")
    before = await stands(driver)
    folder = driver.house.place.data

    await driver.stop()
    await driver.start(folder)

    assert await stands(driver) == before
    await driver.say("05/09/1990")
    assert (await stands(driver))[0] == "q03_gioi_tinh"


async def test_the_person_s_address_stands_nowhere_in_the_clear(driver: Driver) -> None:
    await driver.say("/start")

    rows = await driver.house.read(lambda c: c.execute(select(chats)).all())
    written = repr(rows).encode()
    assert driver.chat()[2].encode() + b"'" not in written


async def test_no_bubble_is_longer_than_the_platform_takes(driver: Driver) -> None:
    longest = CAPABILITIES[driver.chat()[0]].max_text
    await driver.say("/start")

    for words in ("?", "quyền", "1", "3"):
        assert len(await driver.say(words)) <= longest
