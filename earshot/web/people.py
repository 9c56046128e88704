"""Who looks: nobody in particular on loopback, else whom the sign-in names."""

from __future__ import annotations

import streamlit as st

from earshot.web import data
from earshot.web.show import nothing

UNNAMED = "somebody at this machine"


def admit() -> bool:
    """Whether the page may be shown; draws the sign-in where it may not."""
    web = data.settings().web
    if web.sign_in == "none":
        return True
    if web.sign_in == "header":
        if _by_header():
            return True
        nothing("You are not signed in.", "Open this page through your company's sign-in.")
        return False
    if _is_known():
        return True
    st.title("Earshot")
    if not st.user.is_logged_in:
        st.button("Sign in", on_click=st.login)
        return False
    nothing("You are not on the list of readers.", "Ask for a place in web.oidc.allowed.")
    st.button("Sign in as somebody else", on_click=st.logout)
    return False


def reader() -> str:
    """The name that a correction carries."""
    web = data.settings().web
    if web.sign_in == "header":
        return _by_header() or UNNAMED
    if web.sign_in == "oidc":
        return str(st.user.get("email") or st.user.get("sub") or UNNAMED)
    return UNNAMED


def _is_known() -> bool:
    """Signed in by the provider, and on the list."""
    oidc = data.settings().web.oidc
    if oidc is None or not st.user.is_logged_in:
        return False
    is_verified = st.user.get("email_verified") is not False
    is_admitted: bool = oidc.admits(st.user.get("email"), is_verified=is_verified)
    return is_admitted


def _by_header() -> str | None:
    name: str | None = st.context.headers.get(data.settings().web.header)
    return name
