"""Building requests: addresses, paging links on our host, secrets at the last moment."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from earshot.errors import FixSettings
from earshot.platforms.base import (
    AppleSecret,
    BasicSecret,
    Call,
    Credentials,
    FormSecret,
    HeaderSecret,
    PathSecret,
    QuerySecret,
    Secret,
)

_NAME = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_APPLE_TOKEN_SECONDS = 15 * 60


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A request with its secrets in: never log, store or put it into an error text."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


def address(base: str, path: str, query: Mapping[str, Any] | None = None) -> str:
    """An address below `base`; query parameters that are `None` are left out."""
    url = base.rstrip("/") + "/" + path.lstrip("/")
    pairs = [(k, _plain(v)) for k, v in (query or {}).items() if v is not None]
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, doseq=True)}"


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def path_part(value: str) -> str:
    """One segment of a path, escaped, so that a setting cannot leave its place."""
    return quote(value, safe="")


def on_host(base: str, link: str) -> str:
    """The link's path and query on `base`'s host: a link never carries our secrets elsewhere.

    Platforms answer with links to sister hosts (Zendesk, App Store); a stand-in server answers
    with links to the live one. Both are followed where the source was pointed.
    """
    ours, theirs = urlsplit(base), urlsplit(link)
    prefix = ours.path.rstrip("/")
    path = theirs.path if theirs.path.startswith(prefix + "/") else prefix + theirs.path
    return urlunsplit((ours.scheme, ours.netloc, path, theirs.query, ""))


def with_query(url: str, **changes: Any) -> str:
    """The address with some query parameters set, or removed where `None`."""
    parts = urlsplit(url)
    pairs = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in changes]
    pairs += [(k, str(_plain(v))) for k, v in changes.items() if v is not None]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def query_of(url: str) -> dict[str, str]:
    """The query parameters of an address."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def fingerprint(call: Call) -> str:
    """Same for two calls that ask for the same thing; order of parameters does not count."""
    parts = urlsplit(call.url)
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    said = json.dumps([call.method, parts._replace(query="").geturl(), query])
    return sha256(said.encode() + (call.body or b"")).hexdigest()


def is_loopback(url: str) -> bool:
    """Whether the host is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require(credentials: Credentials, names: tuple[str, ...], base_url: str, source: str) -> None:
    """Complain about the first missing credential; a stand-in on loopback needs none.

    Raises:
        FixSettings: a credential is not in the environment.
    """
    for name in names:
        if not credentials.get(name) and not is_loopback(base_url):
            raise FixSettings(
                f'expected the environment variable {name} for source "{source}", found none: '
                "set it, or add it to the Airflow connection"
            )


def signed(call: Call, credentials: Credentials) -> Signed:
    """The request with its secrets put in.

    Raises:
        FixSettings: a secret would travel over plain HTTP to another machine.
    """
    ready = Signed(method=call.method, url=call.url, headers=dict(call.headers), body=call.body)
    for secret in call.secrets:
        if any(not credentials.get(name) for name in names_in(secret)):
            continue
        _refuse_plain_http(call.url)
        ready = _with_secret(ready, secret, credentials)
    return ready


def names_in(secret: Secret) -> list[str]:
    """Names of the credentials that a secret is made from."""
    match secret:
        case HeaderSecret(template=template):
            return _NAME.findall(template)
        case BasicSecret(user=user, password=password):
            return _NAME.findall(user + password)
        case AppleSecret():
            return [secret.key_id, secret.issuer_id, secret.private_key]
        case QuerySecret() | PathSecret() | FormSecret():
            return [secret.credential]


def _refuse_plain_http(url: str) -> None:
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        raise FixSettings(
            f"expected https for a call with credentials, found {urlsplit(url).scheme}://"
            f"{urlsplit(url).netloc}: correct base_url"
        )


def _with_secret(ready: Signed, secret: Secret, credentials: Credentials) -> Signed:
    match secret:
        case HeaderSecret():
            return _with_header(ready, secret.header, _filled(secret.template, credentials))
        case BasicSecret():
            pair = f"{_filled(secret.user, credentials)}:{_filled(secret.password, credentials)}"
            value = "Basic " + base64.b64encode(pair.encode()).decode()
            return _with_header(ready, "Authorization", value)
        case QuerySecret():
            value = credentials[secret.credential]
            return replace(ready, url=with_query(ready.url, **{secret.parameter: value}))
        case PathSecret():
            name, value = "{" + secret.credential + "}", credentials[secret.credential]
            return replace(ready, url=ready.url.replace(name, path_part(value)))
        case FormSecret():
            return replace(
                ready, body=_body(ready, secret.parameter, credentials[secret.credential])
            )
        case AppleSecret():
            return _with_header(ready, "Authorization", f"Bearer {_apple(secret, credentials)}")


def _body(ready: Signed, parameter: str, value: str) -> bytes:
    """The body with one more field: JSON where it is JSON, else a form."""
    if "json" in ready.headers.get("Content-Type", ""):
        return json.dumps({**json.loads(ready.body or b"{}"), parameter: value}).encode()
    return b"&".join(filter(None, [ready.body, urlencode({parameter: value}).encode()]))


def _with_header(ready: Signed, name: str, value: str) -> Signed:
    return replace(ready, headers={**ready.headers, name: value})


def _filled(template: str, credentials: Credentials) -> str:
    return _NAME.sub(lambda match: credentials[match.group(1)], template)


def _apple(secret: AppleSecret, credentials: Credentials) -> str:
    """Apple, "Generating tokens for API requests" (App Store Connect API)."""
    import jwt

    issued = int(time.time())
    claims = {
        "iss": credentials[secret.issuer_id],
        "iat": issued,
        "exp": issued + _APPLE_TOKEN_SECONDS,
        "aud": "appstoreconnect-v1",
    }
    headers = {"kid": credentials[secret.key_id]}
    return jwt.encode(claims, credentials[secret.private_key], algorithm="ES256", headers=headers)
