"""The updates other tests use: two libraries read them, and they are what Telegram sends."""

import pytest

from tests.fakes.telegram_parsing import both
from tests.fakes.telegram_schema import bot_api, utf16
from tests.fakes.telegram_updates import NAMES, UNKNOWN, update

OLD_FIELDS = frozenset(
    {
        "all_members_are_administrators",
        "forward_date",
        "forward_from",
        "forward_sender_name",
        "left_chat_participant",
        "new_chat_member",
        "new_chat_participant",
        "thumb",
    }
)
"""Telegram still sends these; its documentation has dropped them."""


@pytest.mark.parametrize("name", NAMES)
def test_both_libraries_read_it_and_agree_on_what_it_is(name: str) -> None:
    raw = update(name)

    aiogram, ptb = both(raw)

    kind = next(key for key in raw if key != "update_id")
    assert aiogram.update_id == ptb.update_id == raw["update_id"]
    assert (getattr(ptb, kind, None) is None) == (name == "unknown_update_kind")
    if ptb.effective_chat is not None:
        event = getattr(aiogram, kind)
        chat = getattr(event, "chat", None) or event.message.chat
        assert chat.id == ptb.effective_chat.id


@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_to_the_schema_but_for_fields_out_of_fashion(name: str) -> None:
    breaches = bot_api().breaches("Update", update(name))

    if name not in UNKNOWN:
        assert {breach.split(".")[-1].split()[0] for breach in breaches} <= OLD_FIELDS
        assert all(breach.endswith("is unknown") for breach in breaches)
    else:
        assert breaches


@pytest.mark.parametrize("name", ["entities_and_emoji", "longest_text"])
def test_marks_are_counted_in_utf16(name: str) -> None:
    raw = update(name)["message"]

    aiogram, ptb = both(update(name))

    assert aiogram.message and aiogram.message.entities and ptb.message
    theirs = [one.extract_from(raw["text"]) for one in aiogram.message.entities]
    assert theirs == list(ptb.message.parse_entities().values())
    assert utf16(raw["text"]) <= 4096


def test_ids_of_updates_are_their_own() -> None:
    assert len({update(name)["update_id"] for name in NAMES}) == len(NAMES)
