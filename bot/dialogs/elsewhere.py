"""What can be done on a page of ours instead of in the chat: a private answer, a card's QR code."""

from collections.abc import Iterator

from bot.dialogs.effects import Ask, Tell
from bot.dialogs.form import Question
from bot.dialogs.messages import Capabilities
from bot.dialogs.scene import Scene, Step, onward
from bot.dialogs.state import Dialog


def scan(scene: Scene, dialog: Dialog, _: str) -> Step:
    """Offer the page that reads a card, wherever the text of a card would be taken."""
    draft, prompt = dialog.draft, dialog.chat.prompt
    if draft is None or not draft.consent or (draft.confirmed and not draft.change.kind):
        nothing = Tell("scan_nothing")
        return dialog, [nothing, Ask()] if prompt else [nothing]
    if prompt is None:
        dialog, _asked = onward(scene, dialog.drafted(pending=None))
    if offers_scan(scene, dialog):
        return dialog, [Ask()]
    return dialog, [Tell("scan_page" if scene.scan_of else "scan_paste"), Ask()]


def offers_scan(scene: Scene, dialog: Dialog) -> bool:
    """True at the first question, before it has an answer: there the page is offered unasked."""
    prompt, first = dialog.chat.prompt, scene.form.questions[0].id
    if scene.scan_of is None or prompt is None or prompt.question != first:
        return False
    return dialog.draft is not None and first not in dialog.draft.answers


def scan_address(scene: Scene, dialog: Dialog) -> str:
    """Return the address of the page that reads a card for the open prompt, "" for none."""
    prompt = dialog.chat.prompt
    return scene.scan_of(str(prompt.rev)) if scene.scan_of and prompt else ""


def private_page(
    scene: Scene, dialog: Dialog, question: Question, able: Capabilities
) -> Iterator[str]:
    """Yield the line that offers a page for a private answer, where answers stay in the chat."""
    prompt = dialog.chat.prompt
    if able.stays and question.private and scene.page_of and prompt:
        yield scene.known.texts("private_page", url=scene.page_of(str(prompt.rev)))
