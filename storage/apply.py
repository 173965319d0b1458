"""One decision turned into changes on the desk: all of them, or none when anything is wrong."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from msgspec import json
from msgspec.structs import replace

from bot.dialogs.messages import Incoming, Outgoing
from storage import collecting
from storage.codes import SHORT_VALID, token_of
from storage.desk import FIRST_HASH, Chat, Desk, Submission, append_event
from storage.ids import milliseconds
from storage.outbox import LEASE, Queued, payload_of
from storage.sealed import Key, place, seal
from storage.statements import DELETION, NO_LONGER_LIVE, REPLY, Row
from storage.tables import PROMOTED, TOKENS
from storage.turn import (
    Code,
    Confirmed,
    Consent,
    Decision,
    Event,
    Filling,
    Outcome,
    Task,
    values_of,
)

_LEASE_MS: Final = int(LEASE.total_seconds() * 1000)


class UnknownColumn(ValueError):
    """A confirmed submission carries a column or token that storage has no place for."""


class NoLongerLive(ValueError):
    """A decision handed in a submission that was withdrawn, or that another took the place of."""


def apply(desk: Desk, incoming: Incoming, chat: Chat, decision: Decision) -> list[Queued]:
    """Put a decision on the desk and return its bubbles. An exception leaves the desk as it was."""
    turn = _Turn(desk, incoming, chat)
    for submission_id in decision.created:
        turn.create(submission_id)
    for submission_id, document in decision.submissions.items():
        turn.touch(submission_id).state = document
    for filling in decision.fillings:
        turn.fill(filling)
    for outcome in decision.outcomes:
        turn.outcome(outcome)
    for submission_id, confirmed in decision.confirmed.items():
        turn.confirm(submission_id, confirmed)
    for submission_id, status in decision.statuses.items():
        turn.touch(submission_id).status = status
    for event in decision.events:
        turn.append(event)
    for consent in decision.consents:
        turn.consent(consent)
    for task in decision.tasks:
        turn.task(task)
    for submission_id, code in decision.codes.items():
        turn.code(submission_id, code)
    for submission_id in decision.erased:
        turn.erase(submission_id)
    return turn.finish(decision)


def apologise(desk: Desk, incoming: Incoming, chat: Chat, raw: bytes, why: str) -> list[Queued]:
    """Set a message aside as a dead letter and tell the person."""
    turn = _Turn(desk, incoming, chat)
    # A submission that was not opened may be what went wrong: then the office's key seals.
    about = chat.submission_id if chat.submission_id in desk.submissions else None
    where = place("inbox", "raw", f"{incoming.platform}:{incoming.account}:{incoming.event_id}")
    sealed = seal(turn.key(about), raw, where, desk.context.random)
    key = (incoming.platform, incoming.account, incoming.event_id)
    turn.add("dead letter", (about, sealed, why, *key))
    queued = turn.say([desk.context.apology(incoming)], about)
    if incoming.ref:  # nobody has looked whether it is private
        queued += turn.say([Outgoing("delete", "", ref=incoming.ref)], None)
    turn.accept()
    return queued


class _Turn:
    """Private copies of what one message changes, until all of it has succeeded."""

    def __init__(self, desk: Desk, incoming: Incoming, chat: Chat) -> None:
        self._desk = desk
        self._incoming = incoming
        self._chat = replace(chat, changed=True)
        self._touched: dict[int, Submission] = {}
        self._rows: list[tuple[str, Row]] = []
        self._taken: dict[int, tuple[int, int]] = {}

    def add(self, name: str, row: Row) -> None:
        self._rows.append((name, row))

    def touch(self, submission_id: int) -> Submission:
        """Return our copy of a submission. Raises UnknownSubmission."""
        if submission_id not in self._touched:
            known = self._desk.submission(submission_id, self._chat)
            self._touched[submission_id] = replace(known)
        return self._touched[submission_id]

    def create(self, submission_id: int) -> None:
        context = self._desk.context
        key, wrapped = context.keys.new_data_key(submission_id, context.random)
        self._touched[submission_id] = Submission(
            *(submission_id, self._chat.id, key, wrapped, None, "draft", None, 0, FIRST_HASH),
            form=context.form,
            created=True,
        )

    def confirm(self, submission_id: int, confirmed: Confirmed) -> None:
        unknown = {*confirmed.columns} - {*PROMOTED} | {*confirmed.tokens} - {*TOKENS}
        if unknown:
            raise UnknownColumn(sorted(unknown))
        token = self._desk.context.keys.token
        tokens = ((name, confirmed.tokens.get(name)) for name in TOKENS)
        submission = self.touch(submission_id)
        if submission.status in NO_LONGER_LIVE:
            raise NoLongerLive(submission_id)
        if submission.status == "returned":
            self.add("answered", (self._desk.at, submission_id))
        if submission.status == "returned" or submission.handed_in_at is None:
            submission.handed_in_at = self._desk.at
        submission.status, submission.receipt = confirmed.status, confirmed.receipt
        submission.answers = values_of(confirmed)
        before = self._desk.find(confirmed.previous, self._chat) if confirmed.previous else None
        submission.renewed = before.person_id if before else None
        submission.marks = [token("mark", mark) for mark in dict.fromkeys(confirmed.marks)]
        submission.confirmed = (
            json.encode(confirmed.answers),
            self._desk.at,
            *(confirmed.columns.get(name) for name in PROMOTED),
            *(token(name, text) if text else None for name, text in tokens),
        )

    def fill(self, filling: Filling) -> None:
        """Note whose form a submission is. Raises UnknownPerson, Busy."""
        submission, person = self.touch(filling.submission_id), None
        desk, worker = self._desk, collecting.worker(self._desk, self._chat)
        home, before = filling.household_id or None, submission.person_id
        if filling.person_id:
            person = collecting.lock(desk, worker, filling.person_id, submission)
        elif home is not None:
            collecting.see_household(desk, worker, home, submission.household_id)
        submission.person_id = person
        submission.enumerator = worker.id
        submission.household_id = home
        where = place("submissions", "relation", submission.id)
        submission.relation = self._seal(submission.key, filling.relation_to_head, where)
        if before is not None and before != submission.person_id:
            self.add("no draft", (before, submission.id))
        row = (submission.enumerator, submission.person_id, submission.household_id)
        self.add("filling", (*row, submission.relation, submission.id))
        if submission.person_id is not None and submission.status == "draft":
            self.add("draft", (submission.id, worker.id, submission.person_id))
            self._taken[submission.person_id] = (submission.id, worker.id)

    def outcome(self, outcome: Outcome) -> None:
        """Note why there is no form of somebody. Raises UnknownPerson."""
        worker = collecting.worker(self._desk, self._chat)
        unit = collecting.see(self._desk, worker, outcome.person_id)
        self._rows += collecting.outcome_rows(self._desk, worker, unit, outcome)

    def append(self, event: Event) -> None:
        submission = self.touch(event.submission_id)
        where = place("events", "sealed", f"{submission.id}:{submission.event_count + 1}")
        self._chain(submission, event.kind, self._seal(submission.key, event.payload, where))

    def _chain(self, submission: Submission, kind: str, sealed: bytes) -> None:
        incoming = self._incoming
        origin = (incoming.platform, self._chat.id, incoming.event_id)
        self.add("event", append_event(submission, kind, self._desk.at, origin, sealed))

    def consent(self, consent: Consent) -> None:
        row_id = self._desk.new_id()
        key = self.key(consent.submission_id)
        detail = self._seal(key, consent.detail, place("consents", "detail", row_id))
        about = (row_id, self._chat.id, consent.submission_id, consent.purpose, consent.decision)
        origin = (self._desk.at, self._incoming.platform, self._incoming.event_id)
        text = (consent.text_version, consent.text_sha256)
        self.add("consent", (*about, *text, *origin, detail))

    def task(self, task: Task) -> None:
        row_id = self._desk.new_id()
        key = self.key(task.submission_id)
        detail = self._seal(key, task.detail, place("tasks", "detail", row_id))
        about = (row_id, self._chat.id, task.submission_id, self._desk.context.unit)
        self.add("task", (*about, task.kind, self._desk.at, detail))

    def code(self, submission_id: int, code: Code) -> None:
        """Let this code open the submission elsewhere, and none made before."""
        submission = self.touch(submission_id)
        expires = self._desk.at + code.valid // timedelta(milliseconds=1)
        token = token_of(self._desk.context.keys, code.text)
        if code.valid > SHORT_VALID:  # a short one is soon over, and takes nothing away
            self.add("older codes", (submission.id,))
        self.add("code", (token, self._chat.id, submission.id, expires, 0))

    def erase(self, submission_id: int) -> None:
        """Destroy the submission's key. Its rows stay, the chain gets a last event."""
        submission = self.touch(submission_id)
        self._chain(submission, "erased", b"")
        submission.key = submission.wrapped = submission.state = submission.confirmed = None
        submission.marks = ()
        submission.status = "erased"

    def key(self, submission_id: int | None) -> Key:
        """Return the key for what concerns this submission, or the office's. Raises
        UnknownSubmission."""
        key = None if submission_id is None else self._submission(submission_id).key
        return key or self._desk.context.keys.office

    def _submission(self, submission_id: int) -> Submission:
        """Return a submission as this turn sees it, for reading."""
        touched = self._touched.get(submission_id)
        return touched or self._desk.submission(submission_id, self._chat)

    def about(self, *candidates: int | None) -> int | None:
        """Return the first of these submissions that can still be sealed for."""
        for submission_id in candidates:
            if submission_id is None:
                continue
            touched = self._touched.get(submission_id)
            found = touched or self._desk.find(submission_id, self._chat)
            if found and found.key is not None:
                return submission_id
        return None

    def _seal(self, key: Key | None, document: Any, where: str) -> bytes:
        assert key is not None  # noqa: S101 - erased submissions are never found
        return seal(key, json.encode(document), where, self._desk.context.random)

    def say(self, outgoing: Sequence[Outgoing], about: int | None) -> list[Queued]:
        """Put bubbles into the outbox, claimed by this process unless they must wait."""
        chat, incoming = self._chat, self._incoming
        key, worker, until = self.key(about), self._desk.context.worker, self._desk.at + _LEASE_MS
        claim = (None, 0) if chat.elsewhere else (worker, until)
        queued = []
        for bubble in outgoing:
            row_id = self._desk.new_id()
            where = place("outbox", "payload", row_id)
            payload = seal(key, payload_of(bubble), where, self._desk.context.random)
            priority = DELETION if bubble.kind == "delete" else REPLY
            row = (row_id, chat.id, about, payload, priority, self._desk.at, 0, *claim)
            self.add("bubble", row)
            origin = (incoming.platform, incoming.account, incoming.chat)
            queued.append(Queued(row_id, chat.id, *origin, bubble, 0, priority, not chat.elsewhere))
        return queued

    def finish(self, decision: Decision) -> list[Queued]:
        chat = self._chat
        opened = (decision.submission_id, chat.submission_id)
        about = self.about(decision.about, *opened, *decision.confirmed)
        queued = self.say(decision.outgoing, about)
        self._open_prompt(decision.prompt, queued)
        if decision.submission_id is not None:
            self._submission(decision.submission_id)
        chat.document = decision.chat
        chat.submission_id = decision.submission_id
        if decision.unlinked:
            chat.person = None
        # Under the office's key: it must go even when the submission is erased in this very turn.
        queued += self.say([Outgoing("delete", "", ref=ref) for ref in decision.deletions], None)
        self.accept()
        return queued

    def _open_prompt(self, prompt: str, queued: Sequence[Queued]) -> None:
        """Remember which bubble shows the open prompt; the first that did so counts."""
        chat = self._chat
        if prompt != chat.prompt:
            chat.prompt, chat.prompt_sent_at, chat.prompt_outbox_id = prompt, None, None
        if queued and chat.prompt_sent_at is None and chat.prompt_outbox_id is None:
            chat.prompt_outbox_id = queued[-1].id

    def accept(self) -> None:
        """Everything went well: our copies take the place of what lay on the desk."""
        desk = self._desk
        desk.chats[self._chat.token] = self._chat
        desk.submissions.update(self._touched)
        desk.changed.update(self._touched)
        desk.drafts.update(self._taken)
        for name, row in self._rows:
            desk.rows.add(name, row)


def received(incoming: Incoming, row_id: int, chat: Chat) -> Row:
    """Return the inbox row of a message."""
    key = (incoming.platform, incoming.account, incoming.event_id)
    return (*key, row_id, chat.id, milliseconds(incoming.received_at), chat.prompt, "done")
