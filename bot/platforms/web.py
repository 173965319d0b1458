"""The web chat: pages and forms that need no JavaScript. A browser is known by its cookie alone.

A form is posted, the turn committed, the browser sent to the page again; there it fetches the
bubbles. A lost answer loses nothing: the page shows where the conversation stands.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.conversation import Conversation
from bot.dialogs.messages import Capabilities, Content, Incoming, Outgoing, Press, Text
from bot.pages import Pages
from bot.platforms.bubbles import view_of
from bot.platforms.continuing import LONGEST, asked_to_continue
from bot.platforms.doorman import Bouncer, TooLarge, Visitor, read_form, same_origin, visitor
from bot.ports import Unreachable
from storage.codes import SHORT
from storage.desk import Context
from storage.ids import new_name
from storage.invites import read_invite
from storage.ledger import chat_token
from storage.outbox import Delivered, Queued
from storage.standing import Standing, standing
from storage.turn import State

log = logging.getLogger(__name__)

T = TypeVar("T")

PLATFORM: Final = "web"
ACCOUNT: Final = "web"
MOST_CHARACTERS: Final = 4_000
"""Of one typed answer. What is too long for a question, the conversation says by itself."""
EVENT_BYTES: Final = 16
REMEMBERED: Final = 2_000
"""Chats whose last turn is kept in memory, for a page that is loaded again."""


class Ledger(Protocol):
    """What the web chat needs of a ledger, on either database."""

    async def submit(self, incoming: Incoming) -> Sequence[Queued]: ...

    async def write(self, write: Callable[[Connection], T]) -> T: ...

    def delivered(self, bubble: Delivered) -> None: ...


class Reader(Protocol):
    async def __call__(self, look: Callable[[Connection], T]) -> T: ...


class _Turn(NamedTuple):
    """The bubbles of a chat's last turn, and how the turn left the chat."""

    bubbles: Sequence[Outgoing]
    document: State | None
    submission_id: int | None


