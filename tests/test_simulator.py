"""The rules by which a script talks to the program, line by line (docs/simulator.md)."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from bot.content import form_of
from bot.platforms.terminal import converse
from tests.talks import Stage

Bubble = dict[str, Any]
Talk = Callable[..., "Script"]

ROOT: Final = Path(__file__).parent.parent
BEGUN: Final = ("xin chào", "1", "1", "2")
TO_8: Final = (
    *BEGUN,
    "Trần Thị Bưởi",
    "12/03/1985",
    "2",
    "051185004321",
    "bỏ qua",
    "thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi",
    "1",
)
TO_11: Final = (*TO_8, "7", "3", "1")
TO_REVIEW: Final = (*TO_11, "3", "3")
EMPLOYED: Final = (*TO_11, "1", "2", "trồng keo", "2", "2", "1", "bỏ qua")
KINDS: Final = {"ask", "confirm", "warn", "summary", "refuse", "info", "receipt"}
FIELDS: Final = {"kind", "question", "text", "buttons", "receipt"}
_names = count()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("simulator"))
    yield stage
    stage.close()


@dataclass(slots=True)
class Script:
    """One chat of the simulator, spoken to in lines."""

    stage: Stage
    chat: str

    def say(self, *lines: str | dict[str, str]) -> list[Bubble]:
        """Return the bubbles of the last line."""
        turn: list[Bubble] = []
        for line in lines:
            words = line if isinstance(line, str) else json.dumps(line)
            self.stage.terminal.chat = self.chat
            *turn, end = map(json.loads, converse(self.stage.terminal, [words]))
            assert end == {"end_of_turn": True}
            self.check(turn)
        return turn

    def press(self, value: str) -> list[Bubble]:
        return self.say({"press": value})

    @staticmethod
    def check(turn: Sequence[Bubble]) -> None:
        """What holds of every turn."""
        for bubble in turn:
            assert set(bubble) >= FIELDS
            assert bubble["kind"] in KINDS
            assert bubble["text"].strip() == bubble["text"] != ""
            assert (bubble["kind"] == "refuse") == ("code" in bubble)
            assert (bubble["kind"] == "warn") == ("codes" in bubble)
            assert (bubble["kind"] == "receipt") == (bubble["receipt"] is not None)


@pytest.fixture
def talk(stage: Stage) -> Talk:
    def begin(*lines: str) -> Script:
        script = Script(stage, f"script {next(_names)}")
        script.say(*lines)
        return script

    return begin


def values(bubble: Bubble) -> list[str]:
    return [button["value"] for button in bubble["buttons"]]


def opened(turn: Sequence[Bubble]) -> tuple[str, str | None]:
    """Return the kind and the question of the last bubble."""
    return turn[-1]["kind"], turn[-1]["question"]


def kept(script: Script) -> dict[str, Any]:
    """Return the values of the chat's newest submission."""
    draft = script.stage.kept(script.chat).drafts[-1]
    assert draft is not None
    return {key: answer.value for key, answer in draft.all_answers().items()}


# --- the prompts around the form -----------------------------------------------------------


def test_the_prompts_before_item_1_come_in_order(talk: Talk) -> None:
    script = talk()

    asked = [script.say(line)[-1] for line in BEGUN]

    assert [(bubble["kind"], bubble["question"]) for bubble in asked] == [
        ("ask", "for_whom"),
        ("ask", "consent_collect"),
        ("ask", "consent_contact"),
        ("ask", "q01_ho_ten"),
    ]
    assert values(asked[0]) == ["self", "household"]
    assert values(asked[1])[:2] == values(asked[2]) == ["yes", "no"]


def test_a_proxy_is_asked_who_and_whether_they_know(talk: Talk) -> None:
    script = talk("chào")

    assert opened(script.press("household")) == ("ask", "relationship")
    consent = script.press("vo_chong")
    assert opened(consent) == ("ask", "consent_collect")
    assert {"yes", "no", "guardian"} <= set(values(consent[-1]))
    assert opened(script.press("yes")) == ("ask", "q01_ho_ten")


def test_a_proxy_who_has_not_asked_leaves_a_visit_and_nothing_else(talk: Talk) -> None:
    script = talk("chào", "2", "3")

    turn = script.press("no")

    assert turn[-1]["question"] is None
    left = script.stage.kept(script.chat)
    assert left.drafts == [None]
    assert [kind for kind, _ in left.tasks] == ["visit"]


