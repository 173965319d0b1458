"""A form goes back to the chat it came from, is corrected there and counts again."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.dialogs.messages import Outgoing, Text
from bot.dialogs.people import PersonCard, Search
from storage.access import Denied, Viewer
from storage.audit import broken_chains
from storage.commune_tables import assignments, returns
from storage.outbox import pending
from storage.returns import ReturnRefused, give_back
from storage.tables import events, submissions
from storage.turn import ChatView, Decision, Event
from tests.commune import HERE, THERE, Commune, answers
from tests.conftest import Office
from tests.talks import Stage

HANH = Viewer("officer", HERE, None, by="hanh")
SAID = answers("An Van An", number="051090000001")
COMMENTS = {"q09_gdpt": "ghi nham cap hoc"}


class Clerk:
    """Says it as the conversation would: in the chat, without any name."""

    def give_back(
        self, view: ChatView, id: int, document: bytes, comments: Mapping[str, str]
    ) -> Decision:
        return Decision(
            view.document or b"{}",
            "p1",
            view.submission_id,
            submissions={id: document},
            statuses={id: "returned"},
            events=[Event(id, "returned", dict(comments))],
            outgoing=[Outgoing("info", "A. is returned")],
            about=id,
        )


@pytest.fixture
async def commune(office: Office) -> Commune:
    return await Commune(office).build()


async def back(commune: Commune, sent: int, viewer: Viewer = HANH) -> int:
    context, receipt = commune.office.context, f"{sent:09}"
    return await commune.office.write(
        lambda c: give_back(c, context, Clerk(), viewer, receipt, COMMENTS)
    )


async def status(commune: Commune, sent: int) -> str:
    query = select(submissions.c.status).where(submissions.c.id == sent)
    return str((await commune.office.rows(query))[0].status)


async def bubbles(commune: Commune) -> list[tuple[str, str]]:
    office = commune.office
    waiting = await office.write(
        lambda c: pending(c, office.context.keys, worker="other", now=office.clock.at)
    )
    return [(one.chat, one.outgoing.text) for one in waiting]


async def card(commune: Commune, chat: str, person_id: int) -> PersonCard:
    found = await commune.ask(chat, lambda lookup: lookup.person(person_id))
    assert found is not None
    return found


async def test_a_form_goes_back_and_comes_again(commune: Commune) -> None:
    await commune.assign(await commune.account("lan"), village="Thon 1")
    an = await commune.person(SAID)
    sent = await commune.hand_in("lan", SAID, person_id=an)
    commune.office.clock.at += timedelta(days=3)
    assert not (await card(commune, "lan", an)).mine

    await back(commune, sent)

    assert await status(commune, sent) == "returned"
    assert await bubbles(commune) == [("lan", "A. is returned")]
    shown = await card(commune, "lan", an)
    assert (shown.line.standing, shown.draft, shown.answers) == ("returned", sent, SAID)
    assert [(c.question, c.text) for c in shown.comments] == [*COMMENTS.items()]
    found = await commune.ask("lan", lambda lookup: lookup.submissions([sent]))
    assert found[sent].status == "returned", "open again, though older than a day"
    page = await commune.ask("lan", lambda lookup: lookup.people(Search("returned")))
    assert [line.id for line in page.lines] == [an]
    progress = await commune.ask("lan", lambda lookup: lookup.progress())
    assert (progress.returned, progress.done, progress.people) == (1, 1, 1)

    await commune.hand_in("lan", {**SAID, "q09_gdpt": "thpt"}, sent)

    assert await status(commune, sent) == "confirmed"
    (row,) = await commune.office.rows(select(returns))
    assert row.answered_at is not None and (row.by, row.unit) == ("hanh", HERE)
    shown = await card(commune, "lan", an)
    assert (shown.line.standing, shown.mine, shown.comments) == ("done", True, ())
    assert await commune.person_of(sent) == an
    kinds = await commune.office.rows(select(events.c.kind).order_by(events.c.seq))
    assert [row.kind for row in kinds] == ["begun", "sent", "returned", "sent"]
    assert await commune.office.run(broken_chains) == []


async def test_a_citizens_form_goes_back_to_the_citizen(commune: Commune) -> None:
    await commune.assign(await commune.account("lan"), village="Thon 1")
    an = await commune.person(SAID)
    sent = await commune.hand_in("an", SAID)

    await back(commune, sent)

    assert await bubbles(commune) == [("an", "A. is returned")]
    shown = await card(commune, "lan", an)
    assert (shown.line.standing, shown.draft, shown.answers) == ("returned", 0, {})
    assert shown.comments == ()


async def test_it_goes_back_though_the_assignment_is_gone(commune: Commune) -> None:
    await commune.assign(await commune.account("lan"), village="Thon 1")
    an = await commune.person(SAID)
    sent = await commune.hand_in("lan", SAID, person_id=an)
    await commune.office.write(lambda c: c.execute(update(assignments).values(ended_at=1)))

    await back(commune, sent)

    page = await commune.ask("lan", lambda lookup: lookup.people(Search("returned")))
    assert [line.id for line in page.lines] == [an]
    shown = await card(commune, "lan", an)
    assert (shown.line.standing, shown.draft) == ("returned", sent)


async def test_what_is_told_of_it_goes_with_it_and_with_no_other(commune: Commune) -> None:
    sent = await commune.hand_in("an", SAID)
    begun = await commune.begin("an")
    await commune.do("an", submission_id=begun)
    await back(commune, sent)

    await commune.do("an", erased=[begun])
    assert [text for _, text in await bubbles(commune)] == ["A. is returned"]

    await commune.do("an", erased=[sent])
    assert await bubbles(commune) == []


@pytest.mark.parametrize("cut_off", [False, True])
def test_a_phone_that_is_cut_off_is_told_nothing_and_nobody_a_number(
    tmp_path: Path, *, cut_off: bool
) -> None:
    stage = Stage(tmp_path)
    for line in ("chào", "1", "1", "1", "Nguyễn Văn An", "05/09/1990"):
        stage.say("an", Text(line))
    (draft,) = stage.kept("an").drafts
    assert draft is not None
    view = ChatView(1, None, cut_off=cut_off)
    comments = {"q04_so_cccd": "đúng là 051070 001 234, sinh 1990"}

    told = stage.house.conversation.give_back(view, draft.id, draft.to_document(), comments)

    stage.close()
    assert (told.about, dict(told.statuses)) == (draft.id, {draft.id: "returned"})
    lines = [bubble.text for bubble in told.outgoing]
    assert len(lines) == (not cut_off)
    assert all("••• 234, sinh 1990" in line and "051070" not in line for line in lines)


async def test_it_may_go_back_again(commune: Commune) -> None:
    sent = await commune.hand_in("an", SAID)
    for _ in range(2):
        await back(commune, sent)
        await commune.hand_in("an", SAID, sent)

    rows = await commune.office.rows(select(returns))
    assert [row.answered_at is not None for row in rows] == [True, True]


@pytest.mark.parametrize("by", ["enumerator", "police", "citizen", "administrator", "viewer"])
async def test_only_who_may_approve_may_give_back(commune: Commune, by: str) -> None:
    sent = await commune.hand_in("an", SAID)

    with pytest.raises(Denied):
        await back(commune, sent, Viewer(by, HERE, 1, by="x"))

    assert await status(commune, sent) == "confirmed"


async def test_what_cannot_go_back_is_refused(commune: Commune) -> None:
    sent = await commune.hand_in("an", SAID)
    cases: list[tuple[int, Viewer, str]] = [
        (sent, Viewer("officer", THERE, None, by="hoa"), "unknown"),
        (999, HANH, "unknown"),
    ]
    for number, viewer, code in cases:
        with pytest.raises(ReturnRefused) as refused:
            await back(commune, number, viewer)
        assert refused.value.code == code
    await back(commune, sent)
    for status_now, code in (("returned", "not_open"), ("approved", "not_open")):
        done: dict[str, Any] = {"statuses": {sent: status_now}}
        await commune.do("an", **done)
        with pytest.raises(ReturnRefused) as refused:
            await back(commune, sent)
        assert refused.value.code == code
    await commune.do("an", erased=[sent])
    with pytest.raises(ReturnRefused):
        await back(commune, sent)
    assert len(await commune.office.rows(select(returns))) == 1
