"""Problems with one upper and one lower variable."""

from numpy import exp, inf

from benchmarks.bilevel.literature.entry import Entry, Region, free, interval

UNIT, SYMMETRIC, ONES = interval(0, 1), interval(-1, 1), ((1,), (1,))
MITSOS_BARTON = "Mitsos and Barton 2006, example "


def quartic(y):
    return 16 * y**4 + 2 * y**3 - 8 * y**2 - 1.5 * y + 0.5


def quartic_slope(y):
    return 64 * y**3 + 6 * y**2 - 16 * y - 1.5


def _hills(x, y):
    """Slopes of the lower objective of Mirrlees's problem."""
    left, right = exp(-((y + 1) ** 2)), exp(-((y - 1) ** 2))
    return -left, 2 * x * (y + 1) * left + 2 * (y - 1) * right


def _ring(x, y):
    """Distance of y from the centre of the last problem below, and the square it should have had, less that it has."""
    away = y - 1 - 0.1 * x
    return away, away**2 - 0.5 - 0.5 * x


CONVEX = [
    Entry(
        name="DempeEtal2012", source="Dempe, Mordukhovich and Zemkoho 2012", X=SYMMETRIC, Y=UNIT, start=ONES,
        printed=-1, lower="linear",
        f=lambda x, y: x, grad_f=lambda x, y: (1, 0),
        g=lambda x, y: x * y, grad_g=lambda x, y: (y, x),
    ),
    Entry(
        name="HendersonQuandt1958", source="Henderson and Quandt 1958", X=interval(0, 200), Y=interval(0, inf),
        start=((0,), (0,)), printed=-3266.67, lower="convex",
        f=lambda x, y: (0.5 * (x + y) - 95) * x, grad_f=lambda x, y: (x + 0.5 * y - 95, 0.5 * x),
        g=lambda x, y: (y + 0.5 * x - 100) * y, grad_g=lambda x, y: (0.5 * y, 2 * y + 0.5 * x - 100),
    ),
    Entry(
        name="HenrionSurowiec2011", source="Henrion and Surowiec 2011", X=free(1), Y=free(1), around=(-5, 5),
        start=ONES, printed=0, lower="convex",
        f=lambda x, y: x**2, grad_f=lambda x, y: (2 * x, 0),
        g=lambda x, y: (y / 2 - x) * y, grad_g=lambda x, y: (-y, y - x),
    ),
    Entry(
        name="LamparielloSagratella2017Ex31", source="Lampariello and Sagratella 2017, example 3.1", around=(1, 6),
        X=interval(1, inf), Y=interval(0, inf), start=ONES, printed=1, lower="linear", change="y becomes 1 - x + y",
        f=lambda x, y: x**2 + (1 - x + y) ** 2, grad_f=lambda x, y: (4 * x - 2 - 2 * y, 2 * (1 - x + y)),
        g=lambda x, y: 1 - x + y, grad_g=lambda x, y: (-1, 1),
    ),
    Entry(
        name="LamparielloSagratella2017Ex32", source="Lampariello and Sagratella 2017, example 3.2", around=(-5, 5),
        X=free(1), Y=free(1), start=ONES, printed=0.5, lower="convex",
        f=lambda x, y: x**2 + y**2, grad_f=lambda x, y: (2 * x, 2 * y),
        g=lambda x, y: (x + y - 1) ** 2, grad_g=lambda x, y: (2 * (x + y - 1), 2 * (x + y - 1)),
    ),
    Entry(
        name="LucchettiEtal1987", source="Lucchetti, Mignanego and Pieri 1987", X=UNIT, Y=UNIT, start=ONES,
        printed=0, lower="linear",
        f=lambda x, y: (1 - x) / 2 + x * y, grad_f=lambda x, y: (y - 0.5, x),
        g=lambda x, y: (x - 1) * y, grad_g=lambda x, y: (y, x - 1),
    ),
    Entry(
        name="MacalHurter1997", source="Macal and Hurter 1997", X=free(1), Y=free(1), around=(-20, 20), start=ONES,
        printed=81.327, lower="convex",
        f=lambda x, y: (x - 1) ** 2 + (y - 1) ** 2, grad_f=lambda x, y: (2 * (x - 1), 2 * (y - 1)),
        g=lambda x, y: 0.5 * y**2 + 500 * y - 50 * x * y, grad_g=lambda x, y: (-50 * y, y + 500 - 50 * x),
    ),
    Entry(
        name="Bard1998Ex813", source="Bard 1998, example 8.1.3 with y >= 0 (b_1998_05 of BASBLib, no start printed)",
        X=interval(-100, 100), Y=interval(0, 100), start=ONES, printed=1, lower="convex",
        f=lambda x, y: (x - 1) ** 2 + (y - 1) ** 2, grad_f=lambda x, y: (2 * (x - 1), 2 * (y - 1)),
        g=lambda x, y: 0.5 * y**2 + 500 * y - 50 * x * y, grad_g=lambda x, y: (-50 * y, y + 500 - 50 * x),
    ),
    Entry(
        name="MorganPatrone2006a", source="Morgan and Patrone 2006, first example", X=interval(-0.5, 0.5),
        Y=SYMMETRIC, start=ONES, printed=-1, lower="linear",
        f=lambda x, y: -(x + y), grad_f=lambda x, y: (-1, -1),
        g=lambda x, y: x * y, grad_g=lambda x, y: (y, x),
    ),
    Entry(
        name="Yezza1996Ex31", source="Yezza 1996, example 3.1", X=UNIT, Y=UNIT, start=ONES, printed=1.5,
        lower="linear",
        f=lambda x, y: (3 - 4 * x) * y + 2 * x + 1, grad_f=lambda x, y: (2 - 4 * y, 3 - 4 * x),
        g=lambda x, y: (4 * x - 1) * y - 2 * x - 2, grad_g=lambda x, y: (4 * y - 2, 4 * x - 1),
    ),
]  # fmt: skip