def test_at_fifteen_the_guardian_is_asked_at_once(talk: Talk) -> None:
    script = talk(*BEGUN, "Lê Thị Na")

    assert opened(script.say("22/11/2011")) == ("ask", "guardian_name")
    relation = script.say("Lê Văn Tám")
    assert opened(relation) == ("ask", "guardian_relation")
    consent = script.press(values(relation[-1])[0])
    assert opened(consent) == ("ask", "guardian_consent")
    assert values(consent[-1]) == ["yes", "no"]
    assert opened(script.press("yes")) == ("ask", "q03_gioi_tinh")
    draft = script.stage.kept(script.chat).drafts[-1]
    assert draft is not None
    assert draft.guardian.consent
    assert not draft.guardian.verified


def test_a_parent_as_proxy_ticks_once(talk: Talk) -> None:
    script = talk("chào", "2", "con", "1", "Lê Thị Na")

    assert opened(script.say("22/11/2011")) == ("ask", "guardian_consent")
    assert opened(script.say("1")) == ("ask", "q03_gioi_tinh")


def test_the_day_before_sixteen_needs_a_guardian_and_sixteen_does_not(talk: Talk) -> None:
    assert opened(talk(*BEGUN, "Lê Na").say("23/11/2010")) == ("ask", "guardian_name")
    assert opened(talk(*BEGUN, "Lê Na").say("22/11/2010")) == ("ask", "q03_gioi_tinh")


@pytest.mark.parametrize("born", ["23/11/2011", "chỉ có năm 2012"])
def test_under_fifteen_nothing_is_kept(talk: Talk, born: str) -> None:
    script = talk(*BEGUN, "Lê Thị Na")

    turn = script.say(born)

    assert turn[-1]["question"] is None
    assert "Không giữ lại thông tin vừa ghi" in turn[-1]["text"]
    assert script.stage.kept(script.chat).drafts == [None]


def test_refused_consent_erases(talk: Talk) -> None:
    script = talk("chào", "1")

    turn = script.press("no")

    assert turn[-1]["question"] is None
    assert "Không giữ lại thông tin vừa ghi" in turn[-1]["text"]
    left = script.stage.kept(script.chat)
    assert left.drafts == [None]
    assert left.consents == [("collect", "no")]


# --- questions -----------------------------------------------------------------------------


def test_a_question_has_its_choices_and_ways_out_as_buttons(talk: Talk) -> None:
    script = talk(*BEGUN)

    assert values(script.say("Trần Thị Bưởi")[-1]) == ["back"]
    assert values(script.say("12/03/1985")[-1]) == ["nam", "nu", "back"]
    number = values(script.say("2")[-1])
    assert {"unknown", "back"} <= set(number)
    assert "skip" not in number
    assert {"skip", "unknown", "back"} <= set(values(script.press("unknown")[-1]))


def test_skip_and_unknown_are_answers_without_a_value(talk: Talk) -> None:
    script = talk(*TO_8[:7])

    script.press("unknown")
    script.press("skip")

    assert {"q04_so_cccd": None, "q05_ma_bhxh": None}.items() <= kept(script).items()


def test_a_refusal_names_its_code_and_keeps_the_prompt_with_its_buttons(talk: Talk) -> None:
    script = talk(*TO_8, "7")

    turn = script.say("9")

    assert opened(turn) == ("refuse", "q09_gdpt")
    assert turn[-1]["code"]
    assert set(form_of()["q09_gdpt"].labels) <= set(values(turn[-1]))


def test_a_press_that_is_no_button_of_the_open_prompt_is_stale(talk: Talk) -> None:
    script = talk(*TO_8, "7")

    turn = script.press("nam")

    assert opened(turn) == ("refuse", "q09_gdpt")
    assert turn[-1]["code"] == "stale"
    assert "q09_gdpt" not in kept(script)


def test_a_refused_tag_leaves_the_next_unanswered_question_open(talk: Talk) -> None:
    script = talk(*TO_8)

    turn = script.say("8: 7; 9: 4; 13: 1")

    assert turn[-1]["question"] == "q10_cmkt"
    assert (kept(script)["q08_uu_tien"], kept(script)["q09_gdpt"]) == (["khong"], "thpt")


