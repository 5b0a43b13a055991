"""Problems with several upper or lower variables."""

from numpy import array, cos, exp, inf, pi, prod, sin, sqrt

from benchmarks.bilevel.literature.entry import Entry, Region, free, interval

ONES = ((1, 1), (1, 1))


def _pull(x1, x2, y1, y2):
    """Slopes of |y - x|^2."""
    return 2 * (x1 - y1), 2 * (x2 - y2), 2 * (y1 - x1), 2 * (y2 - x2)


TRIANGLE = Region((-inf, 0), (2, 2), ((-2, 1),), (0,))
BILINEAR = {
    "g": lambda x1, x2, y1, y2: x1 * y1 + x2 * y2, "grad_g": lambda x1, x2, y1, y2: (y1, y2, x1, x2),
    "start": ONES, "lower": "linear",
}  # fmt: skip

LINEAR = [
    Entry(
        name="DempeFranke2011Ex41", source="Dempe and Franke 2011, example 4.1", X=Region((-1, -1), (1, -1)),
        Y=TRIANGLE, printed=5, **BILINEAR,
        f=lambda x1, x2, y1, y2: x1 + y1**2 + y2**2, grad_f=lambda x1, x2, y1, y2: (1, 0, 2 * y1, 2 * y2),
    ),
    Entry(
        name="DempeFranke2011Ex42", source="Dempe and Franke 2011, example 4.2", X=Region((-1, -1), (1, -1)),
        Y=Region((-inf, -inf), (inf, 2), ((-1, 1), (1, 1)), (1, 3.5)), printed=2.13, **BILINEAR,
        f=lambda x1, x2, y1, y2: x1 + (y1 - 1) ** 2 + y2**2,
        grad_f=lambda x1, x2, y1, y2: (1, 0, 2 * (y1 - 1), 2 * y2),
    ),
    Entry(
        name="DempeFranke2014Ex38", source="Dempe and Franke 2014, example 3.8", X=Region((-1, -1), (1, -0.75)),
        Y=TRIANGLE, printed=-1, **BILINEAR,
        f=lambda x1, x2, y1, y2: 2 * x1 + x2 + 2 * y1 - y2, grad_f=lambda x1, x2, y1, y2: (2, 1, 2, -1),
    ),
    Entry(
        name="DempeLohse2011Ex31a", source="Dempe and Lohse 2011, example 3.1", X=free(2), around=(-3, 3),
        Y=Region((0, 0), (inf, inf), ((1, 1), (-1, 1)), (2, 0)), printed=-5.5, **BILINEAR,
        f=lambda x1, x2, y1, y2: (x1 - 0.5) ** 2 + (x2 - 0.5) ** 2 - 3 * y1 - 3 * y2,
        grad_f=lambda x1, x2, y1, y2: (2 * x1 - 1, 2 * x2 - 1, -3, -3),
    ),
    Entry(
        name="DempeLohse2011Ex31b", source="Dempe and Lohse 2011, example 3.1, three variables", X=free(3),
        around=(-3, 3), Y=Region((0, 0, 0), (inf,) * 3, ((1, 1, 1), (-1, 1, 0)), (2, 0)), printed=-12,
        start=((1, 1, 1), (1, 1, 1)), lower="linear",
        f=lambda a, b, c, u, v, w: (a - 0.5) ** 2 + (b - 0.5) ** 2 + c**2 - 3 * u - 3 * v - 6 * w,
        grad_f=lambda a, b, c, u, v, w: (2 * a - 1, 2 * b - 1, 2 * c, -3, -3, -6),
        g=lambda a, b, c, u, v, w: a * u + b * v + c * w, grad_g=lambda a, b, c, u, v, w: (u, v, w, a, b, c),
    ),
    Entry(
        name="TollSettingP4", source="toll setting, fourth problem of BOLIB version 2", X=free(2), around=(-6, 6),
        Y=interval(0, 1, 2), start=ONES, printed=-4, lower="linear",
        change="the second and third of four shares y; the others complete them to one",
        f=lambda x1, x2, y1, y2: -x1 * (y1 + y2) - x2 * y2,
        grad_f=lambda x1, x2, y1, y2: (-y1 - y2, -y2, -x1, -x1 - x2),
        g=lambda x1, x2, y1, y2: 14 + (2 * x1 - 5) * y1 + (2 * x1 + 2 * x2 - 3) * y2,
        grad_g=lambda x1, x2, y1, y2: (2 * y1 + 2 * y2, 2 * y2, 2 * x1 - 5, 2 * x1 + 2 * x2 - 3),
    ),
    Entry(
        name="TollSettingP5", source="toll setting, fifth problem of BOLIB version 2", X=free(1), around=(-6, 6),
        Y=interval(0, 1, 2), start=((1,), (1, 1)), printed=-2.5, lower="linear",
        change="the second and third of four shares y; the others complete them to one",
        f=lambda x, y1, y2: -x * (y1 + y2), grad_f=lambda x, y1, y2: (-y1 - y2, -x, -x),
        g=lambda x, y1, y2: 14 + (2 * x - 5) * y1 + (2 * x - 2) * y2,
        grad_g=lambda x, y1, y2: (2 * y1 + 2 * y2, 2 * x - 5, 2 * x - 2),
    ),
]  # fmt: skip

