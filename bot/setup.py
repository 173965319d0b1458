"""`mau03 setup`: from what an administrator answers to the `Office` people talk to.

It does not know where the office is kept: the command line hands in how to read and save it.
"""

import csv
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter
from typer import Option

from bot.dialogs.known import Office
from bot.dialogs.language import Texts
from bot.dialogs.readers.characters import fold, same_words, tidy, tidy_lines

OFFICE: Final = TypeAdapter(Office)
UNITS: Final = frozenset({"province", "commune"})
NAMES: Final = frozenset({"name", "police_name"})
LEGAL: Final = ("legal_basis", "retention", "retention_source")


@dataclass(frozen=True, slots=True)
class Unit:
    """A province or commune of the official list."""

    code: str
    name: str
    province: str
    """Code of the province; empty for a province itself."""
    province_name: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered; None: not asked, the present office's word stays."""

    province: str | None = None
    commune: str | None = None
    name: str | None = None
    police_name: str | None = None
    officer: str | None = None
    phone: str | None = None
    villages: tuple[str, ...] | None = None
    legal_basis: str | None = None
    retention: str | None = None
    retention_source: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """What the command needs. `office` is None before the first setup."""

    texts: Texts
    units: Sequence[Unit]
    office: Office | None
    save: Callable[[Office], None]
    """Keeps an office: in place of `office`, or as it was set up before among `others`."""
    add: Callable[[Office], None] = lambda _: None
    """Keeps one more."""
    others: Sequence[Office] = ()


class UnitUnclear(Exception):
    """No unit, or several, are called like this. `str()` is the sentence for people."""


def read_units(csv_text: str) -> tuple[Unit, ...]:
    """Return the provinces and communes of places.csv, in its order."""
    lines = (line for line in csv_text.splitlines() if not line.startswith("#"))
    rows = list(csv.DictReader(lines))
    names = {row["code"]: row["name"] for row in rows if not row["province"]}
    return tuple(
        Unit(row["code"], row["name"], row["province"], names.get(row["province"], ""))
        for row in rows
    )


