"""The files of a dataset."""

from pathlib import Path

from gridcontainer.container.declaration import Declaration
from gridcontainer.errors import SourceError


def find_files(root: Path, declaration: Declaration) -> list[Path]:
    """The files of a data set, in order of name.

    Raises:
        SourceError: there is none; says what lies in that folder instead.
    """
    pattern = declaration.source.path
    files = sorted(path for path in root.glob(pattern) if path.is_file())
    if files:
        return files[-1:] if declaration.source.deliveries == "newest" else files
    folder = (root / pattern).parent
    beside = sorted(path.name for path in folder.iterdir())[:8] if folder.is_dir() else []
    hint = f"; {folder} holds {', '.join(beside)}" if beside else f"; there is no folder {folder}"
    raise SourceError(f"{declaration.dataset}: no file {root / pattern}{hint}")
