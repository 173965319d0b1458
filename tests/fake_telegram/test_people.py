"""A person does only what a phone lets them, and sees what stands there; bots have settings."""

from typing import Any

import pytest

from tests.fake_telegram.conftest import KEYBOARD, Client, below
from tests.fakes.telegram_person import Impossible, NoSuchButton, Person


async def test_only_what_is_there_can_be_pressed(client: Client, an: Person) -> None:
    asked = await client.says(an, "Sure?", reply_markup=KEYBOARD)

    for label in ("Maybe", "Site"):
        with pytest.raises(NoSuchButton):
            an.presses(label)
    with pytest.raises(NoSuchButton):
        an.taps("Yes")
    an.presses("Yes", asked)
    await client.ask("editMessageText", chat_id=an.id, message_id=asked, text="Done")
    with pytest.raises(NoSuchButton):
        an.presses("Yes")
    an.presses_late("Yes", asked)
    await client.ask("deleteMessage", chat_id=an.id, message_id=asked)
    an.presses_late("No", asked)

    told = await client.ask("getUpdates")
    presses = [one["callback_query"] for one in told.result[1:]]
    assert [one["data"] for one in presses] == ["1:yes", "1:yes", "1:no"]
    assert [one["message"]["date"] > 0 for one in presses] == [True, True, False]


async def test_the_keyboard_below_the_chat(client: Client, an: Person) -> None:
    contact = {"text": "My number", "request_contact": True}
    await client.says(an, "?", reply_markup={**below("a", contact), "one_time_keyboard": True})
    assert an.keyboard == [["a", "My number"]]

    an.taps("a")
    an.taps("My number")
    await client.says(an, "thanks", reply_markup={"remove_keyboard": True})

    told = await client.ask("getUpdates")
    assert told.result[1]["message"]["text"] == "a"
    assert told.result[2]["message"]["contact"]["user_id"] == an.id
    assert an.keyboard == []


def test_phones_do_not_let_people_do_everything(an: Person) -> None:
    first = an.types("hello")

    for payload in ("", "with space", "x" * 65):
        with pytest.raises(Impossible):
            an.starts(payload)
    with pytest.raises(Impossible):
        an.types("  ")
    with pytest.raises(Impossible):
        an.edits(first + 1, "no such message")
    an.blocks()
    with pytest.raises(Impossible):
        an.types("hello?")


async def test_a_long_text_leaves_the_phone_in_pieces(client: Client, an: Person) -> None:
    an.types("x" * 5000)

    told = await client.ask("getUpdates")
    assert [len(one["message"]["text"]) for one in told.result] == [6, 4096, 904]


async def test_what_people_can_send_arrives_as_what_it_is(client: Client, an: Person) -> None:
    said = an.types("hello")
    an.types("and", reply_to=said)
    an.edits(said, "hello /there")
    an.forwards("news", {"id": 7, "is_bot": False, "first_name": "Ba"})
    an.shares_other_contact("+84000000002", "Ba")
    for send in (an.sends_photo, an.sends_document, an.sends_voice, an.sends_sticker):
        send()
    for send in (an.sends_video_note, an.sends_location):
        send()
    an.blocks()
    an.unblocks()

    told = await client.ask("getUpdates", offset=-13)
    kinds = [next(name for name in one if name != "update_id") for one in told.result]
    contents = [set(one["message"]) for one in told.result if "message" in one]
    assert kinds == ["message"] * 2 + ["edited_message"] + ["message"] * 8 + ["my_chat_member"] * 2
    for name in ("photo", "document", "voice", "sticker", "video_note", "location", "contact"):
        assert sum(name in one for one in contents) == 1
    changes = [one["my_chat_member"]["new_chat_member"]["status"] for one in told.result[-2:]]
    assert changes == ["kicked", "member"]


async def test_groups_and_channels_tell_what_happens_in_them(client: Client, an: Person) -> None:
    group = client.telegram.group("Neighbours")
    group.brings_in_bot(an, admin=True)
    group.types(an, "chatter")
    group.upgrades(an).removes_bot(an)
    channel = client.telegram.group("News", kind="channel", username="invented_channel")
    channel.brings_in_bot(an)
    channel.posts("first")
    own = await client.ask("sendMessage", chat_id="@invented_channel", text="second")

    told = await client.ask("getUpdates", offset=-8)
    said = [one.get("message", {}) for one in told.result]
    assert [one.get("text") for one in said if "text" in one] == ["chatter"]
    assert said[3]["migrate_to_chat_id"] == said[4]["chat"]["id"]
    assert said[4]["migrate_from_chat_id"] == group.id
    assert told.result[-1]["channel_post"]["sender_chat"]["id"] == channel.id
    assert own.result["sender_chat"]["id"] == channel.id
    assert [one.from_bot for one in channel.sees()] == [False, True]


async def test_protected_content_is_seen_as_such(client: Client, an: Person) -> None:
    await client.says(an, "summary", protect_content=True)

    assert [one.protected for one in an.sees()] == [False, True]


# --- settings ---


async def test_commands_have_a_scope_and_a_language(client: Client, an: Person) -> None:
    plain = [{"command": "help", "description": "Help"}]
    local = [{"command": "/help", "description": "Giup"}]
    await client.ask("setMyCommands", commands=plain)
    await client.ask("setMyCommands", commands=local, language_code="vi")
    scope = {"type": "chat", "chat_id": an.id}

    async def commands(**params: Any) -> Any:
        return (await client.ask("getMyCommands", **params)).result

    assert await commands() == plain
    assert await commands(language_code="vi") == [{"command": "help", "description": "Giup"}]
    assert await commands(scope=scope) == []
    await client.ask("deleteMyCommands")
    assert await commands() == []
    bad = await client.ask("setMyCommands", commands=[{"command": "Help", "description": "x"}])
    assert "BOT_COMMAND_INVALID" in bad.description
    many = await client.ask("setMyCommands", commands=plain * 101)
    assert many.status == 400


async def test_names_and_menus_are_kept(client: Client, an: Person) -> None:
    menu = {"type": "web_app", "text": "Form", "web_app": {"url": "https://example.test"}}

    await client.ask("setMyName", name="Form 03")
    await client.ask("setMyDescription", description="what it is")
    await client.ask("setChatMenuButton", chat_id=an.id, menu_button=menu)

    assert (await client.ask("getMyName")).result == {"name": "Form 03"}
    assert (await client.ask("getMyDescription")).result == {"description": "what it is"}
    assert (await client.ask("getChatMenuButton", chat_id=an.id)).result == menu
    assert (await client.ask("getChatMenuButton")).result == {"type": "commands"}


async def test_typing_is_shown(client: Client, an: Person) -> None:
    shown = await client.ask("sendChatAction", chat_id=an.id, action="typing")
    odd = await client.ask("sendChatAction", chat_id=an.id, action="dancing")

    assert (shown.ok, an.room.actions) == (True, ["typing"])
    assert "wrong parameter action" in odd.description
