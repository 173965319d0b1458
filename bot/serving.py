"""`mau03 run`: one process that serves the web chat and sends to every configured messenger."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.app import CAPABILITIES, House, Place, open_house_async
from bot.jobs.bell import start as start_bell
from bot.linking import Door, Locks
from bot.messengers import Addresses, configured
from bot.pages import Assets, Guarded, Pages
from bot.platforms.aside_page import AsidePage
from bot.platforms.scan_page import ScanPage
from bot.platforms.web import Web
from bot.ports import Clock, Entropy, Messenger
from bot.sender import Ledger, Sender
from bot.settings import Settings, listen
from storage.group import SqliteLedger
from storage.health import figures, judge
from storage.outbox import abandon, release
from storage.workers import enter

BACKUPS: Final = "backups"
"""Folder in the data folder whose newest file is the last backup."""
HOURS: Final = 3600.0
FIRST_DAY: Final = 24.0  # hours in which a new installation needs no backup yet
DATABASE_PATIENCE: Final = 3.0
"""Seconds the database has to answer the question how it is."""
LAST_ANSWERS: Final = 5
"""Seconds that answers on their way may take when the process is told to stop."""
LOOPBACK: Final = ("127.0.0.1", "::1")
"""Proxies that may say who is asking, and whether by https."""


def run_forever(settings: Settings, *, now: Clock, random: Entropy) -> None:
    """Serve until told to stop. Raises BadSettings, AlreadyRunning, KeyRefused before anything."""
    _log_nothing_personal()
    listening = listen(settings)
    with contextlib.closing(listening):
        asyncio.run(_serve(settings, listening, now, random))


def settle_memory() -> None:
    """Tell the collector that what is loaded by now stays, and to look less often.

    A turn makes hundreds of small objects and no cycles; by default every turn was followed by a
    look through them, and now and then by one through all forms, places and texts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _serve(settings: Settings, listening: socket.socket, now: Clock, random: Entropy) -> None:
    place = place_of(settings)
    house = await open_house_async(place, now=now, random=random, alone=True)
    unit = house.office.commune
    addresses = Addresses(house.conversation.bots, unit)
    messengers = configured(settings, house, addresses.found)
    sender = Sender(messengers, house.keys, house.context.worker, now, random, unit=unit)
    ledger = addresses.ledger = await open_ledger(house, sender)
    server = _Server(_configured(application(house, ledger, sender, messengers)))
    settle_memory()
    _announce(house, listening, messengers)
    for messenger in messengers.values():
        gone = partial(abandon, platform=messenger.name, accounts=messenger.accounts)
        left = partial(gone, unit=unit, at=now())
        await ledger.write(left)
    sender.start(ledger)
    for messenger in messengers.values():
        await messenger.start(Door(Locks(house.conversation, house.context), ledger))
    bell = start_bell(Here(place, now, ledger.write))
    try:
        await server.serve(sockets=[listening])
    finally:
        bell.shutdown(wait=False)
        await sender.stop()
        await asyncio.gather(*(messenger.stop() for messenger in messengers.values()))
        await sender.stop()  # what was handed in meanwhile is given back, for the next process
        await addresses.kept()
        await close_ledger(ledger)
        await house.database.close()
        print(house.known.texts("serving.stopped"))


def place_of(settings: Settings) -> Place:
    """Return where the settings say that things are kept."""
    where = (settings.data, settings.database, settings.key_file, settings.key_text)
    return Place(*where, site=settings.public_url, commune=settings.commune)


@dataclass(frozen=True, slots=True)
class Here:
    """What the jobs are given (`bot.ports.World`)."""

    place: Place
    now: Clock
    write: Any


async def open_ledger(house: House, sender: Sender) -> Ledger:
    """Return the ledger of this database, ready. What dead processes had claimed is free again."""
    if house.database.writer is None:
        ledger = house.postgres_ledger(sender.queued)
        ledger.start()
        house.lock, dead = enter(house.place.data, house.context.worker)
        for worker in dead:
            await ledger.write(partial(release, worker=worker))
        return ledger
    alone = house.sqlite_ledger(sender.queued)
    await alone.write(release)
    return alone


async def close_ledger(ledger: Ledger) -> None:
    """Write what is waiting, then close."""
    if isinstance(ledger, SqliteLedger):
        await asyncio.to_thread(ledger.close)
    else:
        await ledger.close()


