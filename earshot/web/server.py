"""`earshot web`: Streamlit behind headers that a browser obeys, on loopback by default."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from earshot.errors import FixSettings
from earshot.settings import Settings

SCRIPT = Path(__file__).parent / "script.py"
HEADERS = {
    # Streamlit runs its own inline scripts and styles, and charts compile expressions.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self' ws: wss:; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
OPTIONS: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "server.fileWatcherType": "none",
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "theme.primaryColor": "#9a3412",
}


class Headers:
    """ASGI middleware that adds the security headers to every answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on, and add the headers where an answer begins."""

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                given = [(k, v) for k, v in message["headers"] if k.decode().title() not in HEADERS]
                ours = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
                message = {**message, "headers": [*given, *ours]}
            await send(message)

        await self.app(scope, receive, with_headers)


def serve(settings: Settings) -> None:
    """Serve the page until Ctrl-C.

    Raises:
        FixSettings: without a sign-in it would be open to other machines, or a secret is missing.
    """
    import uvicorn

    _refuse_open_door(settings)
    os.environ["EARSHOT_SETTINGS"] = str(settings.folder / settings.file)
    web = settings.web
    app = application(settings)
    uvicorn.run(app, host=web.address, port=web.port, log_level="warning", access_log=False)


def application(settings: Settings) -> Any:
    """The ASGI application."""
    from starlette.middleware import Middleware
    from streamlit import config
    from streamlit.starlette import App

    for name, value in OPTIONS.items():
        config.set_option(name, value)
    secrets = {"auth": _auth(settings)} if settings.web.sign_in == "oidc" else None
    return App(SCRIPT, secrets=secrets, middleware=[Middleware(Headers)])


def _refuse_open_door(settings: Settings) -> None:
    web = settings.web
    if web.sign_in == "none" and not _is_loopback(web.address):
        raise FixSettings(
            f'{settings.file}: web.address: "{web.address}" is open to other machines; '
            'set web.sign_in to "oidc" or "header", or write "127.0.0.1".'
        )


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _auth(settings: Settings) -> dict[str, str]:
    """What `st.login` needs; the secrets come from the environment."""
    oidc, secrets = settings.web.oidc, settings.secrets
    if oidc is None:
        raise FixSettings(f"{settings.file}: web.oidc: is missing; sign_in is oidc, so add it.")
    if secrets.oidc_secret is None or secrets.cookie_secret is None:
        raise FixSettings(
            "EARSHOT_OIDC_SECRET and EARSHOT_COOKIE_SECRET: web.sign_in is oidc, so set both in "
            "the environment; the second is any long random text."
        )
    return {
        "redirect_uri": oidc.redirect_uri,
        "client_id": oidc.client_id,
        "server_metadata_url": oidc.server_metadata_url,
        "client_secret": secrets.oidc_secret.get_secret_value(),
        "cookie_secret": secrets.cookie_secret.get_secret_value(),
    }
