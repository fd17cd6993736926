"""InfluxQL queries as Grafana panels hold them. InfluxQL works on InfluxDB 1.x, 2.x (with a DBRP mapping) and 3.x."""

from typing import Any, Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE: Final = DataSourceRef(type_val="influxdb", uid="simpang")
"""The data source of provisioning/datasources/influxdb.yaml."""

CHOSEN: Final = '"camera" =~ /^$camera$/ AND "approach" =~ /^$approach$/'
"""The rows that the dashboard's variables choose."""

APPROACH_MINUTES: Final = f"\"window\" = '60' AND \"scope\" = 'approach' AND {CHOSEN}"
"""One row per approach and minute."""

PER_APPROACH: Final = '"site", "camera", "approach"'
"""Camera ids are unique within a site only."""

ROWS: Final = 500
"""A table shows so many at most."""


class InfluxQuery(Dataquery, Builder[Dataquery]):
    """One query in InfluxQL's own text.

    alias: how a series is named, with Grafana's ``$tag_camera`` patterns. table: as a table instead of series.
    """

    def __init__(self, text: str, alias: str = "", table: bool = False, ref: str = "A") -> None:
        self._text = text
        self._alias = alias
        self._table = table
        self._ref = ref

    def build(self) -> Dataquery:
        """The query itself."""
        return self

    def to_json(self) -> dict[str, Any]:
        """As it stands in the dashboard's JSON."""
        shape = "table" if self._table else "time_series"
        query = {"refId": self._ref, "datasource": SOURCE, "query": self._text, "rawQuery": True, "resultFormat": shape}
        return query | ({"alias": self._alias} if self._alias else {})


def per_minute(expression: str, measurement: str = "traffic_window", where: str = APPROACH_MINUTES) -> str:
    """An aggregate per interval and approach; an interval without data stays empty (a gap, not a zero)."""
    return (
        f'SELECT {expression} FROM "{measurement}" WHERE {where} AND $timeFilter '
        f"GROUP BY time($__interval), {PER_APPROACH} fill(null)"
    )


def last(fields: str, measurement: str, where: str, group: str) -> str:
    """The newest row of each group, with several of its fields."""
    return f'SELECT {fields} FROM "{measurement}" WHERE {where} AND $timeFilter GROUP BY {group}'


def rows(columns: str, measurement: str, where: str) -> str:
    """The newest rows as they were stored, a column per field or tag."""
    return f'SELECT {columns} FROM "{measurement}" WHERE {where} AND $timeFilter ORDER BY time DESC LIMIT {ROWS}'
