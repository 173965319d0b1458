"""Invitations: a code makes a chat somebody's place of work, once, until it is taken away."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text, update

from bot.dialogs.messages import Incoming, Text
from bot.linking import OF_A_CHAT
from storage.access import Denied, Viewer
from storage.accounts import (
    AccountRefused,
    add_account,
    disable,
    enable,
    list_accounts,
    viewer_of,
)
from storage.audit import broken_chains
from storage.codes import written
from storage.commune_tables import account_events, accounts, assignments, invites
from storage.database import lock_chats
from storage.invites import LENGTH, Wanted, invite, list_invites, revoke
from storage.joining import reassign
from storage.ledger import chat_token
from storage.notes import notes
from storage.statements import REPLY
from storage.tables import chats, outbox, submissions
from tests.browsing import Site
from tests.phones import TO_ITEM_3, Phones, opened_phones


@pytest.fixture
async def phones(database_url: str, tmp_path: Path) -> AsyncIterator[Phones]:
    async with opened_phones(database_url, tmp_path) as opened:
        yield opened


def keeper(phones: Phones, role: str = "administrator") -> Viewer:
    return Viewer(role, phones.site.house.office.commune, None, by="test")


async def do(phones: Phones, work: Any, *facts: Any, role: str = "administrator") -> Any:
    """Run one of the changes as the keeper of accounts."""
    context, viewer = phones.site.house.context, keeper(phones, role)
    return await phones.site.ledger.write(lambda c: work(c, context, viewer, *facts))


async def invited(phones: Phones, role: str = "enumerator", **facts: Any) -> str:
    wanted = Wanted(role, phones.site.house.office.commune, **facts)
    return str(await do(phones, invite, wanted))


async def joined(phones: Phones, platform: str = "telegram", chat: str = "an") -> str:
    """Return the login of a chat that accepted an invitation. Invented name."""
    await phones.say(platform, f"mời {await invited(phones, name='Hoa (bịa)')}", chat=chat)
    return await login_of(phones, platform, chat)


async def login_of(phones: Phones, platform: str, chat: str = "an") -> str:
    token = chat_token(phones.site.house.keys, platform, "100001", chat)
    mine = select(accounts.c.login).join(chats, chats.c.holder == accounts.c.id)
    return str(await phones.site.house.read(lambda c: c.scalar(mine.where(chats.c.token == token))))


async def rows(phones: Phones, query: Any) -> list[Any]:
    return await phones.site.house.read(lambda c: list(c.execute(query)))


@pytest.mark.parametrize(
    "typed",
    [
        "{}",
        "mời {}",
        "Mời  {} ",
        "MOI {}",
        "mã mời {}",
        "/start m-{}",
        "mời {lower}",
        "mời {spaced}",
        "mời {alike}",
        "{alike}",
    ],
)
async def test_a_code_is_accepted_however_it_is_typed(phones: Phones, typed: str) -> None:
    code = await invited(phones, name="Hoa (bịa)")
    shapes = {
        "lower": written(code).lower(),
        "spaced": written(code).replace("-", " "),
        "alike": written(code).replace("0", "O").replace("1", "l"),
    }

    told = await phones.say("telegram", typed.format(written(code), **shapes))

    assert "Xin chào Hoa (bịa)" in told and "người thu thập thông tin" in told
    account = (await phones.view("telegram")).account
    assert account is not None
    assert (account.role, account.name) == ("enumerator", "Hoa (bịa)")
    assert await login_of(phones, "telegram") == "enumerator1"


async def test_nothing_of_a_code_or_a_name_stands_in_the_database(phones: Phones) -> None:
    code = await invited(phones, name="Hoa (bịa)")
    await phones.say("telegram", f"mời {code}")

    for table in (invites, accounts, account_events):
        kept = str([tuple(row) for row in await rows(phones, select(table))])
        assert code not in kept and "Hoa" not in kept
    assert len(code) == LENGTH + 1


async def test_a_code_has_its_uses_and_no_more(phones: Phones) -> None:
    code = await invited(phones, uses=2)

    told = [await phones.say("zalo", f"mời {code}", chat=chat) for chat in ("a", "b", "c")]

    assert ["Từ nay" in one for one in told] == [True, True, False]
    assert "Mã mời chưa đúng" in told[-1]


async def test_a_code_runs_out(phones: Phones) -> None:
    code = await invited(phones, valid=timedelta(days=7))
    phones.clock.at += timedelta(days=7)

    assert "hết hạn" in await phones.say("zalo", f"mời {code}")


async def test_a_code_can_be_revoked(phones: Phones) -> None:
    code = await invited(phones)
    viewer = keeper(phones)
    (line,) = await phones.site.house.read(lambda c: list_invites(c, viewer, now=phones.clock()))
    await do(phones, revoke, line.id)

    assert "Mã mời chưa đúng" in await phones.say("zalo", f"mời {code}")
    with pytest.raises(AccountRefused):
        await do(phones, revoke, line.id)


async def test_two_chats_race_for_one_use(phones: Phones) -> None:
    for _ in range(3):
        code = await invited(phones)

        await asyncio.gather(
            *(phones.say("zalo", f"mời {code}", chat=f"{code} {n}") for n in range(4))
        )

    held = await rows(phones, select(chats.c.id).where(chats.c.holder.is_not(None)))
    assert len(held) == 3
    assert len(await rows(phones, select(accounts))) == 3


async def test_a_message_that_comes_twice_is_accepted_once(phones: Phones) -> None:
    code = await invited(phones, uses=5)

    for _ in range(2):
        await phones.say("zalo", f"mời {code}", event="the same")

    assert await rows(phones, select(invites.c.uses_left)) == [(4,)]
    assert len(await rows(phones, select(accounts))) == 1


async def test_guessing_closes_the_door(phones: Phones) -> None:
    code = await invited(phones)
    wrong = [await invited(phones) for _ in range(OF_A_CHAT)]
    await phones.site.ledger.write(
        lambda c: c.execute(update(invites).where(invites.c.id > 0).values(uses_left=0))
    )

    told = [await phones.say("zalo", f"mời {one}") for one in wrong]
    shut = await phones.say("zalo", f"mời {code}")

    assert all("Mã mời chưa đúng" in one for one in told)
    assert "Đã thử mã nhiều lần" in shut
    assert "Đã thử mã nhiều lần" in await phones.say("zalo", "mã 000001")  # one door for both


async def test_a_slip_of_the_pen_is_told_and_words_are_words(phones: Phones) -> None:
    code = await invited(phones)
    slip = code[:-1] + ("0" if code[-1] != "0" else "1")

    assert "Mã mời chưa đúng" in await phones.say("zalo", f"mời {slip}")
    assert "Mã mời" not in await phones.say("zalo", "mời bác vào nhà uống nước", chat="other")


async def test_a_chat_in_which_somebody_works_takes_no_other(phones: Phones) -> None:
    await joined(phones)
    code = await invited(phones)

    told = await phones.say("telegram", f"mời {code}")

    assert "đang dùng cho một tài khoản khác" in told
    assert "Từ nay" in await phones.say("zalo", f"mời {code}")


async def test_nobody_is_officer_and_police(phones: Phones) -> None:
    await phones.say("telegram", f"mời {await invited(phones, 'officer')}")
    code = await invited(phones, "police")
    await phones.say("zalo", "/start")
    await phones.site.ledger.write(lambda c: c.execute(update(chats).values(person=7)))

    assert "đang dùng cho một tài khoản khác" in await phones.say("zalo", f"mời {code}")


async def test_who_is_disabled_is_cut_off_at_the_next_message(phones: Phones) -> None:
    await phones.say("telegram", *TO_ITEM_3)
    login = await joined(phones)
    await do(phones, disable, login)

    told = [await phones.say("telegram", words) for words in ("Nam", "phiếu của tôi", "/start")]

    assert all("đã bị khóa" in one and one.count("\n") == 0 for one in told)
    assert (await phones.view("telegram")).cut_off
    assert (await phones.view("telegram")).account is None
    assert await rows(phones, select(submissions.c.status)) == [("draft",)]
    await do(phones, enable, login)
    assert "đã bị khóa" not in await phones.say("telegram", "phiếu của tôi")
    assert await phones.site.house.read(broken_chains) == []


async def test_what_waited_for_a_chat_is_not_shown_once_it_is_cut_off(phones: Phones) -> None:
    login = await joined(phones)
    at = phones.clock()
    await phones.door.submit(Incoming("telegram", "100001", "late", "an", Text("?"), at, at))
    assert await phones.waiting("telegram")

    await do(phones, disable, login)

    assert await phones.waiting("telegram") == []


async def test_a_page_of_who_is_cut_off_shows_nothing_else(phones: Phones) -> None:
    site: Site = phones.site
    visitor = site.visitor()
    await visitor.begin()
    await visitor.say("Nguyễn Văn An (bịa)".replace(" (bịa)", ""))
    await visitor.say(f"mời {await invited(phones)}")
    assert "người thu thập" in visitor.page
    await do(phones, disable, "enumerator1")

    page = await visitor.look()

    assert "đã bị khóa" in page and "Nguyễn" not in page and "thu thập thông tin<" not in page
    assert "đã bị khóa" in await visitor.say("phiếu của tôi")
    assert "Nguyễn" not in visitor.page


async def test_the_page_for_codes_takes_an_invitation_too(phones: Phones) -> None:
    visitor = phones.site.visitor()
    await visitor.look("/tiep")

    answer = await visitor.post("/tiep", code=written(await invited(phones)), birth="")

    assert answer.status_code == 303
    assert "Từ nay cuộc trò chuyện này" in await visitor.look()


async def test_a_new_phone_takes_everything_along(phones: Phones) -> None:
    await phones.say("telegram", *TO_ITEM_3)
    login = await joined(phones)
    before = await rows(phones, select(submissions.c.id, submissions.c.chat_id))
    code = await invited(phones, login=login)

    told = await phones.say("zalo", f"mời {code}", chat="new phone")

    assert "Xin chào Hoa (bịa)" in told
    assert await login_of(phones, "zalo", "new phone") == login
    assert await login_of(phones, "telegram") == "None"
    (left,) = await phones.waiting("telegram")
    assert "đã chuyển sang máy khác" in left.outgoing.text
    old, new = await phones.view("telegram"), await phones.view("zalo", "new phone")
    assert (old.account, old.cut_off, old.submission_id) == (None, False, None)
    assert new.account is not None
    after = await rows(phones, select(submissions.c.id, submissions.c.chat_id))
    assert [row.id for row in after] == [row.id for row in before]
    assert {row.chat_id for row in after} == {new.chat_id}
    assert "Nguyễn" not in await phones.say("telegram", "phiếu của tôi")
    assert await phones.site.house.read(broken_chains) == []


async def test_a_lost_phone_stays_cut_off_until_the_new_one_is_there(phones: Phones) -> None:
    await phones.say("telegram", *TO_ITEM_3)
    login = await joined(phones)
    await do(phones, disable, login)
    code = await invited(phones, login=login)
    assert "đã bị khóa" in await phones.say("telegram", "/start")

    await phones.say("zalo", f"mời {code}", chat="new phone")

    assert (await phones.view("zalo", "new phone")).account is not None
    assert await phones.waiting("telegram") == []  # whoever holds it is told nothing
    assert "Nguyễn" not in await phones.say("telegram", "phiếu của tôi")
    states = [line.disabled for line in await listed(phones)]
    assert states == [False]


async def test_an_invitation_from_before_lets_nobody_in_who_was_cut_off(phones: Phones) -> None:
    login = await joined(phones)
    wanted, theirs = Wanted("enumerator", keeper(phones).unit), replace(keeper(phones), by=login)
    context, another = phones.site.house.context, await invited(phones)
    by_them = await phones.site.ledger.write(lambda c: invite(c, context, theirs, wanted))
    to_them = await invited(phones, login=login)

    await do(phones, disable, login)

    for code in (to_them, by_them):
        assert "Mã mời chưa đúng" in await phones.say("zalo", f"mời {code}", chat="thief")
    assert [line.disabled for line in await listed(phones)] == [True]
    await phones.say("zalo", f"mời {another}", chat="binh")
    assert await login_of(phones, "zalo", "binh") != "None"
    since = await invited(phones, login=login)
    await phones.say("zalo", f"mời {since}", chat="new phone")
    assert await login_of(phones, "zalo", "new phone") == login


@pytest.mark.parametrize("change", ["disable", "reassign", "new phone"])
async def test_a_change_of_an_account_waits_for_a_turn_and_no_turn_for_it(
    phones: Phones, change: str
) -> None:
    giver, taker = await joined(phones), await joined(phones, "zalo", "binh")
    house, ledger, viewer = phones.site.house, phones.site.ledger, keeper(phones)
    if house.database.writer is not None:
        return  # one writer: nothing to wait for
    code = await invited(phones, login=giver)
    (account,) = [line.id for line in await listed(phones) if line.login == giver]
    context, host = house.context, house.conversation
    mine = await phones.view("telegram")

    async with house.database.engine.begin() as turn:
        await turn.run_sync(lock_chats, [chat_token(house.keys, "telegram", "100001", "an")])
        changing: Coroutine[Any, Any, Any]
        match change:
            case "disable":
                changing = ledger.write(lambda c: disable(c, context, viewer, giver))
            case "reassign":
                changing = ledger.write(lambda c: reassign(c, context, host, viewer, giver, taker))
            case _:
                changing = phones.say("zalo", f"mời {code}", chat="new phone")
        changed = asyncio.ensure_future(changing)
        while not changed.done() and not await turn.scalar(WAITING):
            pass
        done_early = changed.done()
        await turn.run_sync(_assign, viewer.unit, {giver: account}, [(1, giver, "Thôn Một")])
        bubble = {"id": 1, "chat_id": mine.chat_id, "payload": b"", "priority": REPLY}
        await turn.execute(
            insert(outbox).values(bubble | {"not_before": 0, "attempts": 0, "claimed_until": 0})
        )
    await changed

    assert not done_early
    left = select(outbox.c.id).where(outbox.c.id == 1)
    assert len(await rows(phones, left)) == (change == "reassign")


WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


async def listed(phones: Phones) -> Any:
    keys, viewer = phones.site.house.keys, keeper(phones)
    return await phones.site.house.read(lambda c: list_accounts(c, keys, viewer))


async def test_unfinished_forms_and_tasks_go_to_another_account(phones: Phones) -> None:
    await phones.say("telegram", *TO_ITEM_3)
    giver = await joined(phones)
    taker = await joined(phones, "zalo", "binh")
    ids = {line.login: line.id for line in await listed(phones)}
    collected = update(submissions).values(enumerator=ids[giver])
    await phones.site.ledger.write(lambda c: c.execute(collected) and None)
    unit = phones.site.house.office.commune
    given = [(1, giver, "Thôn Một"), (2, giver, "Thôn Hai"), (3, taker, "Thôn Hai")]
    await phones.site.ledger.write(lambda c: _assign(c, unit, ids, given))
    await do(phones, disable, giver)
    context, host = phones.site.house.context, phones.site.house.conversation
    viewer = keeper(phones, "officer")

    count = await phones.site.ledger.write(
        lambda c: reassign(c, context, host, viewer, giver, taker)
    )

    assert count == 1
    (bubble,) = [b.outgoing.text for b in await phones.waiting("zalo", "binh")]
    assert "Đã nhận thêm 1 phiếu" in bubble
    new = await phones.view("zalo", "binh")
    assert await rows(phones, select(submissions.c.chat_id)) == [(new.chat_id,)]
    open_now = select(assignments.c.village).where(
        assignments.c.account_id == ids[taker], assignments.c.ended_at.is_(None)
    )
    villages = {row.village for row in await rows(phones, open_now)}
    assert villages == {"Thôn Một", "Thôn Hai"}
    assert len(await rows(phones, open_now)) == 2
    assert await phones.site.house.read(broken_chains) == []


async def test_what_somebody_fills_in_as_a_citizen_is_given_to_nobody(phones: Phones) -> None:
    await phones.say("telegram", *TO_ITEM_3)
    giver, taker = await joined(phones), await joined(phones, "zalo", "binh")
    context, host = phones.site.house.context, phones.site.house.conversation
    viewer = keeper(phones, "officer")
    before = await phones.view("telegram")

    count = await phones.site.ledger.write(
        lambda c: reassign(c, context, host, viewer, giver, taker)
    )

    assert count == 0
    told = [bubble.outgoing.text for bubble in await phones.waiting("zalo", "binh")]
    assert not [line for line in told if "Đã nhận thêm" in line]
    found = await rows(phones, select(submissions.c.chat_id, submissions.c.enumerator))
    assert found == [(before.chat_id, None)]
    assert (await phones.view("telegram")).submission_id == before.submission_id


def _assign(connection: Connection, unit: str, ids: Any, given: Any) -> None:
    made = {"unit": unit, "created_at": 0, "created_by": "test"}
    for number, login, village in given:
        row = {"id": number, "account_id": ids[login], "village": village} | made
        connection.execute(insert(assignments).values(row))


async def test_drafts_of_an_account_do_not_leave_it_by_a_linking_code(phones: Phones) -> None:
    code = await phones.code()
    await joined(phones)

    assert "Mã nối chưa đúng" in await phones.say("zalo", f"mã {code}", chat="stranger")


@pytest.mark.parametrize(
    ("by", "role", "allowed"),
    [
        ("officer", "enumerator", True),
        ("officer", "police", False),
        ("officer", "administrator", False),
        ("chairman", "police", True),
        ("chairman", "chairman", False),
        ("administrator", "administrator", True),
        ("administrator", "citizen", False),
        ("enumerator", "enumerator", False),
        ("police", "enumerator", False),
    ],
)
async def test_who_may_invite_whom(phones: Phones, by: str, role: str, allowed: bool) -> None:
    wanted = Wanted(role, phones.site.house.office.commune)
    if allowed:
        assert await do(phones, invite, wanted, role=by)
        return
    with pytest.raises(Denied):
        await do(phones, invite, wanted, role=by)
    with pytest.raises(Denied):
        unit = phones.site.house.office.commune
        await do(phones, add_account, "hoa", "Hoa (bịa)", role, unit, role=by)


async def test_other_units_and_odd_wishes_are_refused(phones: Phones) -> None:
    commune = phones.site.house.office.commune
    good = Wanted("enumerator", commune)
    for wanted, code in [
        (replace(good, unit="51"), "unit_unknown"),
        (replace(good, unit="nowhere"), "unit_unknown"),
        (replace(good, uses=0), "uses"),
        (replace(good, uses=101), "uses"),
        (replace(good, valid=timedelta(days=91)), "days"),
        (replace(good, login="nobody"), "unknown"),
    ]:
        with pytest.raises(AccountRefused) as refused:
            await do(phones, invite, wanted)
        assert refused.value.code == code
    for login in ("", "H", "Hoa", "1hoa", "hoa nguyen", "x" * 33, "hoa;drop"):
        with pytest.raises(AccountRefused):
            await do(phones, add_account, login, "Hoa (bịa)", "enumerator", commune)


async def test_who_asks_under_a_login(phones: Phones) -> None:
    commune = phones.site.house.office.commune
    await do(phones, add_account, "hoa", "Hoa (bịa)", "police", commune)
    read = phones.site.house.read

    viewer = await read(lambda c: viewer_of(c, "hoa"))
    assert (viewer.role, viewer.unit, viewer.by) == ("police", commune, "hoa")
    with pytest.raises(AccountRefused, match="unknown"):
        await read(lambda c: viewer_of(c, "mai"))
    await do(phones, disable, "hoa")
    with pytest.raises(AccountRefused, match="disabled"):
        await read(lambda c: viewer_of(c, "hoa"))


async def test_all_that_was_done_is_noted(phones: Phones) -> None:
    login = await joined(phones)
    await do(phones, disable, login)
    await do(phones, disable, login)
    await do(phones, enable, login)
    viewer = keeper(phones, "chairman")

    done = await phones.site.house.read(lambda c: notes(c, viewer))

    kinds = [one.kind for one in done]
    assert kinds == ["invited", "created", "joined", "disabled", "enabled"]
    assert {one.by for one in done} == {"test", "invite:test"}
    with pytest.raises(Denied):
        await phones.site.house.read(lambda c: notes(c, keeper(phones, "viewer")))
