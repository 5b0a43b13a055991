"""Where random words come from: a stream that nobody can predict, or a NumPy generator for simulations."""

import os
from typing import Any, Protocol

import numpy as np

from .._validation import check_count
from ..errors import InvalidArgument
from ._csprng import box_muller, open_uniforms

__all__ = ["NumpyStream", "SecureStream", "Stream", "open_stream"]

#: Bound on E|z - z'| for a normal z' of `SecureStream` and the real normal z whose uniforms it rounds: resolution 2^-52
#: of u and of the angle (a variation of 10 and of 4 times that), rounding of log, sqrt, cos and the angle (18 units).
NORMAL_ERROR = 64 * 2.0**-53

_forks = 0  # how often this process is the child of a fork since the module was loaded


def _forked() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Stream(Protocol):
    """What randomisers draw from."""

    def words(self, n: int) -> np.ndarray: ...  # noqa: D102
    def uniforms(self, n: int) -> np.ndarray: ...  # noqa: D102
    def normals(self, n: int) -> np.ndarray: ...  # noqa: D102


class SecureStream:
    """AES-256 in counter mode under a key from the operating system: words that past words do not predict.

    Every stream has a key of its own, and takes a new one in a forked child: no two streams repeat one another. Needs
    the package ``cryptography`` (``pip install sparsetheory[ldp]``).

    Examples
    --------
    >>> stream = SecureStream()
    >>> stream.words(4).dtype, len(stream.normals(3))
    (dtype('uint64'), 3)
    """

    def __init__(self) -> None:
        self._key()

    def _key(self) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        except ImportError as error:
            raise ImportError(
                "noise that protects needs the package 'cryptography': pip install sparsetheory[ldp]; "
                "for a simulation pass a numpy.random.Generator as rng"
            ) from error
        self._forks = _forks
        self._cipher = Cipher(algorithms.AES(os.urandom(32)), modes.CTR(bytes(16))).encryptor()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()  # a copy elsewhere is another stream: the key does not travel

    def words(self, n: int) -> np.ndarray:
        """Return n independent uniform 64-bit words."""
        n = check_count(n, "n", minimum=0)
        if self._forks != _forks:
            self._key()
        out = np.zeros(n + 2, dtype=np.uint64)  # the cipher asks for room of almost one more block
        if n:
            memory = memoryview(out.view(np.uint8).data)
            self._cipher.update_into(memory[: 8 * n], memory)
        return out[:n]

    def uniforms(self, n: int) -> np.ndarray:
        """Return n independent odd multiples of 2^-53 in (0, 1)."""
        out = np.empty(n)
        open_uniforms(self.words(n), out)
        return out

    def normals(self, n: int) -> np.ndarray:
        """Return n independent standard normals, each within `NORMAL_ERROR` of a real one in the mean."""
        out = np.empty(n)
        box_muller(self.words(n + n % 2), out)
        return out


class NumpyStream:
    """The same draws from a NumPy generator, whose outputs give its state away: for simulations."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def words(self, n: int) -> np.ndarray:
        """Return n uniform 64-bit words."""
        return self._rng.integers(0, 2**64, size=n, dtype=np.uint64)

    def uniforms(self, n: int) -> np.ndarray:
        """Return n odd multiples of 2^-53 in (0, 1)."""
        out = np.empty(n)
        open_uniforms(self.words(n), out)
        return out

    def normals(self, n: int) -> np.ndarray:
        """Return n standard normals."""
        return self._rng.standard_normal(n)


def open_stream(rng: Any) -> Stream:
    """Return a stream for None (deployed: secure, new key), for a `numpy.random.Generator`, or the stream given."""
    if rng is None:
        return SecureStream()
    if isinstance(rng, (SecureStream, NumpyStream)):
        return rng
    if isinstance(rng, np.random.Generator):
        return NumpyStream(rng)
    raise InvalidArgument("rng", "None (secure noise) or a numpy.random.Generator (simulation)", type(rng).__name__)