def test_several_answers_are_read_back_in_one_bubble(talk: Talk) -> None:
    script = talk(*TO_8)

    turn = script.say("8: 7; 9: 4; 10: 1; 11: 2")

    assert [bubble["kind"] for bubble in turn] == ["info", "ask"]
    items = [line.split(".")[0].split()[-1] for line in turn[0]["text"].splitlines()[1:]]
    assert items == ["8", "9", "10", "11"]
    assert turn[-1]["question"] == "q13_that_nghiep"


# --- several choices -----------------------------------------------------------------------


def test_a_press_toggles_and_asks_again_with_what_is_selected(talk: Talk) -> None:
    script = talk(*TO_8)

    one = script.press("khuyet_tat")
    two = script.press("ho_ngheo")
    back = script.press("khuyet_tat")

    assert opened(one) == opened(two) == opened(back) == ("ask", "q08_uu_tien")
    assert one[-1]["selected"] == ["khuyet_tat"]
    assert set(two[-1]["selected"]) == {"khuyet_tat", "ho_ngheo"}
    assert back[-1]["selected"] == ["ho_ngheo"]
    assert "q08_uu_tien" not in kept(script)


def test_done_with_nothing_chosen_is_refused(talk: Talk) -> None:
    turn = talk(*TO_8).press("done")

    assert opened(turn) == ("refuse", "q08_uu_tien")
    assert "done" in values(turn[-1])


def test_the_none_choice_excludes_the_others_both_ways(talk: Talk) -> None:
    script = talk(*TO_8)

    script.press("khuyet_tat")
    assert script.press("khong")[-1]["selected"] == ["khong"]
    assert script.press("thu_hoi_dat")[-1]["selected"] == ["thu_hoi_dat"]


def test_done_stores_what_is_selected_in_the_order_of_the_form(talk: Talk) -> None:
    script = talk(*TO_8)
    script.press("thu_hoi_dat")
    script.press("khuyet_tat")

    assert opened(script.press("done")) == ("ask", "q09_gdpt")
    assert kept(script)["q08_uu_tien"] == ["khuyet_tat", "thu_hoi_dat"]


def test_a_typed_list_replaces_what_was_pressed_and_ends(talk: Talk) -> None:
    script = talk(*TO_8)
    script.press("khuyet_tat")

    assert opened(script.say("2, 6")) == ("ask", "q08_dan_toc")
    assert kept(script)["q08_uu_tien"] == ["ho_ngheo", "dan_toc_thieu_so"]


# --- warnings, confirmations ---------------------------------------------------------------


def test_all_warnings_of_an_answer_are_one_prompt(talk: Talk) -> None:
    script = talk(*TO_8[:7])

    turn = script.say("999090001234")

    assert opened(turn) == ("warn", "warning")
    assert len(turn) == 1
    assert turn[0]["about"] == "q04_so_cccd"
    assert set(turn[0]["codes"]) == {"cccd_prefix", "cccd_gender", "cccd_birthyear"}
    assert values(turn[0]) == ["confirm", "correct"]


def test_correct_stores_nothing_and_confirm_records_what_was_kept(talk: Talk) -> None:
    script = talk(*TO_8[:7])

    script.say("051090001234")
    assert opened(script.press("correct")) == ("ask", "q04_so_cccd")
    assert "q04_so_cccd" not in kept(script)
    script.say("051090001234")
    assert opened(script.press("confirm")) == ("ask", "q05_ma_bhxh")
    draft = script.stage.kept(script.chat).drafts[-1]
    assert draft is not None
    assert set(draft.answer("q04_so_cccd").kept) == {"cccd_gender", "cccd_birthyear"}


def test_a_completed_place_is_confirmed_first(talk: Talk) -> None:
    script = talk(*TO_8[:9])

    turn = script.say("thôn Tà Vinh")

    assert opened(turn) == ("confirm", "address_confirm")
    assert values(turn[-1]) == ["confirm", "cancel"]
    assert opened(script.press("cancel")) == ("ask", "q06_thuong_tru")
    assert "q06_thuong_tru" not in kept(script)
    script.say("thôn Tà Vinh")
    assert opened(script.press("confirm")) == ("ask", "q07_khac_thuong_tru")
    place = kept(script)["q06_thuong_tru"]
    assert (place["commune"], place["province"]) == ("21340", "51")


