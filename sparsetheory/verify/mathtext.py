r"""Mathematics without scripts or network: LaTeX to inline SVG, drawn by matplotlib's mathtext in the text's colour.

A page keeps one `Typesetter`: glyph outlines are stored once, in the sprite that closes the page, and every formula
refers to them. A formula may break after a relation or a binary operator at its top level, as it would in TeX.
"""

import functools
import html
import itertools
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["Typesetter", "translate"]

_RENAMED = {
    "le": r"\leq", "ge": r"\geq", "lVert": r"\Vert", "rVert": r"\Vert", "lvert": r"\vert", "rvert": r"\vert",
    "tfrac": r"\frac", "cfrac": r"\dfrac", "land": r"\wedge", "lor": r"\vee", "lnot": r"\neg",
    "iff": r"\;\Longleftrightarrow\;", "implies": r"\;\Longrightarrow\;", "coloneqq": ":=", "eps": r"\varepsilon",
    "textrm": r"\text", "textnormal": r"\text", "mbox": r"\text", "bm": r"\boldsymbol", "mathds": r"\mathbb",
    "colon": r"{:}\;", "gets": r"\leftarrow", "dotsc": r"\ldots", "dotsb": r"\cdots", "infin": r"\infty",
    "thinspace": r"\,", "lbrace": r"\{", "rbrace": r"\}",
}  # fmt: skip
_OPERATORS = {"KL", "Var", "argmax", "argmin", "diag", "dist", "osc", "prox", "rank", "sgn", "sign", "supp", "tr"}
_BARE_OPERATOR = re.compile(r"(?<![A-Za-z\\{])(" + "|".join(sorted(_OPERATORS)) + r")(?![A-Za-z])")
_DROPPED = re.compile(r"^(?:[bB]igg?[lrm]?|displaystyle|textstyle|scriptstyle|limits|nolimits|hfill)$")
#: How many arguments a token takes, which mathtext wants in braces.
_TAKES = {
    r"\frac": 2, r"\dfrac": 2, r"\binom": 2, r"\sqrt": 1, r"\mathbb": 1, r"\mathcal": 1, r"\mathrm": 1, r"\mathbf": 1,
    r"\operatorname": 1, r"\text": 1, "_": 1, "^": 1,
}  # fmt: skip
#: A named function after a factor, from which TeX keeps a thin distance.
_FUNCTION = re.compile(r"(?<=[A-Za-z0-9})\]]) *(\\(?:exp|log|ln|sin|cos|tanh|max|min|operatorname)(?![a-zA-Z]))")
#: A sum in running text, whose limits go beside it.
_SUM = re.compile(r"(\\(?:sum|prod))(?![a-zA-Z])")
_COMMAND = re.compile(r"\\([a-zA-Z]+|.)", re.DOTALL)
_BREAKS = {
    "=", "<", ">", "+", r"\leq", r"\geq", r"\ll", r"\gg", r"\neq", r"\equiv", r"\approx", r"\sim", r"\simeq", r"\to",
    r"\mapsto", r"\Rightarrow", r"\Longrightarrow", r"\Longleftrightarrow", r"\in", r"\subseteq", r"\propto",
    r"\lesssim", r"\gtrsim", r"\pm", r"\cdot", r"\times",
}  # fmt: skip


def translate(latex: str) -> str:
    r"""Return the formula in the dialect that mathtext reads.

    Examples
    --------
    >>> translate(r"\lVert x_+ \rVert \le \tfrac12")
    '\\Vert x_{+} \\Vert \\leq \\frac{1}{2}'
    """
    latex = latex.strip().replace("~", r"\ ").replace(r"\operatorname*", r"\operatorname")
    latex = re.sub("'+", lambda primes: "^{" + r"\prime" * len(primes[0]) + "}", latex)

    def rename(match: re.Match[str]) -> str:
        name = match[1]
        if _DROPPED.match(name):
            return ""
        if name in _OPERATORS:
            return rf"\operatorname{{{name}}}"
        return _RENAMED.get(name, match[0])

    latex = _BARE_OPERATOR.sub(r"\\operatorname{\1}", _COMMAND.sub(rename, latex))
    return _braced(_FUNCTION.sub(r"\\,\1", latex))


