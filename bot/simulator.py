"""`mau03 chat`: the whole program, database and all, with a terminal as its platform."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from bot.app import House, Place, open_house
from bot.dialogs.messages import Incoming, Outgoing, Text
from bot.linking import Locks, told
from bot.platforms.terminal import Line, Terminal, converse, written
from bot.ports import Clock
from storage.group import SqliteLedger
from storage.outbox import Queued, pending, release


def simulate(data: Path, chat: str, *, as_json: bool, now: Clock) -> None:
    """Converse until the end of input; everything is kept in `data`."""
    house = open_house(Place.of(data), now=now, random=os.urandom, alone=True)
    ledger = house.sqlite_ledger(lambda _: None)
    try:
        submit = partial(_submit, house, ledger, Locks(house.conversation, house.context))
        terminal = Terminal(submit, ledger.delivered, now, os.urandom, chat)
        left = terminal.show(_left_over(house, ledger))
        if as_json:
            _speak_json(terminal, left)
        else:
            _speak(terminal, left)
    finally:
        ledger.close()


def _submit(
    house: House, ledger: SqliteLedger, locks: Locks, incoming: Incoming
) -> Sequence[Queued]:
    """Return the bubbles of a message, or of what its code opened."""
    carried = locks.carried(incoming)
    if carried is None:
        return ledger.submit_now(incoming)
    outcome = ledger.write_now(lambda c: locks.attempt(c, incoming, carried))
    if outcome == "moved":
        return _left_over(house, ledger)
    return ledger.submit_now(told(incoming, outcome))


def _left_over(house: House, ledger: SqliteLedger) -> Sequence[Queued]:
    """Return what an earlier process committed but did not live to show."""

    def claim(connection: Connection) -> Sequence[Queued]:
        release(connection)
        mine = partial(pending, connection, house.keys, unit=house.office.commune)
        return mine(worker=house.context.worker, now=house.now())

    return ledger.write_now(claim)


def _speak_json(terminal: Terminal, left: list[Outgoing]) -> None:
    for bubble in left:
        print(written(bubble))
    for line in converse(terminal, sys.stdin):
        print(line, flush=True)


def _speak(terminal: Terminal, left: list[Outgoing]) -> None:
    bubbles = left or terminal.turn(Line(Text("/start")))
    while True:
        for bubble in bubbles:
            print(f"\n{bubble.text}")
        try:
            words = input("\n> ")
        except EOFError:
            return
        bubbles = terminal.turn(Line(Text(words)))
