"""Takes the README's picture of the page: `python -m tests.bench.page_picture [HOME]`.

HOME is the folder in which the demo lived, by default that of `make demo`. Writes
docs/demo/page.png: the overview of the demo's shop, as a browser shows it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from earshot.local.stack import DEMO_HOME
from earshot.settings import SETTINGS_FILE

PICTURE = Path(__file__).parents[2] / "docs" / "demo" / "page.png"
WIDTH, HEIGHT = 1180, 740
READY = "!document.querySelector('[data-testid=stSkeleton],[data-test-script-state=running]')"


@contextmanager
def served(settings: Path) -> Iterator[str]:
    """`earshot web` over those settings, on a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    beside = settings.with_name("picture.toml")
    beside.write_text(f"{settings.read_text()}\n[web]\nport = {port}\n")
    page = subprocess.Popen([sys.executable, "-m", "earshot", "web", "--settings", str(beside)])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        page.terminate()
        page.wait(10)
        beside.unlink()


def photograph(url: str) -> None:
    """Open the overview and keep what stands on its first screen."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB")
        page.set_default_timeout(120_000)
        for _ in range(60):
            try:
                page.goto(url)
                break
            except Exception:  # the server is not up yet
                page.wait_for_timeout(1000)
        page.get_by_role("heading", name="Overview", exact=True).wait_for()
        page.get_by_role("heading", name="What they complain about").wait_for()
        page.wait_for_function(READY)
        page.wait_for_timeout(3000)  # the chart fades in
        page.screenshot(path=PICTURE)
        browser.close()


def main() -> None:
    """Serve the demo's page and take its picture."""
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO_HOME
    with served((home / SETTINGS_FILE).resolve()) as url:
        photograph(url)
    print(PICTURE)


if __name__ == "__main__":
    main()
