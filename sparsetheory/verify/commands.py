"""Commands: list, show, new-claim, plan, prove, verify, report, diff, warmup. Each is short; the work is elsewhere."""

import json
import shlex
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from .._validation import check_positive
from ..errors import InvalidArgument
from .claim import Claim, Collection, collection_at, locate, package_collections
from .executors import executor as make_executor
from .loading import load_proof
from .outcome import Crash, Mode, Outcome
from .proof import holds
from .runner import TIMEOUT, export, rebuild, run_claim
from .store import write_atomically
from .terminal import console, errors, progress_of, show_claim, show_forecast, show_proof, show_table

__all__ = ["run"]

#: Exit codes: every verdict as declared, one that differs, an inconclusive one (``--strict``), an error, Ctrl-C.
FINE, DIFFERS, INCONCLUSIVE, ERROR, INTERRUPTED = 0, 1, 2, 3, 130

Selected = list[tuple[Collection, Claim]]
Targets = Annotated[list[str] | None, typer.Argument(metavar="[ID|PATH]...", help="Claims, families, or a folder.")]

app = typer.Typer(
    name="sparsetheory", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Claims about solvers: list them, prove them, hold them against measurements.",
)  # fmt: skip


def select(targets: Sequence[str]) -> tuple[Selected, list[Path]]:
    """Return the claims that arguments name, and the user folders among them.

    An argument is a claim id, a family, or a folder that holds ``claims.py``. Without ids, a folder means all of its
    claims, and nothing at all means every claim of this package.
    """
    folders = list({Path(t).resolve(): Path(t) for t in targets if _is_folder(t)}.values())
    names = [t for t in targets if not _is_folder(t)]
    own = tuple(_collection(folder) for folder in folders)
    twice = [id for id, n in Counter(claim.id for c in own for claim in c.claims).items() if n > 1]
    if twice:  # their records would share a file, and the report could show one of them only
        raise InvalidArgument("folders", "claims of different ids", f"{twice[0]} in two of them")
    collections = own if own and not names else own + package_collections()
    if not names:
        return [(c, claim) for c in collections for claim in c.claims], folders
    chosen: Selected = []
    for name in names:
        family = [(c, claim) for c in collections if c.family == name for claim in c.claims]
        chosen += family or [locate(name, collections)]
    return list(dict.fromkeys(chosen)), folders


def _collection(folder: Path) -> Collection:
    if not (folder / "claims.py").is_file():
        expected = "a folder that holds claims.py, proofs/<slug>.py and simulations/<slug>.py"
        raise InvalidArgument(str(folder), expected, f"no file {folder / 'claims.py'}")
    return collection_at(folder)


def _is_folder(target: str) -> bool:
    """Whether an argument is meant as a folder: it looks like a path or is one that holds claims."""
    return "/" in target or "\\" in target or target == "." or (Path(target) / "claims.py").is_file()


@app.command(name="list")
def list_claims(targets: Targets = None) -> None:
    """List claims: id, title, kind and standing."""
    for _, claim in select(targets or [])[0]:
        console.print(f"{claim.id:32} {claim.title} ({claim.kind}, {claim.status})", markup=False)


@app.command()
def show(targets: Annotated[list[str], typer.Argument(metavar="ID|PATH...")]) -> None:
    """Show the card of a claim: statement, bound, assumptions, source and files."""
    for collection, claim in select(targets)[0]:
        show_claim(collection, claim)


@app.command(name="new-claim")
def new_claim(
    target: Annotated[str, typer.Argument(metavar="FOLDER/NAME", help="Such as my_claims/heavy_ball.")],
) -> None:
    """Write a commented record, proof and study of a new claim, which run as they stand; overwrites nothing."""
    from .scaffold import new_claim as write

    scaffold = write(target)
    for path, what in zip(scaffold.written, ("record", "proof", "study"), strict=True):
        where = " added at the end of" if scaffold.added and what == "record" else " in"
        console.print(f"{scaffold.id}: {what}{where} {scaffold.folder / path}", markup=False)
    folder = shlex.quote(f"{scaffold.folder}/")
    console.print(f"put your theorem in the place of the example, and run it as you go:\n"
                  f"    sparsetheory prove {folder} {scaffold.id}\n"
                  f"    sparsetheory verify {folder} {scaffold.id} --quick", markup=False)  # fmt: skip


