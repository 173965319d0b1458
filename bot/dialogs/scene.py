"""What every step of a conversation shares: the scene it plays in, and how it goes on."""

from collections.abc import Callable, Mapping
from datetime import date

from msgspec import Struct

from bot.dialogs.effects import Ask, Count, Create, Effect, Erase, Find, Refuse
from bot.dialogs.form import Form
from bot.dialogs.known import Known
from bot.dialogs.people import Account, Search
from bot.dialogs.readers.characters import fold
from bot.dialogs.route import needs_guardian, relevant, unanswered
from bot.dialogs.state import Dialog, Draft


class Scene(Struct, frozen=True):
    """One turn: the form and what is known, today in Vietnam, an unused id for a submission."""

    form: Form
    known: Known
    today: date
    new_id: int = 0
    page_of: Callable[[str], str] | None = None
    """Revision of a prompt -> address of a page where it can be answered outside the chat."""
    scan_of: Callable[[str], str] | None = None
    """Revision of a prompt -> address of a page that reads a card's QR code on the phone."""
    bots: Mapping[str, str] = {}
    """Platform -> address of our bot there, where it takes a code with `?start=c-`."""
    account: Account | None = None
    """Who collects in this chat; None where citizens write."""


Step = tuple[Dialog, list[Effect]]


def draft_of(dialog: Dialog) -> Draft:
    """Return the open submission; to be called only where the open prompt belongs to one."""
    assert dialog.draft is not None  # noqa: S101 - a prompt about nobody is a bug
    return dialog.draft


def onward(scene: Scene, dialog: Dialog) -> Step:
    """Open the first prompt that still needs an answer; the review when none does.

    Somebody new to the office's list is first looked for there, by what is known by now.
    """
    draft = dialog.draft
    if draft is None and scene.account:
        return dialog, [Count()]
    wanted = _to_look_for(draft) if draft else ""
    if draft and wanted and wanted != draft.looked_for:
        born = 0 if wanted.isdigit() else int(str(draft.answers["q02_ngay_sinh"])[:4])
        search = Search("all", wanted, born=born)
        return dialog.drafted(looked_for=wanted), [Find(search, "double")]
    question = next_prompt(scene, dialog)
    returned = draft is not None and question in draft.comments
    return dialog.open(question, keep=returned), [Ask()]


def _to_look_for(draft: Draft) -> str:
    """Return by what the list may know the person, as somebody else perhaps: their number, or,
    of somebody in no list, their name."""
    if not draft.collector or draft.practice:
        return ""
    number = draft.answers.get("q04_so_cccd")
    if isinstance(number, str):
        return number
    if draft.person:
        return ""
    born = draft.answers.get("q02_ngay_sinh")
    return fold(str(draft.answers.get("q01_ho_ten"))) if isinstance(born, str) else ""


def next_prompt(scene: Scene, dialog: Dialog) -> str:
    draft = dialog.draft
    if draft is None:
        return "for_whom"
    if not draft.relation:
        return "relationship"
    if not draft.consent:
        return "consent_collect"
    if draft.collector and draft.relation != "self" and not draft.proxy_name:
        return "proxy_name"
    if draft.relation == "self" and not dialog.chat.contact and not draft.collector:
        return "consent_contact"
    if needs_guardian(draft.answers, scene.today) and not draft.guardian.consent:
        return _guardian_prompt(draft)
    if _head_unknown(draft):
        return "relation_to_head"
    left = unanswered(scene.form, draft.answers, scene.known)
    if left and left[0].id in draft.offered:
        return "inherit"
    return left[0].id if left else _commented(scene, draft) or "review"


def _head_unknown(draft: Draft) -> bool:
    """True when it is to be asked who the person is in their household.

    Not of somebody who declared by themselves before, and is in no household of the list.
    """
    if not draft.collector or draft.practice or draft.relation_to_head:
        return False
    return not draft.offered_of or bool(draft.household)


def _commented(scene: Scene, draft: Draft) -> str:
    """Return the first question whose answer the officer has sent back, "" when there is none."""
    asked = relevant(scene.form, draft.answers, scene.known)
    return next((question.id for question in asked if question.id in draft.comments), "")


def _guardian_prompt(draft: Draft) -> str:
    """A parent who answers for the child, or a declared guardian, only has to agree."""
    if draft.relation == "con" or draft.consent == "guardian":
        return "guardian_consent"
    if not draft.guardian.name:
        return "guardian_name"
    return "guardian_consent" if draft.guardian.relation else "guardian_relation"


def previous_question(scene: Scene, draft: Draft, before: str) -> str | None:
    """Return the question that stands before `before` ("review": before the end), or None."""
    found = None
    for question in relevant(scene.form, draft.answers, scene.known):
        if question.id == before:
            break
        if question.id in draft.answers and draft.manner(question.id).how != "derived":
            found = question.id
    return found


def reopen(dialog: Dialog, question_id: str) -> Step:
    """Ask a question again; its answer stays until another one is stored."""
    draft = draft_of(dialog)
    dialog = dialog.open(question_id, keep=question_id in draft.answers)
    value = draft.answers.get(question_id)
    if isinstance(value, list):
        dialog = dialog.drafted(selected=tuple(value))
    return dialog, [Ask()]


def refuse(dialog: Dialog, code: str, **facts: object) -> Step:
    """Say why the reply does not do; the prompt stays, and counts how often this happened."""
    prompt = dialog.chat.prompt
    if prompt:
        dialog = dialog.chatted(prompt=prompt.replace(refusals=prompt.refusals + 1))
    return dialog, [Refuse(code, facts)]


def begin(scene: Scene, dialog: Dialog, relation: str) -> Step:
    """Start a submission for `relation` ("self", or "" while it is not known yet)."""
    draft = Draft(scene.new_id, scene.form.id, relation=relation)
    chat = dialog.chat.replace(
        submissions=(*dialog.chat.submissions, draft.id),
        own=draft.id if relation == "self" else dialog.chat.own,
    )
    dialog, said = onward(scene, Dialog(chat, draft))
    return dialog, [Create(draft.id), *said]


def forget(dialog: Dialog) -> Step:
    """Destroy the open submission; nothing of it stays in the chat."""
    gone = draft_of(dialog).id
    return Dialog(dialog.chat.without(gone)).open(None), [Erase(gone)]
