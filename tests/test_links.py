"""Addresses of pages that answer one prompt: made here, readable by nobody, over in time."""

from datetime import UTC, datetime

import pytest

from storage.links import VALID, Link, new_link, read_link
from storage.sealed import Keys
from tests.conftest import seeded

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
KEYS = Keys(bytes(32))


def made(prompt: str = "12") -> str:
    return new_link(KEYS, 4711, prompt, now=NOW, random=seeded(1))


def test_a_link_says_what_it_is_for() -> None:
    link = read_link(KEYS, made(), now=NOW)

    assert isinstance(link, Link)
    assert (link.chat_id, link.prompt) == (4711, "12")
    assert set(made()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_link_is_over_after_a_day() -> None:
    assert read_link(KEYS, made(), now=NOW + VALID) is None


@pytest.mark.parametrize("wrong", ["", "x", "====", "A" * 400, "\u0111\u01b0\u1eddng", made()[:-2]])
def test_what_was_not_made_here_is_nothing(wrong: str) -> None:
    assert read_link(KEYS, wrong, now=NOW) is None


def test_no_character_can_be_changed() -> None:
    text = made()
    changed = [text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :] for at in range(30)]

    assert [read_link(KEYS, one, now=NOW) for one in changed] == [None] * 30
    assert read_link(Keys(b"\x01" * 32), text, now=NOW) is None
