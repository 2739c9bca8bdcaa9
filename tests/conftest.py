"""What the whole test run shares: one Spark session, a made-up city, and the real data if there."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from one_spark import start_or_join
from pyspark.sql import SparkSession

from gridcontainer.sample import Truth, write_sample
from gridcontainer.spark.class_archive import HASTY
from gridcontainer.spark.session import build_session

ROOT = Path(__file__).parents[1]
SAMPLE_SCALE = 0.05
# Compiling the code for a step of a few rows takes longer than the step.
FOR_FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}
# Nobody waits for one step: a collector beside the tests would only take their processors.
THROUGHPUT = "-XX:+UseParallelGC"

# No deadline: the first example compiles and warms up. Everybody draws the same examples, so that
# a change is what makes a test fail, not the day; `make search` draws others.
settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("default")


# What is made once for the tests of several modules.
MADE_ONCE = {"ingest_all", "issued_once", "linked_city", "built"}


@pytest.hookimpl(tryfirst=True)  # before the scheduler looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All modules for which the same is made once go to one worker; any other module to one."""
    groups: dict[Path, str] = {}
    for item in items:
        for name in sorted(MADE_ONCE.intersection(getattr(item, "fixturenames", ()))):
            groups.setdefault(item.path, name)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(groups.get(item.path, item.path.stem)))


@pytest.fixture(autouse=True, scope="session")
def hasty_processes() -> Iterator[None]:
    """Of the processes that tests start; the session below runs for minutes and is not one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_SUBMIT_OPTS", HASTY, prepend=" ")
        yield


@pytest.fixture(scope="session")
def spark(
    hasty_processes: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkSession]:
    """The one session of the run; small, since every frame in the tests is."""
    chosen = {
        "spark.master": "local[2]",
        "spark.driver.memory": "4g",
        "spark.sql.shuffle.partitions": "2",
        **FOR_FEW_ROWS,
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("spark") / "warehouse"),
    }

    def start() -> SparkSession:
        with pytest.MonkeyPatch.context() as patch:
            own = os.environ["SPARK_SUBMIT_OPTS"].replace(HASTY, "")
            patch.setenv("SPARK_SUBMIT_OPTS", f"{THROUGHPUT} {own}")
            return build_session("gridcontainer tests", chosen)

    own_folder = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    with start_or_join(own_folder.parent if is_worker else own_folder, start) as session:
        yield session


@pytest.fixture(scope="module")
def compiled(spark: SparkSession) -> Iterator[None]:
    """For modules that are about the code that Spark makes of expressions."""
    before = {name: spark.conf.get(name) for name in FOR_FEW_ROWS}
    for name in FOR_FEW_ROWS:
        spark.conf.unset(name)
    yield
    for name, value in before.items():
        spark.conf.set(name, value)


@pytest.fixture(autouse=True, scope="module")
def clean_catalog() -> Iterator[None]:
    """No view outlives its module."""
    yield
    session = SparkSession.getActiveSession()
    if session is not None:
        for view in session.sql("SHOW VIEWS").collect():
            if view["isTemporary"]:
                session.catalog.dropTempView(view["viewName"])


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
