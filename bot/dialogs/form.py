"""A form as data: load a version from its TOML text, refuse a wrong one by file, line, id and key.

It is not the conversation: what happens when somebody answers is `engine.py`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

KINDS: Final = frozenset(
    {
        "name",
        "birth_date",
        "date",
        "id_number",
        "insurance_number",
        "place",
        "village",
        "choice",
        "choices",
        "ethnic_group",
        "text",
    }
)
"""Kinds of answer. Each has its line in `readers.READERS`."""

Codes = Mapping[str, tuple[str, ...]]
"""Question id -> codes; the condition holds when every question has one of its codes."""


Parameters = Mapping[str, Mapping[str, type]]
"""Rule id -> the parameters a check of it must give, and what each is."""


class BadForm(Exception):
    """The file is not a form. The message names file, line of the block, id and key."""


_STRICT: Final = ConfigDict(extra="forbid", populate_by_name=True)


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Choice:
    code: str = Field(pattern=r"^[a-z0-9_]+$")
    label: str
    say: str = ""
    """The label as the chat says it, where print needs more."""
    gloss: str = ""
    also: tuple[str, ...] = ()
    excel: int | None = None
    printed_skip: str = ""

    @property
    def said(self) -> str:
        return self.say or self.label


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="allow"))
class Check:
    """A check by id with its parameters: extra keys go to the rule as they stand."""

    id: str
    severity: Literal["hard", "soft", "office"]

    @cached_property
    def params(self) -> Mapping[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in {"id", "severity"}}


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Heading:
    """A line above the questions (province, district, commune): known to the office."""

    id: str
    label: str


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Question:
    id: str = Field(pattern=r"^[a-z0-9_]+$")
    item: str
    """Number on paper, by which people name it: "12.2.a"."""
    printed_item: str = ""
    kind: str
    label: str
    ask: str
    short: str = ""
    """A few words for a summary; the label when empty."""
    section: str = ""
    print_boxes: str = ""
    hint: str = ""
    example: str = ""
    footnote: str = ""
    note: str = ""
    required: bool = True
    required_when: Codes = Field(default_factory=dict)
    unknown: bool = False
    """The person may say that they do not know it."""
    absent_reasons: tuple[str, ...] = ()
    undo: str = ""
    """The choices question to go back to when this one was opened by mistake."""
    usual: str = ""
    """The choice most people make: until they do, it tells how many questions are still to come."""
    partial: tuple[Literal["month", "year"], ...] = ()
    length: tuple[int, int] = (1, 250)
    """Shortest and longest text, in characters."""
    sensitive: bool = False
    when: Codes = Field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    none_choice: Choice | None = None
    checks: tuple[Check, ...] = ()

    @cached_property
    def options(self) -> tuple[Choice, ...]:
        """The choices with the none choice last, in the order of their numbers."""
        return (*self.choices, self.none_choice) if self.none_choice else self.choices

    @property
    def private(self) -> bool:
        """What is answered here should not stay readable in a messenger."""
        return self.sensitive or self.kind in {"id_number", "insurance_number"}

    @cached_property
    def title(self) -> str:
        """The printed label without the colon it may end with."""
        return self.label.removesuffix(":")

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Return the printed labels without their last punctuation: it leads to a blank line."""
        return {choice.code: choice.label.rstrip(":.") for choice in self.options}

    @cached_property
    def said(self) -> Mapping[str, str]:
        return {choice.code: choice.said for choice in self.options}

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The numbered choices as people read them, with their glosses."""
        return tuple(
            f"{number}. {choice.said}{f' ({choice.gloss})' if choice.gloss else ''}"
            for number, choice in enumerate(self.options, 1)
        )


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Form:
    id: str
    official_id: str
    version: str
    title: str
    subtitle: str = ""
    form_code: str = ""
    source: str
    population: str = ""
    instructions: tuple[str, ...] = ()
    signature: str = ""
    date_line: str = ""
    note: str = ""
    headers: tuple[Heading, ...] = Field(default=(), alias="header")
    questions: tuple[Question, ...] = Field(alias="question", min_length=1)

    def __getitem__(self, question_id: str) -> Question:
        return self.by_id[question_id]

    def __contains__(self, question_id: object) -> bool:
        return question_id in self.by_id

    @cached_property
    def by_id(self) -> Mapping[str, Question]:
        return {question.id: question for question in self.questions}

    @cached_property
    def steering(self) -> tuple[str, ...]:
        """Questions whose answer decides whether another one applies, in form order."""
        named = {other for question in self.questions for other in question.when}
        return tuple(question.id for question in self.questions if question.id in named)

    @cached_property
    def usual(self) -> Mapping[str, str]:
        """Return question id -> the choice most people make, where the form says so."""
        return {question.id: question.usual for question in self.questions if question.usual}

    @cached_property
    def village(self) -> "Question | None":
        return next((q for q in self.questions if q.kind == "village"), None)

    @cached_property
    def soft_checks(self) -> "tuple[tuple[Question, Check], ...]":
        return tuple((q, c) for q in self.questions for c in q.checks if c.severity == "soft")

    @cached_property
    def watchers(self) -> "dict[str, tuple[tuple[Question, Check], ...]]":
        """Question id -> the checks of others that look at it, as `route` has found them before."""
        return {}

    @cached_property
    def sheets(self) -> dict[tuple[Any, ...], Any]:
        """What below a question's wording never changes, as `render` has laid it out before."""
        return {}

    @cached_property
    def routes(self) -> "dict[tuple[Any, ...], tuple[Question, ...]]":
        """Routes already worked out (`route.relevant`): a form has a few hundred."""
        return {}


