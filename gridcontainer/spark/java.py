"""Static Java methods of the jars that Spark runs with, as native Column functions.

A method called so is part of the code that Spark generates: no Python worker, no boxing, and no end
to whole-stage code generation, which SQL functions of Sedona would put to it.
"""

from collections.abc import Sequence
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, SparkSession, types as T
from pyspark.sql.classic.column import Column as ClassicColumn

from gridcontainer.errors import SparkSetupError


def call_static(class_name: str, method: str, returns: T.DataType, *arguments: Column) -> Column:
    """What a static method returns; null where an argument is null.

    Args:
        class_name: with its package, of a class on Spark's class path.
        method: that takes what the arguments are (double, long, objects).
        returns: the type of what it returns, a primitive.
        arguments: columns, also such as other calls return.

    Raises:
        SparkSetupError: there is no session, or its jars have no such class.
    """
    session = _session()
    returned = session._jsparkSession.parseDataType(returns.json())
    return _invoke(session, class_name, method, returned, arguments)


def new_point(x: Column, y: Column) -> Column:
    """A point of JTS, as an argument for a method that takes a geometry; never a result."""
    session = _session()
    geometry = _load(session, "org.locationtech.jts.geom.Geometry")
    kind = _jvm(session).org.apache.spark.sql.types.ObjectType(geometry)
    return _invoke(session, "org.apache.sedona.common.Constructors", "point", kind, (x, y))


def _session() -> SparkSession:
    session = SparkSession.getActiveSession()
    if session is None:
        raise SparkSetupError("no Spark session: build one first (gridcontainer.spark)")
    return session


def _jvm(session: SparkSession) -> Any:
    return session._jvm


def _load(session: SparkSession, class_name: str) -> Any:
    loader = _jvm(session).java.lang.Thread.currentThread().getContextClassLoader()
    try:
        return loader.loadClass(class_name)
    except Py4JJavaError as error:
        raise SparkSetupError(
            f"Spark's jars have no {class_name}: take the Sedona jars that "
            "gridcontainer.spark.session names"
        ) from error


def _invoke(
    session: SparkSession, class_name: str, method: str, returns: Any, arguments: Sequence[Column]
) -> Column:
    jvm = _jvm(session)
    bridge = jvm.org.apache.spark.sql.classic.ExpressionUtils
    sequence = jvm.PythonUtils.toSeq
    expressions = sequence([bridge.expression(column._jc) for column in arguments])
    invoke = jvm.org.apache.spark.sql.catalyst.expressions.objects.StaticInvoke(
        _load(session, class_name), returns, method, expressions, sequence([]), True, False, True,
        jvm.scala.Option.empty(),
    )  # fmt: skip
    return ClassicColumn(bridge.column(invoke))


def orientation(x1: Column, y1: Column, x2: Column, y2: Column, x: Column, y: Column) -> Column:
    """On which side of the line from (x1, y1) to (x2, y2) a point lies: 1 left, 0 on it, -1 right.

    JTS decides it as robustly as its own predicates do.
    """
    method = ("org.locationtech.jts.algorithm.CGAlgorithmsDD", "orientationIndex")
    return call_static(*method, T.IntegerType(), x1, y1, x2, y2, x, y)
