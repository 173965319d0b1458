"""An enumerator who says and presses anything, on a whole program: answered always, lost never."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, func, select

from bot.dialogs.messages import Content, Outgoing, Press, Text
from bot.dialogs.readers.reading import Value
from storage.commune_tables import people
from storage.tables import submissions
from tests.field import Resident, put_account, put_household, put_person
from tests.talks import OFFICE, TODAY, Stage

VILLAGES: Final = ("Tà Vinh", "Nước Vương")
LAST_YEAR: Final[Mapping[str, Value]] = {
    "q05_ma_bhxh": None,
    "q07_khac_thuong_tru": "khong",
    "q08_uu_tien": ["khong"],
    "q09_gdpt": "thcs",
    "q10_cmkt": "chua_dao_tao",
    "q11_hdkt": "khong_tham_gia",
    "q11_ly_do": "noi_tro",
}
WORDS: Final = {
    "name": ("Lê Thị Bưởi", "Người Số 3", "Hồ Văn Tý"),
    "birth_date": ("12/3/1980", "chỉ có năm 1958", "5/5/2012", "22/11/2010"),
    "date": ("3/2020", "bỏ qua"),
    "id_number": ("051180004321", "không nhớ", "mất", "051090000003"),
    "insurance_number": ("bỏ qua", "0112233445"),
    "place": ("thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi", "tại nhà"),
    "ethnic_group": ("Ca Dong", "Hrê"),
    "choices": ("2, 6", "7"),
    "guardian_name": ("Lê Thị Cha",),
    "outcome_month": ("12/2026", "10/2026", "không rõ", "13/2026"),
    "inherit_changed": ("9", "5, 11", "99"),
    "change_since": ("10/2026",),
    "which_item": ("9", "11"),
    "text": ("trồng keo", "bỏ qua"),
}
ANY_TIME: Final = (
    *("menu", "?", "lùi", "tạm dừng", "thêm người", "phiếu của tôi", "sửa 9", "rút phiếu", "0"),
    *("người", "Tà Vinh", "đã xong", "9: 3; 10: 1", "cccd 051180004321", "khai", "tiếp", "xyz"),
    *("gặp cán bộ", "quyền", "1", "2"),
)


@pytest.fixture
def stage(tmp_path: Path) -> "Stage":
    stage = Stage(tmp_path, VILLAGES)
    stage.begin(TODAY.date())
    stage.say("walk", Text("chào"))
    stage.ledger.write_now(lambda connection: populate(connection, stage))
    return stage


def populate(connection: Connection, stage: Stage) -> None:
    """Two villages of invented people, some with last year's answers."""
    house = stage.house
    put_account(connection, house, stage.talked["walk"], "chị Hoa", VILLAGES, 10, "2026-12-01")
    for number in range(10):
        village = VILLAGES[number % 2]
        text = f"thôn {village}, xã Sơn Tây, tỉnh Quảng Ngãi"
        address: dict[str, str | None] = {
            "text": text,
            "commune": OFFICE.commune,
            "province": OFFICE.province,
        }
        if number % 2 == 0:
            home = put_household(connection, house, village, address)
        answers: dict[str, Value] = {
            "q01_ho_ten": f"Người Số {['Một', 'Hai', 'Ba', 'Bốn', 'Năm'][number % 5]}",
            "q02_ngay_sinh": f"19{60 + number}-01-0{number % 9 + 1}",
            "q03_gioi_tinh": "nam" if number % 2 else "nu",
        }
        resident = Resident(answers, village, home)
        if number % 3 == 0:
            answers |= {"q06_thuong_tru": address, **LAST_YEAR}
            resident = replace(resident, relation="chu_ho", year="2025")
        put_person(connection, house, resident)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_said_is_answered(
    stage: Stage, seed: int, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(seed)
    bubble: Outgoing | None = None
    receipts = 0

    for _ in range(2500 if request.config.getoption("--soak") else 250):
        bubbles = stage.say("walk", next_words(chance, bubble, stage))
        assert bubbles, "left without an answer"
        assert all(said.text.strip() and "{" not in said.text for said in bubbles)
        bubble = bubbles[-1]
        receipts += sum(said.kind == "receipt" for said in bubbles)

    assert receipts > 1, "the walk went nowhere"
    assert balance(stage) == []
    stage.close()


def next_words(chance: random.Random, bubble: Outgoing | None, stage: Stage) -> Content:
    """Mostly an answer to what is asked, now and then anything."""
    if bubble is None or bubble.question is None or chance.random() < 0.12:
        return Text(chance.choice(ANY_TIME))
    form = stage.house.conversation.form_of("mau03_2022")
    kind = form[bubble.question].kind if bubble.question in form else bubble.question
    if kind in WORDS:
        return Text(chance.choice(WORDS[kind]))
    if bubble.question == "review":
        return Press(chance.choice(["submit", "submit", "edit:q09_gdpt"]))
    values = [b.value for b in bubble.buttons if b.value not in {"back", "no"}]
    return Press(chance.choice(values or ["back"]), bubble.prompt)


def balance(stage: Stage) -> Sequence[str]:
    """Return what does not add up between people and the forms handed in."""

    def look(connection: Connection) -> list[str]:
        wrong = []
        live = submissions.c.status.in_(["confirmed", "returned"])
        forms = connection.scalar(select(func.count()).select_from(submissions).where(live))
        counted = people.c.submission_id.is_not(None)
        done = connection.scalar(select(func.count()).select_from(people).where(counted))
        if forms != done:
            wrong.append(f"{forms} forms, {done} people with one")
        half = select(people.c.id).outerjoin(submissions, submissions.c.id == people.c.draft_id)
        gone = half.where(people.c.draft_id.is_not(None), submissions.c.status != "draft")
        wrong += [f"person {i} is held by no draft" for i in connection.scalars(gone)]
        return wrong

    return stage.ledger.write_now(look)
