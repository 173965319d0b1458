"""What people can say at any time: help, back, pause, edit, withdraw, an officer please."""

from collections.abc import Callable, Mapping
from typing import Final

from bot.dialogs.effects import (
    Agree,
    Ask,
    Effect,
    Find,
    Link,
    Linked,
    Load,
    Meet,
    Need,
    Note,
    Pause,
    Tell,
    Unlink,
)
from bot.dialogs.elsewhere import scan
from bot.dialogs.enumerator import LISTS, meet_new
from bot.dialogs.family import shut
from bot.dialogs.giving import STAGE_OF, ask_again
from bot.dialogs.people import Search
from bot.dialogs.prompts import wording
from bot.dialogs.rounds import home
from bot.dialogs.scene import (
    Scene,
    Step,
    draft_of,
    forget,
    onward,
    previous_question,
    refuse,
    reopen,
)
from bot.dialogs.several import question_to_edit
from bot.dialogs.state import NOTHING, Dialog, Draft
from bot.dialogs.summary import shown
from bot.dialogs.talking import OPEN_STATUSES, fix, is_of_last_year, welcome_back

Aside = Callable[[Scene, Dialog, str], Step]


def _again(dialog: Dialog, *first: Effect) -> Step:
    """Say something and show the open prompt below it."""
    return dialog, [*first, Ask()] if dialog.chat.prompt else list(first)


def _help(scene: Scene, dialog: Dialog, _: str) -> Step:
    prompt = dialog.chat.prompt
    if prompt and prompt.question in scene.form:
        question = scene.form[prompt.question]
        facts = {"hint": question.hint, "example": question.example, "note": question.footnote}
        return _again(dialog, Tell("help_question", facts))
    key = f"help.{wording(dialog)}" if prompt else "help_idle"
    return _again(dialog, Tell(key if key in scene.known.texts else "help_idle"))


def _back(scene: Scene, dialog: Dialog, _: str) -> Step:
    prompt = dialog.chat.prompt
    if prompt is not None and dialog.draft is None and scene.account:
        return _back_in_round(dialog)
    if prompt is None or dialog.draft is None:
        return _again(dialog, Tell("nothing_before"))
    if prompt.question in STAGE_OF:
        return ask_again(scene, dialog)
    if prompt.question in scene.form or prompt.question == "review":
        before = previous_question(scene, dialog.draft, prompt.question)
        if before is None:
            return _again(dialog, Tell("nothing_before"))
        return reopen(dialog, before)
    return BACK.get(prompt.question, _onward)(scene, dialog)


def _back_in_round(dialog: Dialog) -> Step:
    """From what belongs to no form yet back to where it was chosen."""
    visit = dialog.chat.visit
    question = dialog.chat.prompt.question if dialog.chat.prompt else ""
    if question == "outcome_month":
        return dialog.open("outcome"), [Ask()]
    if question == "outcome":
        return dialog, [Meet(visit.person)]
    if question == "visit" and visit.listed:
        return dialog, [Find(visit.search, "household" if visit.search.household else "")]
    return home(dialog)


def _onward(scene: Scene, dialog: Dialog) -> Step:
    return onward(scene, dialog.drafted(card=NOTHING))


def _back_to_start(scene: Scene, dialog: Dialog) -> Step:
    """Before consent nothing may be kept: the person starts over with for whom."""
    gone, effects = forget(dialog)
    dialog, said = onward(scene, gone)
    return dialog, [*effects, *said]


def _back_from_consent(scene: Scene, dialog: Dialog) -> Step:
    if draft_of(dialog).relation == "self":
        return _back_to_start(scene, dialog)
    return onward(scene, dialog.drafted(relation=""))


def _back_to_consent(scene: Scene, dialog: Dialog) -> Step:
    return onward(scene, dialog.drafted(consent=""))


def _back_to_birth(_: Scene, dialog: Dialog) -> Step:
    guardian = draft_of(dialog).guardian.replace(name="", relation="")
    return reopen(dialog.drafted(guardian=guardian), "q02_ngay_sinh")


def _close(_: Scene, dialog: Dialog) -> Step:
    return dialog.open(None), [Tell("idle_confirmed")]


BACK: Final[Mapping[str, Callable[[Scene, Dialog], Step]]] = {
    "relationship": _back_to_start,
    "consent_collect": _back_from_consent,
    "consent_contact": _back_to_consent,
    "guardian_name": _back_to_birth,
    "guardian_relation": _back_to_birth,
    "guardian_consent": _back_to_birth,
    "change_kind": _close,
    "change_since": _close,
    "my_forms": _close,
    "birth_year": _close,
    "which_item": _onward,
}


