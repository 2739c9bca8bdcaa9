"""The grid join: rows of two frames by where they are, exactly, without tuning."""

from gridcontainer.spark.join.join import grid_join, plan_join
from gridcontainer.spark.join.position_columns import Place
from gridcontainer.spark.join.request import How, JoinPlan, Predicate

__all__ = ["How", "JoinPlan", "Place", "Predicate", "grid_join", "plan_join"]
