"""Ciphertext opens in its own place only; the key file is made once and checked for ever."""

import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select, update

from storage.sealed import (
    DamagedKey,
    Keys,
    MissingKey,
    WrongKey,
    key_text,
    load_or_create_key,
    open_keys,
    place,
    read_key,
    seal,
    unseal,
)
from storage.tables import chats
from tests.conftest import OFFICE_KEY, Office, Toy, message, seeded


def test_what_is_sealed_opens_again() -> None:
    keys = Keys(OFFICE_KEY)
    where = place("chats", "document", 7)

    sealed = seal(keys.office, b"Pham Thi Lan", where, seeded(1))

    assert unseal(keys.office, sealed, where) == b"Pham Thi Lan"
    assert b"Pham" not in sealed


@pytest.mark.parametrize(
    "elsewhere", [("chats", "document", 8), ("chats", "address", 7), ("tasks", "document", 7)]
)
def test_a_moved_ciphertext_is_refused(elsewhere: tuple[str, str, int]) -> None:
    keys = Keys(OFFICE_KEY)
    sealed = seal(keys.office, b"Pham Thi Lan", place("chats", "document", 7), seeded(1))

    with pytest.raises(InvalidTag):
        unseal(keys.office, sealed, place(*elsewhere))


def test_a_data_key_opens_for_its_own_submission_only() -> None:
    keys = Keys(OFFICE_KEY)
    key, wrapped = keys.new_data_key(7, seeded(1))
    sealed = seal(key, b"1", "x", seeded(2))

    assert unseal(keys.data_key(7, wrapped), sealed, "x") == b"1"
    with pytest.raises(InvalidTag):
        keys.data_key(8, wrapped)
    with pytest.raises(InvalidTag):
        unseal(keys.office, sealed, "x")


def test_tokens_depend_on_the_key_and_on_what_they_are_for() -> None:
    keys, others = Keys(OFFICE_KEY), Keys(bytes(32))

    token = keys.token("id_number", "051090000001")

    assert token == keys.token("id_number", "051090000001")
    assert token != keys.token("insurance_number", "051090000001")
    assert token != others.token("id_number", "051090000001")


async def test_a_moved_chat_document_costs_only_that_chat(office: Office) -> None:
    """Somebody with access to the database gives a chat another chat's document."""
    await office.commit([message("mot"), message("hai", chat="binh")], Toy())
    rows = await office.rows(select(chats.c.id, chats.c.document))
    foreign = update(chats).where(chats.c.id == rows[0].id).values(document=rows[1].document)
    await office.write(lambda c: c.execute(foreign))

    done = await office.commit([message("ba"), message("ba", chat="binh")], Toy(first_id=2000))

    assert sorted(turn[0].outgoing.text for turn in done.queued) == ["echo ba", "sorry"]


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "mau03.key"

    made = load_or_create_key(path, seeded(1))
    again = load_or_create_key(path, seeded(2))

    assert made == (again[0], True)
    assert again[1] is False
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", ["", "abc", key_text(OFFICE_KEY)[:-1], "B" + key_text(OFFICE_KEY)[1:], "ă.1"]
)
def test_a_mistyped_key_is_refused(text: str) -> None:
    with pytest.raises(DamagedKey):
        read_key(text)


async def test_a_database_accepts_only_its_own_key(office: Office, tmp_path: Path) -> None:
    path, other = tmp_path / "mau03.key", tmp_path / "other.key"
    load_or_create_key(other, seeded(9))

    _, created = await office.write(lambda c: open_keys(c, path, seeded(1)))
    assert created
    _, created = await office.write(lambda c: open_keys(c, path, seeded(2)))
    assert not created
    with pytest.raises(WrongKey):
        await office.write(lambda c: open_keys(c, other, seeded(3)))
    with pytest.raises(WrongKey):
        given = key_text(OFFICE_KEY)
        await office.write(lambda c: open_keys(c, path, seeded(3), given=given))
    path.unlink()
    with pytest.raises(MissingKey):
        await office.write(lambda c: open_keys(c, path, seeded(4)))
    assert not path.exists(), "no new key is made for a database that has one"