def find_unit(given: str, units: Iterable[Unit], texts: Texts) -> Unit:
    """Return the one unit with this code or name; a name may lack diacritics and its kind.

    Diacritics and kind count where they are given. Raises UnitUnclear, listing the candidates
    when there are several.
    """
    units = tuple(units)
    wanted = tidy(given)
    without_kind = _without_kind(wanted, texts)
    found = [unit for unit in units if unit.code == wanted or same_words(wanted, unit.name)]
    found = found or [
        unit
        for unit in units
        # The list names provinces without their kind, communes with it.
        if same_words(wanted, _without_kind(unit.name, texts))
        or same_words(without_kind, unit.name)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnitUnclear(texts("setup.unit_unknown", given=wanted))
    listed = "\n".join(f"  {unit.code}  {unit.name}, {unit.province_name}" for unit in found)
    raise UnitUnclear(texts("setup.unit_several", given=wanted, candidates=listed))


def _without_kind(name: str, texts: Texts) -> str:
    for kind in texts.words("setup.unit_words"):
        if fold(name).startswith(fold(kind) + " "):
            return name[len(kind) + 1 :]
    return name


def choose_office(
    answers: Answers, units: Sequence[Unit], texts: Texts, present: Office | None = None
) -> Office:
    """Return the office answered for. Raises UnitUnclear.

    In the same commune what was not answered stays as it is; another commune starts anew.
    Nothing is invented: without legal basis and retention the office remains a trial.
    """
    commune = _commune(answers, units, texts, present)
    if present is None or present.commune != commune.code:
        present = _new_office(commune, texts)
    given: dict[str, Any] = {
        name: value if isinstance(value, tuple) else tidy(value)
        for name, value in asdict(answers).items()
        # An office cannot be without names: an empty answer leaves the usual ones.
        if name not in UNITS and (value or (value is not None and name not in NAMES))
    }
    return replace(present, **given)


def _commune(answers: Answers, units: Sequence[Unit], texts: Texts, present: Office | None) -> Unit:
    given = answers.commune or (present.commune if present else "")
    if not given:
        raise UnitUnclear(texts("setup.unit_missing"))
    communes = [unit for unit in units if unit.province]
    if answers.province:
        province = find_unit(answers.province, (u for u in units if not u.province), texts)
        communes = [unit for unit in communes if unit.province == province.code]
    return find_unit(given, communes, texts)


def _new_office(commune: Unit, texts: Texts) -> Office:
    called = commune.name[:1].lower() + commune.name[1:]
    return Office(
        commune=commune.code,
        commune_name=commune.name,
        province=commune.province,
        province_name=commune.province_name,
        name=texts("setup.office_name", commune=called),
        police_name=texts("setup.police_name", commune=called),
    )


def office_to_json(office: Office) -> str:
    return OFFICE.dump_json(office).decode()


def office_from_json(text: str) -> Office:
    """Raises pydantic's ValidationError when it is not an office."""
    return OFFICE.validate_json(text)


def office_from_toml(text: str) -> Office:
    """Return the office of trial_office.toml. Raises pydantic's ValidationError."""
    return OFFICE.validate_python(tomllib.loads(text))


def villages_in(given: str) -> tuple[str, ...]:
    """Return the villages of a comma list, or of a text file with one per line, each once."""
    if given and Path(given).is_file():
        given = Path(given).read_text("utf-8-sig")
    parts = (tidy(part) for line in tidy_lines(given) for part in line.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def ask(desk: Desk) -> Answers:
    """Ask for everything; Enter keeps what is offered."""
    texts = desk.texts
    typer.echo(texts("setup.hello"))
    province, commune = _ask_units(desk)
    office = choose_office(Answers(commune=commune.code), desk.units, texts, desk.office)
    given: dict[str, Any] = {
        name: _ask(name, texts, getattr(office, name))
        for name in ("name", "police_name", "officer", "phone")
    }
    given["villages"] = villages_in(_ask("villages", texts, ", ".join(office.villages)))
    given |= {name: _ask(name, texts, getattr(office, name)) for name in LEGAL}
    return Answers(province.code, commune.code, **given)


def _ask(name: str, texts: Texts, offered: str) -> str:
    question = texts(f"setup.ask_{name}")
    answer: str = typer.prompt(question, default=offered, show_default=bool(offered))
    return answer


def _ask_units(desk: Desk) -> tuple[Unit, Unit]:
    provinces = [unit for unit in desk.units if not unit.province]
    offered = desk.office.province if desk.office else None
    province = _ask_unit("province", provinces, desk.texts, offered)
    communes = [unit for unit in desk.units if unit.province == province.code]
    offered = desk.office.commune if desk.office and province.code == offered else None
    return province, _ask_unit("commune", communes, desk.texts, offered)


def _ask_unit(name: str, units: Sequence[Unit], texts: Texts, offered: str | None) -> Unit:
    while True:
        given = typer.prompt(texts(f"setup.ask_{name}"), default=offered)
        try:
            return find_unit(given, units, texts)
        except UnitUnclear as unclear:
            typer.echo(str(unclear))


def finish(desk: Desk, answers: Answers, *, add: bool = False) -> None:
    """Save the office answered for and say what was saved. Raises typer.Exit(1) when unclear."""
    try:
        present = _present(desk, _commune(answers, desk.units, desk.texts, desk.office))
        office = choose_office(answers, desk.units, desk.texts, present)
        _keep(desk, office, add=add)
    except UnitUnclear as unclear:
        typer.echo(str(unclear), err=True)
        raise typer.Exit(1) from None
    facts = asdict(office) | {
        "commune": office.commune_name,
        "province": office.province_name,
        "villages": len(office.villages),
    }
    typer.echo(desk.texts("setup.saved", **facts))
    typer.echo(desk.texts("setup.still_trial" if office.trial else "setup.ready"))


def _present(desk: Desk, commune: Unit) -> Office | None:
    """Return the office of this commune as it was set up, else the one that is being changed."""
    same = (other for other in desk.others if other.commune == commune.code)
    return next(same, desk.office)


def _keep(desk: Desk, office: Office, *, add: bool) -> None:
    """Raises UnitUnclear: in the place of which of several the office is to be is not known."""
    known = {other.commune for other in (*desk.others, *([desk.office] if desk.office else []))}
    if add:
        desk.add(office)
    elif desk.others and office.commune not in known:
        raise UnitUnclear(desk.texts("setup.several", commune=office.commune))
    else:
        desk.save(office)


def setup_command(open_desk: Callable[[], Desk]) -> Callable[..., None]:
    """Return the command `mau03 setup`; `open_desk` is called only when it runs."""

    def setup(
        province: Annotated[str | None, Option(help="Name or code.")] = None,
        commune: Annotated[str | None, Option(help="Name or code.")] = None,
        name: Annotated[str | None, Option(help="Name of the office.")] = None,
        police_name: Annotated[str | None, Option(help="Police who get the hand-over.")] = None,
        officer: Annotated[str | None, Option(help="Officer in charge.")] = None,
        phone: Annotated[str | None, Option(help="Number people call to check.")] = None,
        villages: Annotated[str | None, Option(help="Comma list, or file, one per line.")] = None,
        legal_basis: Annotated[str | None, Option(help="Document the campaign rests on.")] = None,
        retention: Annotated[str | None, Option(help="How long data are kept.")] = None,
        retention_source: Annotated[str | None, Option(help="Document that says so.")] = None,
        add: Annotated[bool, Option("--add", help="One more commune in this database.")] = False,
    ) -> None:
        """Say which commune office this is; without options it asks."""
        given = Answers(
            province=province,
            commune=commune,
            name=name,
            police_name=police_name,
            officer=officer,
            phone=phone,
            villages=None if villages is None else villages_in(villages),
            legal_basis=legal_basis,
            retention=retention,
            retention_source=retention_source,
        )
        desk = open_desk()
        finish(desk, ask(desk) if given == Answers() else given, add=add)

    return setup
