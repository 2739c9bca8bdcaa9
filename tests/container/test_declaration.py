"""Declarations: a mistake is told with its file, its key and what to do, in one line."""

from pathlib import Path

import pytest
import yaml

from gridcontainer.container.declaration import CityProfile, load_city, load_declarations
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.errors import DeclarationError, GridContainerError

CONF = Path(__file__).parents[2] / "conf"


def good() -> dict:
    return {
        "dataset": "places",
        "department": "planning",
        "title": "Places",
        "kind": "points",
        "source": {"path": "places.csv", "format": "csv"},
        "datum": "WGS84",
        "position": {"lon": "lon", "lat": "lat"},
    }


def changed(*path: str, to: object) -> dict:
    declaration = good()
    inner = declaration
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    inner[path[-1]] = to
    return declaration


def write(folder: Path, content: object, name: str = "places.yaml") -> Path:
    path = folder / name
    path.write_text(
        content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True),
        encoding="utf-8",
    )
    return path


def refusal(folder: Path, city: CityProfile) -> str:
    with pytest.raises(DeclarationError) as caught:
        load_declarations(folder, city)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_good_one_is_read_and_its_defaults_are_what_the_docstring_says(tmp_path, city):
    write(tmp_path, good())
    (declaration,) = load_declarations(tmp_path, city)
    assert declaration.source.encoding == "utf-8"
    assert declaration.source.header
    assert declaration.outside_city == "set_aside"
    assert "—" in declaration.missing
    assert declaration.key == []


# key that must be named, what must be said of it, the declaration
FAULTY = {
    "unknown key": ("titel", "not a known key; known are dataset,", changed("titel", to="x")),
    "unknown inner key": (
        "source.delimiter",
        "not a known key; known are path, format, encoding, separator",
        changed("source", "delimiter", to=";"),
    ),
    "no key": ("title", "required", {k: v for k, v in good().items() if k != "title"}),
    "unknown department": (
        "department",
        "tourism is not in the profile",
        changed("department", to="tourism"),
    ),
    "encoding": ("source.encoding", "gb18030", changed("source", "encoding", to="utf-99")),
    "codec of bytes": ("source.encoding", "gb18030", changed("source", "encoding", to="base64")),
    "format": ("source.format", "'csv', 'json'", changed("source", "format", to="xlsx")),
    "kind": ("kind", "'points', 'lines', 'polygons'", changed("kind", to="volumes")),
    "points without position": (
        "the file",
        "every kind but table needs",
        changed("position", to=None),
    ),
    "table with position": ("the file", "table has none", changed("kind", to="table")),
    "events without time": ("the file", "time is what events need", changed("kind", to="events")),
    "time zone": (
        "time.zone",
        "write it as Asia/Shanghai",
        changed("time", to={"columns": ["t"], "format": "unix", "zone": "Shanghai"}),
    ),
    "time without columns": (
        "time.columns",
        "at least 1",
        changed("time", to={"columns": [], "format": "unix"}),
    ),
    "skip_rows of json": (
        "source",
        "skip_rows is of csv and excel only",
        changed("source", to={"path": "a.json", "format": "json", "skip_rows": 1}),
    ),
    "a function of the JVM": (
        "totals",
        "java_method is no function here",
        changed("totals", to="java_method('java.lang.System', 'exit', 0)"),
    ),
    "a misspelt function": (
        "mend.0.set.lon",
        "rounds is no function here (is round meant?)",
        changed("mend", to=[{"reason": "zero position", "set": {"lon": "rounds(lat)"}}]),
    ),
    "half a condition": (
        "mend.0.where",
        "is no expression",
        changed("mend", to=[{"reason": "x", "where": "lat = ", "set": {"lon": "lat"}}]),
    ),
    "lon without lat": (
        "position",
        "give lon and lat, or geometry",
        changed("position", to={"lon": "lon"}),
    ),
    "lat without lon": (
        "position",
        "give lon and lat, or geometry",
        changed("position", to={"lat": "lat"}),
    ),
    "both ways": (
        "position",
        "give lon and lat, or geometry",
        changed("position", "geometry", to="shape"),
    ),
    "lat and shape": (
        "position",
        "give lon and lat, or geometry",
        changed("position", to={"lat": "lat", "geometry": "shape"}),
    ),
    "no position": ("position", "give lon and lat, or geometry", changed("position", to={})),
    "names without a header": (
        "source",
        "needs its names: columns",
        changed("source", "header", to=False),
    ),
    "names beside a header": (
        "source",
        "header: false",
        changed("source", "columns", to=["lon", "lat"]),
    ),
    "one name twice": (
        "source",
        "a name twice",
        changed(
            "source", to={"path": "x", "format": "csv", "header": False, "columns": ["a", "a"]}
        ),
    ),
    "records of csv": ("source", "of json only", changed("source", "records", to="stops[]")),
    "records as JSONPath": (
        "source.records",
        "such as stops[]",
        changed("source", to={"path": "x", "format": "json", "records": "$.stops[*]"}),
    ),
    "records without an end": (
        "source.records",
        "such as stops[]",
        changed("source", to={"path": "x", "format": "json", "records": "data.stops"}),
    ),
    "absolute path": (
        "source.path",
        "below the folder",
        changed("source", "path", to="/etc/passwd"),
    ),
    "path upwards": ("source.path", "below the folder", changed("source", "path", to="../x.csv")),
    "empty path": ("source.path", "below the folder", changed("source", "path", to="")),
    "wide separator": (
        "source.separator",
        "one ASCII character",
        changed("source", "separator", to="，"),
    ),
    "two separators": (
        "source.separator",
        "one ASCII character",
        changed("source", "separator", to="||"),
    ),
    "line end as separator": (
        "source.separator",
        "one ASCII character",
        changed("source", "separator", to="\n"),
    ),
    "datum": ("datum", "GCJ02", changed("datum", to="GCJ-02")),
    "no such EPSG": ("datum", "EPSG:9999", changed("datum", to="EPSG:9999")),
    "level": ("level", "less than or equal to 10", changed("level", to=11)),
    "sensitivity": (
        "sensitivity.name",
        "'confidential'",
        changed("sensitivity", "name", to="secret"),
    ),
    "name": ("dataset", "pattern", changed("dataset", to="Bus Stops")),
    "unknown key of position": (
        "position.geom",
        "not a known key; known are lon, lat, geometry,",
        changed("position", "geom", to="x"),
    ),
    "unknown key in a list": (
        "relations.0.table",
        "not a known key; known are columns, dataset, to",
        changed(
            "relations", to=[{"columns": ["a"], "dataset": "places", "to": ["c"], "table": "d"}]
        ),
    ),
    "relation of other width": (
        "relations.0",
        "as many columns",
        changed("relations", to=[{"columns": ["a", "b"], "dataset": "places", "to": ["c"]}]),
    ),
    "file without path": (
        "source",
        "every format but jdbc",
        changed("source", to={"format": "csv"}),
    ),
    "database of csv": (
        "source",
        "what jdbc needs",
        changed("source", "database", to={"url": "jdbc:x:y", "table": "t"}),
    ),
}


