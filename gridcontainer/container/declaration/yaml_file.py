"""A YAML file checked against a model: what is wrong is said with its file and key, in one line."""

from collections.abc import Iterator, Mapping, Sequence
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


def load_folder(
    directory: Path, model: type[_Model], name: str, *, suffixes: Sequence[str] = (".yaml",)
) -> dict[str, tuple[Path, _Model]]:
    """Read all YAML files of a folder as one model.

    Args:
        directory: one that is not there holds none.
        model: of each file.
        name: the key whose value names a declaration.
        suffixes: of the files.

    Returns:
        File and declaration by name, in order of the files' names.

    Raises:
        DeclarationError: a faulty file, or two declarations of one name.
    """
    found: dict[str, tuple[Path, _Model]] = {}
    paths = sorted(path for suffix in suffixes for path in directory.glob(f"*{suffix}"))
    for path in paths:
        declaration = load_model(path, model)
        called = str(getattr(declaration, name))
        if called in found:
            raise DeclarationError(
                f"{path}: {name}: {called} is declared in another file of {directory} too; give "
                "one of them another name"
            )
        found[called] = (path, declaration)
    return found


def choose(
    found: Mapping[str, _Model], only: Sequence[str], directory: Path, what: str
) -> list[_Model]:
    """The declarations of some names, or all.

    Args:
        found: by name.
        only: names; empty for all.
        directory: where they were found.
        what: they are, for the message where there are none.

    Raises:
        DeclarationError: there are none, or one of ``only`` is not among them.
    """
    if not found:
        raise DeclarationError(f"{directory} holds no {what} (*.yaml)")
    if unknown := [name for name in only if name not in found]:
        raise DeclarationError(
            f"not declared in {directory}: {', '.join(unknown)}; there are {', '.join(found)}"
        )
    return [declaration for name, declaration in found.items() if not only or name in only]


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
