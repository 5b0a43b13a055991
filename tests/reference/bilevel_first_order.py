"""First-order bilevel methods as their papers print them: free variables and explicit loops."""

import numpy as np


def f2sa(grad_f, grad_g, x, y, *, steps, inner, c, sigma, a, b):
    """Return x after the steps of F2SA without noise; c k^-b and k^-a are the falls of the steps of z and y."""
    z = y
    for k in range(1, steps + 1):
        gamma = c / k**b
        alpha = c * sigma / 2 / k**a
        lam = gamma / (2 * alpha)
        for _ in range(inner):
            z = z - gamma * grad_g(x, z)[1]
            y = y - alpha * (grad_f(x, y)[1] + lam * grad_g(x, y)[1])
        x = x - alpha * (grad_f(x, y)[0] + lam * (grad_g(x, y)[0] - grad_g(x, z)[0]))
    return x


def single_loop(grad_f, grad_g, x, y, *, keys, c, sigma, powers):
    """Return x after the single loop with momentum; `keys` has a row (f, g at y, g at z) a step."""
    z, old, v = y, None, None
    for k, (key_f, key_y, key_z) in enumerate(keys, start=1):
        s, gamma, eta, alpha = (
            sigma * k ** -powers[0],
            c * k ** -powers[1],
            k ** -powers[2],
            sigma * c * k ** -powers[3],
        )

        def sample(x, y, z, f_key=key_f, y_key=key_y, z_key=key_z):
            return np.concatenate([*grad_f(x, y, f_key), *grad_g(x, y, y_key), *grad_g(x, z, z_key)])

        v = sample(x, y, z) if k == 1 else sample(x, y, z) + (1 - eta) * (v - sample(*old))
        old, n = (x, y, z), len(x) + len(y)
        f, g_y, g_z = (np.split(part, [len(x)]) for part in (v[:n], v[n : 2 * n], v[2 * n :]))
        z = z - gamma * g_z[1]
        y = y - gamma * (s * f[1] + g_y[1])
        x = x - alpha * (f[0] + (g_y[0] - g_z[0]) / s)
    return x


def f2ba(grad_f, grad_g, x, y, *, steps, inner, a, b, sigma, to_x=np.array, to_y=np.array):
    """Return (x, y, z) after each step of F2BA: `inner` steps of length a on both lower levels, then one of length b.

    The last row has the lower levels solved anew at the last x, as they are before the step that would come next.
    """
    z, rows = y, []
    for k in range(steps + 1):
        for _ in range(inner):
            z = to_y(z - a * grad_g(x, z)[1])
            y = to_y(y - a * (sigma * grad_f(x, y)[1] + grad_g(x, y)[1]))
        rows.append((x, y, z))
        if k < steps:
            x = to_x(x - b * (grad_f(x, y)[0] + (grad_g(x, y)[0] - grad_g(x, z)[0]) / sigma))
    return rows


def storm(gradient):
    """Return an estimator (x, y, key, eta) of a gradient with recursive momentum and a memory of its own."""
    last = None

    def estimate(x, y, key, eta):
        nonlocal last
        now = np.concatenate(gradient(x, y, key))
        v = now if last is None else now + (1 - eta) * (last[2] - np.concatenate(gradient(last[0], last[1], key)))
        last = x, y, v
        return v[: len(x)], v[len(x) :]

    return estimate


def f3sa(grad_f, grad_g, x, y, *, draw, steps, inner, c, sigma, a, b, momentum=1.0, to_x=np.array, to_y=np.array):
    """Return (x, y, z) after each step of F3SA; c k^-b and c sigma/2 k^-a are the steps of z and y.

    Six gradients have a momentum each: those of g in z, f in y, g in y of the lower steps, and of f, of g at y and of
    g at z of the upper one. In this order every one of them draws a key whenever it is asked.
    """
    low_z, low_f, low_g, up_f, up_y, up_z = (storm(each) for each in (grad_g, grad_f, grad_g, grad_f, grad_g, grad_g))
    z, rows = y, []
    for k in range(1, steps + 1):
        gamma, alpha, eta = c / k**b, c * sigma / 2 / k**a, min(1.0, momentum / k ** (2 * b))
        lam = gamma / (2 * alpha)
        for _ in range(inner):
            in_z = low_z(x, z, draw(), eta)[1]
            in_y = low_f(x, y, draw(), eta)[1] + lam * low_g(x, y, draw(), eta)[1]
            z, y = to_y(z - gamma * in_z), to_y(y - alpha * in_y)
        f_x, y_x, z_x = up_f(x, y, draw(), eta)[0], up_y(x, y, draw(), eta)[0], up_z(x, z, draw(), eta)[0]
        x = to_x(x - alpha * (f_x + lam * (y_x - z_x)))
        rows.append((x, y, z))
    return rows


def double_loop(
    grad_f, grad_g, x, y, *, draw, steps, inner, batch, sigma, L, radius=2.0, mix=0.9, noisy=True,
    powers=(1 / 3, 1 / 3), to_x=np.array, to_y=np.array,
):  # fmt: skip
    """Return (x, y, z) after each step of the double loop; L is the largest curvature of g, rho = radius/L.

    With noise step k takes T_k = ceil(inner (sigma_1/sigma_k)^4) lower steps of length 2 rho/(t + t0), the first one
    1/(L + 1/rho), and means of ceil(batch (sigma_1/sigma_k)^4) samples. Keys are drawn in the order of the formulas.
    """
    rho, z, rows = radius / L, y, []
    t0 = 2 * rho * (L + 1 / rho)
    for k in range(1, steps + 1):
        s, alpha = sigma / k ** powers[0], sigma / L / k ** powers[1]
        more = (sigma / s) ** 4 if noisy else 1
        T, B = int(np.ceil(inner * more - 1e-9)), int(np.ceil(batch * more - 1e-9))
        w_y, w_z = y, z
        for t in range(T):
            slope = grad_g(x, w_y, draw())[1] + s * grad_f(x, w_y, draw())[1] + (w_y - y) / rho
            w_y = to_y(w_y - 2 * rho / (t0 + noisy * t) * slope)
        for t in range(T):
            slope = grad_g(x, w_z, draw())[1] + (w_z - z) / rho
            w_z = to_y(w_z - 2 * rho / (t0 + noisy * t) * slope)
        ways = []
        for _ in range(B):
            f_x = grad_f(x, w_y, draw())[0]
            ways.append(f_x + (grad_g(x, w_y, draw())[0] - grad_g(x, w_z, draw())[0]) / s)
        y, z = (1 - mix) * y + mix * w_y, (1 - mix) * z + mix * w_z
        x = to_x(x - alpha * np.mean(ways, axis=0))
        rows.append((x, y, z))
    return rows