CONVEX = [
    Entry(
        name="AllendeStill2013", source="Allende and Still 2013", X=Region((0, 0), (2, inf)), around=(0, 4),
        Y=interval(0.5, 1.5, 2), start=((0, 0), (0, 0)), printed=1, lower="convex",
        f=lambda x1, x2, y1, y2: (x1 - 1) ** 2 + (x2 - 1) ** 2 + y1**2 + y2**2,
        grad_f=lambda x1, x2, y1, y2: (2 * (x1 - 1), 2 * (x2 - 1), 2 * y1, 2 * y2),
        g=lambda x1, x2, y1, y2: y1**2 + y2**2 - 2 * (x1 * y1 + x2 * y2),
        grad_g=lambda x1, x2, y1, y2: (-2 * y1, -2 * y2, 2 * (y1 - x1), 2 * (y2 - x2)),
    ),
    Entry(
        name="DeSilva1978", source="De Silva 1978", X=free(2), Y=interval(0.5, 1.5, 2), around=(-1, 3),
        start=((0, 0), (1, 1)), printed=-1, lower="convex",
        f=lambda x1, x2, y1, y2: (x1 - 1) ** 2 + (x2 - 1) ** 2 + y1**2 + y2**2 - 2,
        grad_f=lambda x1, x2, y1, y2: (2 * (x1 - 1), 2 * (x2 - 1), 2 * y1, 2 * y2),
        g=lambda x1, x2, y1, y2: (y1 - x1) ** 2 + (y2 - x2) ** 2, grad_g=_pull,
    ),
    Entry(
        name="FalkLiu1995", source="Falk and Liu 1995", X=free(2), Y=interval(0.5, 1.5, 2), around=(-1, 3),
        start=((0, 0), (1, 1)), printed=-2.1962, lower="convex",
        f=lambda x1, x2, y1, y2: (x1 - 1.5) ** 2 + (x2 - 1.5) ** 2 + y1**2 + y2**2 - 4.5,
        grad_f=lambda x1, x2, y1, y2: (2 * x1 - 3, 2 * x2 - 3, 2 * y1, 2 * y2),
        g=lambda x1, x2, y1, y2: (y1 - x1) ** 2 + (y2 - x2) ** 2, grad_g=_pull,
    ),
    Entry(
        name="HatzEtal2013", source="Hatz, Leyffer, Schloeder and Bock 2013", X=free(1), Y=interval(0, inf, 2),
        around=(-5, 5), start=((1,), (1, 1)), printed=0, lower="convex",
        f=lambda x, y1, y2: -x + 2 * y1 + y2, grad_f=lambda x, y1, y2: (-1, 2, 1),
        g=lambda x, y1, y2: (x - y1) ** 2 + y2**2, grad_g=lambda x, y1, y2: (2 * (x - y1), 2 * (y1 - x), 2 * y2),
    ),
    Entry(
        name="OutrataCervinka2009", source="Outrata and Cervinka 2009", X=Region((-inf, -inf), (0, inf)),
        around=(-5, 5), Y=Region((-inf, -inf), (inf, 0), ((-1, 1), (1, 1)), (0, 0)), start=ONES, printed=0,
        lower="convex",
        f=lambda x1, x2, y1, y2: -2 * x1 - 0.5 * x2 - y2, grad_f=lambda x1, x2, y1, y2: (-2, -0.5, 0, -1),
        g=lambda x1, x2, y1, y2: y1 - y2 + x1 * y1 + x2 * y2 + (y1**2 + y2**2) / 2,
        grad_g=lambda x1, x2, y1, y2: (y1, y2, 1 + x1 + y1, x2 - 1 + y2),
    ),
]  # fmt: skip

#: Both of Outrata's examples: a polygon below, and the target (3, 4) above.
POLYGON = Region((0, 0), (inf, inf), ((-0.333, 1), (1, -0.333)), (2, 2))


