"""Lists of people read in: time and memory, against openpyxl reading the same cells unchecked."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from admin.exports import xlsx
from admin.exports.layout import layout_of, layout_table
from admin.exports.table import Exported
from bench.figures import Figures, Scale
from bench.homes import folder
from bot.content import form_of, known_of, trial_office
from bot.dialogs.readers.reading import Value

SECONDS: Final = 60.0
MEMORY: Final = 300.0
"""MB above start. Both for 100,000 people."""
PER_HOUSEHOLD: Final = 4
WORDS: Final = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def measure(scale: Scale) -> Figures:
    """Return seconds and memory of a whole list, of its cells alone, and of openpyxl."""
    count, figures = scale.of(100_000, 5_000), Figures()
    goals = {} if scale.quick else {"at_most": SECONDS}
    with folder() as data:
        file = data / "people.xlsx"
        write_people(file, count)
        for _ in range(scale.rounds):
            done = {name: _child(name, file, count) for name in ("people", "cells", "openpyxl")}
            ours, alone, floor = (done[name]["took"] for name in ("people", "cells", "openpyxl"))
            figures.add(f"{count:,} people read and checked", ours, "CPU s", **goals)
            figures.add(f"{count:,} lines of cells", alone, "CPU s")
            figures.add(f"{count:,} lines, openpyxl", floor, "CPU s")
            figures.add("people / openpyxl", ours / floor, "x time")
            figures.add("cells / openpyxl", alone / floor, "x time")
            peak = done["people"]["memory"]
            figures.add("people: memory", peak, "MB above start", at_most=MEMORY)
            figures.add("openpyxl: memory", done["openpyxl"]["memory"], "MB above start")
    return figures


def write_people(file: Path, count: int) -> None:
    """Write invented people as the provincial sheet of 26 columns."""
    table = layout_table(layout_of("a"), form_of(), known_of(trial_office()), date(2026, 11, 22))
    xlsx.write(file, table, _people(count))


def _people(count: int) -> Iterator[Exported]:
    at = datetime(2025, 11, 22)
    for number in range(1, count + 1):
        yield Exported(number, "", "", "", None, "confirmed", at, _answers(number))


def _answers(number: int) -> Mapping[str, Value]:
    born = date(1950, 1, 1) + timedelta(days=number * 7 % 20_000)
    home = number // PER_HOUSEHOLD
    address = WORDS["address"].format(number=home % 977, village=home % 40)
    one, other = WORDS["given"][number // 5 % 10], WORDS["given"][number // 50 % 10]
    name = WORDS["name"].format(middle=WORDS["middle"][number % 5], one=one, other=other)
    digit = 0 if born.year < 2000 else 2
    work: dict[str, Value] = {"q11_hdkt": "khong_tham_gia", "q11_ly_do": "noi_tro"}
    if number % PER_HOUSEHOLD:
        work = {
            "q11_hdkt": "co_viec_lam",
            "q12_1_vi_the": "lam_cong",
            "q12_2_cong_viec": WORDS["job"].format(number=number % 500),
            "q12_2a_loai": "tu_nguyen",
            "q12_2b_loai": "xac_dinh",
            "q12_3_noi_lam": WORDS["company"].format(number=number % 900),
            "q12_3a_loai_dn": "dn_ngoai_nha_nuoc",
            "q12_3b_dia_chi": {"text": WORDS["place"]},
        }
    return {
        "q01_ho_ten": name,
        "q02_ngay_sinh": born.isoformat(),
        "q03_gioi_tinh": "nam",
        "q04_so_cccd": f"051{digit}{born.year % 100:02}{number:06}",
        "q05_ma_bhxh": f"51{number:08}",
        "q06_thuong_tru": {"text": address},
        "q08_uu_tien": ["ho_ngheo", "dan_toc_thieu_so"],
        "q08_dan_toc": "19",
        "q09_gdpt": "thcs",
        "q10_cmkt": "so_cap",
        "q10_1_nganh": WORDS["trade"],
        **work,
    }


def _child(what: str, file: Path, count: int) -> Any:
    """Read once in a process of its own: memory of an earlier one would not be given back."""
    command = [sys.executable, "-m", "bench.importing", what, str(file)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    result = json.loads(done.stdout)
    assert result["count"] >= count, "people were lost"
    return result
