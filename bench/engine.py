"""Engine and render of a whole survey, state through JSON both ways, against a minimal engine."""

import json
from collections.abc import Callable
from datetime import date
from time import process_time
from typing import Any, Final

from bench import minimal
from bench.figures import Figures, Scale
from bench.survey import survey_lines
from bot.app import CAPABILITIES
from bot.content import form_of, known_of, trial_office
from bot.dialogs.effects import Received, Said, Submit
from bot.dialogs.engine import advance
from bot.dialogs.render import render
from bot.dialogs.scene import Scene
from bot.dialogs.state import Chat, Dialog, Draft

TODAY: Final = date(2026, 11, 22)
GOAL: Final = 3.0
"""Times the CPU of the minimal engine."""


def measure(scale: Scale) -> Figures:
    """Return CPU time per turn of both and their ratio."""
    ours, least = _Ours(), _Least()
    ours.play()
    figures = Figures()
    for _ in range(scale.rounds):
        mine = _per_turn(ours.play, scale.of(100, 20))
        floor = _per_turn(least.play, scale.of(1000, 200))
        figures.add("engine and render", mine, "us CPU/turn")
        figures.add("minimal engine", floor, "us CPU/turn")
        figures.add("engine / minimal", mine / floor, "x", at_most=GOAL)
    return figures


def _per_turn(play: Callable[[], int], times: int) -> float:
    start = process_time()
    turns = sum(play() for _ in range(times))
    return (process_time() - start) / turns * 1e6


class _Ours:
    """A whole form, each turn from stored state to stored state and bubbles."""

    def __init__(self) -> None:
        known = known_of(trial_office())
        self._scene = Scene(form_of(), known, TODAY, 7)
        self._lines = survey_lines(1)
        self._able = CAPABILITIES["terminal"]

    def play(self) -> int:
        """Return the number of turns. Raises AssertionError when there is no receipt."""
        chat: bytes | None = None
        submission: bytes | None = None
        dialog = Dialog()
        for line in self._lines:
            dialog = self._stored(chat, submission)
            dialog, effects = advance(self._scene, dialog, Said(line))
            if any(isinstance(effect, Submit) for effect in effects):
                dialog, effects = advance(self._scene, dialog, Received("123456782"))
            render(self._scene, dialog, effects, self._able)
            chat = dialog.chat.to_document()
            submission = dialog.draft.to_document() if dialog.draft else None
        assert dialog.draft is not None
        assert dialog.draft.status == "confirmed"
        return len(self._lines)

    def _stored(self, chat: bytes | None, submission: bytes | None) -> Dialog:
        draft = Draft.from_document(self._scene.new_id, submission) if submission else None
        return Dialog(Chat.from_document(chat), draft)


class _Least:
    """The same of the minimal engine."""

    def __init__(self) -> None:
        self._survey = minimal.survey()
        self._lines = [question.sample for question in minimal.samples(self._survey)]

    def play(self) -> int:
        state = json.dumps({"position": 0, "answers": {}})
        for line in self._lines:
            before: dict[str, Any] = json.loads(state)
            position, answers, _ = minimal.advance(
                self._survey, before["position"], before["answers"], line
            )
            state = json.dumps({"position": position, "answers": answers}, ensure_ascii=False)
        return len(self._lines)
