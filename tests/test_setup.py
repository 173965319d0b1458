"""`mau03 setup`: which office this is."""

from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.dialogs.known import Office
from bot.dialogs.language import Texts, load_texts
from bot.setup import (
    Answers,
    Desk,
    UnitUnclear,
    choose_office,
    find_unit,
    office_from_json,
    office_from_toml,
    office_to_json,
    read_units,
    setup_command,
    villages_in,
)

DIALOGS = Path(__file__).parent.parent / "bot/dialogs"
UNITS = read_units((DIALOGS / "data/places.csv").read_text("utf-8"))
TRIAL = office_from_toml((DIALOGS / "data/trial_office.toml").read_text("utf-8"))
WHOLE = Answers(
    commune="21340",
    legal_basis="Kế hoạch 12/KH-UBND",
    retention="10 năm",
    retention_source="Quyết định 34/QĐ-UBND",
)


@pytest.fixture(scope="module")
def texts() -> Texts:
    return load_texts("vi", (DIALOGS / "texts/vi.toml").read_text("utf-8"))


def test_the_list_is_whole() -> None:
    assert sum(not unit.province for unit in UNITS) == 34
    assert sum(bool(unit.province) for unit in UNITS) == 3321


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("21340", "21340"),
        ("Xã Sơn Tây Thượng", "21334"),
        ("son tay thuong", "21334"),
        ("XÃ SƠN TÂY HẠ", "21343"),
        ("phường sơn tây", "09574"),
        ("  dac khu ly son ", "21548"),
    ],
)
def test_a_commune_is_found(texts: Texts, given: str, code: str) -> None:
    communes = [unit for unit in UNITS if unit.province]

    assert find_unit(given, communes, texts).code == code


@pytest.mark.parametrize(
    "given", ["Quảng Ngãi", "quang ngai", "tỉnh Quảng Ngãi", "tinh quang ngai", "51"]
)
def test_a_province_is_found(texts: Texts, given: str) -> None:
    provinces = [unit for unit in UNITS if not unit.province]

    assert find_unit(given, provinces, texts).code == "51"


def test_several_of_one_name_are_listed(texts: Texts) -> None:
    with pytest.raises(UnitUnclear) as unclear:
        choose_office(Answers(commune="son tay"), UNITS, texts)

    assert all(code in str(unclear.value) for code in ("09574", "18172", "21340"))
    assert "Xã Sơn Tây, Quảng Ngãi" in str(unclear.value)


@pytest.mark.parametrize("given", ["Sơn Tấy", "phường Sơn Tây Hạ", "99999", "", "tây"])
def test_a_name_not_on_the_list_is_refused(texts: Texts, given: str) -> None:
    with pytest.raises(UnitUnclear):
        choose_office(Answers(province="51", commune=given), UNITS, texts)


def test_the_province_decides_between_two(texts: Texts) -> None:
    office = choose_office(Answers(province="quang ngai", commune="son tay"), UNITS, texts)

    assert (office.commune, office.commune_name) == ("21340", "Xã Sơn Tây")
    assert (office.province, office.province_name) == ("51", "Quảng Ngãi")
    assert (office.name, office.police_name) == ("UBND xã Sơn Tây", "Công an xã Sơn Tây")


def test_nothing_is_invented(texts: Texts) -> None:
    office = choose_office(Answers(commune="21340"), UNITS, texts)

    assert (office.legal_basis, office.retention, office.retention_source) == ("", "", "")
    assert office.trial and TRIAL.trial


def test_it_is_a_trial_until_all_three_are_given(texts: Texts) -> None:
    parts = (
        replace(WHOLE, legal_basis=" "),
        replace(WHOLE, retention=None),
        replace(WHOLE, retention_source=""),
    )

    assert not choose_office(WHOLE, UNITS, texts).trial
    assert all(choose_office(part, UNITS, texts).trial for part in parts)


def test_what_is_not_answered_stays(texts: Texts) -> None:
    first = Answers(commune="21340", officer="Đinh Văn Lâm", villages=("Tà Vinh",), name="UBND")
    before = choose_office(first, UNITS, texts)

    after = choose_office(
        Answers(phone=" 0255 000 111 ", officer="", name=""), UNITS, texts, before
    )

    assert (after.phone, after.officer, after.villages) == ("0255 000 111", "", ("Tà Vinh",))
    assert after.name == "UBND"


def test_another_commune_starts_anew(texts: Texts) -> None:
    before = choose_office(replace(WHOLE, villages=("Tà Vinh",)), UNITS, texts)

    after = choose_office(Answers(commune="21343"), UNITS, texts, before)

    assert after.villages == () and after.trial
    assert after.name == "UBND xã Sơn Tây Hạ"


def test_an_office_is_the_same_after_keeping(texts: Texts) -> None:
    office = choose_office(replace(WHOLE, villages=("Tà Vinh", "Mang")), UNITS, texts)

    assert office_from_json(office_to_json(office)) == office
    assert office_from_json(office_to_json(TRIAL)) == TRIAL


def test_villages_come_from_a_list_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "villages.txt"
    file.write_text("\ufeffTà Vinh\r\n\r\nHuy Em \nTà Vinh\n", "utf-8")

    assert villages_in(str(file)) == villages_in("Tà Vinh,, Huy  Em ,Tà Vinh")
    assert villages_in("Tà Vinh, Huy Em") == ("Tà Vinh", "Huy Em")
    assert villages_in("") == ()


def run(texts: Texts, arguments: list[str], typed: str = "") -> tuple[int, str, list[Office]]:
    saved: list[Office] = []
    app = typer.Typer()
    app.command()(setup_command(lambda: Desk(texts, UNITS, None, saved.append)))
    result = CliRunner().invoke(app, arguments, input=typed)
    return result.exit_code, result.output, saved


def test_with_options_nothing_is_asked(texts: Texts) -> None:
    code, said, (office,) = run(texts, ["--commune", "21340", "--villages", "Tà Vinh, Mang"])

    assert code == 0
    assert office.villages == ("Tà Vinh", "Mang")
    assert texts("setup.still_trial") in said


def test_an_unclear_name_saves_nothing(texts: Texts) -> None:
    code, said, saved = run(texts, ["--commune", "son tay"])

    assert (code, saved) == (1, [])
    assert "21340" in said


def test_without_options_it_asks_until_the_place_is_clear(texts: Texts) -> None:
    typed = "quang ngay\nquang ngai\nson tay x\nson tay\n\n\nĐinh Văn Lâm\n0255\nTà Vinh, Mang\n"
    typed += f"{WHOLE.legal_basis}\n{WHOLE.retention}\n{WHOLE.retention_source}\n"

    code, said, (office,) = run(texts, [], typed)

    assert code == 0, said
    assert (office.commune, office.name) == ("21340", "UBND xã Sơn Tây")
    assert (office.officer, office.villages) == ("Đinh Văn Lâm", ("Tà Vinh", "Mang"))
    assert not office.trial
    assert said.count(texts("setup.ask_province")) == 2
    assert texts("setup.ready") in said


def test_nothing_is_saved_when_the_asking_is_broken_off(texts: Texts) -> None:
    code, _, saved = run(texts, [], "51\n21340\n")

    assert (code, saved) == (1, [])
