"""What can be measured of how the page looks: contrast, room for fingers, nothing beside the window."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

pytestmark = pytest.mark.browser

SLOW = 40_000

#: A finger needs more than a mouse; links within text are as high as its lines.
LEAST_TOUCH_PX = 40

#: The texts whose contrast with what is behind them is below WCAG's AA (4.5, large 3), each with its colours.
TOO_FAINT = """() => {
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = colour;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const upwards = (node) => node ? [node, ...upwards(node.parentElement)] : [];
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const style = getComputedStyle(node);
    if (!texts.currentNode.nodeValue.trim() || !node.checkVisibility({ visibilityProperty: true })) continue;
    if (node.closest("noscript, style, script, [aria-hidden=true]") || node.getBoundingClientRect().width < 3) continue;
    const behind = upwards(node).map((n) => rgba(getComputedStyle(n).backgroundColor)).reverse()
      .reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    const [light, dark] = [luminance(over(rgba(style.color), behind)), luminance(behind)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700);
    if ((light + 0.05) / (dark + 0.05) < (large ? 3 : 4.5)) {
      found.push(`${texts.currentNode.nodeValue.trim().slice(0, 40)}: ${style.color} on ${behind.map(Math.round)}`);
    }
  }
  return found;
}"""

#: What a finger is to meet and is smaller than `least` in one direction.
TOO_SMALL = """(least) => [...document.querySelectorAll("button, a, summary, textarea, [role=button]")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .map((node) => [node.ariaLabel || node.innerText || node.tagName, node.getBoundingClientRect(), node])
  .filter(([, box, node]) => box.width > 2 && getComputedStyle(node).display !== "inline")
  .filter(([label, box]) => Math.min(box.width, box.height) < least && !label.startsWith("Help for"))
  .map(([label, box]) => `${label.slice(0, 40)}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""


#: What can be used and has no name for those who listen, and text too small to read.
UNNAMED = """() => [...document.querySelectorAll("button, a, input, textarea, summary, [role=button], [role=combobox]")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && node.tabIndex >= 0)
  .filter((node) => !(node.ariaLabel || node.innerText || node.title || node.labels?.[0]?.innerText || "").trim())
  .map((node) => node.outerHTML.slice(0, 120))"""
TINY = """(least) => [...document.querySelectorAll("body *")]
  .filter((node) => [...node.childNodes].some((part) => part.nodeType === 3 && part.nodeValue.trim()))
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest("noscript, style, script"))
  .filter((node) => parseFloat(getComputedStyle(node).fontSize) < least && node.getBoundingClientRect().width > 2)
  .map((node) => `${node.innerText.slice(0, 40)}: ${getComputedStyle(node).fontSize}`)"""


def opened(new_page: Open, address: str, scheme: str, *, phone: bool = False) -> Page:
    page = new_page(
        viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
        color_scheme=scheme,
        has_touch=phone,
        is_mobile=phone,
        reduced_motion="reduce",
    )
    page.goto(address)
    page.locator("iframe[title*='folium'][data-ready]").wait_for()
    expect(page.locator("[data-testid='stApp']")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=SLOW
    )
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(site: str, new_page: Open, scheme: str) -> None:
    page = opened(new_page, f"{site}/?article=kursk", scheme)
    assert page.evaluate(TOO_FAINT) == []
    page.goto(f"{site}/?q=zebra&from=never")
    expect(page.get_by_role("button", name="Reset all filters").first).to_be_visible(timeout=SLOW)
    assert page.evaluate(TOO_FAINT) == []
    page.get_by_role("button", name="Add articles").click()
    page.get_by_text("Addresses", exact=True).click()
    expect(page.get_by_role("textbox")).to_be_visible(timeout=SLOW)
    assert page.evaluate(TOO_FAINT) == []
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible(timeout=SLOW)
    assert page.evaluate(TOO_FAINT) == []


def test_on_a_phone_fingers_have_room_and_nothing_lies_beside_the_window(site: str, new_page: Open) -> None:
    page = opened(new_page, f"{site}/?article=kursk", "light", phone=True)
    for step in ("article", "list", "filters", "text"):
        if step == "list":
            page.get_by_role("button", name="Back to the list").click()
            page.locator(".story").first.wait_for()
        elif step == "filters":
            page.get_by_role("button", name="Filters").click()
            page.get_by_test_id("stPopoverBody").wait_for()
        elif step == "text":
            page.keyboard.press("Escape")
            page.get_by_role("button", name="Try your text").click()
            page.get_by_role("textbox").wait_for()
        small = page.evaluate(TOO_SMALL, LEAST_TOUCH_PX)
        # Of a list the whole field opens it, not the arrow alone.
        assert [control for control in small if not control.startswith("Open:")] == [], step
        assert page.evaluate("document.documentElement.scrollWidth") == 390, step


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_all_that_can_be_used_is_named_and_all_text_can_be_read(site: str, new_page: Open, phone: bool) -> None:
    page = opened(new_page, site, "light", phone=phone)
    the_map = next(frame for frame in page.frames if frame != page.main_frame)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dateline")
    expect(page.get_by_role("heading", level=2)).to_have_text("Articles, newest first")
    expect(page.frame_locator("iframe[title*='folium']").get_by_role("region", name="Map")).to_be_visible()
    for step in ("Filters", "Try your text", "Add articles"):
        for frame in (page, the_map):
            assert frame.evaluate(UNNAMED) == []
            assert frame.evaluate(TINY, 11) == []
        page.get_by_role("button", name=step).click()
        page.wait_for_timeout(500)  # what opens slides in
        if step == "Filters":
            assert page.evaluate(UNNAMED) == []
            dates = page.get_by_test_id("stDateInput").evaluate_all(
                "nodes => nodes.map((n) => n.getBoundingClientRect().y)"
            )
            assert len(dates) == 2
            assert dates[0] == dates[1], "side by side, on a phone too"
            page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=2)).to_have_text("Add articles")
