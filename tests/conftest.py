"""What the whole test run shares: one Spark session, a made-up city, and the real data if there."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from gridcontainer.sample import Truth, write_sample
from gridcontainer.spark.session import build_session

ROOT = Path(__file__).parents[1]
SAMPLE_SCALE = 0.05
SHARED_SPARK = "GRIDCONTAINER_TESTS_SPARK"  # port and secret of the gateway
# Compiling the code for a step of a few rows takes longer than the step.
FOR_FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}

settings.register_profile("default", deadline=None)  # the first example compiles and warms up
settings.load_profile("default")


def pytest_configure(config: pytest.Config) -> None:
    """Several workers share one Spark, which the process that gives them their tests starts."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        session = start_spark(Path(tempfile.mkdtemp(prefix="gridcontainer-tests-")))
        parameters = session.sparkContext._gateway.gateway_parameters
        os.environ[SHARED_SPARK] = f"{parameters.port} {parameters.auth_token}"
        config.add_cleanup(session.stop)


@pytest.hookimpl(tryfirst=True)  # before the scheduler looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of one folder go to one worker, as they share what is made for them once."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.path.relative_to(ROOT / "tests").parts[0]))


def start_spark(folder: Path) -> SparkSession:
    """Small, since every frame in the tests is."""
    return build_session(
        "gridcontainer tests",
        {
            "spark.master": "local[2]",
            "spark.driver.memory": "4g",
            "spark.sql.shuffle.partitions": "2",
            **FOR_FEW_ROWS,
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
        },
    )


def join_spark(port: str, secret: str) -> SparkSession:
    """A session of the Spark that another process started: its own views and settings."""
    with pytest.MonkeyPatch.context() as patch:  # not for the processes that tests start
        patch.setenv("PYSPARK_GATEWAY_PORT", port)
        patch.setenv("PYSPARK_GATEWAY_SECRET", secret)
        SparkContext._ensure_initialized()
    jvm = SparkContext._jvm
    context = jvm.JavaSparkContext.fromSparkContext(jvm.org.apache.spark.SparkContext.getOrCreate())
    shared = jvm.SparkSession.getDefaultSession().get()
    joined = SparkContext(jsc=context, conf=SparkConf(_jconf=context.getConf()))
    session = SparkSession(joined, jsparkSession=shared.newSession())
    jvm.SparkSession.setDefaultSession(shared)  # for threads without a session, of any worker
    return session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The session of the run."""
    if SHARED_SPARK in os.environ:
        yield join_spark(*os.environ[SHARED_SPARK].split())
        return
    session = start_spark(tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


@pytest.fixture(scope="module")
def compiled(spark: SparkSession) -> Iterator[None]:
    """For modules that are about the code that Spark makes of expressions."""
    before = {name: spark.conf.get(name) for name in FOR_FEW_ROWS}
    for name in FOR_FEW_ROWS:
        spark.conf.unset(name)
    yield
    for name, value in before.items():
        spark.conf.set(name, value)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """A small made-up city on disk, and the truth about it."""
    return write_sample(tmp_path_factory.mktemp("sample"), scale=SAMPLE_SCALE)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data beside the project; the test is skipped where it is not."""
    folder = Path(os.environ.get("GRIDCONTAINER_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}; set GRIDCONTAINER_DATA to its folder")
    return folder
