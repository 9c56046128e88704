"""Files of feedback as a source: read as a stream, mapped by settings, imported idempotently."""

from __future__ import annotations

from scrapers.files.importing import ImportResult, import_file

__all__ = ["ImportResult", "import_file"]
