"""Does the page serve who reads Chinese, has no mouse, holds a phone, likes it dark, or must sign in? And does it tell how the model is doing?"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

Opening = Callable[..., Any]
QUIET = ("audit/live",)  # a server that sums up no traffic says 404, which a browser writes to its console


def active(page: Any) -> dict[str, Any]:
    """The element that has the focus: what it is, what it is called, and whether one sees that."""
    return dict(
        page.evaluate(
            """() => {
                const e = document.activeElement;
                return { tag: e.tagName, text: (e.innerText || e.getAttribute("aria-label") || e.id || "").trim(), id: e.id,
                         seen: getComputedStyle(e).outlineStyle !== "none" && e.getBoundingClientRect().width > 0 };
            }"""
        )
    )


def round_of(page: Any) -> list[dict[str, Any]]:
    """What the focus passes, by the Tab key alone, until it leaves the page again."""
    seen: list[dict[str, Any]] = []
    while len(seen) < 80:
        page.keyboard.press("Tab")
        if (found := active(page))["tag"] == "BODY":
            return seen
        seen.append(found)
    raise AssertionError(f"the focus is held by {seen[-1]}")


def answered(page: Any) -> None:
    page.locator("form.form button[type=submit]").click()
    page.locator("[data-part=moved]").wait_for()


# ------------------------------------------------------------------------------------------------------------- language


def test_a_chinese_browser_is_met_in_chinese(opened: Opening) -> None:
    page = opened(locale="zh-CN")
    assert page.locator("html").get_attribute("lang") == "zh"
    page.get_by_role("button", name="获取回答").click()
    page.get_by_text("为什么是这个回答").wait_for()
    assert "概率为" in page.locator("[data-view=answer]").inner_text()
    assert page.get_by_role("link", name="报告").get_attribute("href") == "/models/loans/report?lang=zh"


def test_the_language_is_switched_remembered_and_keeps_row_and_answer(opened: Opening) -> None:
    page = opened()
    page.locator("form.form").get_by_label("age", exact=True).fill("99")
    answered(page)
    page.get_by_role("button", name="中文").click()
    page.get_by_text("为什么是这个回答").wait_for()
    assert page.locator("form.form").get_by_label("age", exact=True).input_value() == "99"
    assert "超出" in page.locator("[data-view=answer] .notes").inner_text()
    page.reload()
    page.get_by_role("button", name="获取回答").wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Get the answer").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"


# ------------------------------------------------------------------------------------------------------------- keyboard


def test_the_skip_link_leads_past_the_head(opened: Opening) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert active(page)["text"] == "Skip to the content"
    assert active(page)["seen"]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_everything_is_done_by_keyboard_alone_and_nothing_holds_the_focus(opened: Opening) -> None:
    page = opened()
    page.locator("form.form").get_by_label("age", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("70")
    page.keyboard.press("Enter")
    page.locator("[data-part=moved]").wait_for()
    round_of(page)  # to the end of the page
    seen = round_of(page)  # and once through it
    assert [one for one in seen if not one["seen"]] == []
    said = " ".join(one["text"] for one in seen)
    for part in (
        "Skip to the content",
        "中文",
        "Many rows",
        "The report",
        "Get the answer",
        "Use this value",
        "What may change",
        "Find changes",
    ):
        assert part in said


def test_a_button_keeps_the_focus_that_pressed_it(opened: Opening) -> None:
    page = opened()
    page.get_by_role("button", name="Get the answer").focus()
    page.keyboard.press("Enter")
    page.locator("[data-part=moved]").wait_for()
    assert active(page)["text"] == "Get the answer"
    assert page.locator("[data-part=live]").inner_text().startswith("The answer: ")
    page.get_by_role("button", name="中文").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="获取回答").wait_for()
    assert active(page)["id"] == "language"


def test_every_control_has_a_name(opened: Opening) -> None:
    page = opened()
    answered(page)
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("input,select,textarea,button,a")].filter((e) => !(e.labels?.length || e.innerText.trim()
            || e.getAttribute("aria-label"))).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    headings = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((e) => Number(e.tagName[1]))")
    assert headings[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(headings))


# ------------------------------------------------------------------------------------------------------ phone and dark


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("model", ["loans", "prices"])
def test_a_phone_scrolls_only_downwards(opened: Opening, locale: str, model: str) -> None:
    page = opened(f"/?model={model}", wide=320, high=640, locale=locale, allowed=QUIET)
    answered(page)
    page.locator("[data-view=otherwise] summary").click()
    page.locator("[data-view=otherwise] button[type=submit]").click()
    page.locator(".ways, [data-view=otherwise] .problem").first.wait_for()
    for view in ("one", "many", "health"):
        page.locator(f"a[data-view={view}]").click()
        page.locator("main .card").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_on_a_phone_the_answer_comes_into_sight(opened: Opening) -> None:
    page = opened(wide=360, high=640)
    answered(page)
    top = "document.getElementById('answer').getBoundingClientRect().top"
    page.wait_for_function(f"{top} < 450")  # it scrolls for a moment
    assert -640 < page.evaluate(top) < 450


def test_the_page_is_dark_where_that_is_liked(opened: Opening) -> None:
    grounds = [
        opened(scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert grounds == ["rgb(247, 247, 245)", "rgb(15, 20, 26)"]


# ------------------------------------------------------------------------------------------------------- several models


def test_another_model_is_picked_and_the_address_names_it(opened: Opening) -> None:
    page = opened()
    page.get_by_label("Model", exact=True).select_option("prices")
    page.get_by_text("prices answers: price").wait_for()
    assert page.url.endswith("?model=prices")
    answered(page)
    assert page.locator(".range-bar").count() == 1


def test_the_report_opens_beside_the_page(opened: Opening) -> None:
    page = opened()
    with page.context.expect_page() as found:
        page.get_by_role("link", name="The report").click()
    found.value.wait_for_load_state()
    assert "loan" in found.value.title()
    assert found.value.evaluate("window.opener") is None


# ------------------------------------------------------------------------------------------------------ how it is doing


def test_traffic_is_counted_and_a_watch_that_is_off_is_said_politely(opened: Opening) -> None:
    page = opened(allowed=QUIET)
    answered(page)
    page.get_by_role("link", name="How it is doing").click()
    traffic = page.locator("[data-view=traffic]")
    traffic.wait_for()
    rows = traffic.locator("dd").first.inner_text()
    assert int(rows.replace(",", "")) >= 1
    page.get_by_role("button", name="Refresh").click()
    assert page.get_by_role("alert").count() == 0


def test_drift_is_told_with_its_figures(opened: Opening) -> None:
    page = opened("/", allowed=QUIET)
    measure = {
        "name": "age",
        "value": 0.31,
        "low": 0.2,
        "high": 0.4,
        "level": 0.95,
        "n": 1200,
        "unit": "",
        "constant": None,
        "better": "lower",
    }
    words = {
        "title": "Drift",
        "sentence": "1 of 6 columns <b>moved</b>.",
        "measures": {"age": "shift of age"},
        "notes": ["A note."],
    }
    bars = {"kind": "bars", "data": {"labels": ["age", "town"], "values": [0.31, 0.02], "reference": 0.1}}
    finding = {
        "check": "drift",
        "verdict": "watch",
        "measures": [measure],
        "figures": [bars],
        "words": {"en": words, "zh": words},
    }
    page.route("**/audit/live", lambda route: route.fulfill(json={"findings": [finding]}))
    page.get_by_role("link", name="How it is doing").click()
    drift = page.locator("[data-view=drift]")
    drift.get_by_text("1 of 6 columns <b>moved</b>.").wait_for()
    assert "have a look" in drift.inner_text()
    assert drift.locator(".label-bar .name").all_inner_texts() == ["age", "town"]
    assert drift.locator(".label-bar rect.weak").count() == 1
    assert drift.locator("tbody tr").inner_text().split("\t") == ["shift of age", "0.31", "0.2 – 0.4", "1,200"]


# -------------------------------------------------------------------------------------------------------------- sign in


def test_who_has_no_token_signs_in_and_is_told_when_that_has_ended(opened: Opening, guarded: str, world: Any) -> None:
    page = opened("/", at=guarded, allowed=("401",), ready="form")
    page.locator("input[type=password]").fill(world.token)
    page.keyboard.press("Enter")
    page.locator("form.form").wait_for()
    answered(page)
    page.context.clear_cookies()
    page.locator("form.form button[type=submit]").click()
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "not signed in any more" in alert.inner_text()
    alert.get_by_role("link", name="Sign in").click()
    page.locator("input[type=password]").wait_for()
