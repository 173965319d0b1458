"""Every sample update is read twice: by our adapter on aiogram, and here on python-telegram-bot."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest
import telegram
from msgspec.structs import replace
from telegram.ext import filters

from bot.dialogs.messages import Content, Other, Press, Text
from bot.platforms.telegram_updates import Seen, read
from tests.fakes.telegram_updates import NAMES, update

NOW: Final = datetime(2026, 9, 1, 8, 30, 1, tzinfo=UTC)
AN: Final = "5000000001"
Facts = tuple[Any, ...]
"""What an update is to us, without the types of either library."""

IS: Final[Mapping[str, Any]] = {
    "voice": filters.VOICE | filters.VIDEO_NOTE,
    "sticker": filters.Sticker.ALL,
    "photo": filters.PHOTO,
    "document": filters.Document.ALL | filters.VIDEO,
    "location": filters.LOCATION,
    "contact": filters.CONTACT,
}


def second_reading(raw: Mapping[str, Any]) -> set[Facts]:
    """Return what python-telegram-bot makes of an update."""
    given = telegram.Update.de_json(dict(raw), None)
    press, change, chat = given.callback_query, given.my_chat_member, given.effective_chat
    private = chat is None or chat.type == chat.PRIVATE
    if press:
        prompt, _, value = str(press.data).partition(":")
        person = str(press.from_user.id)
        answer = ("press", str(given.update_id), person, Press(value, prompt), NOW, "")
        return {("answer", press.id), answer}
    if change and not private:
        gone = change.new_chat_member.status in ("left", "kicked")
        return set() if gone else {("leave", change.chat.id)}
    if change:
        blocked = change.new_chat_member.status == telegram.ChatMember.BANNED
        return {("reach", str(change.chat.id), change.date if blocked else None)}
    message = given.effective_message
    if message is None:
        return set()
    if not private:
        return {("leave", message.chat_id)}
    where = (str(given.update_id), str(message.chat_id))
    said = said_in(given)
    return {("said", *where, said, message.date, str(message.message_id))}


def said_in(given: telegram.Update) -> Content:
    message = given.effective_message
    assert message
    if given.edited_message:
        return Other("edited", message.text or "")
    if filters.TEXT.check_update(given):
        return Text(message.text or "")
    found = (what for what, kind in IS.items() if kind.check_update(given))
    return Other(next(found, "unsupported"))  # type: ignore[arg-type]


def facts(seen: Seen) -> set[Facts]:
    found: set[Facts] = set()
    if (one := seen.incoming) is not None:
        assert (one.platform, one.account, one.received_at) == ("telegram", "100001", NOW)
        kind = "press" if isinstance(one.content, Press) else "said"
        second = one.sent_at.replace(microsecond=0)
        found.add((kind, one.event_id, one.chat, one.content, second, one.ref))
    if seen.press:
        found.add(("answer", seen.press))
    if seen.membership:
        found.add(("reach", seen.membership.chat, seen.membership.blocked_at))
    if seen.group is not None:
        found.add(("leave", seen.group))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_two_libraries_read_the_same(name: str) -> None:
    raw = update(name)

    assert facts(read(raw, "100001", NOW)) == second_reading(raw)


EXPECTED: Final[Mapping[str, Content]] = {
    "text": Text("Đinh Thị Bưởi"),
    "command_deep_link": Text("/start xa-51_21340"),
    "edited_text": Other("edited", "12/03/1990"),
    "voice": Other("voice"),
    "video_note": Other("voice"),
    "sticker": Other("sticker"),
    "photo_with_caption": Other("photo"),
    "document": Other("document"),
    "animation": Other("document"),
    "location": Other("location"),
    "venue": Other("location"),
    "contact_own": Other("contact"),
    "contact_other": Other("contact"),
    "video": Other("document"),
    "dice": Other("unsupported"),
    "poll": Other("unsupported"),
    "unknown_message_kind": Other("unsupported"),
    "callback_inaccessible_message": Press("q03:1", "3"),
    "callback_without_message": Press("q03:1", "3"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_people_send(name: str) -> None:
    incoming = read(update(name), "100001", NOW).incoming

    assert incoming is not None
    assert incoming.chat == AN
    assert incoming.content == EXPECTED[name]


NOBODY: Final = ("inline_query", "message_reaction", "unknown_update_kind")


@pytest.mark.parametrize("name", [name for name in NAMES if name in NOBODY])
def test_what_carries_no_message_is_nothing(name: str) -> None:
    assert read(update(name), "100001", NOW) == Seen()


def test_a_correction_was_written_when_its_first_words_were() -> None:
    incoming = read(update("edited_text"), "100001", NOW).incoming

    assert incoming is not None
    assert incoming.sent_at.replace(microsecond=0) == datetime.fromtimestamp(1788224510, UTC)


@pytest.mark.parametrize("name", NAMES)
def test_who_sent_it_is_only_a_number(name: str) -> None:
    seen = read(update(name), "100001", NOW)
    if seen.incoming is not None and isinstance(seen.incoming.content, Text):
        seen = replace(seen, incoming=replace(seen.incoming, content=Text("")))

    assert not any(word in repr(seen) for word in ("Bưởi", "buoi_invented", "Đinh", "+84"))


def broken(change: Callable[[dict[str, Any]], object], name: str = "text") -> dict[str, Any]:
    raw = update(name)
    change(raw)
    return raw


def test_a_message_with_a_part_nobody_understands_is_still_read() -> None:
    raw = broken(lambda raw: raw["message"].update(entities="?", reply_to_message=7))

    incoming = read(raw, "100001", NOW).incoming

    assert incoming is not None
    assert incoming.content == Text("Đinh Thị Bưởi")


def test_a_message_of_which_only_the_frame_is_understood_is_answered() -> None:
    raw = broken(lambda raw: raw["message"].update(photo="?"), "photo")

    incoming = read(raw, "100001", NOW).incoming

    assert incoming is not None
    assert incoming.content == Other("unsupported")


def test_a_press_with_a_part_nobody_understands_is_still_a_press() -> None:
    raw = broken(lambda raw: raw["callback_query"].update(message="?"), "callback")

    seen = read(raw, "100001", NOW)

    assert seen.press
    assert seen.incoming is not None
    assert (seen.incoming.content, seen.incoming.chat) == (Press("q03:2", "3"), AN)


@pytest.mark.parametrize(
    "raw",
    [
        {"update_id": 7},
        {"update_id": 7, "message": "?"},
        {"update_id": 7, "message": {"text": "?"}},
        {"update_id": 7, "callback_query": {"id": []}},
        {"update_id": "?", "message": {}},
        {},
    ],
)
def test_what_cannot_be_read_is_nothing(raw: dict[str, Any]) -> None:
    assert read(raw, "100001", NOW) == Seen()


@pytest.mark.parametrize("data", ["self", ":self", "", "a" * 64])
def test_a_button_that_is_not_ours_answers_nothing(data: str) -> None:
    raw = broken(lambda raw: raw["callback_query"].update(data=data), "callback")

    incoming = read(raw, "100001", NOW).incoming

    assert incoming is not None
    assert incoming.content == Press(data, "?")


def test_a_button_without_data_is_only_answered() -> None:
    raw = broken(lambda raw: raw["callback_query"].pop("data"), "callback")

    assert facts(read(raw, "100001", NOW)) == {("answer", raw["callback_query"]["id"])}


def test_a_step_of_somebody_who_shares_where_they_are_is_no_correction() -> None:
    moved = update("location")
    moved["edited_message"] = {**moved.pop("message"), "edit_date": 1788224600}

    assert read(moved, "100001", NOW) == Seen()


def test_what_telegram_notes_by_itself_is_not_answered() -> None:
    raw = broken(lambda raw: raw["message"].pop("text"))
    raw["message"]["message_auto_delete_timer_changed"] = {"message_auto_delete_time": 86400}

    assert read(raw, "100001", NOW) == Seen()
