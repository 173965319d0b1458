"""A form as a tree of text lines, for people who check it."""

from collections.abc import Iterator

from bot.dialogs.form import Codes, Form, Question


def outline(form: Form) -> Iterator[str]:
    """Yield the lines of the tree: a question, below it what it depends on and its choices."""
    yield f"{form.id} · {form.title}"
    yield f"    {form.source}"
    for question in form.questions:
        yield from _question(question)


def _question(question: Question) -> Iterator[str]:
    need = "required" if question.required else "optional"
    yield f"├─ {question.item}  {question.id}  [{question.kind}, {need}]  {question.label}"
    if question.when:
        yield f"│    when {_condition(question.when)}"
    if question.required_when:
        yield f"│    required when {_condition(question.required_when)}"
    for check in question.checks:
        params = " ".join(f"{key}={value}" for key, value in check.params.items())
        yield f"│    check {check.id} ({check.severity}) {params}".rstrip()
    for number, choice in enumerate(question.options, 1):
        yield f"│    {number}. {choice.label}  [{choice.code}]"


def _condition(condition: Codes) -> str:
    return " and ".join(f"{key} in {{{', '.join(codes)}}}" for key, codes in condition.items())
