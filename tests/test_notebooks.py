"""The notebooks run from top to bottom, explain each picture, and are kept without outputs.

What their numbers should be stands as ``assert`` in the notebooks themselves.
"""

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from ipykernel.kernelspec import write_kernel_spec
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.util import run_sync

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PICTURES = {"01_grid_codes.ipynb": 7, "02_your_own_data.ipynb": 4}  # at least
TELL_PYTHON = "import sys; print(sys.executable)"


def test_all_notebooks_are_tested():
    assert {path.name for path in NOTEBOOKS.glob("*.ipynb")} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_notebook_is_kept_without_outputs(name):
    for cell in code_cells(read(name)):
        assert not cell.outputs, f"run: nbstripout notebooks/{name}"
        assert cell.execution_count is None, f"run: nbstripout notebooks/{name}"


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_is_explained_before_it(name):
    """By a sentence that says what to see, so that nobody need know the code."""
    cells = read(name).cells
    drawing = [at for at, cell in enumerate(cells) if "plt.subplots(" in cell.source]
    explained = [at for at, cell in enumerate(cells) if "**What to see:**" in cell.source]
    assert len(drawing) >= PICTURES[name]
    assert {at - 1 for at in drawing} <= set(explained)


@pytest.mark.parametrize("name", PICTURES)
def test_notebook_runs_and_draws(name, tmp_path, monkeypatch):
    monkeypatch.setenv("SPARK_DRIVER_MEMORY", "2g")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel then draws into the notebook
    notebook = read(name)
    notebook.cells.append(nbformat.v4.new_code_cell(TELL_PYTHON))
    folder = tmp_path / "elsewhere"  # a notebook must not depend on the folder that it runs in
    folder.mkdir()

    run(notebook, folder, kernels=tmp_path / "kernels")  # raises where a cell fails

    pictures = [
        output
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= PICTURES[name]
    assert notebook.cells[-1].outputs[0].text.strip() == sys.executable
    assert not list(folder.iterdir()), "all that a notebook writes goes to a temporary folder"


def read(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / name, as_version=4)


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def run(notebook: Any, folder: Path, *, kernels: Path) -> None:
    """Execute in a fresh kernel of the running interpreter, whatever kernels the machine knows."""
    write_kernel_spec(kernels / "running")
    specs = KernelSpecManager(kernel_dirs=[str(kernels)], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="running", kernel_spec_manager=specs)
    try:
        NotebookClient(notebook, km=manager, timeout=300).execute(cwd=str(folder))
    finally:
        run_sync(manager.shutdown_kernel)(now=True)
