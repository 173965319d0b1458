"""One bot of the Zalo Bot Platform over HTTP. It knows methods and errors, no people and no forms.

Nobody outside has called the platform for us yet: where its pages are silent, the reading that
loses nothing is taken.
"""

import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import quote

import aiohttp

from bot.ports import Revoked, TryLater, Unreachable

T = TypeVar("T")

PATIENCE: Final = 15.0
"""Seconds a call may take."""
POLL: Final = 25
"""Seconds the platform holds a poll that has nothing to tell."""
SHORT_WAIT: Final = timedelta(seconds=2)
QUOTA_WAIT: Final = timedelta(minutes=1)
"""After 429 without a hint. How large the quota is, no page says."""
LONGEST_WAIT: Final = timedelta(days=1)
"""No hint is believed beyond this."""
WORRYING: Final = 3
"""Calls in a row without an answer until that is called a trouble."""


class NoAnswer(TryLater):
    """The network, a proxy or the platform itself failed: nothing it would say came back."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The envelope of an answer. `code` is None when all is well."""

    result: Any
    code: int | None = None
    description: str = ""
    hint: timedelta | None = None

    def fault(self) -> Exception:
        """Return what an error means for the one who called."""
        match self.code:
            case 401:
                return Revoked()
            case 429:
                return TryLater(self.hint or QUOTA_WAIT)
            # In the vendor's table 403 is "Internal server error"; elsewhere it would be a block.
            case 403 if "block" in self.description.lower():
                return Unreachable()
            case 403 | 408:
                return NoAnswer(SHORT_WAIT)
            case int(code) if code >= 500:
                return NoAnswer(self.hint or SHORT_WAIT)
        # What we send is right, so 400 and 404 are about the chat: gone, blocked, never there.
        return Unreachable()


class Bot:
    """Calls the platform with one token, one bot's, and knows how that goes."""

    def __init__(self, api: str, token: str, *, patience: float = PATIENCE) -> None:
        self.trouble = ""
        """What keeps the bot from working: "revoked", "conflict", "no_answer"; "" is nothing."""
        self._base = f"{api.rstrip('/')}/bot{quote(token, safe=':')}/"
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None
        self._unanswered = 0

    async def call(self, method: str, **fields: object) -> Mapping[str, Any]:
        """Return the result of a method. Raises Unreachable, TryLater, Revoked."""
        result = await self._noted(self._result(method, fields))
        return result if isinstance(result, dict) else {}

    async def next_update(self) -> object:
        """Return what somebody sent, None when nobody did. What was returned never comes again.

        Raises TryLater, Revoked, and Unreachable: another one receives this bot's messages.
        """
        try:
            update = await self._noted(self._polled())
        except Unreachable:
            self.trouble = "conflict"
            raise
        self.trouble = ""
        return update

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _noted(self, call: Awaitable[T]) -> T:
        """Await a call and note whether the bot works."""
        try:
            result = await call
        except Revoked:
            self.trouble = "revoked"
            raise
        except NoAnswer:
            self._unanswered += 1
            if self._unanswered >= WORRYING:
                self.trouble = self.trouble or "no_answer"
            raise
        except (TryLater, Unreachable):
            self._heard()
            raise
        self._heard()
        return result

    def _heard(self) -> None:
        self._unanswered = 0
        if self.trouble != "conflict":  # only a poll can tell that this is over
            self.trouble = ""

    async def _result(self, method: str, fields: Mapping[str, object]) -> object:
        answer = await self._asked(method, fields, self._patience)
        if answer.code is not None:
            raise answer.fault()
        return answer.result

    async def _polled(self) -> object:
        answer = await self._asked("getUpdates", {"timeout": POLL}, POLL + self._patience)
        if answer.code == 408:
            return None
        if answer.code is not None:
            raise answer.fault()
        return answer.result

    async def _asked(self, method: str, fields: Mapping[str, object], patience: float) -> Answer:
        """Return the envelope. Raises NoAnswer, which leads to nothing that quotes the token."""
        answer = None
        try:
            async with self._opened().post(
                self._base + method,
                json=fields,
                timeout=aiohttp.ClientTimeout(total=patience),
                allow_redirects=False,
            ) as response:
                answer = _envelope(response, await response.read())
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            pass
        if answer is None:
            raise NoAnswer(SHORT_WAIT)
        return answer

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._session


def _envelope(response: aiohttp.ClientResponse, body: bytes) -> Answer | None:
    """Return what was answered, None when it was not the platform that answered."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or not isinstance(given.get("ok"), bool):
        return None
    if given["ok"]:
        return Answer(given.get("result"))
    code = _whole(given.get("error_code"))
    hint = _whole(response.headers.get("Retry-After"))
    parameters = given.get("parameters")
    if isinstance(parameters, dict) and hint is None:
        hint = _whole(parameters.get("retry_after"))
    return Answer(
        None,
        response.status if code is None else code,
        str(given.get("description", "")),
        None if hint is None else min(timedelta(seconds=min(hint, 10**6)), LONGEST_WAIT),
    )


def _whole(value: object) -> int | None:
    """Return a number that is not negative, written as one or as text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
