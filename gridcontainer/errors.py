"""Everything this package raises on purpose.

    GridContainerError
    ├── CodeError          (ValueError)   a code, cell or level that cannot be read
    ├── CoordinateError    (ValueError)   a position that has no cell
    ├── CoverError         (ValueError)   a geometry that cannot be covered with cells
    ├── DeclarationError   (ValueError)   a data set declared wrongly in conf/
    ├── SourceError        (ValueError)   a source file that cannot be read
    │   └── DeliveryError               a delivery that would take away too much
    ├── DatasetError       (LookupError)  a data set the container does not have
    ├── ColumnError        (LookupError)  a column that a table does not have, or a name of two
    ├── QueryError         (ValueError)   a question that cannot be asked
    ├── JoinError          (ValueError)   a join that cannot be asked so
    ├── LinkError          (ValueError)   a linkage that cannot be made
    ├── IdentityError      (ValueError)   an identity or a link that cannot be had so
    ├── TagError           (ValueError)   a tag that cannot be read, or is not in the registry
    ├── AddressError       (ValueError)   rows without positions that cannot be located so
    ├── StorageError       (RuntimeError) tables that Spark cannot read or write
    ├── LockedError        (RuntimeError) another run works on the container
    ├── LostLockError      (RuntimeError) the lock was taken over by another run
    ├── ConservationError  (RuntimeError) rows in are not rows out plus rows set aside
    └── SparkSetupError    (RuntimeError) Java, Spark or its jars are missing or do not match

Each message says what is wrong, where (file, row, key, index) and what to do about it.
"""


class GridContainerError(Exception):
    """Base of every error this package raises on purpose."""


class CodeError(GridContainerError, ValueError):
    """A grid code, cell or level that cannot be read."""


class CoordinateError(GridContainerError, ValueError):
    """A position that has no cell."""


class CoverError(GridContainerError, ValueError):
    """A geometry that cannot be covered with cells."""


class DeclarationError(GridContainerError, ValueError):
    """A data set that is declared wrongly."""


class SourceError(GridContainerError, ValueError):
    """A source file that cannot be read as declared."""


class NoRecordsError(SourceError):
    """Source files without a record, in a format in which only records name columns."""


class DeliveryError(SourceError):
    """A delivery that would take away more than is allowed; nothing was changed."""


class DatasetError(GridContainerError, LookupError):
    """A data set that the container does not have."""


class ColumnError(GridContainerError, LookupError):
    """A column that a table does not have, or a name that means two of its columns."""


class QueryError(GridContainerError, ValueError):
    """A question to the container that cannot be asked so."""


class JoinError(GridContainerError, ValueError):
    """A join by place that cannot be asked so."""


class LinkError(GridContainerError, ValueError):
    """A linkage that cannot be made."""


class IdentityError(GridContainerError, ValueError):
    """An identity or a link between records that cannot be had so."""


class TagError(GridContainerError, ValueError):
    """A tag identifier that cannot be read, or that is not in the registry."""


class AddressError(GridContainerError, ValueError):
    """Rows without positions that cannot be located as asked."""


class StorageError(GridContainerError, RuntimeError):
    """Tables that Spark cannot read or write."""


class LockedError(GridContainerError, RuntimeError):
    """Another run works on the container."""


class LostLockError(GridContainerError, RuntimeError):
    """The lock was taken over by another run while this one worked."""


class ConservationError(GridContainerError, RuntimeError):
    """Rows in are not rows out plus rows set aside."""


class SparkSetupError(GridContainerError, RuntimeError):
    """Java, Spark or its jars are missing or do not match."""
