"""Print one pin for every package that Earshot with its tests needs, as installed here."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HEADER = "# Made by `make constraints`: every package that Earshot and its tests install."


def needed() -> dict[str, str]:
    """Version by name, over all that is required directly or by others."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement("earshot[dev,fleet,fuzz]")]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = ("", *sorted(requirement.extras))
        if all((name, extra) in seen for extra in extras):
            continue
        seen.update((name, extra) for extra in extras)
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue  # an optional requirement that this platform does not need
        found[name] = Version(installed.version).public
        for line in installed.requires or ():
            further = Requirement(line)
            marker = further.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(further)
    del found["earshot"]
    return found


if __name__ == "__main__":
    print(HEADER)
    for package, version in sorted(needed().items()):
        print(f"{package}=={version}")
