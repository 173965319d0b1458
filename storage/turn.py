"""What the ledger hands to a decision and what it takes back. Plain values, no database."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from msgspec import Struct

from bot.dialogs.messages import Incoming, Outgoing
from bot.dialogs.people import Account, Page, PersonCard, Progress, Search
from bot.dialogs.readers.reading import Value

Document = dict[str, Any]
"""What is made JSON and sealed here."""
State = bytes
"""A JSON document as the dialog wrote it. Storage seals it and never looks inside."""


class ChatView(Struct):
    """One chat as it stands before a message: loaded, or carried on from the message before."""

    chat_id: int
    document: State | None
    """None at the very first message."""
    submission_id: int | None = None
    """The submission the chat has open."""
    submission: State | None = None
    prompt_sent_at: datetime | None = None
    """When the open prompt went out; None while it is still in the outbox."""
    message_id: int = 0
    """Number of the message, unused anywhere: a submission that it begins takes it over."""
    account: Account | None = None
    """Who works in this chat; None in a citizen's chat, and once the account is disabled."""
    status: str = ""
    """Of the open submission, as the office has it now; "" where nobody knows better."""
    cut_off: bool = False
    """The account of this chat was disabled: nothing of its people is shown any more."""


class Lookup(Protocol):
    """Questions a decision may ask of storage, inside the transaction."""

    def submissions(self, ids: Sequence[int]) -> Mapping[int, "Stored"]:
        """The named submissions of this very chat; erased and foreign ones are absent."""

    def receipt(self) -> str:
        """Nine digits, the last a check digit, not in use."""

    def short_code(self) -> str:
        """Six random digits that open nothing yet."""

    def linked(self) -> Sequence[str]:
        """Names of the platforms of the other chats known to be this person's."""

    def people(self, search: Search) -> Page:
        """People this chat's account may see; none without an account."""

    def person(self, person_id: int) -> PersonCard | None:
        """One of them, opened, and the look at it noted; None when this account may not see it."""

    def progress(self) -> Progress:
        """How far this chat's account is; nothing at all without one."""


class Stored(Struct, frozen=True):
    document: State
    status: str
    receipt: str | None


class Event(Struct, frozen=True):
    """A fact about one submission: sealed, appended, chained; never changed."""

    submission_id: int
    kind: str
    payload: Document


class Consent(Struct, frozen=True):
    """One decision about one purpose. A withdrawal is a new row."""

    purpose: str
    decision: Literal["yes", "no", "withdrawn"]
    submission_id: int | None
    text_version: str
    text_sha256: str
    detail: Document = {}
    """Sealed: who decided for whom (guardian, proxy)."""


class Task(Struct, frozen=True):
    """Something a human must do. `detail` is sealed."""

    kind: Literal["call", "visit", "request"]
    submission_id: int | None
    detail: Document = {}


class Confirmed(Struct, frozen=True):
    """What a submission says when it is handed in: the record the office reads and exports."""

    receipt: str
    status: str
    answers: Document
    """Question id -> {"value": ..., and how it was given}; sealed as the record."""
    columns: Mapping[str, Any]
    """Promoted columns, in the clear: village, sex, birth_year, folded_name, item_*."""
    tokens: Mapping[str, str]
    """Keyed look-ups: "id_number", "insurance_number", "person" -> the text to hash."""
    marks: Sequence[str] = ()
    """Sensitive codes ("q08_uu_tien:ho_ngheo") counted through keyed tokens."""
    previous: int = 0
    """The same person's form of an earlier year, in the same chat."""


def values_of(confirmed: Confirmed) -> dict[str, Value]:
    """Return question id -> value of what is handed in."""
    answers = confirmed.answers.get("answers", {})
    return {question: answer["value"] for question, answer in answers.items()}


class Filling(Struct, frozen=True):
    """Whose form a submission is: written when it begins, and whenever one of these changes."""

    submission_id: int
    person_id: int = 0
    """0: somebody who is not in any list yet."""
    household_id: int = 0
    """Of somebody who is not in any list: the household they live in, 0 a new one."""
    relation_to_head: str = ""


class Outcome(Struct, frozen=True):
    """Why there is no form of a person, said by who went there."""

    person_id: int
    kind: str
    """One of `people.OUTCOMES`; "" takes the last one back."""
    since: str = ""
    """Month."""
    until: str = ""
    """Month in which to come back."""


class Code(Struct, frozen=True):
    """A code that opens a draft in another chat."""

    text: str
    valid: timedelta


class Decision(Struct):
    """All that one message causes. Written in one transaction or not at all."""

    chat: State
    prompt: str
    """Revision of the prompt now open, kept with the inbox row of the next message."""
    submission_id: int | None = None
    """The submission now open in the chat."""
    created: Sequence[int] = ()
    submissions: Mapping[int, State] = {}
    """State documents to write."""
    confirmed: Mapping[int, Confirmed] = {}
    statuses: Mapping[int, str] = {}
    """New status of submissions without a new record (withdrawn ...)."""
    erased: Sequence[int] = ()
    events: Sequence[Event] = ()
    consents: Sequence[Consent] = ()
    tasks: Sequence[Task] = ()
    fillings: Sequence[Filling] = ()
    outcomes: Sequence[Outcome] = ()
    codes: Mapping[int, Code] = {}
    """Submission -> its fresh continuation code, of which only a keyed hash is written."""
    unlinked: bool = False
    """The chat is no longer known to be of the same person as others."""
    outgoing: Sequence[Outgoing] = ()
    about: int | None = None
    """The submission the bubbles tell of, when it is not the open one: they go when it does."""
    deletions: Sequence[str] = ()
    """Messages of the person, by `Incoming.ref`, that are not to stay in the chat."""


Decide = Callable[[Incoming, ChatView, Lookup], Decision]
"""Pure but for `Lookup`. An exception rolls back this message alone."""
