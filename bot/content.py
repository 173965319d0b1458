"""The data the package carries, read once and handed to the pure part."""

import tomllib
from dataclasses import replace
from functools import cache
from importlib.resources import files

from bot.dialogs.form import Form, load_form
from bot.dialogs.known import Known, Office
from bot.dialogs.language import Texts, load_texts
from bot.dialogs.readers.choice_words import load_choice_words
from bot.dialogs.readers.ethnic_groups import load_ethnic_groups
from bot.dialogs.readers.gazetteer import load_places
from bot.dialogs.readers.words import load_words
from bot.dialogs.rules import PARAMETERS

CURRENT_FORM = "mau03_2022"
"""Version new submissions begin with; drafts finish on the version they began with."""


def read_data(path: str) -> str:
    """Return the text of a data file inside bot/dialogs."""
    return files("bot.dialogs").joinpath(path).read_text("utf-8")


@cache
def form_of(form_id: str = CURRENT_FORM) -> Form:
    """Return a version of the form by its id."""
    path = f"forms/{form_id}.toml"
    return load_form(read_data(path), path, PARAMETERS)


@cache
def texts_of(language: str = "vi") -> Texts:
    """Return the sentences of a language, falling back to Vietnamese key by key."""
    wanted = dict.fromkeys((language, "vi"))
    return load_texts(language, *(read_data(f"texts/{name}.toml") for name in wanted))


@cache
def trial_office() -> Office:
    """Return the office of a commune that has not been set up yet."""
    table = tomllib.loads(read_data("data/trial_office.toml"))
    return Office(**table)


def known_of(office: Office, language: str = "vi", site: str = "") -> Known:
    """Return all that a conversation of this office knows."""
    return replace(_known(), office=office, texts=texts_of(language), site=site)


@cache
def _known() -> Known:
    """Return what is the same for every office: half a second of reading, done once."""
    return Known(
        office=trial_office(),
        texts=texts_of(),
        places=load_places(read_data("data/places.csv"), read_data("data/place_words.toml")),
        ethnic_groups=load_ethnic_groups(read_data("data/ethnic_groups.toml")),
        id_prefixes=tomllib.loads(read_data("data/id_prefixes.toml")),
        words=load_words(read_data("data/words.toml")),
        choice_words=load_choice_words(read_data("data/choice_words.toml")),
    )
