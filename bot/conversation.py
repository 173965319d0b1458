"""Between ledger and engine: one message in, one decision out."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from bot.dialogs.effects import Ask, Event, Loaded, Pressed, Said, Sent, Tell
from bot.dialogs.engine import tagged
from bot.dialogs.form import Form
from bot.dialogs.known import Known
from bot.dialogs.messages import Capabilities, Incoming, Other, Outgoing, Press, Text
from bot.dialogs.people import COLLECTORS
from bot.dialogs.record import mask
from bot.dialogs.render import render
from bot.dialogs.scene import Scene
from bot.dialogs.state import NOTHING, Chat, Dialog, Draft
from bot.dialogs.talking import short_name, status_facts
from bot.turning import Turn
from storage import turn
from storage.ids import MILLISECOND, VIETNAM
from storage.turn import ChatView, Decision, Lookup, State

NOBODY = ChatView(0, None)
"""A chat that never wrote."""
MOST_STEPS = 4
"""Times the engine may ask storage within one turn. It never needs more than two."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything a decision needs besides the message and the chat."""

    form_of: Callable[[str], Form]
    current_form: str
    known: Known
    capabilities: Mapping[str, Capabilities]
    new_code: Callable[[], str] | None = None
    """Makes continuation codes; None: a paused draft stays where it is."""
    page_of: Callable[[int, str], str] | None = None
    """Chat and revision of its prompt -> address of a page to answer it on; None: there is none."""
    scan_of: Callable[[str, int, str], str] | None = None
    """Site, chat, revision of its prompt -> address of the page that reads a card's QR code."""
    bots: dict[str, str] = field(default_factory=dict)
    """Platform -> address of our bot there, once it has told it."""

    def decide(self, incoming: Incoming, view: ChatView, lookup: Lookup) -> Decision:
        """Return all that one message causes. Pure but for `lookup`."""
        dialog = _dialog(view)
        if view.cut_off:
            return _unchanged(view, dialog, self._cut_off())
        scene = self._scene(incoming, view, dialog)
        able = self.capabilities[incoming.platform]
        turned = Turn(dialog, _event(incoming, view, dialog), self.new_code)
        for _ in range(MOST_STEPS):
            turned.step(scene, able, lookup)
            if turned.event is None:
                break
            scene = self._scene(incoming, view, turned.dialog)
        decision = turned.decision(scene, able)
        if able.deletes and incoming.ref and _private(incoming, scene, dialog):
            decision.deletions = [incoming.ref]
        return decision

    def show(self, incoming: Incoming, view: ChatView) -> list[Outgoing]:
        """Return where the chat stands, without any turn: for a page that is loaded anew."""
        if view.cut_off:
            return [self._cut_off()]
        dialog = _dialog(view)
        able, scene = self.capabilities[incoming.platform], self._scene(incoming, view, dialog)
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
        scene = self._scene(incoming, NOBODY, Dialog())
        able = self.capabilities[incoming.platform]
        return render(scene, Dialog(), [Tell("start")], able)[0]

    def take_over(
        self, incoming: Incoming, view: ChatView, lookup: Lookup, id: int, document: State
    ) -> Decision:
        """Return what opening a draft brought here from another chat causes."""
        dialog = _dialog(view)
        draft = Draft.from_document(id, document).replace(pending=None, card=NOTHING)
        kept = tuple(other for other in dialog.chat.submissions if other != id)
        own = id if draft.relation == "self" and not dialog.chat.own else dialog.chat.own
        dialog = dialog.chatted(started=True, submissions=(*kept, id), own=own)
        scene = self._scene(incoming, view, dialog.replace(draft=draft))
        able = self.capabilities[incoming.platform]
        if able.relayed:  # what was agreed to elsewhere named another way
            draft = draft.replace(consent="")
        turned = Turn(dialog, Loaded("open", (draft,)))
        turned.step(scene, able, lookup)
        turned.events.append(turn.Event(id, "continued", {}))
        return turned.decision(scene, able)

    def let_go(self, view: ChatView, submission_id: int) -> Decision:
        """Return what a chat is left with whose draft has moved to another."""
        dialog = _dialog(view)
        dialog = dialog.replace(chat=dialog.chat.without(submission_id))
        if dialog.draft and dialog.draft.id == submission_id:
            dialog = dialog.replace(draft=None).open(None)
        prompt = str(dialog.chat.prompt.rev) if dialog.chat.prompt else ""
        left = dialog.draft.id if dialog.draft else None
        told = [Outgoing("info", self.known.texts("moved_away"))]
        chat = dialog.chat.to_document()
        return Decision(chat=chat, prompt=prompt, submission_id=left, outgoing=told)

    def give_back(
        self, view: ChatView, id: int, document: State, comments: Mapping[str, str]
    ) -> Decision:
        """Return what the officer's return of a form causes: told here, asked anew after "edit"."""
        dialog = _dialog(view)
        draft = Draft.from_document(id, document).replace(status="returned", comments=comments)
        form, texts = self.form_of(draft.form), self.known.texts
        items = {form[q].item: without_numbers(text) for q, text in comments.items()}
        lines = "\n".join(texts("returned_line", item=i, text=text) for i, text in items.items())
        facts = {"name": short_name(draft.answers), "lines": lines}
        key = "returned_round" if draft.collector else "returned_bubble"
        told = [] if view.cut_off else [Outgoing("info", texts(key, **facts), protect=True)]
        prompt = str(dialog.chat.prompt.rev) if dialog.chat.prompt else ""
        return Decision(
            chat=dialog.chat.to_document(),
            prompt=prompt,
            submission_id=view.submission_id,
            submissions={id: draft.to_document()},
            statuses={id: "returned"},
            events=[turn.Event(id, "returned", {"comments": dict(comments)})],
            outgoing=told,
            about=id,
        )

    def welcome(
        self, incoming: Incoming, view: ChatView, lookup: Lookup, ids: Sequence[int]
    ) -> Decision:
        """Return what a chat is told that has become an account's, with these submissions."""
        account, texts = view.account, self.known.texts
        assert account is not None  # noqa: S101 - the caller has made it so
        key = "invite.joined" if account.name else "invite.joined_nameless"
        role = texts(f"role_names.{account.role}")
        told = Outgoing("info", texts(key, name=account.name, role=role))
        view.document = _with(view, ids).to_document()
        view.prompt_sent_at = incoming.sent_at - MILLISECOND
        decision = self.decide(replace(incoming, content=Text("/start")), view, lookup)
        decision.outgoing = [told, *decision.outgoing]
        decision.events = [*decision.events, *_continued(ids)]
        return decision

    def leave(self, view: ChatView) -> Decision:
        """Return what a chat is left with that everything was taken from."""
        left = Chat(started=True, rev=Chat.from_document(view.document).rev)
        told = [] if view.cut_off else [Outgoing("info", self.known.texts("moved_away"))]
        return Decision(chat=left.to_document(), prompt="", outgoing=told)

    def adopt(self, view: ChatView, ids: Sequence[int]) -> Decision:
        """Return what a chat is told that these submissions were given to."""
        told = Outgoing("info", self.known.texts("invite.adopted", count=len(ids)))
        decision = _unchanged(view, _dialog(view).replace(chat=_with(view, ids)), told)
        decision.events = _continued(ids)
        return decision

    def _cut_off(self) -> Outgoing:
        return Outgoing("info", self.known.texts("cut_off"))

    def open_form(self, view: ChatView) -> str:
        """Return the status of the open submission, "draft" while it is edited, "" for none."""
        draft = _dialog(view).draft
        if draft is None or view.cut_off:
            return ""
        return "draft" if draft.change.kind else draft.status

    def apology(self, _: Incoming) -> Outgoing:
        """Return what a person is told whose message could not be processed."""
        return Outgoing("info", self.known.texts("apology"))

    def _scene(self, incoming: Incoming, view: ChatView, dialog: Dialog) -> Scene:
        today = incoming.received_at.astimezone(VIETNAM).date()
        form = self.form_of(dialog.draft.form if dialog.draft else self.current_form)
        page_of = partial(self.page_of, view.chat_id) if self.page_of else None
        account = view.account if view.account and view.account.role in COLLECTORS else None
        scan_of = self._scan_of(self.capabilities[incoming.platform], view.chat_id)
        shown_on = (page_of, scan_of, self.bots)
        return Scene(form, self.known, today, view.message_id, *shown_on, account)

    def _scan_of(self, able: Capabilities, chat_id: int) -> Callable[[str], str] | None:
        """Return what makes the address of the page that reads a card; None where it is not."""
        site = self.known.site if able.scanner == "site" else ""
        reachable = site if able.scanner == "site" else able.scanner
        return partial(self.scan_of, site, chat_id) if self.scan_of and reachable else None


