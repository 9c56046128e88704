"""The script that Streamlit runs for every view."""

from __future__ import annotations

import psycopg2
import streamlit as st

from earshot.errors import EarshotError
from earshot.web.people import admit
from earshot.web.show import nothing
from earshot.web.views import incidents, overview, reviews, tables, themes

PAGES = (
    ("Overview", overview.draw, "overview"),
    ("Themes", themes.draw, "themes"),
    ("Reviews", reviews.draw, "reviews"),
    ("Incidents", incidents.draw_all, "incidents"),
    ("Incident", incidents.draw_one, "incident"),
    ("Products", tables.draw_products, "products"),
    ("Service", tables.draw_service, "service"),
    ("Replies", tables.draw_replies, "replies"),
    ("Sources", tables.draw_sources, "sources"),
)


def main() -> None:
    """Show the page that the address names."""
    st.set_page_config(page_title="Earshot", layout="wide")
    is_in = admit()
    pages = [
        st.Page(
            draw,
            title=title,
            url_path=path,
            default=path == "overview",
            visibility="hidden" if path == "incident" else "visible",
        )
        for title, draw, path in PAGES
    ]
    # Known to strangers too, so that a link from Slack leads to the sign-in and not to nothing.
    chosen = st.navigation(pages, position="sidebar" if is_in else "hidden")
    if not is_in:
        return
    try:
        chosen.run()
    except (EarshotError, psycopg2.OperationalError) as error:
        nothing("The database does not answer.", "`earshot doctor` tells what is wrong.")
        st.text(str(error))


main()
