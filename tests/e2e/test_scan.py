"""An identity card before the camera of a real Chromium, and what becomes of it in the form."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import Page, Request, expect
from sqlalchemy import Connection, select

from bot.app import Place, open_house_async
from bot.dialogs.state import Answer, Draft
from storage.sealed import Keys, place, unseal
from storage.tables import submissions
from tests.cards import CARD, OTHERS, Shot, film, photo
from tests.e2e.conftest import Launch
from tests.e2e.talk import WHOLE, Talk
from tests.e2e.test_browser import NONE, PHONE, SMALLEST, problems

SHOTS: Final[Mapping[str, Shot]] = {
    "good": Shot(),
    "tilted": Shot(turned=25, leaning=0.5, blur=1, noise=8),
    "upside down": Shot(turned=185, noise=120),
    "small": Shot(module=1.5, turned=4, noise=8),
    "dark": Shot(black=8, white=20, blur=1, noise=6),
    "blurred": Shot(blur=3, noise=8),
}
FIELDS: Final = (
    *("••••••••1236", "•••••5679", "Đặng Thị Ngọc Quỳnh", "05/09/1990", "Nữ"),
    *("Thôn Tà Vinh, Sơn Tây, Quảng Ngãi", "01/05/2021"),
)
NOT_A_CARD: Final = "https://xa.test/|a|b|c|d|e|f"
READER: Final = "**/zxing-wasm/*"


@dataclass(slots=True)
class Phone:
    """A page, everything it asks for, and everything it complains about."""

    page: Page
    url: str
    sent: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.sent.append(request))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda told: self.errors.append(told.text))

    async def begin(self) -> None:
        """Go from the first page of the chat to the scan page."""
        await Talk(self.page, self.url).begin()
        await self.scan()

    async def scan(self) -> None:
        self.sent.clear()
        async with self.page.expect_navigation():
            await self.page.click("a.button")

    async def says(self, *words: str) -> None:
        for some in words:
            await expect(self.page.locator("#status")).to_contain_text(some)

    async def found(self) -> Sequence[str]:
        await expect(self.page.locator("#found")).to_be_visible()
        return await self.page.locator("#found dd").all_inner_texts()

    async def yes(self) -> None:
        async with self.page.expect_navigation():
            await self.page.click("#send .main")

    @property
    def asked(self) -> list[str]:
        return [request.url.rsplit("/", 1)[-1] for request in self.sent]

    @property
    def bodies(self) -> list[dict[str, str]]:
        """Return everything that left the phone."""
        assert {urlsplit(one.url).netloc for one in self.sent} <= {urlsplit(self.url).netloc}
        posted = (one.post_data for one in self.sent if one.method != "GET")
        return [dict(parse_qsl(body or "", strict_parsing=True)) for body in posted]


Opened = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def phone(launch: Launch, served: str, tmp_path: Path) -> AsyncIterator[Opened]:
    """Yield what opens a phone before whose camera lies a code, already at the scan page."""
    opened: list[Phone] = []

    async def open_phone(text: str = "", shot: Shot = SHOTS["good"], **options: Any) -> Phone:
        camera = film(tmp_path / "camera.y4m", text, shot) if text else None
        flags = [FAKE, f"--use-file-for-fake-video-capture={camera}"] if camera else []
        context = await (await launch(*flags)).new_context(
            viewport=options.get("viewport", PHONE),
            java_script_enabled=options.get("java_script", True),
            permissions=options.get("permissions", ["camera"]),
        )
        page = await context.new_page()
        await page.add_init_script(options.get("before", ""))
        opened.append(Phone(page, served))
        await opened[-1].begin()
        return opened[-1]

    yield open_phone
    assert [one.errors for one in opened if one.errors] == []


FAKE: Final = "--use-fake-device-for-media-stream"


async def record(data: Path) -> dict[str, Answer]:
    """Return the answers of the submission that was begun last, from the database."""
    house = await open_house_async(Place.of(data), now=lambda: datetime.now(UTC), random=os.urandom)

    def newest(connection: Connection) -> Draft:
        row = connection.execute(select(submissions).order_by(submissions.c.id.desc())).first()
        assert row is not None
        return _draft(row, house.keys)

    try:
        return (await house.read(newest)).all_answers()
    finally:
        await house.database.close()


def _draft(row: Any, keys: Keys) -> Draft:
    where = place("submissions", "state", row.id)
    return Draft.from_document(
        row.id, unseal(keys.data_key(row.id, row.data_key), row.state, where)
    )


async def filled_in(phone: Phone, data: Path) -> None:
    """Say yes in the chat too, and see items 1, 2, 3, 4 and 6 in the record."""
    await Talk(phone.page, phone.url).press("confirm")
    assert "Mục 5." in await phone.page.inner_text("h1")
    answers = await record(data)
    address = answers.pop("q06_thuong_tru")
    assert {key: (answer.value, answer.how) for key, answer in answers.items()} == {
        "q01_ho_ten": ("Đặng Thị Ngọc Quỳnh", "card"),
        "q02_ngay_sinh": ("1990-09-05", "card"),
        "q03_gioi_tinh": ("nu", "card"),
        "q04_so_cccd": ("051190001236", "card"),
    }
    assert isinstance(address.value, dict)
    assert address.value["text"] == "Thôn Tà Vinh, Sơn Tây, Quảng Ngãi"


@pytest.mark.parametrize("name", SHOTS)
async def test_a_card_is_read_shown_and_written_down(phone: Opened, data: Path, name: str) -> None:
    there = await phone(CARD, SHOTS[name])

    assert tuple(await there.found()) == FIELDS
    assert there.bodies == []
    await there.yes()

    assert there.bodies == [{"text": CARD}]
    await filled_in(there, data)


async def test_what_a_newer_card_says_of_others_stays_on_the_phone(
    phone: Opened, data: Path
) -> None:
    there = await phone(CARD + OTHERS)

    await there.found()
    page = await there.page.content()
    await there.yes()

    assert "Yểng" not in page
    assert there.bodies == [{"text": CARD}]
    await filled_in(there, data)


async def test_another_code_is_no_card_and_goes_nowhere(phone: Opened) -> None:
    there = await phone(NOT_A_CARD, Shot(module=8))

    await there.says("không phải của thẻ căn cước", "Xin đưa mã QR")

    assert await there.page.locator("#found").is_hidden()
    assert there.bodies == []


async def test_who_waits_in_vain_is_told_how_to_hold_the_card(phone: Opened) -> None:
    there = await phone(CARD, Shot(blur=6))
    await there.says("Đưa mã QR ở góc thẻ vào khung")

    await there.page.evaluate("performance.now = () => 1e9")

    await there.says("chỗ sáng, giữ yên")
    assert await there.page.locator("#torch").is_hidden()  # this camera has none


async def test_the_camera_is_off_once_the_card_is_read_and_on_to_scan_again(phone: Opened) -> None:
    there = await phone(CARD, before=COUNTS_CAMERAS)
    await there.found()
    assert await there.page.evaluate(CAMERAS) == ["ended"]

    await there.page.click("#again")

    assert tuple(await there.found()) == FIELDS
    assert await there.page.evaluate(CAMERAS) == ["ended", "ended"]
    assert there.bodies == []


CAMERAS: Final = "cameras.map(track => track.readyState)"
COUNTS_CAMERAS: Final = """
globalThis.cameras = [];
if (navigator.mediaDevices) {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    cameras.push(...stream.getTracks());
    return stream;
  };
}
"""


async def test_a_link_is_used_once(phone: Opened) -> None:
    there = await phone(CARD)
    address = there.page.url
    await there.found()
    await there.yes()

    again = await there.page.goto(address)

    assert again is not None
    assert again.status == 410
    there.errors.clear()  # Chromium notes the status of every page that is not there
    assert "đã dùng xong" in await there.page.inner_text("h1")
    assert await there.page.locator("video").count() == 0


async def test_a_page_left_open_is_told_when_its_question_was_answered(phone: Opened) -> None:
    there = await phone(CARD)
    await there.found()
    chat = await there.page.context.new_page()
    await chat.goto(there.url)
    await Talk(chat, there.url).say("Nguyễn Văn An")

    await there.yes()

    there.errors.clear()
    assert "đã dùng xong" in await there.page.inner_text("h1")
    await chat.reload()
    assert "Mục 2." in await chat.inner_text("h1")


async def test_the_form_of_another_site_is_refused(phone: Opened, served: str) -> None:
    there = await phone(CARD)
    address, page = there.page.url, there.page
    html = {"body": EVIL % address, "content_type": "text/html"}
    await page.route("https://evil.test/", lambda route: route.fulfill(**html))

    await page.goto("https://evil.test/")
    async with page.expect_navigation():
        await page.click("button")

    there.errors.clear()
    assert "Chưa nhận tin này" in await page.inner_text("h1")
    await page.goto(served)
    assert "Mục 1." in await page.inner_text("h1")


EVIL: Final = (
    f'<form method=post action="%s"><input name=text value="{CARD}"><button>x</button></form>'
)


# Without a camera.


async def pasted(there: Phone, text: str) -> None:
    await there.page.fill("#text", text)
    async with there.page.expect_navigation():
        await there.page.click("#paste .main")


NOT_SECURE: Final = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
"""As on a page by plain http in the office's network."""


