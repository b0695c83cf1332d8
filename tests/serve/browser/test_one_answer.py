"""Does a person who is no programmer get an answer, its reasons, and what would change it?"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

Opening = Callable[..., Any]
NUMBER = re.compile(r"[+−-]?[\d,]*\.?\d+")


def ask(page: Any) -> None:
    page.get_by_role("button", name="Get the answer").click()
    page.locator("[data-part=moved]").wait_for()


def shown(page: Any, part: str) -> str:
    return str(page.locator(f"[data-part={part}]").first.inner_text())


def field(page: Any, name: str) -> Any:
    return page.locator("form.form").get_by_label(name, exact=True)


def row_of(page: Any) -> dict[str, Any]:
    """The row that the page sends when it is asked for an answer."""
    with page.expect_request(lambda asked: asked.url.endswith("/predict")) as sent:
        page.get_by_role("button", name="Get the answer").click()
    page.locator("[data-part=moved]").wait_for()
    return dict(sent.value.post_data_json["rows"][0])


def value(text: str) -> float:
    found = NUMBER.search(text)
    assert found is not None, text
    return float(found[0].replace(",", "").replace("−", "-"))


# ----------------------------------------------------------------------------------------------------------------- form


def test_the_form_is_made_from_the_schema_and_holds_the_typical_row(opened: Opening, world: Any) -> None:
    page = opened()
    labels = page.locator("form.form .field > label").all_inner_texts()
    assert labels == list(world.rows)
    assert field(page, "age").get_attribute("type") == "number"
    assert field(page, "opened").get_attribute("type") == "date"
    assert field(page, "town").get_attribute("list")
    assert field(page, "purpose").evaluate("e => e.tagName") == "SELECT"
    assert field(page, "owner").locator("option").all_inner_texts() == ["unknown", "yes", "no"]
    schema = page.request.get(page.url + "models/loans").json()
    age = schema["columns"][0]
    assert f"usual: {age['low']:g} to {age['high']:g}" in page.locator(".field", has_text="age").first.inner_text()
    assert row_of(page) == schema["example"]


def test_what_is_typed_is_what_is_asked_and_an_empty_field_is_unknown(opened: Opening) -> None:
    page = opened()
    page.get_by_role("button", name="Empty all fields").click()
    field(page, "age").fill("31.5")
    field(page, "purpose").select_option(label="house")
    field(page, "opened").fill("2021-05-06")
    assert row_of(page) == {
        "age": 31.5,
        "income": None,
        "purpose": "house",
        "town": None,
        "opened": "2021-05-06",
        "owner": None,
    }


def test_a_level_that_is_not_listed_can_be_written(opened: Opening) -> None:
    page = opened()
    field(page, "purpose").select_option(label="another value …")
    page.get_by_label("purpose: another value").fill("boat")
    assert row_of(page)["purpose"] == "boat"
    assert (
        "was never seen in training"
        in page.locator(".field", has=page.get_by_label("purpose", exact=True)).inner_text()
    )


def test_a_value_beyond_training_is_warned_of_beside_its_field(opened: Opening) -> None:
    page = opened()
    age = page.locator(".field", has=page.get_by_label("age", exact=True))
    field(page, "age").fill("99")
    assert "Outside the usual range" in age.inner_text()
    ask(page)
    assert "age 99 is outside the range of training" in age.inner_text()
    assert "take the answer with care" in page.locator("[data-view=answer]").inner_text()
    field(page, "age").fill("40")
    assert "utside" not in age.inner_text()


def test_letters_where_a_number_belongs_are_told_and_not_sent(opened: Opening) -> None:
    page = opened()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    field(page, "income").fill("")
    field(page, "income").press_sequentially("1e")
    page.get_by_role("button", name="Get the answer").click()
    assert field(page, "income").get_attribute("aria-invalid") == "true"
    told = field(page, "income").get_attribute("aria-describedby").split()[1]
    assert "This is no number" in page.locator(f"#{told}").inner_text()
    assert page.evaluate("document.activeElement.id") == field(page, "income").get_attribute("id")
    assert not [url for url in asked if url.endswith("/predict")]


# --------------------------------------------------------------------------------------------------------------- answer


def test_the_answer_is_that_of_the_model_with_its_probability_and_set(opened: Opening, world: Any) -> None:
    page = opened()
    field(page, "age").fill("70")
    said = world.loans.predict(row_of(page))
    assert shown(page, "answer") == said.answer
    bars = page.locator("[data-view=answer] .label-bar")
    assert bars.count() == 2
    for label, share in said.probabilities.items():
        line = bars.filter(has_text=label)
        assert value(line.locator(".share").inner_text()) == pytest.approx(100 * share, abs=0.51)
        width = line.locator("rect.fill").get_attribute("width")
        assert value(width) == pytest.approx(100 * share, abs=0.01)
        assert line.locator(".badge").count() == (label in said.set)
    assert f"The answer: {said.answer}." in shown(page, "live")


def test_an_interval_is_drawn_for_a_value(opened: Opening, world: Any) -> None:
    page = opened("/?model=prices")
    said = world.prices.predict(row_of(page))
    low, high = said.interval
    assert value(shown(page, "answer")) == pytest.approx(said.answer, abs=1)
    ends = [value(text) for text in page.locator("[data-view=answer] .ends").locator("span,b").all_inner_texts()]
    assert ends == pytest.approx([low, said.answer, high], abs=1)
    span = page.locator(".range-bar .span")
    a, b, at = (
        value(span.get_attribute("x1")),
        value(span.get_attribute("x2")),
        value(page.locator(".range-bar .dot").get_attribute("cx")),
    )
    assert (at - a) / (b - a) == pytest.approx((said.answer - low) / (high - low), abs=0.01)


def test_an_answer_says_when_the_form_has_moved_on(opened: Opening) -> None:
    page = opened()
    ask(page)
    stale = page.get_by_text("The values have changed since this answer.")
    assert not stale.is_visible()
    before = field(page, "age").input_value()
    field(page, "age").fill("20")
    assert stale.is_visible()
    field(page, "age").fill(before)
    assert not stale.is_visible()


# -------------------------------------------------------------------------------------------------------------- reasons


def test_the_steps_of_the_waterfall_lead_from_the_base_to_the_score(opened: Opening, world: Any) -> None:
    page = opened()
    told = world.loans.explain(row_of(page))
    table = page.get_by_role("table", name="Reasons, step by step")
    names = [text.split("\n")[0] for text in table.get_by_role("rowheader").all_inner_texts()]
    assert names == ["Base: all rows alike", *(name for name, _, _ in told.parts), "Score of this row"]
    pulls = [value(text) for text in table.locator("td.num").all_inner_texts()]
    assert pulls == pytest.approx([told.base, *(pull for _, _, pull in told.parts), told.score], rel=0.01, abs=1e-6)
    assert pulls[0] + sum(pulls[1:-1]) == pytest.approx(pulls[-1], abs=0.05)


def test_a_sign_stands_beside_every_colour(opened: Opening, world: Any) -> None:
    page = opened()
    told = world.loans.explain(row_of(page))
    signs = [text.strip()[0] for text in page.locator(".waterfall td.num").all_inner_texts()[1:-1]]
    assert signs == ["◀" if pull < 0 else "▶" for _, _, pull in told.parts]


def test_reasons_can_be_read_for_the_other_label(opened: Opening) -> None:
    page = opened()
    ask(page)
    pulls = page.locator(".waterfall td.num")
    before = [value(text) for text in pulls.all_inner_texts()]
    other = next(label for label in ("repaid", "lost") if label != shown(page, "answer"))
    with page.expect_response(lambda reply: reply.url.endswith("/explain")):
        page.get_by_label("Reasons for").select_option(other)
    page.get_by_text(f"log-odds of '{other}'").first.wait_for()
    assert [value(text) for text in pulls.all_inner_texts()] == pytest.approx([-x for x in before])


# -------------------------------------------------------------------------------------------------------------- what if


def test_the_answer_moves_with_the_slider_as_the_model_says(opened: Opening, world: Any) -> None:
    page = opened()
    row = row_of(page)
    page.get_by_label("Move", exact=True).select_option("age")
    slider = page.get_by_role("slider", name="Value of age")
    places = int(slider.get_attribute("max"))
    assert 20 <= places <= 26
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    slider.focus()
    heights = []
    for key in ("Home", "End"):
        page.keyboard.press(key)
        age = value(slider.get_attribute("aria-valuetext"))
        label = page.get_by_label("Watch").input_value()
        share = world.loans.predict({**row, "age": age}).probabilities[label]
        assert value(shown(page, "moved").rsplit(":", 1)[1]) == pytest.approx(100 * share, abs=0.51)
        heights.append(value(page.locator(".curve > .dot").get_attribute("cy")))
        assert heights[-1] == pytest.approx(100 * (1 - share), abs=0.01)
    assert heights[0] != heights[1]
    assert asked == [], "the slider looks up what was asked once"


def test_rows_that_are_only_tried_are_told_apart_from_traffic(opened: Opening) -> None:
    page = opened()
    sent: list[tuple[int, str | None]] = []
    page.on(
        "request",
        lambda asked: (
            asked.url.endswith("/predict")
            and sent.append((len(asked.post_data_json["rows"]), asked.headers.get("x-assay-purpose")))
        ),
    )
    ask(page)
    assert [(rows > 1, purpose) for rows, purpose in sent] == [(False, None), (True, "trial")]


def test_the_column_that_pulls_most_is_moved_first(opened: Opening, world: Any) -> None:
    page = opened()
    strongest = world.loans.explain(row_of(page)).parts[0][0]
    assert page.get_by_label("Move", exact=True).input_value() == strongest


def test_a_value_that_was_tried_can_be_used(opened: Opening) -> None:
    page = opened()
    ask(page)
    page.get_by_label("Move", exact=True).select_option("age")
    page.get_by_role("slider", name="Value of age").focus()
    page.keyboard.press("End")
    oldest = page.get_by_role("slider").get_attribute("aria-valuetext")
    with page.expect_response(lambda reply: reply.url.endswith("/explain")):
        page.get_by_role("button", name="Use this value").click()
    assert field(page, "age").input_value() == oldest


def test_levels_are_picked_and_the_own_is_marked(opened: Opening, world: Any) -> None:
    page = opened()
    row = row_of(page)
    page.get_by_label("Move", exact=True).select_option("purpose")
    picks = page.locator(".picks")
    picks.wait_for()
    assert picks.get_by_role("radio").count() == 3
    assert page.locator(".pick.own").inner_text().startswith(row["purpose"])
    picks.get_by_role("radio", name="house").check()
    share = world.loans.predict({**row, "purpose": "house"}).probabilities[page.get_by_label("Watch").input_value()]
    assert value(shown(page, "moved").rsplit(":", 1)[1]) == pytest.approx(100 * share, abs=0.51)


# ------------------------------------------------------------------------------------------------------- what would change


def test_a_way_to_another_answer_is_found_keeps_what_must_stay_and_can_be_used(opened: Opening) -> None:
    page = opened()
    ask(page)
    before = shown(page, "answer")
    view = page.locator("[data-view=otherwise]")
    view.locator("summary").click()
    view.get_by_label("income", exact=True).select_option(label="stays")
    assert view.locator("summary").inner_text().endswith("(1 column bound)")
    with page.expect_request(lambda asked: asked.url.endswith("/counterfactual")) as sent:
        view.get_by_role("button", name="Find changes").click()
    assert sent.value.post_data_json["immutable"] == ["income"]
    way = view.locator(".way").first
    way.wait_for()
    assert "income" not in view.locator(".ways").inner_text()
    with page.expect_response(lambda reply: reply.url.endswith("/explain")):
        way.get_by_role("button").click()
    page.locator("[data-part=moved]").wait_for()
    assert shown(page, "answer") != before


def test_a_column_may_only_rise_or_fall_where_it_has_an_order(opened: Opening) -> None:
    page = opened()
    ask(page)
    before = row_of(page)
    view = page.locator("[data-view=otherwise]")
    view.locator("summary").click()
    offered = {name: view.get_by_label(name, exact=True).locator("option").all_inner_texts() for name in before}
    assert offered["age"] == ["may change", "only up", "only down", "stays"]
    assert offered["opened"] == ["may change", "only later", "only earlier", "stays"]
    assert offered["purpose"] == offered["owner"] == ["may change", "stays"]
    view.get_by_label("age", exact=True).focus()  # by keyboard alone
    page.keyboard.press("ArrowDown")
    view.get_by_label("opened", exact=True).select_option(label="only earlier")
    view.get_by_label("purpose", exact=True).select_option(label="stays")
    with (
        page.expect_request(lambda asked: asked.url.endswith("/counterfactual")) as sent,
        page.expect_response(lambda reply: reply.url.endswith("/counterfactual")) as came,
    ):
        view.get_by_role("button", name="Find changes").click()
    asked = sent.value.post_data_json
    assert (asked["increase_only"], asked["decrease_only"], asked["immutable"]) == (["age"], ["opened"], ["purpose"])
    changes = [change for way in came.value.json()["ways"] for change in way["changes"]]
    assert changes
    for change in changes:
        assert change["name"] != "purpose"
        if change["name"] == "age":
            assert float(change["to"]) > float(before["age"])
        if change["name"] == "opened":
            assert change["to"] < before["opened"]


def test_where_nothing_may_change_the_refusal_is_told_in_its_parts(opened: Opening, world: Any) -> None:
    page = opened(allowed=("422",))
    ask(page)
    view = page.locator("[data-view=otherwise]")
    view.locator("summary").click()
    for name in world.rows:
        view.get_by_label(name, exact=True).select_option("immutable")
    view.get_by_role("button", name="Find changes").click()
    alert = view.get_by_role("alert")
    alert.wait_for()
    assert alert.locator("p").count() >= 2


def test_a_range_is_wished_for_of_a_value(opened: Opening) -> None:
    page = opened("/?model=prices")
    ask(page)
    wished = value(shown(page, "answer")) + 200
    page.get_by_label("Wished value").fill(str(wished))
    page.get_by_role("button", name="Find changes").click()
    page.locator(".way").first.wait_for()
    assert value(page.locator(".way b").first.inner_text().rsplit("then", 1)[1]) > wished


# --------------------------------------------------------------------------------------------------------- what is hostile


def test_a_level_that_looks_like_html_stays_text_everywhere(opened: Opening, world: Any) -> None:
    page = opened()
    field(page, "purpose").select_option(label=world.bad_level)
    assert row_of(page)["purpose"] == world.bad_level
    page.get_by_label("Move", exact=True).select_option("purpose")
    page.locator(".picks").wait_for()
    assert page.get_by_text(world.bad_level).count() >= 3
    assert page.locator("main img").count() == 0


def test_a_refusal_is_told_in_its_three_parts(opened: Opening) -> None:
    page = opened(allowed=("422",))
    said = '{"error": {"seen": "<b>Seen</b>", "expected": "Expected.", "do": "Do."}, "problems": [{"row": 1, "column": "age", "seen": "No age."}]}'
    page.route("**/predict", lambda route: route.fulfill(status=422, content_type="application/json", body=said))
    page.get_by_role("button", name="Get the answer").click()
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.locator("p").all_inner_texts() == ["<b>Seen</b>", "Expected.", "Do."]
    assert field(page, "age").get_attribute("aria-invalid") == "true"


def test_a_server_that_is_gone_is_told(opened: Opening) -> None:
    page = opened(allowed=("ERR_CONNECTION_REFUSED", "ERR_FAILED"))
    page.route("**/predict", lambda route: route.abort("connectionrefused"))
    page.get_by_role("button", name="Get the answer").click()
    page.get_by_role("alert").wait_for()
    assert "The server cannot be reached." in page.get_by_role("alert").inner_text()
