"""Delta tables of the container: made with their properties, replaced, appended to, measured."""

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from types import MappingProxyType

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession, functions as F, types as T

from gridcontainer.container.tables.layout import Layout
from gridcontainer.container.tables.properties import layout_properties

_MAKING = Lock()  # two tasks of a night may want the same table


def replace_dataset(
    rows: DataFrame, path: str, *, layout: Layout, properties: Mapping[str, str]
) -> None:
    """Replace a data set's table as a whole.

    Args:
        rows: as the table is to hold them, arranged as the layout says.
        path: of the table; made with its properties if it is not there.
        layout: of the table.
        properties: of the table beside those that every data set has.
    """
    spark = rows.sparkSession
    wanted = {**layout_properties(rows.columns, layout), **properties}
    if not DeltaTable.isDeltaTable(spark, path):
        writer = rows.writeTo(f"delta.`{path}`").using("delta")
        if layout.partition:
            writer = writer.partitionedBy(*(F.col(name) for name in layout.partition))
        for name, value in wanted.items():
            writer = writer.tableProperty(name, value)
        writer.createOrReplace()  # files without a log, of a killed run, are no table
        return
    renew_properties(spark, path, wanted)
    (
        rows.write.format("delta")
        .mode("overwrite")
        .partitionBy(*layout.partition)
        .option("overwriteSchema", "true")
        .save(path)
    )


def replace_where(rows: DataFrame, path: str, which: str) -> None:
    """Replace the rows of a table, which is there, for which a condition in SQL holds."""
    (
        rows.repartition(1)  # not coalesce: what makes the rows is to run in many tasks
        .write.format("delta")
        .mode("overwrite")
        .option("replaceWhere", which)
        .option("mergeSchema", "true")
        .save(path)
    )


def read_version(spark: SparkSession, path: str) -> int:
    """The newest version of a table, from its log: without the job that ``history`` would need.

    Raises:
        AnalysisException: there is no table.
    """
    java = spark._jvm
    assert java is not None
    log = java.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, path)
    nothing = java.scala.Option.empty()
    version = int(log.update(False, nothing, nothing).version())
    if version < 0:
        DeltaTable.forPath(spark, path)  # says that it is none
    return version


def current_rows(rows: DataFrame) -> DataFrame:
    """Without those that a table with history has closed."""
    return rows.where("valid_to IS NULL") if "valid_to" in rows.columns else rows


def read_current(spark: SparkSession, path: str, *, version: int | None = None) -> DataFrame:
    """The rows that a table has now, without closed ones; those of a version if one is given."""
    reader = spark.read.format("delta")
    if version is not None:
        reader = reader.option("versionAsOf", version)
    return current_rows(reader.load(path))


def as_schema(
    fields: Iterable[T.StructField],
    values: Mapping[str, Column],
    *,
    otherwise: Column | None = None,
) -> list[Column]:
    """The columns of a schema, in its order and of its types.

    Args:
        fields: of the schema.
        values: of some of its columns, by name.
        otherwise: all others; the frame's own of that name where None.
    """

    def column(name: str) -> Column:
        return values.get(name, F.col(name) if otherwise is None else otherwise)

    return [column(field.name).cast(field.dataType).alias(field.name) for field in fields]


def append(rows: DataFrame, path: str, *, new_columns: bool = False) -> None:
    """Append to a table, which is made if it is not there.

    Args:
        rows: few; one file.
        path: of the table.
        new_columns: a table of an earlier release gets the columns that it lacks.
    """
    writer = rows.coalesce(1).write.format("delta").mode("append")
    writer.option("mergeSchema", str(new_columns)).save(path)


def create_table(
    spark: SparkSession,
    path: str,
    schema: T.StructType,
    partition: Sequence[str] = (),
    properties: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Make a table, and tell whether it was not there before."""
    with _MAKING:
        if DeltaTable.isDeltaTable(spark, path):
            return False
        _remove_begun(spark, path)
        builder = DeltaTable.create(spark).location(path).addColumns(schema)
        if partition:
            builder = builder.partitionedBy(*partition)
        for name, value in properties.items():
            builder = builder.property(name, value)
        builder.execute()
    return True


def _remove_begun(spark: SparkSession, path: str) -> None:
    """Remove the log that a run left that was killed before it made the table's first commit.

    Neither can a table be made where it lies nor does it hold anything: of a log with a file that
    is not hidden nothing is removed.
    """
    java = spark._jvm
    assert java is not None
    log = java.org.apache.hadoop.fs.Path(path, "_delta_log")
    files = log.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    if not files.exists(log):
        return
    names = [status.getPath().getName() for status in files.listStatus(log)]
    if all(name.startswith((".", "_")) for name in names):
        files.delete(log, True)


def renew_properties(spark: SparkSession, path: str, wanted: Mapping[str, str]) -> None:
    """Set the properties that differ; a table that has them all gets no new version."""
    present = read_properties(spark, path)
    if changed := {name: value for name, value in wanted.items() if present.get(name) != value}:
        pairs = ", ".join(f"'{name}' = {_quoted(value)}" for name, value in changed.items())
        spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({pairs})")


def read_properties(spark: SparkSession, path: str) -> dict[str, str]:
    """The properties of a table, by name."""
    found: dict[str, str] = DeltaTable.forPath(spark, path).detail().collect()[0]["properties"]
    return found


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def first_line(error: PySparkException | Py4JJavaError) -> str:
    """What Spark says in its first line; the rest is its own stack."""
    java = getattr(error, "java_exception", None)
    said = str(error if java is None else java.getMessage() or java.toString())
    return said.strip().splitlines()[0][:300]
