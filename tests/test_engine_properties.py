"""What must hold in any conversation: in memory, and on a real database that is closed and opened.

The person mostly answers what is asked, sometimes edits, goes back, presses old buttons, repeats
themselves or talks nonsense. The machine sees what a person sees, the last bubble, and what is
kept.
"""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.dialogs.messages import Content, Outgoing, Press, Text
from bot.dialogs.rules import age_on
from bot.dialogs.state import Answer, Draft
from tests import oracle
from tests.people import FORM, anything, reply
from tests.talks import TODAY, Stage
from tests.worlds import KNOWN, Memory, OnDisk, World

BOUNDLESS: Final = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.target),  # to shrink a conversation takes minutes
)


HALFWAY: Final = (
    *("1", "1", "2", "Nguyễn Văn An", "5/9/1990", "1", "051090001234", "bỏ qua"),
    *("thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi", "1", "7", "4", "2", "thợ xây"),
)
"""To item 11: from there on answers decide about others."""


class Promises(RuleBasedStateMachine):
    """One chat. `world` makes a fresh one."""

    world: ClassVar[Callable[[], World]]

    @initialize(begun=st.sampled_from([(), *[HALFWAY] * 4]))
    def begin(self, begun: Sequence[str]) -> None:
        self.at = type(self).world()
        self.number = 0
        self.bubble: Outgoing | None = None
        self.fresh = False
        """The last message opened a prompt: nobody can have seen it when it was sent."""
        self.last: tuple[Content, str] | None = None
        self.sent: dict[int, str] = {}
        for line in ("chào", *begun):
            self._send(Text(line))

    @rule(data=st.data())
    def say(self, data: st.DataObject) -> None:
        before = self._drafts()
        bubbles = self._send(data.draw(anything(self.bubble)))
        assert bubbles, "the person was left without an answer"
        self._check(before)

    @rule(text=st.sampled_from(["1", "2", "có", "7", "9: 3", "Nguyễn Văn An"]))
    def say_too_early(self, text: str) -> None:
        before, prompt = self._drafts(), self.bubble and self.bubble.question
        fresh, self.fresh = self.fresh, False
        self.number += 1
        bubbles = self.at.say_early(text, self.number)
        self._see(bubbles)
        if text in {"1", "2", "có", "7"} and prompt is not None and fresh:
            assert self._drafts() == before, "a bare early message was taken as an answer"
            assert not bubbles or bubbles[-1].question == prompt
        self._check(before)

    @precondition(lambda self: self.last is not None)
    @rule()
    def send_again(self) -> None:
        assert self.last is not None
        before = self._drafts()
        assert self.at.say(*self.last) == []
        assert self._drafts() == before

    @precondition(lambda self: self._has_button("back"))
    @rule()
    def back_and_keep(self) -> None:
        before = self._drafts()
        self._send(Press("back"))
        if self._has_button("confirm") and self.bubble and self.bubble.question in FORM:
            self._send(Press("confirm"))
        assert [_answers(draft) for draft in self._drafts()] == [_answers(d) for d in before]

    @precondition(lambda self: self.number % 6 == 0)
    @rule()
    def restart(self) -> None:
        before = self._drafts()
        self.at.restart()
        assert self._drafts() == before

    def _has_button(self, value: str) -> bool:
        return self.bubble is not None and value in [b.value for b in self.bubble.buttons]

    def _send(self, content: Content) -> list[Outgoing]:
        self.number += 1
        self.last = content, f"event {self.number}"
        bubbles = self.at.say(*self.last)
        self._see(bubbles)
        return bubbles

    def _see(self, bubbles: Sequence[Outgoing]) -> None:
        assert all(bubble.text.strip() for bubble in bubbles)
        assert not any("{" in bubble.text and "}" in bubble.text for bubble in bubbles)
        if bubbles:
            self.fresh = self.bubble is None or self.bubble.prompt != bubbles[-1].prompt
            self.bubble = bubbles[-1]

    def _drafts(self) -> list[Draft | None]:
        return self.at.drafts()

    def _check(self, before: Sequence[Draft | None]) -> None:
        after = self._drafts()
        for draft in filter(None, after):
            assert set(draft.answers) == set(oracle.still_counts(draft.answers)), "irrelevant kept"
            assert not set(draft.answers) & set(draft.parked)
            _restored_unchanged(before, draft)
        receipts = self.at.receipts()
        assert self.sent.items() <= receipts.items(), "a receipt was lost"
        self.sent = receipts
        self._check_open_prompt(after)
        self._check_guardian(after)

    def _check_guardian(self, after: Sequence[Draft | None]) -> None:
        for draft in filter(None, after):
            if self.bubble and self.bubble.receipt == draft.receipt != "":
                born = str(draft.answers["q02_ngay_sinh"])
                assert draft.guardian.consent or age_on(born, TODAY.date()) >= 16

    def _check_open_prompt(self, after: Sequence[Draft | None]) -> None:
        bubble = self.bubble
        if bubble is None or bubble.question is None:
            return
        assert bubble.prompt, "the open prompt has no revision"
        if bubble.question in FORM:
            asked = [oracle.asked(draft.answers) for draft in after if draft]
            assert any(bubble.question in questions for questions in asked)
            assert self._has_button("back")


