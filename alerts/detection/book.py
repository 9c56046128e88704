"""The series of all brands, and how hour counts roll up into them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from alerts.detection import series as columns
from alerts.detection.records import Cell, SeriesKey
from alerts.detection.series import Row, SeriesState


class Book:
    """Series states by key, with the keys of each brand at hand."""

    def __init__(self) -> None:
        self.states: dict[SeriesKey, SeriesState] = {}
        self.keys: dict[str, list[SeriesKey]] = defaultdict(list)
        self.stale_brands: set[str] = set()
        """Brands whose older history changed: learn them anew from the stored counts."""
        self.changed: set[SeriesKey] = set()

    def brand(self, name: str) -> SeriesState:
        """The brand-wide series."""
        return self.states[SeriesKey(brand=name)]

    def put(self, key: SeriesKey, state: SeriesState) -> None:
        """Add a series, or replace its state."""
        if key not in self.states:
            self.keys[key.brand].append(key)
        self.states[key] = state

    def take(self, cells: Iterable[Cell]) -> dict[SeriesKey, set[int]]:
        """Roll cells up into their series, oldest first; returns each series' touched hours."""
        sums: dict[tuple[str, int], dict[SeriesKey, Row]] = defaultdict(dict)
        for cell in cells:
            of_hour = sums[cell.brand, cell.hour]
            for key in rolled_up(cell):
                of_hour[key] = _plus(of_hour.get(key, columns.NOTHING), _row(cell))
        touched: dict[SeriesKey, set[int]] = defaultdict(set)
        for (brand, hour), of_hour in sorted(sums.items(), key=lambda item: item[0][1]):
            self._clear_absent(brand, hour, of_hour)
            for key, row in of_hour.items():
                if key not in self.states:
                    self.put(key, SeriesState())
                if not self.states[key].set_hour(hour, row):
                    self.stale_brands.add(brand)
                touched[key].add(hour)
        self.changed.update(touched)
        return touched

    def _clear_absent(self, brand: str, hour: int, present: Mapping[SeriesKey, Row]) -> None:
        """Zero the series that had counts in an hour seen before and have none now."""
        whole = self.states.get(SeriesKey(brand=brand))
        if whole is None or hour not in whole.recent:
            return
        for key in self.keys[brand]:
            if key not in present and hour in self.states[key].recent:
                self.states[key].set_hour(hour, columns.NOTHING)
                self.changed.add(key)

    def dump(self, keys: Iterable[SeriesKey]) -> dict[str, dict[str, Any]]:
        """States as JSON values by series text."""
        return {str(key): self.states[key].dump() for key in sorted(keys, key=str)}

    def load(self, dumped: Mapping[str, dict[str, Any]]) -> None:
        """Take in what `dump` wrote."""
        for text, state in dumped.items():
            self.put(SeriesKey.parse(text), SeriesState.load(state))


def rolled_up(cell: Cell) -> list[SeriesKey]:
    """The series that a cell adds to.

    Item cells: brand-wide, per product, per source. Theme cells: per theme, theme by source, and
    theme by product.
    """
    if cell.theme is None:
        keys = [SeriesKey(brand=cell.brand), SeriesKey(brand=cell.brand, source=cell.source)]
        if cell.product:
            keys.append(SeriesKey(brand=cell.brand, product=cell.product))
        return keys
    keys = [
        SeriesKey(brand=cell.brand, theme=cell.theme),
        SeriesKey(brand=cell.brand, theme=cell.theme, source=cell.source),
    ]
    if cell.product:
        keys.append(SeriesKey(brand=cell.brand, theme=cell.theme, product=cell.product))
    return keys


def _row(cell: Cell) -> Row:
    dated = cell.negative if cell.precision == "day" else 0
    return columns.clean((cell.items, cell.negative, cell.rated, cell.stars, dated))


def _plus(a: Row, b: Row) -> Row:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4])
