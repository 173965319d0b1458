"""Telegram: several bots in one process, polled or called on their webhooks. Knows no form.

What people send is on the disk before Telegram is told that we have it; a pressed button gets its
answer at once. What goes out has no markup, so nothing anybody typed can become one.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteWebhook,
    LeaveChat,
    SendMessage,
    SetMyCommands,
    SetWebhook,
    TelegramMethod,
)
from aiogram.types import BotCommand
from msgspec import DecodeError, json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.dialogs.language import Texts
from bot.dialogs.messages import Capabilities, Incoming, Outgoing
from bot.platforms.telegram_polling import LAST_PATIENCE, PATIENCE, Line, Raw
from bot.platforms.telegram_sending import Postman
from bot.platforms.telegram_updates import ALLOWED, PLATFORM, Membership, read
from bot.ports import Clock, Entropy, Intake, Revoked
from storage.ledger import chat_token
from storage.outbox import reachable
from storage.sealed import Keys

log = logging.getLogger(__name__)

API: Final = "https://api.telegram.org"
PATH: Final = "/webhooks/telegram/"
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name, not the secret
CONNECTIONS: Final = 40
"""Webhooks of one bot on their way at the same time."""
LARGEST_BODY: Final = 1_000_000
"""Bytes of one update."""
COMMANDS: Final = (
    *("khai", "tieptuc", "giup", "lui", "sua", "phieu", "tamdung", "canbo"),
    *("quyen", "dung", "rut", "xoa"),
)
"""The menu. What each does stands in the texts; the conversation knows them with a stroke."""
LANGUAGES: Final = (None, "vi")
"""Whose menu it is: everybody's, and that of phones set to Vietnamese."""


class _Session(AiohttpSession):
    async def close(self) -> None:
        """Close all connections; aiogram's own way waits another quarter of a second."""
        if self._session is not None:
            await self._session.close()