def test_a_change_that_drops_answers_is_confirmed(talk: Talk) -> None:
    script = talk(*EMPLOYED)
    before = kept(script)

    script.press("edit:q11_hdkt")
    turn = script.press("that_nghiep")

    assert opened(turn) == ("confirm", "drop_confirm")
    assert values(turn[-1]) == ["confirm", "cancel"]
    assert opened(script.press("cancel")) == ("summary", "review")
    assert kept(script) == before
    script.press("edit:q11_hdkt")
    script.press("that_nghiep")
    assert opened(script.press("confirm")) == ("ask", "q13_that_nghiep")
    assert not [key for key in kept(script) if key.startswith("q12")]


def test_a_warning_comes_before_the_question_about_dropping(talk: Talk) -> None:
    old = [line if line != "12/03/1985" else "12/03/1950" for line in EMPLOYED]
    old[old.index("051185004321")] = "051150004321"
    script = talk(*old)
    script.press("edit:q11_hdkt")

    assert opened(script.press("that_nghiep")) == ("warn", "warning")
    assert opened(script.press("confirm")) == ("confirm", "drop_confirm")
    assert opened(script.press("confirm")) == ("ask", "q13_that_nghiep")


@pytest.mark.parametrize(
    ("words", "question", "status"),
    [("có", "q11_hdkt", None), ("không", "q13_that_nghiep", "that_nghiep")],
)
def test_yes_to_having_farm_work_is_not_unemployment(
    talk: Talk, words: str, question: str, status: str | None
) -> None:
    old = [line if line != "12/03/1985" else "12/03/1950" for line in TO_11]
    old[old.index("051185004321")] = "051150004321"
    script = talk(*old, "2")

    turn = script.say(words)

    assert turn[-1]["question"] == question
    assert kept(script).get("q11_hdkt") == status


def test_a_contract_that_begins_later_is_asked_about_not_refused(talk: Talk) -> None:
    script = talk(*TO_11, "1", "4", "công nhân may", "2", "1", "1")

    turn = script.say("12/2026")

    assert opened(turn) == ("warn", "warning")
    assert turn[-1]["codes"] == ["q12_2b_ngay"]


def test_an_answer_skipped_before_is_asked_once_it_is_required(talk: Talk) -> None:
    script = talk(*TO_8, "7", "4", "2", "bỏ qua", "3", "3")

    script.press("edit:q10_cmkt")

    assert opened(script.press("so_cap")) == ("ask", "q10_1_nganh")


def test_a_card_is_confirmed(talk: Talk) -> None:
    script = talk(*BEGUN)
    card = "051090001234||Nguyễn Văn An|05091990|Nam|Thôn Tà Vinh, Sơn Tây, Quảng Ngãi|01052021"

    turn = script.say(card)

    assert opened(turn) == ("confirm", "card_confirm")
    assert values(turn[-1]) == ["confirm", "cancel"]
    assert "051090001234" not in turn[-1]["text"]
    assert opened(script.press("cancel")) == ("ask", "q01_ho_ten")
    assert kept(script) == {}
    script.say(card)
    assert opened(script.press("confirm")) == ("ask", "q05_ma_bhxh")
    assert kept(script)["q04_so_cccd"] == "051090001234"


# --- back, edit, review, receipt -----------------------------------------------------------


def test_back_reopens_the_question_before_and_confirm_keeps_it(talk: Talk) -> None:
    script = talk(*TO_11)
    before = kept(script)

    turn = script.press("back")

    assert opened(turn) == ("ask", "q10_cmkt")
    assert "confirm" in values(turn[-1])
    assert opened(script.press("confirm")) == ("ask", "q11_hdkt")
    assert kept(script) == before


def test_after_an_edit_comes_the_first_question_without_an_answer(talk: Talk) -> None:
    script = talk(*TO_11)

    script.say("sửa 8")
    assert opened(script.say("6")) == ("ask", "q08_dan_toc")
    assert opened(script.say("Hrê")) == ("ask", "q11_hdkt")


