"""Eight departments and what each of them keeps, in the order of writing."""

from collections.abc import Callable

from gridcontainer.sample.dataset import Dataset
from gridcontainer.sample.departments import (
    bus,
    civil_affairs,
    economy,
    environment,
    health,
    housing,
    planning,
    police,
    smartcard,
    stations,
    taxi,
)
from gridcontainer.sample.world import World

DATASETS: tuple[Callable[[World], Dataset], ...] = (
    planning.districts,
    planning.towns,
    planning.shops,
    bus.bus_stops,
    stations.metro_stations,
    stations.metro_stations_bd09,
    smartcard.smartcard,
    taxi.taxi,
    housing.communities_bd09,
    housing.communities_wgs84,
    civil_affairs.elderly_care,
    environment.stations,
    environment.aqi,
    environment.air_readings,
    environment.pm25_hourly,
    health.notices,
    health.geocodes,
    health.case_points,
    police.accidents,
    economy.enterprises,
    economy.employment_by_street,
)
