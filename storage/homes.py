"""Where somebody lives whom no list gives a household: one on the list, or one they begin."""

from typing import Final

from msgspec import Struct
from sqlalchemy import select

from storage.area import given_to
from storage.commune_tables import accounts, households
from storage.desk import Desk, Submission
from storage.people import HouseholdDocument, sealed_household
from storage.sealed import place, unseal_document

ADDRESSES: Final = ("q07_noi_o", "q06_thuong_tru")
"""Where a household is: the first of these that was answered."""


class Home(Struct, frozen=True):
    household_id: int | None
    village: str | None


def home_of(desk: Desk, submission: Submission, village: str | None) -> Home:
    """Return where a person lives. An officer joins the citizens' own forms to households."""
    if submission.enumerator is None:
        return Home(None, village)
    mine = (submission.household_id, submission.id)  # its own: begun when it was sent before
    known = select(households.c.id, households.c.village).where(households.c.id.in_(mine))
    for row in desk.connection.execute(known.order_by(households.c.id == submission.id)):
        return Home(row.id, row.village or village)
    villages = given_to(desk.connection, submission.enumerator).villages
    if village is None and len(villages) == 1:
        village = villages[0][1]
    return Home(_new_household(desk, submission, village), village)


def _new_household(desk: Desk, submission: Submission, village: str | None) -> int:
    # Under the number of the form that began it: the conversation knows it before it is written.
    context, household_id = desk.context, submission.id
    said = (submission.answers.get(question) for question in ADDRESSES)
    address = next((value for value in said if isinstance(value, dict)), {})
    document = HouseholdDocument(address)
    sealed = sealed_household(context.keys, context.random, household_id, document)
    row = (household_id, context.unit, village, sealed["data_key"], sealed["document"], desk.at)
    desk.rows.add("new household", row)
    return household_id


def relation_of(submission: Submission) -> str:
    """Return the relation to the head of the household, as it was said when the form began."""
    if submission.relation is None or submission.key is None:
        return ""
    where = place("submissions", "relation", submission.id)
    return str(unseal_document(submission.key, submission.relation, where))


def assign_newcomer(desk: Desk, account: int, person_id: int, home: Home) -> None:
    """Let whoever found somebody new go on seeing them, wherever they turn out to live."""
    given, unit = given_to(desk.connection, account), desk.context.unit
    if (unit, home.village) in given.villages or home.household_id in given.households:
        return
    role = select(accounts.c.role, accounts.c.login).where(accounts.c.id == account)
    row = desk.connection.execute(role).one()
    if row.role == "enumerator":
        desk.rows.add("assignment", (desk.new_id(), unit, account, person_id, desk.at, row.login))
