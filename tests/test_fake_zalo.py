"""The fake Zalo takes what the vendor's pages allow, and nothing else."""

from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import pytest

from tests.fakes.zalo import ContractBroken, FakeZalo
from tests.fakes.zalo_stage import HOOK, SECRET, TOKEN, Hands, Stage, playing


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with playing() as stage:
        yield stage


async def test_a_bot_learns_who_it_is(stage: Stage) -> None:
    assert await stage.call("getMe") == {
        "ok": True,
        "result": {
            "id": "100001",
            "account_name": "bot.100001",
            "account_type": "BASIC",
            "can_join_groups": False,
        },
    }


@pytest.mark.parametrize(
    ("method", "fields", "kind", "content"),
    [
        ("sendMessage", {"text": "a" * 2000}, "text", "a" * 2000),
        ("sendMessage", {"text": "b", "parse_mode": "html"}, "text", "b"),
        ("sendPhoto", {"photo": "https://x.example.vn/1"}, "photo", "https://x.example.vn/1"),
        ("sendSticker", {"sticker": "0e07"}, "sticker", "0e07"),
        ("sendVoice", {"voice_url": "https://x.example.vn/1.aac"}, "voice", None),
    ],
)
async def test_what_a_bot_sends_is_seen(
    stage: Stage, method: str, fields: dict[str, Any], kind: str, content: str | None
) -> None:
    stage.an.follow()

    answer = await stage.call(method, chat_id=stage.an.id, **fields)

    (seen,) = stage.an.seen
    assert (seen.kind, seen.content) == (kind, content or fields["voice_url"])
    assert answer == {
        "ok": True,
        "result": {"message_id": seen.message_id, "date": 1788249600000},
    }


async def test_a_chat_action_is_answered_without_a_result(stage: Stage) -> None:
    stage.an.follow()

    assert await stage.call("sendChatAction", chat_id=stage.an.id, action="typing") == {"ok": True}


CHAT_ID: Final = "6ede9afa66b88fe6d6a9"


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("sendMessage", {"text": "a"}),
        ("sendMessage", {"chat_id": CHAT_ID}),
        ("sendMessage", {"chat_id": 7, "text": "a"}),
        ("sendMessage", {"chat_id": "", "text": "a"}),
        ("sendMessage", {"chat_id": CHAT_ID, "text": ""}),
        ("sendMessage", {"chat_id": CHAT_ID, "text": " \n"}),
        ("sendMessage", {"chat_id": CHAT_ID, "text": 5}),
        ("sendMessage", {"chat_id": CHAT_ID, "text": None}),
        ("sendMessage", {"chat_id": CHAT_ID, "text": "a" * 2001}),
        ("sendMessage", {"chat_id": CHAT_ID, "text": "\N{THUMBS UP SIGN}" * 1001}),
        ("sendMessage", {"chat_id": CHAT_ID, "text": "a", "reply_markup": {}}),
        ("sendMessage", {"chat_id": CHAT_ID, "text": "a", "parse_mode": "HTML"}),
        ("sendMessage", {"chat_id": CHAT_ID, "text": "a", "text_styles": [{"start": 0}]}),
        ("sendPhoto", {"chat_id": CHAT_ID, "photo": "/1.jpg"}),
        ("sendPhoto", {"chat_id": CHAT_ID, "photo": "https://x.vn/1", "caption": "a" * 2001}),
        ("sendVoice", {"chat_id": CHAT_ID, "voice_url": "https://x.vn/1.mp3"}),
        ("sendChatAction", {"chat_id": CHAT_ID, "action": "upload_photo"}),
        ("getMe", {"verbose": True}),
        ("getUpdates", {"offset": 1}),
        ("getUpdates", {"timeout": -1}),
        ("getUpdates", {"timeout": True}),
        ("getUpdates", {"timeout": 1.5}),
        ("setWebhook", {"url": HOOK}),
        ("setWebhook", {"url": HOOK, "secret_token": "seven77"}),
        ("setWebhook", {"url": HOOK, "secret_token": "a" * 257}),
        ("setWebhook", {"url": HOOK, "secret_token": "with a blank"}),
        ("setWebhook", {"url": "http://bot.example.vn/zalo", "secret_token": SECRET}),
        ("setWebhook", {"url": "https://localhost/zalo", "secret_token": SECRET}),
        ("setWebhook", {"url": "https://127.0.0.1/zalo", "secret_token": SECRET}),
        ("setWebhook", {"url": "https://192.168.1.5/zalo", "secret_token": SECRET}),
        ("editMessage", {"chat_id": CHAT_ID, "text": "a"}),
        ("deleteMessage", {"chat_id": CHAT_ID}),
        ("getFile", {"file_id": "1"}),
        ("sendmessage", {"chat_id": CHAT_ID, "text": "a"}),
    ],
)
async def test_what_no_page_allows_is_refused_and_told(
    stage: Stage, method: str, fields: dict[str, Any]
) -> None:
    answer = await stage.call(method, **fields)

    assert answer == {"ok": False, "error_code": 400, "description": "Bad request"}
    assert len(stage.zalo.forgive()) == 1


@pytest.mark.parametrize(
    "how", [{"data": {"a": "b"}}, {"data": b"{"}, {"json": ["a"]}, {"json": "a"}]
)
async def test_only_a_json_object_is_taken(stage: Stage, how: dict[str, Any]) -> None:
    _, answer = await stage.post("getMe", **how)

    assert answer["error_code"] == 400
    assert len(stage.zalo.forgive()) == 1


async def test_forms_are_taken_where_a_test_allows_them() -> None:
    clock = Hands()
    async with FakeZalo(clock, forms=True) as zalo, aiohttp.ClientSession() as session:
        stage = Stage(zalo, clock, session)
        stage.an.follow()
        _, answer = await stage.post("sendMessage", data={"chat_id": stage.an.id, "text": "a=b&c"})

    assert answer["ok"]
    assert stage.an.texts == ["a=b&c"]


async def test_get_and_other_paths_are_violations(stage: Stage) -> None:
    for path in (f"/bot{TOKEN}/getMe", f"/bot{TOKEN}", "/file/x", "/"):
        async with stage.session.get(stage.zalo.url + path) as answer:
            assert (await answer.json())["ok"] is False

    assert len(stage.zalo.forgive()) == 4


async def test_a_violation_fails_the_test_that_made_it() -> None:
    with pytest.raises(ContractBroken, match="sendMessage: reply_markup is not a field"):
        async with FakeZalo(Hands()) as zalo, aiohttp.ClientSession() as session:
            fields: dict[str, Any] = {"chat_id": "a", "text": "b", "reply_markup": {}}
            await Stage(zalo, Hands(), session).call("sendMessage", **fields)


async def test_a_secret_and_a_text_at_their_limits_are_taken(stage: Stage) -> None:
    stage.an.follow()
    emoji = "\N{THUMBS UP SIGN}" * 1000

    assert (await stage.call("sendMessage", chat_id=stage.an.id, text=emoji))["ok"]
    for secret in ("a" * 8, "a" * 256):
        assert (await stage.call("setWebhook", url=HOOK, secret_token=secret))["ok"]


async def test_every_call_is_in_the_log(stage: Stage) -> None:
    await stage.call("getMe")
    await stage.call("getMe", token="9:INVENTED-nobody")

    assert [(each.bot, each.method, each.fields) for each in stage.zalo.requests] == [
        ("100001", "getMe", {}),
        ("", "getMe", {}),
    ]