def test_the_review_has_a_button_for_each_answer(talk: Talk) -> None:
    script = talk(*TO_REVIEW[:-1])

    turn = script.say(TO_REVIEW[-1])

    assert opened(turn) == ("summary", "review")
    assert values(turn[-1]) == ["submit", *(f"edit:{key}" for key in kept(script))]
    assert "051185004321" not in turn[-1]["text"]
    assert opened(script.press("edit:q11_ly_do")) == ("ask", "q11_ly_do")
    assert opened(script.press("di_hoc")) == ("summary", "review")


def test_submit_gives_a_receipt_and_nothing_is_open(talk: Talk) -> None:
    script = talk(*TO_REVIEW)

    turn = script.press("submit")

    assert opened(turn) == ("receipt", None)
    receipt = turn[-1]["receipt"]
    assert len(receipt) == 9
    assert receipt.isdigit()
    assert " ".join((receipt[:3], receipt[3:6], receipt[6:])) in turn[-1]["text"]
    assert turn[-1]["buttons"] == []


def test_editing_what_was_sent_asks_why_and_keeps_the_receipt(talk: Talk) -> None:
    script = talk(*TO_REVIEW)
    first = script.press("submit")[-1]["receipt"]

    why = script.say("sửa 9")
    assert opened(why) == ("ask", "change_kind")
    assert values(why[-1]) == ["mistake", "change"]
    assert opened(script.press("mistake")) == ("ask", "q09_gdpt")
    assert opened(script.say("2")) == ("summary", "review")
    assert script.press("submit")[-1]["receipt"] == first


def test_who_withdrew_can_begin_again(talk: Talk) -> None:
    script = talk(*TO_REVIEW, "1", "rút phiếu", "1", "khai")

    assert opened(script.press("self")) == ("ask", "consent_collect")
    assert opened(script.press("yes")) == ("ask", "q01_ho_ten")


def test_a_line_after_end_of_turn_was_sent_after_the_question(talk: Talk) -> None:
    assert opened(talk().say("chào", "1", "1", "1")) == ("ask", "q01_ho_ten")


def test_one_in_a_row_within_a_second_consents_to_nothing(stage: Stage) -> None:
    chat = "hasty"
    Script(stage, chat).say("chào", "1")

    said = [stage.say_early(chat, text, number) for number, text in enumerate(["1", "1", "có"])]

    assert said[:2] == [[], []]
    assert [bubble.question for bubble in said[2]] == ["consent_collect"]
    assert stage.kept(chat).consents == []


# --- the process itself --------------------------------------------------------------------


def simulator(*options: str) -> list[str]:
    return [sys.executable, "-m", "bot", "chat", "--json", "--today", "2026-11-22", *options]


def run(lines: Sequence[str], *options: str) -> list[Bubble]:
    done = subprocess.run(
        simulator(*options),
        cwd=ROOT,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_whole_form_without_any_configuration() -> None:
    out = run([*TO_REVIEW, json.dumps({"press": "submit"})])

    assert out.count({"end_of_turn": True}) == len(TO_REVIEW) + 1
    assert out[-1] == {"end_of_turn": True}
    assert out[-2]["kind"] == "receipt"


def test_no_input_is_no_output() -> None:
    assert run([]) == []


def test_chats_are_kept_apart_and_found_again(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))

    run([*BEGUN, "Trần Thị Bưởi"], *data, "--chat", "one")
    other = run(["chào"], *data, "--chat", "two")
    again = run(["?"], *data, "--chat", "one")

    assert other[-2]["question"] == "for_whom"
    assert again[-2]["question"] == "q02_ngay_sinh"


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path))
    process = subprocess.Popen(
        simulator(*options),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for line in (*BEGUN, "Trần Thị Bưởi"):
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            while json.loads(process.stdout.readline()) != {"end_of_turn": True}:
                pass
        process.send_signal(signal.SIGKILL)

    turn = run(["12/03/1985"], *options)

    assert turn[-2]["question"] == "q03_gioi_tinh"


def test_plain_words_that_look_like_json_are_words(talk: Talk) -> None:
    assert opened(talk(*BEGUN).say("[1]")) == ("refuse", "q01_ho_ten")
    assert opened(talk(*BEGUN).say('"Trần Thị Bưởi"'))[1] in {"q01_ho_ten", "q02_ngay_sinh"}
