"""The report: one page that needs nothing else, a card a claim, and a Markdown twin that says the same."""

import os
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from sparsetheory.verify import Bound, Drift, EveryInstance, Grid, Measurement
from sparsetheory.verify.cards import card, interval, number
from sparsetheory.verify.outcome import Crash
from sparsetheory.verify.proof import StepResult
from sparsetheory.verify.report import write_report
from sparsetheory.verify.sample import Observation, Sample
from sparsetheory.verify.terminal import show_table

VOID = {"meta", "br", "wbr", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """Reads a page strictly: every element closed in order; keeps what the tests ask for."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.links, self.heads, self.text = [], [], [], [], [], []
        self.cards, self.styles = {}, []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [value for name, value in attrs.items() if name in ("href", "src", "xlink:href")]
        if tag == "article":
            self.cards[attrs["id"]] = {"class": attrs["class"].split(), "text": ""}
            self.card = attrs["id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
        if "article" in self.open:
            self.cards[self.card]["text"] += data
        if self.open and self.open[-1] == "style":
            self.styles.append(data)


@pytest.fixture(scope="module")
def written(outcomes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    path = write_report(list(outcomes.values()), folder)
    assert path == folder / "report.html"
    return path


@pytest.fixture(scope="module")
def page(written):
    return Page(written.read_text(encoding="utf-8"))


def test_needs_nothing_else(page, written):
    assert all(link.startswith("#") for link in page.links)
    assert {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object"} == set()
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not re.search(r"url\((?!#)|@import", written.read_text(encoding="utf-8"))


def test_ids_are_unique_and_links_lead_somewhere(page):
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    uses = re.findall(r"url\(#([^)]*)\)", " ".join(v or "" for _, attrs in page.tags for v in attrs.values()))
    assert set(uses) <= set(page.ids)


def test_every_claim_has_a_card_and_a_row(page, outcomes):
    rows = [attrs["href"] for tag, attrs in page.tags if tag == "a" and attrs["href"].startswith("#demo")]
    anchors = [o.claim.id.replace(".", "-") for o in outcomes.values()]
    assert list(page.cards) == anchors
    assert rows == ["#" + anchor for anchor in anchors]


@pytest.mark.parametrize(
    ("name", "tone", "words"),
    [
        ("supported", "supported", "✓ supported"),
        ("refuted", "refuted", "✗ refuted"),
        ("violated", "refuted", "✗ refuted"),
        ("inconclusive", "inconclusive", "? inconclusive (underpowered)"),
        ("conjecture", "not-contradicted", "○ not-contradicted"),
        ("counterexample", "refuted", "as declared"),
        ("refuted", "refuted", "declared: supported"),
        ("smoke", "supported", "✓ smoke: as declared"),
    ],
)
def test_verdicts_stand_on_their_cards(page, outcomes, name, tone, words):
    found = page.cards[outcomes[name].claim.id.replace(".", "-")]
    assert found["class"] == ["card", tone]
    assert words in found["text"].replace("\xa0", " ")


def test_a_refuted_card_says_as_much_as_a_supported_one(page):
    headings = {
        name: re.findall(r"What was measured|Controls|Proof|Reproduce this card|Provenance", page.cards[name]["text"])
        for name in ("demo-supported", "demo-refuted", "demo-inconclusive")
    }
    assert len({tuple(h) for h in headings.values()}) == 1
    rules = " ".join(page.styles)
    assert not re.search(r"\.(refuted|inconclusive)[^{]*\{[^}]*(display|font-size|opacity)", rules)


def test_a_claim_that_crashed_has_a_row_and_a_card(outcomes, make, tmp_path):
    crash = Crash(claim=make.claim("broken_file"), mode="full", message="SyntaxError: <x> | y", command="try again")
    path = write_report([outcomes["supported"]], tmp_path, [crash])
    found = Page(path.read_text(encoding="utf-8"))
    assert list(found.cards) == ["demo-supported", "demo-broken_file"]
    assert found.cards["demo-broken_file"]["class"] == ["card", "error"]
    for words in ("! error", "SyntaxError: <x> | y", "try again"):
        assert words in found.cards["demo-broken_file"]["text"].replace("\xa0", " ")
    assert [a["href"] for t, a in found.tags if t == "a" and a["href"].startswith("#demo")] == [
        "#demo-supported", "#demo-broken_file",
    ]  # fmt: skip
    assert "1 of 2 claims came out as declared" in path.read_text(encoding="utf-8")
    twin = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "| **error** |" in twin
    assert "**Nothing was judged.** SyntaxError: <x> | y" in twin


def test_the_stratum_whose_numbers_are_shown_is_named(make):
    sample, rule, bound = make.ratios()
    facts = card(make.outcome(sample, rule, a_claim=make.claim("ratio", bound=bound)), [])
    worst = facts["strata_count"].removeprefix("worst of 3 strata: ")
    assert facts["point"] in next(estimate for name, _, estimate, *_ in facts["strata"] if name == worst)


def test_a_kappa_close_to_the_claims_own_is_told_apart(outcomes, capsys):
    close = replace(next(iter(outcomes.values())), smallest_refuted_kappa=1.0000001, neutral_kappa=1.0)
    assert "1.0000001" in card(close, [])["kappa"]
    show_table([close])
    assert "1.0000001 (1)" in capsys.readouterr().out


def test_a_quick_run_never_says_supported_of_its_claim(outcomes, make, tmp_path):
    sample, rule, bound = make.every_instance()
    smoke = make.outcome(sample, rule.smoke(), a_claim=make.claim("strata", bound=bound), mode="quick")
    for outcome in (outcomes["smoke"], smoke):
        facts = card(outcome, [])
        said = [facts["shown"], facts["sentence"].split("; controls")[0], *map(str, facts["strata"])]
        said += map(str, facts["sensitivity"])
        assert not [words for words in said if "supported" in words]
    text = write_report([smoke], tmp_path).read_text(encoding="utf-8")
    assert "Smoke run." in text


def test_accessible(page):
    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == 1
    assert dict(page.tags)["html"] == {"lang": "en"}
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in page.tags if tag == "th")
    drawn = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert all(attrs.get("aria-hidden") == "true" or attrs.get("aria-label") for attrs in drawn)
    scrolling = [attrs for _, attrs in page.tags if attrs.get("class") == "scroll"]
    assert all(attrs["tabindex"] == "0" and attrs.keys() & {"aria-label", "aria-labelledby"} for attrs in scrolling)


def _luminance(colour):
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_contrast_is_aa_in_both_schemes(page):
    schemes = re.findall(r":root \{([^}]*--paper[^}]*)\}", " ".join(page.styles))
    assert len(schemes) == 3  # light, dark, print
    for scheme in schemes[:2]:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
        pairs = [(ink, ground) for ink in ("ink", "muted", "accent") for ground in ("paper", "card")]
        for tone in ("supported", "refuted", "inconclusive", "not-contradicted"):
            pairs += [(tone, "paper"), (tone, "card"), ("on-verdict", tone)]
        for a, b in pairs:
            low, high = sorted((_luminance(colours[a]), _luminance(colours[b])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (a, b)


def test_markdown_twin_says_the_same(written, outcomes):
    text = (written.parent / "report.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| \[([^\]]*)\][^|]*\| \*\*([^*]*)\*\*", text, flags=re.MULTILINE))
    for outcome in outcomes.values():
        assert rows[outcome.claim.title] == outcome.shown.replace("(", " (")
        assert f"\n## {outcome.claim.id}\n" in text
    assert r"\lVert \hat\theta_n - \theta \rVert_2" in text
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    lines = text.splitlines()
    for outcome in outcomes.values():
        assert f"1. **{outcome.proof[0].name}** (identity, 0.01 s)" in text
    assert sum(line.startswith(("1. **", "2. **")) for line in lines) == 2 * len(outcomes)
    assert all(not lines[k - 1] for k, line in enumerate(lines) if line.startswith(("#", "> ")) and k)
    assert all(line.endswith(".svg)") for line in lines if line.startswith("!["))
    assert not re.search(r"[\w.\])]- \w|\n\n\n\n", text)
    for name in re.findall(r"\(figures/([^)]*)\)", text):
        svg = (written.parent / "figures" / name).read_text(encoding="utf-8")
        assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')


def test_the_numbers_of_the_front_table(page, outcomes):
    text = " ".join("".join(page.text).split())
    raw = outcomes["supported"].raw
    assert number(raw.estimate, digits=4) in text
    assert interval(raw.interval) in text
    assert "controls refuted 2/2, positive control supported 1/1" in text
    assert "9 of 13 claims" in text


def test_what_users_wrote_is_escaped(page, written):
    assert "a <processor> & more" in "".join(page.text)
    assert "a <processor>" not in written.read_text(encoding="utf-8")


def test_writing_is_atomic(outcomes, tmp_path, monkeypatch):
    path = write_report([outcomes["supported"]], tmp_path)
    before = path.read_text(encoding="utf-8")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_report([outcomes["refuted"]], tmp_path)
    assert path.read_text(encoding="utf-8") == before


def test_the_same_outcomes_give_the_same_bytes(outcomes, tmp_path):
    chosen = [outcomes["supported"], outcomes["instances"]]
    first, second = (write_report(chosen, tmp_path / name) for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def nothing(value, *, axis="n", sizes=(1,)):
    """A sample in which every value is `value`; None for failures."""
    grid = Grid(axis=axis, sizes=sizes)
    bound = Bound("b*n", b="slope", n="size")
    m = None if value is None else Measurement(value=value, at={"b": 1.0, "n": 1.0})
    records = [
        Observation(cell=c, replicate=r, measurement=m, failure=None if m else "raised $x$ <in> | a_file")
        for c in range(len(grid))
        for r in range(4)
    ]
    return Sample(grid=grid, observations=records, bound=bound)


@pytest.mark.parametrize("rule", [Drift(), EveryInstance(), EveryInstance(alternative="two-sided")])
@pytest.mark.parametrize("sizes", [(1,), (1, 2, 4, 8, 16)])
@pytest.mark.parametrize("value", [None, 0.0, np.nan, np.inf, -1.0, 0.5, np.zeros(3)])
def test_degenerate_samples_have_a_card(make, tmp_path, rule, sizes, value):
    sample = nothing(value, sizes=sizes)
    edge = make.claim("edge", bound=sample.bound)
    outcome = make.outcome(sample, rule, a_claim=edge, proof=None, badge="", command="")
    found = Page(write_report([outcome], tmp_path).read_text(encoding="utf-8"))
    assert list(found.cards) == ["demo-edge"]
    assert "The proof was not run" in found.cards["demo-edge"]["text"]
    facts = found.cards["demo-edge"]["text"].split("; controls")[1].split("Controls")[0]
    assert not re.search(r"\bnan\b", facts.replace("|measured", ""))


def test_no_outcomes_no_controls_infinite_tightness(outcomes, tmp_path):
    assert Page(write_report([], tmp_path).read_text(encoding="utf-8")).cards == {}
    good = outcomes["supported"]
    raw = replace(good.raw, tightness=np.inf, estimate=np.nan, interval=(-np.inf, np.nan))
    bare = replace(good, raw=raw, controls=(), rule=None, provenance={})
    text = Page(write_report([bare], tmp_path).read_text(encoding="utf-8")).cards["demo-supported"]["text"]
    assert "∞" in text
    assert "No control was judged." in text


def test_a_proof_that_fails_is_said_so(outcomes, tmp_path):
    words = {"name": "wrong", "evidence": "identity", "statement": "$1 = 2$"}
    step = StepResult(**words, ok=False, anti_test_failed=False, seconds=1.0)
    bad = replace(outcomes["supported"], proof=(step,))
    text = Page(write_report([bad], tmp_path).read_text(encoding="utf-8")).cards["demo-supported"]["text"]
    assert "proof fails" in text
    assert "✗ no" in text
    short = replace(outcomes["supported"], badge="numeric")
    text = Page(write_report([short], tmp_path).read_text(encoding="utf-8")).cards["demo-supported"]["text"]
    assert "Declared to reach 'identity', reaches 'numeric'." in text


def test_templates_are_in_the_package():
    from importlib.resources import files

    names = {entry.name for entry in (files("sparsetheory.verify") / "templates").iterdir()}
    assert {"report.html.j2", "report.md.j2", "parts.html.j2", "report.css"} <= names
