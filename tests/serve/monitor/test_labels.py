"""Do labels that come later give the figures that scikit-learn gives, at the roads where they are asked for?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, roc_auc_score

from assay.kernel.errors import RequestError
from assay.serve.monitor.labels import codes, quality
from assay.serve.monitor.watching import key_of
from assay.serve.settings import Settings

from .worlds import client, folder, hosted, monitor, rows, sent, truth

GIVEN = rows(200, 11)
TRUTH = truth(GIVEN, 12)


def measures(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in found["measures"]}


def test_labels_give_the_figures_of_sklearn(tmp_path: Path) -> None:
    asked = client(monitor=str(tmp_path / "traffic.db"), keep_answers=True)
    said = asked.ask("POST", "/predict", {"rows": GIVEN}, request="batch-7").json["answers"]
    body = {"labels": [{"id": f"batch-7.{i}", "answer": answer} for i, answer in enumerate(TRUTH, 1)]}
    got = asked.ask("POST", "/labels", body)
    assert got.json == {"kept": 200, "unknown": 0, "unknown_ids": []}
    live = asked.ask("GET", "/models/loans/audit/live").json
    asked.close()
    found = measures(next(one for one in live["findings"] if one["check"] == "live_quality"))
    y, p = np.asarray([a == "yes" for a in TRUTH]), np.asarray([one["probabilities"]["yes"] for one in said])
    assert live["labels"] == 200
    assert found["auc"]["value"] == pytest.approx(roc_auc_score(y, p))
    assert found["log_loss"]["value"] == pytest.approx(log_loss(y, p))
    assert found["accuracy"]["value"] == pytest.approx(accuracy_score(TRUTH, [one["answer"] for one in said]))
    inside = [a in one["set"] for a, one in zip(TRUTH, said, strict=True)]
    assert found["coverage"]["value"] == pytest.approx(np.mean(inside))
    for one in found.values():
        assert one["low"] <= one["value"] <= one["high"]


def test_labels_of_a_value_give_its_figures(tmp_path: Path) -> None:
    watch, of = monitor(tmp_path / "traffic.db", keep_answers=True), hosted("spending")
    said = sent(watch, GIVEN, "spending")
    y = [2 * row["income"] + 1 for row in GIVEN]
    known = [code for code in codes(of.model, y) if code is not None]
    assert all(watch.label(of, [(f"r1.{i}", code) for i, code in enumerate(known, 1)]))
    found = quality(of.model, watch.labelled(of, 24, 1_000))
    watch.close()
    assert found.measure("mae").value == pytest.approx(mean_absolute_error(y, [one.answer for one in said]))
    inside = [one.interval[0] <= v <= one.interval[1] for one, v in zip(said, y, strict=True)]
    assert found.measure("coverage").value == pytest.approx(np.mean(inside))
    assert found.verdict == "info"  # nothing was measured at training


def test_rows_that_bear_several_labels_take_lists_of_them(tmp_path: Path) -> None:
    asked = client("baskets", monitor=str(tmp_path / "traffic.db"), keep_answers=True)
    said = asked.ask("POST", "/predict", {"rows": GIVEN[:60]}, request="a").json["answers"]
    body = [{"id": f"a.{i}", "answer": one["answer"] or ["tea"]} for i, one in enumerate(said, 1)]
    assert asked.ask("POST", "/labels", {"labels": body}).json["kept"] == 60
    found = measures(asked.ask("GET", "/audit/live").json["findings"][1])
    asked.close()
    assert found["exact"]["value"] == pytest.approx(np.mean([bool(one["answer"]) for one in said]))


def test_answers_that_turned_worse_are_told(tmp_path: Path) -> None:
    watch, of = monitor(tmp_path / "traffic.db", keep_answers=True), hosted()
    sent(watch, GIVEN)
    turned = codes(of.model, ["no" if a == "yes" else "yes" for a in TRUTH])
    watch.label(of, [(f"r1.{i}", code) for i, code in enumerate(turned, 1) if code is not None])
    worse = quality(of.model, watch.labelled(of, 24, 1_000))
    right = codes(of.model, TRUTH)
    watch.label(of, [(f"r1.{i}", code) for i, code in enumerate(right, 1) if code is not None])
    well = quality(of.model, watch.labelled(of, 24, 1_000))
    watch.close()
    assert (worse.verdict, well.verdict) == ("watch", "pass")
    assert "worse than" in worse.say.text()
    assert "whose labels came" in well.notes[0].text()


def test_unknown_ids_and_answers_are_told(tmp_path: Path) -> None:
    asked = client(monitor=str(tmp_path / "traffic.db"), keep_answers=True)
    asked.ask("POST", "/predict", {"rows": GIVEN[:2]}, request="a")
    got = asked.ask("POST", "/labels", {"labels": [{"id": "a.1", "answer": "yes"}, {"id": "a.9", "answer": "no"}]})
    bad = asked.ask("POST", "/labels", {"labels": [{"id": "a.1", "answer": "perhaps"}]})
    torn = [asked.ask("POST", "/labels", body).status for body in ({}, {"labels": []}, {"labels": [7]}, [], {"labels": [{"id": 1, "answer": "no"}]})]  # fmt: skip
    few = asked.ask("GET", "/audit/live").json["findings"]
    asked.close()
    assert got.json == {"kept": 1, "unknown": 1, "unknown_ids": ["a.9"]}
    assert bad.status == 422
    assert "a.1" in bad.json["error"]["seen"]
    assert torn == [422] * 5
    assert [one["verdict"] for one in few] == ["unknown", "unknown"]


def test_labels_are_read_as_json_writes_them() -> None:
    value, loans = hosted("spending").model, hosted().model
    assert [None if code is None else code.tolist() for code in codes(value, [1, "2.5", True, "x", 10**400, float("inf")])] == [[1.0], [2.5], None, None, None, None]  # fmt: skip
    assert [None if code is None else code.tolist() for code in codes(loans, ["yes", "no", "YES!", 1, 2, None])] == [[1.0], [0.0], None, [1.0], None, None]  # fmt: skip


def test_a_row_keeps_its_number_where_another_is_refused(tmp_path: Path) -> None:
    asked = client(monitor=str(tmp_path / "traffic.db"), keep_answers=True)
    given = [{**GIVEN[0], "income": "much"}, GIVEN[1]]
    assert asked.ask("POST", "/predict", {"rows": given, "on_error": "row"}, request="a").status == 200
    got = asked.ask("POST", "/labels", {"labels": [{"id": "a.1", "answer": "yes"}, {"id": "a.2", "answer": "yes"}]})
    asked.close()
    assert got.json == {"kept": 1, "unknown": 1, "unknown_ids": ["a.1"]}


def test_what_came_is_told_at_the_road(tmp_path: Path) -> None:
    asked = client(monitor=str(tmp_path / "traffic.db"))
    assert asked.ask("GET", "/audit/live").json["traffic"]["rows"] == 0
    asked.ask("POST", "/predict", {"rows": rows(150, 3, shift=1.0)})
    for row in rows(40, 4, shift=1.0):
        asked.ask("POST", "/predict", {"rows": [row]})
    live = asked.ask("GET", "/audit/live?hours=2").json
    gauges = asked.ask("GET", "/metrics").body.decode()
    wrong = [asked.ask("GET", f"/audit/live?hours={said}").status for said in ("0", "x", "99999", "-1", "²")]
    asked.close()
    assert live["traffic"]["rows"] == 190 == sum(one["rows"] for one in live["traffic"]["hours"])
    assert live["traffic"]["not_looked_at"] == 0
    assert live["findings"][0]["check"] == "drift"
    assert live["findings"][0]["verdict"] == "watch"
    assert "assay_monitor_rows_looked_at 190" in gauges
    assert wrong == [422] * 5


def test_a_server_that_is_not_watched_says_so(tmp_path: Path) -> None:
    asked = client()
    for method, path in (("GET", "/audit/live"), ("GET", "/models/loans/audit/live"), ("POST", "/labels")):
        got = asked.ask(method, path, {"labels": [{"id": "a.1", "answer": "yes"}]} if method == "POST" else None)
        assert got.status == 404
        assert "--monitor" in got.json["error"]["expected"]
    watched = client(monitor=str(tmp_path / "traffic.db"))
    got = watched.ask("POST", "/labels", {"labels": [{"id": "a.1", "answer": "yes"}]})
    watched.close()
    assert got.status == 404
    assert "--keep-answers" in got.json["error"]["expected"]
    with pytest.raises(RequestError, match="keep-answers"):
        Settings(models=(str(folder()),), keep_answers=True)


def test_a_database_that_is_away_is_told_and_the_model_answers(tmp_path: Path) -> None:
    asked = client(monitor=str(tmp_path / "traffic.db"))
    store = asked.app.world.monitor.store
    store.close()
    (tmp_path / "traffic.db").write_bytes(b"no database at all" * 500)
    for name in ("traffic.db-wal", "traffic.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    answered = asked.ask("POST", "/predict", {"rows": GIVEN[:3]}).status
    live = asked.ask("GET", "/audit/live")
    asked.close()
    assert (answered, live.status) == (200, 503)
    assert set(live.json["error"]) == {"seen", "expected", "do"}


@pytest.mark.skipif(not os.environ.get("ASSAY_TEST_POSTGRES"), reason="ASSAY_TEST_POSTGRES names no database")
def test_postgres_counts_as_sqlite_does(tmp_path: Path) -> None:
    from assay.serve.monitor.store import open_store

    url = os.environ["ASSAY_TEST_POSTGRES"]
    one, two = (monitor(open_store(url), keep_answers=True) for _ in range(2))
    with one.store._at_work() as run:  # type: ignore[attr-defined]
        run("DELETE FROM assay_hours")
        run("DELETE FROM assay_answers")
    sent(one, GIVEN[:50], request="a")
    sent(two, GIVEN[50:], request="b")
    two.fold()
    ((_, numbers),) = one.hours(hosted(), 24)
    known = codes(hosted().model, TRUTH[:50])
    kept = one.label(hosted(), [(f"a.{i}", code) for i, code in enumerate(known, 1) if code is not None])
    pairs = two.labelled(hosted(), 24, 1_000)
    assert numbers[two.layout(hosted()).at["rows"]] == 200
    assert all(kept)
    assert len(pairs) == 50
    assert one.store.hours(key_of(hosted("spending")), 0) == []
    one.close()
    two.close()
