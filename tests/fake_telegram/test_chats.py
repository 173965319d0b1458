"""What stands in a chat: editing, deleting, answering presses, limits, chats that are closed."""

from typing import Any

import pytest

from tests.fake_telegram.conftest import KEYBOARD, Client, below
from tests.fakes.hand import Hand
from tests.fakes.telegram_limits import Limits, Rate
from tests.fakes.telegram_person import Person


async def test_an_edit_changes_what_stands_there(client: Client, an: Person, hand: Hand) -> None:
    asked = await client.says(an, "Sure?", reply_markup=KEYBOARD)
    hand.forward(days=3)

    told = await client.ask("editMessageText", chat_id=an.id, message_id=asked, text="Done")

    (before,) = client.telegram.requests("sendMessage")
    assert before.answer["result"]["text"] == "Sure?"
    assert an.hears() == ["Done"]
    assert an.sees()[-1].buttons == []
    assert told.result["edit_date"] == told.result["date"] + 3 * 86400


async def test_edits_telegram_refuses(client: Client, an: Person) -> None:
    asked = await client.says(an, "Sure?", reply_markup=KEYBOARD)
    chosen = await client.says(an, "Which?", reply_markup=below("a", "b"))
    theirs = an.types("mine")

    async def edit(message: int, text: str, **params: Any) -> str:
        told = await client.ask(
            "editMessageText", chat_id=an.id, message_id=message, text=text, **params
        )
        return told.description

    assert "is not modified" in await edit(asked, "Sure?", reply_markup=KEYBOARD)
    assert await edit(asked, "Sure?") == ""
    assert "is not modified" in await edit(asked, " Sure? ")
    assert "message can't be edited" in await edit(chosen, "Which one?")
    assert "message can't be edited" in await edit(theirs, "yours")
    assert "message to edit not found" in await edit(99, "x")
    bare = await client.ask("editMessageText", text="x")
    assert "chat_id is empty" in bare.description


async def test_a_keyboard_can_be_taken_away_alone(client: Client, an: Person) -> None:
    asked = await client.says(an, "Sure?", reply_markup=KEYBOARD)

    taken = await client.ask("editMessageReplyMarkup", chat_id=an.id, message_id=asked)
    again = await client.ask("editMessageReplyMarkup", chat_id=an.id, message_id=asked)

    assert taken.ok and an.sees()[-1].buttons == []
    assert "is not modified" in again.description


@pytest.mark.parametrize(
    ("hours", "refusal"),
    [(47.9, ""), (48, "message can't be deleted for everyone")],
)
async def test_messages_can_be_deleted_for_48_hours(
    client: Client, an: Person, hand: Hand, hours: float, refusal: str
) -> None:
    mine, theirs = await client.says(an, "mine"), an.types("theirs")
    hand.forward(hours=hours)

    told = [
        await client.ask("deleteMessage", chat_id=an.id, message_id=one) for one in (mine, theirs)
    ]

    assert all(refusal in one.description for one in told)
    assert len(an.sees()) == (3 if refusal else 1)


async def test_what_is_gone_cannot_be_deleted_edited_or_replied_to(
    client: Client, an: Person
) -> None:
    gone = await client.says(an, "secret")
    await client.ask("deleteMessage", chat_id=an.id, message_id=gone)

    deleted = await client.ask("deleteMessage", chat_id=an.id, message_id=gone)
    edited = await client.ask("editMessageText", chat_id=an.id, message_id=gone, text="x")

    assert "message to delete not found" in deleted.description
    assert "message to edit not found" in edited.description


async def test_in_a_group_only_an_administrator_deletes_what_others_wrote(
    client: Client, an: Person
) -> None:
    group = client.telegram.group("Neighbours")
    group.brings_in_bot(an)
    theirs = group.types(an, "/help")

    refused = await client.ask("deleteMessage", chat_id=group.id, message_id=theirs)
    group.room.admin = True
    done = await client.ask("deleteMessage", chat_id=group.id, message_id=theirs)

    assert "message can't be deleted" in refused.description
    assert done.ok


@pytest.mark.parametrize(("seconds", "taken"), [(15, True), (16, False)])
async def test_a_press_is_answered_once_and_in_time(
    client: Client, an: Person, hand: Hand, seconds: int, taken: bool
) -> None:
    await client.says(an, "Sure?", reply_markup=KEYBOARD)
    press = an.presses("Yes")
    hand.forward(seconds=seconds)

    first = await client.ask("answerCallbackQuery", callback_query_id=press, text="noted")
    second = await client.ask("answerCallbackQuery", callback_query_id=press)
    unknown = await client.ask("answerCallbackQuery", callback_query_id="1")

    assert first.ok == taken
    assert an.notices == (["noted"] if taken else [])
    assert "query is too old" in second.description
    assert "query is too old" in unknown.description


