"""Who may see what: every action of every role on every row, against a judge written apart.

The cells are made from roles.toml; the judge below knows the scopes in its own words, row by row
in Python, and has never seen a condition of SQL.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection, Table, insert, select

from admin.roles_page import roles_page
from bot.content import texts_of
from bot.dialogs import known
from storage.access import HANDED_OVER, TABLES, Denied, Viewer, grant, within
from storage.commune_tables import accounts, assignments, households, people
from storage.policy import BadPolicy, Grant, policy, read_policy
from storage.tables import chats, submissions, tasks
from storage.units import ensure_commune, set_villages
from tests.conftest import Office

OURS, OTHER = "21340", "21343"
AN, BINH = 1, 2
"""Two enumerators of our commune. Invented, as everything here."""
VILLAGES: Final = ("Thôn Một", "Thôn Hai")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is, and whose: what the judge looks at."""

    unit: str
    village: str | None
    enumerator: int | None = None
    chat: int = 0
    status: str = "confirmed"
    person: int | None = None
    household: int | None = None


PEOPLE: Final = {
    number: Place(unit, village, household=100 + number)
    for number, (unit, village) in enumerate(product((OURS, OTHER), VILLAGES), 11)
} | {15: Place(OURS, "Thôn Hai", household=112), 16: Place(OURS, None)}
"""The fifteenth lives with the twelfth; the sixteenth in no village anybody knows."""

SUBMISSIONS: Final = {
    number: Place(unit, village, enumerator, chat, status, person)
    for number, (person, enumerator, (chat, status)) in enumerate(
        product(
            [*PEOPLE, None],
            (AN, BINH, None),
            ((901, "draft"), (902, "confirmed"), (902, "handed_over")),
        ),
        1000,
    )
    for unit, village in [
        (PEOPLE[person].unit, PEOPLE[person].village) if person else (OURS, "Thôn Một")
    ]
}
GIVEN: Final = {
    # Account -> what it was given: villages, households, people; all of Bình's was taken back.
    AN: ({(OURS, "Thôn Một")}, {112}, {16}),
    BINH: (set[tuple[str, str]](), set[int](), set[int]()),
}
VIEWERS: Final = [
    Viewer(role, unit, account, chat)
    for role, unit, account, chat in product(
        policy().roles, (OURS, OTHER, f"{OURS}-1", "51", "nowhere"), (AN, BINH, None), (901, None)
    )
]


async def _filled(office: Office) -> None:
    def fill(connection: Connection) -> None:
        for code in (OURS, OTHER):
            named = (code, f"Xã {code}", "51", "Quảng Ngãi", "UBND", "Công an")
            ensure_commune(connection, known.Office(*named))
            set_villages(connection, code, VILLAGES, at=NOW)
        _people(connection)
        _accounts(connection)
        _submissions(connection)

    await office.write(fill)


def _people(connection: Connection) -> None:
    homes = [
        {"id": place.household, "unit": place.unit, "village": place.village, "created_at": 0}
        for number, place in PEOPLE.items()
        if place.household == 100 + number
    ]
    connection.execute(insert(households), homes)
    rows = [
        {
            "id": number,
            "unit": place.unit,
            "village": place.village,
            "household_id": place.household,
            "origin": "import",
            "created_at": 0,
            "updated_at": 0,
        }
        for number, place in PEOPLE.items()
    ]
    connection.execute(insert(people), rows)


def _accounts(connection: Connection) -> None:
    common = {"name": b"", "role": "enumerator", "unit": OURS, "created_at": 0, "created_by": ""}
    rows = [{"id": AN, "login": "an"} | common, {"id": BINH, "login": "binh"} | common]
    connection.execute(insert(accounts), rows)
    for number, (account, column, value, ended) in enumerate(
        [
            (AN, "village", "Thôn Một", None),
            (AN, "household_id", 112, None),
            (AN, "person_id", 16, None),
            (BINH, "village", "Thôn Hai", 1),
            (BINH, "person_id", 11, 1),
        ]
    ):
        row = {"id": number, "unit": OURS, "account_id": account, column: value}
        made = {"created_at": 0, "created_by": "", "ended_at": ended}
        connection.execute(insert(assignments).values(row | made))