@pytest.mark.parametrize(("key", "said", "declaration"), FAULTY.values(), ids=FAULTY)
def test_a_fault_is_told_with_file_key_and_remedy(tmp_path, city, key, said, declaration):
    path = write(tmp_path, declaration)
    message = refusal(tmp_path, city)
    assert message.startswith(f"{path}: {key}")
    assert said in message


@pytest.mark.parametrize(
    "content",
    ["dataset: [unclosed", "a: b: c", "\tdataset: x", "dataset: \x07"],
    ids=["bracket", "colons", "tab", "control character"],
)
def test_no_yaml_is_told_in_one_line(tmp_path, city, content):
    path = write(tmp_path, content)
    assert refusal(tmp_path, city).startswith(f"{path} is not valid YAML")


@pytest.mark.parametrize(
    "content", ["", "- a\n- b\n", "just words\n"], ids=["empty", "list", "text"]
)
def test_yaml_without_keys_is_told(tmp_path, city, content):
    path = write(tmp_path, content)
    assert refusal(tmp_path, city).startswith(f"{path} holds no keys")


def test_gbk_yaml_is_told(tmp_path, city):
    path = tmp_path / "places.yaml"
    path.write_bytes("title: 小区".encode("gbk"))
    assert refusal(tmp_path, city).startswith(f"{path} is not valid YAML in UTF-8")


def test_many_faults_are_told_at_once(tmp_path, city):
    write(tmp_path, {"dataset": "places", "tiddle": 1, "kind": "volumes"})
    message = refusal(tmp_path, city)
    assert all(key in message for key in ("tiddle", "kind", "department", "source", "position"))


def test_two_files_may_not_declare_one_data_set(tmp_path, city):
    write(tmp_path, good(), "a.yaml")
    second = write(tmp_path, good(), "b.yml")
    message = refusal(tmp_path, city)
    assert message.startswith(f"{second}: dataset: places")
    assert "another name" in message


def test_an_empty_folder_and_a_missing_one_are_told(tmp_path, city):
    assert "holds no data set declarations" in refusal(tmp_path, city)
    assert "holds no data set declarations" in refusal(tmp_path / "nowhere", city)


