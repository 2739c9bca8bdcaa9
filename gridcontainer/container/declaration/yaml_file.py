"""A YAML file checked against a model: what is wrong is said with its file and key, in one line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from gridcontainer.errors import DeclarationError

_Model = TypeVar("_Model", bound=BaseModel)


def load_model(path: Path, model: type[_Model]) -> _Model:
    """Read a YAML file as a model.

    Raises:
        DeclarationError: names the file, each faulty key and what it should be.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DeclarationError(f"{path} does not exist") from None
    except OSError as error:
        raise DeclarationError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())  # in one line
        raise DeclarationError(f"{path} is not valid YAML in UTF-8: {reason}") from error
    if not isinstance(content, dict):
        raise DeclarationError(f"{path} holds no keys; see conf/datasets for examples")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise DeclarationError(f"{path}: {_explain(error, model)}") from error


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    lines = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"]) or "the file"
        reason = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            reason = f"is not a known key; known are {', '.join(_known_keys(model, fault['loc']))}"
        lines.append(f"{key}: {reason}")
    return "; ".join(lines[:8])


def _known_keys(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The keys that are known where the last one of ``place`` is not."""
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        model = next(_models_in(field.annotation), model) if field else model
    return list(model.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation such as ``list[Relation]`` or ``Position | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