@dataclass(slots=True)
class Telegram:
    """`bot.ports.Messenger`. An account is a bot's number, the token's part before the colon."""

    tokens: Mapping[str, str] = field(repr=False)
    keys: Keys = field(repr=False)
    texts: Texts = field(repr=False)
    capabilities: Capabilities
    now: Clock
    random: Entropy
    secret_of: Callable[[str], str]
    """Account -> what Telegram must show on the account's webhook."""
    public_url: str = ""
    """Where Telegram reaches us; empty: we poll."""
    api: str = API
    sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    name: str = PLATFORM
    pushes: bool = True
    _session: _Session = field(init=False, repr=False)
    _postmen: dict[str, Postman] = field(init=False, repr=False)
    _lines: "list[tuple[Line, asyncio.Task[None]]]" = field(default_factory=list, repr=False)
    _errands: "set[asyncio.Task[None]]" = field(default_factory=set, repr=False)
    _leaving: set[tuple[str, int]] = field(default_factory=set, repr=False)
    _troubles: dict[str, str] = field(default_factory=dict)
    _intake: Intake | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._session = _Session(api=TelegramAPIServer.from_base(self.api))
        bots = {account: Bot(token, self._session) for account, token in self.tokens.items()}
        self._postmen = {
            account: Postman(bot, self.texts, self.now) for account, bot in bots.items()
        }

    @property
    def accounts(self) -> Sequence[str]:
        return tuple(self.tokens)

    @property
    def troubles(self) -> Mapping[str, str]:
        return dict(self._troubles)

    @property
    def routes(self) -> Sequence[Route]:
        called = Route(f"{PATH}{{account}}", self._called, methods=["POST"])
        return [called] if self.public_url else []

    async def start(self, intake: Intake) -> None:
        """Let every bot set up and poll, or wait for its webhook, in the background."""
        self._intake = intake
        for account, postman in self._postmen.items():
            line = Line(
                postman.bot,
                polls=not self.public_url,
                set_up=partial(self._set_up, account),
                hand_in=partial(self._hand_in, intake, account),
                in_trouble=partial(self._in_trouble, account),
                random=self.random,
                sleep=self.sleep,
            )
            self._lines.append((line, asyncio.create_task(line.run())))

    async def stop(self) -> None:
        """Finish what is in hand. A webhook that comes now is sent again by Telegram."""
        self._intake = None
        await asyncio.gather(*(line.stop(running) for line, running in self._lines))
        self._lines.clear()
        if self._errands:
            await asyncio.wait(self._errands, timeout=LAST_PATIENCE)
        await self._session.close()

    async def deliver(self, account: str, chat: str, outgoing: Outgoing) -> datetime:
        """See `bot.ports.Platform`. A bot that is no longer in the settings is a revoked one."""
        postman = self._postmen.get(account)
        if postman is None:
            raise Revoked
        try:
            return await postman.deliver(chat, outgoing)
        except Revoked:
            self._in_trouble(account, "revoked")
            raise

    async def _called(self, request: Request) -> Response:
        """Take one update: 200 when it is on the disk, 503 to have it sent again."""
        account = request.path_params["account"]
        if account not in self._postmen:
            return Response(status_code=404)
        shown, secret = request.headers.get(SECRET_HEADER, ""), self.secret_of(account)
        if not hmac.compare_digest(shown.encode(), secret.encode()):
            return Response(status_code=403)
        raw = await _body(request)
        if raw is None:
            return Response(status_code=400)
        if self._intake is None:
            return Response(status_code=503)
        try:
            await self._hand_in(self._intake, account, [raw])
        except Exception as error:
            log.error("not_taken", extra={"why": type(error).__name__})
            return Response(status_code=503)
        return Response()

    async def _hand_in(self, intake: Intake, account: str, batch: Sequence[Raw]) -> None:
        """Return once all that a batch says is on the disk. Raises what the ledger raises."""
        now = self.now()
        found = [read(raw, account, now) for raw in batch]
        for seen in found:
            if seen.press:
                self._soon(account, AnswerCallbackQuery(callback_query_id=seen.press))
            if seen.group is not None:
                self._leave(account, seen.group)
        chats: dict[str, list[Incoming]] = {}
        for seen in found:
            if seen.incoming is not None:
                chats.setdefault(seen.incoming.chat, []).append(seen.incoming)
        news = {seen.membership.chat: seen.membership for seen in found if seen.membership}
        taken = await asyncio.gather(
            *(_in_order(intake, said) for said in chats.values()),
            *(self._noted(intake, account, last) for last in news.values()),
            return_exceptions=True,
        )
        for failure in taken:
            if isinstance(failure, BaseException):
                raise failure

    async def _noted(self, intake: Intake, account: str, news: Membership) -> None:
        token = chat_token(self.keys, PLATFORM, account, news.chat)
        await intake.write(lambda connection: reachable(connection, token, at=news.blocked_at))

    def _leave(self, account: str, group: int) -> None:
        """Say in a group that people are to write in private, and go."""
        if (account, group) in self._leaving:
            return
        self._leaving.add((account, group))
        said = SendMessage(chat_id=group, text=self.texts("platform.group"), parse_mode=None)
        task = self._soon(account, said, LeaveChat(chat_id=group))
        task.add_done_callback(lambda _: self._leaving.discard((account, group)))

    def _soon(self, account: str, *requests: TelegramMethod[Any]) -> "asyncio.Task[None]":
        """Ask for what nobody waits for, each request whatever became of the one before."""
        task = asyncio.create_task(_ask(self._postmen[account].bot, requests))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    async def _set_up(self, account: str) -> None:
        """Have updates brought, or not; then show the menu. Raises what aiogram raises."""
        here = SetWebhook(
            url=f"{self.public_url.rstrip('/')}{PATH}{account}",
            secret_token=self.secret_of(account),
            allowed_updates=list(ALLOWED),
            max_connections=CONNECTIONS,
        )
        wanted = here if self.public_url else DeleteWebhook(drop_pending_updates=False)
        await self._postmen[account].bot(wanted, request_timeout=PATIENCE)
        self._soon(account, *self._menus())

    def _menus(self) -> Iterator[SetMyCommands]:
        commands = [
            BotCommand(command=name, description=self.texts(f"platform.command.{name}"))
            for name in COMMANDS
        ]
        for language in LANGUAGES:
            yield SetMyCommands(commands=commands, language_code=language)

    def _in_trouble(self, account: str, why: str | None) -> None:
        if why is None:
            self._troubles.pop(account, None)
        else:
            self._troubles[account] = why


async def _in_order(intake: Intake, said: Sequence[Incoming]) -> None:
    """Hand in what one chat said. Nothing overtakes what is not taken."""
    for incoming in said:
        await intake.submit(incoming)


async def _ask(bot: Bot, requests: Sequence[TelegramMethod[Any]]) -> None:
    for request in requests:
        try:
            await bot(request, request_timeout=PATIENCE)
        except Exception as error:
            log.info("errand_failed", extra={"why": type(error).__name__})


async def _body(request: Request) -> Raw | None:
    """Return the update that was posted; None when it is none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    try:
        raw = json.decode(body)
    except DecodeError:
        return None
    return raw if isinstance(raw, dict) else None
