"""What makes two records one: Fellegi and Sunter's weights, learnt and applied by Splink on Spark.

A pair that is compared lies within the linkage's reach, and so does a pair that trains: the weights
say what a comparison tells about *neighbours*, for which a name's core or a road in common is
little news. All is learnt by expectation maximisation from the pairs themselves, without labels.

Source: Fellegi and Sunter (1969), "A theory for record linkage"; https://moj-analytical-services.github.io/splink.
"""

import copy
import logging
import math
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pyspark.sql import Column, DataFrame, SparkSession, functions as F
from splink import Linker, SettingsCreator
from splink.backends.spark import SparkAPI
from splink.blocking_rule_library import CustomRule
from splink.internals.exceptions import EMTrainingException

from gridcontainer.errors import LinkError
from gridcontainer.linkage.comparisons import build_comparison
from gridcontainer.linkage.declaration import Link

PRIOR: Final = "prior"
# Where records are so clear that some level is never seen on pairs that differ, its share goes to
# nought with the rounds of the training, which Splink refuses: then fewer rounds.
_ROUNDS: Final = (50, 8, 4, 2)
_REFUSED: Final = "below the minimum allowed"
MOST_TRAINING_PAIRS: Final = 2_000_000.0
LEAST_SHARE: Final = 5e-6  # of pairs that have a level
_API: Final[Any] = SparkAPI  # it has no types
_KEY: Final = "-__-"  # between the parts of Splink's own keys
_TRAINING_PAIRS: Final = "l.block = r.block"


@dataclass(frozen=True)
class Settings:
    """A trained model, as Splink writes it to JSON; the same as text in a file."""

    splink: dict[str, Any]

    @property
    def prior_weight(self) -> float:
        """Binary logarithm of the odds that a pair of neighbours is one object."""
        probability = float(self.splink["probability_two_random_records_match"])
        return math.log2(probability / (1 - probability))

    @property
    def weights(self) -> list[tuple[str, str, float]]:
        """Comparison, level and weight: the binary logarithm of how much likelier it is of one."""
        return [
            (
                comparison["output_column_name"],
                level["label_for_charts"],
                math.log2(level["m_probability"] / level["u_probability"]),
            )
            for comparison in self.splink["comparisons"]
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        ]

    @property
    def labels(self) -> dict[str, dict[int, str]]:
        """The name of each level of each comparison, by Splink's number of the level."""
        found = {}
        for comparison in self.splink["comparisons"]:
            levels = comparison["comparison_levels"]
            said = [level for level in levels if not level.get("is_null_level")]
            numbers = range(len(said) - 1, -1, -1)
            labels = {n: level["label_for_charts"] for n, level in zip(numbers, said, strict=True)}
            labels[-1] = next(level["label_for_charts"] for level in levels if level not in said)
            found[comparison["output_column_name"]] = labels
        return found


def train(records: Mapping[str, DataFrame], link: Link) -> Settings:
    """Learn the weights of a linkage from its records.

    Args:
        records: of ``linkage_records``, by data set; read several times, so best persisted.
        link: what is compared.

    Raises:
        LinkError: no two records of different data sets lie near each other.
    """
    for rounds in _ROUNDS:
        try:
            return _train(records, link, rounds)
        except ValueError as error:
            if _REFUSED not in str(error):
                raise
    raise LinkError(f"{link.link}: its comparisons tell all pairs apart; give it fewer of them")


def _train(records: Mapping[str, DataFrame], link: Link, rounds: int) -> Settings:
    with _open_linker(records, _untrained(link, rounds)) as (linker, _):
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                _TRAINING_PAIRS,
                fix_u_probabilities=False,
                populate_probability_two_random_records_match_from_trained_values=True,
                max_pairs=MOST_TRAINING_PAIRS,
                record_sample_proportion=0.1,
            )
        except EMTrainingException as error:
            raise LinkError(
                f"{link.link}: no two records of {', '.join(link.datasets)} lie near each other: "
                "look at their datum, or whether they are of one city"
            ) from error
        return Settings(_without_certainties(linker.misc.save_model_to_json()))


