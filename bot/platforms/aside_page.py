"""A page on which one prompt of a messenger is answered, so that the answer does not stay there."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.dialogs.messages import Text
from bot.platforms.asked import Asked, answer, asked_by
from bot.platforms.doorman import TooLarge, read_form, same_origin
from bot.platforms.web import MOST_CHARACTERS, PLATFORM, Web

PATH: Final = "/ghi"


@dataclass(slots=True)
class AsidePage:
    """Routes beside those of the web chat, whose pages, ledger and limits it uses."""

    web: Web

    @property
    def routes(self) -> list[Route]:
        path = f"{PATH}/{{link}}"
        return [
            Route(path, self.show, methods=["GET"]),
            Route(path, self.answer, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the prompt a link is for, or say that the link is over."""
        asked = await asked_by(self.web, request)
        return self._page(asked) if asked else self._over()

    async def answer(self, request: Request) -> Response:
        """Take the answer as if it had been typed in the chat; the chat goes on by itself."""
        if not same_origin(request):
            return self.web.problem("refused", 403)
        asked = await asked_by(self.web, request)
        if asked is None:
            return self._over()
        try:
            fields = await read_form(request)
        except TooLarge:
            return self.web.problem("too_large", 413)
        text = fields.get("text", "")
        if len(text) > MOST_CHARACTERS:
            return self.web.problem("too_large", 413)
        if not self.web.bouncer.lets_in(asked.address.token):
            return self._page(asked, 429, self._texts("web.wait"), text)
        return await self._taken(request, asked, text)

    async def _taken(self, request: Request, asked: Asked, text: str) -> Response:
        queued = await answer(self.web, asked, text)
        if queued is None:
            return self._page(asked, 503, self._texts("apology"), text)
        still = await asked_by(self.web, request)
        kinds = {bubble.outgoing.kind for bubble in queued}
        if still is None:
            outcome = "look" if kinds & {"warn", "confirm"} else "done"
            return self._said(f"web.aside_{outcome}_title", self._texts(f"web.aside_{outcome}"))
        said = [one.outgoing.text for one in queued if one.outgoing.kind in {"refuse", "info"}]
        return self._page(still, 422 if "refuse" in kinds else 200, "\n".join(said), text)

    def _page(self, asked: Asked, status: int = 200, wrong: str = "", text: str = "") -> Response:
        # As on the web, where nothing stays: without an address of a page like this one.
        incoming = self.web.incoming("", Text(""))
        assert incoming.platform == PLATFORM  # noqa: S101 - its capabilities decide the words
        lines = self.web.conversation.show(incoming, asked.found.view)[-1].text.split("\n")
        return self.web.pages("aside.html", status, lines=lines, wrong=wrong, text=text)

    def _over(self) -> Response:
        return self._said("web.aside_over_title", self._texts("web.aside_over"), 410)

    def _said(self, title: str, said: str, status: int = 200) -> Response:
        return self.web.pages(
            "problem.html", status, title=self._texts(title), said=said, kept={}, home=False
        )

    def _texts(self, key: str) -> str:
        return self.web.conversation.known.texts(key)
