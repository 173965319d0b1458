"""A real process of the program and a real browser in front of it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Page, async_playwright

ROOT: Final = Path(__file__).parents[2]
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> str | None:
    """Path of the machine's Chromium; None: the one that Playwright has installed."""
    found = (shutil.which(name) for name in NAMES)
    return os.environ.get("CHROMIUM") or next((path for path in found if path), None)


@pytest.fixture(scope="module")
def served_data(served: str, data: Path) -> Path:
    """The data folder of the process that is running."""
    return data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def served(data: Path) -> Iterator[str]:
    """Start `mau03 run` on a free port with an empty data folder; yield its address."""
    settings = {"MAU03_DATA": str(data), "MAU03_PORT": "0"}
    others = {name: text for name, text in os.environ.items() if not name.startswith("MAU03_")}
    process = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-m", "bot", "run"],
        cwd=ROOT,
        env=others | settings,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    with process.stdout as told:
        found = re.search(r"http://\S+", told.readline())
        assert found, "the program did not start"
        yield found[0]
        process.terminate()
        told.read()
    assert process.wait(timeout=20) == 0


Launch = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def launch(chromium: str | None) -> AsyncIterator[Launch]:
    """Yield what opens a browser, with flags of its own."""
    # As root Chromium starts without its sandbox only; the pages are our own.
    always = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    async with async_playwright() as playwright, AsyncExitStack() as opened:

        async def open_browser(*flags: str) -> Browser:
            arguments = [*always, *flags]
            browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
            opened.push_async_callback(browser.close)
            return browser

        yield open_browser


@pytest.fixture
async def browser(launch: Launch) -> Browser:
    return await launch()


@pytest.fixture
def foreign(served: str) -> "Foreign":
    return Foreign(served)


class Foreign:
    """Notes every request that is not for our own address."""

    def __init__(self, ours: str) -> None:
        self._ours = ours
        self.asked: list[str] = []
        self.seen = 0

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        self.seen += 1
        if not url.startswith(self._ours):
            self.asked.append(url)
