"""What lies open during one transaction: chats and submissions, unsealed when first looked at."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct, json
from sqlalchemy import Connection, select

from bot.dialogs.messages import Incoming, Outgoing
from bot.dialogs.people import Page, PersonCard, Progress, Search
from bot.dialogs.readers.reading import Value
from storage.area import Holder, Worker, worker_of
from storage.codes import check_digit, new_short_code, token_of
from storage.database import bound_list, run_sql
from storage.fieldwork import Fieldwork
from storage.ids import Ids, Now, Random, instant
from storage.policy import policy
from storage.sealed import Key, Keys, place, unseal
from storage.statements import Row, Rows, statements
from storage.tables import chats, codes
from storage.turn import ChatView, Stored

FIRST_HASH: Final = bytes(32)
"""What the first event of every submission is chained to."""
OPEN: Final = ("draft", "returned")
"""Status of submissions that whoever fills them in still has work with."""
RECEIPT_DIGITS: Final = 8
"""Random digits of a receipt, before the check digit."""


class UnknownSubmission(LookupError):
    """A decision named a submission that is erased, or not of this chat."""


class Context(Struct, frozen=True):
    """What the ledger knows besides the database and the messages."""

    keys: Keys
    now: Now
    random: Random
    ids: Ids
    apology: Callable[[Incoming], Outgoing]
    """What a person is told when their message could not be understood by the program."""
    unit: str
    form: str
    """Version of the form that new submissions begin with."""
    worker: str
    """Name of this process in claims; another one at every start."""


class Submission(Struct):
    """One submission as it will be written. `state` is plain JSON."""

    id: int
    chat_id: int
    key: Key | None
    """None once erased."""
    wrapped: bytes | None
    state: bytes | None
    status: str
    receipt: str | None
    event_count: int
    head: bytes
    enumerator: int | None = None
    """Account that fills it in; None: a person in a chat of their own."""
    person_id: int | None = None
    household_id: int | None = None
    relation: bytes | None = None
    handed_in_at: int | None = None
    """At first, or first since it was returned: what is corrected is no newer."""
    form: str = ""
    created: bool = False
    confirmed: Row | None = None
    """Plain record, confirmed_at, promoted columns, tokens."""
    answers: Mapping[str, Value] = {}
    """Question id -> value, of what is confirmed."""
    marks: Sequence[str] = ()
    renewed: int | None = None
    """The person whose form of an earlier year this one takes the place of."""


class Chat(Struct):
    """One chat as it will be written. `document` is plain JSON once opened."""

    id: int
    token: str
    created: bool
    sealed: bytes | None = None
    document: bytes | None = None
    submission_id: int | None = None
    prompt: str = ""
    prompt_outbox_id: int | None = None
    prompt_sent_at: int | None = None
    person: int | None = None
    elsewhere: bool = False
    """Another worker still has bubbles of this chat to send: ours must wait behind them."""
    changed: bool = False
    holder: Holder | None = None


class Desk:
    """Chats and submissions of one batch, and the rows they will become."""

    def __init__(self, connection: Connection, context: Context, at: int) -> None:
        self.connection = connection
        self.context = context
        self.at = at
        self.sql = statements(connection.dialect)
        self.rows = Rows()
        self.chats: dict[str, Chat] = {}
        self.submissions: dict[int, Submission] = {}
        self.changed: set[int] = set()
        self.receipts: set[str] = set()
        self.drafts: dict[int, tuple[int, int]] = {}
        """Person -> submission and account that took them up in this batch."""
        self._closed: dict[int, Row] = {}
        self._workers: dict[int, Worker | None] = {}

    def worker(self, chat: Chat) -> Worker | None:
        """Return who works in a chat, None in a citizen's."""
        if chat.id not in self._workers:
            self._workers[chat.id] = worker_of(self.context.keys, chat.holder, chat.id)
        return self._workers[chat.id]

    def new_id(self) -> int:
        return self.context.ids.next(self.at)

    def load(self, tokens: Sequence[str]) -> None:
        """Fetch these chats and the submissions they have open; new chats get an id."""
        values = (self.context.worker, bound_list(tokens, self.sql.dialect))
        for row in run_sql(self.connection, self.sql.load_chats, values):
            token, chat_id, sealed, prompt, bubble, sent_at, person, elsewhere = row[:8]
            holder, submission = row[8:14], tuple(row[14:])
            self.chats[token] = Chat(
                chat_id, token, False, sealed, None, submission[0],
                prompt, bubble, sent_at, person, bool(elsewhere),
                holder=Holder(*holder) if holder[0] is not None else None,
            )  # fmt: skip
            if submission[0] is not None:
                self._closed[submission[0]] = submission
        for token in tokens:
            if token not in self.chats:
                self.chats[token] = Chat(self.new_id(), token, True)

    def document(self, chat: Chat) -> bytes | None:
        """Return the chat's document as plain JSON, None for a new chat."""
        if chat.document is None and chat.sealed is not None:
            where = place("chats", "document", chat.id)
            chat.document = unseal(self.context.keys.office, chat.sealed, where)
        return chat.document

    def submission(self, submission_id: int, chat: Chat) -> Submission:
        """Return a submission of this chat. Raises UnknownSubmission."""
        found = self.find(submission_id, chat)
        if found is None:
            raise UnknownSubmission(submission_id)
        return found

    def find(self, submission_id: int, chat: Chat) -> Submission | None:
        """Return a submission if it is this chat's and not erased."""
        found = self.any_chats(submission_id)
        return found if found and found.chat_id == chat.id else None

    def any_chats(self, submission_id: int) -> Submission | None:
        """Return a submission whichever chat it is of, for what the office decides about it."""
        if submission_id not in self.submissions:
            self.fetch([submission_id])
            self._open(submission_id)
        found = self.submissions.get(submission_id)
        return found if found and found.key else None

    def at_hand(self, submission_id: int, chat: Chat) -> Submission | None:
        """Return a submission that its chat may still look at: of others, for a day only."""
        found = self.find(submission_id, chat)
        if found is None or found.enumerator is None or found.status in OPEN:
            return found
        made = None if found.handed_in_at is None else instant(found.handed_in_at)
        kept = policy().granted("enumerator", "correct_record")
        return found if kept.form_at(made, instant(self.at)) == "full" else None

    def fetch(self, ids: Sequence[int]) -> None:
        """Read those of `ids` that were not read before, in one query."""
        missing = [i for i in ids if i not in self._closed and i not in self.submissions]
        if missing:
            values = (bound_list(missing, self.sql.dialect),)
            for row in run_sql(self.connection, self.sql.load_submissions, values):
                self._closed[row[0]] = tuple(row)

    def _open(self, submission_id: int) -> None:
        row = self._closed.get(submission_id)
        if row is None:
            return
        _, chat_id, wrapped, state, *rest = row
        key = self.context.keys.data_key(submission_id, wrapped) if wrapped else None
        if key is not None and state is not None:
            state = unseal(key, state, place("submissions", "state", submission_id))
        opened = Submission(submission_id, chat_id, key, wrapped, state, *rest)
        self.submissions[submission_id] = opened


