"""Which store and which history the configuration asks for."""

from .clock import Clock
from .config import InfluxSettings, Settings
from .history import History
from .store import Store


def open_store(settings: Settings, clock: Clock) -> Store:
    """The store. Raises `StoreUnavailable` (embedded store) or `ConfigurationError` (a secret is not set)."""
    if isinstance(settings.store, InfluxSettings):
        from .store_influx import InfluxStore, InfluxTarget

        chosen = settings.store
        target = InfluxTarget(chosen.url, chosen.token() or "", chosen.org, chosen.bucket, chosen.timeout_s)
        return InfluxStore(target)
    from .store_sqlite import SqliteStore

    return SqliteStore(settings.store.path, clock, settings.store.keep_days)


def open_history(settings: Settings) -> History:
    """The history over the same store. Raises `ConfigurationError` when a secret is not set."""
    if isinstance(settings.store, InfluxSettings):
        from .history_influx import InfluxHistory, InfluxSource

        chosen = settings.store
        source = InfluxSource(
            chosen.url, chosen.database or chosen.bucket, chosen.retention_policy, chosen.token(),
            chosen.username, chosen.password(), chosen.timeout_s,
        )  # fmt: skip
        return InfluxHistory(source)
    from .history_sqlite import SqliteHistory

    return SqliteHistory(settings.store.path)