CUBIC = [
    Entry(
        name="Vogel2012", source="Vogel 2012", X=interval(-3, 2), Y=interval(0, inf), start=((1,), (0,)), printed=1,
        lower="nonconvex", change="y becomes x + y",
        f=lambda x, y: (x + y + 1) ** 2, grad_f=lambda x, y: (2 * (x + y + 1), 2 * (x + y + 1)),
        g=lambda x, y: (x + y) ** 3 - 3 * (x + y), grad_g=lambda x, y: (3 * (x + y) ** 2 - 3, 3 * (x + y) ** 2 - 3),
    ),
    Entry(
        name="YeZhu2010Ex42", source="Ye and Zhu 2010, example 4.2", X=interval(-3, 2), Y=interval(0, inf),
        start=((-1,), (0,)), printed=1, lower="nonconvex", change="y becomes x + y",
        f=lambda x, y: (x - 1) ** 2 + (x + y) ** 2, grad_f=lambda x, y: (4 * x - 2 + 2 * y, 2 * (x + y)),
        g=lambda x, y: (x + y) ** 3 - 3 * (x + y), grad_g=lambda x, y: (3 * (x + y) ** 2 - 3, 3 * (x + y) ** 2 - 3),
    ),
    Entry(
        name="YeZhu2010Ex43", source="Ye and Zhu 2010, example 4.3", X=interval(0, 4), Y=interval(0, inf),
        start=((-1,), (3,)), printed=1.25, lower="nonconvex", change="y becomes x + y - 3",
        f=lambda x, y: (x - 0.5) ** 2 + (x + y - 5) ** 2, grad_f=lambda x, y: (4 * x - 11 + 2 * y, 2 * (x + y - 5)),
        g=lambda x, y: (x + y - 3) ** 3 - 3 * (x + y - 3),
        grad_g=lambda x, y: (3 * (x + y - 3) ** 2 - 3, 3 * (x + y - 3) ** 2 - 3),
    ),
]  # fmt: skip