def _braced(latex: str) -> str:
    r"""Put braces around the bare arguments of ``\frac12``, ``\sqrt2``, ``\mathbb R``, ``x_+`` and ``P^*``."""
    out, at = [], 0
    while at < len(latex):
        match = _COMMAND.match(latex, at)
        token = match[0] if match else latex[at]
        out.append(token)
        at += len(token)
        for _ in range(_TAKES.get(token, 0)):
            if token == r"\sqrt" and latex[at : at + 1] == "[":
                end = latex.index("]", at) + 1
                out.append(latex[at:end])
                at = end
            inside, at = _argument(latex, at)
            out.append("{" + (inside if token == r"\text" else _braced(inside)) + "}")
    return "".join(out)


def _argument(latex: str, at: int) -> tuple[str, int]:
    """Return the argument that starts at a position, its braces removed, and where it ends."""
    while latex[at : at + 1] == " ":
        at += 1
    if latex[at : at + 1] == "{":
        group = _group(latex, at)
        return group[1:-1], at + len(group)
    token = _COMMAND.match(latex, at)
    bare = token[0] if token else latex[at : at + 1]
    if bare in _TAKES:  # as in x^\mathrm{T}: the command goes with what it takes
        end = at + len(bare)
        for _ in range(_TAKES[bare]):
            _, end = _argument(latex, end)
        return latex[at:end], end
    return bare, at + len(bare)


def _group(latex: str, at: int) -> str:
    """Return the balanced group that opens at a position."""
    depth = 0
    for end in range(at, len(latex)):
        depth += {"{": 1, "}": -1}.get(latex[end], 0) if latex[end - 1 : end] != "\\" else 0
        if depth == 0:
            return latex[at : end + 1]
    raise ValueError(f"unbalanced braces in {latex!r}")


def _pieces(latex: str) -> Iterator[str]:
    """Cut a translated formula after the relations and operators at its top level."""
    depth, start, at = 0, 0, 0
    while at < len(latex):
        match = _COMMAND.match(latex, at)
        token = match[0] if match else latex[at]
        at += len(token)
        depth += (token in ("{", "(", "[", r"\left", r"\{")) - (token in ("}", ")", "]", r"\right", r"\}"))
        if token in _BREAKS and depth == 0 and latex[start : at - len(token)].strip() and latex[at:].strip():
            yield latex[start:at]
            start = at
    yield latex[start:]


def _displayed(latex: str) -> str:
    """Enlarge the fractions of a display that stand on its line, not those in exponents or other fractions."""
    out, depth, at = [], 0, 0
    while at < len(latex):
        match = _COMMAND.match(latex, at)
        token = match[0] if match else latex[at]
        at += len(token)
        depth += (token == "{") - (token == "}")
        out.append(r"\dfrac" if token == r"\frac" and depth == 0 else token)
    return "".join(out)


def _number(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # + 0.0 turns -0.0 into 0.0


def _outline(vertices: Any, codes: Any) -> str:
    """Return a path in SVG's words, y pointing down."""
    words, at = [], 0
    while at < len(codes):
        letter, points = {1: ("M", 1), 2: ("L", 1), 3: ("Q", 2), 4: ("C", 3), 79: ("Z", 0)}[int(codes[at])]
        words.append(letter + " ".join(f"{_number(x)} {_number(-y)}" for x, y in vertices[at : at + points]))
        at += max(points, 1)
    return "".join(words)


@functools.cache
def _engine() -> tuple[Any, Any]:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    return TextToPath(), FontProperties(size=TextToPath.FONT_SCALE, math_fontfamily="stix")


def _words(text: str) -> str:
    text = html.escape(text.replace("\N{FULLWIDTH DOLLAR SIGN}", "$"), quote=False)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)


