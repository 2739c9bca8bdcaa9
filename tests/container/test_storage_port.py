"""Files of a container are reached through its storage, and its rooms entered by their doors."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "gridcontainer/container"
# The kinds of storage themselves.
PORT = {"storage.py", "files.py", "hadoop_files.py"}
# These read files of the user's (sources, declarations, new files, a side of a join) or write the
# file that the user names (an export, a result of a join); none of these lies in a container.
OF_THE_USER = {"sources/", "declaration/", "inference/", "export/", "join.py", "file_draft.py"}
# Whatever of these modules a module uses, it does to files.
FILE_MODULES = {"shutil", "glob", "tempfile", "pathlib", "io"}
OPENERS = {"memory_map", "OSFile", "read_table", "read_metadata", "read_schema", "read_parquet",
           "write_deltalake", "scandir", "listdir"}  # fmt: skip
# delta-rs opens tables in one place; elsewhere only its types are used.
OF_DELTA = {
    "tables/log.py": {"DeltaTable", "TableNotFoundError"},
    "tables/protocol.py": {"DeltaTable", "DeltaError", "TableNotFoundError"},
    "tables/actions.py": {"Schema"},
}


def modules() -> list[str]:
    found = (path.relative_to(ROOT).as_posix() for path in sorted(ROOT.rglob("*.py")))
    return [name for name in found if not name.startswith(tuple(OF_THE_USER)) and name not in PORT]


def faults(module: str, code: str) -> Iterator[str]:
    """What a module does to files by itself."""
    for node in ast.walk(ast.parse(code)):
        at = f"{module}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"open", "Path", "DeltaTable"} and (node.args or called != "Path"):
                if not (called == "DeltaTable" and module in OF_DELTA):
                    yield f"{at} {called}(...)"
            elif called.startswith("os.") or called.rpartition(".")[2] in OPENERS:
                yield f"{at} {called}(...)"
        elif isinstance(node, ast.Import):
            yield from (f"{at} {a.name}" for a in node.names if a.name in FILE_MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("deltalake"):
            names = {alias.name for alias in node.names} - OF_DELTA.get(module, set())
            yield from (f"{at} deltalake.{name}" for name in sorted(names))


@pytest.mark.parametrize("module", modules())
def test_a_module_reaches_files_only_through_the_storage(module):
    assert list(faults(module, (ROOT / module).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "open('x')", "Path(root) / 'x'", "os.stat(path)", "import shutil", "pq.read_metadata(path)",
        "from deltalake import DeltaTable", "DeltaTable(path)", "pa.memory_map(path)",
    ],
)  # fmt: skip
def test_the_test_sees_who_goes_past_the_storage(code):
    assert list(faults("query/counts.py", code))


DOORS = ["catalogue", "declaration", "export", "inference", "ingest", "judge", "quarantine",
         "query", "sources", "tables"]  # fmt: skip


@pytest.mark.parametrize(
    "module", ["cli.ingest", "container", *(f"container.{room}" for room in DOORS)]
)
def test_doors_do_not_bring_spark(module):
    """All that may be used from outside is there, and Spark is not started or even imported."""
    code = (
        "import importlib, sys\n"
        f"door = importlib.import_module('gridcontainer.{module}')\n"
        "assert 'pyspark' not in sys.modules and 'delta' not in sys.modules, 'Spark'\n"
        "assert all(hasattr(door, name) for name in getattr(door, '__all__', ())), 'a name'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT.parents[1])


def test_only_the_doors_of_the_ingest_are_heavy():
    """The command line reads declarations, and the container's storage, without tables."""
    code = "import sys, gridcontainer.container.declaration; print('pyarrow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT.parents[1], capture_output=True
    )
    assert done.stdout.strip() == b"False"
