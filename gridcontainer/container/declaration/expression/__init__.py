"""The one dialect of conditions and expressions in declarations: a subset of Spark SQL.

An expression is parsed and checked when its declaration is loaded, and is compiled for Spark or for
DuckDB when the columns of its rows are known. Both engines give the same value for each row: what
cannot be made equal is not in the dialect. No expression reaches files, the network, settings or
the JVM, because only what is listed in ``functions.py`` and ``compile.py`` is ever compiled.

An expression never fails on a row. A value that cannot be computed is null: text that is no number,
a division by zero, a whole number beyond 64 bits, a date that does not exist.
"""

from gridcontainer.container.declaration.expression.kinds import Engine, Kind
from gridcontainer.container.declaration.expression.value import Expression, resolve

__all__ = ["Engine", "Expression", "Kind", "resolve"]