def application(
    house: House,
    ledger: Ledger,
    sender: Sender,
    messengers: Mapping[str, Messenger] = MappingProxyType({}),
    **options: Any,
) -> ASGIApp:
    """Return everything that is answered over HTTP. `options` go to `Web`."""
    assets = Assets()
    pages = Pages(assets, t=house.known.texts, office=house.office)
    web = Web(
        house.conversation,
        house.context,
        Door(Locks(house.conversation, house.context), ledger),
        house.read,
        pages,
        CAPABILITIES["web"],
        **options,
    )
    health = Health(house, sender, messengers)
    routes = [
        *web.routes,
        *AsidePage(web).routes,
        *ScanPage(web).routes,
        *(route for messenger in messengers.values() for route in messenger.routes),
        Route("/healthz", health.show, methods=["GET"]),
        Route("/static/{digest}/{name:path}", assets.serve, methods=["GET"]),
    ]

    async def refused(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return web.problem("not_found", status)

    async def broken(_: Request, __: Exception) -> Response:
        return web.problem("broken", 500)

    handlers = {HTTPException: refused, Exception: broken}
    guarded = Guarded(Starlette(routes=routes, exception_handlers=handlers))
    return ProxyHeadersMiddleware(guarded, trusted_hosts=list(LOOPBACK))  # type: ignore[arg-type,return-value]


class Health:
    """GET /healthz: the figures, each against its limit; 503 when red."""

    def __init__(self, house: House, sender: Sender, messengers: Mapping[str, Messenger]) -> None:
        self._messengers = messengers
        self._house = house
        self._sender = sender
        self._since = house.now()

    async def show(self, _: Request) -> Response:
        told = judge(await self._figures(), self._troubles())
        return JSONResponse(told, 503 if told["status"] == "red" else 200)

    def _troubles(self) -> dict[str, str]:
        """Return "platform:account" -> what keeps a bot from working."""
        found = {f"{name}:{bot}": "revoked" for name, bot in self._sender.revoked}
        for name, messenger in self._messengers.items():
            found |= {f"{name}:{bot}": why for bot, why in messenger.troubles.items()}
        return found

    async def _figures(self) -> dict[str, float | None] | None:
        now, house = self._house.now(), self._house
        of = partial(figures, unit=house.office.commune, platforms=self._sender.pushing, now=now)
        try:
            async with asyncio.timeout(DATABASE_PATIENCE):
                found = await house.read(of)
        except Exception:
            return None
        age = await asyncio.to_thread(backup_age, house.place, self._since, now)
        return found | {"backup_age": age}


def backup_age(place: Place, since: datetime, now: datetime) -> float | None:
    """Return the hours since the last backup; before the first, since there was something to save.

    None on the first day of an installation. `since` is when this process started.
    """
    newest = _newest(sorted((place.data / BACKUPS).glob("*")))
    if newest is not None:
        return (now - newest).total_seconds() / HOURS
    first = _newest([place.key_file]) or since
    hours = (now - first).total_seconds() / HOURS
    return None if hours < FIRST_DAY else max(hours, 2 * FIRST_DAY)


def _newest(paths: Sequence[Path]) -> datetime | None:
    times = [path.stat().st_mtime for path in paths if path.is_file()]
    return datetime.fromtimestamp(max(times), UTC) if times else None


class _Server(uvicorn.Server):
    """Stops by a signal like any server, but leaves it to us to finish what is committed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def _configured(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        access_log=False,  # addresses and queries are nobody's business
        log_config=None,
        lifespan="off",
        proxy_headers=False,  # done by `application`
        server_header=False,
        timeout_graceful_shutdown=LAST_ANSWERS,
    )


def _log_nothing_personal() -> None:
    """Log warnings to standard error, one line each, without what an exception quotes."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        record.exc_info = record.exc_text = record.stack_info = None
        why = getattr(record, "why", None)
        return super().format(record) + (f" why={why}" if why else "")


def _announce(house: House, listening: socket.socket, messengers: Mapping[str, Messenger]) -> None:
    """Print, in Vietnamese and English, what to open and what to keep safe."""
    texts = house.known.texts
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    url = f"http://{shown}:{port}/"
    lines = [texts("serving.open", url=url), f"Running. Open this page in a browser: {url}"]
    if house.key_created:
        path = os.fspath(house.place.key_file)
        lines += [texts("serving.key_created", path=path), ENGLISH_KEY.format(path=path)]
    if house.office.trial:
        lines += [texts("serving.trial"), ENGLISH_TRIAL]
    for name, messenger in messengers.items():
        bots = ", ".join(messenger.accounts)
        lines += [texts("serving.messenger", name=texts(f"platform_names.{name}"), bots=bots)]
        lines += [ENGLISH_MESSENGER.format(name=name, bots=bots)]
    lines += [texts("serving.health", url=url)]
    print("\n".join(lines), flush=True)


ENGLISH_KEY: Final = (
    "The office's key was made just now: {path}. Copy it elsewhere and keep it secret: "
    "without it the data cannot be read."
)
ENGLISH_MESSENGER: Final = "Messenger started: {name}, bots {bots}"
ENGLISH_TRIAL: Final = "Trial: no legal basis and retention period yet. To set up: mau03 setup"
