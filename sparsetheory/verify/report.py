"""Report: one page that needs nothing else, HTML with its figures inside, and a Markdown twin that says the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .cards import card, crash_card, heading
from .figures.svg import Drawing, dark_css
from .mathtext import Typesetter
from .outcome import Crash, Outcome
from .plots import figure
from .store import write_atomically

__all__ = ["write_report"]

_VERDICT_WORDS = (
    ("supported", "supported", "The interval of the estimand lies inside the margin declared before the run, the "
     "safeguards agree and every control came out as it must, on the declared family and range."),
    ("refuted", "refuted", "Main and companion intervals lie outside the margin, or one certified instance violates a "
     "bound that is claimed for every instance."),
    ("not-contradicted", "not-contradicted", "The best that a conjecture or a lower bound can reach."),
    ("inconclusive (underpowered)", "inconclusive", "The interval straddles an edge of the margin; more replicates."),
    ("inconclusive (pre-asymptotic)", "inconclusive", "The slope is off, but still drifts towards the claim."),
    ("inconclusive (failures)", "inconclusive", "Counting failed runs as worst cases would change the verdict."),
    ("inconclusive (floor)", "inconclusive", "Too few points above round-off or solver tolerance."),
    ("inconclusive (control)", "inconclusive", "A control did not come out as it must: the study says nothing."),
    ("inconclusive (unfinished)", "inconclusive", "The run was stopped; a part of a study concludes nothing."),
    ("error", "error", "A file of the claim does not load, or its records cannot be read: nothing was judged."),
    ("smoke", "muted", "A quick run, which may contradict a claim but never supports one; dashed outline."),
)  # fmt: skip
_EVIDENCE_WORDS = (
    ("identity", "Exact algebra: the difference of both sides reduces to zero."),
    ("exact certificate", "Exact rational numbers that anyone can check."),
    ("enclosure", "Interval arithmetic over a whole region."),
    ("reduction", "An argument in prose that joins the steps, reviewed by people."),
    ("cited", "Taken from the literature; not proved here."),
    ("numeric", "Floating-point evidence; not a proof. A proof is as strong as its weakest step."),
)  # fmt: skip


def write_report(outcomes: Sequence[Outcome], folder: Path, crashes: Sequence[Crash] = ()) -> Path:
    """Write ``report.html`` and ``report.md``, each whole or not at all.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One a claim, in the order of their cards.
    folder : Path
        Made where it is missing. Figures go to ``figures/*.svg`` as well, for the Markdown twin.
    crashes : sequence of Crash
        Claims that could not be judged; they have a row and a card as well.

    Returns
    -------
    Path
        The HTML page.
    """
    folder = Path(folder)
    page = Typesetter()
    cards = [card(outcome, figure(outcome, prefix=outcome.claim.id.replace(".", "-"))) for outcome in outcomes]
    words = {"verdict_words": _VERDICT_WORDS, "evidence_words": _EVIDENCE_WORDS}
    crashed = [crash_card(crash) for crash in crashes]
    facts = {"head": heading(outcomes, crashes), "cards": cards, "crashes": crashed, **words}
    for drawing in (drawing for entry in cards for drawing in entry["panels"]):
        write_atomically(folder / "figures" / f"{drawing.name}.svg", _standalone(drawing))
    write_atomically(folder / "report.md", _templates().get_template("report.md.j2").render(facts))
    html = _templates(page).get_template("report.html.j2")
    path = folder / "report.html"
    write_atomically(path, html.render(facts, figure_css=dark_css(":root")))
    return path


def _standalone(drawing: Drawing) -> str:
    """Return a figure as a file of its own, with its dark colours and its spaces declared."""
    start = drawing.svg.index(">") + 1
    return f"{drawing.svg[:start]}<style>{dark_css('svg')}</style>{drawing.svg[start:]}\n"


def _templates(page: Typesetter | None = None) -> Any:
    """Return the templates of this package: for HTML with a page's typesetter, for Markdown without one."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), undefined=StrictUndefined,
        autoescape=page is not None, trim_blocks=page is None, lstrip_blocks=page is None,
    )  # fmt: skip
    env.filters |= {"seconds": _seconds, "cell": _cell, "alt": _alternative}
    if page is not None:
        env.globals["sprite"] = lambda: Markup(page.sprite())
        env.filters |= {
            "math": lambda text: Markup(page.prose(str(text))),
            "formula": lambda latex: Markup(page.formula(latex, display=True)),
            "symbol": lambda latex: Markup(page.formula(latex)),
        }
    return env


def _cell(text: str) -> str:
    r"""Return a text for a cell of a Markdown table, whose bars would end the cell."""
    return " ".join(text.replace(r"\|", r"\Vert ").replace("|", r"\vert ").split())


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= 0.01 else "< 0.01"


def _alternative(text: str) -> str:
    return text.replace("[", "(").replace("]", ")")
