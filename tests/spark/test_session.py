"""The session: the same settings for every way to start it, and clear words when Java is wrong."""

import stat
from pathlib import Path

import pytest

from gridcontainer.errors import SparkSetupError
from gridcontainer.spark import build_session
from gridcontainer.spark.session import PACKAGES, SETTINGS, require_java

ROOT = Path(__file__).parents[2]


def fake_java(folder: Path, script: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\n{script}\n")
    java.chmod(java.stat().st_mode | stat.S_IEXEC)
    return folder


def test_spark_submit_is_given_the_same_settings():
    lines = (ROOT / "conf/spark-defaults.conf").read_text().splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    assert {name: value.strip() for name, value in pairs} == dict(SETTINGS)


def test_python_packages_match_the_jars():
    pinned = (ROOT / "pyproject.toml").read_text()
    sedona, _, delta = (package.rsplit(":", 1)[1] for package in PACKAGES)
    assert f'"apache-sedona=={sedona}"' in pinned
    assert f'"delta-spark=={delta}"' in pinned


def test_the_session_has_delta_and_sedona(spark, tmp_path):
    frame = spark.sql("SELECT ST_AsText(ST_Point(121.0, 31.0)) AS point")
    frame.write.format("delta").save(str(tmp_path / "table"))
    read = spark.read.format("delta").load(str(tmp_path / "table"))
    assert read.first()["point"] == "POINT (121 31)"


def test_a_session_that_is_there_is_taken(spark):
    assert build_session("another") is spark


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('openjdk version "1.8.0_392"', "is Java 8"),
        ('openjdk version "11.0.21" 2023-10-17', "is Java 11"),
        ('openjdk version "25" 2025-09-16', "is Java 25"),
        ("hello", "does not tell its version"),
    ],
)
def test_another_java_is_refused_with_the_remedy(monkeypatch, tmp_path, said, expected):
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path, f"echo '{said}' >&2")))
    with pytest.raises(SparkSetupError, match=expected) as error:
        require_java()
    assert "Java 17 or 21: install it" in str(error.value)


@pytest.mark.parametrize("version", [17, 21])
def test_java_17_and_21_are_taken(monkeypatch, tmp_path, version):
    script = f"echo 'openjdk version \"{version}.0.1\" 2024-01-16' >&2"
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path, script)))
    assert require_java() == version


def test_no_java_at_all_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SparkSetupError, match="no java on the PATH and no JAVA_HOME"):
        require_java()


def test_a_java_home_without_java_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SparkSetupError, match="does not run"):
        require_java()


def test_jars_that_cannot_be_had_are_one_clear_error(run_script, tmp_path):
    """In a process of its own: an empty jar cache, and repositories that are not there."""
    settings = tmp_path / "ivysettings.xml"
    settings.write_text(
        '<ivysettings><settings defaultResolver="none"/><resolvers>'
        f'<filesystem name="none"><artifact pattern="{tmp_path}/none/[artifact].[ext]"/>'
        "</filesystem></resolvers></ivysettings>"
    )
    options = {"spark.jars.ivySettings": str(settings), "spark.jars.ivy": str(tmp_path / "ivy")}
    script = f"from gridcontainer.spark import build_session; build_session('x', {options!r})"
    ran = run_script(script)
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("gridcontainer.errors.SparkSetupError: Spark could not fetch its jars")
    assert "spark.jars.ivySettings" in last
