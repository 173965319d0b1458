"""How villages are called: which of a commune's villages somebody means."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, select

from bot.dialogs.readers.characters import fold, same_words, tidy
from storage.commune_tables import people, units

VILLAGE_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "to dan pho": "to_dan_pho",
        "khu dan cu": "khu_dan_cu",
        "khu pho": "khu_pho",
        "tieu khu": "tieu_khu",
        "thon": "thon",
        "ban": "ban",
        "lang": "lang",
        "ap": "ap",
        "buon": "buon",
        "khom": "khom",
        "xom": "xom",
        "khu": "khu",
        "plei": "plei",
        "bon": "bon",
        "soc": "soc",
        "phum": "phum",
        "to": "to",
    }
)
"""First words of a village's name, without diacritics -> its kind. To add one: a line here and
its word under `unit_kinds` in the texts."""


def village_named(given: str, names: Iterable[str]) -> str | None:
    """Return the one village that is called like this, None when none is or several are.

    Diacritics and the word for its kind count where both sides have them.
    """
    wanted, names = tidy(given), tuple(dict.fromkeys(names))
    same: Callable[[str, str], bool]
    for same in (str.__eq__, _alike, _alike_but_for_kind):
        found = [name for name in names if same(wanted, name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _alike(one: str, other: str) -> bool:
    return same_words(one, other) or same_words(other, one)


def _alike_but_for_kind(one: str, other: str) -> bool:
    (kind, name), (other_kind, other_name) = _parts(one), _parts(other)
    return (not kind or not other_kind or kind == other_kind) and _alike(name, other_name)


def _parts(name: str) -> tuple[str, str]:
    """Return the kind a name begins with, "" when it says none, and the rest."""
    folded = fold(name)
    word = next((word for word in VILLAGE_KINDS if folded.startswith(f"{word} ")), "")
    rest = " ".join(name.split()[len(word.split()) :])
    return VILLAGE_KINDS.get(word, ""), rest


def village_of(connection: Connection, commune: str, given: str) -> str | None:
    """Return the village of a commune, or one where somebody on its list lives, by its name."""
    mine = select(units.c.name).where(units.c.parent == commune, units.c.level == "village")
    lived = select(people.c.village).distinct().where(people.c.unit == commune)
    lived_in = [*connection.scalars(lived.where(people.c.village.is_not(None)))]
    if given in lived_in:
        return given
    return village_named(given, connection.scalars(mine)) or village_named(given, lived_in)
