"""What is remembered between two messages: of a chat, and of one person's submission.

State is a set of answers, never a path: the next question is derived (`route.py`).
Everything here is immutable and goes to and from a JSON document.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from bot.dialogs.readers.reading import Value

How = Literal["given", "skipped", "unknown", "derived", "card"]
Document = dict[str, Any]
Answers = Mapping[str, Value]
"""Question id -> value. A question that was not asked is absent; one not answered is None."""


class Manner(NamedTuple):
    """How an answer came about."""

    how: How = "given"
    reason: str = ""
    """Why an identity number is absent."""
    kept: tuple[str, ...] = ()
    """Warnings the person looked at and kept."""


class Answer(NamedTuple):
    """An answer together with its manner: on its way in, parked, or read from a card."""

    value: Value
    how: How = "given"
    reason: str = ""
    kept: tuple[str, ...] = ()


class Pending(NamedTuple):
    """An answer waiting for a yes: question, answer, the stage it waits at."""

    question: str
    answer: Answer
    stage: str
    codes: tuple[str, ...] = ()


class Guardian(NamedTuple):
    name: str = ""
    relation: str = ""
    consent: bool = False
    verified: bool = False
    """Ticked by an officer, never by the chat."""


class Change(NamedTuple):
    """Why a confirmed submission is being edited: a slip of the pen, or a change since a month."""

    kind: Literal["", "mistake", "change"] = ""
    since: str = ""


class Prompt(NamedTuple):
    """What the person is being asked. `question` is a question id or one of `prompts.OPTIONS`."""

    question: str
    rev: int = 0
    keep: bool = False
    """The question is asked again and its old answer may be kept."""
    refusals: int = 0
    """Refused in a row."""


PLAIN: Final = Manner()
NOTHING: Final[Mapping[str, Any]] = {}


class Draft(NamedTuple):
    """One submission as the conversation sees it."""

    id: int
    form: str
    status: str = "draft"
    receipt: str = ""
    relation: str = ""
    """"self", or who the declared person is to the one who answers."""
    consent: str = ""
    """"", "yes" or "guardian"."""
    guardian: Guardian = Guardian()
    change: Change = Change()
    answers: Answers = NOTHING
    manners: Mapping[str, Manner] = NOTHING
    """Of the answers that were not simply given."""
    parked: Mapping[str, Answer] = NOTHING
    """Answers whose condition has gone; they come back with it, until submit."""
    pending: Pending | None = None
    card: Mapping[str, Answer] = NOTHING
    selected: tuple[str, ...] = ()
    edit: str = ""
    """Question to open once `change_kind` is answered."""

    @property
    def confirmed(self) -> bool:
        return self.status != "draft"

    def manner(self, question_id: str) -> Manner:
        return self.manners.get(question_id, PLAIN)

    def answer(self, question_id: str) -> Answer:
        """Return an answer that is there, with its manner."""
        return Answer(self.answers[question_id], *self.manner(question_id))

    def with_answers(self, answers: Mapping[str, Answer]) -> "Draft":
        """Return the draft with these answers in place of all it had."""
        return self._replace(
            answers={key: answer.value for key, answer in answers.items()},
            manners={
                key: Manner(*answer[1:]) for key, answer in answers.items() if answer[1:] != PLAIN
            },
        )

    def all_answers(self) -> dict[str, Answer]:
        return {key: self.answer(key) for key in self.answers}

    def to_document(self) -> Document:
        document: Document = {"form": self.form, "answers": self.answers}
        for name, empty in _DRAFT_DEFAULTS:
            value = getattr(self, name)
            if value != empty:
                document[name] = value
        return document

    @classmethod
    def from_document(cls, draft_id: int, document: Document) -> "Draft":
        given = {
            name: _BUILD[name](value) if name in _BUILD else value
            for name, value in document.items()
        }
        return cls(id=draft_id, **given)


class Chat(NamedTuple):
    """What a chat remembers besides the submission it has open. Holds nothing about a person."""

    started: bool = False
    submissions: tuple[int, ...] = ()
    own: int = 0
    """The submission of the person who writes here, once there is one."""
    contact: str = ""
    """"", "yes" or "no": may the office write here by itself."""
    prompt: Prompt | None = None
    rev: int = 0
    last: str = ""
    """The last bare number or yes/no that was taken as an answer."""
    listed: tuple[int, ...] = ()
    """Submissions in the order last shown, so that a number picks one."""

    def without(self, submission_id: int) -> "Chat":
        """Return the chat with nothing left of a submission that was its own."""
        return self._replace(
            submissions=tuple(kept for kept in self.submissions if kept != submission_id),
            own=0 if self.own == submission_id else self.own,
            listed=(),
            last="",
        )

    def to_document(self) -> Document:
        return {"chat": self}

    @classmethod
    def from_document(cls, document: Document | None) -> "Chat":
        if document is None:
            return cls()
        started, submissions, own, contact, prompt, rev, last, listed = document["chat"]
        opened = Prompt(*prompt) if prompt else None
        return cls(started, tuple(submissions), own, contact, opened, rev, last, tuple(listed))


class Dialog(NamedTuple):
    """The state of one chat: itself and the submission it has open."""

    chat: Chat = Chat()
    draft: Draft | None = None

    def open(self, question: str | None, keep: bool = False) -> "Dialog":
        """Return the dialog with another prompt open; every opening has its own revision."""
        rev = self.chat.rev + 1
        prompt = Prompt(question, rev, keep) if question else None
        draft = self.draft
        if draft and draft.selected:
            draft = draft._replace(selected=())
        return Dialog(self.chat._replace(rev=rev, prompt=prompt), draft)

    def drafted(self, **changes: Any) -> "Dialog":
        """Return the dialog with changes to its open submission, which must be there."""
        assert self.draft is not None  # noqa: S101 - a caller without a draft is a bug
        return Dialog(self.chat, self.draft._replace(**changes))

    def chatted(self, **changes: Any) -> "Dialog":
        return Dialog(self.chat._replace(**changes), self.draft)


def _answer(row: list[Any]) -> Answer:
    return Answer(row[0], row[1], row[2], tuple(row[3]))


def _answers(rows: Mapping[str, list[Any]]) -> Mapping[str, Answer]:
    return {question: _answer(row) for question, row in rows.items()}


def _manners(rows: Mapping[str, list[Any]]) -> Mapping[str, Manner]:
    return {question: Manner(row[0], row[1], tuple(row[2])) for question, row in rows.items()}


def _pending(row: list[Any]) -> Pending:
    return Pending(row[0], _answer(row[1]), row[2], tuple(row[3]))


_NOT_DEFAULTS: Final = frozenset({"id", "form", "answers"})
_DRAFT_DEFAULTS: Final = tuple(
    (name, empty) for name, empty in Draft._field_defaults.items() if name not in _NOT_DEFAULTS
)
_BUILD: Final[Mapping[str, Callable[[Any], Any]]] = {
    "guardian": Guardian._make,
    "change": Change._make,
    "manners": _manners,
    "parked": _answers,
    "pending": _pending,
    "card": _answers,
    "selected": tuple,
}
