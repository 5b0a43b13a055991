"""Fingerprint: what a record depends on, so that records of other code, grids or versions are not taken for current."""

import ast
import functools
import hashlib
import sysconfig
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import ModuleType

from .bound import Bound
from .sample import Grid
from .store import canonical

__all__ = ["fingerprint", "import_closure"]

_PACKAGE = __name__.split(".")[0]
_ENGINE = __name__.rpartition(".")[0]
# Most of the engine reads records and does not make them: a new rule or report must not make them stale. These two do.
_ALWAYS = (f"{_ENGINE}.streams", f"{_ENGINE}.tasks")
_VERSIONED = ("numpy", "scipy", "numba")
# What a study declares about judging and spending: changing it must not cost the records that are there.
_NOT_IN_RECORDS = {"rule", "quick", "full", "stopping", "cost_exponent", "notes"}


def _imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import statement at any depth, but those for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        else:
            yield from _imports(node)


@functools.cache
def _source(module: str) -> Path | None:
    """The file of a module whose source may change under our feet: of this package, or not an installed one."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    path = Path(spec.origin).resolve()
    installed = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")]
    if module.split(".")[0] != _PACKAGE and any(folder in path.parents for folder in installed):
        return None
    return path


def _home(package: str, name: str) -> str | None:
    """The module that ``package.name`` is or comes from; packages here load names lazily, so the object is asked."""
    if _source(f"{package}.{name}") is not None:
        return f"{package}.{name}"
    value = getattr(import_module(package), name, None)
    return value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)


def _reached(attribute: ast.Attribute, aliases: dict[str, str]) -> Iterator[str]:
    """Modules passed on the way of a dotted name that starts at an imported module."""
    first, *rest = ast.unparse(attribute).split(".")
    owner = aliases.get(first)
    for name in rest:
        if owner is None or _source(owner) is None:
            return
        yield _home(owner, name) or owner
        owner = f"{owner}.{name}"


def _dependencies(path: Path, package: str) -> Iterator[str]:
    """Names of the modules that a file imports, or reaches as attributes of an imported one (``ot.solve``)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    aliases: dict[str, str] = {}
    for node in _imports(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                aliases[alias.asname or top] = alias.name if alias.asname else top
                yield alias.name
            continue
        base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
        yield base
        if _source(base) is None:
            continue
        for alias in node.names:
            home = _home(base, alias.name)
            if home is not None:
                yield home
                aliases[alias.asname or alias.name] = f"{base}.{alias.name}"
    for attribute in ast.walk(tree):
        if isinstance(attribute, ast.Attribute):
            yield from _reached(attribute, aliases)


def import_closure(path: Path) -> dict[str, Path]:
    """Return the files that a study depends on: its own, and the package's and the user's modules it reaches.

    A static walk over the syntax trees; installed third-party packages and the engine itself are left out.
    """
    found: dict[str, Path] = {"": path}
    queue = [("", path)]
    for module in _ALWAYS:
        source = _source(module)
        assert source is not None
        found[module] = source
    while queue:
        module, file = queue.pop()
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        for name in _dependencies(file, package):
            source = _source(name) if name and not name.startswith(_ENGINE) else None
            if source is not None and name not in found:
                found[name] = source
                queue.append((name, source))
    return found


def _meaning(path: Path) -> str:
    """The syntax tree of a file as text: comments and layout do not count, nor what a study says of judging."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Study":
            node.keywords = [keyword for keyword in node.keywords if keyword.arg not in _NOT_IN_RECORDS]
    return ast.dump(tree)


def fingerprint(study_path: Path, bound: Bound, grid: Grid, root_seed: int) -> str:
    """Return the SHA-256 of all that a record of a study depends on, but its cell and replicate."""
    closure = import_closure(study_path)
    code = {name: hashlib.sha256(_meaning(file).encode()).hexdigest() for name, file in closure.items()}
    parts = {
        "code": code,
        "bound": bound.hash,
        "grid": {"axis": grid.axis, "sizes": list(grid.sizes), "strata": [dict(s) for s in grid.strata]},
        "root_seed": root_seed,
        "versions": {name: version(name) for name in _VERSIONED},
    }
    return hashlib.sha256(canonical(parts).encode()).hexdigest()
