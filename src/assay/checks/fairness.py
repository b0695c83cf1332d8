"""Are groups of people answered otherwise than others, and what gives a group away?

Each group of a column marked as sensitive against all others: how often a class is chosen, how often where it is true and where it is not, how
often the answer is wrong, and what probabilities say against what came; of values the mean error and its size. Over all groups and figures at
most 4 in 100 tables hold a false alarm (Holm 1979), and 1 in 100 among columns that give a group away. A person should look where a difference is
sure and large: chosen less than four fifths as often (Feldman et al. 2015, here against all others: which group is chosen most, chance
decides where there are many), rates 0.1 apart (equalised odds; Hardt, Price & Srebro 2016), probabilities 0.05 apart. It
fails only where probabilities are surely 0.1 off: that is wrong by every notion of fairness. The others contradict
each other where base rates differ (Chouldechova 2017; Kleinberg, Mullainathan & Raghavan 2017), and which of them counts is no question of numbers.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.data import Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure, Verdict
from assay.kernel.plugins import About, Evidence
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.stats.clusters import bound
from assay.stats.disparities import own_thresholds, traded
from assay.stats.slices import QUANTILES
from assay.stats.tests import holm, wilson

from ._blocks import blocks
from ._fairness_words import WORDS
from ._gaps import (
    GAP,
    LEAST,
    LEVEL,
    MOST_NAMED,
    OFF,
    Cut,
    Gap,
    Unit,
    area_of,
    areas_of,
    best_told,
    cut_of,
    gaps_of,
    least_seen,
    of_group,
    of_two,
    one_a_notion,
    order_of,
    tested,
    units_of,
    weakest_of,
    worst,
)
from ._mended import mended
from ._part import Part
from ._proxies import Told, altered, proxies, pulls

PROXY_LEVEL = 0.01  # of the family of proxies
BLIND = 0.25  # a gap that would go unseen, above which "no gap" says too little
TELLS, GIVES_AWAY = 0.6, 0.8  # areas under the curve from which a column is named, and from which a person should look
PULLS = 0.05  # share in what moves the answers
NAMED = {"selection": GAP, "tpr": GAP, "fpr": GAP, "error": GAP, "below": GAP, "calibration": OFF}
MOST_ROWS = 60


@dataclass(frozen=True)
class Fairness:
    """Are groups of people answered otherwise?"""

    about: ClassVar[About] = About(
        key="fairness",
        order=52,
        words=WORDS,
    )

    def run(self, evidence: Evidence) -> Finding:
        """Every group compared, then what gives groups away."""
        marked = evidence.plan.marked
        if not marked:
            raise DoesNotApply("nothing sensitive", say=self._say("none"))
        if evidence.n < 2 * LEAST:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=2 * LEAST))
        names = [name for name in marked if name in evidence.data]
        if not names:
            raise DoesNotApply("columns gone", say=self._say("gone", names=list(marked)))
        found = [cut_of(evidence.data[name]) for name in names]
        cuts = [cut for cut in found if len(cut.labels) > 1]
        if not cuts:
            sizes = [self._counted(label, n) for cut in found for label, n in cut.small[:MOST_NAMED]] or names
            raise DoesNotApply("nobody to compare", say=self._say("nobody", least=LEAST, names=sizes))
        used = evidence.plan.names("feature") + evidence.plan.names("sensitive")
        every = blocks(evidence, parts=used)
        grouped = bound(every)  # None: rows are strangers
        units = units_of(evidence)
        gaps = tested([gap for cut in cuts for gap in gaps_of(cut, units, grouped, evidence)])
        parts = [self._given_away(cut, every, evidence) for cut in cuts] if not evidence.clock.expired() else []
        return self._finding(found, cuts, units, gaps, parts, grouped, evidence)

    def _finding(
        self,
        found: list[Cut],
        cuts: list[Cut],
        units: list[Unit],
        gaps: list[Gap],
        parts: list[Part],
        blocks: Ints | None,
        evidence: Evidence,
    ) -> Finding:
        large = sorted((gap for gap in gaps if gap.large), key=order_of)
        sure = sorted((gap for gap in gaps if gap.kept), key=order_of)
        watched = [part for part in parts if part.watch]
        weakest = weakest_of(gaps, "selection")
        said = {"groups": sum(len(cut.labels) for cut in cuts), "columns": [f"'{cut.name}'" for cut in cuts]}
        verdict: Verdict = "pass"
        first = self._say("even", **said)
        if large:
            grave = [gap for gap in large if gap.grave]
            verdict, first = ("fail", self._told(grave[0])) if grave else ("watch", self._told(large[0]))
        elif watched:
            verdict, first = "watch", watched[0].notes[0]
        elif sure:
            verdict, first = "info", self._say("small", most=self._told(sure[0]), **said)
        elif weakest is not None and least_seen(weakest, gaps) > BLIND:
            verdict, first = "info", self._say("few_seen", least=least_seen(weakest, gaps), **said)
        others = [self._told(gap) for gap in one_a_notion(large) if self._told(gap) != first][:MOST_NAMED]
        notes = [*others, *self._conflicts(cuts, units, gaps, blocks), *(note for part in parts for note in part.notes)]
        if verdict == "pass":
            notes = [*self._power(gaps), *notes]
        notes += self._limits(found, cuts, units, gaps, evidence)
        mitigated = mended(cuts, units, blocks, evidence, self._say)
        notes = [*mitigated.notes, *notes]
        if not parts:
            notes.append(self._say("time", names=[cut.name for cut in cuts]))
        trade = [self._traded(cut, units[0], evidence) for cut in cuts] if of_two(evidence) else []
        notes += [note for part in trade for note in part.notes]
        apart = {gap.column for gap in large}
        advice = [a for part in parts if part.watch or part.column in apart for a in part.advice]
        return Finding(
            check="fairness",
            verdict=verdict,
            say=first,
            measures=(*self._measures(gaps), *(m for part in (mitigated, *parts, *trade) for m in part.measures)),
            figures=(
                *self._figures(cuts, units, gaps, evidence),
                *(f for part in (mitigated, *trade, *parts) for f in part.figures),
            ),
            notes=tuple(note for note in notes if note != first),
            advice=(*([Advice(say=self._say("look"))] if large else []), *advice),
        )

    # ------------------------------------------------------------------------------------------------- what is said

    def _told(self, gap: Gap) -> Say:
        """One gap in words."""
        apart, key = gap.apart, gap.key
        said: dict[str, object] = {"column": gap.column, "label": gap.label, "of": gap.of}
        said |= {"here": apart.here, "there": apart.there}
        if key == "calibration":
            assert gap.said is not None
            said |= {"came": gap.said.came, "said": gap.said.said, "gap": abs(apart.gap)}
            ends = (apart.gap_low, apart.gap_high) if apart.gap >= 0 else (-apart.gap_high, -apart.gap_low)
            said |= dict(zip(("low", "high"), ends, strict=True))
        if key == "selection" and apart.ratio is None:
            return self._say("selection_none", **said)
        if key == "selection":
            assert apart.ratio is not None
            said |= dict(zip(("ratio", "low", "high"), apart.ratio, strict=True))
        return self._say(key, **said)

    def _power(self, gaps: list[Gap]) -> list[Say]:
        """Which gaps would have been seen."""
        said = {"power": "selection", "power_tpr": "tpr", "power_bias": "bias", "power_below": "below"}
        found = [(name, weakest_of(gaps, key)) for name, key in said.items()]
        return [
            self._say(name, least=least_seen(gap, gaps), label=gap.label, column=gap.column)
            for name, gap in found
            if gap is not None
        ]

    def _conflicts(self, cuts: list[Cut], units: list[Unit], gaps: list[Gap], blocks: Ints | None) -> list[Say]:
        """Base rates of each column, where they surely differ, and which notions hold here all the same."""
        out: list[Say] = []
        for cut in cuts if len(units) == 1 else []:
            tests = [of_group(cut, g, units[0].true, blocks) for g in range(len(cut.labels))]
            if not holm(np.asarray([one.p for one in tests])).any():
                continue
            low, high = min(tests, key=lambda one: one.here), max(tests, key=lambda one: one.here)
            said: dict[str, object] = {"low": low.here, "high": high.here}
            said |= {"lowest": cut.labels[tests.index(low)], "highest": cut.labels[tests.index(high)]}
            out.append(self._say("base", of=units[0].label, column=cut.name, **said))
            own = {gap.key for gap in gaps if gap.column == cut.name and gap.large}
            notions = {"selection": {"selection"}, "rates": {"tpr", "fpr"}, "calibration": {"calibration"}}
            holds = [self._say(f"notion.{name}") for name, keys in notions.items() if not keys & own]
            fails = [self._say(f"notion.{name}") for name, keys in notions.items() if keys & own]
            key = "holds_all" if not fails else "holds" if holds else "holds_none"
            out.append(self._say(key, holds=holds, fails=fails))
        return out

    def _limits(
        self, found: list[Cut], cuts: list[Cut], units: list[Unit], gaps: list[Gap], evidence: Evidence
    ) -> list[Say]:
        """What was taken for granted, and who was not judged."""
        out = []
        if of_two(evidence) and evidence.plan.favourable == units[0].label:
            out.append(self._say("favours", label=units[0].label))
        elif of_two(evidence):
            other = [gap.apart for gap in gaps if gap.key == "selection"]
            low = min(((1 - max(a.here, a.there)) / max(1 - min(a.here, a.there), 1e-12) for a in other), default=1.0)
            out.append(self._say("taken", label=units[0].label, other=evidence.codec.labels[0], low=low))
        if gone := [name for name in evidence.plan.marked if name not in evidence.data]:
            out.append(self._say("gone_some", names=gone))
        kept_out = evidence.plan.names("audited")
        out += [
            self._say("not_given" if evidence.elsewhere else "kept_out", column=cut.name)
            for cut in cuts
            if cut.name in kept_out
        ]
        for cut in found:
            if cut not in cuts:
                out.append(self._say("uncut", column=cut.name, least=LEAST))
            if cut.bands:
                n = len([label for label in cut.labels if label != "–"])
                key = "bands" if n == QUANTILES else "bands_shared"
                out.append(self._say(key, column=cut.name, n=n))
            if cut.small:
                names = [self._counted(label, n) for label, n in cut.small[:MOST_NAMED]]
                more = len(cut.small) - len(names)
                key = "too_small_more" if more else "too_small"
                out.append(self._say(key, column=cut.name, least=LEAST, names=names, more=more))
            if "–" in cut.labels:
                out.append(self._say("stated", column=cut.name))
        if evidence.weight is not None:
            out.append(self._say("weights"))
        return out

    def _counted(self, label: str, n: int) -> Say:
        return self._say("counted", label=label, n=n)

    # ------------------------------------------------------------------------------------------ what gives it away

    def _given_away(self, cut: Cut, blocks: Ints, evidence: Evidence) -> Part:
        """The columns that tell a group, what the model goes by them, and what the column itself does to answers."""
        names = [n for n in evidence.plan.names("feature") + evidence.plan.names("sensitive") if n != cut.name]
        names = [n for n in names if n in evidence.data]
        asked = proxies(evidence, cut.name, cut.code, blocks, names)
        if asked is None:
            own = self._altered(cut, evidence)
            return replace(own, column=cut.name, notes=(self._say("proxies_few", column=cut.name), *own.notes))
        share = pulls(evidence)
        kept = holm(np.asarray([told.p for told in asked.alone], dtype=float), PROXY_LEVEL / 2)
        sure = best_told([told for told, keep in zip(asked.alone, kept, strict=True) if keep and told.auc >= TELLS])
        away = [told for told in sure if told.low > GIVES_AWAY and share.get(told.name, 0.0) >= PULLS]
        sure.sort(key=lambda told: told not in away)
        notes = [self._proxy(cut, told, share) for told in sure[:MOST_NAMED]]
        best = best_told(list(asked.alone))
        if not sure and best:
            notes.append(self._say("no_proxy", column=cut.name, name=best[0].name, auc=best[0].auc))
        whole = best_told(list(asked.together))
        if whole:
            all_sure = holm(np.asarray([told.p for told in asked.together]), PROXY_LEVEL / 2).any()
            apart = cut.name in evidence.plan.names("audited") and not evidence.elsewhere
            told = "together_kept_out" if apart else "together"
            key = told if all_sure and whole[0].auc >= TELLS else "not_together"
            notes.append(self._say(key, **area_of(cut, whole[0])))
        if asked.passed:
            notes.append(self._say("not_asked", column=cut.name, names=list(asked.passed[:MOST_NAMED])))
        own = self._altered(cut, evidence)
        advice = [
            Advice(say=self._say("drop_proxy", name=t.name, column=cut.name), option=f"--drop {shlex.quote(t.name)}")
            for t in away[:2]
        ]
        return Part(
            column=cut.name,
            watch=bool(away),
            notes=(*notes, *own.notes),
            measures=(*areas_of(cut, best, whole), *own.measures),
            advice=(*own.advice, *advice),
            figures=self._strongest(cut, best, whole),
        )

    def _proxy(self, cut: Cut, told: Told, share: dict[str, float]) -> Say:
        pull = share.get(told.name)
        key = "proxy" if pull is None or pull < PULLS else "proxy_pull"
        return self._say(key, name=told.name, pull=pull, **area_of(cut, told))

    def _strongest(self, cut: Cut, best: list[Told], whole: list[Told]) -> tuple[Figure, ...]:
        shown = [*whole[:1], *best[:10]]
        if not shown:
            return ()
        data = {
            "labels": [told.name or self._say("all") for told in shown],
            "values": [told.auc for told in shown],
            "low": [told.low for told in shown],
            "high": [told.high for told in shown],
            "reference": 0.5,
        }
        return (Figure(kind="bars", title=self._say("given", column=cut.name), data=data, x=self._say("area")),)

    def _altered(self, cut: Cut, evidence: Evidence) -> Part:
        """What becomes of the answers if the sensitive column alone is another."""
        found = altered(evidence, cut.name, cut.code)
        if found is None:
            return Part()
        n, column = len(found.rows), cut.name
        if not evidence.codec.labels:
            return Part()
        weighed = evidence.codec.weighed(found.answers)
        chosen = found.answers > 0.5 if evidence.y.ndim > 1 else weighed.argmax(axis=2)
        same = (chosen == chosen[:1]).all(axis=0)
        share = float(1 - (same.all(axis=1) if same.ndim > 1 else same).mean())
        low, high = wilson(share * n, n)
        measure = Measure(name=f"altered: {column}", value=share, low=low, high=high, n=n, unit="share")
        drop = Advice(say=self._say("drop", column=column), option=f"--audit-only {shlex.quote(column)}")
        advice = (drop,) if share > 0 else ()
        if not of_two(evidence):
            return Part(notes=(self._say("altered", column=column, share=share),), measures=(measure,), advice=advice)
        of = units_of(evidence)[0].label
        code, place = cut.code[found.rows], evidence.codec.labels.index(of)
        groups = [g for g in range(len(cut.labels)) if (code == g).any()]
        now = evidence.codec.weighed(evidence.answers()[found.rows]).argmax(axis=1)
        alike = [float((chosen[:, code == g] == place).mean()) for g in groups]
        was = [float((now[code == g] == place).mean()) for g in groups]
        said = {"low": min(alike), "high": max(alike), "was_low": min(was), "was_high": max(was)}
        say = self._say("altered_choice", column=column, share=share, of=of, **said)
        return Part(notes=(say,), measures=(measure,), advice=advice)

    # ------------------------------------------------------------------------------------------------- thresholds

    def _traded(self, cut: Cut, unit: Unit, evidence: Evidence) -> Part:
        """One threshold against thresholds by group; those by group learnt on one half of the rows, used on the other."""
        half = stream(evidence.seed, "thresholds", cut.name).permutation(evidence.n) % 2
        grid = np.round(np.linspace(0.05, 0.95, 19), 2)
        one = [traded(unit.p > at, unit.true, cut.code) for at in grid]
        even = evidence.chosen is None and not evidence.codec.costs
        now = traded(unit.chosen if even else unit.p > 0.5, unit.true, cut.code)
        equal = traded(own_thresholds(unit.p, unit.true, cut.code, half, among_true=False), unit.true, cut.code)
        chance = traded(own_thresholds(unit.p, unit.true, cut.code, half, among_true=True), unit.true, cut.code)
        series = [
            {"name": self._say("line_ratio"), "x": grid, "y": [t.ratio for t in one]},
            {"name": self._say("line_right"), "x": grid, "y": [t.right for t in one], "dashed": True},
        ]
        heads = [self._say("rule"), self._say("line_right"), self._say("ratio"), self._say("gap")]
        rules = {"rule_now": now, "rule_equal": equal, "rule_chance": chance}
        rows = [[self._say(key), t.right, t.ratio, t.gap] for key, t in rules.items()]
        lines = Figure(
            kind="lines", title=self._say("lines", column=cut.name), data={"series": series}, x=self._say("threshold")
        )
        table = Figure(kind="table", title=self._say("rules", column=cut.name), data={"columns": heads, "rows": rows})
        said = {"now": now.right, "equal": equal.right, "chance": chance.right}
        n = int((cut.code >= 0).sum())
        (a, b), (c, d) = (wilson(one.right * n, n) for one in (equal, chance))
        return Part(
            notes=(self._say("traded", column=cut.name, of=unit.label, **said),),
            measures=(
                Measure(name=f"equal_selection: {cut.name}", value=equal.right, low=a, high=b, n=n, unit="share"),
                Measure(name=f"equal_opportunity: {cut.name}", value=chance.right, low=c, high=d, n=n, unit="share"),
            ),
            figures=(lines, table),
        )

    # ---------------------------------------------------------------------------------------- measures and figures

    def _measures(self, gaps: list[Gap]) -> list[Measure]:
        """Of two classes every figure, of more those of all answers and what is apart."""
        several = len({gap.of for gap in gaps if gap.of}) > 1
        out = [] if several else worst(gaps)
        for gap in gaps:
            if several and gap.of and not gap.large:
                continue
            a = gap.apart
            part = f"{gap.column} = {gap.label}" + (f", {gap.of}" if several and gap.of else "")
            unit, name = "share" if gap.key in NAMED else "target", f"{gap.key}: {part}"
            out.append(Measure(name=name, value=a.here, low=a.low, high=a.high, n=a.n, unit=unit))
            if gap.key == "selection" and a.ratio is not None:
                value, low, high = a.ratio
                out.append(Measure(name=f"selection_ratio: {part}", value=value, low=low, high=high, n=a.n))
        return out

    def _figures(self, cuts: list[Cut], units: list[Unit], gaps: list[Gap], evidence: Evidence) -> list[Figure]:
        key, title = ("bias", "bars_bias") if not units else ("error", "bars_error")
        if any(gap.key == "below" for gap in gaps):
            key, title = "below", "bars_below"
        if of_two(evidence):
            key, title = "selection", "bars"
        bars = [gap for gap in gaps if gap.key == key][:MOST_ROWS]
        data = {
            "labels": [self._say("bar", column=gap.column, label=gap.label) for gap in bars],
            "values": [gap.apart.here for gap in bars],
            "low": [gap.apart.low for gap in bars],
            "high": [gap.apart.high for gap in bars],
        }
        of = units[0].label if units else ""
        x = self._say("unit" if key == "bias" else "share")
        drawn = [Figure(kind="bars", title=self._say(title, of=of), data=data, x=x)] if bars else []
        return [*drawn, self._table(cuts, units, gaps)]

    def _table(self, cuts: list[Cut], units: list[Unit], gaps: list[Gap]) -> Figure:
        """Every figure of every group, and beside them how often the class is true."""
        keys = list(dict.fromkeys(gap.key for gap in gaps))
        by = {(gap.column, gap.group, gap.of, gap.key): gap for gap in gaps}
        heads = [self._say("column"), self._say("group"), self._say("rows")]
        heads += [self._say("class")] if len(units) > 1 else []
        heads += [self._say("true")] if units else []
        heads += [self._say(f"measure.{key}") for key in keys]
        heads += [self._say("z"), self._say("least")] if units else []
        level = LEVEL / max(1, sum(gap.tested for gap in gaps))
        rows: list[list[object]] = []
        for cut in cuts:
            for g, label in enumerate(cut.labels):
                inside = cut.code == g
                for unit in units:
                    own = [by.get((cut.name, g, unit.label, key), by.get((cut.name, g, "", key))) for key in keys]
                    row: list[object] = [cut.name, label, int(inside.sum())]
                    row += [unit.label] if len(units) > 1 else []
                    row += [float(unit.true[inside].mean()), *(gap.apart.here if gap else None for gap in own)]
                    said = by[cut.name, g, unit.label, "calibration"].said
                    row += [said.z if said else None, by[cut.name, g, unit.label, "selection"].apart.least(level)]
                    rows.append(row)
                if not units:
                    values = [by[cut.name, g, "", key].apart.here for key in keys]
                    rows.append([cut.name, label, int(inside.sum()), *values])
        return Figure(kind="table", title=self._say("table"), data={"columns": heads, "rows": rows[:MOST_ROWS]})

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)
