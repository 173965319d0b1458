"""Communes, households and people of a campaign. All of it is invented.

Every name that belongs to a commune carries its syllable: where another commune's is seen,
something has leaked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from bot.dialogs.known import Office
from bot.dialogs.readers.characters import fold

Truth = dict[str, Any]
"""Question id -> code, codes or words, as the person would answer. None: leaves it out."""

SYLLABLES: Final = ("Zôlap", "Xưpdam", "Kiblơ")
COMMUNES: Final = (
    ("21340", "Xã Sơn Tây"),
    ("21334", "Xã Sơn Tây Thượng"),
    ("21343", "Xã Sơn Tây Hạ"),
)
SHARED: Final = ("q02_ngay_sinh", "q03_gioi_tinh", "q04_so_cccd")
VILLAGES: Final = ("Tà Vinh", "Nước Vương", "Mang Tà Bể")
"""The same names in every commune: they keep nobody apart."""
FAMILIES: Final = ("Đinh", "Lê", "Hồ", "Phạm", "Trần", "Võ", "Bùi", "Đỗ")
MIDDLES: Final = {"nam": ("Văn", "Minh", "Quang", "Hữu"), "nu": ("Thị", "Mỹ", "Thu", "Kim")}
GIVEN: Final = ("Lâm", "Tý", "Sáu", "Ngọc", "Thảo", "Bình", "Giang", "Hậu", "Phúc", "Yên")
MORE: Final = ("An", "Bảo", "Cúc", "Diệp", "Hạnh", "Khê", "Lựu", "Mận", "Nhài", "Oanh", "Quế")
WORKS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "q11_hdkt": "co_viec_lam",
        "q12_1_vi_the": "tu_lam",
        "q12_2_cong_viec": "trồng keo",
        "q12_2a_bhxh": "khong",
        "q12_2b_hdld": "khong",
        "q12_3a_loai_hinh": "ho_nong_lam_thuy_san",
        "q12_3b_dia_chi": None,
    },
    {
        "q11_hdkt": "co_viec_lam",
        "q12_1_vi_the": "lam_cong",
        "q12_2_cong_viec": "may công nghiệp",
        "q12_2a_bhxh": "co",
        "q12_2a_loai": "bat_buoc",
        "q12_2b_hdld": "co",
        "q12_2b_loai": "khong_xac_dinh",
        "q12_2b_ngay": None,
        "q12_3_noi_lam": "Xưởng may Hoa Sim",
        "q12_3a_loai_hinh": "co_so_ca_the",
        "q12_3b_dia_chi": None,
    },
    {
        "q11_hdkt": "that_nghiep",
        "q13_that_nghiep": "da_tung",
        "q13_1_thoi_gian": "duoi_3_thang",
    },
    {"q11_hdkt": "khong_tham_gia", "q11_ly_do": "noi_tro"},
    {"q11_hdkt": "khong_tham_gia", "q11_ly_do": "huu_tri"},
)
DESTINIES: Final = (
    *(("form",),) * 11,
    *(("absent", "form"), ("ill", "absent", "form"), ("away_season", "form"), ("works_away",)),
    *(("moved_away",), ("died",), ("not_of_age",), ("not_at_address",), ("refused",), ("no",)),
    *(("absent",), ("refused", "form")),
)
"""What comes of each visit to somebody; the last one of every visit after it."""


@dataclass(eq=False, repr=False)
class Human:
    """Somebody who lives in a commune, as they are."""

    truth: Truth
    village: str
    house: "Home"
    destiny: tuple[str, ...] = ("form",)
    visits: int = 0

    @property
    def name(self) -> str:
        return str(self.truth["q01_ho_ten"])


@dataclass(eq=False, repr=False)
class Home:
    village: str
    address: dict[str, str | None]
    id: int = 0
    """In the database; 0 while nobody of it is on the list."""
    people: list[Human] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Row:
    """One person as the office keeps them: of the list, or from a form."""

    human: Human
    village: str
    home: Home | None
    known: Truth
    listed: bool = True
    year: str = ""
    flags: tuple[str, ...] = ()
    id: int = 0
    """In the database, of those on the list."""

    def shown(self) -> tuple[str, str, str]:
        """Name, year of birth and village, as a line of a list names them."""
        return str(self.known["q01_ho_ten"]), str(self.known["q02_ngay_sinh"])[:4], self.village


@dataclass(eq=False, repr=False)
class Town:
    """One commune: its office, its people, and what the list says of them."""

    number: int
    office: Office
    homes: list[Home] = field(default_factory=list)
    people: list[Human] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    citizens: list[Human] = field(default_factory=list)
    """Who will declare in a chat of their own."""
    pairs: list[tuple[Row, Row]] = field(default_factory=list)
    """On the list twice, or so alike that somebody must look."""

    @property
    def syllable(self) -> str:
        return fold(SYLLABLES[self.number])

    def unlisted(self) -> list[Human]:
        listed = {id(row.human) for row in self.rows if row.listed}
        return [human for human in self.people if id(human) not in listed]


def office(number: int) -> Office:
    commune, name = COMMUNES[number]
    own = SYLLABLES[number]
    return Office(
        commune=commune,
        commune_name=name,
        province="51",
        province_name="Quảng Ngãi",
        name=f"UBND {name} ({own})",
        police_name=f"Công an {own}",
        officer=f"chị Hạnh {own}",
        phone="0255 000 0000",
        villages=VILLAGES,
        legal_basis="Kế hoạch 12/KH-UBND ngày 05/10/2026",
        retention="5 năm",
        retention_source="Quyết định 34/QĐ-UBND ngày 05/10/2026",
    )


def found(number: int, size: int, chance: Random) -> Town:
    """Return a commune of `size` people: most on the list, some not, some twice."""
    town = Town(number, office(number))
    names = _names(number, chance)
    while len(town.people) < size:
        _move_in(town, next(names), chance)
    for human in town.people:
        if chance.random() < 0.92:
            town.rows.append(_listed(human, chance))
    _list_twice(town, names, chance)
    town.citizens = [human for human in town.people if chance.random() < 0.15]
    return town


def share_numbers(towns: Sequence[Town], chance: Random) -> None:
    """Give some people the number of somebody in another commune, as a wrong list does."""
    numbered = [row.human for row in towns[0].rows if row.known.get("q04_so_cccd")]
    for town in towns[1:]:
        some = dict.fromkeys([*town.unlisted()[:4], *town.citizens[:4]])
        for human, other in zip(some, chance.sample(numbered, len(some)), strict=True):
            human.truth |= {key: other.truth[key] for key in SHARED}
            for row in town.rows:
                if row.human is human:
                    row.known |= {key: human.truth[key] for key in row.known if key in SHARED}


def _names(number: int, chance: Random) -> Iterator[tuple[str, str]]:
    """Yield names nobody else has, each with a sex."""
    found = [
        (f"{family} {SYLLABLES[number]} {middle} {more} {given}", sex)
        for family in FAMILIES
        for sex, middles in MIDDLES.items()
        for middle in middles
        for more in MORE
        for given in GIVEN
    ]
    chance.shuffle(found)
    return iter(found)


def _move_in(town: Town, named: tuple[str, str], chance: Random) -> None:
    if not town.homes or len(town.homes[-1].people) >= chance.randint(1, 6):
        village = chance.choice(town.office.villages)
        text = f"thôn {village}, {town.office.commune_said}, tỉnh {town.office.province_name}"
        address: dict[str, str | None] = {
            "text": text,
            "commune": town.office.commune,
            "province": town.office.province,
        }
        town.homes.append(Home(village, address))
    home = town.homes[-1]
    serial = town.number * 100_000 + len(town.people)
    human = Human(_truth(named, home, serial, chance), home.village, home)
    human.destiny = chance.choice(DESTINIES)
    home.people.append(human)
    town.people.append(human)


def _truth(named: tuple[str, str], home: Home, serial: int, chance: Random) -> Truth:
    name, sex = named
    year, month, day = chance.randint(1950, 2005), chance.randint(1, 12), chance.randint(1, 28)
    digit = (year // 100 - 19) * 2 + (sex == "nu")
    number = f"051{digit}{year % 100:02}{serial:06}" if chance.random() < 0.85 else None
    minority = chance.random() < 0.3
    groups: Truth = {"q08_uu_tien": ["khong"]}
    if minority:
        groups = {"q08_uu_tien": ["dan_toc_thieu_so"], "q08_dan_toc": "Hrê"}
    return {
        "q01_ho_ten": name,
        "q02_ngay_sinh": f"{year}-{month:02}-{day:02}",
        "q03_gioi_tinh": sex,
        "q04_so_cccd": number,
        "q05_ma_bhxh": None if chance.random() < 0.6 else f"51{20_000_000 + serial}",
        "q06_thuong_tru": home.address["text"],
        "q07_khac_thuong_tru": "khong",
        **groups,
        "q09_gdpt": chance.choice(("tieu_hoc", "thcs", "thpt")),
        "q10_cmkt": "chua_dao_tao",
        **chance.choice(WORKS),
    }


def _listed(human: Human, chance: Random) -> Row:
    """Return what the list says: a little of everybody, of some all of last year."""
    truth, home = human.truth, human.house
    known: Truth = {key: truth[key] for key in ("q01_ho_ten", "q02_ngay_sinh", "q03_gioi_tinh")}
    if chance.random() < 0.6:
        known["q04_so_cccd"] = truth["q04_so_cccd"]
    row = Row(human, human.village, home, known)
    if chance.random() < 0.3:
        row.year = "2025"
        known |= {**truth, "q06_thuong_tru": dict(home.address), "h_thon": human.village}
        if "q08_dan_toc" in truth:
            known["q08_dan_toc"] = "19"
        if chance.random() < 0.5:
            known["q09_gdpt"] = chance.choice(("tieu_hoc", "thcs", "thpt"))
    if chance.random() < 0.1:
        row.flags = ("ho_ngheo",)
    return row


def _list_twice(town: Town, names: Iterator[tuple[str, str]], chance: Random) -> None:
    """Put some people on the list again, typed differently, and a few who are only alike."""
    for number in range(max(4, len(town.people) // 60)):
        first = chance.choice(town.rows)
        again = dict(first.known) if not first.year else dict(list(first.known.items())[:3])
        if number % 4 == 0 and first.human.truth["q04_so_cccd"]:
            again["q01_ho_ten"] = fold(first.human.name).title()
            first.known["q04_so_cccd"] = again["q04_so_cccd"] = first.human.truth["q04_so_cccd"]
        elif number % 4 == 3:
            _list_alike(town, first, next(names)[0], chance)
            continue
        village = chance.choice([v for v in town.office.villages if v != first.village])
        if any(row.human is first.human and row is not first for row in town.rows):
            continue
        second = Row(first.human, village, None, again)
        town.rows.append(second)
        town.pairs.append((first, second))


def _list_alike(town: Town, first: Row, _: str, chance: Random) -> None:
    """Somebody else of the same name and birth date, in another village, without a number."""
    homes = [home for home in town.homes if home.village != first.village]
    if not homes or any(row.human is first.human and row is not first for row in town.rows):
        return
    home = chance.choice(homes)
    same = {key: first.known[key] for key in ("q01_ho_ten", "q02_ngay_sinh", "q03_gioi_tinh")}
    truth = {**first.human.truth, "q04_so_cccd": None, "q06_thuong_tru": home.address["text"]}
    other = Human({**truth, "q05_ma_bhxh": None}, home.village, home)
    home.people.append(other)
    town.people.append(other)
    second = Row(other, home.village, home, same)
    town.rows.append(second)
    town.pairs.append((first, second))
