"""The console entry point: hands over to the commands, or says what has to be installed first."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the ``sparsetheory`` command and exit with its code."""
    try:
        from .commands import run
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "sparsetheory":
            raise
        sys.exit(
            f"sparsetheory: the command needs {error.name}, which is not installed. Run\n"
            '    pip install "sparsetheory[verify]"'
        )
    sys.exit(run())
