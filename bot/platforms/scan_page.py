"""A page that reads the QR code of an identity card on the phone and hands in its text alone.

The camera's pictures stay in the browser. Without a camera or JavaScript the text is pasted.
"""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.dialogs.card import first_fields, looks_like_card
from bot.pages import SCANNING
from bot.platforms.asked import Asked, answer, asked_by
from bot.platforms.doorman import TooLarge, read_form, same_origin, visitor
from bot.platforms.web import MOST_CHARACTERS, PLATFORM, Web

PATH: Final = "/quet"


@dataclass(slots=True)
class ScanPage:
    """Routes beside those of the web chat, whose pages, ledger and limits it uses."""

    web: Web

    @property
    def routes(self) -> list[Route]:
        path = f"{PATH}/{{link}}"
        return [
            Route(path, self.show, methods=["GET"]),
            Route(path, self.take, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the scanner to the chat a link is for, or say that the link is over."""
        asked = await asked_by(self.web, request)
        return self._page(request, asked) if asked else self._over(request)

    async def take(self, request: Request) -> Response:
        """Take the text of a card as if it had been typed in the chat, and nothing else."""
        if not same_origin(request):
            return self.web.problem("refused", 403)
        asked = await asked_by(self.web, request)
        if asked is None:
            return self._over(request)
        try:
            fields = await read_form(request)
        except TooLarge:
            return self.web.problem("too_large", 413)
        text = first_fields(fields.get("text", ""))
        if len(text) > MOST_CHARACTERS or not looks_like_card(text):
            return self._page(request, asked, 422, self._texts("scan.not_card_text"))
        if not self.web.bouncer.lets_in(asked.address.token):
            return self._page(request, asked, 429, self._texts("web.wait"))
        return await self._taken(request, asked, text)

    async def _taken(self, request: Request, asked: Asked, text: str) -> Response:
        queued = await answer(self.web, asked, text)
        if queued is None:
            return self._page(request, asked, 503, self._texts("apology"))
        refused = [one.outgoing.text for one in queued if one.outgoing.kind == "refuse"]
        if refused:
            return self._page(request, asked, 422, "\n".join(refused))
        if self._is_own_chat(request, asked):
            return RedirectResponse("/", 303)
        return self._said("scan.done_title", "scan.done", home=False)

    def _is_own_chat(self, request: Request, asked: Asked) -> bool:
        """True when the chat is the web chat of the browser that asks."""
        own = self.web.chat_of(visitor(request, self.web.context.random))
        return (asked.address.platform, asked.address.chat) == (PLATFORM, own)

    def _page(self, request: Request, asked: Asked, status: int = 200, wrong: str = "") -> Response:
        home = self._is_own_chat(request, asked)
        page = self.web.pages("scan.html", status, wrong=wrong, home=home)
        page.headers.update(SCANNING)
        return page

    def _over(self, request: Request) -> Response:
        known = not visitor(request, self.web.context.random).new
        return self._said("scan.over_title", "scan.over", 410, home=known)

    def _said(self, title: str, said: str, status: int = 200, *, home: bool) -> Response:
        return self.web.pages(
            "problem.html",
            status,
            title=self._texts(title),
            said=self._texts(said),
            kept={},
            home=home,
        )

    def _texts(self, key: str) -> str:
        return self.web.conversation.known.texts(key)
