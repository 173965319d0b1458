"""Every sample of what Zalo may send, and what is understood of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogs.messages import Content, Incoming, Other, Text
from bot.platforms.zalo_updates import Group, understood, unwrapped
from tests.fakes.zalo_events import GOOD, ODD, RAW

NOW: Final = datetime(2026, 9, 10, 12, tzinfo=UTC)
CHAT: Final = "6ede9afa66b88fe6d6a9"
GROUP: Final = Group("9b1c0d2e3f4a5b6c7d8e")
OTHER: Final[dict[str, Content | Group]] = {
    "image": Other("photo"),
    "image_without_caption": Other("photo"),
    "image_as_seen": Other("photo"),
    "sticker": Other("sticker"),
    "sticker_object": Other("sticker"),
    "voice": Other("voice"),
    "voice_as_seen": Other("voice"),
    "unsupported": Other("withheld"),
    "link": Other("unsupported"),
    "unknown_kind": Other("unsupported"),
    "text_mention": GROUP,
    "group_text": GROUP,
    "group_unsupported": GROUP,
}
"""Good samples that are not words of one person; all others are."""
ODD_ONES: Final[dict[str, Content | Group | None]] = {
    "unsupported_without_message": None,
    "event_of_another_sort": None,
    "from_a_bot": None,
    "text_without_text": Other("unsupported"),
    "text_not_a_string": Other("unsupported"),
    "text_half_a_character": Text("?"),
    "message_null": None,
    "message_a_list": None,
    "event_name_a_number": Text("co"),
    "without_message_id": None,
    "without_chat": None,
    "chat_without_id": None,
    "ids_as_numbers": Text("co"),
    "date_far_away": Text("co"),
    "date_negative": Text("co"),
    "chat_type_unknown": Group(CHAT),
    "empty_object": None,
}
NOTHING_IN_IT: Final = {"not_a_number", "not_ok", "wrapped_nothing", "wrapped_null", "wrapped_list"}
"""Bodies that can be read, and in which there is nothing to lose."""


def content_of(found: Incoming | Group | None) -> Content | Group | None:
    return found.content if isinstance(found, Incoming) else found


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_good_update_is_understood(name: str, wrapped: bool) -> None:
    update = unwrapped(GOOD[name].raw(wrapped=wrapped))

    found = understood("100001", update, NOW)

    message = GOOD[name].update["message"]
    assert content_of(found) == OTHER.get(name, Text(str(message.get("text"))[:4000]))
    if isinstance(found, Incoming):
        whose = (found.platform, found.account, found.event_id, found.chat)
        assert whose == ("zalo", "100001", message["message_id"], CHAT)
        assert found.received_at == NOW


@pytest.mark.parametrize("name", ODD)
def test_an_odd_update_does_no_harm(name: str) -> None:
    found = understood("100001", unwrapped(ODD[name].raw(wrapped=True)), NOW)

    assert content_of(found) == ODD_ONES[name]
    if isinstance(found, Incoming):
        assert abs(found.sent_at - NOW) < timedelta(days=1)
        assert found.event_id.encode() and found.chat.encode()


@pytest.mark.parametrize("name", RAW)
def test_a_body_that_is_no_update_is_none(name: str) -> None:
    if name in NOTHING_IN_IT:
        assert understood("100001", unwrapped(RAW[name]), NOW) is None
        return
    with pytest.raises(ValueError):
        unwrapped(RAW[name])


@pytest.mark.parametrize("name", ["text", "image", "image_as_seen", "sticker", "voice"])
def test_the_kind_is_known_without_its_name(name: str) -> None:
    update = {"message": GOOD[name].update["message"]}

    named = understood("100001", GOOD[name].update, NOW)
    assert understood("100001", update, NOW) == named


def test_what_says_nothing_at_all_is_withheld() -> None:
    update = {"message": GOOD["unsupported"].update["message"]}

    assert content_of(understood("100001", update, NOW)) == Other("withheld")


def test_a_chat_that_is_not_the_sender_s_own_is_read_by_others() -> None:
    message = {**GOOD["without_chat_type"].update["message"], "from": {"id": "77"}}

    assert understood("100001", {"message": message}, NOW) == Group(CHAT)


def test_the_time_is_that_of_the_platform() -> None:
    found = understood("100001", GOOD["date_as_string"].update, NOW)

    assert isinstance(found, Incoming)
    assert found.sent_at == datetime.fromtimestamp(1789033599.455, UTC)


@pytest.mark.parametrize("name", GOOD)
def test_nobody_s_name_is_kept(name: str) -> None:
    written = repr(understood("100001", GOOD[name].update, NOW))

    assert "\u0110inh" not in written
    assert "Y M" not in written
    assert "photo.example" not in written


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS: Final = ("message_id", "date", "from", "chat", "text", "photo")


@given(JSON, st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)), JSON)
def test_nothing_that_can_come_breaks_it(name: Any, message: Any, chat: Any) -> None:
    for inner in (message, message | {"chat": {"id": chat, "chat_type": chat}}, name):
        body = json.dumps({"event_name": name, "message": inner}).encode()

        understood("100001", unwrapped(body), NOW)
