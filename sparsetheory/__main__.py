"""``python -m sparsetheory`` is the ``sparsetheory`` command."""

from .verify.cli import main

main()