def _submissions(connection: Connection) -> None:
    for chat in (901, 902):
        about = {"id": chat, "token": str(chat), "platform": "web", "account": "web", "unit": OURS}
        connection.execute(insert(chats).values(about | {"address": b"", "prompt": ""}))
    common = {"form": "toy", "event_count": 0, "head": b"", "created_at": 0, "updated_at": 0}
    rows = [
        {
            "id": number,
            "chat_id": place.chat,
            "unit": place.unit,
            "status": place.status,
            "village": place.village,
            "enumerator": place.enumerator,
            "person_id": place.person,
        }
        | common
        for number, place in SUBMISSIONS.items()
    ]
    connection.execute(insert(submissions), rows)
    due = [
        {"id": number, "chat_id": place.chat, "submission_id": number, "unit": place.unit}
        | {"kind": "call", "created_at": 0, "detail": b""}
        for number, place in SUBMISSIONS.items()
    ]
    connection.execute(insert(tasks), due)


def _in_unit(viewer: Viewer, place: Place) -> bool:
    whole = {"51": {OURS, OTHER}, OURS: {OURS}, OTHER: {OTHER}}
    if viewer.unit == f"{OURS}-1":
        return (place.unit, place.village) == (OURS, "Thôn Một")
    return place.unit in whole.get(viewer.unit, set())


def _visited(account: int | None, person: int | None, place: Place) -> bool:
    if account not in GIVEN:
        return False
    villages, homes, single = GIVEN[account]
    lives = PEOPLE[person].household if person else place.household
    where = (PEOPLE[person].unit, PEOPLE[person].village) if person else (place.unit, place.village)
    return where in villages or lives in homes or person in single


def judge(scope: str, viewer: Viewer, table: Table, number: int) -> bool:
    """Say whether one row may be touched, without any database."""
    rows = PEOPLE if table is people else SUBMISSIONS
    place = rows[number]
    person = number if table is people else place.person
    match scope:
        case "self":
            return viewer.chat is not None and place.chat == viewer.chat
        case "unit":
            return _in_unit(viewer, place)
        case "own":
            mine = viewer.account is not None and place.enumerator == viewer.account
            return mine and _in_unit(viewer, place)
        case "handed_over":
            return place.status in HANDED_OVER and _in_unit(viewer, place)
        case "assigned":
            village = table is submissions and _visited(viewer.account, None, place)
            visited = _visited(viewer.account, person, place) if person else village
            return visited and _in_unit(viewer, place)
    raise AssertionError(scope)


def _tables(action: str, scope: str) -> list[Table]:
    """The tables of an action the judge knows rows of; nobody's people are their own."""
    named = policy().tables[action]
    judged = [submissions] if scope in {"self", "own", "handed_over"} else [people, submissions]
    return [
        table for table in (*judged, *([tasks] if scope == "unit" else [])) if table.name in named
    ]


async def test_every_role_sees_what_it_may_and_nothing_else(office: Office) -> None:
    await _filled(office)
    cells = [
        (action, viewer, table)
        for action, row in policy().actions.items()
        for viewer in VIEWERS
        if viewer.role in row and row[viewer.role].scope != "installation"
        for table in _tables(action, row[viewer.role].scope)
    ]

    def look(connection: Connection) -> int:
        judged, known_answers = 0, dict[Any, set[int]]()
        for action, viewer, table in cells:
            scope = grant(viewer, action).scope
            question = (scope, viewer.unit, viewer.account, viewer.chat, table.name)
            if question not in known_answers:
                found = select(table.c.id).where(within(viewer, action, table))
                known_answers[question] = {*connection.scalars(found)}
            rows = PEOPLE if table is people else SUBMISSIONS
            judge_of = submissions if table is tasks else table
            allowed = {number for number in rows if judge(scope, viewer, judge_of, number)}
            assert known_answers[question] == allowed, (action, viewer, table.name)
            judged += len(rows)
        return judged

    assert await office.run(look) > 10_000


