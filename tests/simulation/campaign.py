"""A campaign as it is set up: lists, accounts, villages to visit, citizens with telephones."""

from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random

from sqlalchemy import Connection, select

from bot.dialogs.messages import Outgoing, Text
from bot.dialogs.readers.characters import fold
from storage.access import Viewer
from storage.assignments import Area, assign
from storage.commune_tables import accounts
from storage.invites import Wanted, invite
from storage.ledger import chat_token
from storage.tables import chats
from tests.field import Resident, put_household, put_person
from tests.simulation.citizen import Citizen
from tests.simulation.collector import Collector
from tests.simulation.invented import Town
from tests.simulation.model import Model
from tests.simulation.program import Letter, Program


@dataclass(frozen=True, slots=True)
class Size:
    collectors: int
    """Of each commune."""
    people: int
    """Of each commune."""
    days: int
    restarts: float
    """Chance of a round that a process ends in it."""
    returns: float
    """Chance of a round that an officer gives a form back."""


@dataclass(slots=True)
class Campaign:
    program: Program
    size: Size
    chance: Random
    model: Model = field(default_factory=Model)
    collectors: list[Collector] = field(default_factory=list)
    citizens: list[Citizen] = field(default_factory=list)
    lost: dict[str, Collector] = field(default_factory=dict)
    """Chat of a lost telephone -> whose it was."""
    cut: dict[str, list[str]] = field(default_factory=dict)
    """The same -> what it was told while the account was cut off."""
    later: dict[str, list[str]] = field(default_factory=dict)
    """The same -> what it was told once the account lived elsewhere."""
    leaks: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What a menu said that is not so."""
    _events: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def towns(self) -> list[Town]:
        return list(self.program.towns)

    def officer(self, town: Town, role: str = "officer") -> Viewer:
        return Viewer(role, town.office.commune, None, by="campaign")

    async def prepare(self) -> None:
        """Put the lists in, invite the enumerators, give each a village or two."""
        self.program.watch = self._watch
        for town in self.towns:
            self.model.open_town(town)
            await self.program.write(town, partial(self._list, town))
            for number in range(self.size.collectors):
                await self._hire(town, number)
            self._share(town)
            self._citizens(town)

    def _list(self, town: Town, connection: Connection) -> None:
        house = self.program.first(town).house
        for row in town.rows:
            if row.home is not None and not row.home.id:
                home = row.home
                home.id = put_household(connection, house, home.village, home.address)
            home_id = row.home.id if row.home else None
            resident = Resident(row.known, row.village, home_id, "", row.year, row.flags)
            row.id = put_person(connection, house, resident)

    async def _hire(self, town: Town, number: int) -> None:
        chat = f"collector {town.number} {number}"
        name = f"chị Hoa {town.syllable} {number}"
        wanted = Wanted("enumerator", town.office.commune, name=name)
        await self.join(town, chat, wanted)
        token = chat_token(
            self.program.first(town).house.keys, "terminal", town.office.commune, chat
        )
        mine = select(accounts.c.login).join(chats, chats.c.holder == accounts.c.id)
        login = str(await self.program.write(
            town, lambda c: c.scalar(mine.where(chats.c.token == token))
        ))  # fmt: skip
        collector = Collector(town, chat, self.model, self.chance, login=login)
        villages = town.office.villages  # the second is two people's
        collector.villages = [villages[number % len(villages)]]
        if number < len(villages) - 1:
            collector.villages = list(villages[number : number + 2])
        collector.target = len(town.people)
        for place, village in enumerate(collector.villages):
            target = collector.target if place == 0 else None
            area = Area(village=village)
            await self.office(town, assign, login, area, target=target)
        self.collectors.append(collector)

    async def office(self, town: Town, work: "object", *facts: object, **more: object) -> object:
        context = self.program.first(town).house.context
        viewer = self.officer(town, "administrator" if work is not assign else "officer")
        return await self.program.write(
            town,
            lambda c: work(c, context, viewer, *facts, **more),  # type: ignore[operator]
        )

    async def join(self, town: Town, chat: str, wanted: Wanted) -> None:
        code = str(await self.office(town, invite, wanted))
        await self.program.post([Letter(town.number, chat, self.event(), Text(f"mời {code}"))])
        await self.program.collect(town)

    def event(self) -> str:
        return f"event {next(self._events)}"

    def _share(self, town: Town) -> None:
        """Let enumerators meet who is on no list, and now and then somebody who is."""
        mine = [one for one in self.collectors if one.town is town]
        listed = [row.human for row in town.rows if self.chance.random() < 0.03]
        for human in [*town.unlisted(), *listed]:
            here = [one for one in mine if human.village in one.villages]
            if here:
                self.chance.choice(here).strangers.append(human)
        others = [row for other in self.towns if other is not town for row in other.rows]
        for collector in mine:
            for row in self.chance.sample(others, min(8, len(others))):
                number = str(row.known.get("q04_so_cccd") or row.known["q01_ho_ten"])
                collector.foreign += [number, str(row.id)]

    def _citizens(self, town: Town) -> None:
        for number, human in enumerate(town.citizens):
            citizen = Citizen(town, f"citizen {town.number} {number}", self.model, self.chance)
            kind = len(self.citizens) % 10
            citizen.plan = [("declines" if kind == 0 else "self", human)]
            if kind in {1, 2, 3}:
                citizen.plan += [("proxy", self.chance.choice(human.house.people))]
            elif kind == 4:
                citizen.plan += [("withdraw", human)]
            self.citizens.append(citizen)

    def _watch(self, number: int, chat: str, bubble: Outgoing) -> None:
        """Look at every bubble that anybody is shown."""
        seen = folded(bubble)
        for town in self.towns:
            if town.number != number and town.syllable in seen:
                self.leaks.append(f"{chat} saw {town.syllable}: {bubble.text[:200]}")
        if chat in self.cut:
            self.cut[chat].append(bubble.text)
        if chat in self.later:
            self.later[chat].append(bubble.text)


def folded(bubble: Outgoing) -> str:
    return fold(" ".join([bubble.text, *(button.label for button in bubble.buttons)]))
