"""``python -m sparsetheory`` is the ``sparsetheory`` command."""

from .verify.cli import main

if __name__ == "__main__":
    main()
