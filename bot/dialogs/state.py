"""What is remembered between two messages: of a chat, and of one person's submission.

State is a set of answers, never a path: the next question is derived (`route.py`).
Everything here is immutable and goes to and from a JSON document.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct, json, structs

from bot.dialogs.people import Search
from bot.dialogs.readers.reading import Value

How = Literal["given", "skipped", "unknown", "derived", "card", "inherited", "household"]
Answers = Mapping[str, Value]
"""Question id -> value. A question that was not asked is absent; one not answered is None."""


class State(Struct, frozen=True):
    """A part of what is remembered."""

    replace = Struct.__replace__
    """Return the same with some fields changed (not wrapped in a call: a turn does it often)."""

    def fields(self) -> dict[str, Any]:
        return structs.asdict(self)


class Manner(State, frozen=True, array_like=True):
    """How an answer came about."""

    how: How = "given"
    reason: str = ""
    """Why an identity number is absent."""
    kept: tuple[str, ...] = ()
    """Warnings the person looked at and kept."""


class Answer(State, frozen=True, array_like=True):
    """An answer together with its manner: on its way in, parked, or read from a card."""

    value: Value
    how: How = "given"
    reason: str = ""
    kept: tuple[str, ...] = ()

    @property
    def manner(self) -> Manner:
        return Manner(self.how, self.reason, self.kept)


class Pending(State, frozen=True, array_like=True):
    """An answer waiting for a yes: question, answer, the stage it waits at."""

    question: str
    answer: Answer
    stage: str
    codes: tuple[str, ...] = ()


class Guardian(State, frozen=True, array_like=True):
    name: str = ""
    relation: str = ""
    consent: bool = False
    verified: bool = False
    """Ticked by an officer, never by the chat."""


class Change(State, frozen=True, array_like=True):
    """Why a confirmed submission is being edited: a slip of the pen, or a change since a month."""

    kind: Literal["", "mistake", "change"] = ""
    since: str = ""


class Visit(State, frozen=True, array_like=True):
    """Where somebody who collects stands: numbers only, whoever is erased is not kept here."""

    search: Search = Search()
    """What was listed last."""
    listed: tuple[int, ...] = ()
    """People in the order last shown, so that a number picks one."""
    more: bool = False
    """There are further pages."""
    person: int = 0
    """Who is being visited; 0: somebody in no list."""
    household: int = 0
    """In which household; 0: not known yet."""
    outcome: str = ""
    """Why there is no form, while its month is asked for."""
    practice: bool = False


class Prompt(State, frozen=True, array_like=True):
    """What the person is being asked. `question` is a question id or one of `prompts.OPTIONS`."""

    question: str
    rev: int = 0
    keep: bool = False
    """The question is asked again and its old answer may be kept."""
    refusals: int = 0
    """Refused in a row."""
    about: int = 0
    """The submission that is opened when the year of birth fits."""
    why: str = ""
    """What is then done with it."""


PLAIN: Final = Manner()
NOTHING: Final[Mapping[str, Any]] = {}


class Draft(State, frozen=True, omit_defaults=True):
    """One submission as the conversation sees it."""

    id: int = 0
    form: str = ""
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
    sent_on: str = ""
    """Day on which it was handed in last."""
    collector: int = 0
    """Account of who fills it in with the person; 0: a citizen's own chat."""
    person: int = 0
    """Whose it is, when the office's list knows them."""
    household: int = 0
    relation_to_head: str = ""
    proxy_name: str = ""
    """Of who answers in the person's stead at a visit; "-" when they would not say."""
    practice: bool = False
    """It never counts and is destroyed at its end."""
    looked_for: str = ""
    """By what the person was looked for in the office's list: a number, or a folded name."""
    offered: Answers = NOTHING
    """Last year's answers, or the household's address, still to be confirmed."""
    offered_of: str = ""
    """Year of the offered answers; "" for an address of the household."""
    previous: int = 0
    """This chat's form of an earlier year, which this one takes the place of."""
    comments: Mapping[str, str] = NOTHING
    """What the officer wrote when returning it: question -> comment, until answered anew."""

    @property
    def confirmed(self) -> bool:
        return self.status != "draft"

    def manner(self, question_id: str) -> Manner:
        return self.manners.get(question_id, PLAIN)

    def answer(self, question_id: str) -> Answer:
        """Return an answer that is there, with its manner."""
        manner = self.manner(question_id)
        return Answer(self.answers[question_id], manner.how, manner.reason, manner.kept)

    def with_answers(self, answers: Mapping[str, Answer]) -> "Draft":
        """Return the draft with these answers in place of all it had."""
        manners = {key: answer.manner for key, answer in answers.items()}
        return self.replace(
            answers={key: answer.value for key, answer in answers.items()},
            manners={key: manner for key, manner in manners.items() if manner != PLAIN},
        )

    def all_answers(self) -> dict[str, Answer]:
        return {key: self.answer(key) for key in self.answers}

    def to_document(self) -> bytes:
        return _ENCODER.encode(self)

    @classmethod
    def from_document(cls, draft_id: int, document: bytes) -> "Draft":
        draft = _DRAFTS.decode(document)
        return draft if draft.id == draft_id else draft.replace(id=draft_id)


class Chat(State, frozen=True, array_like=True):
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
    withheld: bool = False
    """The platform keeps this person's messages to itself; they were told once."""
    unlocked: int = 0
    """The sent submission that was opened by the year of birth, where several people declared."""
    wrong_years: int = 0
    """Years of birth tried in vain on `wrong_day`."""
    wrong_day: str = ""
    visit: Visit = Visit()

    def without(self, submission_id: int) -> "Chat":
        """Return the chat with nothing left of a submission that was its own."""
        return self.replace(
            submissions=tuple(kept for kept in self.submissions if kept != submission_id),
            own=0 if self.own == submission_id else self.own,
            listed=(),
            last="",
        )

    def to_document(self) -> bytes:
        return _ENCODER.encode(_Kept(self))

    @classmethod
    def from_document(cls, document: bytes | None) -> "Chat":
        return cls() if document is None else _CHATS.decode(document).chat


class _Kept(Struct, frozen=True):
    """A chat as it is stored."""

    chat: Chat


class Dialog(State, frozen=True):
    """The state of one chat: itself and the submission it has open."""

    chat: Chat = Chat()
    draft: Draft | None = None

    def open(self, question: str | None, keep: bool = False) -> "Dialog":
        """Return the dialog with another prompt open; every opening has its own revision."""
        rev = self.chat.rev + 1
        prompt = Prompt(question, rev, keep) if question else None
        draft = self.draft
        if draft and draft.selected:
            draft = draft.replace(selected=())
        return Dialog(self.chat.replace(rev=rev, prompt=prompt), draft)

    def drafted(self, **changes: Any) -> "Dialog":
        """Return the dialog with changes to its open submission, which must be there."""
        assert self.draft is not None  # noqa: S101 - a caller without a draft is a bug
        return Dialog(self.chat, self.draft.replace(**changes))

    def chatted(self, **changes: Any) -> "Dialog":
        return Dialog(self.chat.replace(**changes), self.draft)


_ENCODER: Final = json.Encoder()
_DRAFTS: Final = json.Decoder(Draft)
_CHATS: Final = json.Decoder(_Kept)