def _outrata_1(letter, weight, a, b, d, printed, start, turn=((1, 0), (0, 1))):
    """Weight |x|^2 + |y - (3, 4)|^2 / 2 - 12.5 above (a, b, d: the lower Hessian, turn: what multiplies x)."""
    (t, u), (v, w) = turn
    return Entry(
        name=f"Outrata1990Ex1{letter}", source=f"Outrata 1990, example 1{letter}", X=free(2), Y=POLYGON,
        around=(-10, 50), start=(start, (3, 3)), printed=printed, lower="convex",
        f=lambda x1, x2, y1, y2: weight * (x1**2 + x2**2) + ((y1 - 3) ** 2 + (y2 - 4) ** 2) / 2 - 12.5,
        grad_f=lambda x1, x2, y1, y2: (2 * weight * x1, 2 * weight * x2, y1 - 3, y2 - 4),
        g=lambda x1, x2, y1, y2: (
            (a * y1**2 + d * y2**2) / 2 + b * y1 * y2 - y1 * (t * x1 + u * x2) - y2 * (v * x1 + w * x2)
        ),
        grad_g=lambda x1, x2, y1, y2: (
            -t * y1 - v * y2, -u * y1 - w * y2, a * y1 + b * y2 - t * x1 - u * x2, b * y1 + d * y2 - v * x1 - w * x2
        ),
    )  # fmt: skip


def _outrata_2(letter, h1, k1, h2, k2, printed, start):
    """|y - (3, 4)|^2 / 2 above; the lower Hessian has h + k x on its diagonal."""
    return Entry(
        name=f"Outrata1990Ex2{letter}", source=f"Outrata 1990, example 2{letter}", X=interval(0, inf), Y=POLYGON,
        around=(0, 20), start=start, printed=printed, lower="convex",
        f=lambda x, y1, y2: ((y1 - 3) ** 2 + (y2 - 4) ** 2) / 2, grad_f=lambda x, y1, y2: (0, y1 - 3, y2 - 4),
        g=lambda x, y1, y2: (
            ((h1 + k1 * x) * y1**2 + (h2 + k2 * x) * y2**2) / 2 - (3 + 1.333 * x) * y1 - x * y2
        ),
        grad_g=lambda x, y1, y2: (
            (k1 * y1**2 + k2 * y2**2) / 2 - 1.333 * y1 - y2, (h1 + k1 * x) * y1 - 3 - 1.333 * x,
            (h2 + k2 * x) * y2 - x,
        ),
    )  # fmt: skip


OUTRATA = [
    _outrata_1("a", 0.1, 1, -2, 5, -8.92, (0, 0)),
    _outrata_1("b", 1.0, 1, -2, 5, -7.56, (0, 0)),
    _outrata_1("c", 0.0, 1, 3, 10, -12, (0, 0)),
    _outrata_1("d", 0.1, 1, 3, 10, -3.60, (6, -3)),
    _outrata_1("e", 0.1, 1, 3, 10, -3.15, (6, -3), turn=((-1, 2), (3, -3))),
    _outrata_2("a", 1, 0, 1, 0, 0.5, ((1,), (1, 1))),
    _outrata_2("b", 1, 1, 0, 0, 0.5, ((5,), (0, 0))),
    _outrata_2("c", 1, 1, 1, 0.1, 1.860, ((0,), (0, 0))),
]

ROOTS = sqrt(range(1, 11))


def _waves(z):
    """Griewank's function of ten variables, zero at zero and nowhere less, and its slopes."""
    turns, scale = cos((z.T / ROOTS).T), (sin((z.T / ROOTS).T).T / ROOTS).T
    others = array([prod(turns[:i], axis=0) * prod(turns[i + 1 :], axis=0) for i in range(10)])
    return 1 + (z**2).sum(axis=0) / 4000 - prod(turns, axis=0), z / 2000 + scale * others


def _halves(v):
    return array(v[:10]), array(v[10:])


def _distance(*v):
    x, y = _halves(v)
    return ((x - 1) ** 2).sum(axis=0) + (y**2).sum(axis=0)


def _distance_slopes(*v):
    x, y = _halves(v)
    return (*(2 * (x - 1)), *(2 * y))


def _outside(*v):
    x, y = _halves(v)
    return exp(_waves(y)[0] * (x**2).sum(axis=0))


def _outside_slopes(*v):
    x, y = _halves(v)
    value, slope = _waves(y)
    square = (x**2).sum(axis=0)
    height = exp(value * square)
    return (*(2 * value * height * x), *(square * height * slope))


def _inside(*v):
    x, y = _halves(v)
    return exp(_waves(x * y)[0])


def _inside_slopes(*v):
    x, y = _halves(v)
    value, slope = _waves(x * y)
    return (*(exp(value) * slope * y), *(exp(value) * slope * x))


WAVES = [
    Entry(
        name=f"SinhaMaloDeb2014TP{k}", source=f"Sinha, Malo and Deb 2014, test problem {k}", X=free(10),
        Y=interval(-pi, pi, 10), around=(-5, 5), start=((0,) * 10, (0,) * 10), printed=0, lower="nonconvex",
        f=_distance, grad_f=_distance_slopes, g=g, grad_g=slopes,
    )
    for k, g, slopes in ((9, _outside, _outside_slopes), (10, _inside, _inside_slopes))
]  # fmt: skip
