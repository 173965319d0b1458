"""What a person does in the browser, one page after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from playwright.async_api import Page

WHOLE: Final[Sequence[tuple[str, str]]] = (
    ("say", "Nguyễn Văn An"),
    ("say", "05/09/1990"),
    ("press", "nam"),
    ("press", "chua_duoc_cap"),
    ("press", "skip"),
    ("say", "thôn Tà Vinh"),
    ("press", "confirm"),
    ("press", "khong"),
    ("press", "ho_ngheo"),
    ("press", "khuyet_tat"),
    ("press", "done"),
    ("press", "thpt"),
    ("press", "chua_dao_tao"),
    ("press", "khong_tham_gia"),
    ("press", "noi_tro"),
)
"""Everything after the consents, up to the summary, in the fewest turns."""


@dataclass(slots=True)
class Talk:
    """One visitor, by mouse and touch."""

    page: Page
    url: str

    async def begin(self) -> None:
        """Agree to everything and arrive at the name."""
        await self.page.goto(self.url)
        await self._send("button.main")
        for value in ("self", "yes", "yes"):
            await self.press(value)

    async def press(self, value: str) -> None:
        await self._send(f'button[value="{value}"]')

    async def say(self, words: str) -> None:
        await self.page.fill("#text", words)
        await self._send("button.send")

    async def _send(self, selector: str) -> None:
        """Click. A machine is faster than the chat allows: then the same is sent again."""
        await self._click(selector)
        while (await self.page.title()).startswith("Xin chờ"):
            await self._click("button.main")

    async def _click(self, selector: str) -> None:
        """Click and wait for the next page, also where it is the same address."""
        async with self.page.expect_navigation():
            await self.page.click(selector)

    async def go(self, *steps: tuple[str, str]) -> None:
        for how, what in steps:
            await (self.press(what) if how == "press" else self.say(what))
