"""A person as the commune keeps one: what was known last, sealed, and the columns to find them by.

Who may see whom is decided in `access`; how a form finds its person in `settling`.
"""

from typing import Any, Final

from msgspec import Struct, json

from bot.dialogs import record
from bot.dialogs.readers.reading import Value
from storage.ids import Random
from storage.sealed import Key, Keys, place, seal, unseal

FLAGS: Final = ("ho_ngheo", "ho_can_ngheo", "moi_thoat_ngheo")
"""Whose form comes first (Circular 11/2022, Art. 2): poor, near poor, newly out of poverty."""
HEAD: Final = "chu_ho"
"""Relation of the head of a household to the head."""


class PersonDocument(Struct, frozen=True, omit_defaults=True):
    """What is sealed of a person: the last answers known, and of which year."""

    answers: dict[str, Value] = {}
    """Question id -> value, as in a form. Of a list that was imported, never counted."""
    year: str = ""
    relation_to_head: str = ""
    flags: tuple[str, ...] = ()
    before: "PersonDocument | None" = None
    """What a list said until a form was handed in: it counts again when that form is erased."""


class HouseholdDocument(Struct, frozen=True, omit_defaults=True):
    """What is sealed of a household: its address as an answer, the number the office gave it."""

    address: dict[str, str | None] = {}
    number: str = ""


_PEOPLE: Final = json.Decoder(PersonDocument)
_HOUSEHOLDS: Final = json.Decoder(HouseholdDocument)


def found_by(keys: Keys, document: PersonDocument) -> dict[str, Any]:
    """Return the columns a person is found by: tokens, folded name, sex, birth year."""
    columns, tokens = record.columns(document.answers), record.tokens(document.answers)
    number = tokens.get("id_number")
    born = document.answers.get("q02_ngay_sinh")
    return {
        "sex": columns["sex"],
        "birth_year": columns["birth_year"],
        "folded_name": columns["folded_name"],
        "id_token": keys.token("id_number", number) if number else None,
        "person_token": keys.token("person", tokens["person"]) if born else None,
    }


def mark_tokens(keys: Keys, document: PersonDocument) -> list[str]:
    """Return the keyed marks of a person's flags, to order a visit list by."""
    return [keys.token("flag", flag) for flag in document.flags]


def household_token(keys: Keys, unit: str, village: str | None, number: str) -> str | None:
    """Return the token of the number an office gave a household; None without a number."""
    return keys.token("household", f"{unit}|{village or ''}|{number}") if number else None


def sealed_person(
    keys: Keys, random: Random, person_id: int, document: PersonDocument
) -> dict[str, Any]:
    """Return a new data key, wrapped, and the document sealed with it."""
    key, wrapped = keys.new_data_key(person_id, random)
    sealed = resealed_person(key, random, person_id, document)
    return {"data_key": wrapped, "document": sealed}


def resealed_person(key: Key, random: Random, person_id: int, document: PersonDocument) -> bytes:
    """Return the document sealed with the key this person has already."""
    return seal(key, json.encode(document), place("people", "document", person_id), random)


def sealed_household(
    keys: Keys, random: Random, household_id: int, document: HouseholdDocument
) -> dict[str, Any]:
    key, wrapped = keys.new_data_key(household_id, random)
    where = place("households", "document", household_id)
    return {"data_key": wrapped, "document": seal(key, json.encode(document), where, random)}


def person_document(keys: Keys, row: Any) -> PersonDocument | None:
    """Return what is sealed in a row with id, data_key, document; None once erased."""
    if row.data_key is None:
        return None
    key = keys.data_key(row.id, row.data_key)
    return _PEOPLE.decode(unseal(key, row.document, place("people", "document", row.id)))


def household_document(keys: Keys, row: Any) -> HouseholdDocument | None:
    if row.data_key is None:
        return None
    key = keys.data_key(row.id, row.data_key)
    return _HOUSEHOLDS.decode(unseal(key, row.document, place("households", "document", row.id)))