def _pause(scene: Scene, dialog: Dialog, _: str) -> Step:
    draft, prompt = dialog.draft, dialog.chat.prompt
    dialog = dialog.chatted(unlocked=0)
    if scene.account:
        return home(dialog, Note("paused_round" if draft else "paused_nothing"))
    if draft is None or prompt is None:
        return dialog.open(None), [Tell("paused_empty")]
    if draft.confirmed:
        return dialog.drafted(pending=None).open(None), [Tell("paused_edit")]
    question = scene.form.by_id.get(prompt.question)
    said = Tell("paused_at", {"item": question.item}) if question else Tell("paused")
    return dialog.drafted(pending=None).open(None), [said, Pause()]


def _menu(scene: Scene, dialog: Dialog, _: str) -> Step:
    """The menu of somebody who collects; for everybody else the open prompt again."""
    if scene.account is None:
        return _help(scene, dialog, "")
    return home(dialog)


def _returned(scene: Scene, dialog: Dialog, _: str) -> Step:
    """What the officer gave back: of a round the list, else the person's own form."""
    if scene.account:
        return dialog, [Find(LISTS["returned"])]
    return _edit(scene, dialog, "")


def _resume(scene: Scene, dialog: Dialog, _: str) -> Step:
    draft = dialog.draft
    if scene.account and draft is None:
        return home(dialog)
    if draft is None:
        return _forms(scene, dialog, "")
    if draft.confirmed and not draft.change.kind:
        return dialog, [Tell("idle_confirmed")]
    dialog, said = onward(scene, dialog.drafted(pending=None))
    return dialog, [welcome_back(draft), *said]


def _begin(scene: Scene, dialog: Dialog, _: str) -> Step:
    """Begin, or go on with what was left unfinished."""
    if dialog.draft and not dialog.draft.confirmed and dialog.chat.prompt is None:
        return _resume(scene, dialog, "")
    if dialog.draft and dialog.draft.relation == "self" and is_of_last_year(scene, dialog.draft):
        return dialog, [Load((dialog.draft.id,), "self")]
    return _new(scene, dialog, "")


def _new(scene: Scene, dialog: Dialog, _: str) -> Step:
    """Declare for somebody else; what was begun stays and is found under "my forms"."""
    if scene.account:
        return meet_new(scene, dialog, "")
    return onward(scene, dialog.replace(draft=None).chatted(started=True, unlocked=0))


def _start(scene: Scene, dialog: Dialog, whose: str) -> Step:
    """Begin; a link of another commune (`/start xa-00000`) is told whose assistant this is."""
    if whose.startswith("xa-") and not whose.startswith(f"xa-{scene.known.office.commune}"):
        dialog, said = _start(scene, dialog, "")
        return dialog, [Tell("other_commune"), *said]
    if dialog.chat.prompt is not None:
        return dialog, [Ask()]
    if scene.account:
        return home(dialog.chatted(started=True))
    if dialog.draft and not dialog.draft.confirmed:
        return _resume(scene, dialog, "")
    dialog, said = onward(scene, dialog.replace(draft=None).chatted(started=True))
    return dialog, [Tell("start"), *said]


def _forms(scene: Scene, dialog: Dialog, _: str) -> Step:
    if scene.account:
        return dialog, [Find(Search("drafts"))]
    if not dialog.chat.submissions:
        return _again(dialog, Tell("no_forms"))
    dialog = dialog.chatted(unlocked=0)
    return dialog, [Load(dialog.chat.submissions[-LISTED:], "list")]


LISTED: Final = 30
"""Submissions shown in a list of a chat."""


def _rights(_: Scene, dialog: Dialog, __: str) -> Step:
    return _again(dialog, Tell("rights"))


def _link(_: Scene, dialog: Dialog, __: str) -> Step:
    """A draft can be carried to another chat; what was sent stays where it was sent from."""
    draft = dialog.draft
    if draft is None or draft.confirmed or not draft.consent:
        return _again(dialog, Tell("link_nothing"))
    return dialog, [Link()]


def _linked(_: Scene, dialog: Dialog, __: str) -> Step:
    return _again(dialog, Linked())


def _unlink(_: Scene, dialog: Dialog, __: str) -> Step:
    return _again(dialog, Unlink(), Tell("unlinked"))


def _officer(_: Scene, dialog: Dialog, __: str) -> Step:
    prompt = dialog.chat.prompt
    need = Need("call", {"at": prompt.question if prompt else ""})
    return _again(dialog, need, Tell("officer"))


