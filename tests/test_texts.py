"""Every sentence is used, every code has a sentence, and the manner is that of the house."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from bot.content import form_of, known_of, read_data, texts_of
from bot.dialogs.asides import ASIDES
from bot.dialogs.effects import Sent
from bot.dialogs.language import BadTexts, is_bare, load_texts
from bot.dialogs.messages import Capabilities, NonText
from bot.dialogs.prompts import OPTIONS
from bot.dialogs.render import office_facts
from bot.dialogs.rules import RULES
from bot.dialogs.scene import Scene
from storage.policy import policy
from tests.talks import OFFICE

ROOT: Final = Path(__file__).parent.parent
TEXTS: Final = texts_of()
SOURCES: Final = {
    path: ast.parse(path.read_text("utf-8"))
    for package in ("bot", "storage", "admin")
    for path in (ROOT / package).rglob("*.py")
}
REFUSING: Final = {"Invalid", "Refuse", "refuse", "refusal"}
SAYING: Final = {"Tell", "Note", "texts", "words"}
LONGEST: Final = 700


def strings() -> Iterator[str]:
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def patterns() -> Iterator[str]:
    """Yield the keys and codes put together in the code, as regular expressions."""
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else "(.+)"
                    for part in node.values
                ]
                if any(part != "(.+)" and re.search("[a-z]", part) for part in parts):
                    yield "".join(parts)


def calls(names: set[str]) -> Iterator[tuple[str, ast.Call]]:
    """Yield (first literal argument, call) of the calls of these functions."""
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            literal = next((a for a in node.args if isinstance(a, ast.Constant)), None)
            if name in names and literal is not None and isinstance(literal.value, str):
                yield literal.value, node


def known_words() -> set[str]:
    """Return whatever may stand in the place of a variable part of a key."""
    form = form_of()
    codes = {code for question in form.questions for code in question.labels}
    reasons = {reason for question in form.questions for reason in question.absent_reasons}
    options = {value for values in OPTIONS.values() for value in values}
    checks = {str(check.id) for question in form.questions for check in question.checks}
    found = {*strings(), *codes, *reasons, *options, *checks, *RULES, *OPTIONS, *ASIDES}
    return found | {*policy().roles, *policy().actions}


LATER: Final = frozenset(
    {"route.telegram", "route.zalo"}
    | {f"status_of.{status}" for status in ("approved", "handed_over", "mismatched")}
)
"""Said once messengers and officers' pages are there."""


def test_no_sentence_is_dead() -> None:
    words, literal = known_words(), set(strings())
    built = [re.compile(pattern) for pattern in patterns()]
    pages = " ".join(path.read_text("utf-8") for path in (ROOT / "bot").rglob("*.html"))

    def word(text: str, depth: int = 1) -> bool:
        return text in words or (depth > 0 and put_together(text, depth - 1))

    def put_together(key: str, depth: int = 1) -> bool:
        found = (pattern.fullmatch(key) for pattern in built)
        return any(match and all(word(part, depth) for part in match.groups()) for match in found)

    def on_a_page(key: str) -> bool:
        starts = re.findall(r"""['"]([a-z_]+\.\w*)['"] ~""", pages)
        rests = (key.removeprefix(start) for start in starts if key.startswith(start))
        return key in pages or any(rest in pages for rest in rests)

    def alive(key: str) -> bool:
        named = key in literal or key.startswith(("commands.", "tags.")) or key in LATER
        return named or on_a_page(key) or put_together(key)

    assert sorted(key for key in TEXTS.keys if not alive(key)) == []


def test_every_command_is_a_command() -> None:
    named = {key.removeprefix("commands.") for key in TEXTS.keys if key.startswith("commands.")}

    assert named - {"zero"} <= set(ASIDES)


def test_everything_said_has_a_sentence() -> None:
    missing = {key for key, _ in calls({"Tell", "Note", "texts"}) if key not in TEXTS.keys}

    assert missing == set()


def test_every_refusal_has_a_sentence() -> None:
    codes = {code for code, _ in calls(REFUSING)}
    hard = {
        check.id
        for question in form_of().questions
        for check in question.checks
        if check.severity == "hard"
    }
    sent = set(NonText.__args__)  # type: ignore[attr-defined]

    missing = {
        code
        for code in codes | (hard - {"age_range"}) | {"too_young", "too_old"} | sent
        if f"refuse.{code}" not in TEXTS
    }
    assert missing == set()
    assert all(f"sent.{what}" in TEXTS for what in sent)
    assert Sent("voice").what in sent


def test_every_soft_check_has_its_warning() -> None:
    soft = {
        check.id
        for question in form_of().questions
        for check in question.checks
        if check.severity == "soft"
    }

    assert {code for code in soft if f"warn.{code}" not in TEXTS} == set()