# --- chats that do not take messages ---


async def test_a_chat_is_found_once_the_person_wrote(client: Client, an: Person) -> None:
    ba = client.telegram.person("Ba")
    never = await client.ask("sendMessage", chat_id=ba.id, text="x")
    group = client.telegram.group("Neighbours")
    group.brings_in_bot(ba)
    met = await client.ask("sendMessage", chat_id=ba.id, text="x")
    ba.starts()
    an.blocks()
    blocked = await client.ask("sendMessage", chat_id=an.id, text="x")
    an.starts("again")

    assert (never.status, never.description) == (400, "Bad Request: chat not found")
    assert (met.status, "can't initiate" in met.description) == (403, True)
    assert (blocked.status, blocked.description) == (403, "Forbidden: bot was blocked by the user")
    await client.says(ba)
    await client.says(an)


async def test_groups_throw_bots_out_and_become_supergroups(client: Client, an: Person) -> None:
    group = client.telegram.group("Neighbours")
    group.brings_in_bot(an)
    await client.says(group)
    bigger = group.upgrades(an)

    moved = await client.ask("sendMessage", chat_id=group.id, text="x")
    await client.says(bigger)
    bigger.removes_bot(an)
    kicked = await client.ask("sendMessage", chat_id=bigger.id, text="x")

    assert (moved.status, moved.parameters) == (400, {"migrate_to_chat_id": bigger.id})
    assert (kicked.status, "kicked" in kicked.description) == (403, True)


async def test_a_bot_leaves_groups_only(client: Client, an: Person) -> None:
    group = client.telegram.group("Neighbours")
    group.brings_in_bot(an)

    private = await client.ask("leaveChat", chat_id=an.id)
    left = await client.ask("leaveChat", chat_id=group.id)
    after = await client.ask("sendMessage", chat_id=group.id, text="x")

    assert (private.status, left.ok) == (400, True)
    assert after.description == "Forbidden: bot is not a member of the group chat"


async def test_in_a_group_a_bot_hears_what_is_said_to_it(client: Client, an: Person) -> None:
    group = client.telegram.group("Neighbours")
    group.brings_in_bot(an)
    mine = await client.says(group, "hello all")
    before = len(await client.updates())

    group.types(an, "chatter")
    group.types(an, "/help")
    group.types(an, f"@{client.telegram.only.username} hi")
    group.types(an, "yes", reply_to=mine)

    assert len(await client.updates()) == before + 3


# --- limits ---


async def test_one_message_a_second_to_a_chat_after_a_small_burst(
    client: Client, an: Person, hand: Hand
) -> None:
    client.telegram.limit(Limits())
    for _ in range(3):
        await client.says(an)

    soon = await client.ask("sendMessage", chat_id=an.id, text="x")
    still = await client.ask("sendMessage", chat_id=an.id, text="x")
    hand.forward(seconds=1)
    await client.says(an)

    assert (soon.status, soon.parameters, still.parameters) == (
        429,
        {"retry_after": 1},
        {"retry_after": 1},
    )
    assert soon.description == "Too Many Requests: retry after 1"


async def test_thirty_messages_a_second_to_all(client: Client, hand: Hand) -> None:
    people = [client.telegram.person(f"An {number}") for number in range(31)]
    for one in people:
        one.starts()
    client.telegram.limit(Limits())

    answers = [await client.ask("sendMessage", chat_id=one.id, text="x") for one in people]
    hand.forward(seconds=1)

    assert [one.status for one in answers] == [200] * 30 + [429]
    await client.says(people[-1])


async def test_twenty_messages_a_minute_to_a_group(client: Client, an: Person, hand: Hand) -> None:
    group = client.telegram.group("Neighbours")
    group.brings_in_bot(an)
    client.telegram.limit(Limits(chat=Rate(100, 100)))

    answers = [await client.ask("sendMessage", chat_id=group.id, text="x") for _ in range(21)]
    hand.forward(seconds=3)

    assert [one.status for one in answers] == [200] * 20 + [429]
    assert answers[-1].parameters == {"retry_after": 3}
    await client.says(group)


async def test_only_what_is_written_counts(client: Client, an: Person) -> None:
    client.telegram.limit(Limits())
    sent = [await client.says(an) for _ in range(3)]

    told = [await client.ask("deleteMessage", chat_id=an.id, message_id=one) for one in sent]
    edit = await client.ask("editMessageText", chat_id=an.id, message_id=sent[0], text="y")

    assert all(one.ok for one in told)
    assert edit.status == 429