class ChatLookup:
    """The questions one decision may ask (see `turn.Lookup`)."""

    def __init__(self, desk: Desk, chat: Chat) -> None:
        self._desk = desk
        self._chat = chat

    def submissions(self, ids: Sequence[int]) -> Mapping[int, Stored]:
        self._desk.fetch(ids)
        found = (self._desk.at_hand(submission_id, self._chat) for submission_id in ids)
        return {s.id: Stored(s.state or b"{}", s.status, s.receipt) for s in found if s}

    def receipt(self) -> str:
        """Return eight random digits and a Damm check digit, not in use."""
        while True:
            number = int.from_bytes(self._desk.context.random(8)) % 10**RECEIPT_DIGITS
            digits = f"{number:0{RECEIPT_DIGITS}}"
            receipt = digits + check_digit(digits)
            if receipt not in self._desk.receipts and not self._in_use(receipt):
                self._desk.receipts.add(receipt)
                return receipt

    def short_code(self) -> str:
        """Return six random digits that open nothing yet."""
        while True:
            code = new_short_code(self._desk.context.random)
            token = token_of(self._desk.context.keys, code)
            found = select(codes.c.token).where(codes.c.token == token)
            if self._desk.connection.execute(found).first() is None:
                return code

    def linked(self) -> Sequence[str]:
        """Return the platforms of the other chats of this person."""
        person, mine = self._chat.person, self._chat.id
        if person is None:
            return []
        others = select(chats.c.platform).where(chats.c.person == person, chats.c.id != mine)
        return list(self._desk.connection.scalars(others.order_by(chats.c.id)))

    def people(self, search: Search) -> Page:
        fieldwork = self._fieldwork()
        return fieldwork.people(search) if fieldwork else Page((), 0)

    def person(self, person_id: int) -> PersonCard | None:
        fieldwork = self._fieldwork()
        return fieldwork.person(person_id) if fieldwork else None

    def progress(self) -> Progress:
        fieldwork = self._fieldwork()
        return fieldwork.progress() if fieldwork else Progress(0, 0, 0, 0, 0, 0, 0)

    def _fieldwork(self) -> Fieldwork | None:
        desk, worker = self._desk, self._desk.worker(self._chat)
        if worker is None:
            return None
        context = desk.context
        return Fieldwork(
            desk.connection, context.keys, desk.at, worker, self._chat.id, desk.new_id, desk.drafts
        )

    def _in_use(self, receipt: str) -> bool:
        desk = self._desk
        return run_sql(desk.connection, desk.sql.receipt, (receipt,)).fetchone() is not None


def view(desk: Desk, chat: Chat, message_id: int = 0) -> ChatView:
    """Return the chat for one decision about this message."""
    submission = None if chat.submission_id is None else desk.at_hand(chat.submission_id, chat)
    sent_at = None if chat.prompt_sent_at is None else instant(chat.prompt_sent_at)
    document, holder = desk.document(chat), chat.holder
    seen = ChatView(chat.id, document, None, None, sent_at, message_id)
    if submission is not None:  # None: nothing is open, or the office erased it meanwhile
        seen.submission_id, seen.submission = submission.id, submission.state
        seen.status = submission.status
    if holder is not None:
        seen.cut_off = holder.cut_off
        worker = desk.worker(chat)
        seen.account = worker.account if worker else None
    return seen


def chained(previous: bytes, facts: bytes, sealed: bytes) -> bytes:
    """Return the hash of an event: SHA-256 over the one before it and all it says."""
    return sha256(previous + len(facts).to_bytes(4) + facts + sealed).digest()


def append_event(
    submission: Submission, kind: str, at: int, origin: tuple[str, int, str], sealed: bytes
) -> Row:
    """Put an event at the end of a submission's chain and return its row.

    Its hash covers everything in it and the hash before. `origin`: platform, chat, event id.
    """
    seq = submission.event_count + 1
    facts = (submission.id, seq, kind, at, *origin)
    submission.head = chained(submission.head, json.encode(facts), sealed)
    submission.event_count = seq
    return (*facts, sealed, submission.head)
