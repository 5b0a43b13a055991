"""How long certificates take and how far they are from the optimum: ``python -m benchmarks.certify``.

Each line is one problem: the certified value against the closed form or, where there is none, against an exact primal
point; processor time for the statement with its certificate, and for the exact check alone; the anti-test, on 0.999
times the value.
"""

import importlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from time import process_time

from sparsetheory.verify import certify
from sparsetheory.verify.certify import Problem, methods

Case = tuple[str, Callable[[], Problem], Fraction | None]


def cases() -> Iterator[Case]:
    for N in (1, 2, 5, 10, 20, 40):
        yield f"gradient descent, N={N}", lambda N=N: methods.gradient_descent(N), Fraction(1, 4 * N + 2)
    for N in (1, 2, 5, 10):
        yield f"proximal gradient, N={N}", lambda N=N: methods.proximal_gradient(N), Fraction(1, 4 * N)
    for L, N in (((1, 1), 4), ((1, 2, 10), 9)):
        yield f"cyclic blocks, L={L}, N={N}", lambda L=L, N=N: methods.cyclic_descent(N, L=L), None
    for step in ("short", "exact"):
        for order in methods.selections(4, blocks=2, exact_steps=step == "exact"):
            yield f"greedy blocks, {step} steps, selecting {order}", lambda o=order, s=step: methods.greedy_descent(
                o, L=(1, 1), step=s), None  # fmt: skip


def line(name: str, make: Callable[[], Problem], closed: Fraction | None) -> str:
    start = process_time()
    certificate = make().certify()
    certified = process_time()
    ok = certificate.check()
    checked = process_time()
    reference, kind = (closed, "closed form") if closed else (lower_bound(make()), "exact primal point")
    excess = (
        "no exact primal point" if reference is None else f"{float(certificate.value / reference - 1):.2e} above {kind}"
    )
    control = "fails" if not certificate.tightened().check() else "PASSES"
    seconds = f"{certified - start:6.2f} s  check {checked - certified:.3f} s"
    outcome = f"{'ok' if ok else 'FAILED'}, 0.999 x value {control}"
    return f"{name:52s} {float(certificate.value):.10f}  {excess:32s} {seconds}  {outcome}"


def lower_bound(problem: Problem) -> Fraction | None:
    for deflation in (1e-7, 1e-6, 1e-5):
        try:
            return problem.attain(deflation=deflation).value
        except certify.NotCertified:
            continue
    return None


def main() -> None:
    for package in ("cvxpy", "scipy.sparse", "clarabel"):  # their import is not what is measured
        importlib.import_module(package)
    methods.gradient_descent(1).certify()
    for name, make, closed in cases():
        print(line(name, make, closed), flush=True)
    for N in (20, 40, 60):
        start = process_time()
        certificate = methods.gradient_descent(N).certify(multipliers=methods.gradient_descent_multipliers(N))
        print(f"gradient descent, N={N}, multipliers in closed form: exactly {certificate.value},"
              f" {process_time() - start:.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