class Typesetter:
    """Formulas of one page.

    Attributes
    ----------
    failed : list of str
        Formulas that mathtext could not read; they are shown as code.
    """

    def __init__(self) -> None:
        self.failed: list[str] = []
        self._glyphs: dict[str, tuple[str, str]] = {}  # matplotlib's name -> (our id, outline)

    def formula(self, latex: str, *, display: bool = False, head: str = "", tail: str = "") -> str:
        """Return a formula as HTML: SVG aligned on the baseline, its LaTeX as the accessible name.

        `head` and `tail` are the words that touch it (a bracket, a full stop); no line breaks between them.
        """
        said = html.escape(latex.strip(), quote=True)
        try:
            read = translate(latex)
            read = _displayed(read) if display else _SUM.sub(r"{\1}", read)
            # the first piece speaks for all of them, so that the words beside a formula are read as well
            roles = itertools.chain([f'role="img" aria-label="{said}"'], itertools.repeat('aria-hidden="true"'))
            drawn = [self._draw(piece, role) for piece, role in zip(_pieces(read), roles)]
        except (ValueError, RuntimeError, KeyError):  # mathtext reports what it cannot parse as ValueError
            self.failed.append(latex)
            return f'{_words(head)}<code class="tex">{said}</code>{_words(tail)}'
        if head:
            drawn[0] = f'<span class="nb">{_words(head)}{drawn[0]}</span>'
        if tail:
            drawn[-1] = f'<span class="nb">{drawn[-1]}{_words(tail)}</span>'
        kind = "math display" if display else "math"
        return f'<span class="{kind}" title="{said}">{"<wbr>".join(drawn)}</span>'

    def prose(self, text: str) -> str:
        """Return a text as HTML: mathematics between dollars drawn, words between backticks as code."""
        parts = re.split(r"(?<!\\)\$", text.replace(r"\$", "\N{FULLWIDTH DOLLAR SIGN}"))
        out = []
        for at in range(0, len(parts), 2):
            words = parts[at]
            if at + 1 < len(parts):
                head = re.search(r"[(\[]*$", words)
                tail = re.match(r"[^\s$]{0,12}", parts[at + 2]) if at + 2 < len(parts) else None
                glued = (head[0] if head else "", tail[0] if tail else "")
                words = words[: len(words) - len(glued[0])]
                out += [_words(words), self.formula(parts[at + 1], head=glued[0], tail=glued[1])]
                if tail:
                    parts[at + 2] = parts[at + 2][len(glued[1]) :]
            else:
                out.append(_words(words))
        return "".join(out)

    def sprite(self) -> str:
        """Return the glyph outlines of all formulas so far; to stand once in the page."""
        paths = "".join(f'<path id="{id}" d="{d}"/>' for id, d in self._glyphs.values())
        return f'<svg class="sprite" width="0" height="0" aria-hidden="true"><defs>{paths}</defs></svg>'

    def _draw(self, piece: str, role: str) -> str:
        engine, font = _engine()
        source = f"${piece}$"
        width, height, descent = engine.get_text_width_height_descent(source, font, ismath=True)
        placed, outlines, rules = engine.get_glyphs_mathtext(font, source)
        body = []
        for name, x, y, scale in placed:
            if name not in self._glyphs:
                self._glyphs[name] = (f"g{len(self._glyphs)}", _outline(*outlines[name]))
            where = f"translate({_number(x)} {_number(-y)})" + (f" scale({scale:.3g})" if scale != 1 else "")
            body.append(f'<use href="#{self._glyphs[name][0]}" transform="{where}"/>')
        body += [f'<path d="{_outline(vertices, codes)}"/>' for vertices, codes in rules]
        box = f"0 {_number(descent - height)} {_number(width)} {_number(height)}"
        style = f"width:{width / 100:.2f}em;height:{height / 100:.2f}em;vertical-align:{-descent / 100:.2f}em"
        return f'<svg viewBox="{box}" style="{style}" {role} focusable="false">{"".join(body)}</svg>'
