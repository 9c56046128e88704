"""`kind = "file"`: CSV, JSON lines and Parquet, the first two also gzipped."""

from __future__ import annotations

from scrapers.files.options import FileConnector

CONNECTOR = FileConnector()