@app.command()
def prove(targets: Targets = None) -> int:
    """Run proofs: every step and its anti-test."""
    fine = True
    for collection, claim in select(targets or [])[0]:
        proof = load_proof(collection, claim)
        results = proof.run()
        show_proof(claim, proof.badge, results)
        fine &= holds(results) and proof.badge == claim.badge
    return FINE if fine else DIFFERS


@app.command()
def plan(
    targets: Annotated[list[str], typer.Argument(metavar="ID|PATH...")],
    full: Annotated[bool, typer.Option("--full/--quick", help="Plan the full or the quick budget.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds a replicate may take.")] = TIMEOUT,
) -> int:
    """Pilot a study: standard error, margin it can hold, cost. Exits with 2 when it is underpowered."""
    from .planning import forecast

    check_positive(timeout, "--timeout")
    powered = True
    for collection, claim in select(targets)[0]:
        foretold = forecast(collection, claim, "full" if full else "quick", timeout=timeout)
        show_forecast(claim, foretold)
        powered &= foretold.plan.powered
    return FINE if powered else INCONCLUSIVE


@app.command()
def verify(
    targets: Targets = None,
    full: Annotated[bool, typer.Option("--full/--quick", help="Spend the full or the quick budget.")] = False,
    jobs: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    executor: Annotated[str | None, typer.Option(help="serial or joblib; by default what --jobs needs.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of records and report; reports/<time> by default.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in --out, or in the newest folder of reports/.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 2 on an inconclusive verdict.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds a replicate may take.")] = TIMEOUT,
) -> int:
    """Prove and measure claims, judge them, and write a report.

    Without arguments: every claim of this package. Quick runs only ever smoke; --full supports or refutes.
    """
    selected, folders = select(targets or [])
    check_positive(timeout, "--timeout")
    place = make_executor(executor, jobs)
    mode: Mode = "full" if full else "quick"
    folder = _folder(out, resume)
    again = _command(targets or [], mode, jobs, folder) + " --resume"
    _remember(folder, mode, selected, folders)
    console.print(f"records and report: {folder}", markup=False)
    outcomes: list[Outcome] = []
    crashes: list[Crash] = []
    for collection, claim in selected:
        sources = [str(path) for path in folders if collection_at(path) == collection]
        card = _command([*sources, claim.id], mode, 1, None)
        try:
            with progress_of(claim) as report:
                outcomes.append(run_claim(
                    collection, claim, mode=mode, folder=folder, executor=place, timeout=timeout, progress=report,
                    command=card,
                ))  # fmt: skip
        except KeyboardInterrupt:
            errors.print(f"\nInterrupted; every finished replicate is kept. Go on with\n    {again}", markup=False)
            return INTERRUPTED
        except (Exception, SystemExit) as error:
            crashes.append(_crash(error, claim, mode, card))
    _finish(outcomes, crashes, folder)
    return ERROR if crashes else _exit_code(outcomes, strict)


def _command(targets: Sequence[str], mode: Mode, jobs: int, folder: Path | None) -> str:
    words = ["sparsetheory", "verify", *targets, f"--{mode}"]
    words += ["--jobs", str(jobs)] if jobs > 1 else []
    words += ["--out", str(folder)] if folder is not None else []
    return shlex.join(words)


def _folder(out: Path | None, resume: bool) -> Path:
    """Where a run writes: a folder that is new or empty, unless it is to be resumed."""
    if out is None:
        earlier = list(Path("reports").glob("*/run.json"))
        if resume and earlier:
            return max(earlier, key=lambda path: path.stat().st_mtime).parent
        return Path("reports") / datetime.now().strftime("%Y-%m-%d-%H%M%S")
    if not resume and out.is_dir() and any(out.iterdir()):
        expected = f"a new or empty folder; add --resume to go on with what {out} holds, or choose another folder"
        raise InvalidArgument("--out", expected, f"{out}, which is not empty")
    return out


def _remember(folder: Path, mode: Mode, selected: Selected, folders: Sequence[Path]) -> None:
    """Write what `report` has to know to judge the folder again."""
    known = {
        "mode": mode,
        "sources": [str(path.resolve()) for path in folders],
        "claims": [claim.id for _, claim in selected],
    }
    try:
        write_atomically(folder / "run.json", json.dumps(known, indent=2) + "\n")
    except OSError as error:
        raise InvalidArgument("--out", "a folder that can be written to", f"{folder} ({error.strerror})") from None


