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