@dataclass(slots=True)
class Web:
    """The web chat as a platform and as a set of routes."""

    conversation: Conversation
    context: Context
    ledger: Ledger
    read: Reader
    pages: Pages
    capabilities: Capabilities
    patience: float = 0.5
    """Seconds every wrong continuation code takes, whatever was wrong with it."""
    name: str = PLATFORM
    pushes: bool = False
    bouncer: Bouncer = field(default_factory=Bouncer)
    _last: "OrderedDict[str, _Turn]" = field(default_factory=OrderedDict)

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/", self.show, methods=["GET"]),
            Route("/", self.answer, methods=["POST"]),
            Route("/tiep", self.ask_code, methods=["GET"]),
            Route("/tiep", self.take_code, methods=["POST"]),
        ]

    async def deliver(self, account: str, chat: str, outgoing: Outgoing) -> datetime:  # noqa: ARG002
        """Nothing is brought to a browser: it comes and fetches."""
        raise Unreachable(chat)

    async def show(self, request: Request) -> Response:
        """Show the bubbles not seen yet and the open prompt."""
        who = visitor(request, self.context.random)
        chat = self.chat_of(who)
        token = chat_token(self.context.keys, PLATFORM, ACCOUNT, chat)
        found = await self.read(lambda connection: standing(connection, self.context, token))
        if found is None:
            page = self.page("start.html", said=self.greeting())
        else:
            page = self._chat(chat, found)
            page.background = BackgroundTask(self._seen, found.waiting)
        page.headers["Set-Cookie"] = who.header
        return page

    def _chat(self, chat: str, found: Standing) -> Response:
        incoming = self.incoming(chat, Text(""))
        shown = self.conversation.show(incoming, found.view)
        greeting = self.conversation.greet(incoming).text
        last = [bubble for bubble in self._last_turn(chat, found) if bubble.text != greeting]
        texts = self.conversation.known.texts
        open_form = self.conversation.open_form(found.view)
        view = view_of(last, shown, texts)
        return self.page("chat.html", view=view, open_form=open_form)

    def _last_turn(self, chat: str, found: Standing) -> Sequence[Outgoing]:
        """Return the bubbles to show: new ones, or those from memory if nothing happened since."""
        view = found.view
        if view.cut_off:  # nothing of its people is shown any more
            return ()
        turn = _Turn((), view.document, view.submission_id)
        if not found.waiting:
            known = self._last.get(chat, turn)
            return known.bubbles if known._replace(bubbles=()) == turn else ()
        self._last[chat] = turn._replace(bubbles=[bubble.outgoing for bubble in found.waiting])
        self._last.move_to_end(chat)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return self._last[chat].bubbles

    async def _seen(self, shown: Sequence[Queued]) -> None:
        """Note the bubbles as delivered: runs after the page went out."""
        at = self.context.now()
        for bubble in shown:
            self.ledger.delivered(Delivered(bubble.id, bubble.chat_id, at))

    async def answer(self, request: Request) -> Response:
        """Take what was posted, once, and send the browser to the page."""
        return await self.posted(request, self._answered)

    async def posted(
        self,
        request: Request,
        handle: Callable[[Request, Visitor, Mapping[str, str]], Awaitable[Response]],
    ) -> Response:
        """Let a posted form through to `handle`, or say why not."""
        if not same_origin(request):
            return self.problem("refused", 403)
        try:
            fields = await read_form(request)
        except TooLarge:
            return self.problem("too_large", 413)
        who = visitor(request, self.context.random)
        if who.new:
            page = self.problem("no_cookie", 400)
            page.headers["Set-Cookie"] = who.header
            return page
        return await handle(request, who, fields)

    async def _answered(self, _: Request, who: Visitor, fields: Mapping[str, str]) -> Response:
        content = _content(fields)
        if content is None:
            return self.problem("too_large", 413)
        chat = self.chat_of(who)
        if not self.bouncer.lets_in(chat):
            return self.problem("wait", 429, fields)
        event_id = fields.get("event", "")
        incoming = self.incoming(chat, content, event_id if _is_event(event_id) else "")
        try:
            await self.ledger.submit(incoming)
        except Exception as error:
            log.error("not_taken", extra={"why": type(error).__name__})
            return self.problem("busy", 503, fields)
        return RedirectResponse("/", 303)

    async def ask_code(self, request: Request) -> Response:
        page = self.page("continue.html", wrong="", code="")
        page.headers["Set-Cookie"] = visitor(request, self.context.random).header
        return page

    async def take_code(self, request: Request) -> Response:
        """Open the draft behind a continuation code in this browser."""
        return await self.posted(request, self._coded)

    async def _coded(self, request: Request, who: Visitor, fields: Mapping[str, str]) -> Response:
        loop = asyncio.get_running_loop()
        answer_at = loop.time() + self.patience
        chat = self.chat_of(who)
        event_id = fields.get("event", "")
        incoming = self.incoming(chat, Text(""), event_id if _is_event(event_id) else "")
        code = fields.get("code", "").replace(" ", "")
        if len(code) == SHORT and code.isascii() and code.isdigit():
            return await self._carried(incoming, "words.link", code)
        invitation = read_invite(code[:LONGEST])
        if invitation:
            return await self._carried(incoming, "words.invite", invitation)
        address = request.client.host if request.client else ""
        work = asked_to_continue(self.conversation, self.context, incoming, address, fields)
        outcome = await self.ledger.write(work)
        if outcome == "opened":
            return RedirectResponse("/", 303)
        # A wrong code, a wrong date and a code that is gone all answer at the same time.
        await asyncio.sleep(max(0.0, answer_at - loop.time()))
        status = 429 if outcome == "code_tries" else 422
        wrong = self.conversation.known.texts(f"web.{outcome}")
        return self.page("continue.html", status, wrong=wrong, code=fields.get("code", "")[:40])

    async def _carried(self, incoming: Incoming, key: str, code: str) -> Response:
        """Take a code for the door as if it had been typed in the chat."""
        word = self.conversation.known.texts.words(key)[0]
        await self.ledger.submit(replace(incoming, content=Text(f"{word} {code}")))
        return RedirectResponse("/", 303)

    def greeting(self) -> Sequence[str]:
        return self.conversation.greet(self.incoming("", Text(""))).text.strip().split("\n")

    def chat_of(self, who: Visitor) -> str:
        """Return the chat's name: a keyed hash, for what the browser holds opens the chat.

        Sites of several communes on one machine may share a cookie, never a chat.
        """
        return self.context.keys.token("web chat", f"{self.context.unit} {who.secret}")

    def incoming(self, chat: str, content: Content, event_id: str = "") -> Incoming:
        now = self.context.now()
        at = now - timedelta(microseconds=now.microsecond % 1000)
        event = event_id or new_name(now, self.context.random)
        return Incoming(PLATFORM, ACCOUNT, event, chat, content, at, at)

    def page(self, template: str, status: int = 200, **facts: Any) -> Response:
        event = new_name(self.context.now(), self.context.random)
        return self.pages(template, status, event=event, **facts)

    def problem(self, code: str, status: int, fields: Mapping[str, str] | None = None) -> Response:
        """Return a page that says what went wrong, with what was typed ready to be sent again."""
        kept = {name: fields[name] for name in FIELDS if name in fields} if fields else {}
        texts = self.conversation.known.texts
        said = texts("apology" if status >= 500 else f"web.{code}")
        title = texts(f"web.{code}_title")
        page = self.pages("problem.html", status, title=title, said=said, kept=kept)
        if status in {429, 503}:
            page.headers["Retry-After"] = "2"
        return page


FIELDS: Final = ("event", "prompt", "press", "say", "text")
"""Of a form of the chat. `press` is a button of the prompt, `say` one of the page."""


def _is_event(text: str) -> bool:
    return len(text) == 2 * EVENT_BYTES and all(c in "0123456789abcdef" for c in text)


def _content(fields: Mapping[str, str]) -> Content | None:
    """Return what the form says, None when it is longer than any answer."""
    prompt = fields.get("prompt", "")
    words = fields.get("say") or fields.get("text", "")
    press = fields.get("press", "")
    if len(prompt) > 20 or len(press) > 200 or len(words) > MOST_CHARACTERS:
        return None
    return Press(press, prompt) if press else Text(words, prompt)
