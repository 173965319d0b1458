"""Texts, keyboards and files: what arrives, and what Telegram refuses of them."""

from typing import Any

import pytest
from aiohttp import FormData

from tests.fake_telegram.conftest import TOKEN, Client, below, inline
from tests.fakes.telegram_person import Person


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "\N{SEEDLING}" * 2049}, "message is too long"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "<b>x", "parse_mode": "HTML"}, "Can't find end tag"),
        ({"text": "<x>x</x>", "parse_mode": "HTML"}, "Unsupported start tag"),
        ({"text": "x</b>", "parse_mode": "HTML"}, "Unexpected end tag"),
        ({"text": "1 < 2", "parse_mode": "HTML"}, "Unsupported start tag"),
        ({"text": "*x*", "parse_mode": "MarkdownV2"}, "does not read Markdown"),
        ({"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ({"text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "beyond"),
        ({"text": "x", "reply_parameters": {"message_id": 99}}, "replied not found"),
    ],
)
async def test_texts_telegram_refuses(
    client: Client, an: Person, params: dict[str, Any], refusal: str
) -> None:
    told = await client.ask("sendMessage", chat_id=an.id, **params)

    assert told.status == 400
    assert refusal in told.description
    assert an.hears() == []


@pytest.mark.parametrize(
    ("params", "text", "entities"),
    [
        ({"text": "x" * 4096}, "x" * 4096, []),
        ({"text": f"<b>{'x' * 4096}</b>", "parse_mode": "HTML"}, "x" * 4096, [("bold", 0, 4096)]),
        ({"text": "  a  "}, "a", []),
        ({"text": "&lt;b&gt; &amp; a"}, "&lt;b&gt; &amp; a", []),
        ({"text": "&lt;b&gt; &amp; a", "parse_mode": "html"}, "<b> & a", []),
        (
            {"text": "\N{SEEDLING} <b>a <i>b</i></b> /help", "parse_mode": "HTML"},
            "\N{SEEDLING} a b /help",
            [("bold", 3, 3), ("italic", 5, 1), ("bot_command", 7, 5)],
        ),
        ({"text": "see https://a.test/b, ok"}, "see https://a.test/b, ok", [("url", 4, 16)]),
        ({"text": "km/h 1/2"}, "km/h 1/2", []),
        (
            {"text": " a", "entities": [{"type": "bold", "offset": 1, "length": 1}]},
            "a",
            [("bold", 0, 1)],
        ),
    ],
)
async def test_texts_as_they_arrive(
    client: Client, an: Person, params: dict[str, Any], text: str, entities: list[Any]
) -> None:
    told = await client.ask("sendMessage", chat_id=an.id, **params)

    found = [(e["type"], e["offset"], e["length"]) for e in told.result.get("entities", [])]
    assert told.result["text"] == text
    assert found == entities


@pytest.mark.parametrize(
    ("markup", "refusal"),
    [
        (inline(text="a"), "Text buttons are unallowed"),
        (inline(text="a", callback_data="b", url="https://a.test"), "at once"),
        (inline(text=" ", callback_data="b"), "without a text"),
        ({"inline_keyboard": [[]]}, "a row without buttons"),
        ({"inline_keyboard": [[{"text": "a", "callback_data": "b"}]] * 101}, "too long"),
        ({"keyboard": []}, "without buttons"),
        (below({"text": "a", "request_contact": True, "request_location": True}), "at once"),
    ],
)
async def test_keyboards_telegram_refuses(
    client: Client, an: Person, markup: dict[str, Any], refusal: str
) -> None:
    told = await client.ask("sendMessage", chat_id=an.id, text="?", reply_markup=markup)

    assert told.status == 400
    assert refusal in told.description


@pytest.mark.parametrize(("data", "taken"), [("x" * 64, True), ("x" * 65, False), ("", False)])
async def test_callback_data_is_1_to_64_bytes(
    careless: Client, an: Person, data: str, taken: bool
) -> None:
    wide = "\u1ea1" * 22  # 66 bytes

    told = await careless.ask(
        "sendMessage", chat_id=an.id, text="?", reply_markup=inline(text="a", callback_data=data)
    )
    too_wide = await careless.ask(
        "sendMessage", chat_id=an.id, text="?", reply_markup=inline(text="a", callback_data=wide)
    )

    assert told.ok == taken
    assert (too_wide.status, len(careless.telegram.violations)) == (400, 2 - taken)


async def test_a_contact_can_be_asked_for_in_private_only(client: Client, an: Person) -> None:
    group = client.telegram.group("Neighbours")
    group.brings_in_bot(an)
    asking = below({"text": "My number", "request_contact": True})

    refused = await client.ask("sendMessage", chat_id=group.id, text="?", reply_markup=asking)

    assert "private chats only" in refused.description


async def test_photos_and_documents_arrive_with_their_bytes(client: Client, an: Person) -> None:
    url = f"{client.telegram.url}/bot{TOKEN}"
    direct = FormData({"chat_id": str(an.id), "caption": "<b>a</b>", "parse_mode": "HTML"})
    direct.add_field("photo", b"pixels", filename="a.png")
    attached = FormData({"chat_id": str(an.id), "document": "attach://f1"})
    attached.add_field("f1", b"paper", filename="a.pdf")

    async with client.http.post(f"{url}/sendPhoto", data=direct) as answer:
        photo = (await answer.json())["result"]
    async with client.http.post(f"{url}/sendDocument", data=attached) as answer:
        document = (await answer.json())["result"]
    again = await client.ask(
        "sendDocument", chat_id=an.id, document=document["document"]["file_id"]
    )

    assert photo["caption_entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    assert document["document"]["file_name"] == "a.pdf"
    uploads = [one.upload for one in an.room.standing_messages() if one.upload]
    assert [one.content for one in uploads] == [b"pixels", b"paper", b"paper"]
    assert again.result["document"]["file_id"] == document["document"]["file_id"]
    long = await client.ask(
        "sendPhoto", chat_id=an.id, photo=photo["photo"][0]["file_id"], caption="x" * 1025
    )
    assert "caption is too long" in long.description
    unknown = await client.ask("sendPhoto", chat_id=an.id, photo="nothing")
    assert "wrong file identifier" in unknown.description


async def test_a_file_nobody_refers_to_is_a_violation(careless: Client, an: Person) -> None:
    form = FormData({"chat_id": str(an.id), "document": "attach://f1"})
    form.add_field("f1", b"paper", filename="a.pdf")
    form.add_field("f2", b"paper", filename="b.pdf")
    form.add_field("document", b"paper", filename="c.pdf")

    url = f"{careless.telegram.url}/bot{TOKEN}/sendDocument"
    async with careless.http.post(url, data=form) as answer:
        assert answer.status == 400

    assert careless.telegram.violations == [
        "the file document is not used",
        "sendDocument.f2 is unknown",
    ]
