"""Figures: the right one for each rule, small, accessible, in the reader's colours, without clashing ids."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from sparsetheory.verify import Drift, Grid
from sparsetheory.verify.figures.svg import pretty
from sparsetheory.verify.plots import figure

SVG = "{http://www.w3.org/2000/svg}"
PANELS = {
    "supported": ["rate", "slopes", "offset"],
    "strata": ["rate", "slopes", "offset"],
    "instances": ["values", "ratios", "along"],
    "violated": ["values", "ratios", "along"],
    "lower": ["values", "ratios", "along"],
    "newton": ["pairs", "orders"],
    "ratio": ["cells", "off", "against"],
}


@pytest.fixture(scope="module")
def drawn(outcomes):
    return {name: figure(outcomes[name], prefix=name) for name in PANELS}


@pytest.mark.parametrize("name", PANELS)
def test_a_figure_for_each_rule(drawn, name):
    assert [d.name.removeprefix(f"{name}-") for d in drawn[name]] == PANELS[name]


@pytest.mark.parametrize("name", PANELS)
def test_panels_are_sound(drawn, outcomes, name):
    for d in drawn[name]:
        root = ElementTree.fromstring(d.svg)
        assert root.tag == SVG + "svg"
        assert root.get("role") == "img"
        assert root.get("aria-label") == d.alt
        assert len(d.svg) < 300_000
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(ids) == len(set(ids))
        assert all(i.startswith(d.name) for i in ids)
        used = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', d.svg)
        assert {a or b for a, b in used} <= set(ids)
    words = "".join(ElementTree.fromstring(drawn[name][0].svg).itertext())
    assert outcomes[name].shown in words


@pytest.mark.parametrize("name", PANELS)
def test_every_colour_is_the_readers(drawn, name):
    for d in drawn[name]:
        bare = re.sub(r"var\(--fig-\w+, #[0-9a-f]{6}\)", "", d.svg)
        assert set(re.findall(r"#[0-9a-f]{6}\b", bare)) <= {"#ffffff"}, d.name
        assert "DejaVu" not in d.svg


def test_tick_labels_survive_the_rounding_of_coordinates(make):
    sample = make.rate_sample(scale=0.002, spread=0.05)
    panel = figure(make.outcome(sample, Drift(), a_claim=make.claim("small")))[0]
    words = ["".join(e.itertext()).strip() for e in ElementTree.fromstring(panel.svg).iter(SVG + "text")]
    ticks = [w for w in words if re.fullmatch(r"[\d.]+|(\d·)?10[⁻⁰-⁹¹²³]+", w)]
    assert ticks
    assert "0" not in ticks
    assert len(set(ticks)) >= 4


def test_the_cloud_is_thinned_evenly_and_keeps_the_worst(make):
    sample, rule, bound = make.every_instance(iterates=40)
    outcome = make.outcome(sample, rule, a_claim=make.claim("many", bound=bound))
    values = next(d for d in figure(outcome) if d.name.endswith("values"))
    assert len(values.svg) < 300_000
    ratios = next(d for d in figure(outcome) if d.name.endswith("ratios"))
    assert f"largest {outcome.raw.tightness:.3g}" in ratios.alt or f"{outcome.raw.tightness:.3g}" in ratios.alt


def test_drawing_is_deterministic(outcomes):
    assert figure(outcomes["supported"]) == figure(outcomes["supported"])


def test_a_rule_names_its_figure(outcomes, make):
    class Mine:
        figure = "EveryInstance"
        margin = 0.1

    from dataclasses import replace

    names = [d.name for d in figure(replace(outcomes["supported"], rule=Mine()))]
    assert names[0] == "fig-values"


def test_a_drift_with_one_size_shows_values_against_bounds(make):
    sample = make.rate_sample(grid=Grid(axis="n", sizes=(100,)))
    panels = figure(make.outcome(sample, Drift(), a_claim=make.claim("one_size")))
    assert panels[0].name == "fig-values"


def test_nothing_measured_no_figure(make):
    sample = make.rate_sample(failing=40)
    assert figure(make.outcome(sample, Drift(), a_claim=make.claim("all_failed"))) == []


def test_a_ratio_with_one_cell_a_stratum(make):
    sample, rule, bound = make.ratios(strata=4, sizes=(1,))
    panels = figure(make.outcome(sample, rule, a_claim=make.claim("one_cell", bound=bound)))
    words = "".join(ElementTree.fromstring(panels[0].svg).itertext())
    assert "kind = k3" in words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (100.0, "100"), (1e-8, "10⁻⁸"), (3e-8, "3·10⁻⁸"), (0.001, "0.001"), (1e6, "10⁶"), (-0.5, "−0.5")],
)
def test_pretty(value, words):
    assert pretty(value) == words
    assert pretty(np.inf) == "inf"
