"""All problems of the suite, by name.

Of the 124 nonlinear problems of the BOLIB report of 2018 and the toll problems of its second version, those whose
constraints on y do not contain x (after a change of variables, where one helps) and whose constraints on x do not
contain y, with smooth formulas; and one of BASBLib. Left out: problems whose lower level does not know x at all,
DempeDutta2012Ex24 (its lower set is one point), LuDebSinha2016c (real parts of complex powers).
"""

from benchmarks.bilevel.literature import scalar, vector

ENTRIES = {
    entry.name: entry
    for group in (
        scalar.CONVEX, scalar.CUBIC, scalar.NONCONVEX, vector.LINEAR, vector.CONVEX, vector.OUTRATA, vector.WAVES
    )
    for entry in group
}  # fmt: skip
