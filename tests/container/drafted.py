"""A file that is drafted and then ingested by its draft, without Spark."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
import yaml
from deltalake import DeltaTable

from gridcontainer.container.declaration import CityProfile, Declaration, load_city
from gridcontainer.container.inference import Draft, References, infer_declaration
from gridcontainer.container.ingest.dataset import Ingested, ingest_dataset
from gridcontainer.container.storage import Storage

CITY: CityProfile = load_city(Path(__file__).parents[2] / "conf/city/shanghai.yaml")


def no_session() -> NoReturn:
    """A small source starts no Spark."""
    raise AssertionError("Spark was asked for")


def draft_of(path: Path, **options: Any) -> Draft:
    """The draft of a file, without references."""
    options = {"department": "planning", "sources": path.parent} | options
    return infer_declaration(path, city=CITY, references=References(), **options)


@dataclass(frozen=True)
class Drafted:
    """What came of a file.

    Attributes:
        draft: the draft.
        declaration: the draft's text as a declaration.
        ingested: what the ingest says.
        rows: rows of the table, in the order of the file.
    """

    draft: Draft
    declaration: Declaration
    ingested: Ingested
    rows: pd.DataFrame

    @property
    def times(self) -> list[str]:
        """Event times, UTC."""
        return [f"{time:%Y-%m-%d %H:%M:%S.%f}"[:-3] for time in self.rows["event_time"]]

    @property
    def warned(self) -> str:
        """All warnings of the draft."""
        return "\n".join(self.draft.warnings)


def draft_and_ingest(path: Path, **options: Any) -> Drafted:
    """Draft a file, load the draft from its text, and ingest by it."""
    draft = draft_of(path, **options)
    declaration = Declaration.model_validate(yaml.safe_load(draft.yaml))
    storage = Storage(tempfile.mkdtemp(dir=path.parent))
    ingested = _ingest(declaration, path.parent, storage)
    return Drafted(draft, declaration, ingested, _rows(declaration, storage))


def ingest_by(declaration: Declaration, sources: Path) -> pd.DataFrame:
    """Rows of the table that a declaration gives, in the order of the file."""
    storage = Storage(tempfile.mkdtemp(dir=sources))
    _ingest(declaration, sources, storage)
    return _rows(declaration, storage)


def _ingest(declaration: Declaration, sources: Path, storage: Storage) -> Ingested:
    return ingest_dataset(no_session, declaration, city=CITY, sources=sources, storage=storage)


def _rows(declaration: Declaration, storage: Storage) -> pd.DataFrame:
    table = DeltaTable(storage.dataset(declaration.department, declaration.dataset)).to_pandas()
    return table.sort_values("source_row").reset_index(drop=True)
