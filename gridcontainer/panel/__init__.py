"""The panel database: cell x time x indicator, a complete grid by a complete calendar.

Every cell of the city at a level has a value or says why not (missing, zero, suppressed) at every
step of the indicator's calendar. ``build_panel`` brings declared indicators up to date with their
sources; ``read_panel`` and ``widen`` give them; ``windows`` looks back in time.
"""

from gridcontainer.panel.build import Built, Outcome, build_panel
from gridcontainer.panel.days import DayCalendar, load_days, with_days
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.files import load_indicators
from gridcontainer.panel.read import read_indicators, read_panel, read_wide, widen
from gridcontainer.panel.state import read_versions
from gridcontainer.panel.windows import add_difference, add_lag, add_rolling_mean

__all__ = [
    "Built",
    "DayCalendar",
    "Indicator",
    "Outcome",
    "add_difference",
    "add_lag",
    "add_rolling_mean",
    "build_panel",
    "load_days",
    "load_indicators",
    "read_indicators",
    "read_panel",
    "read_versions",
    "read_wide",
    "widen",
    "with_days",
]
