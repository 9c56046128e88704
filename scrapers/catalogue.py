"""Brands and sources of the settings as rows, so that every room finds them by id."""

from __future__ import annotations

from psycopg2.extensions import connection as Connection

from earshot.settings import Settings
from scrapers.registry import connector_of
from sql.analysts import sync_analysts
from sql.named import queries


def sync_catalogue(conn: Connection, settings: Settings) -> None:
    """Write brands and sources of the settings into their tables; idempotent.

    What left the settings stays in the tables: its feedback does too.

    Raises:
        FixSettings: a source names a connector that does not exist.
    """
    platforms = {
        source.name: connector_of(source).platform_of(source) for source in settings.source
    }
    with conn:
        for brand in sorted(settings.brand, key=lambda brand: brand.key):
            queries.catalogue_brand(
                conn, key=brand.key, name=brand.name, role=brand.role, time_zone=brand.time_zone
            )
        for source in sorted(settings.source, key=lambda source: source.name):
            queries.catalogue_source(
                conn,
                name=source.name,
                kind=source.kind,
                platform=platforms[source.name],
                brand=source.brand,
                time_zone=source.timezone,
                language=source.language,
                retention_days=source.retention_days,
            )
        sync_analysts(conn, settings)
