"""Between ledger and engine: one message in, one decision out. The only caller of `advance`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from bot.dialogs import record
from bot.dialogs.answering import office_flags
from bot.dialogs.effects import (
    Agree,
    Ask,
    Confirm,
    Create,
    Effect,
    Erase,
    Event,
    Load,
    Loaded,
    Need,
    Pause,
    Pressed,
    Received,
    Record,
    Said,
    Sent,
    Submit,
    Tell,
    Withdraw,
)
from bot.dialogs.engine import advance
from bot.dialogs.form import Form
from bot.dialogs.known import Known
from bot.dialogs.messages import Capabilities, Incoming, Other, Outgoing, Press, Text
from bot.dialogs.render import prompt_text, render
from bot.dialogs.scene import Scene
from bot.dialogs.state import NOTHING, Chat, Dialog, Draft
from bot.dialogs.talking import status_facts
from storage import turn
from storage.codes import VALID, written
from storage.turn import ChatView, Confirmed, Consent, Decision, Document, Lookup, Stored, Task

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
BIRTH_DATE = "q02_ngay_sinh"
"""What, besides the code, opens a paused draft elsewhere."""
MOST_STEPS = 4
"""Times the engine may ask storage within one turn. It never needs more than two."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything a decision needs besides the message and the chat."""

    form_of: Callable[[str], Form]
    current_form: str
    known: Known
    capabilities: Mapping[str, Capabilities]
    new_id: Callable[[datetime], int]
    new_code: Callable[[], str] | None = None
    """Makes continuation codes; None: a paused draft stays where it is."""

    def decide(self, incoming: Incoming, view: ChatView, lookup: Lookup) -> Decision:
        """Return all that one message causes. Pure but for `lookup`."""
        dialog = _dialog(view)
        scene = self._scene(incoming, dialog)
        able = self.capabilities[incoming.platform]
        turned = _Turn(dialog, _event(incoming, view, dialog), self.new_code)
        for _ in range(MOST_STEPS):
            turned.step(scene, able, lookup)
            if turned.event is None:
                break
            scene = self._scene(incoming, turned.dialog)
        return turned.decision(scene, able)

    def show(self, incoming: Incoming, view: ChatView) -> list[Outgoing]:
        """Return where the chat stands, without any turn: for a page that is loaded anew."""
        dialog = _dialog(view)
        able, scene = self.capabilities[incoming.platform], self._scene(incoming, dialog)
        if dialog.chat.prompt is not None:
            return render(scene, dialog, [Ask()], able)
        if dialog.draft is None:
            idle = Tell("idle" if dialog.chat.submissions else "idle_empty")
        elif dialog.draft.confirmed:
            idle = Tell("status", status_facts(scene, dialog.draft))
        else:
            idle = Tell("paused")
        return render(scene, dialog, [idle], able)

    def greet(self, incoming: Incoming) -> Outgoing:
        """Return the first bubble of every conversation, for a page that shows it before any."""
        scene = self._scene(incoming, Dialog())
        able = self.capabilities[incoming.platform]
        return render(scene, Dialog(), [Tell("start")], able)[0]

    def take_over(
        self, incoming: Incoming, view: ChatView, lookup: Lookup, id: int, document: Document
    ) -> Decision:
        """Return what opening a draft brought here from another chat causes."""
        dialog = _dialog(view)
        draft = Draft.from_document(id, document)._replace(pending=None, card=NOTHING)
        kept = tuple(other for other in dialog.chat.submissions if other != id)
        own = id if draft.relation == "self" and not dialog.chat.own else dialog.chat.own
        dialog = dialog.chatted(started=True, submissions=(*kept, id), own=own)
        scene = self._scene(incoming, dialog._replace(draft=draft))
        able = self.capabilities[incoming.platform]
        turned = _Turn(dialog, Loaded("open", (draft,)))
        turned.step(scene, able, lookup)
        turned.events.append(turn.Event(id, "continued", {}))
        return turned.decision(scene, able)

    def let_go(self, view: ChatView, submission_id: int) -> Decision:
        """Return what a chat is left with whose draft has moved to another."""
        dialog = _dialog(view)
        chat = dialog.chat
        dialog = dialog.chatted(
            submissions=tuple(other for other in chat.submissions if other != submission_id),
            own=0 if chat.own == submission_id else chat.own,
            listed=(),
            last="",
        )
        if dialog.draft and dialog.draft.id == submission_id:
            dialog = dialog._replace(draft=None).open(None)
        prompt = str(dialog.chat.prompt.rev) if dialog.chat.prompt else ""
        left = dialog.draft.id if dialog.draft else None
        return Decision(chat=dialog.chat.to_document(), prompt=prompt, submission_id=left)

    def apology(self, _: Incoming) -> Outgoing:
        """Return what a person is told whose message could not be processed."""
        return Outgoing("info", self.known.texts("apology"))

    def _scene(self, incoming: Incoming, dialog: Dialog) -> Scene:
        today = incoming.received_at.astimezone(VIETNAM).date()
        form = self.form_of(dialog.draft.form if dialog.draft else self.current_form)
        return Scene(form, self.known, today, self.new_id(incoming.received_at))


def _dialog(view: ChatView) -> Dialog:
    draft = None
    if view.submission_id is not None and view.submission is not None:
        draft = Draft.from_document(view.submission_id, view.submission)
    return Dialog(Chat.from_document(view.document), draft)