def test_only_the_named_ones_are_given_and_an_unknown_name_is_told(tmp_path, city):
    write(tmp_path, good(), "a.yaml")
    write(tmp_path, changed("dataset", to="others"), "b.yaml")
    (only,) = load_declarations(tmp_path, city, only=["others"])
    assert only.dataset == "others"
    with pytest.raises(DeclarationError, match=r"not declared in .*: plaices; there are places"):
        load_declarations(tmp_path, city, only=["plaices"])


def test_the_fingerprint_tells_declarations_apart(tmp_path, city):
    write(tmp_path, good(), "a.yaml")
    write(tmp_path, changed("dataset", to="others"), "b.yaml")
    first, second = load_declarations(tmp_path, city)
    (again, _) = load_declarations(tmp_path, city)
    assert first.fingerprint() == again.fingerprint() != second.fingerprint()


def test_columns_are_renamed_wherever_they_are_named(tmp_path, city):
    write(tmp_path, good() | {"key": ["id", "lon"], "label": "name"})
    (declaration,) = load_declarations(tmp_path, city)
    renamed = declaration.with_columns(
        {name: f"my_{name}" for name in ("id", "lon", "lat", "name")}
    )
    assert renamed.position.lon == "my_lon"
    assert renamed.position.lat == "my_lat"
    assert renamed.key == ["my_id", "my_lon"]
    assert renamed.label == "my_name"


def test_columns_in_conditions_are_renamed_and_texts_are_not(tmp_path, city):
    extra = {
        "totals": "`name` = 'lon' OR lon IS NULL",
        "mend": [{"reason": "zero position", "where": "lat = 0", "set": {"lon": "round(lat, 1)"}}],
        "units": {"lon": "degree"},
        "relations": [{"columns": ["name"], "dataset": "places", "to": ["name"]}],
        "sensitivity": {"name": "internal"},
    }
    write(tmp_path, good() | extra)
    (declaration,) = load_declarations(tmp_path, city)
    assert set(declaration.described_columns) == {"name", "lon"}
    assert [key for key, _ in declaration.expressions] == [
        "totals",
        "mend.0.where",
        "mend.0.set.lon",
    ]
    renamed = declaration.with_columns({name: f"my {name}" for name in ("lon", "lat", "name")})
    assert renamed.totals.text == "`my name` = 'lon' OR `my lon` IS NULL"
    (rule,) = renamed.mend
    assert rule.where.text == "`my lat` = 0"
    assert rule.set == {"my lon": Expression("round(`my lat`, 1)")}
    assert renamed.units == {"my lon": "degree"}
    assert renamed.relations[0].columns == ["my name"]
    assert renamed.relations[0].to == ["name"]  # of the other data set
    assert renamed.sensitivity == {"my name": "internal"}


def test_a_relation_to_a_data_set_that_is_not_declared_is_told(tmp_path, city):
    relation = {"columns": ["name"], "dataset": "streets", "to": ["name"]}
    write(tmp_path, good() | {"relations": [relation]})
    assert "places: relations: streets is not declared there; declare it" in refusal(tmp_path, city)


def test_a_class_that_the_city_does_not_have_is_told(tmp_path, city):
    write(tmp_path, good() | {"object_class": "palace"})
    said = refusal(tmp_path, city)
    assert "places.yaml: object_class: palace is not among the classes of shanghai (" in said
    assert "building, bus_stop, community" in said


def profile() -> dict:
    return yaml.safe_load((CONF / "city/shanghai.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"extent": {"west": 122, "south": 30, "east": 120, "north": 32}},
            "extent: needs -180 <= west",
        ),
        ({"levels": {"points": 8}}, "levels says none for lines, polygons"),
        ({"datum": "WGS-84"}, "datum: "),
        ({"prefix_levels": [0]}, "prefix_levels.0: "),
        ({"departments": {"Tourism!": "x"}}, "departments."),
        ({"mayor": "x"}, "mayor: is not a known key; known are city, title, extent"),
    ],
)
def test_a_city_is_checked_too(tmp_path, change, said):
    path = write(tmp_path, profile() | change, "city.yaml")
    with pytest.raises(DeclarationError) as caught:
        load_city(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


def test_a_missing_city_and_a_folder_are_told(tmp_path):
    with pytest.raises(DeclarationError, match="does not exist"):
        load_city(tmp_path / "nowhere.yaml")
    with pytest.raises(GridContainerError, match="cannot be read"):
        load_city(tmp_path)


@pytest.mark.parametrize("folder", ["datasets", "sample"])
def test_what_the_project_declares_is_sound(city, folder):
    declarations = load_declarations(CONF / folder, city)
    files = {path.stem for path in (CONF / folder).glob("*.yaml")}
    assert {declaration.dataset for declaration in declarations} == files
    assert len({declaration.department for declaration in declarations}) >= 4
