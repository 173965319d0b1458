"""What a conversation knows besides the answers: the office, places, groups, prefixes, words.

All of it is handed in as data; nothing here opens a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.dialogs.language import Texts
from bot.dialogs.readers.choice_words import ChoiceWords
from bot.dialogs.readers.ethnic_groups import EthnicGroups
from bot.dialogs.readers.gazetteer import Places
from bot.dialogs.readers.words import Words


@dataclass(frozen=True, slots=True)
class Office:
    """The commune office people talk to, as its administrator set it up. Codes are official."""

    commune: str
    """Five-digit code of the commune."""
    commune_name: str
    province: str
    """Two-digit code of the province."""
    province_name: str
    name: str
    """As people call it: "UBND xã Sơn Tây"."""
    police_name: str
    officer: str = ""
    phone: str = ""
    villages: tuple[str, ...] = ()
    legal_basis: str = ""
    retention: str = ""
    retention_source: str = ""

    @property
    def commune_said(self) -> str:
        """The commune's name inside a sentence: its kind in small letters."""
        return self.commune_name[:1].lower() + self.commune_name[1:]

    @property
    def trial(self) -> bool:
        """True until the legal basis and the retention period are given."""
        return not (self.legal_basis and self.retention and self.retention_source)


def with_villages(office: Office, villages: tuple[str, ...]) -> Office:
    return replace(office, villages=villages)


@dataclass(frozen=True, slots=True)
class Known:
    office: Office
    texts: Texts
    places: Places
    ethnic_groups: EthnicGroups
    words: Words
    choice_words: ChoiceWords
    id_prefixes: Mapping[str, str] = field(default_factory=dict)
    """First three digits of an ID number -> where birth was registered (Decision 124/2004)."""
    site: str = ""
    """Address of the web chat as people reach it, "" when it is not public."""
