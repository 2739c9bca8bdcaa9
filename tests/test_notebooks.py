"""The notebooks run as they are committed: from top to bottom, with pictures, without outputs."""

import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PICTURES = {"01_grid_codes": 5, "02_your_own_data": 3}

each_notebook = pytest.mark.parametrize("name", PICTURES)


class ThisPython(KernelSpecManager):
    """The kernel is the interpreter that runs the tests, whatever is installed for the user."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name=kernel_name,
            language="python",
        )


def read(name: str):
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


@each_notebook
def test_the_committed_file_has_no_outputs(name):
    cells = [cell for cell in read(name).cells if cell.cell_type == "code"]
    assert not [cell for cell in cells if cell.outputs or cell.execution_count]


@each_notebook
def test_it_runs_and_shows_its_pictures(name, monkeypatch):
    monkeypatch.setenv("SPARK_DRIVER_MEMORY", "2g")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    notebook = read(name)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": NOTEBOOKS}})
    client.create_kernel_manager()
    client.km.kernel_spec_manager = ThisPython()
    client.execute()  # a cell that fails raises, with its traceback
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    pictures = [out for out in outputs if "image/png" in out.get("data", {})]
    assert len(pictures) >= PICTURES[name]


def test_every_notebook_is_tested():
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(PICTURES)
