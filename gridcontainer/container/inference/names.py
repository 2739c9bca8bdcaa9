"""What columns are called: in Chinese, English and pinyin."""

import re
from collections.abc import Iterable
from typing import Final

_LONGITUDE: Final = re.compile(
    r"(?:.*[\W_])?(?:lon|lng|long|longitude|longtitude|jingdu|jd|经度|x坐标)\d?$|.*经度.*"
    r"|(?:gps|wgs|wgs84|bd|bd09|baidu|gd|gcj|gcj02|amap|map|start|end|o|d)_?(?:lon|lng)$",
    re.IGNORECASE,
)
_LATITUDE: Final = re.compile(
    r"(?:.*[\W_])?(?:lat|lan|latitude|weidu|wd|纬度|y坐标)\d?$|.*纬度.*"
    r"|(?:gps|wgs|wgs84|bd|bd09|baidu|gd|gcj|gcj02|amap|map|start|end|o|d)_?lat$",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(
    r"longitude|longtitude|latitude|jingdu|weidu|经度|纬度|lon|lng|long|lat|lan|jd|wd|[xy]坐标|[xy]$",
    re.IGNORECASE,
)
_KEY: Final = re.compile(
    r"(.*[\W_])?(e?id|uid|_uid|code|no|key|编号|编码|代码|序号|adcode)$|.*(id|编号|编码|代码|_no)$",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(
    r"(.*[\W_])?(name|label|title|mc)$|.*(名称|名字|名|小区|站名|zdmc|name|station)$", re.IGNORECASE
)
_TIME: Final = re.compile(
    r".*(time|date|时间|时刻|日期|年月|day|stamp|epoch|unix|shijian|riqi|sj$|rq$).*"
    r"|(.*[\W_])?(t|ts|dt|ms|at|when|utc)$",
    re.IGNORECASE,
)
_LATE: Final = re.compile(
    r".*(birth|found|built|build|updat|modif|expir|regist|retriev|snapshot|publish|receiv|upload)"
    r".*|(.*[\W_])?(end|last|open|valid|edit|start_date|until|stop)([\W_].*|time|date|$)"
    r"|.*(成立|注册|出生|竣工|建成|建造|更新|修改|截止|到期|结束|有效|开业|开通|接收|上传|入库|发布).*",
    re.IGNORECASE,
)
_PATHS: Final = re.compile(r".*(path|polyline|track|route|lines?$|轨迹|线路).*", re.IGNORECASE)
_SHAPE: Final = re.compile(
    r".*(ring|polygon|boundary|shape|geometry|wkt|the_geom).*", re.IGNORECASE
)


def is_longitude_name(name: str) -> bool:
    """Whether a column's name says longitude."""
    return bool(_LONGITUDE.match(name.strip()))


def is_latitude_name(name: str) -> bool:
    """Whether a column's name says latitude; ``lan`` is met as one."""
    return bool(_LATITUDE.match(name.strip()))


def stem(name: str) -> str:
    """A coordinate column's name without the word for its axis: pairs have the same stem."""
    return _TOKEN.sub("", name.strip().lower())


def named_pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Columns that are named as longitude and as latitude with one stem: all pairs of them."""
    known = list(names)
    lons = [name for name in known if is_longitude_name(name)]
    lats = [name for name in known if is_latitude_name(name)]
    return [(lon, lat) for lon in lons for lat in lats if lon != lat and stem(lon) == stem(lat)]


def is_key_name(name: str) -> bool:
    """Whether a column's name says identifier."""
    return bool(_KEY.match(name.strip()))


def is_label_name(name: str) -> bool:
    """Whether a column's name says name."""
    return bool(_LABEL.match(name.strip()))


def is_time_name(name: str) -> bool:
    """Whether a column's name says time."""
    return bool(_TIME.match(name.strip()))


def is_dated_name(name: str) -> bool:
    """Whether a column's name says time in full, and no share or length of it."""
    return bool(
        re.match(r"(?i)(.*[\W_])?(date|time|datetime|timestamp)$|.*(日期|时间)$", name.strip())
    )


def is_late_name(name: str) -> bool:
    """Whether a time's name says another one than that of the event: founded, updated, ended."""
    return bool(_LATE.match(name.strip()))


def is_shape_name(name: str) -> bool:
    """Whether a column's name says shape with an area."""
    return bool(_SHAPE.match(name.strip()))


def is_paths_name(name: str) -> bool:
    """Whether a column's name says lines."""
    return bool(_PATHS.match(name.strip()))