NONCONVEX = [
    Entry(
        name="KleniatiAdjiman2014Ex3", source="Kleniati and Adjiman 2014, example 3", X=SYMMETRIC, Y=SYMMETRIC,
        start=ONES, printed=-1, lower="nonconvex",
        f=lambda x, y: x - y, grad_f=lambda x, y: (1, -1),
        g=lambda x, y: x * y**2 / 2 - x * y**3, grad_g=lambda x, y: (y**2 / 2 - y**3, x * y - 3 * x * y**2),
    ),
    Entry(
        name="Mirrlees1999", source="Mirrlees 1999", X=free(1), Y=interval(-2, 2), around=(-2, 4), start=ONES,
        printed=1.002, lower="nonconvex",
        f=lambda x, y: (x - 2) ** 2 + (y - 1) ** 2, grad_f=lambda x, y: (2 * (x - 2), 2 * (y - 1)),
        g=lambda x, y: -x * exp(-((y + 1) ** 2)) - exp(-((y - 1) ** 2)), grad_g=_hills,
    ),
    Entry(
        name="PaulaviciusAdjiman2017a", source="Paulavicius and Adjiman 2017, first example", X=SYMMETRIC,
        Y=SYMMETRIC, start=ONES, printed=0.25, lower="nonconvex",
        f=lambda x, y: x**2 + y**2, grad_f=lambda x, y: (2 * x, 2 * y),
        g=lambda x, y: x * y**2 - y**4 / 2, grad_g=lambda x, y: (y**2, 2 * x * y - 2 * y**3),
    ),
    Entry(
        name="PaulaviciusAdjiman2017b", source="Paulavicius and Adjiman 2017, second example", X=SYMMETRIC,
        Y=SYMMETRIC, start=ONES, printed=-2, lower="nonconvex",
        f=lambda x, y: x + y, grad_f=lambda x, y: (1, 1),
        g=lambda x, y: x * y**2 / 2 - x**3 * y, grad_g=lambda x, y: (y**2 / 2 - 3 * x**2 * y, x * y - x**3),
    ),
    Entry(
        name="MitsosBarton2006Ex310", source=MITSOS_BARTON + "3.10", X=interval(0.1, 1), Y=SYMMETRIC, start=ONES,
        printed=0.5, lower="nonconvex",
        f=lambda x, y: y, grad_f=lambda x, y: (0, 1),
        g=lambda x, y: x * quartic(y), grad_g=lambda x, y: (quartic(y), x * quartic_slope(y)),
    ),
    Entry(
        name="MitsosBarton2006Ex311", source=MITSOS_BARTON + "3.11", X=SYMMETRIC, Y=interval(-0.8, 1), start=ONES,
        printed=-0.8, lower="nonconvex",
        f=lambda x, y: y, grad_f=lambda x, y: (0, 1),
        g=lambda x, y: x * quartic(y), grad_g=lambda x, y: (quartic(y), x * quartic_slope(y)),
    ),
    Entry(
        name="MitsosBarton2006Ex312", source=MITSOS_BARTON + "3.12", X=SYMMETRIC, Y=SYMMETRIC, start=ONES, printed=0,
        lower="nonconvex",
        f=lambda x, y: -x + x * y + 10 * y**2, grad_f=lambda x, y: (y - 1, x + 20 * y),
        g=lambda x, y: -x * y**2 + y**4 / 2, grad_g=lambda x, y: (-(y**2), -2 * x * y + 2 * y**3),
    ),
    Entry(
        name="MitsosBarton2006Ex313", source=MITSOS_BARTON + "3.13", X=SYMMETRIC, Y=SYMMETRIC, start=ONES, printed=-1,
        lower="nonconvex",
        f=lambda x, y: x - y, grad_f=lambda x, y: (1, -1),
        g=lambda x, y: x * y**2 / 2 - x**3 * y, grad_g=lambda x, y: (y**2 / 2 - 3 * x**2 * y, x * y - x**3),
    ),
    Entry(
        name="MitsosBarton2006Ex314", source=MITSOS_BARTON + "3.14", X=SYMMETRIC, Y=SYMMETRIC, start=ONES,
        printed=0.25, lower="nonconvex",
        f=lambda x, y: (x - 0.25) ** 2 + y**2, grad_f=lambda x, y: (2 * x - 0.5, 2 * y),
        g=lambda x, y: y**3 / 3 - x * y, grad_g=lambda x, y: (-y, y**2 - x),
    ),
    Entry(
        name="MitsosBarton2006Ex315", source=MITSOS_BARTON + "3.15", X=SYMMETRIC, Y=SYMMETRIC, start=ONES, printed=0,
        lower="nonconvex",
        f=lambda x, y: x + y, grad_f=lambda x, y: (1, 1),
        g=lambda x, y: x * y**2 / 2 - y**3 / 3, grad_g=lambda x, y: (y**2 / 2, x * y - y**2),
    ),
    Entry(
        name="MitsosBarton2006Ex316", source=MITSOS_BARTON + "3.16", X=SYMMETRIC, Y=SYMMETRIC, start=ONES, printed=-2,
        lower="nonconvex",
        f=lambda x, y: 2 * x + y, grad_f=lambda x, y: (2, 1),
        g=lambda x, y: -x * y**2 / 2 - y**4 / 4, grad_g=lambda x, y: (-(y**2) / 2, -x * y - y**3),
    ),
    Entry(
        name="MitsosBarton2006Ex317", source=MITSOS_BARTON + "3.17", X=SYMMETRIC, Y=SYMMETRIC, start=ONES,
        printed=3 / 16, lower="nonconvex",
        f=lambda x, y: (x + 0.5) ** 2 + y**2 / 2, grad_f=lambda x, y: (2 * x + 1, y),
        g=lambda x, y: x * y**2 / 2 + y**4 / 4, grad_g=lambda x, y: (y**2 / 2, x * y + y**3),
    ),
    Entry(
        name="MitsosBarton2006Ex318", source=MITSOS_BARTON + "3.18", X=SYMMETRIC, Y=SYMMETRIC, start=ONES,
        printed=-0.25, lower="nonconvex",
        f=lambda x, y: y**2 - x**2, grad_f=lambda x, y: (-2 * x, 2 * y),
        g=lambda x, y: x * y**2 - y**4 / 2, grad_g=lambda x, y: (y**2, 2 * x * y - 2 * y**3),
    ),
    Entry(
        name="MitsosBarton2006Ex319", source=MITSOS_BARTON + "3.19", X=SYMMETRIC, Y=SYMMETRIC, start=((-1,), (1,)),
        printed=-0.258, lower="nonconvex",
        f=lambda x, y: (x - 1 + y / 2) * y, grad_f=lambda x, y: (y, x - 1 + y),
        g=lambda x, y: -x * y**2 + y**4 / 2, grad_g=lambda x, y: (-(y**2), -2 * x * y + 2 * y**3),
    ),
    Entry(
        name="MitsosBarton2006Ex320", source=MITSOS_BARTON + "3.20", X=SYMMETRIC, Y=SYMMETRIC, start=ONES,
        printed=0.3125, lower="nonconvex",
        f=lambda x, y: (x - 0.25) ** 2 + y**2, grad_f=lambda x, y: (2 * x - 0.5, 2 * y),
        g=lambda x, y: y**3 / 3 - x**2 * y, grad_g=lambda x, y: (-2 * x * y, y**2 - x**2),
    ),
    Entry(
        name="MitsosBarton2006Ex321", source=MITSOS_BARTON + "3.21", X=SYMMETRIC, Y=SYMMETRIC, start=ONES,
        printed=0.2095, lower="nonconvex",
        f=lambda x, y: (x + 0.6) ** 2 + y**2, grad_f=lambda x, y: (2 * x + 1.2, 2 * y),
        g=lambda x, y: (
            y**4 + 2 / 15 * (1 - x) * y**3 + (-0.02 * x**2 + 0.16 * x - 0.4) * y**2
            + (0.004 * x**3 - 0.036 * x**2 + 0.08 * x) * y
        ),
        grad_g=lambda x, y: (
            -2 / 15 * y**3 + (0.16 - 0.04 * x) * y**2 + (0.012 * x**2 - 0.072 * x + 0.08) * y,
            4 * y**3 + 0.4 * (1 - x) * y**2 + (-0.04 * x**2 + 0.32 * x - 0.8) * y
            + 0.004 * x**3 - 0.036 * x**2 + 0.08 * x,
        ),
    ),
    Entry(
        name="MitsosBarton2006Ex324", source=MITSOS_BARTON + "3.24", X=UNIT, Y=Region((0,), (3,)), start=ONES,
        printed=-1.755, lower="nonconvex",
        f=lambda x, y: x**2 - y, grad_f=lambda x, y: (2 * x, -1),
        g=lambda x, y: _ring(x, y)[1] ** 2,
        grad_g=lambda x, y: (-_ring(x, y)[1] * (0.4 * _ring(x, y)[0] + 1), 4 * _ring(x, y)[0] * _ring(x, y)[1]),
    ),
]  # fmt: skip
