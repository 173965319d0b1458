"""The sentences people read and the words they type as commands: one file per language.

A key missing in a language falls back to the next file, key by key.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from bot.dialogs.readers.characters import fold, tone_fold


class BadTexts(Exception):
    """A text file is not what it should be. The message names the key."""


class Texts:
    """Sentences by dotted key: `texts("refuse.date_day", day=30)` is the sentence, filled in."""

    def __init__(self, language: str, *tables: Mapping[str, Any]) -> None:
        self.language = language
        self._sentences: dict[str, str] = {}
        self._lists: dict[str, tuple[str, ...]] = {}
        for table in reversed(tables):
            for key, value in _flat(table):
                if isinstance(value, str):
                    self._sentences[key] = value
                else:
                    self._lists[key] = tuple(value)

    def __call__(self, key: str, **facts: object) -> str:
        """Return the sentence of `key`. Raises KeyError for a key no language has."""
        sentence = self._sentences[key]
        return sentence.format_map(facts) if facts or "{" in sentence else sentence

    def __contains__(self, key: str) -> bool:
        return key in self._sentences

    def words(self, key: str) -> tuple[str, ...]:
        """Return the list under `key`, or nothing."""
        return self._lists.get(key, ())

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self._sentences) | frozenset(self._lists)

    @property
    def version(self) -> str:
        """Version of the texts, kept with every consent."""
        return self._sentences["version"]

    @cached_property
    def commands(self) -> Mapping[str, str]:
        """Typed line -> name. Several words count without tones too; one word would confuse."""
        found: dict[str, str] = {}
        for key, phrases in self._lists.items():
            if key.startswith("commands."):
                for phrase in phrases:
                    found[tone_fold(phrase)] = key.removeprefix("commands.")
                    if " " in phrase:
                        found.setdefault(fold(phrase), key.removeprefix("commands."))
        return found

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """Name that people write before an answer -> number of its item on paper."""
        return {
            tone_fold(name): key.removeprefix("tags.")
            for key, names in self._lists.items()
            if key.startswith("tags.")
            for name in names
        }

    def command(self, text: str) -> str | None:
        """Return the name of the command that the whole message is, or None."""
        if len(text) > LONGEST_COMMAND:
            return None
        return self.commands.get(tone_fold(text).rstrip(".!"))


def load_texts(language: str, *files: str) -> Texts:
    """Return the texts of the first file, falling back to the next ones. Raises BadTexts."""
    try:
        return Texts(language, *(tomllib.loads(file) for file in files))
    except tomllib.TOMLDecodeError as error:
        raise BadTexts(str(error)) from None


def is_bare(text: str, yes_no: Sequence[str]) -> bool:
    """True for a lone number, a list of numbers, or a yes/no: words that could answer anything."""
    if len(text) > LONGEST_COMMAND:
        return False
    digits = text.translate(_BETWEEN)
    if digits.isascii() and digits.isdigit():
        return len(digits) <= LONGEST_BARE_NUMBER
    return tone_fold(text).rstrip(".!") in yes_no


_BETWEEN = dict.fromkeys(map(ord, " ,.;"))
LONGEST_COMMAND = 40
"""Characters."""
LONGEST_BARE_NUMBER = 8
"""Digits. Nine or more are a document's number and tell what they are."""


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, (str, list)):
            yield prefix + key, value
        else:
            raise BadTexts(f"{prefix}{key}: neither a sentence nor a list")
