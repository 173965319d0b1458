"""The web chat in a real Chromium against a real process."""

import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page

from tests.e2e.conftest import Foreign
from tests.e2e.talk import WHOLE, Talk

VENDOR: Final = Path(__file__).parent / "vendor"
AXE: Final = VENDOR / "axe.min.js"
PHONE: Final[Any] = {"width": 360, "height": 740}
SMALLEST: Final[Any] = {"width": 320, "height": 568}
DESK: Final[Any] = {"width": 1280, "height": 800}
TARGET: Final = 48
"""Pixels: nothing to be touched is lower than this."""
TOO_SMALL: Final = f"""
[...document.querySelectorAll("button, input[type=text], summary, label.photo, a:not(.skip)")]
  .filter(element => element.checkVisibility())
  .filter(element => element.getBoundingClientRect().height < {TARGET})
  .map(element => element.outerHTML)
"""
SMALL_TEXT: Final = """
[...document.querySelectorAll("body *")]
  .filter(element => [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .filter(element => parseFloat(getComputedStyle(element).fontSize) < 18)
  .map(element => element.outerHTML)
"""


def test_axe_is_the_one_listed() -> None:
    (package,) = tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))["package"]
    present = {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "VENDOR.toml"
    }

    assert package["licence"] == "MPL-2.0"
    assert present == package["sha256"]


async def test_a_whole_form_without_javascript_on_a_phone(
    browser: Browser, served: str, foreign: Foreign
) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = await context.new_page()
    foreign.watch(page)
    talk = Talk(page, served)

    await talk.begin()
    await talk.go(*WHOLE)
    assert await page.locator(".summary dd").count() == 12
    await talk.press("submit")

    receipt = await page.inner_text(".receipt-number")
    await page.reload()
    assert len(receipt.replace(" ", "")) == 9
    assert await page.inner_text(".receipt-number") == receipt
    assert await page.inner_text("button.main") == "Khai cho người khác"
    assert foreign.seen > 20
    assert foreign.asked == []


async def test_nobody_is_locked_out_at_any_stage(browser: Browser, served: str) -> None:
    """axe finds nothing, every target is large enough, and no page is wider than the phone."""
    page = await (await browser.new_context(viewport=SMALLEST)).new_page()
    talk = Talk(page, served)
    found: dict[str, Any] = {}

    async def look(name: str) -> None:
        found[name] = await problems(page)

    await page.goto(served)
    await look("start")
    await talk.begin()
    await look("text question")
    await talk.say("Nguyễn Văn An 5")
    await look("refused")
    await talk.go(("say", "Nguyễn Văn An"), ("say", "05/09/1990"))
    await look("choice question")
    await talk.go(("press", "nam"), ("say", "051190001234"))
    assert await page.locator(".question-warn").count() == 1
    await look("warning")
    await talk.go(("press", "confirm"), *WHOLE[4:9])
    await look("multiple choice")
    await talk.go(*WHOLE[9:])
    await look("summary")
    await talk.say("tạm dừng")
    await look("paused")
    await talk.go(("say", "tiếp"), ("press", "submit"))
    await look("receipt")
    await page.goto(f"{served}tiep")
    await look("code")
    await page.fill("#code", "7K2M")
    await page.fill("#birth", "05/09/1990")
    await page.click("button.main")
    await look("wrong code")
    await page.goto(f"{served}nothing")
    await look("error")

    assert found == dict.fromkeys(found, NONE)


NONE: Final[dict[str, Any]] = {"axe": [], "small": [], "text": [], "wider": 0}


async def problems(page: Page) -> dict[str, Any]:
    await page.evaluate(AXE.read_text("utf-8"))
    ran = await page.evaluate("axe.run()")
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return {
        "axe": [(v["id"], [node["html"] for node in v["nodes"]]) for v in ran["violations"]],
        "small": await page.evaluate(TOO_SMALL),
        "text": await page.evaluate(SMALL_TEXT),
        "wider": await page.evaluate(wider),
    }


async def test_the_chosen_ones_of_several_are_announced(browser: Browser, served: str) -> None:
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    talk = Talk(page, served)
    await talk.begin()
    await talk.go(*WHOLE[:10])

    pressed = page.locator('button[aria-pressed="true"]')
    assert await pressed.count() == 2
    await talk.press("ho_ngheo")

    assert await pressed.count() == 1
    assert await page.locator('button[aria-pressed="false"]').count() == 6


async def test_everything_can_be_done_with_the_keyboard(browser: Browser, served: str) -> None:
    page = await (await browser.new_context(viewport=DESK)).new_page()
    await page.goto(served)

    await tab_to(page, "button.main")
    await page.keyboard.press("Enter")
    for value in ("self", "yes", "yes"):
        await tab_to(page, f'button[value="{value}"]')
        await page.keyboard.press("Enter")
        await page.wait_for_load_state()
    await page.wait_for_selector("#text:focus")  # a question to type: the field has the focus
    await page.keyboard.type("Nguyen Van An")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Mục 2.")
    await page.keyboard.type("05/09/1990")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Mục 3.")
    await tab_to(page, "#text")
    await page.keyboard.type("2")  # Enter sends what was typed, not the first button
    await page.keyboard.press("Enter")

    await page.wait_for_selector("text=Mục 4.")


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, and see that this can be seen."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.locator(f"{selector}:focus-visible").count():
            outline = f"getComputedStyle(document.querySelector('{selector}')).outlineStyle"
            assert await page.evaluate(outline) == "solid"
            return
    raise AssertionError(f"{selector} cannot be reached")


async def test_a_paused_draft_goes_on_in_another_browser(browser: Browser, served: str) -> None:
    first = await (await browser.new_context(java_script_enabled=False)).new_page()
    talk = Talk(first, served)
    await talk.begin()
    await talk.go(*WHOLE[:2], ("say", "tạm dừng"))
    code = await first.inner_text("strong.code")

    other = await (await browser.new_context(java_script_enabled=False)).new_page()
    await other.goto(served)
    await other.click("a[href='/tiep']")
    await other.fill("#code", code.lower())
    await other.fill("#birth", "5.9.1990")
    await other.click("button.main")

    await Talk(other, served).press("no")  # may the office write here: asked in every chat
    assert "Mục 3." in await other.inner_text("h1")
    await first.reload()
    assert await first.locator("text=Mục 3.").count() == 0