@pytest.mark.parametrize(("before", "again"), [("", True), (NOT_SECURE, False)])
async def test_without_a_camera_the_text_is_pasted(
    phone: Opened, data: Path, before: str, again: bool
) -> None:
    there = await phone(before=before)
    await there.says("Không mở được camera ở đây", "Chrome hoặc Safari", "dán dòng chữ")
    assert await there.page.locator("#open").is_visible() == again

    await pasted(there, CARD)

    assert there.bodies == [{"text": CARD}]
    await filled_in(there, data)


async def test_who_refuses_the_camera_is_told_what_to_do_and_asked_again_on_a_press(
    phone: Opened,
) -> None:
    there = await phone(CARD, permissions=[])
    await there.says("Máy chưa cho trang này dùng camera", "chụp ảnh", "dán dòng chữ")
    assert await there.page.locator("#text").is_visible()

    await there.page.context.grant_permissions(["camera"])
    await there.page.click("#open")

    assert tuple(await there.found()) == FIELDS


async def test_without_javascript_it_is_a_page_to_paste_into(phone: Opened, data: Path) -> None:
    there = await phone(java_script=False)
    assert await there.page.locator("#scanner").is_hidden()
    assert "chưa quét được mã" in await there.page.inner_text("noscript")

    await pasted(there, "Đặng Thị Ngọc Quỳnh")
    there.errors.clear()
    assert "không phải của thẻ căn cước" in await there.page.inner_text("#refusal")
    await pasted(there, CARD + OTHERS)

    await filled_in(there, data)


