"""Formulas become SVG: every construct our claims use, and a visible fallback for what mathtext cannot read."""

import re

import pytest

from sparsetheory.verify import all_claims
from sparsetheory.verify.claim import package_collections
from sparsetheory.verify.loading import load_proof, load_study
from sparsetheory.verify.mathtext import Typesetter

CONSTRUCTS = [
    r"\lVert P\mathbf 1 - a\rVert_1 \le \tfrac12", r"\operatorname*{argmin}_x f(x)", r"\bigl(\tfrac{n}{2}\bigr)",
    r"\mathbb R^n", r"x^\mathrm{T} y", r"c'_j \le c_j", r"d = a - r'' \ge 0", r"R_+ + R_- + C_+", r"P^* > 0",
    r"\text{for all } k \ge 0", r"\sqrt2 + \sqrt[3]{n}", r"\left\lVert x \right\rVert",
    r"6\,n^{2}\,e^{- \eta\,\mathrm{gap}}",
    r"\frac{L R^{2}}{4 N + 2}", r"\min\left(a, b\right)", r"\left|{x}\right|", r"\left\lceil{x}\right\rceil",
    r"\{x : x > 0\} \subseteq \mathcal{U}(a,b)", r"a \iff b \implies c", r"\sum_{i} a_i = \prod_j b_j",
    r"x \coloneqq y",
    r"\langle C, P\rangle", r"\hat\theta_n \to \theta", r"\lfloor x \rfloor \cdot \varepsilon", r"5\%",
    r"a \land b \lor c",
]  # fmt: skip


@pytest.mark.parametrize("latex", CONSTRUCTS)
def test_constructs_are_drawn(latex):
    page = Typesetter()
    assert page.formula(latex).startswith('<span class="math"')
    assert page.formula(latex, display=True)
    assert page.failed == []


OURS = [pytest.param(where, claim, id=claim.id) for where in package_collections() for claim in where.claims]


@pytest.mark.parametrize(("collection", "claim"), OURS)
def test_everything_a_claim_says_is_drawn(collection, claim):
    page = Typesetter()
    proof, study = load_proof(collection, claim), load_study(collection, claim)
    for text in (
        claim.title, claim.statement, claim.source, study.notes, *claim.assumptions,
        *(f"{step.name} {step.statement}" for step in proof.steps),
    ):  # fmt: skip
        page.prose(text)
        assert "$" not in re.sub(r"<[^>]*>", "", page.prose(text))
    assert page.failed == []


def test_there_are_claims():
    assert all_claims()


def test_what_cannot_be_read_is_shown_as_code():
    page = Typesetter()
    shown = page.prose(r"Let $\underbrace{x}_{<y>}$ be.")
    assert page.failed == [r"\underbrace{x}_{<y>}"]
    assert r'<code class="tex">\underbrace{x}_{&lt;y&gt;}</code>' in shown
    assert page.formula("{a") == '<code class="tex">{a</code>'


def test_accessible_name_and_words_stay():
    shown = Typesetter().prose(r"for an $L$-smooth function ($f$), `cost` \$5 & more")
    assert 'aria-label="L"' in shown
    assert re.sub(r"<[^>]*>", "", shown) == "for an -smooth function (), cost $5 &amp; more"
    assert "<code>cost</code>" in shown


def test_breaks_only_at_the_top_level():
    page = Typesetter()
    assert page.formula("a + b = c").count("<wbr>") == 2
    assert page.formula(r"f(a + b) \cdot \frac{a + b}{c} x_{a+b}").count("<wbr>") == 1
    assert page.formula("-a").count("<wbr>") == 0


def test_glyphs_are_stored_once():
    page = Typesetter()
    page.prose("$x + x$ and $x$")
    sprite = page.sprite()
    assert sprite.count("<path") == len(set(re.findall(r'id="(\w+)"', sprite))) == 2
    assert set(re.findall('href="#([^"]*)"', page.formula("x+x"))) <= set(re.findall('id="([^"]*)"', sprite))


def test_baseline():
    page = Typesetter()
    depth = [float(re.search(r"vertical-align:-([\d.]+)em", page.formula(f))[1]) for f in ("x", "y", r"\dfrac{a}{b}")]
    assert depth[0] < 0.05 < depth[1] < depth[2]