def _event(incoming: Incoming, view: ChatView, dialog: Dialog) -> Event:
    prompt = dialog.chat.prompt
    match incoming.content:
        case Press(value, shown):
            return Pressed(value, bool(shown) and (prompt is None or shown != str(prompt.rev)))
        case Text(text, shown):
            if shown:
                early = prompt is not None and shown != str(prompt.rev)
            else:
                early = view.prompt_sent_at is None or incoming.sent_at <= view.prompt_sent_at
            return Said(text, early)
        case Other(what):
            return Sent(what)


@dataclass(slots=True)
class _Turn:
    """The effects of one turn, done one after another."""

    dialog: Dialog
    event: Event | None
    new_code: Callable[[], str] | None = None
    said: list[Effect] = field(default_factory=list)
    created: list[int] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    events: list[turn.Event] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    confirmed: dict[int, Confirmed] = field(default_factory=dict)
    statuses: dict[int, str] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)

    def step(self, scene: Scene, able: Capabilities, lookup: Lookup) -> None:
        """Advance once. Afterwards `event` is what the engine is to be told next, if anything."""
        assert self.event is not None  # noqa: S101 - the caller has looked
        before, event = self.dialog, self.event
        self.dialog, effects = advance(scene, before, event)
        self.event = None
        draft = self.dialog.draft or before.draft
        for effect in effects:
            self._do(scene, able, lookup, effect, draft, before)

    def _do(
        self,
        scene: Scene,
        able: Capabilities,
        lookup: Lookup,
        effect: Effect,
        draft: Draft | None,
        before: Dialog,
    ) -> None:
        about = draft.id if draft else None
        match effect:
            case Create(id):
                self.created.append(id)
            case Erase(id):
                self.erased.append(id)
            case Record(kind, payload) if about is not None:
                self.events.append(turn.Event(about, kind, dict(payload)))
            case Agree():
                self.consents.append(_consent(scene, able, effect, before, about))
            case Need(kind, detail):
                lasting = None if about in self.erased else about
                self.tasks.append(Task(kind, lasting, dict(detail)))
            case Submit():
                assert draft is not None  # noqa: S101 - only a review submits
                self.event = Received(draft.receipt or lookup.receipt())
            case Confirm():
                assert draft is not None  # noqa: S101 - only a review submits
                self.confirmed[draft.id] = _confirmed(scene, draft)
            case Withdraw():
                assert about is not None  # noqa: S101 - only a submission is withdrawn
                self.statuses[about] = "withdrawn"
            case Load(ids, why):
                self.event = _loaded(lookup, ids, why)
            case Pause() if able.codes and draft is not None:
                self._offer_code(draft)
            case Pause():
                pass
            case _:
                self.said.append(effect)

    def _offer_code(self, draft: Draft) -> None:
        """Tell a code that opens the draft elsewhere; without a birth date nothing could."""
        if self.new_code is None or draft.confirmed:
            return
        if not draft.answers.get(BIRTH_DATE):
            self.said.append(Tell("web.only_here"))
            return
        code = self.codes[draft.id] = self.new_code()
        self.said.append(Tell("continuation_code", {"code": written(code), "days": VALID.days}))

    def decision(self, scene: Scene, able: Capabilities) -> Decision:
        """Return what storage is to write and what is to be said."""
        dialog, draft = self.dialog, self.dialog.draft
        documents: dict[int, dict[str, Any]] = {}
        if draft is not None:
            documents[draft.id] = draft.to_document()
        return Decision(
            chat=dialog.chat.to_document(),
            prompt=str(dialog.chat.prompt.rev) if dialog.chat.prompt else "",
            submission_id=draft.id if draft else None,
            created=self.created,
            submissions=documents,
            confirmed=self.confirmed,
            statuses=self.statuses,
            erased=self.erased,
            events=self.events,
            consents=self.consents,
            tasks=self.tasks,
            codes=self.codes,
            outgoing=render(scene, dialog, self.said, able),
        )


def _consent(
    scene: Scene, able: Capabilities, effect: Agree, before: Dialog, about: int | None
) -> Consent:
    """Return the row that proves a decision: the exact words it was asked with, by their hash."""
    words = prompt_text(scene, before, able, effect.key)
    return Consent(
        effect.purpose,
        effect.decision,
        about,
        f"{scene.known.texts.language}-{scene.known.texts.version}",
        sha256(words.encode()).hexdigest(),
        dict(effect.detail),
    )


def _confirmed(scene: Scene, draft: Draft) -> Confirmed:
    answers = draft.answers
    flags = office_flags(scene.form, answers, scene.today, scene.known)
    return Confirmed(
        receipt=draft.receipt,
        status="confirmed",
        answers={
            "answers": record.kept(draft),
            "flags": flags,
            "guardian": draft.guardian._asdict(),
        },
        columns=record.columns(answers),
        tokens=record.tokens(answers),
        marks=record.marks(answers),
    )


def _loaded(lookup: Lookup, ids: tuple[int, ...], why: str) -> Loaded:
    found: Mapping[int, Stored] = lookup.submissions(ids)
    drafts = (
        Draft.from_document(id, {**found[id].document, "status": found[id].status})
        for id in ids
        if id in found
    )
    return Loaded(why, tuple(drafts))
