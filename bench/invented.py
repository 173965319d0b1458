"""An invented commune: people with names as frequent as in Vietnam. Nobody of them exists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from storage.lists import Listed
from storage.people import PersonDocument

SURNAMES: Final = {
    "Nguyễn": 384, "Trần": 121, "Lê": 95, "Phạm": 70, "Huỳnh": 51, "Phan": 45, "Võ": 39,
    "Đặng": 21, "Bùi": 20, "Đỗ": 14, "Hồ": 13, "Ngô": 13, "Dương": 10, "Lý": 5, "Đinh": 20,
    "Trương": 12, "Hà": 8, "Lương": 6, "Mai": 5, "Tạ": 4,
}  # fmt: skip
"""Surname -> how many of a thousand, roughly."""
WOMEN: Final = (
    ("Thị", "Thị", "Thị", "Thị", "Thị", "Thị", "Ngọc", "Thanh", "Kim", "Thu"),
    (
        "Hoa", "Hương", "Lan", "Hạnh", "Thủy", "Mai", "Hồng", "Nga", "Hà", "Bích", "Loan", "Yến",
        "Tuyết", "Phượng", "Liên", "Vân", "Oanh", "Nhung", "Trang", "Linh", "Thảo", "Huệ", "Cúc",
        "Đào", "Sen", "Tâm", "Hiền", "Dung", "Hằng", "Ngân", "Diễm", "Xuân", "Thơm", "Bưởi",
    ),
)  # fmt: skip
MEN: Final = (
    ("Văn", "Văn", "Văn", "Văn", "Văn", "Hữu", "Đức", "Minh", "Quốc", "Xuân"),
    (
        "Hùng", "Dũng", "Tuấn", "Cường", "Hải", "Sơn", "Long", "Nam", "Thành", "Tài", "Phúc",
        "Bình", "Hòa", "Lâm", "Khánh", "Quang", "Trung", "Tùng", "Việt", "Đạt", "Huy", "Phong",
        "Toàn", "Thắng", "Tân", "Lợi", "Đông", "Hưng", "Kiên", "Mạnh", "Ngọc", "Sáu", "Bảy", "Út",
    ),
)  # fmt: skip
PER_HOUSEHOLD: Final = 4
PER_VILLAGE: Final = 900


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented person."""

    number: int
    name: str
    born: str
    sex: str
    id_number: str
    village: str
    household: str

    def but(self, **changes: Any) -> "Invented":
        return replace(self, **changes)

    def document(self, year: str = "2025") -> PersonDocument:
        answers = {
            "q01_ho_ten": self.name,
            "q02_ngay_sinh": self.born,
            "q03_gioi_tinh": self.sex,
            "h_thon": self.village,
        }
        if self.id_number:
            answers["q04_so_cccd"] = self.id_number
        return PersonDocument(dict(answers), year)

    def listed(self, year: str = "2025") -> Listed:
        document = self.document(year)
        return Listed(document, self.village, self.household, number=self.household)


def commune(count: int, seed: int = 1, *, without_id: float = 0.15) -> Iterator[Invented]:
    """Yield so many people, household by household, village by village."""
    random = Random(seed)
    for number in range(count):
        yield person(random, number, without_id)


def person(random: Random, number: int, without_id: float) -> Invented:
    sex = random.choice(("nu", "nam"))
    middles, given = WOMEN if sex == "nu" else MEN
    year = min(2010, max(1930, int(random.gauss(1978, 17))))
    born = f"{year}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    if year < 1960 and random.random() < 0.2:  # many of the old know the year alone
        born = born[:4]
    name = f"{_surname(random)} {random.choice(middles)} {_given(random, given)}"
    digit = (0 if sex == "nam" else 1) + (2 if year >= 2000 else 0)
    identity = f"051{digit}{year % 100:02}{random.randrange(1_000_000):06}"
    return Invented(
        number, name, born, sex, "" if random.random() < without_id else identity,
        f"Thôn {number // PER_VILLAGE + 1}", f"H{number // PER_HOUSEHOLD + 1}",
    )  # fmt: skip


def _surname(random: Random) -> str:
    return random.choices(tuple(SURNAMES), tuple(SURNAMES.values()))[0]


def _given(random: Random, names: Sequence[str]) -> str:
    """Return a given name, the first ones far more often, one in six with a second word."""
    at = min(int(random.expovariate(1 / 10)), len(names) - 1)
    second = f"{random.choice(names)} " if random.random() < 1 / 6 else ""
    return second + names[at]
