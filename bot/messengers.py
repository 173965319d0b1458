"""The messengers that are configured: checked against the office and made, not yet started."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from msgspec.structs import replace

from bot.app import CAPABILITIES, House
from bot.dialogs.known import Office
from bot.offices import save_bot
from bot.ports import Messenger
from bot.sender import Ledger
from bot.settings import BadSettings, Problem, Settings, Token

SETTINGS: Final[Mapping[str, str]] = {"telegram": "telegram_tokens", "zalo": "zalo_tokens"}
"""Platform -> the setting that turns it on."""

FoundAt = Callable[[str, str], None]
"""Told platform and address of a bot."""


@dataclass(slots=True)
class Addresses:
    """Where people find our bots: for links in conversations, and kept for whoever invites."""

    bots: dict[str, str]
    commune: str
    ledger: Ledger | None = None
    _kept: "set[asyncio.Task[None]]" = field(default_factory=set)

    def found(self, platform: str, address: str) -> None:
        assert self.ledger is not None  # noqa: S101 - opened before any messenger starts
        self.bots[platform] = address
        keep = partial(save_bot, commune=self.commune, platform=platform, address=address)
        self._kept.add(asyncio.create_task(self.ledger.write(keep)))

    async def kept(self) -> None:
        """Wait until all that was found is on the disk."""
        await asyncio.gather(*self._kept)


def tokens_of(settings: Settings) -> Mapping[str, Sequence[Token]]:
    """Return the bots of each configured platform."""
    found = {"telegram": settings.telegram, "zalo": settings.zalo}
    return {platform: tokens for platform, tokens in found.items() if tokens}


def check(settings: Settings, office: Office) -> None:
    """Raises BadSettings: a trial has no real messengers, and a bot speaks for its own commune."""
    problems = []
    for platform, tokens in tokens_of(settings).items():
        facts: dict[str, object] = {"setting": SETTINGS[platform], "commune": office.commune}
        if office.trial:
            problems.append(Problem("messengers_need_setup", facts))
        problems += [
            Problem("token_commune", facts | {"given": token.commune})
            for token in tokens
            if token.commune not in {"", office.commune}
        ]
    if problems:
        raise BadSettings(problems)


def configured(settings: Settings, house: House, found_at: FoundAt) -> dict[str, Messenger]:
    """Return the messengers by name; a platform nobody configured is not even imported.

    `found_at` is told the address of a bot once it is known. Raises BadSettings.
    """
    check(settings, house.office)
    makers: Mapping[str, Callable[[Settings, House, Mapping[str, str]], Messenger]]
    makers = {"telegram": partial(_telegram, found_at=found_at), "zalo": _zalo}
    return {
        platform: makers[platform](settings, house, {token.bot: token.text for token in tokens})
        for platform, tokens in tokens_of(settings).items()
    }


def _telegram(
    settings: Settings, house: House, tokens: Mapping[str, str], *, found_at: FoundAt
) -> Messenger:
    from bot.platforms.telegram import Telegram

    return Telegram(
        tokens=tokens,
        keys=house.keys,
        texts=house.known.texts,
        capabilities=replace(CAPABILITIES["telegram"], per_second=settings.telegram_per_second),
        now=house.now,
        random=house.random,
        secret_of=lambda account: _secret(settings, house, "telegram", account),
        public_url=settings.public_url,
        api=settings.telegram_api,
        found_at=partial(found_at, "telegram"),
        warn=_printed,
    )


def _zalo(settings: Settings, house: House, tokens: Mapping[str, str]) -> Messenger:
    from bot.platforms.zalo import Zalo

    return Zalo(
        tokens=tokens,
        api=settings.zalo_api,
        public_url=settings.public_url,
        secret_of=lambda account: _secret(settings, house, "zalo", account),
        capabilities=replace(CAPABILITIES["zalo"], per_second=settings.zalo_per_second),
        texts=house.known.texts,
        now=house.now,
        random=house.random,
        warn=_printed,
    )


def _printed(line: str) -> None:
    print(line, flush=True)


def _secret(settings: Settings, house: House, platform: str, account: str) -> str:
    """Return what the platform has to say when it calls; the same at every start."""
    if settings.webhook_secret is not None:
        return settings.webhook_secret.get_secret_value()
    return house.keys.token("webhook", f"{platform}:{account}")
