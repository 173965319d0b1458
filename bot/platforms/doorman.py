"""Who may write to the web chat, how much, and how fast. It never reads what is written."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.ports import Entropy

LARGEST_BODY: Final = 64 * 1024
"""Bytes of a posted form."""
MOST_FIELDS: Final = 20
COOKIE: Final = "mau03"
COOKIE_BYTES: Final = 32
COOKIE_SECONDS: Final = 90 * 24 * 3600
PER_SECOND: Final = 2.0
BURST: Final = 120.0
"""Messages of one chat at once: a whole household, not a flood."""
ALL_PER_SECOND: Final = 1_000.0
ALL_BURST: Final = 5_000.0
MOST_BUCKETS: Final = 50_000


class TooLarge(Exception):
    """More was posted than any answer can be."""


def same_origin(request: Request) -> bool:
    """True when the form was sent from our own page, as the browser says; silence is refused."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin") == f"{request.url.scheme}://{request.headers.get('host')}"


async def read_body(request: Request, most: int = LARGEST_BODY) -> bytes:
    """Return what was posted. Raises TooLarge."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise TooLarge
    return bytes(body)


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the posted fields, the last of each name. Raises TooLarge."""
    body = await read_body(request)
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise TooLarge from None
    return dict(pairs)


@dataclass(frozen=True, slots=True)
class Visitor:
    """One browser, by the random value of its cookie."""

    secret: str
    new: bool
    """The browser did not bring the cookie: it is to be set."""
    secure: bool

    @property
    def cookie(self) -> str:
        return f"__Host-{COOKIE}" if self.secure else COOKIE

    @property
    def header(self) -> str:
        """The value of Set-Cookie."""
        rest = f"Max-Age={COOKIE_SECONDS}; Path=/; HttpOnly; SameSite=Lax"
        return f"{self.cookie}={self.secret}; {rest}{'; Secure' if self.secure else ''}"


def visitor(request: Request, random: Entropy) -> Visitor:
    """Return who is asking; somebody without a proper cookie gets a new one."""
    secure = request.url.scheme == "https"
    name = f"__Host-{COOKIE}" if secure else COOKIE
    given = request.cookies.get(name, "")
    if len(given) == 2 * COOKIE_BYTES and all(c in "0123456789abcdef" for c in given):
        return Visitor(given, False, secure)
    return Visitor(random(COOKIE_BYTES).hex(), True, secure)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class Bouncer:
    """A token bucket per chat and one for all of them together."""

    burst: float = BURST
    """Messages of one chat that may come at once."""
    clock: Callable[[], float] = monotonic
    """Returns seconds that only go forward."""
    _buckets: "OrderedDict[str, _Bucket]" = field(default_factory=OrderedDict)
    _all: _Bucket = field(init=False)

    def __post_init__(self) -> None:
        self._all = _Bucket(ALL_BURST, self.clock())

    def lets_in(self, chat: str) -> bool:
        """Take a token for one message; False when this chat, or everybody, is too fast."""
        now = self.clock()
        bucket = self._buckets.pop(chat, None) or _Bucket(self.burst, now)
        self._buckets[chat] = bucket
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if not _take(bucket, now, PER_SECOND, self.burst):
            return False
        return _take(self._all, now, ALL_PER_SECOND, ALL_BURST)


def _take(bucket: _Bucket, now: float, rate: float, burst: float) -> bool:
    bucket.tokens = min(burst, bucket.tokens + (now - bucket.at) * rate)
    bucket.at = now
    if bucket.tokens < 1:
        return False
    bucket.tokens -= 1
    return True
