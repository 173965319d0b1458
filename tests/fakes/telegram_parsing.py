"""Whether two libraries that we did not write understand what the fake says."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import telegram
from aiogram import methods as aiogram_methods
from aiogram.types import Update as AiogramUpdate
from pydantic import TypeAdapter

from tests.fakes.telegram_schema import bot_api


def _message(result: Any) -> telegram.Message:
    return telegram.Message.de_json(result, None)


def _same(result: Any) -> Any:
    return result


PTB: Final[Mapping[str, Callable[[Any], Any]]] = {
    "getMe": lambda result: telegram.User.de_json(result, None),
    "getUpdates": lambda result: telegram.Update.de_list(result, None),
    "getWebhookInfo": lambda result: telegram.WebhookInfo.de_json(result, None),
    "getChat": lambda result: telegram.ChatFullInfo.de_json(result, None),
    "getMyCommands": lambda result: telegram.BotCommand.de_list(result, None),
    "getMyName": lambda result: telegram.BotName.de_json(result, None),
    "getMyDescription": lambda result: telegram.BotDescription.de_json(result, None),
    "getMyShortDescription": lambda result: telegram.BotShortDescription.de_json(result, None),
    "getChatMenuButton": lambda result: telegram.MenuButton.de_json(result, None),
    "sendMessage": _message,
    "sendPhoto": _message,
    "sendDocument": _message,
    "editMessageText": _message,
    "editMessageReplyMarkup": _message,
}
"""How python-telegram-bot reads results that are more than True."""


def understood(method: str, result: Any) -> None:
    """Parse the result of a method in both libraries. Raises what they raise."""
    name = method[0].upper() + method[1:]
    returned = getattr(aiogram_methods, name).__returning__
    TypeAdapter(returned).validate_json(json.dumps(result))
    PTB.get(method, _same)(result)
    for update in result if method == "getUpdates" else []:
        understood_update(update)
    if method in PTB and PTB[method] is _message:
        assert bot_api().breaches("Message", result) == []


def understood_update(update: Mapping[str, Any]) -> None:
    """Parse an update in both libraries, and by the schema when it knows the kind."""
    if update.keys() <= bot_api().types["Update"].fields.keys():
        assert bot_api().breaches("Update", update) == []
    both(update)


def both(update: Mapping[str, Any]) -> tuple[AiogramUpdate, telegram.Update]:
    """Return an update as either library reads it."""
    return AiogramUpdate.model_validate(update), telegram.Update.de_json(dict(update), None)
