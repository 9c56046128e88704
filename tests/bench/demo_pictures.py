"""Takes the README's pictures from the demo: `python -m tests.bench.demo_pictures [HOME]`.

HOME is the folder in which the demo lived, by default that of `make demo`. Writes
docs/demo/message.png, the crisis in the preview of Slack, and docs/demo/page.png, the overview of
the demo's shop, as a browser shows them.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from earshot.local.stack import DEMO_HOME
from earshot.settings import SETTINGS_FILE

PICTURES = Path(__file__).parents[2] / "docs" / "demo"
CRISIS = ".channel > article.message:has(h2:has-text('🚨'))"
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


def photograph_message(browser: Browser, preview: Path) -> None:
    """Keep the message of the crisis as the preview of Slack shows it."""
    page = browser.new_page(viewport={"width": 760, "height": HEIGHT}, locale="en-GB")
    page.goto(preview.resolve().as_uri())
    page.locator(CRISIS).first.screenshot(path=PICTURES / "message.png")


def photograph_page(browser: Browser, url: str) -> None:
    """Open the overview and keep what stands on its first screen."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB")
    page.set_default_timeout(120_000)
    for _ in range(60):
        try:
            page.goto(url)
            break
        except Error:  # the server is not up yet
            page.wait_for_timeout(1000)
    page.get_by_role("heading", name="Overview", exact=True).wait_for()
    page.get_by_role("heading", name="What they complain about").wait_for()
    page.wait_for_function(READY)
    page.wait_for_timeout(3000)  # the chart fades in
    page.screenshot(path=PICTURES / "page.png")


def main() -> None:
    """Take both pictures of one demo."""
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO_HOME
    with sync_playwright() as play, served((home / SETTINGS_FILE).resolve()) as url:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        photograph_message(browser, home / "preview" / "index.html")
        photograph_page(browser, url)
        browser.close()


if __name__ == "__main__":
    main()
