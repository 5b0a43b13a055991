"""The tutorial is walked as its reader walks it: files written, commands run, outputs compared."""

import doctest
import re
import shlex
import sys
from pathlib import Path

import pytest

from sparsetheory.verify import loading
from sparsetheory.verify.commands import run
from sparsetheory.verify.terminal import console

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial-heavy-ball.md"
EXAMPLE = ROOT / "examples" / "heavy_ball"
ADDED = "CLAIMS += ("  # a block that begins so takes the place of the record that new-claim added


def _blocks():
    """Yield (language, file or None, text) of every fenced block, in order."""
    for info, text in re.findall(r"^```(\S.*?)\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL):
        language, _, title = info.partition(" title=")
        yield language, title or None, text


def _forget():
    """Make the next command read the files again, as a new process would."""
    loading.study_at.cache_clear()
    for name in [name for name in sys.modules if name.startswith("sparsetheory_file_")]:
        del sys.modules[name]


def _write(path, text, begun):
    """Write a block: what goes on is appended, an added record is replaced, anything else is a file from its start."""
    if path in begun:
        text = f"{path.read_text()}\n\n{text}"
    elif text.startswith(ADDED):
        before = path.read_text()
        text = before[: before.index(ADDED)] + text
    begun.add(path)
    path.write_text(text)


def _same(expected, got):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(expected, got, flags)


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """Walk the page from top to bottom; return the folder, and what every command was to print and printed."""
    from sparsetheory.verify import report

    folder = tmp_path_factory.mktemp("tutorial")
    told, begun, expected = [], set(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # drawing is tested elsewhere, and would take most of the time
        patch.setattr(report, "write_report", lambda outcomes, folder, crashes=(): folder / "report.html")
        for language, title, text in _blocks():
            if language == "python":
                _write(Path(title), text, begun)
            elif language == "sh":
                begun = set()
                for command in text.splitlines():
                    program, *arguments = shlex.split(command)
                    assert program == "sparsetheory"
                    _forget()
                    with console.capture() as captured:
                        code = run(arguments)
                    told.append((command, code, captured.get()))
            elif language == "text":
                expected.append((told[-1][0], text, told[-1][2]))
    _forget()
    return folder, told, expected


def test_every_command_of_the_page_succeeds(walked):
    _, told, _ = walked
    assert len(told) >= 8
    assert [(command, code) for command, code, _ in told if code != 0] == []


def test_the_page_shows_what_the_commands_print(walked):
    _, _, expected = walked
    assert len(expected) >= 8
    for command, text, printed in expected:
        assert _same(text, printed), f"{command}\n--- the page\n{text}\n--- the command\n{printed}"


def test_the_example_is_what_the_page_builds(walked):
    folder = walked[0] / "momentum"
    built = {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*.py")}
    there = {str(p.relative_to(EXAMPLE)): p.read_text() for p in EXAMPLE.rglob("*.py")}
    assert sorted(built) == sorted(there)
    for name, text in there.items():
        assert built[name] == text, name


def test_the_folder_is_outside_of_the_package_and_the_picture_is_small():
    assert not any("sparsetheory/" in (title or "") for _, title, _ in _blocks())
    assert (ROOT / "docs" / "images" / "heavy_ball_card.png").stat().st_size < 200_000
