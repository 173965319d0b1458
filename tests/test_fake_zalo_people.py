"""What people do on the fake Zalo, and the events a bot gets of it."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.fakes.zalo_events import GOOD, ODD
from tests.fakes.zalo_people import Event, Person
from tests.fakes.zalo_stage import AN, OTHER_TOKEN, Stage, playing

CHILD: Final = Person("Y Sung", protected=True)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with playing() as stage:
        yield stage


async def test_two_bots_share_nothing_but_the_looks_of_their_ids(stage: Stage) -> None:
    other = stage.zalo.bot(OTHER_TOKEN)
    mine, theirs = stage.an.types("one"), other.chat(AN).types("two")

    assert mine.message_id == theirs.message_id
    assert mine.chat != theirs.chat
    assert (await stage.call("getUpdates", token=OTHER_TOKEN))["result"] == theirs.update()
    answer = await stage.call("sendMessage", token=OTHER_TOKEN, chat_id=stage.an.id, text="a")
    assert answer["error_code"] == 404


def shown(event: Event) -> dict[str, Any]:
    """Return what an event says besides who, where and when."""
    message = event.update().get("message", {})
    common = ("message_id", "date", "from", "chat")
    return {key: value for key, value in message.items() if key not in common}


async def test_every_kind_of_message_has_its_event(stage: Stage) -> None:
    an = stage.an
    sent = [
        an.types("hello"),
        an.sends_image(caption="the card"),
        an.sends_sticker(),
        an.sends_voice(),
        an.sends_unsupported(),
    ]

    assert [each.name.split(".")[1] for each in sent] == [
        "text",
        "image",
        "sticker",
        "voice",
        "unsupported",
    ]
    assert [sorted(shown(each)) for each in sent] == [
        ["text"],
        ["caption", "photo"],
        ["sticker", "url"],
        ["voice_url"],
        [],
    ]
    assert sent[0].update()["message"] | {"message_id": "", "text": ""} == {
        "message_id": "",
        "date": 1788249600000,
        "from": {"id": an.id, "display_name": "An", "is_bot": False},
        "chat": {"id": an.id, "chat_type": "PRIVATE"},
        "text": "",
    }


async def test_the_words_of_the_protected_never_reach_a_bot(stage: Stage) -> None:
    chat = stage.bot.chat(CHILD)

    for event in (chat.types("hello"), chat.sends_image(caption="a"), chat.sends_voice()):
        assert event.name == "message.unsupported.received"
        assert shown(event) == {}
    assert (await stage.call("sendMessage", chat_id=chat.id, text="a"))["ok"]


async def test_a_group_has_an_id_of_its_own(stage: Stage) -> None:
    group = stage.bot.group("Thon Mot", AN)
    event = group.types("hello", sender=Person("Cam"))
    message = event.update()["message"]

    assert message["chat"] == {"id": group.id, "chat_type": "GROUP"}
    assert message["from"]["id"] not in (group.id, stage.an.id)
    voice = {"chat_id": group.id, "voice_url": "https://x.example.vn/1.aac"}
    assert (await stage.call("sendVoice", **voice))["ok"]
    assert group.seen == []


def test_samples_have_ids_of_their_own_and_both_shapes() -> None:
    samples = [*GOOD.values(), *ODD.values()]
    messages = [each.update.get("message") for each in samples]
    ids = [
        each["message_id"] for each in messages if isinstance(each, dict) and "message_id" in each
    ]

    assert len(set(ids)) == len(ids)
    for sample in samples:
        assert json.loads(sample.raw(wrapped=False)) == sample.update
        assert json.loads(sample.raw(wrapped=True)) == {"ok": True, "result": sample.update}
