"""The columns that an indicator names, by the names under which their tables store them."""

from collections.abc import Callable

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.panel.declaration import At, Indicator, Source, Spread

NamesOf = Callable[[str], ColumnNames]


def over_stored(
    indicator: Indicator, source: Source, names_of: NamesOf
) -> tuple[Indicator, Source]:
    """An indicator and one of its sources over stored names.

    Args:
        indicator: its declaration, over either names of its sources' columns.
        source: one of its sources.
        names_of: gives both names of each column of a dataset.

    Raises:
        ColumnError: a name means two columns, or the dataset of ``at`` has no such column.
    """
    if source.dataset is None:
        return indicator, source
    names = names_of(source.dataset)
    said = {key: _rename(names, getattr(indicator, key)) for key in ("category", "where", "value")}
    own = {key: _rename(names, getattr(source, key)) for key in ("where", "value", "time")}
    at = source.at and _over_places(source.at, names, names_of(source.at.dataset))
    spread = source.spread and _over_weights(source.spread, names_of)
    return (
        indicator.model_copy(update=said),
        source.model_copy(update={**own, "at": at, "spread": spread}),
    )


def say_stored(indicator: Indicator, names_of: NamesOf) -> str:
    """A text that changes when an indicator's names lead to other columns.

    Empty where all its names are stored ones, so that such an indicator is not computed anew.
    """
    pairs = [over_stored(indicator, source, names_of) for source in indicator.sources]
    return "".join(
        own.model_dump_json() + source.model_dump_json()
        for (own, source), declared in zip(pairs, indicator.sources, strict=True)
        if (own, source) != (indicator, declared)
    )


def _rename(names: ColumnNames, expression: Expression | None) -> Expression | None:
    return None if expression is None else names.rename(expression)


def _over_places(at: At, names: ColumnNames, places: ColumnNames) -> At:
    by = {
        names.rename(expression): places.resolve(column, at.dataset)
        for expression, column in at.by.items()
    }
    return at.model_copy(update={"by": by})


def _over_weights(spread: Spread, names_of: NamesOf) -> Spread:
    if spread.weight is None or spread.value is None:
        return spread
    return spread.model_copy(update={"value": names_of(spread.weight).rename(spread.value)})
