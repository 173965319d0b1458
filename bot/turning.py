"""One turn: the effects of the engine, done one after another, and the decision they add up to."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from msgspec import Struct

from bot.dialogs import record
from bot.dialogs.answering import office_flags
from bot.dialogs.effects import (
    Agree,
    Confirm,
    Count,
    Counted,
    Create,
    Effect,
    Erase,
    Event,
    Fill,
    Find,
    Found,
    Link,
    Linked,
    Load,
    Loaded,
    Mark,
    Meet,
    Met,
    Need,
    Pause,
    Received,
    Record,
    Submit,
    Tell,
    Unlink,
    Withdraw,
)
from bot.dialogs.engine import advance
from bot.dialogs.family import BIRTH_DATE
from bot.dialogs.messages import Capabilities
from bot.dialogs.render import prompt_text, render
from bot.dialogs.scene import Scene
from bot.dialogs.state import Dialog, Draft
from storage import turn
from storage.codes import SHORT_VALID, VALID, written
from storage.turn import (
    Code,
    Confirmed,
    Consent,
    Decision,
    Filling,
    Lookup,
    Outcome,
    Stored,
    Task,
)


class Turn(Struct):
    """The effects of one turn, done one after another."""

    dialog: Dialog
    event: Event | None
    new_code: Callable[[], str] | None = None
    said: list[Effect] = []
    created: list[int] = []
    erased: list[int] = []
    events: list[turn.Event] = []
    consents: list[Consent] = []
    tasks: list[Task] = []
    confirmed: dict[int, Confirmed] = {}
    statuses: dict[int, str] = {}
    fillings: list[Filling] = []
    outcomes: list[Outcome] = []
    codes: dict[int, Code] = {}
    unlinked: bool = False
    left: dict[int, bytes] = {}
    """Submissions that were changed and closed again within the turn."""
    first: Draft | None = None
    """The submission that was open before it."""

    def __post_init__(self) -> None:
        self.first = self.dialog.draft

    def step(self, scene: Scene, able: Capabilities, lookup: Lookup) -> None:
        """Advance once. Afterwards `event` is what the engine is to be told next, if anything."""
        assert self.event is not None  # noqa: S101 - the caller has looked
        before, event = self.dialog, self.event
        self.dialog, effects = advance(scene, before, event)
        self.event = None
        self._leave(before.draft)
        draft = self.dialog.draft or before.draft
        for effect in effects:
            self._do(scene, able, lookup, effect, draft, before)

    def _leave(self, left: Draft | None) -> None:
        """Keep what a step of this turn changed and the next one closed."""
        now = self.dialog.draft
        if left is None or left is self.first or (now is not None and now.id == left.id):
            return
        self.left[left.id] = left.to_document()

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
            case Load():
                self.event = _loaded(lookup, effect)
            case Find(search, why):
                waiting = self.dialog.chat.submissions if search.wanted == "drafts" else ()
                unlisted = tuple(one for one in _drafts(lookup, waiting) if _unlisted(one))
                self.event = Found(lookup.people(search), search, why, unlisted)
            case Meet(person, why):
                self.event = Met(lookup.person(person), why)
            case Count():
                self.event = Counted(lookup.progress())
            case Fill(person, household, relation):
                assert about is not None  # noqa: S101 - only a submission is filled in
                self.fillings.append(Filling(about, person, household, relation))
            case Mark(person, outcome, since, until):
                self.outcomes.append(Outcome(person, outcome, since, until))
            case Pause() if able.codes and draft is not None:
                self._offer_code(draft)
            case Pause():
                pass
            case Link() if draft is not None:
                self._offer_link(scene, able, draft, lookup)
            case Linked():
                self._tell_linked(scene, lookup)
            case Unlink():
                self.unlinked = True
            case _:
                self.said.append(effect)

    def _offer_code(self, draft: Draft) -> None:
        """Tell a code that opens the draft elsewhere; without a birth date nothing could."""
        if self.new_code is None or draft.confirmed:
            return
        if not draft.answers.get(BIRTH_DATE):
            self.said.append(Tell("web.only_here"))
            return
        code = self.new_code()
        self.codes[draft.id] = Code(code, VALID)
        self.said.append(Tell("continuation_code", {"code": written(code), "days": VALID.days}))

    def _offer_link(self, scene: Scene, able: Capabilities, draft: Draft, lookup: Lookup) -> None:
        code = lookup.short_code()
        self.codes[draft.id] = Code(code, SHORT_VALID)
        minutes = SHORT_VALID.seconds // 60
        self.said.append(Tell("link_code", {"code": f"{code[:3]} {code[3:]}", "minutes": minutes}))
        if scene.known.site:
            self.said.append(Tell("link_site"))
        for platform, address in scene.bots.items():
            if platform != able.route:
                name = scene.known.texts(f"platform_names.{platform}")
                url = f"{address}?start=c-{code}"
                self.said.append(Tell("link_bot", {"name": name, "url": url}))

    def _tell_linked(self, scene: Scene, lookup: Lookup) -> None:
        names = [scene.known.texts(f"platform_names.{name}") for name in lookup.linked()]
        key = "linked" if names else "linked_none"
        self.said.append(Tell(key, {"names": ", ".join(dict.fromkeys(names))}))

    def decision(self, scene: Scene, able: Capabilities) -> Decision:
        """Return what storage is to write and what is to be said."""
        dialog, draft = self.dialog, self.dialog.draft
        return Decision(
            chat=dialog.chat.to_document(),
            prompt=str(dialog.chat.prompt.rev) if dialog.chat.prompt else "",
            submission_id=draft.id if draft else None,
            created=self.created,
            submissions=self._documents(),
            confirmed=self.confirmed,
            statuses=self.statuses,
            erased=self.erased,
            events=self.events,
            consents=self.consents,
            tasks=self.tasks,
            fillings=self.fillings,
            outcomes=self.outcomes,
            codes=self.codes,
            unlinked=self.unlinked,
            outgoing=render(scene, dialog, self.said, able),
        )

    def _documents(self) -> dict[int, bytes]:
        draft = self.dialog.draft
        documents = {id: kept for id, kept in self.left.items() if id not in self.erased}
        return {**documents, draft.id: draft.to_document()} if draft else documents


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
            "guardian": draft.guardian.fields(),
        },
        columns=record.columns(answers),
        tokens=record.tokens(answers),
        marks=record.marks(answers),
        previous=draft.previous,
    )


def _unlisted(draft: Draft) -> bool:
    """True for an unfinished form that no person of a list leads to. After a change of telephone
    a chat has all forms of the account."""
    return draft.status == "draft" and not draft.person


def _loaded(lookup: Lookup, load: Load) -> Loaded:
    return Loaded(load.why, _drafts(lookup, load.ids), load.year)


def _drafts(lookup: Lookup, ids: Sequence[int]) -> tuple[Draft, ...]:
    found: Mapping[int, Stored] = lookup.submissions(ids) if ids else {}
    return tuple(
        Draft.from_document(id, found[id].document).replace(status=found[id].status)
        for id in ids
        if id in found
    )
