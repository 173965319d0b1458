"""What is remembered between two messages: of a chat, and of one person's submission.

State is a set of answers, never a path: the next question is derived (`route.py`).
Everything here is immutable and goes to and from a JSON document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from bot.dialogs.readers.reading import Value

How = Literal["given", "skipped", "unknown", "derived", "card"]
Document = dict[str, Any]


class Answer(NamedTuple):
    value: Value
    how: How = "given"
    reason: str = ""
    """Why an identity number is absent."""
    kept: tuple[str, ...] = ()
    """Warnings the person looked at and kept."""


Answers = Mapping[str, Answer]


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


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the person is being asked. `question` is a question id or one of `prompts.PROMPTS`."""

    question: str
    rev: int = 0
    keep: bool = False
    """The question is asked again and its old answer may be kept."""
    refusals: int = 0
    """Refused in a row."""


@dataclass(frozen=True, slots=True)
class Draft:
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
    answers: Answers = field(default_factory=dict)
    parked: Answers = field(default_factory=dict)
    """Answers whose condition has gone; they come back with it, until submit."""
    pending: Pending | None = None
    card: Answers = field(default_factory=dict)
    selected: tuple[str, ...] = ()
    edit: str = ""
    """Question to open once `change_kind` is answered."""

    @property
    def confirmed(self) -> bool:
        return self.status != "draft"

    def values(self, **more: Value) -> dict[str, Value]:
        return {**{key: answer.value for key, answer in self.answers.items()}, **more}

    def to_document(self) -> Document:
        document: Document = {"form": self.form, "answers": self.answers}
        for name, empty in _DRAFT_DEFAULTS.items():
            value = getattr(self, name)
            if value != empty:
                document[name] = value
        return document

    @classmethod
    def from_document(cls, draft_id: int, document: Document) -> "Draft":
        rest = {name: value for name, value in document.items() if name in _DRAFT_DEFAULTS}
        for name, build in _BUILD.items():
            if name in rest:
                rest[name] = build(rest[name])
        return cls(draft_id, document["form"], answers=_answers(document["answers"]), **rest)


@dataclass(frozen=True, slots=True)
class Chat:
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

    def to_document(self) -> Document:
        document: Document = {"started": self.started, "rev": self.rev}
        for name in ("submissions", "own", "contact", "last", "listed"):
            if value := getattr(self, name):
                document[name] = value
        if self.prompt:
            prompt = self.prompt
            document["prompt"] = [prompt.question, prompt.rev, prompt.keep, prompt.refusals]
        return document

    @classmethod
    def from_document(cls, document: Document | None) -> "Chat":
        if document is None:
            return cls()
        prompt = document.get("prompt")
        return cls(
            document["started"],
            tuple(document.get("submissions", ())),
            document.get("own", 0),
            document.get("contact", ""),
            Prompt(*prompt) if prompt else None,
            document["rev"],
            document.get("last", ""),
            tuple(document.get("listed", ())),
        )


@dataclass(frozen=True, slots=True)
class Dialog:
    """The state of one chat: itself and the submission it has open."""

    chat: Chat = field(default_factory=Chat)
    draft: Draft | None = None

    def open(self, question: str | None, keep: bool = False) -> "Dialog":
        """Return the dialog with another prompt open; every opening has its own revision."""
        chat = replace(self.chat, rev=self.chat.rev + 1)
        prompt = Prompt(question, chat.rev, keep) if question else None
        draft = self.draft
        if draft and draft.selected:
            draft = replace(draft, selected=())
        return Dialog(replace(chat, prompt=prompt), draft)

    def drafted(self, **changes: Any) -> "Dialog":
        """Return the dialog with changes to its open submission, which must be there."""
        assert self.draft is not None  # noqa: S101 - a caller without a draft is a bug
        return Dialog(self.chat, replace(self.draft, **changes))

    def chatted(self, **changes: Any) -> "Dialog":
        return Dialog(replace(self.chat, **changes), self.draft)


def _answer(row: list[Any]) -> Answer:
    return Answer(row[0], row[1], row[2], tuple(row[3]))


def _answers(rows: Mapping[str, list[Any]]) -> Answers:
    return {question: _answer(row) for question, row in rows.items()}


def _pending(row: list[Any]) -> Pending:
    return Pending(row[0], _answer(row[1]), row[2], tuple(row[3]))


_DRAFT_DEFAULTS: Document = {
    "status": "draft",
    "receipt": "",
    "relation": "",
    "consent": "",
    "guardian": Guardian(),
    "change": Change(),
    "parked": {},
    "pending": None,
    "card": {},
    "selected": (),
    "edit": "",
}
_BUILD: Mapping[str, Any] = {
    "guardian": Guardian._make,
    "change": Change._make,
    "parked": _answers,
    "pending": _pending,
    "card": _answers,
    "selected": tuple,
}