def _edit(scene: Scene, dialog: Dialog, item: str) -> Step:
    draft = dialog.draft
    if locked := shut(dialog):
        return dialog, [Load((locked.id,), "edit")]
    if draft is None and dialog.chat.submissions:
        return dialog, [_latest(dialog, "edit")]
    if draft is None or not draft.consent:
        return _again(dialog, Tell("nothing_to_edit"))
    question = question_to_edit(scene, dialog, item) if item else None
    if item and question is None:
        if dialog.chat.prompt is None:
            return dialog, [Tell("no_such_item", {"item": item})]
        return refuse(dialog, "item_not_asked", item=item)
    if draft.comments and not item:
        return fix(scene, dialog)
    if draft.confirmed and not draft.change.kind:
        return _edit_confirmed(dialog, draft, question.id if question else "")
    if question is None:
        return dialog.drafted(pending=None, card=NOTHING).open("which_item"), [Ask()]
    return reopen(dialog.drafted(pending=None, card=NOTHING), question.id)


def _latest(dialog: Dialog, why: str) -> Load:
    """Ask for the person's own submission, or the last one, to do `why` with it."""
    return Load((dialog.chat.own or dialog.chat.submissions[-1],), why)


def _edit_confirmed(dialog: Dialog, draft: Draft, target: str) -> Step:
    if draft.status not in OPEN_STATUSES:
        closed = "withdrawn_already" if draft.status == "withdrawn" else "not_editable"
        return dialog, [Tell(closed)]
    return dialog.drafted(edit=target).open("change_kind"), [Ask()]


def _withdraw(_: Scene, dialog: Dialog, __: str) -> Step:
    draft = dialog.draft
    if locked := shut(dialog):
        return dialog, [Load((locked.id,), "withdraw")]
    if draft is None and dialog.chat.submissions:
        return dialog, [_latest(dialog, "withdraw")]
    if draft is None or draft.status == "withdrawn":
        return _again(dialog, Tell("nothing_to_withdraw"))
    return dialog.drafted(pending=None, card=NOTHING).open("withdraw_confirm"), [Ask()]


def _erase(scene: Scene, dialog: Dialog, _: str) -> Step:
    draft = dialog.draft
    if locked := shut(dialog):
        return dialog, [Load((locked.id,), "erase")]
    if draft is None and dialog.chat.submissions:
        return dialog, [_latest(dialog, "erase")]
    if draft is None or not draft.confirmed:
        return _withdraw(scene, dialog, "")
    return _again(dialog, Need("request", {"what": "erase"}), Tell("erase_requested"))


def _stop(_: Scene, dialog: Dialog, __: str) -> Step:
    """No more reminders. What was agreed before is withdrawn by a row of its own."""
    effects: list[Effect] = [Tell("stopped")]
    if dialog.draft and dialog.chat.prompt and not dialog.draft.confirmed:
        dialog = dialog.drafted(pending=None).open(None)
        effects = [Tell("stopped_paused")]
    if dialog.chat.contact == "yes":
        effects.insert(0, Agree("contact", "withdrawn", "stopped"))
        dialog = dialog.chatted(contact="no")
    return _again(dialog, *effects)


def _item_8(scene: Scene, dialog: Dialog, _: str) -> Step:
    if locked := shut(dialog):
        return dialog, [Load((locked.id,), "item_8")]
    draft = dialog.draft
    hidden = [q.id for q in scene.form.questions if q.sensitive and draft and q.id in draft.answers]
    if draft is None or not hidden:
        return _again(dialog, Tell("help_idle"))
    lines = (shown(scene, draft, question) for question in hidden)
    return _again(dialog, Tell("item_8", {"lines": "\n".join(filter(None, lines))}))


def _still_open(_: Scene, dialog: Dialog, __: str) -> Step:
    return dialog, [Tell("still_open"), Ask()]


ASIDES: Final[Mapping[str, Aside]] = {
    "help": _help,
    "back": _back,
    "pause": _pause,
    "resume": _resume,
    "begin": _begin,
    "still_open": _still_open,
    "new": _new,
    "start": _start,
    "forms": _forms,
    "rights": _rights,
    "officer": _officer,
    "menu": _menu,
    "returned": _returned,
    "edit": _edit,
    "withdraw": _withdraw,
    "erase": _erase,
    "stop": _stop,
    "item_8": _item_8,
    "scan": scan,
    "link": _link,
    "linked": _linked,
    "unlink": _unlink,
}
"""To add a command: a function, a line here, its words under `commands` in the texts."""
