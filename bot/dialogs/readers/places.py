"""Readers of places: an address, kept as it was written, and the official codes it is certain of.

Units are those since 1 July 2025. Where two communes have one name, none is chosen.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Question
from bot.dialogs.readers.characters import same_words, tidy_lines
from bot.dialogs.readers.choice_words import without_courtesies
from bot.dialogs.readers.choices import pick
from bot.dialogs.readers.gazetteer import Address, Places
from bot.dialogs.readers.no_places import refuse_no_place
from bot.dialogs.readers.phrases import plain
from bot.dialogs.readers.place_words import LOW, only
from bot.dialogs.readers.reading import Invalid, Reading

if TYPE_CHECKING:
    from bot.dialogs.known import Known

_RESIDENCES: Final = frozenset({"6", "7"})
"""Items that ask where a person lives; elsewhere "at home" says enough."""
_RURAL: Final = "xa"
"""Kind of commune whose parts are villages; wards are cut into numbered quarters."""
_MOST_WORDS: Final = 5
"""Words of the name of a place; more without a comma are a sentence."""


def read_place(text: str, question: Question, today: date, known: "Known") -> Reading:  # noqa: ARG001
    """Return {"text", "commune", "province"}: the words as written, codes where certain, else None.

    A village with nothing above it is completed with the office's commune and province. Raises
    Invalid place_too_short, place_too_long, place_link, place_coordinates, place_phone,
    place_unreadable.
    """
    written = ", ".join(line.strip(" ,;") for line in tidy_lines(text))
    refuse_no_place(written)
    office, places = known.office, known.places
    if _is_not_there(written, known):
        raise Invalid("place_unreadable")
    if _is_home(written, known):
        if question.item in _RESIDENCES:
            raise Invalid("place_too_short")
        return _reading(written, office.commune, office.province)
    address = places.address(written, office.villages)
    if address.low and address.only_low and _completes(address, known):
        above = f"{office.commune_said}, {office.province_name}"
        return _reading(f"{written}, {above}", office.commune, office.province, completed=True)
    if not _is_enough(address, places):
        raise Invalid("place_too_short")
    possible = places.possible(address)
    if len(possible) > 1 and not address.province and office.commune in possible:
        # Of several communes of this name ours is the likely one: the person is asked.
        return _reading(
            f"{written}, {office.province_name}", office.commune, office.province, completed=True
        )
    commune = only(possible)
    province = places.communes[commune].province if commune else address.province
    return _reading(written, commune, province)


def read_village(text: str, question: Question, today: date, known: "Known") -> Reading:  # noqa: ARG001
    """Return the name of the office's village that `text` names by number or name.

    Raises Invalid as `pick` does, and village_number_unclear when a number is both the place of
    one village in the list and the name of another.
    """
    villages, words = known.office.villages, known.places.words
    labels = [(village, (village, words.part(village).name)) for village in villages]
    village = pick(text, [(name, _unnumbered(names)) for name, names in labels], known.choice_words)
    for other, (_, name) in labels:
        if name == plain(text) and other != village:
            raise Invalid("village_number_unclear", listed=village, named=other)
    return Reading(village)


def village_in(text: str, villages: Sequence[str], places: Places) -> str | None:
    """Return the one village of the list that the address names, None when none or several do."""
    parts = [p for p in places.words.parts(text) if p.level in LOW or p.level == "bare"]
    parts = [p for p in parts if not places.named(p.whole)]
    whole = [v for v in villages if any(_holds(p.whole, v, places) for p in parts)]
    named = [
        village
        for village in villages
        for own in (places.words.part(village),)
        if not places.words.numbered(own)
        and any(p.level != "street" and _holds(p.name, own.name, places) for p in parts)
    ]
    found = whole or named
    longest = [v for v in found if not any(v != w and _holds(w, v, places) for w in found)]
    return longest[0] if len(longest) == 1 else None


def _holds(words: str, name: str, places: Places) -> bool:
    """True when `name` stands in `words`, bounded by words."""
    wanted, given = places.words.words(name), places.words.words(words)
    size = len(wanted)
    return any(
        same_words(" ".join(given[at : at + size]), " ".join(wanted))
        for at in range(len(given) - size + 1)
    )


def _unnumbered(names: tuple[str, str]) -> tuple[str, ...]:
    """Return the names by which a village may be called; "3" alone is a place in the list."""
    return tuple(name for name in names if not name.isdecimal())


def _reading(
    text: str, commune: str | None, province: str | None, *, completed: bool = False
) -> Reading:
    return Reading({"text": text, "commune": commune, "province": province}, completed=completed)


def _is_not_there(text: str, known: "Known") -> bool:
    """True when the text says where somebody does not live."""
    said = plain(text).split()
    begins = (" ".join(said[:count]) for count in (2, 3))
    return any("not_there" in known.places.words.phrases.meanings(words) for words in begins)


def _is_home(text: str, known: "Known") -> bool:
    """True when the whole of `text` says "at home" or "in the village" without a name."""
    phrases = known.places.words.phrases
    said = without_courtesies(plain(text), known.choice_words)
    return any("home" in phrases.meanings(shorter) for shorter in said)


def _completes(address: Address, known: "Known") -> bool:
    """True when a part can only be meant inside the office's commune.

    A quarter with nothing but a number is a part of a ward: in a rural commune it says too little.
    """
    own = known.places.communes.get(known.office.commune)
    rural = own is None or own.kind == _RURAL
    words = known.places.words
    for part in address.low:
        if part.level == "village" or (part.level == "street" and not words.numbered(part)):
            return True
        listed = any(same_words(part.whole, village) for village in known.office.villages)
        if part.level == "quarter" and (listed or not rural or not words.numbered(part)):
            return True
    return False


def _is_enough(address: Address, places: Places) -> bool:
    """True when something at the level of a commune, or below it, is named."""
    if address.communes or (address.low and not address.only_low):
        return True
    names = [part for part in address.bare if len(part.name.split()) <= _MOST_WORDS]
    if len(names) == 1 and len(address.bare) == 1:
        return bool(address.province or address.district or places.named(names[0].name))
    plausible = [p for p in names if places.named(p.name) or len(p.name.split()) > 1]
    return len(plausible) == len(address.bare) > 1
