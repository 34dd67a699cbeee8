# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in a browser: for everybody, on any screen, without a network, and whatever a log says."""

from __future__ import annotations

import fleets
import pytest
from browser import DESK, PHONE, axe_complaints, open_all, opened

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import spoken_of
from ansible_collections.webops.bad_gateway.tests.unit.report_page import HOSTILE

WIDTH_OF_ALL = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
SHOWN = "[...document.querySelectorAll('.host')].filter((host) => !host.hidden).length"
#: Milliseconds from a change of the filter to the page as it is drawn then.
FILTER = """async (text) => {
  const field = document.querySelector('[name=text]');
  const begun = performance.now();
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begun;
}"""


@pytest.mark.parametrize("kind", ["few", "plan", "every"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(look_at, kind, scheme, screen):
    page = look_at(kind, scheme=scheme, viewport=screen)
    assert axe_complaints(page) == []
    open_all(page)
    assert axe_complaints(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(look_at, scheme):
    """The contrast of each colour of a text to each ground that it stands on, as WCAG counts it."""
    page = look_at("few", scheme=scheme)
    texts = ("text", "soft", "link", "bad", "todo", "plan", "good", "add", "del")
    names = [*texts, "back", "card"]
    colours = page.evaluate(
        """(names) => names.map((name) => {
          const probe = document.createElement('p');
          document.body.append(probe);
          const rule = new CSSStyleSheet();
          rule.replaceSync(`p:last-child { color: var(--${name}) }`);
          document.adoptedStyleSheets = [rule];
          const found = getComputedStyle(probe).color.match(/[0-9]+/g).map(Number);
          probe.remove();
          return found;
        })""",
        names,
    )
    light = dict(zip(names, map(luminance, colours), strict=True))
    for ground in ("back", "card"):
        for text in texts:
            bright, dim = sorted((light[text], light[ground]), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, (text, ground)


def luminance(colour):
    """The relative luminance of red, green and blue from 0 to 255."""
    parts = [one / 255 for one in colour]
    red, green, blue = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("kind", ["few", "plan", "every", "many", "hostile"])
@pytest.mark.parametrize("width", [320, 375])
def test_a_phone_scrolls_in_one_direction_only(look_at, kind, width):
    page = look_at(kind, viewport={"width": width, "height": 700})
    assert page.evaluate(WIDTH_OF_ALL) == width
    open_all(page)
    assert page.evaluate(WIDTH_OF_ALL) == width


def test_trouble_is_on_the_first_screen_of_a_phone(look_at):
    page = look_at("many", viewport=PHONE)
    assert page.locator(".verdict").bounding_box()["y"] < PHONE["height"] / 2
    assert page.locator(".tiles").is_visible()
    assert page.locator(".host").first.get_attribute("data-status") != "healthy"


def test_hosts_are_found_by_name_cause_outcome_and_any_text(look_at):
    page = look_at("few")
    assert page.evaluate(SHOWN) == 6
    page.get_by_label("Outcome").select_option("fixed")
    assert page.evaluate(SHOWN) == 2
    page.get_by_label("Cause").select_option("firewall_reject")
    assert page.evaluate(SHOWN) == 1
    assert page.locator("#count").inner_text() == "1 of 6 hosts are shown"
    page.get_by_label("Outcome").select_option("healthy")
    assert page.locator("#count").inner_text() == "0 of 6 hosts are shown"
    page.get_by_label("Outcome").select_option("")
    page.get_by_label("Cause").select_option("")
    page.get_by_role("searchbox", name="Host").fill("SHOP")
    assert page.evaluate(SHOWN) == 2
    page.get_by_role("searchbox", name="Host").fill("")
    page.get_by_label("Search").fill("PM.MAX_CHILDREN")
    assert page.locator(".host:visible b").all_inner_texts() == ["blog-web"]
    page.get_by_label("Search").fill("")
    assert page.evaluate(SHOWN) == 6


def test_a_backend_that_a_finding_is_about_is_not_called_well(look_at):
    report = fleets.few()
    behind = sorted(set(report["hosts"]) - set(spoken_of(report)))
    page = look_at("few")
    assert page.locator(".tiles .behind").inner_text() == "%d behind them" % len(behind)
    assert sorted(page.locator(".host.behind b").all_inner_texts()) == behind
    well = [name for name, one in spoken_of(report).items() if one["status"] == "healthy"]
    assert page.locator(".tiles .healthy").inner_text().endswith("%d well" % len(well))


def test_commands_are_copied(look_at):
    page = look_at("few", permissions=["clipboard-read", "clipboard-write"])
    row = page.locator(".cmd").first
    assert row.get_by_role("button").inner_text() == "Copy"
    row.get_by_role("button").click()
    page.wait_for_function("document.querySelector('.cmd button').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == row.locator("code").inner_text()


def test_commands_are_copied_where_the_browser_has_no_clipboard_for_pages(look_at):
    page = look_at("few")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    copied = page.evaluate(
        """() => new Promise((done) => {
          document.addEventListener('copy', () => done(getSelection().toString()));
          document.querySelector('.cmd button').click();
        })"""
    )
    assert copied == page.locator(".cmd code").first.inner_text()


def test_remarks_have_no_button_and_every_command_has(look_at):
    page = look_at("every")
    assert page.locator(".remark").count() > 10
    assert page.locator(".remark button").count() == 0
    assert page.locator(".cmd").count() == page.locator(".cmd button").count() > 50


def test_all_of_it_can_be_reached_and_used_with_the_keyboard(look_at):
    page = look_at("few")
    reached = []
    for _press in range(80):
        page.keyboard.press("Tab")
        tag, outline = page.evaluate(
            "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
        )
        if tag == "BODY":
            break
        assert outline != "none", tag
        reached.append(tag)
    assert {"BUTTON", "INPUT", "SELECT", "SUMMARY", "A", "DIV"} <= set(reached)
    assert reached.count("SUMMARY") == 6 + 1  # the hosts and the map
    last = page.locator("summary").last
    last.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").last.get_attribute("open") == ""
    page.keyboard.press("Space")
    assert page.locator("details").last.get_attribute("open") is None


def test_times_are_those_of_the_reader_too(look_at):
    page = look_at("few", timezone="Asia/Tokyo")
    assert page.locator("time").first.inner_text() == "2026-11-29 02:50:14 UTC (11:50:14 GMT+9 here)"


def test_a_print_has_all_that_is_in_trouble_and_no_buttons(look_at):
    page = look_at("many")
    assert page.locator("details[open]").count() == 0
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for left_out in ("form", "button"):
        assert page.locator(left_out + ":visible").count() == 0
    troubled = page.locator('.host:not([data-status="healthy"]) details')
    assert troubled.count() == page.locator(".host details[open]").count() == 50
    assert page.locator(".map[open]").count() == 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    assert len(page.pdf()) > 10_000


def test_without_script_the_page_shows_everything(browser, report_file):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report_file("few").as_uri())
    assert page.locator("form").is_hidden()
    assert page.locator(".host").count() == 6
    assert page.locator("article").first.is_visible()
    context.close()


def test_no_text_of_a_host_is_run_or_becomes_an_element(look_at):
    page = look_at("hostile")
    open_all(page)
    page.get_by_label("Search").fill(HOSTILE)
    assert page.evaluate(SHOWN) == 2
    for button in page.locator(".cmd:visible button").all():
        button.click()
    assert page.locator("img, iframe, object, embed, script:not(:last-child)").count() == 0
    assert page.locator("script").count() == 1
    assert page.evaluate("document.body.innerText").count(HOSTILE.partition("&")[0]) > page.locator(".host").count()
    assert page.evaluate("window.stopped") == []


@pytest.mark.parametrize(
    ("attack", "directive"),
    [
        ("element('script', { textContent: 'window.taken = true' })", "script-src-elem"),
        ("element('img', { src: 'https://example.org/x.png' })", "img-src"),
        ("element('div', {}).setAttribute('onclick', 'window.taken = true')", "script-src-attr"),
        ("element('style', { textContent: 'body { display: none }' })", "style-src-elem"),
        ("fetch('https://example.org/').catch(() => 0)", "connect-src"),
        ("element('iframe', { src: 'https://example.org/' })", "frame-src"),
        ("element('base', { href: 'https://example.org/' })", "base-uri"),
    ],
)
def test_the_policy_stops_what_got_into_the_page(browser, report_file, attack, directive):
    with opened(browser, report_file("few")) as (page, _wrong):
        page.evaluate(
            "() => { const element = (name, own) => document.body.appendChild(Object.assign(document.createElement(name), own)); %s; }"
            % attack
        )
        page.wait_for_function("window.stopped.length > 0", timeout=5000)
        assert page.evaluate("window.stopped")[0] == directive
        assert page.evaluate("window.taken") is None
        assert page.locator("h1").is_visible()


def test_five_hundred_hosts_weigh_less_than_a_megabyte(report_file):
    for kind in ("many", "worst"):
        assert report_file(kind).stat().st_size < 1_000_000, kind


def test_five_hundred_hosts_are_as_quick_as_their_number_lets_expect(look_at):
    """Both are measured here and now, so that a slow machine slows both: 80 times the hosts take far less than 80 times as long."""
    few, many = look_at("few"), look_at("worst")
    quickest = {
        name: min(page.evaluate(FILTER, text) for text in ("nginx", "web1", "no such text", ""))
        for name, page in (("few", few), ("many", many))
    }
    assert quickest["many"] < 40 * max(quickest["few"], 1)
    loaded = {
        name: page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        for name, page in (("few", few), ("many", many))
    }
    assert loaded["many"] < 40 * max(loaded["few"], 10)
