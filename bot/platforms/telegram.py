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
from aiogram.methods import DeleteWebhook, GetMe, SetMyCommands, SetWebhook
from aiogram.types import BotCommand
from msgspec import DecodeError, json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.dialogs.language import Texts
from bot.dialogs.messages import Capabilities, Outgoing
from bot.platforms.doorman import TooLarge, read_body
from bot.platforms.errands import Errands
from bot.platforms.telegram_polling import PATIENCE, Line, Raw
from bot.platforms.telegram_receiving import Reception
from bot.platforms.telegram_sending import OUTAGE, Postman
from bot.platforms.telegram_updates import ALLOWED, PLATFORM
from bot.ports import Clock, Entropy, Intake, Revoked, TryLater
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
    *("quet", "noi", "kenh"),
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
    found_at: Callable[[str], None] = lambda _: None
    """Told the address of a bot, for links to it."""
    warn: Callable[[str], None] = lambda _: None
    """Shows a sentence to whoever started the program."""
    sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    name: str = PLATFORM
    pushes: bool = True
    _session: _Session = field(init=False, repr=False)
    _receptions: dict[str, Reception] = field(init=False, repr=False)
    _postmen: dict[str, Postman] = field(init=False, repr=False)
    _lines: "list[tuple[Line, asyncio.Task[None]]]" = field(default_factory=list, repr=False)
    _troubles: dict[str, str] = field(default_factory=dict)
    _intake: Intake | None = field(default=None, repr=False)
    _stopped: bool = False

    def __post_init__(self) -> None:
        self._session = _Session(api=TelegramAPIServer.from_base(self.api))
        self._receptions, self._postmen = {}, {}
        for account, token in self.tokens.items():
            bot = Bot(token, self._session)
            self._receptions[account] = Reception(account, bot, self.keys, self.texts, self.now)
            self._postmen[account] = Postman(bot, self.texts, self.now)

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
        for account, reception in self._receptions.items():
            line = Line(
                reception.bot,
                polls=not self.public_url,
                set_up=partial(self._set_up, account),
                hand_in=partial(reception.take, intake),
                in_trouble=partial(self._in_trouble, account),
                errands=Errands(self.random, self.sleep),
            )
            self._lines.append((line, asyncio.create_task(line.run())))

    async def stop(self) -> None:
        """Finish what is in hand. Webhooks and bubbles that come now have to come again.

        To be called when nothing is being delivered any more.
        """
        self._intake, self._stopped = None, True
        await asyncio.gather(*(line.stop(running) for line, running in self._lines))
        self._lines.clear()
        await asyncio.gather(*(reception.finish() for reception in self._receptions.values()))
        await self._session.close()

    async def deliver(self, account: str, chat: str, outgoing: Outgoing) -> datetime:
        """See `bot.ports.Platform`. A bot that is no longer in the settings is a revoked one."""
        if self._stopped:
            raise TryLater(OUTAGE)
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
        reception = self._receptions.get(account)
        if reception is None:
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
            await reception.take(self._intake, [raw])
        except Exception as error:
            log.error("not_taken", extra={"why": type(error).__name__})
            return Response(status_code=503)
        return Response()

    async def _set_up(self, account: str) -> None:
        """Have updates brought, or not; then show the menu. Raises what aiogram raises."""
        reception = self._receptions[account]
        drop = DeleteWebhook(drop_pending_updates=False)
        wanted = self._webhook(account) if self.public_url else drop
        await reception.bot(wanted, request_timeout=PATIENCE)
        me = await reception.bot(GetMe(), request_timeout=PATIENCE)
        self.found_at(f"https://t.me/{me.username}")
        reception.soon(*self._menus())

    def _webhook(self, account: str) -> SetWebhook:
        return SetWebhook(
            url=f"{self.public_url.rstrip('/')}{PATH}{account}",
            secret_token=self.secret_of(account),
            allowed_updates=list(ALLOWED),
            max_connections=CONNECTIONS,
        )

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
            return
        if why == "revoked" != self._troubles.get(account):
            self.warn(self.texts("platform.revoked", name="Telegram", account=account))
        self._troubles[account] = why


async def _body(request: Request) -> Raw | None:
    """Return the update that was posted; None when it is none."""
    try:
        raw = json.decode(await read_body(request, LARGEST_BODY))
    except (TooLarge, DecodeError):
        return None
    return raw if isinstance(raw, dict) else None
