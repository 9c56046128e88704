"""Reddit's things as records: posts, comments, and the trees they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from earshot.errors import SkipRecord
from earshot.platforms import dates
from earshot.platforms.payload import Gathered, Payload, attributes, known, text
from earshot.record import Feedback, Kind, Speaker

PLATFORM = "reddit"
_GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]"})
_KNOWN = known(
    """
    all_awardings approved_at_utc approved_by archived associated_award
    author_flair_background_color author_flair_css_class author_flair_richtext
    author_flair_template_id author_flair_text author_flair_text_color author_flair_type
    author_is_blocked author_patreon_flair author_premium awarders banned_at_utc banned_by
    body_html brand_safe can_gild can_mod_post clicked collapsed collapsed_because_crowd_control
    collapsed_reason collapsed_reason_code comment_type contest_mode controversiality created
    crosspost_parent crosspost_parent_list depth discussion_type distinguished domain downs from
    from_id from_kind gallery_data gilded gildings hidden hide_score id is_created_from_ads_ui
    is_crosspostable is_gallery is_meta is_original_content is_reddit_media_domain
    is_robot_indexable is_self is_submitter is_video likes link_author
    link_flair_background_color link_flair_css_class link_flair_richtext link_flair_template_id
    link_flair_text_color link_flair_type link_id link_permalink link_url locked media
    media_embed media_metadata media_only mod_note mod_reason_by mod_reason_title mod_reports
    no_follow num_comments num_crossposts num_duplicates num_reports over_18
    parent_whitelist_status pinned poll_data post_hint preview previous_visits pwls quarantine
    removal_reason removed_by removed_by_category report_reasons saved score_hidden secure_media
    secure_media_embed selftext_html send_replies spoiler stickied subreddit_id
    subreddit_name_prefixed subreddit_subscribers subreddit_type suggested_sort thumbnail
    thumbnail_height thumbnail_width top_awarded_type total_awards_received treatment_tags
    unrepliable_reason ups upvote_ratio user_reports view_count visited whitelist_status wls
    count
    """
)


class Options(Protocol):
    """What the records take from the source's options."""

    source: str
    brand: tuple[str, ...]
    product: str | None
    language: str | None
    brand_accounts: tuple[str, ...]


def kind_of(thing: Any) -> Any:
    """The kind of a thing: t1 is a comment, t3 a post, more a list of left-out comments."""
    return thing.get("kind") if isinstance(thing, dict) else None


def flat(things: Iterable[Any]) -> Iterator[Any]:
    """Every post and comment, answers after what they answer."""
    for thing in things:
        if kind_of(thing) == "more":
            continue
        yield thing
        replies = thing.get("data", {}).get("replies") if isinstance(thing, dict) else None
        if isinstance(replies, dict):
            yield from flat(replies.get("data", {}).get("children", ()))


def item(thing: Any, options: Options, to: Gathered) -> Iterator[Feedback]:
    """A post or comment; one that its author or a moderator removed is a deletion."""
    kind = kind_of(thing)
    if kind not in ("t1", "t3"):
        raise SkipRecord(f"expected a post or comment, found kind {kind!r}", field="kind")
    data = Payload(thing.get("data"))
    fullname = _name(data, kind)
    author, body = text(data.take("author")), text(data.first("body", "selftext"))
    if author == "[deleted]" and (not body or body in _GONE):
        to.deleted.append(fullname)
        return
    published = dates.read(data.need("created_utc"))
    edited, permalink = data.take("edited"), data.take("permalink")
    found = Feedback(
        source=options.source,
        platform=PLATFORM,
        external_id=fullname,
        kind=Kind.MENTION,
        parent_id=data.take("parent_id"),
        speaker=Speaker.BRAND if author in options.brand_accounts else Speaker.CUSTOMER,
        brand=options.brand,
        product=options.product,
        title=text(data.take("title")),
        body="" if body in _GONE else body,
        published_at=published.moment,
        published_precision=published.precision,
        edited_at=dates.instant(edited) if not isinstance(edited, bool) else None,
        url=_url(permalink, data.take("url")),
        author_id=_author(data.take("author_fullname"), author),
        reach=max(0, int(data.take("score") or 0)),
        attributes=_attributes(data),
        language_hint=options.language,
    )
    data.take("replies")
    to.unread |= data.rest(_KNOWN)
    yield found


def _name(data: Payload, kind: str) -> str:
    return str(data.first("name") or f"{kind}_{data.need('id')}")


def _author(fullname: Any, author: str) -> str | None:
    return None if author in ("", "[deleted]") else str(fullname or author)


def _url(permalink: Any, url: Any) -> str | None:
    return f"https://www.reddit.com{permalink}" if permalink else url


def _attributes(data: Payload) -> dict[str, str]:
    return attributes(
        subreddit=data.take("subreddit"),
        thread=data.take("link_title"),
        flair=data.take("link_flair_text"),
    )


def all_more(things: Iterable[Any]) -> Iterator[Any]:
    """Every list of left-out comments."""
    for thing in things:
        if kind_of(thing) == "more":
            yield thing
            continue
        replies = thing.get("data", {}).get("replies") if isinstance(thing, dict) else None
        if isinstance(replies, dict):
            yield from all_more(replies.get("data", {}).get("children", ()))
