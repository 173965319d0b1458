"""A campaign day by day: everybody says what is theirs to say, and things happen to them."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from bot.dialogs.messages import Content, Press, Text
from storage.access import Viewer
from storage.accounts import disable
from storage.desk import Context
from storage.invites import Wanted
from storage.joining import reassign
from storage.returns import give_back
from tests.simulation.actors import Actor
from tests.simulation.campaign import Campaign
from tests.simulation.citizen import Citizen
from tests.simulation.collector import Collector
from tests.simulation.invented import Town
from tests.simulation.model import Sitting
from tests.simulation.program import FIRST_DAY, Letter

ROUNDS: Final = 30_000
"""Of one day; a day with more has somebody in it who goes in circles."""
COMMENTED: Final = {"q09_gdpt": ("tieu_hoc", "thcs", "thpt")}
MENU: Final = re.compile(r"Đã có phiếu: (\d+)/(\d+) người .*Hôm nay: (\d+) phiếu")
NOTED: Final = re.compile(r"đã ghi lý do: (\d+) người")
BACK: Final = re.compile(r"Có (\d+) phiếu bị trả lại")
THIEF: Final[tuple[Content, ...]] = (
    *map(Text, ("menu", "1", "phiếu của tôi", "tiếp", "trả lại", "Đinh", "sửa 9", "051")),
    *(Press("missing"), Press("1"), Press("submit")),
)
POLL: Final = 0.01
"""Seconds until somebody who got no answer is looked for again, as a sender does."""
LEASED: Final = 70
"""Rounds after which a bubble shows that another process died with."""
STUCK: Final = 300
"""Rounds in which nobody is answered."""


@dataclass(slots=True)
class Day:
    campaign: Campaign
    number: int
    waiting: list[Citizen] = field(default_factory=list)
    """Citizens who have not begun yet."""
    active: list[Actor] = field(default_factory=list)
    idle: int = 0

    async def play(self) -> None:
        campaign, program = self.campaign, self.campaign.program
        program.clock.at = FIRST_DAY + timedelta(days=self.number)
        self.active = [*campaign.collectors, *self._citizens()]
        for actor in self.active:
            actor.today = program.clock.at.date().isoformat()
        for collector in campaign.collectors:
            collector.visited.clear()
            collector.paused = False
        lost = campaign.chance.randint(20, 60)
        for number in range(ROUNDS):
            if not await self._round():
                break
            if self.number == 1 and number == lost:
                await self._lose_phones()
        else:
            raise AssertionError(f"day {self.number} never ends")
        if self.number == 1:
            await self._lose_phones()
            await self._replace_phones()
            while await self._round():
                pass
        await self._look_at_menus()

    def _citizens(self) -> list[Citizen]:
        """Each citizen has a day to begin on; those of the days before may have to put right."""
        days = self.campaign.size.days
        return [one for i, one in enumerate(self.campaign.citizens) if i % days <= self.number]

    async def _round(self) -> bool:
        """Let everybody who has something to say say it; False when nobody has."""
        campaign, program = self.campaign, self.campaign.program
        letters = self._letters()
        chance, size = campaign.chance, campaign.size
        ended = [t for t in campaign.towns if letters and chance.random() < size.restarts]
        await program.post(letters, [town.number for town in ended])
        for town in ended:
            await program.restart(town)
        await self._collect()
        if letters and chance.random() < size.returns:
            await self._give_back()
        self._listen()
        waits = any(actor.waits for actor in self.active)
        self.idle = 0 if letters or not waits else self.idle + 1
        assert self.idle < STUCK, [a.chat for a in self.active if a.waits]
        return bool(letters or waits)

    def _letters(self) -> list[Letter]:
        campaign, decided, letters = self.campaign, set[int](), list[Letter]()
        campaign.chance.shuffle(self.active)
        for actor in self.active:
            human = actor.about()
            away = isinstance(actor, Collector) and not actor.alive
            if actor.waits or away or id(human) in decided:
                continue
            if isinstance(actor, Collector) and actor.finished():
                continue
            said = actor.act()
            if human is not None:
                decided.add(id(human))
            hasty = campaign.chance.random() < 0.03
            actor.waits, actor.hasty, actor.silent = bool(said), hasty, 0
            for place, content in enumerate(said):
                early = place > 0 or hasty
                letter = Letter(actor.town.number, actor.chat, campaign.event(), content, early)
                letters.append(letter)
        return letters

    async def _collect(self) -> None:
        """Look into the outbox for whoever got no answer: it waits behind an older bubble."""
        program = self.campaign.program
        unanswered = {a.town.number for a in self.active if a.waits and a.chat not in program.seen}
        for town in self.campaign.towns:
            if town.number in program.waiting | unanswered:
                await program.collect(town)
        if unanswered:
            await asyncio.sleep(POLL)

    def _listen(self) -> None:
        patience = 1 if self.campaign.program.per_town == 1 else LEASED
        for actor in self.active:
            actor.hear(self.campaign.program.seen.pop(actor.chat, []))
            actor.silent += actor.waits
            if (
                actor.hasty or patience > 1
            ) and actor.silent >= patience:  # the same word twice gets no answer
                actor.waits = False

    async def _give_back(self) -> None:
        """The officer gives a form back: there is something to ask again."""
        campaign, program = self.campaign, self.campaign.program
        sent = [one for one in campaign.model.sittings if self._may_go_back(one)]
        if not sent:
            return
        sitting = campaign.chance.choice(sent)
        process = program.first(sitting.town)
        facts = (process.house.context, process.house.conversation)
        viewer, comments = campaign.officer(sitting.town), {"q09_gdpt": "Xin hỏi lại cấp học"}
        await program.write(
            sitting.town, lambda c: give_back(c, *facts, viewer, sitting.receipt, comments)
        )
        sitting.status = "returned"
        sitting.truth["q09_gdpt"] = campaign.chance.choice(COMMENTED["q09_gdpt"])
        for citizen in campaign.citizens:
            if citizen.chat == sitting.chat:
                citizen.fixing = sitting
        program.figures.returned += 1
        await program.collect(sitting.town)

    def _may_go_back(self, one: Sitting) -> bool:
        if one.status != "confirmed":
            return False
        if one.collector is not None:
            return any(c.login == one.collector and c.alive for c in self.campaign.collectors)
        mine = [other for other in self.campaign.model.sittings if other.chat == one.chat]
        (citizen,) = (c for c in self.campaign.citizens if c.chat == one.chat)
        return len(mine) == 1 and not citizen.plan and citizen.sitting is None

    async def _lose_phones(self) -> None:
        """One enumerator of each commune loses the telephone, in the middle of a form if one is."""
        campaign, program = self.campaign, self.campaign.program
        for town in campaign.towns:
            mine = [one for one in campaign.collectors if one.town is town]
            if not all(one.alive for one in mine) or any(one.chat in campaign.cut for one in mine):
                continue
            if town.number in {c.town.number for c in campaign.lost.values()}:
                continue
            ready = sorted((one for one in mine if not one.waits), key=lambda one: not one.sitting)
            if not ready:
                continue
            loser = ready[0]
            loser.alive = False
            await campaign.office(town, disable, loser.login)
            campaign.lost[loser.chat], campaign.cut[loser.chat] = loser, []
            program.figures.lost_phones += 1
            await self._steal(town, loser.chat)

    async def _steal(self, town: Town, chat: str) -> None:
        """Whoever found the telephone tries it."""
        campaign, program = self.campaign, self.campaign.program
        for content in THIEF:
            await program.post([Letter(town.number, chat, campaign.event(), content)])
            await program.collect(town)
        program.seen.pop(chat, None)

    async def _replace_phones(self) -> None:
        """The account goes to a new telephone, or its work to somebody else."""
        for chat, loser in list(self.campaign.lost.items()):
            if loser.town.number % 2 == 0:
                await self._new_phone(chat, loser)
            else:
                await self._given_to_another(loser)

    async def _new_phone(self, chat: str, loser: Collector) -> None:
        campaign, town = self.campaign, loser.town
        wanted = Wanted("enumerator", town.office.commune, login=loser.login)
        loser.chat = f"new {chat}"
        await campaign.join(town, loser.chat, wanted)
        campaign.later[chat] = []
        told = campaign.cut.pop(chat)
        await self._steal(town, chat)
        campaign.cut[chat] = told
        for one in campaign.model.sittings:
            one.chat = loser.chat if one.chat == chat else one.chat
        loser.alive, loser.bubble, loser.beginning = True, None, False
        loser._leave()

    async def _given_to_another(self, loser: Collector) -> None:
        campaign, town = self.campaign, loser.town
        mine = [one for one in campaign.collectors if one.town is town and one.alive]
        taker = campaign.chance.choice(mine)
        host = campaign.program.first(town).house.conversation

        def hand_over(connection: Connection, context: Context, viewer: Viewer) -> int:
            return reassign(connection, context, host, viewer, loser.login, taker.login)

        await campaign.office(town, hand_over)
        await campaign.program.collect(town)
        for one in campaign.model.sittings:
            if one.collector == loser.login and one.town is town and one.open:
                one.collector, one.chat = taker.login, taker.chat
        first, *_ = loser.villages
        taker.target += loser.target if first not in taker.villages else 0
        taker.villages += [one for one in loser.villages if one not in taker.villages]
        taker.strangers += loser.strangers
        loser.strangers, loser.villages = [], []
        self._listen()

    async def _look_at_menus(self) -> None:
        """Compare what every enumerator's menu says with what must be so."""
        campaign, program = self.campaign, self.campaign.program
        alive = [one for one in campaign.collectors if one.alive]
        asked = [Letter(c.town.number, c.chat, campaign.event(), Text("menu")) for c in alive]
        await program.post(asked)
        for town in campaign.towns:
            await program.collect(town)
        for collector in alive:
            shown = program.seen[collector.chat][-1].text
            expected = _progress(campaign, collector)
            if _shown(shown) != expected:
                campaign.wrong.append(
                    f"day {self.number}, {collector.chat}: {_shown(shown)}, not {expected}"
                )
        self._listen()


def _shown(text: str) -> tuple[int, ...]:
    """Return done, target, outcomes, today, returned as a menu says them."""
    found = MENU.search(text)
    assert found is not None, text
    done, target, today = map(int, found.groups())
    noted, back = NOTED.search(text), BACK.search(text)
    return done, target, int(noted[1]) if noted else 0, today, int(back[1]) if back else 0


def _progress(campaign: Campaign, collector: Collector) -> tuple[int, ...]:
    model, town = campaign.model, collector.town
    rows = [row for row in model.rows[town.number] if row.village in collector.villages]
    standing = [model.standing(row) for row in rows]
    mine = [one for one in model.forms(town) if one.collector == collector.login]
    today = campaign.program.clock.at.date().isoformat()
    return (
        standing.count("form"),
        collector.target,
        standing.count("settled"),
        sum(one.sent_on == today for one in mine),
        sum(one.status == "returned" for one in mine),
    )
