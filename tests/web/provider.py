"""A strict stand-in for an OpenID Connect provider: code flow with PKCE, signed id tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

CLIENT, SECRET = "earshot", "a secret of the tests"


@dataclass(kw_only=True)
class Provider:
    """Signs in whoever is its `person`; a code works once, for those who asked for it."""

    server: HTTPServer
    redirect_uri: str
    person: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def __post_init__(self) -> None:
        answers = {
            "/.well-known/openid-configuration": self._metadata,
            "/authorize": self._authorize,
            "/token": self._token,
            "/keys": self._keys,
        }
        for path, answer in answers.items():
            self.server.expect_request(path).respond_with_handler(answer)

    @property
    def issuer(self) -> str:
        return self.server.url_for("").rstrip("/")

    def _metadata(self, request: Request) -> Response:
        return _json(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _authorize(self, request: Request) -> Response:
        asked = request.args.to_dict()
        given = (asked.get("client_id"), asked.get("redirect_uri"), asked.get("response_type"))
        if given != (CLIENT, self.redirect_uri, "code") or "openid" not in asked["scope"].split():
            return Response("unknown client", 400)
        code = f"code-{len(self.asked)}"
        self.asked[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return Response("", 302, {"Location": f"{self.redirect_uri}?{back}"})

    def _token(self, request: Request) -> Response:
        asked = self.asked.pop(request.form.get("code", ""), None)
        login = request.authorization
        is_client = login and (login.username, login.password) == (CLIENT, SECRET)
        if asked is None or not is_client or not _answers(request, asked["code_challenge"]):
            return Response("{}", 400, content_type="application/json")
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, **self.person}
        claims["nonce"] = asked["nonce"]
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})
        return _json(
            {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": token}
        )

    def _keys(self, request: Request) -> Response:
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return _json({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]})


def _answers(request: Request, challenge: str) -> bool:
    """Whether the code's verifier is the one whose hash was sent when it was asked for."""
    digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge


def _json(value: Any) -> Response:
    return Response(json.dumps(value), content_type="application/json")
