"""Our own routes on a port of this machine, for the strict servers that call them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route


async def until(true: Callable[[], object]) -> None:
    """Let the others go on until something is true."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - not everything has a bell
            await asyncio.sleep(0)


@asynccontextmanager
async def served(routes: Sequence[Route]) -> AsyncIterator[str]:
    """Serve routes on this machine; yield where."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=list(routes))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