async def test_a_photo_is_read_on_the_phone_and_never_sent(
    phone: Opened, data: Path, tmp_path: Path
) -> None:
    there = await phone()
    await there.says("Không mở được camera")
    picture = photo(tmp_path / "card.png", CARD, SHOTS["tilted"])

    await there.page.set_input_files(".photo input >> nth=1", picture)

    assert tuple(await there.found()) == FIELDS
    assert there.bodies == []
    await there.yes()
    assert there.bodies == [{"text": CARD}]
    await filled_in(there, data)


async def test_a_photo_without_a_code_or_no_photo_at_all_is_said_to_be_one(
    phone: Opened, tmp_path: Path
) -> None:
    there = await phone(CARD, Shot(blur=6))
    await there.says("Đưa mã QR")
    (tmp_path / "no.png").write_bytes(b"not a picture")

    for picture in (photo(tmp_path / "card.png", CARD, Shot(blur=9)), tmp_path / "no.png"):
        await there.page.evaluate("document.getElementById('status').textContent = ''")
        await there.page.set_input_files(".photo input >> nth=0", picture)
        await there.says("Chưa thấy mã QR trong ảnh")

    assert await there.page.locator("#open").is_visible()
    assert there.bodies == []


# What reads the code.

DETECTOR: Final = """
globalThis.BarcodeDetector = class {
  static async getSupportedFormats() { return %s; }
  constructor(options) {
    if (!options.formats.length) throw new TypeError("no formats");
    if (options.formats.includes("unknown")) throw new TypeError("unknown format");
  }
  async detect(picture) {
    if (!(picture instanceof HTMLCanvasElement)) throw new TypeError("no picture");
    if (!picture.width || !picture.height) throw new DOMException("empty", "InvalidStateError");
    const { data } = picture.getContext("2d").getImageData(0, 0, picture.width, picture.height);
    const shades = new Set(data);
    if (shades.size < 3) return [];  // one grey and no holes: nothing is drawn yet
    %s
  }
};
"""
FOUND: Final = f"""
return [{{ rawValue: "{CARD + OTHERS}", format: "qr_code",
  boundingBox: new DOMRectReadOnly(0, 0, 9, 9), cornerPoints: [] }}];
"""
BROKEN: Final = (
    'throw new DOMException("Barcode detection service unavailable", "NotSupportedError");'
)


