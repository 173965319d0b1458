"""The table of roles (roles.toml), read once: role and action -> grant. What it lacks is denied."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, get_args

Scope = Literal["self", "assigned", "own", "handed_over", "unit", "installation"]
Form = Literal["full", "masked", "aggregate"]


class Denied(Exception):
    """This viewer may not do that. `str()` names the action, nobody and nothing else."""


class OnlyCounts(Denied):
    """This viewer may see how many there are, and nothing of each."""


class BadPolicy(ValueError):
    """roles.toml says something the code does not know."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one role may do with one action."""

    scope: Scope
    form: Form = "full"
    hours: int = 0
    """After so many hours `then` is the form; 0: it does not change."""
    then: Form = "full"
    reason: bool = False
    second_above: int | None = None
    """More records than this need another person who approves; None: never."""
    roles: tuple[str, ...] = ()
    """Of accounts: which roles they may have."""

    def form_at(self, made: datetime | None, now: datetime) -> Form:
        """Return how a record is shown that was handed in at `made` (None: not yet)."""
        old = made is not None and now - made > timedelta(hours=self.hours)
        return self.then if self.hours and old else self.form


@dataclass(frozen=True, slots=True)
class Policy:
    roles: tuple[str, ...]
    actions: Mapping[str, Mapping[str, Grant]]
    """Action -> role -> grant."""
    tables: Mapping[str, frozenset[str]]
    """Action -> names of the tables it looks at."""
    never_both: tuple[frozenset[str], ...]
    """Roles no person may have together."""
    other_person: frozenset[str]
    """Actions nobody does for what they asked for themselves."""

    def granted(self, role: str, action: str) -> Grant:
        """Raises Denied for what is not in the table, unknown words too."""
        found = self.actions.get(action, {}).get(role)
        if found is None:
            raise Denied(action)
        return found

    def conflict(self, one: str, other: str) -> bool:
        return frozenset({one, other}) in self.never_both


ROLES_FILE: Final = "roles.toml"
_SCOPES: Final = get_args(Scope)
_FORMS: Final = get_args(Form)


def read_policy(text: str) -> Policy:
    """Raises BadPolicy."""
    table = tomllib.loads(text)
    roles, conflicts = tuple(table["roles"]), table["conflicts"]
    actions = {
        action: {
            role: _grant(f"{action}.{role}", cell) for role, cell in row.items() if role != "on"
        }
        for action, row in table["actions"].items()
    }
    tables = {action: frozenset(row["on"]) for action, row in table["actions"].items()}
    both = tuple(map(frozenset, conflicts["never_both"]))
    named = {role for row in actions.values() for role in row}.union(*both)
    named |= {role for row in actions.values() for grant in row.values() for role in grant.roles}
    if named - {*roles} or {*conflicts["other_person"]} - {*actions}:
        raise BadPolicy(f"unknown: {sorted(named - {*roles})}")
    return Policy(roles, actions, tables, both, frozenset(conflicts["other_person"]))


def _grant(where: str, cell: Mapping[str, Any]) -> Grant:
    facts = {**cell, "roles": tuple(cell.get("roles", ()))}
    try:
        grant = Grant(**facts)
    except TypeError as error:
        raise BadPolicy(f"{where}: {error}") from None
    if grant.scope not in _SCOPES or not {grant.form, grant.then} <= {*_FORMS}:
        raise BadPolicy(f"{where}: {grant.scope}, {grant.form}, {grant.then}")
    return grant


@cache
def policy() -> Policy:
    """Return the table this program runs by."""
    return read_policy(files("storage").joinpath(ROLES_FILE).read_text("utf-8"))
