"""What every page shares: security headers, static files under unchanging names, templates.

It knows no database and no platform. Styles and fonts are ours and lie in the package: no page
asks another host for anything.
"""

import asyncio
import gzip
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

HERE: Final = Path(__file__).parent / "platforms"
STATIC: Final = HERE / "static"
TEMPLATES: Final = HERE / "templates"
FOR_EVER: Final = "public, max-age=31536000, immutable"
DIGEST: Final = 12
"""Hexadecimal digits of a file's SHA-256 in its address."""
LINKED: Final = re.compile(r'url\("([^"]+)"\)')
TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
"""Not asked of the machine: a browser told not to guess refuses a script of another type."""
PACKED: Final = frozenset({".css", ".js", ".svg", ".wasm"})
"""Kinds of files that compress."""

# With no-referrer a browser hides the origin of our own forms: they could not be told from others.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}
SCANNING: Final[Mapping[str, str]] = {
    "Content-Security-Policy": HEADERS["Content-Security-Policy"]
    + "; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}
"""On the page that reads a card instead of the same of HEADERS: our camera, scripts and reader."""
PRIVATE: Final = "no-store"
"""Cache-Control of everything that is not a static file: pages show what people wrote."""


@dataclass(slots=True)
class Asset:
    content: bytes
    media_type: str
    digest: str
    packs: bool
    _packed: bytes = field(default=b"")

    async def packed(self) -> bytes:
        """Return the content compressed by gzip, done once and when first asked for."""
        if not self._packed:
            self._packed = await asyncio.to_thread(gzip.compress, self.content, mtime=0)
        return self._packed


class Assets:
    """The static files, read once. An address holds a digest of the content: it never changes."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._assets: dict[str, Asset] = {}
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        # Style sheets last: they name the addresses of the others.
        for path in sorted(paths, key=lambda path: path.suffix == ".css"):
            self._add(path.relative_to(folder).as_posix(), path.read_bytes())

    def _add(self, name: str, content: bytes) -> None:
        if name.endswith(".css"):
            linked = LINKED.sub(lambda found: f'url("{self.url(found[1])}")', content.decode())
            content = linked.encode()
        kind = PurePath(name).suffix
        media_type = TYPES.get(kind, "application/octet-stream")
        digest = sha256(content).hexdigest()[:DIGEST]
        self._assets[name] = Asset(content, media_type, digest, kind in PACKED)

    def url(self, name: str) -> str:
        """Return the address of a file. Raises KeyError for one that is not there."""
        return f"/static/{self._assets[name].digest}/{name}"

    async def serve(self, request: Request) -> Response:
        """Answer GET /static/{digest}/{name:path}."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None or asset.digest != request.path_params["digest"]:
            return PlainTextResponse("not found", 404)
        headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
        content = asset.content
        if asset.packs and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            content = await asset.packed()
        return Response(content, media_type=asset.media_type, headers=headers)


class Pages:
    """Fills in templates. `shared` are the names every template knows."""

    def __init__(self, assets: Assets, **shared: object) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(shared, asset=assets.url)

    def __call__(self, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """Return the page of a template."""
        return HTMLResponse(self._templates.get_template(template).render(facts), status)


class Guarded:
    """Puts the headers on every answer, and notes what failed without telling what was in it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", PRIVATE)
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            # The page that says so went out before. The words of an error may quote what a person
            # wrote: only its kind is noted.
            log.error("request_failed", extra={"why": type(error).__name__})