DENIED: Final = [
    (action, role)
    for action, role in product(policy().actions, policy().roles)
    if role not in policy().actions[action]
]


@pytest.mark.parametrize(("action", "role"), DENIED)
def test_a_role_without_an_action_is_denied_on_every_table(action: str, role: str) -> None:
    viewer = Viewer(role, OURS, AN, 901)

    for table in TABLES:
        with pytest.raises(Denied):
            within(viewer, action, table)
    with pytest.raises(Denied):
        grant(viewer, action)


def test_an_action_touches_no_table_it_does_not_name() -> None:
    tried = 0
    for (action, row), table in product(policy().actions.items(), TABLES):
        for role in row if table.name not in policy().tables[action] else ():
            with pytest.raises(Denied):
                within(Viewer(role, OURS, AN, 901), action, table)
            tried += 1

    assert tried > 500


@pytest.mark.parametrize(
    ("role", "action", "table"),
    [
        ("officer", "fly", submissions),
        ("pilot", "see_people", people),
        ("", "see_people", people),
        ("officer", "see_people", Table("strangers", submissions.metadata.__class__())),
    ],
)
def test_what_is_unknown_is_denied(role: str, action: str, table: Table) -> None:
    with pytest.raises(Denied):
        within(Viewer(role, OURS, AN), action, table)


async def test_a_unit_nobody_knows_shows_nothing(office: Office) -> None:
    await _filled(office)
    for unit in ("", "%", "2134_", "21340' OR '1'='1"):
        condition = within(Viewer("officer", unit, None), "see_people", people)
        assert await office.rows(select(people).where(condition)) == []


NOW: Final = datetime.fromisoformat("2026-11-24T08:00:00+07:00")


@pytest.mark.parametrize(
    ("role", "hours", "form"),
    [
        ("enumerator", None, "full"),
        ("enumerator", 0, "full"),
        ("enumerator", 24, "full"),
        ("enumerator", 24.01, "masked"),
        ("officer", 0, "masked"),
        ("police", 1000, "full"),
        ("chairman", 1000, "masked"),
    ],
)
def test_own_entries_are_full_for_a_day(role: str, hours: float | None, form: str) -> None:
    made = None if hours is None else NOW - timedelta(hours=hours)

    assert policy().granted(role, "read_record").form_at(made, NOW) == form


CONTENT: Final = {"fill_form", "see_people", "read_record", "reveal_record", "correct_record"}


def test_the_draft_of_the_law_holds() -> None:
    """What must never be given by a slip in the table, said once more in plain words."""
    actions = policy().actions
    for action in CONTENT | {"export_records", "see_tasks"}:
        assert not {"administrator", "announcer", "viewer"} & {
            role for role, given in actions[action].items() if given.form != "aggregate"
        }
    assert {given.scope for given in actions["read_record"].values()} == {
        *("self", "own", "unit", "handed_over")
    }
    assert all(actions[a]["police"].scope == "handed_over" for a in ("see_people", "read_record"))
    assert policy().conflict("officer", "police") and not policy().conflict("officer", "officer")
    assert "citizen" not in {r for row in actions.values() for g in row.values() for r in g.roles}


@pytest.mark.parametrize(
    "cell",
    [
        '{ scope = "everything" }',
        '{ scope = "unit", form = "secret" }',
        '{ scope = "unit", colour = 1 }',
        '{ scope = "unit", roles = ["king"] }',
    ],
)
def test_a_table_of_roles_with_a_slip_is_refused(cell: str) -> None:
    text_of = (
        'roles = ["officer"]\n[conflicts]\nnever_both = []\nother_person = []\n'
        f'[actions.look]\non = ["people"]\nofficer = {cell}\n'
    )
    with pytest.raises(BadPolicy):
        read_policy(text_of)
    assert read_policy(text_of.replace(cell, '{ scope = "unit" }')).actions["look"] == {
        "officer": Grant("unit")
    }


def test_the_page_of_roles_is_the_table() -> None:
    page = Path(__file__).parent.parent / "docs/roles.md"

    assert page.read_text("utf-8") == roles_page(policy(), texts_of())
