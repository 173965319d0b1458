"""Known layouts: which columns a list may have, and by which headings each is recognised.

Layouts are TOML in `layouts/`; the 26 columns of layout A are those of its export, read backwards.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from admin.exports.layout import BadLayout, layout_of
from admin.exports.layout import Layout as ExportLayout
from admin.exports.layout import LayoutColumn as ExportColumn
from admin.imports.headings import Phrase, bare, phrases_of, vocabulary
from admin.imports.targets import ABOUT, NOT_NEEDED, BadTarget, Target, target_of
from bot.dialogs.form import Form

FOLDER: Final = "layouts"
CODES_OF: Final = "a"
"""The export layout whose numbers of choices are in use everywhere."""
EVERYWHERE: Final = (
    *ABOUT,
    NOT_NEEDED,
    "q08_uu_tien=ho_ngheo",
    "q08_uu_tien=ho_can_ngheo",
)
"""Columns that may stand in any layout."""

Numbers = Mapping[str, Mapping[int, str]]
"""Question -> number on the sheet -> code."""


@dataclass(frozen=True, slots=True)
class Column:
    target: Target
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, eq=False)
class Layout:
    id: str
    columns: tuple[Column, ...]

    @cached_property
    def index(self) -> Mapping[str, Sequence[tuple[int, Phrase]]]:
        """Return the bare words of a phrase -> columns, by their place, and the phrase."""
        found = defaultdict(list)
        for number, column in enumerate(self.columns):
            for phrase in column.phrases:
                found[bare(phrase)].append((number, phrase))
        return found


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    table: str = ""
    """An export layout whose columns these are."""
    about: Mapping[str, str] = {}
    """Title in that table -> target."""
    also: Mapping[str, tuple[str, ...]] = {}
    """Target, or title in that table -> other headings."""
    columns: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    """Questions with a column for every choice."""
    over: Mapping[str, tuple[str, ...]] = {}
    """Question -> what stands over its choices."""


def layouts_of(form: Form) -> tuple[Layout, ...]:
    """Return every layout, for this form. Raises BadLayout, which names file and column."""
    folder = files("admin.imports").joinpath(FOLDER)
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    return tuple(
        load_layout(folder.joinpath(name).read_text("utf-8"), f"{FOLDER}/{name}", form)
        for name in names
    )


def load_layout(text: str, file: str, form: Form) -> Layout:
    """Return the layout written in `text`. Raises BadLayout, which names `file`."""
    try:
        written = _File.model_validate(tomllib.loads(text))
        return Layout(written.id, tuple(_columns(written, form)))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadLayout(f"{file}: {error}") from None
    except BadTarget as error:
        raise BadLayout(f"{file}: no column can be for {str(error)!r}") from None


def numbers_of(form: Form) -> Numbers:
    """Return the numbers that stand for choices on sheets."""
    found: dict[str, dict[int, str]] = {
        question.id: {c.excel: c.code for c in question.options if c.excel is not None}
        for question in form.questions
        if question.choices
    }
    table = layout_of(CODES_OF)
    for column in table.columns:
        if column.numbers:
            for question_id in column.questions:
                own = table.numbers[table.settings[column.numbers]]
                labels = form[question_id].labels
                found[question_id] = {n: code for code, n in own.items() if code in labels}
    return found


def _columns(written: _File, form: Form) -> Iterator[Column]:
    if written.table:
        table = layout_of(written.table)
        _refuse_strangers({*written.about, *written.also}, table)
        for column in table.columns:
            name = written.about.get(column.title) or target_name(column)
            titles = (column.title, *written.also.get(column.title, ()))
            yield _column(target_of(name, form), titles, form)
    names = dict.fromkeys((*written.columns, *_marks(written, form), *EVERYWHERE))
    for name in names:
        target = target_of(name, form)
        over = written.over.get(target.mark[0], ()) if target.mark else ()
        yield _column(target, written.also.get(name, ()), form, over)


def _refuse_strangers(titles: set[str], table: ExportLayout) -> None:
    for title in titles - {column.title for column in table.columns}:
        raise BadTarget(title)


def target_name(column: ExportColumn) -> str:
    """Return the target of a column of an export: what fills it is what it says."""
    says = [f"{question}={codes[0]}" for question, codes in column.when.items()]
    return " ".join((*column.questions, *says))


def _marks(written: _File, form: Form) -> Iterator[str]:
    for question_id in written.marks:
        if question_id not in form:
            raise BadTarget(question_id)
        yield from (f"{question_id}={choice.code}" for choice in form[question_id].choices)


def _column(
    target: Target, titles: tuple[str, ...], form: Form, over: tuple[str, ...] = ()
) -> Column:
    texts = [*titles, *vocabulary().get(target.name, ())]
    if target.mark:
        texts += _texts_of_mark(target.mark, form, over)
    elif len(target.questions) == 1 and not target.says:
        question = form[target.questions[0]]
        texts += [question.label, question.short, question.ask]
    phrases = dict.fromkeys(phrase for text in texts for phrase in phrases_of(text))
    return Column(target, tuple(phrases))


def _texts_of_mark(mark: tuple[str, str], form: Form, over: tuple[str, ...]) -> Iterator[str]:
    """Yield a choice's words, alone and under everything that may stand over it."""
    question = form[mark[0]]
    choice = next(choice for choice in question.choices if choice.code == mark[1])
    own = (choice.label, choice.said, *vocabulary().get(f"{question.id}={choice.code}", ()))
    above = (question.label, question.short, *over, *vocabulary().get(question.id, ()))
    yield from own
    yield from (f"{group} {words}" for group in above if group for words in own)