async def test_the_browsers_own_reader_is_used_where_it_knows_qr_codes(
    phone: Opened, data: Path
) -> None:
    there = await phone(CARD, before=DETECTOR % ('["aztec", "qr_code"]', FOUND))

    assert tuple(await there.found()) == FIELDS
    assert {"index.js", "zxing_reader.wasm"} & set(there.asked) == set()
    await there.yes()
    assert there.bodies == [{"text": CARD}]
    await filled_in(there, data)


@pytest.mark.parametrize(
    "before",
    [DETECTOR % ('["ean_13"]', FOUND), DETECTOR % ('["qr_code"]', BROKEN), DETECTOR % ("[]", "")],
)
async def test_ours_is_used_where_it_does_not_or_does_not_work(phone: Opened, before: str) -> None:
    there = await phone(CARD, before=before)

    assert tuple(await there.found()) == FIELDS
    assert there.asked.count("zxing_reader.wasm") == 1


async def test_a_reader_that_does_not_load_is_said_and_can_be_tried_again(phone: Opened) -> None:
    there = await phone(CARD, before=NO_CAMERA_YET)
    await there.page.route(READER, lambda route: route.abort())
    await there.page.click("#open")
    await there.says("Chưa tải được phần đọc mã")
    assert await there.page.locator("#text").is_visible()

    await there.page.unroute(READER)
    await there.page.click("#open")

    there.errors.clear()
    assert tuple(await there.found()) == FIELDS


NO_CAMERA_YET: Final = """
const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (open) navigator.mediaDevices.getUserMedia = async () => {
  navigator.mediaDevices.getUserMedia = open;
  throw new DOMException("not yet", "NotAllowedError");
};
"""


# The torch, and what the page looks like.

TORCH: Final = """
globalThis.lit = [];
MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true });
MediaStreamTrack.prototype.applyConstraints = async ({ advanced: [{ torch }] }) => lit.push(torch);
"""


async def test_the_torch_has_a_button_where_the_camera_has_a_torch(phone: Opened) -> None:
    there = await phone(CARD, Shot(blur=6), before=TORCH)
    torch = there.page.locator("#torch")

    await torch.click()
    await expect(torch).to_have_attribute("aria-pressed", "true")
    await torch.click()
    await expect(torch).to_have_attribute("aria-pressed", "false")

    assert await there.page.evaluate("lit") == [True, False]


async def test_nobody_is_locked_out_of_it(phone: Opened) -> None:
    """axe finds nothing, every target is large enough, and no page is wider than the phone."""
    there = await phone(NOT_A_CARD, Shot(module=8), viewport=SMALLEST, before=TORCH)
    found: dict[str, Any] = {}
    await there.says("không phải của thẻ căn cước")
    found["scanning"] = await problems(there.page)
    await there.page.click("summary")
    await pasted(there, NOT_A_CARD)
    there.errors.clear()
    found["refused"] = await problems(there.page)
    without = await phone(viewport=SMALLEST)
    await without.says("Không mở được camera")
    found["no camera"] = await problems(without.page)
    last = await phone(CARD, viewport=SMALLEST)
    await last.found()
    found["found"] = await problems(last.page)

    assert found == dict.fromkeys(found, NONE)
    assert await last.page.evaluate("document.activeElement.id") == "found-title"


async def test_it_is_offered_later_on_as_well(phone: Opened, data: Path) -> None:
    there = await phone(CARD)
    talk = Talk(there.page, there.url)
    await there.page.goto(there.url)
    await talk.go(*WHOLE[:3], ("say", "quét thẻ"))
    await there.scan()
    await there.found()
    await there.yes()

    assert "đã ghi trước đó: Nguyễn Văn An" in await there.page.inner_text("main")
    await filled_in(there, data)