def test_every_prompt_has_its_text_and_labels() -> None:
    for prompt, values in OPTIONS.items():
        assert f"prompt.{prompt}.text" in TEXTS, prompt
        for value in values:
            assert f"prompt.{prompt}.{value}" in TEXTS or f"option.{value}" in TEXTS, value


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def facts_of(call: ast.Call) -> set[str] | None:
    """Return the names of the facts given in a call; None when they are handed on."""
    given = {keyword.arg for keyword in call.keywords}
    for argument in call.args:
        if isinstance(argument, ast.Dict):
            given |= {str(key.value) for key in argument.keys if isinstance(key, ast.Constant)}
    return None if None in given else {name for name in given if name}


def test_a_refusal_is_raised_with_the_facts_its_sentence_wants() -> None:
    office = set(office_facts(SCENE, Capabilities("terminal")))
    for code, call in calls(REFUSING):
        given = facts_of(call)
        if given is not None:
            missing = placeholders(SENTENCES[f"refuse.{code}"]) - given - office - READER_FACTS
            assert missing == set(), f"refuse.{code}"


SCENE: Final = Scene(form_of(), known_of(OFFICE), date(2026, 11, 22))
READER_FACTS: Final = frozenset({"first", "last", "chosen", "example"})
"""What is put into every refusal: the options by number, the example of the question."""


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


RAW: Final = dict(_flat(tomllib.loads(read_data("texts/vi.toml"))))
SENTENCES: Final = {key: value for key, value in RAW.items() if isinstance(value, str)}


def _anything(key: str) -> dict[str, object]:
    return dict.fromkeys(placeholders(SENTENCES[key]), 1)


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_can_be_filled_in_and_is_short(key: str) -> None:
    said = TEXTS(key, **_anything(key))

    assert said.strip(), key
    assert len(said) <= LONGEST or key.startswith(("prompt.consent_", "consent_", "rights")), key


@pytest.mark.parametrize("key", SENTENCES)
def test_nobody_is_blamed_or_ordered(key: str) -> None:
    said = SENTENCES[key].casefold()

    assert "bạn phải" not in said
    assert not re.search(r"\bbạn\b", said), "no pronoun that ranks people"
    assert not re.search(r"\bsai\b", said)
    assert "!" not in said.replace("!=", "")


def test_no_phrase_is_two_commands() -> None:
    seen: dict[str, str] = {}
    for key, phrases in RAW.items():
        if key.startswith("commands."):
            for phrase in phrases:
                assert seen.setdefault(phrase.casefold(), key) == key, phrase


@pytest.mark.parametrize("prompt", OPTIONS)
def test_no_word_means_two_options_of_one_prompt(prompt: str) -> None:
    seen: dict[str, str] = {}
    for value in OPTIONS[prompt]:
        own = TEXTS.words(f"also.{prompt}.{value}") or TEXTS.words(f"also.{value}")
        for word in own:
            assert seen.setdefault(word.casefold(), value) == value, (prompt, word)


def test_a_language_is_a_file_and_falls_back_key_by_key() -> None:
    english = texts_of("en")

    assert english("option.yes") != TEXTS("option.yes")
    assert english("start", **_anything("start")) == TEXTS("start", **_anything("start"))
    assert english.keys >= TEXTS.keys
    assert english.language == "en"
    assert len(dict(_flat(tomllib.loads(read_data("texts/en.toml"))))) >= 20


def test_a_translated_sentence_takes_the_same_facts() -> None:
    for key, sentence in _flat(tomllib.loads(read_data("texts/en.toml"))):
        assert key in RAW, key
        if isinstance(sentence, str):
            assert placeholders(sentence) <= placeholders(SENTENCES[key]), key


@pytest.mark.parametrize("text", ["a = ", "a = 1", "[b]\na = 1.5"])
def test_a_wrong_file_of_texts_is_refused(text: str) -> None:
    with pytest.raises(BadTexts):
        load_texts("xx", text)


@pytest.mark.parametrize("text", ["1", "2, 6", "12.", "có", "Không", "ok", "ĐỒNG Ý", "ừ"])
def test_bare_words_could_answer_anything(text: str) -> None:
    assert is_bare(text, TEXTS.words("words.bare"))


@pytest.mark.parametrize(
    "text", ["051090001234", "nam", "9: 3", "trồng keo", "5/9/1990", "không có"]
)
def test_words_that_say_what_they_are_are_not_bare(text: str) -> None:
    assert not is_bare(text, TEXTS.words("words.bare"))


def test_the_route_of_every_platform_is_told() -> None:
    for platform in ("web", "terminal", "telegram", "zalo"):
        assert f"route.{Capabilities(platform).route}" in TEXTS