@contextmanager
def scored(
    records: Mapping[str, DataFrame], candidates: DataFrame, settings: Settings
) -> Iterator[DataFrame]:
    """The probability that the two records of each candidate pair are one object, and why.

    Args:
        records: of ``linkage_records``, by data set.
        candidates: of ``find_candidates``.
        settings: of ``train``.

    Yields:
        The candidates with ``probability``, ``weight`` (binary logarithm of the odds) and
        ``evidence``: comparison, level and weight of each, which sum up to ``weight`` with that
        of the prior. What Splink keeps for it is given up at the end.
    """
    with _open_linker(records, settings.splink) as (linker, api):
        yield _score(linker, api, candidates, settings)


def _score(linker: Linker, api: SparkAPI, candidates: DataFrame, settings: Settings) -> DataFrame:
    keyed = candidates.select(
        F.lit("0").alias("match_key"),
        F.concat("dataset_left", F.lit(_KEY), "record_left").alias("join_key_l"),
        F.concat("dataset_right", F.lit(_KEY), "record_right").alias("join_key_r"),
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register(keyed))
    pairs: DataFrame = linker.inference.predict().as_spark_dataframe()
    return pairs.select(
        F.col("source_dataset_l").alias("dataset_left"),
        F.col("record_id_l").alias("record_left"),
        F.col("source_dataset_r").alias("dataset_right"),
        F.col("record_id_r").alias("record_right"),
        F.col("match_probability").alias("probability"),
        F.col("match_weight").alias("weight"),
        _evidence(settings).alias("evidence"),
    )


def _evidence(settings: Settings) -> Column:
    """An array of what each comparison says, the prior first."""
    steps = [_step(F.lit(PRIOR), F.lit("a pair of neighbours"), F.lit(settings.prior_weight))]
    for name, labels in settings.labels.items():
        label = F.create_map(*(F.lit(part) for pair in labels.items() for part in pair))
        level = label[F.col(f"gamma_{name}").cast("int")]
        steps.append(_step(F.lit(name), level, F.col(f"mw_{name}")))
    return F.array(*steps)


def _step(comparison: Column, level: Column, weight: Column) -> Column:
    return F.struct(comparison.alias("comparison"), level.alias("level"), weight.alias("weight"))


def _untrained(link: Link, rounds: int) -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        unique_id_column_name="record_id",
        comparisons=[build_comparison(comparison) for comparison in link.compare],
        blocking_rules_to_generate_predictions=[CustomRule(_TRAINING_PAIRS)],
        retain_intermediate_calculation_columns=True,
        retain_matching_columns=True,
        em_convergence=0.0005,
        max_iterations=rounds,
    )


def _without_certainties(model: dict[str, Any]) -> dict[str, Any]:
    """No level is impossible because no pair of the training had it: it is rare."""
    model = copy.deepcopy(model)
    levels = [level for c in model["comparisons"] for level in c["comparison_levels"]]
    for level in levels:
        if level.get("is_null_level"):
            continue
        shares = [level.get(f"{kind}_probability") for kind in "mu"]
        if None in shares:  # no pair had it, so it tells nothing
            shares = [LEAST_SHARE, LEAST_SHARE]
        for kind, share in zip("mu", shares, strict=True):
            level[f"{kind}_probability"] = max(share, LEAST_SHARE)
    return model


@contextmanager
def _open_linker(
    records: Mapping[str, DataFrame], settings: SettingsCreator | dict[str, Any]
) -> Iterator[tuple[Linker, SparkAPI]]:
    """A linker whose views and cached frames go with it."""
    spark = next(iter(records.values())).sparkSession
    before = _views(spark)
    api = _API(
        spark_session=spark,
        register_udfs_automatically=False,  # its jar's functions are not used
        break_lineage_method="persist",
    )
    try:
        sides = [
            api.register(rows, dataset_display_name=name, table_name=f"{name}_{uuid.uuid4().hex}")
            for name, rows in records.items()
        ]
        yield Linker(sides, settings, log_level=logging.ERROR), api  # it tells each iteration
    finally:
        for view in _views(spark) - before:
            spark.catalog.uncacheTable(view)
            spark.catalog.dropTempView(view)


def _views(spark: SparkSession) -> set[str]:
    """Names of temporary views; the catalog's own list would look into each, which can fail."""
    return {row["viewName"] for row in spark.sql("SHOW VIEWS").collect() if row["isTemporary"]}
