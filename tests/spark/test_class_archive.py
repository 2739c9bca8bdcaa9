"""The archive of Spark's classes: taken where it is, done without where it is not or is no good."""

import pytest

from gridcontainer.errors import SparkSetupError
from gridcontainer.spark.class_archive import java_options, write_archive


def test_an_archive_is_named_to_java_only_where_there_is_one(tmp_path):
    archive = tmp_path / "classes.jsa"
    assert java_options(archive) == ""
    archive.touch()
    assert java_options(archive).endswith(f" -XX:SharedArchiveFile={archive}")


def test_an_archive_is_not_made_beside_other_work(spark, tmp_path):
    def start(options: str):
        raise AssertionError(options)

    with pytest.raises(SparkSetupError, match="in one of its own"):
        write_archive(start, print, tmp_path / "classes.jsa")


def test_an_archive_of_another_java_is_no_obstacle_and_is_not_spoken_of(run_script, tmp_path):
    archive = tmp_path / "classes.jsa"
    archive.write_bytes(b"of another Java" * 1000)
    script = (
        "from gridcontainer.spark.class_archive import java_options\n"
        "from gridcontainer.spark.session import build_session, java_options_setting\n"
        "from pathlib import Path\n"
        f"options = java_options_setting(java_options(Path({str(archive)!r})))\n"
        "print(build_session('x', options).range(3).count())"
    )
    ran = run_script(script)
    assert (ran.stdout, ran.returncode) == ("3\n", 0), ran.stderr