def _dialog(view: ChatView) -> Dialog:
    draft = None
    if view.submission_id is not None and view.submission is not None:
        draft = Draft.from_document(view.submission_id, view.submission)
        if view.status not in {"", draft.status}:  # the office has decided about it meanwhile
            draft = draft.replace(status=view.status)
    return Dialog(Chat.from_document(view.document), draft)


def _with(view: ChatView, ids: Sequence[int]) -> Chat:
    """Return what a chat remembers, with these submissions too."""
    chat = Chat.from_document(view.document)
    kept = tuple(other for other in chat.submissions if other not in ids)
    return chat.replace(started=True, submissions=(*kept, *ids))


def _continued(ids: Sequence[int]) -> list[turn.Event]:
    return [turn.Event(id, "continued", {}) for id in ids]


def _unchanged(view: ChatView, dialog: Dialog, told: Outgoing) -> Decision:
    """Return the decision to leave a chat where it stands, and to say something."""
    prompt = str(dialog.chat.prompt.rev) if dialog.chat.prompt else ""
    chat, opened = dialog.chat.to_document(), view.submission_id
    return Decision(chat=chat, prompt=prompt, submission_id=opened, outgoing=[told])


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
        case Other("edited", text) if prompt and view.prompt_sent_at:
            # Written after the open prompt was shown, so meant for it: a better answer.
            early = incoming.sent_at <= view.prompt_sent_at
            return Sent("edited") if early or not text else Said(text)
        case Other(what):
            return Sent(what)


def _private(incoming: Incoming, scene: Scene, before: Dialog) -> bool:
    """True for what should not stay in the chat: private answers, long numbers, pictures."""
    match incoming.content:
        case Text(text) | Other("edited", text):
            prompt = before.chat.prompt
            question = scene.form.by_id.get(prompt.question) if prompt else None
            asked = question is not None and question.private
            return asked or LONG_NUMBER.search(text) is not None or _names_private(scene, text)
        case Other("photo" | "document"):
            return True
        case _:
            return False


def _names_private(scene: Scene, text: str) -> bool:
    """True for "8: 1; 9: 3": an answer to a private item, whatever is asked."""
    items = {item for item, _ in tagged(text, scene.known.texts) or ()}
    return any(question.private and question.item in items for question in scene.form.questions)


LONG_NUMBER = re.compile(r"[0-9](?:[ .\-]?[0-9]){8,}")
"""Nine digits in a row, or more, as in documents and telephone numbers."""


def without_numbers(text: str) -> str:
    """Return a text with its long numbers masked."""
    return LONG_NUMBER.sub(lambda found: mask(found[0]), text)
