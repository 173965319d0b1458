"""The methods that write into chats: send, edit, delete, answer a press."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tests.fakes import telegram_markup as markup
from tests.fakes.telegram_refusals import NOT_MODIFIED, TOO_OLD, bad_request
from tests.fakes.telegram_schema import Upload, utf16
from tests.fakes.telegram_state import (
    CALLBACK_TIME,
    DELETABLE,
    Account,
    Message,
    Room,
)
from tests.fakes.telegram_text import LONGEST_CAPTION, LONGEST_TEXT, Formatted, formatted

if TYPE_CHECKING:
    from tests.fakes.telegram import FakeTelegram

ACTIONS: Final = frozenset(
    f"{does}_{what}" for does in ("record", "upload") for what in ("video", "voice", "video_note")
) | {"typing", "upload_photo", "upload_document", "choose_sticker", "find_location"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request that passed the schema."""

    server: "FakeTelegram"
    account: Account
    params: Mapping[str, Any]
    now: datetime

    @property
    def room(self) -> Room:
        return self.account.room(self.params["chat_id"])

    @property
    def markup(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self.params.get("reply_markup")
        return found


Method = Callable[[Call], Any]


def send_message(call: Call) -> Any:
    return _send(call, _text(call).body("text", "entities")).body


def send_photo(call: Call) -> Any:
    upload, file = _file(call, "photo")
    sizes = [{**file, "width": 90, "height": 67}, {**file, "width": 1280, "height": 960}]
    return _send(call, {"photo": sizes, **_caption(call)}, upload).body


def send_document(call: Call) -> Any:
    upload, file = _file(call, "document")
    document = {**file, "file_name": upload.name, "mime_type": "application/octet-stream"}
    return _send(call, {"document": document, **_caption(call)}, upload).body


def edit_message_text(call: Call) -> Any:
    room, message = _own(call)
    if "text" not in message.body:
        raise bad_request("there is no text in the message to edit")
    text = _text(call).body("text", "entities")
    old = {name: value for name, value in message.body.items() if name in {"text", "entities"}}
    return _edited(call, room, message, old, text)


def edit_message_reply_markup(call: Call) -> Any:
    room, message = _own(call)
    return _edited(call, room, message, {}, {})


def delete_message(call: Call) -> Any:
    room = call.room
    message = room.messages.get(call.params["message_id"])
    if message is None or message.deleted:
        raise bad_request("message to delete not found")
    if call.now - message.at >= DELETABLE:
        raise bad_request("message can't be deleted for everyone")
    if not message.outgoing and room.type != "private" and not room.admin:
        raise bad_request("message can't be deleted")
    message.deleted = True
    return True


def answer_callback_query(call: Call) -> Any:
    callback = call.account.callbacks.get(call.params["callback_query_id"])
    if callback is None or callback.answered or call.now - callback.at > CALLBACK_TIME:
        raise bad_request(TOO_OLD)
    callback.answered = True
    if text := call.params.get("text"):
        call.server.notices.append((callback.user, text))
    return True


def send_chat_action(call: Call) -> Any:
    room = call.room
    room.check_open()
    if call.params["action"] not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    room.actions.append(call.params["action"])
    return True


def _text(call: Call) -> Formatted:
    text = formatted(call.params, "text", "entities")
    if not text.text:
        raise bad_request("message text is empty")
    if utf16(text.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return text


def _caption(call: Call) -> dict[str, Any]:
    caption = formatted(call.params, "caption", "caption_entities")
    if utf16(caption.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return caption.body("caption", "caption_entities")


def _file(call: Call, name: str) -> tuple[Upload, dict[str, Any]]:
    """Return a file that was uploaded now, or before and named by its id."""
    given = call.params[name]
    if not isinstance(given, Upload):
        if given not in call.account.files:
            raise bad_request("wrong file identifier/HTTP URL specified")
        upload = call.account.files[given]
        return upload, {
            "file_id": given,
            "file_unique_id": f"unique{given[-9:]}",
            "file_size": len(upload.content),
        }
    if not given.content:
        raise bad_request("file must be non-empty")
    return given, call.account.keep(given)


def _send(call: Call, content: Mapping[str, Any], upload: Upload | None = None) -> Message:
    """Put a message of the bot into the chat."""
    room = call.room
    room.check_open()
    if call.markup is not None:
        markup.check(call.markup, room.type)
    reply = _replied(call, room)
    protected = {"has_protected_content": True} if call.params.get("protect_content") else {}
    inline = markup.inline(call.markup)
    keyboard = {"reply_markup": inline} if inline else {}
    sender = room.chat if room.type == "channel" else call.account.user_in_messages()
    body = {**reply, **content, **protected, **keyboard}
    message = call.account.write(room, sender, call.now, body)
    message.outgoing, message.reply_markup, message.upload = True, call.markup, upload
    _show(room, call.markup)
    return message


def _replied(call: Call, room: Room) -> dict[str, Any]:
    wanted = call.params.get("reply_parameters")
    if wanted is None:
        return {}
    original = room.messages.get(wanted["message_id"])
    if original is not None and not original.deleted:
        body = {name: value for name, value in original.body.items() if name != "reply_to_message"}
        return {"reply_to_message": body}
    if wanted.get("allow_sending_without_reply"):
        return {}
    raise bad_request("message to be replied not found")


def _show(room: Room, sent: Mapping[str, Any] | None) -> None:
    """Change the reply keyboard people see, if the message brought one."""
    if sent is not None and "keyboard" in sent:
        room.keyboard, room.folded = sent, False
    elif sent is not None and "remove_keyboard" in sent:
        room.keyboard = None


def _own(call: Call) -> tuple[Room, Message]:
    """Return the message to edit, which the bot must have sent and be able to edit."""
    if "inline_message_id" in call.params:
        raise bad_request("this fake has no inline messages")
    if "chat_id" not in call.params:
        raise bad_request("chat_id is empty")
    room = call.room
    room.check_open()
    message = room.messages.get(call.params.get("message_id", 0))
    if message is None or message.deleted:
        raise bad_request("message to edit not found")
    other_keyboard = message.reply_markup is not None and "inline_keyboard" not in (
        message.reply_markup
    )
    if not message.outgoing or other_keyboard:
        raise bad_request("message can't be edited")
    return room, message


def _edited(
    call: Call, room: Room, message: Message, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Any:
    if call.markup is not None:
        markup.check(call.markup, room.type)
    if old == new and message.body.get("reply_markup") == markup.inline(call.markup):
        raise bad_request(NOT_MODIFIED)
    for name in old:
        del message.body[name]
    message.body |= {**new, "edit_date": int(call.now.timestamp())}
    message.rekeyed(call.markup)
    return message.body


WRITING: Final[Mapping[str, Method]] = {
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
    "sendChatAction": send_chat_action,
}
