"""docs/roles.md: the table of roles as people read it, drawn from the table the program runs by."""

from collections.abc import Iterator

from bot.dialogs.language import Texts
from storage.policy import Grant, Policy


def roles_page(policy: Policy, texts: Texts) -> str:
    """Return the page, in Markdown."""
    names = [texts(f"role_names.{role}") for role in policy.roles]
    head = [_row([texts("roles_page.action"), *names]), _row(["---"] * (len(names) + 1))]
    rows = [
        _row([texts(f"actions.{action}"), *(_cell(row.get(role), texts) for role in policy.roles)])
        for action, row in policy.actions.items()
    ]
    parts = [f"# {texts('roles_page.title')}", texts("roles_page.about")]
    parts += ["\n".join([*head, *rows]), texts("roles_page.machine")]
    parts += [f"## {texts('roles_page.conflicts')}", "\n".join(_conflicts(policy, texts))]
    return "\n\n".join(parts) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(grant: Grant | None, texts: Texts) -> str:
    return "" if grant is None else "; ".join(_said(grant, texts))


def _said(grant: Grant, texts: Texts) -> Iterator[str]:
    form = texts(f"shown_as.{grant.form}")
    yield texts(f"scopes.{grant.scope}")
    if grant.hours:
        then = texts(f"shown_as.{grant.then}")
        yield texts("roles_page.hours", form=form, hours=grant.hours, then=then)
    else:
        yield form
    if grant.reason:
        yield texts("roles_page.reason")
    if grant.second_above is not None:
        yield texts("roles_page.second", most=grant.second_above)
    if grant.roles:
        names = ", ".join(texts(f"role_names.{role}") for role in grant.roles)
        yield texts("roles_page.roles", roles=names)


def _conflicts(policy: Policy, texts: Texts) -> Iterator[str]:
    yield f"- {texts('roles_page.one_unit')}"
    for both in policy.never_both:
        one, other = (texts(f"role_names.{role}") for role in sorted(both))
        yield f"- {texts('roles_page.never_both', one=one, other=other)}"
    for action in sorted(policy.other_person):
        named = texts(f"actions.{action}")
        yield f"- {texts('roles_page.other_person', action=named)}"
