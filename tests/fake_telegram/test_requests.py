"""What is taken at the door: five ways to ask, and everything the schema does not know refused."""

import json
import tomllib
from gzip import decompress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import FormData

from tests.fake_telegram.conftest import KEYBOARD, OTHER, TOKEN, Client
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_schema import bot_api

VENDOR: Final = Path(__file__).parents[1] / "vendor"


def test_the_schema_is_the_one_listed() -> None:
    (package,) = tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))["package"]
    folder = VENDOR / package["folder"]
    present = {path.name: path.read_bytes() for path in folder.iterdir()}
    unpacked = {name: sha256(decompress(present[name])) for name in package["unpacked"]}

    assert package["licence"] == "MIT"
    assert package["sha256"] == {name: sha256(file).hexdigest() for name, file in present.items()}
    assert package["unpacked"] == {name: one.hexdigest() for name, one in unpacked.items()}
    assert {path.name for path in VENDOR.iterdir()} == {"VENDOR.toml", package["folder"]}
    assert bot_api().version == "10.3"


async def test_requests_come_in_five_ways(client: Client, an: Person) -> None:
    url = f"{client.telegram.url}/bot{TOKEN}/sendMessage"
    markup = json.dumps(KEYBOARD)
    texts = {"chat_id": str(an.id), "text": "hello", "reply_markup": markup}
    multipart = FormData(texts, default_to_multipart=True)
    typed = {"chat_id": an.id, "text": "hello", "reply_markup": KEYBOARD}

    for sent in (
        client.http.post(url, json=typed),
        client.http.post(url, data=texts),
        client.http.post(url, data=multipart),
        client.http.post(url, params=texts),
        client.http.get(url.replace("sendMessage", "SENDMESSAGE"), params=texts),
    ):
        async with sent as answer:
            assert answer.status == 200, await answer.text()

    assert an.hears() == ["hello"] * 5
    assert {str(bubble.buttons) for bubble in an.sees()[1:]} == {"[['Yes', 'No'], ['Site']]"}


@pytest.mark.parametrize(
    ("method", "params", "status", "complaint"),
    [
        ("sendMessage", {"text": "x"}, 400, "sendMessage.chat_id is missing"),
        ("sendMessage", {"chat_id": 1}, 400, "sendMessage.text is missing"),
        ("sendMessage", {"chat_id": 1, "text": "x", "colour": 1}, 400, "colour is unknown"),
        ("sendMessage", {"chat_id": 1, "text": 7}, 400, "text is not String"),
        ("sendMessage", {"chat_id": True, "text": "x"}, 400, "chat_id is not Integer"),
        ("sendMessage", {"chat_id": 1.5, "text": "x"}, 400, "chat_id is not Integer"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": []}, 400, "is not"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": {"rows": []}}, 400, "rows"),
        ("sendMessage", {"chat_id": 1, "text": "x", "protect_content": "yes"}, 400, "Boolean"),
        ("getUpdates", {"timeout": "1"}, 400, "timeout is not Integer"),
        ("getUpdates", {"allowed_updates": ["messages"]}, 400, "allowed_updates has messages"),
        ("setMyCommands", {"commands": [{"command": "a"}]}, 400, "description is missing"),
        ("setMyCommands", {"commands": [], "scope": {"type": "all"}}, 400, "scope.type is not"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, 400, "0 to 200"),
        ("sendMesage", {}, 404, "method sendMesage is unknown"),
        ("sendDice", {"chat_id": 1}, 404, "method sendDice is one this fake lacks"),
        ("sendPhoto", {"chat_id": 1, "photo": 3}, 400, "photo is not"),
    ],
)
async def test_what_the_schema_does_not_know_is_refused_and_noted(
    careless: Client, method: str, params: dict[str, Any], status: int, complaint: str
) -> None:
    told = await careless.ask(method, **params)

    assert (told.status, told.error_code, told.ok) == (status, status, False)
    assert complaint in told.description
    assert any(complaint in one for one in careless.telegram.violations)
    assert [one.status for one in careless.telegram.log] == [status]


@pytest.mark.parametrize("style", ["primary", "blue"])
async def test_looks_of_buttons_are_checked(careless: Client, an: Person, style: str) -> None:
    button = {"text": "Yes", "callback_data": "y", "style": style}

    told = await careless.ask(
        "sendMessage", chat_id=an.id, text="?", reply_markup={"inline_keyboard": [[button]]}
    )

    assert told.ok == (style == "primary")


async def test_a_body_that_is_no_request_is_refused(careless: Client) -> None:
    url = f"{careless.telegram.url}/bot{TOKEN}/getMe"

    async with careless.http.post(url, data=b"[1]", headers={"content-type": "text/csv"}) as answer:
        assert answer.status == 400
    async with careless.http.post(url, json=[1]) as answer:
        assert answer.status == 400

    assert len(careless.telegram.violations) == 2


async def test_a_revoked_token_and_an_unknown_one_are_401(client: Client) -> None:
    unknown = await client.ask("getMe", token=OTHER)
    client.telegram.only.revoked = True
    revoked = await client.ask("getMe")

    assert (unknown.status, revoked.status, revoked.description) == (401, 401, "Unauthorized")


async def test_bots_live_side_by_side(client: Client, an: Person) -> None:
    other = client.telegram.bot(OTHER, "Other")
    an.at(other).starts("from_elsewhere")

    await client.ask("sendMessage", OTHER, chat_id=an.id, text="from the other")

    me = await client.ask("getMe", OTHER)
    assert me.result["id"] == 100002
    assert an.hears() == []
    assert an.at(other).hears() == ["from the other"]
