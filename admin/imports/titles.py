"""How a column is called in what the office reads: in the form's words, never in the file's."""

from admin.imports.targets import Target
from bot.dialogs.form import Form, Question
from bot.dialogs.language import Texts


def title_of(target: Target, form: Form, texts: Texts) -> str:
    """Return a few words for a column."""
    if target.about:
        return texts(f"import.column.{target.about}")
    if target.mark:
        question, code = target.mark
        return f"{title_of_question(form[question])}: {form[question].said[code]}"
    title = title_of_question(form[target.questions[0]])
    said = [form[question].said[code] for question, code in target.says.items()]
    return ": ".join((title, *said))


def title_of_question(question: Question) -> str:
    return question.short or question.title