def _finish(outcomes: Sequence[Outcome], crashes: Sequence[Crash], folder: Path) -> None:
    """Print the table, write verdicts and report, say where they are."""
    show_table(outcomes, crashes)
    export(outcomes, folder, crashes)
    from .report import write_report  # draws, so it needs matplotlib

    console.print(f"report: {write_report(outcomes, folder, crashes)}", markup=False)


def _exit_code(outcomes: Sequence[Outcome], strict: bool) -> int:
    """A refuted verdict, a control or a proof that came out wrong counts before an inconclusive verdict."""
    undecided = [o for o in outcomes if o.controls_ok and o.raw.label == "inconclusive" and o.proof_ok]
    if any(not (o.as_declared and o.proof_ok) for o in outcomes if o not in undecided):
        return DIFFERS
    return INCONCLUSIVE if strict and undecided else FINE


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What verify wrote.")], strict: bool = False
) -> int:
    """Judge the stored records of a folder again and rewrite its report, without running anything."""
    path = folder / "run.json"
    if not path.is_file():
        raise InvalidArgument(
            "DIR", "a folder that `sparsetheory verify --out DIR` wrote", f"{folder}, without run.json"
        )
    known = json.loads(path.read_text(encoding="utf-8"))
    collections = tuple(_collection(Path(source)) for source in known["sources"])
    if not all(any(c.family == name.split(".")[0] for c in collections) for name in known["claims"]):
        collections += package_collections()
    outcomes: list[Outcome] = []
    crashes: list[Crash] = []
    for collection, claim in [locate(name, collections) for name in known["claims"]]:
        try:
            outcomes.append(rebuild(collection, claim, mode=known["mode"], folder=folder))
        except (Exception, SystemExit) as error:
            crashes.append(_crash(error, claim, known["mode"], ""))
    if crashes:  # the page that is there may be the last that was written with the code of its records
        show_table(outcomes, crashes)
        errors.print(f"report: {folder} was left as it is", markup=False)
        return ERROR
    _finish(outcomes, crashes, folder)
    return _exit_code(outcomes, strict)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="What verify wrote earlier.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="What it wrote later.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Write a comment for a pull request.")] = False,
) -> int:
    """Compare two runs: conclusions, estimates, bounds, controls, measurements.

    Exits with 1 when a claim of A has another conclusion in B, another outcome of its proof, or is not there.
    """
    from .diff import compare, show, to_markdown

    comparison = compare(before, after)
    if markdown:
        console.print(to_markdown(comparison), markup=False)
    else:
        show(comparison)
    return DIFFERS if comparison.changed else FINE


@app.command()
def warmup() -> None:
    """Compile every kernel into the cache, so that the first solve starts at once."""
    from .._numba import cache_folder, warm_up

    rows = warm_up()
    for row in rows:
        how = "from cache" if row.from_cache else "compiled"
        console.print(f"{row.kernel} {row.signature}: {how}, {row.seconds:.2f} s", markup=False)
    console.print(f"{len(rows)} signatures; cache folder: {cache_folder()}", markup=False)


def _explain(error: BaseException, claim: str = "") -> None:
    """Say what is wrong in a line where the message was written for that; a crash of a file keeps its traceback."""
    where = f"{claim}: " if claim and not str(error).startswith(claim) else ""
    if not isinstance(error, InvalidArgument):
        errors.print("".join(traceback.format_exception(error)).rstrip(), markup=False)
    errors.print(f"error: {where}{error}", markup=False)


def _crash(error: BaseException, claim: Claim, mode: Mode, command: str) -> Crash:
    """Say what is wrong, and keep it for the table and the report: a claim that crashes must not be missed there."""
    _explain(error, claim.id)
    message = str(error) if isinstance(error, InvalidArgument) else f"{type(error).__name__}: {error}"
    return Crash(claim=claim, mode=mode, message=message, command=command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; a command line that cannot be read is an error (3) as well."""
    command: Any = typer.main.get_command(app)
    try:
        code = command.main(args=arguments, prog_name="sparsetheory", standalone_mode=False)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (Exception, SystemExit) as error:  # a file that exits has not verified anything, whatever its code
        if hasattr(error, "exit_code") and hasattr(error, "show"):  # a usage error, of click or of typer's own copy
            error.show(file=sys.stderr)
            return ERROR
        _explain(error)
        return ERROR
    return code if isinstance(code, int) else FINE