def holds(condition: Codes, codes: Mapping[str, Any]) -> bool:
    """True when every question of the condition has one of the codes it names."""
    for question_id, wanted in condition.items():
        given = codes.get(question_id)
        if isinstance(given, (list, tuple)):
            if not any(code in wanted for code in given):
                return False
        elif given not in wanted:
            return False
    return True


def load_form(text: str, file: str, rules: Parameters | None = None) -> Form:
    """Return the form written in `text`. Raises BadForm; `file` is only named in its message.

    `rules` are the known checks with the parameters each needs; others are refused.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadForm(f"{file}: not TOML: {error}") from None
    try:
        form = TypeAdapter(Form).validate_python(raw)
    except ValidationError as error:
        raise BadForm("\n".join(_explain(error, raw, text, file))) from None
    problems = list(_problems(form, rules))
    if problems:
        lines = _block_lines(text, "question")
        order = {question.id: index for index, question in enumerate(form.questions)}
        raise BadForm(
            "\n".join(
                f"{file}:{_line(lines, order[question_id])}: question {question_id}: {key}: {why}"
                for question_id, key, why in problems
            )
        )
    return form


def _problems(form: Form, rules: Parameters | None) -> Iterator[tuple[str, str, str]]:
    """Yield (question id, key, what is wrong) for what types alone cannot see."""
    earlier: dict[str, Question] = {}
    for question in form.questions:
        yield from ((question.id, key, why) for key, why in _own_problems(question, rules))
        if question.id in earlier:
            yield question.id, "id", "used twice"
        for key in ("when", "required_when"):
            for other, codes in getattr(question, key).items():
                if other not in earlier:
                    yield question.id, key, f"{other!r} is not an earlier question"
                    continue
                for code in codes:
                    if code not in earlier[other].labels:
                        yield question.id, key, f"{code!r} is not a choice of {other}"
        if question.undo and question.undo not in question.when:
            yield question.id, "undo", f"{question.undo!r} is not a question of its `when`"
        earlier[question.id] = question


def _own_problems(question: Question, rules: Parameters | None) -> Iterator[tuple[str, str]]:
    if question.kind not in KINDS:
        yield "kind", f"{question.kind!r} is not one of {', '.join(sorted(KINDS))}"
    if (question.kind in {"choice", "choices"}) != bool(question.choices):
        yield "choices", "a choice question needs choices, another kind has none"
    if question.usual and (question.kind != "choice" or question.usual not in question.labels):
        yield "usual", f"{question.usual!r} is not a choice of this question"
    if question.none_choice and question.kind != "choices":
        yield "none_choice", "only for several choices"
    codes = [choice.code for choice in question.options]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield "choices", f"code {code!r} used twice"
    if question.required and question.required_when:
        yield "required_when", "the question is required already; write required = false"
    if question.length[0] > question.length[1]:
        yield "length", "shortest is longer than longest"
    if question.partial and question.kind not in {"date", "birth_date"}:
        yield "partial", "only for dates"
    for check in question.checks:
        if rules is None:
            continue
        if check.id not in rules:
            yield "checks", f"{check.id!r} is not a rule"
        elif set(check.params) != set(rules[check.id]):
            needed = ", ".join(sorted(rules[check.id])) or "no parameter"
            yield "checks", f"{check.id!r} takes {needed}"
        for name, kind in rules.get(check.id, {}).items():
            if name in check.params and type(check.params[name]) is not kind:
                yield "checks", f"{check.id!r}: {name} is not a {kind.__name__}"


def _explain(error: ValidationError, raw: Mapping[str, Any], text: str, file: str) -> Iterator[str]:
    for problem in error.errors():
        where = problem["loc"]
        if len(where) > 1 and where[0] in {"question", "header"} and isinstance(where[1], int):
            block, index = str(where[0]), where[1]
            blocks = raw[block]
            known = blocks[index] if isinstance(blocks[index], dict) else {}
            line = _line(_block_lines(text, block), index)
            key = ".".join(map(str, where[2:]))
            named = known.get("id", "(no id)")
            yield f"{file}:{line}: {block} {named}: {key}: {problem['msg']}"
        else:
            yield f"{file}:1: form: {'.'.join(map(str, where))}: {problem['msg']}"


def _line(lines: list[int], index: int) -> int:
    """Return the line of a block; 1 for blocks that are not written as `[[block]]`."""
    return lines[index] if index < len(lines) else 1


def _block_lines(text: str, block: str) -> list[int]:
    """Line numbers, from 1, of the `[[block]]` headers in order."""
    header = re.compile(rf"\s*\[\[\s*{block}\s*\]\]")
    return [number for number, line in enumerate(text.splitlines(), 1) if header.match(line)]