def _answers(draft: Draft | None) -> object:
    return draft and (draft.all_answers(), draft.parked)


def _restored_unchanged(before: Sequence[Draft | None], after: Draft) -> None:
    """What was parked and is there again is what it was."""
    for draft in filter(None, before):
        if draft.id == after.id and after.status == "draft":
            assert set(draft.parked) <= {*after.parked, *after.answers}, "a parked answer was lost"
            for key in set(draft.parked) & set(after.answers):
                assert after.answer(key) == draft.parked[key]


def sized(config: pytest.Config, small: int, full: int) -> int:
    return full if config.getoption("--soak", default=False) else small


def seeded_machine(config: pytest.Config, machine: type[Promises]) -> type[Promises]:
    chosen = config.getoption("--seed", default=None)
    return machine if chosen is None else seed(int(chosen))(machine)


def test_any_conversation_keeps_its_promises(pytestconfig: pytest.Config) -> None:
    class InMemory(Promises):
        world = Memory

    examples = sized(pytestconfig, 250, 5000)
    run_state_machine_as_test(
        seeded_machine(pytestconfig, InMemory),
        settings=settings(BOUNDLESS, max_examples=examples, stateful_step_count=45),
    )


def test_any_conversation_on_a_database_that_closes(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    stage, names = Stage(tmp_path), count(1)

    class Closing(Promises):
        @staticmethod
        def world() -> World:
            return OnDisk(stage, f"chat {next(names)}")

    examples = sized(pytestconfig, 8, 300)
    try:
        run_state_machine_as_test(
            seeded_machine(pytestconfig, Closing),
            settings=settings(BOUNDLESS, max_examples=examples, stateful_step_count=35),
        )
    finally:
        stage.close()


def test_a_wandering_conversation_ends_like_a_straight_one(pytestconfig: pytest.Config) -> None:
    reached = []

    @settings(BOUNDLESS, max_examples=sized(pytestconfig, 60, 2000))
    @given(st.data())
    def wander(data: st.DataObject) -> None:
        memory = Memory()
        draft = _wandered(memory, data)
        if draft is not None:
            reached.append(draft)
            straight = _straight(draft)
            assert straight.answers == draft.answers
            assert _manners(straight) == _manners(draft)

    wander()
    assert reached, "no walk ever came to the review"


def _wandered(memory: Memory, data: st.DataObject) -> Draft | None:
    """Walk until a review is reached after some edits; None when it never is."""
    bubble, numbers = memory.say(Text("chào"), "0")[-1], count(1)
    bubble = memory.say(Text("1"), "first")[-1]
    reviews = 0
    for _ in range(60):
        if bubble.question == "review":
            reviews += 1
            if reviews == 3:
                return next(draft for draft in reversed(memory.drafts()) if draft)
            edits = [b.value for b in bubble.buttons if b.value.startswith("edit:")]
            content: Content = Press(data.draw(st.sampled_from(edits)))
        else:
            odd = data.draw(st.integers(0, 9)) == 0
            commands = st.sampled_from(["lùi", "?", "giữ", "99"]).map(Text)
            content = data.draw(commands if odd else reply(bubble))
        said = memory.say(content, str(next(numbers)))
        bubble = said[-1] if said else bubble
    return None


def _straight(wanted: Draft) -> Draft:
    """Answer each question once, as it was answered in the end; keep every warning."""
    memory, numbers = Memory(), count(1)
    bubble = memory.say(Text("chào"), "0")[-1]
    for _ in range(120):
        if bubble.question == "review":
            break
        content = _again(bubble, wanted)
        bubble = memory.say(content, f"straight {next(numbers)}")[-1]
    return next(draft for draft in memory.drafts() if draft)


def _again(bubble: Outgoing, wanted: Draft) -> Content:
    question = bubble.question or ""
    prompts = {
        "for_whom": "self",
        "consent_collect": "yes",
        "consent_contact": "no",
        "guardian_relation": "me",
        "guardian_consent": "yes",
        "warning": "confirm",
        "address_confirm": "confirm",
    }
    if question in prompts:
        return Press(prompts[question])
    if question == "guardian_name":
        return Text("Lê Văn Tám")
    return _said_again(question, wanted.answer(question))


def _said_again(question: str, answer: Answer) -> Content:
    """Return the message by which a value is given."""
    value, kind = answer.value, FORM[question].kind
    if value is None:
        reason = "unknown" if answer.reason in {"", "khong_nho"} else answer.reason
        return Press("skip" if answer.how == "skipped" else reason)
    if isinstance(value, list):
        order = list(FORM[question].labels)
        return Text(", ".join(str(order.index(code) + 1) for code in value))
    if isinstance(value, dict):
        return Text(value["text"] or "")
    if kind in {"birth_date", "date"} and len(value) == 4:
        return Text(f"chỉ có năm {value}")
    if kind in {"birth_date", "date"}:
        return Text("/".join(reversed(value.split("-"))))
    if kind == "ethnic_group":
        return Text(KNOWN.ethnic_groups.name(value))
    return Press(value) if kind == "choice" else Text(value)


def _manners(draft: Draft) -> dict[str, tuple[str, str]]:
    manners = {key: draft.manner(key) for key in draft.answers}
    return {key: (manner.how, manner.reason) for key, manner in manners.items()}
