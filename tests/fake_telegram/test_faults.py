"""The faults a test can order: each strikes one request, and says so in the log."""

import asyncio

import pytest
from aiohttp import ClientError

from tests.fake_telegram.conftest import Client, soon
from tests.fakes.telegram_faults import Fault, broken, cut, flood, hold, refuse, reset, silence
from tests.fakes.telegram_person import Person


@pytest.mark.parametrize(
    ("fault", "status", "description"),
    [
        (broken(), 502, "Bad Gateway"),
        (broken(status=500), 500, "Bad Gateway"),
        (flood(35), 429, "Too Many Requests: retry after 35"),
        (refuse(403, "Forbidden: user is deactivated"), 403, "Forbidden: user is deactivated"),
    ],
)
async def test_an_ordered_error_is_answered_and_nothing_done(
    client: Client, an: Person, fault: Fault, status: int, description: str
) -> None:
    client.telegram.order(fault)

    told = await client.ask("sendMessage", chat_id=an.id, text="x")
    await client.says(an, "y")

    assert (told.status, told.error_code, told.description) == (status, status, description)
    assert told.parameters == ({"retry_after": 35} if status == 429 else {})
    assert an.hears() == ["y"]
    assert [one.fault for one in client.telegram.requests("sendMessage")] == ["refuse", None]


@pytest.mark.parametrize(("fault", "arrives"), [(reset(), False), (cut(), True)])
async def test_a_connection_breaks_before_or_after_the_message_arrived(
    client: Client, an: Person, fault: Fault, arrives: bool
) -> None:
    client.telegram.order(fault)

    with pytest.raises(ClientError):
        await client.ask("sendMessage", chat_id=an.id, text="x")

    assert an.hears() == (["x"] if arrives else [])


async def test_an_answer_may_never_come_though_the_message_did(client: Client, an: Person) -> None:
    client.telegram.order(silence())
    asking = asyncio.create_task(client.ask("sendMessage", chat_id=an.id, text="x"))

    await soon(client.telegram.faults.silent.wait())
    assert (an.hears(), asking.done()) == (["x"], False)
    client.telegram.faults.hang_up()

    with pytest.raises(ClientError):
        await soon(asking)


async def test_a_request_can_be_held_up(client: Client, an: Person) -> None:
    gate = asyncio.Event()
    client.telegram.order(hold(gate.wait))
    slow = asyncio.create_task(client.says(an, "slow"))

    await client.telegram.until(lambda: not client.telegram.faults.coming)
    await client.says(an, "quick")
    gate.set()
    await soon(slow)

    assert an.hears() == ["quick", "slow"]


async def test_a_fault_waits_for_its_method_and_chat(client: Client, an: Person) -> None:
    ba = client.telegram.person("Ba")
    ba.starts()
    client.telegram.order(broken("deleteMessage"), broken("sendMessage", ba.id), broken(None))

    assert not (await client.ask("getMe")).ok
    await client.says(an)
    assert not (await client.ask("sendMessage", chat_id=ba.id, text="x")).ok
    await client.says(ba)
    assert [one.method for one in client.telegram.faults.coming] == ["deleteMessage"]
