"""Zalo, by its Bot Platform: called on webhooks, or polled while somebody tries things out.

It delivers words only: the platform has no buttons, and a bot can delete nothing there. A text too
long for one message goes out in pieces; when one of them fails, all come again.
"""

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.dialogs.language import Texts
from bot.dialogs.messages import Capabilities, Outgoing
from bot.platforms.doorman import TooLarge, read_body
from bot.platforms.errands import Errands, Sleep
from bot.platforms.pieces import pieces
from bot.platforms.zalo_api import PATIENCE, Bot
from bot.platforms.zalo_updates import PLATFORM, Group, instant_of, understood, unwrapped
from bot.ports import Clock, Entropy, Intake, Revoked, TryLater, Unreachable

log = logging.getLogger(__name__)

T = TypeVar("T")

SECRET_HEADER: Final = "X-Bot-Api-Secret-Token"  # noqa: S105 - its name, not the secret
LARGEST_BODY: Final = 1_000_000
"""Bytes of a webhook call."""
REFUSED_WAIT: Final = timedelta(minutes=1)
MOST_GROUPS: Final = 1_000
"""Groups that are remembered as told; those longest ago are told again."""


@dataclass(slots=True)
class Zalo:
    """All bots of this installation. `troubles` says which of them do not work."""

    tokens: Mapping[str, str] = field(repr=False)
    """Number of a bot -> its token."""
    api: str
    public_url: str
    """Where the platform calls us. Empty: we poll, and what is read is gone there."""
    secret_of: Callable[[str], str] = field(repr=False)
    """Number of a bot -> what the platform says when it calls for that bot."""
    capabilities: Capabilities
    texts: Texts
    now: Clock
    random: Entropy
    warn: Callable[[str], None]
    """Shows a sentence to the administrator."""
    sleep: Sleep = asyncio.sleep
    patience: float = PATIENCE
    name: str = PLATFORM
    pushes: bool = True
    _bots: dict[str, Bot] = field(init=False)
    _errands: Errands = field(init=False)
    _intake: Intake | None = field(default=None)
    _ended: set[str] = field(default_factory=set)
    _told: "OrderedDict[tuple[str, str], None]" = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._bots = {
            account: Bot(self.api, token, patience=self.patience)
            for account, token in self.tokens.items()
        }
        self._errands = Errands(self.random, self.sleep)

    @property
    def routes(self) -> Sequence[Route]:
        path = "/webhooks/zalo/{bot}"
        return [Route(path, self.receive, methods=["POST"])] if self.public_url else []

    @property
    def accounts(self) -> Sequence[str]:
        return list(self._bots)

    @property
    def troubles(self) -> Mapping[str, str]:
        found = {account: bot.trouble for account, bot in self._bots.items() if bot.trouble}
        return found | dict.fromkeys(self._ended, "revoked")

    async def start(self, intake: Intake) -> None:
        """Begin to receive: set the webhooks, or poll. What fails is tried again by itself."""
        self._intake = intake
        for account in self._bots:
            self._errands.begin(self._receive(account))

    async def stop(self) -> None:
        """Receive no more, finish what is in hand; webhooks stay set. Nothing is sent after this.

        A poll is hung up. An update on its way at that very moment is lost: the price of polling.
        """
        await self._errands.stop()
        for bot in self._bots.values():
            await bot.close()

    async def deliver(self, account: str, chat: str, outgoing: Outgoing) -> datetime:
        """Send one bubble; return when, by Zalo's clock. Raises Unreachable, TryLater, Revoked."""
        if outgoing.kind == "delete":
            raise Unreachable
        if account not in self._bots:
            raise Revoked  # its token is not among the settings any more
        if self._errands.stopping:
            raise TryLater(timedelta())
        return await self._errands.begin(self._send(account, chat, outgoing.text))

    async def _send(self, account: str, chat: str, text: str) -> datetime:
        at = self.now()
        for piece in pieces(text, self.capabilities.max_text):
            sent = await self._bots[account].call("sendMessage", chat_id=chat, text=piece)
            at = instant_of(sent.get("date"), self.now())
        return at

    async def receive(self, request: Request) -> Response:
        """Take a webhook call. 200 says: on the disk. Anything else makes Zalo send it again."""
        account = request.path_params["bot"]
        if account not in self._bots:
            return Response(status_code=404)
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self.secret_of(account).encode()):
            return Response(status_code=403)
        try:
            body = await read_body(request, LARGEST_BODY)
        except TooLarge:
            return Response(status_code=413)
        return Response(status_code=await self._answered(account, body))

    async def _answered(self, account: str, body: bytes) -> int:
        """Return the status for the body of a call that knew the secret."""
        if not body.strip():
            return 200  # a probe: there is nothing in it to lose
        try:
            update = unwrapped(body)
        except ValueError:
            log.error("zalo_unreadable", extra={"why": "no update"})
            return 400  # perhaps damaged on its way, and whole when it comes again
        try:
            await self._errands.begin(self._take(account, update))
        except Exception as error:
            log.error("not_taken", extra={"why": type(error).__name__})
            return 503
        return 200

    async def _take(self, account: str, update: Mapping[str, Any]) -> None:
        """Hand a message in. What nobody can be answered for is left: it is the same next time."""
        if self._intake is None or (self.public_url and self._errands.stopping):
            raise TryLater(timedelta())
        match understood(account, update, self.now()):
            case None:
                log.warning("zalo_nobody_to_answer")
            case Group(chat):
                self._refuse(account, chat)
            case incoming:
                await self._intake.submit(incoming)

    def _refuse(self, account: str, chat: str) -> None:
        """Tell a group, once, that personal data are not asked for in front of others."""
        group = (account, chat)
        if group in self._told:
            return
        self._told[group] = None
        if len(self._told) > MOST_GROUPS:
            self._told.popitem(last=False)
        self._errands.begin(self._tell(group))

    async def _tell(self, group: tuple[str, str]) -> None:
        account, chat = group
        try:
            await self._send(account, chat, self.texts("platform.group"))
        except (Unreachable, TryLater, Revoked) as error:
            log.warning("group_not_told", extra={"why": type(error).__name__})
            self._told.pop(group, None)

    async def _receive(self, account: str) -> None:
        """Be there for one bot until told to stop, or until it is let in no more."""
        try:
            await (self._hook(account) if self.public_url else self._poll(account))
        except Revoked:
            log.error("revoked", extra={"why": PLATFORM})
            self._ended.add(account)
        except Exception as error:
            log.critical("zalo_stopped", extra={"why": type(error).__name__})
            raise

    async def _hook(self, account: str) -> None:
        await self._persist(
            account,
            partial(
                self._bots[account].call,
                "setWebhook",
                url=f"{self.public_url.rstrip('/')}/webhooks/zalo/{account}",
                secret_token=self.secret_of(account),
            ),
        )

    async def _poll(self, account: str) -> None:
        """Ask for one message after another, each committed before the next."""
        log.warning("zalo_polling_may_lose_messages")
        self.warn(self.texts("platform.zalo_polling", account=account))
        while not self._errands.stopping:
            update = await self._persist(account, self._bots[account].next_update)
            if isinstance(update, dict):
                await self._hold(account, update)

    async def _hold(self, account: str, update: Mapping[str, Any]) -> None:
        """Hand in what exists nowhere else any more, until it works; told to stop, once more."""
        for attempt in count():
            last = self._errands.stopping
            try:
                return await self._take(account, update)
            except Exception as error:
                log.error("not_taken", extra={"why": type(error).__name__})
            if last:
                log.critical("zalo_message_lost")
                return None
            await self._errands.pause(timedelta(), attempt)
        return None

    async def _persist(self, account: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """Ask until there is an answer and return it; None when told to stop. Raises Revoked."""
        for attempt in count():
            try:
                return await self._errands.unless_stopped(ask())
            except TryLater as error:
                log.warning("zalo_no_answer", extra={"why": type(error).__name__})
                wait = error.wait
            except Unreachable:
                wait = REFUSED_WAIT
                self._refused(account, attempt)
            await self._errands.pause(wait, attempt)
            if self._errands.stopping:
                break
        return None

    def _refused(self, account: str, attempt: int) -> None:
        """We may not be called there, or may not poll because another is called."""
        bot = self._bots[account]
        log.error("zalo_refused", extra={"why": bot.trouble})
        if bot.trouble == "conflict" and not attempt:
            self.warn(self.texts("platform.zalo_conflict", account=account))
        bot.trouble = bot.trouble or "no_answer"
