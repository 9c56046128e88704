-- Storing feedback in batches. Order of one transaction: stage, insert new, lock known, compare,
-- mark hours, update, versions, brands, queue, mark hours again. Every step that locks does so in
-- the order of (platform, external_id), so that two writers never wait for each other in a circle.

-- name: store_prepare#
create temporary table if not exists staged (
    place integer not null,
    platform text not null,
    external_id text not null,
    kind text not null,
    parent_id text,
    speaker text not null,
    brand_ids integer[] not null,
    product text,
    attributes jsonb not null,
    title text not null,
    body text not null,
    rating real,
    rating_scale real,
    published_at timestamptz,
    published_precision text not null,
    edited_at timestamptz,
    first_seen_at timestamptz,
    url text,
    author_key text,
    reach bigint,
    is_verified boolean,
    is_incentivised boolean,
    brand_reply text,
    brand_replied_at timestamptz,
    language_hint text,
    content_hash bytea not null,
    copy_key bytea
) on commit delete rows;

create temporary table if not exists kept (
    place integer not null,
    feedback_id bigint not null,
    version integer not null,
    is_new boolean not null,
    is_changed boolean not null,
    is_moved boolean not null
) on commit delete rows;

-- name: store_commit_lazily#
set synchronous_commit = off;

-- name: store_commit_durably#
set synchronous_commit = on;

-- name: store_copy#
copy staged from stdin;

-- name: store_insert_new(source_id, now)!
with added as (
    insert into earshot.feedback (
        platform, external_id, source_id, kind, parent_id, speaker, product, attributes,
        published_at, published_precision, edited_at, first_seen_at, last_seen_at, url, author_key,
        reach, is_verified, is_incentivised, brand_reply, brand_replied_at, language_hint
    )
    select
        platform, external_id, :source_id, kind, parent_id, speaker, product, attributes,
        published_at, published_precision, edited_at, coalesce(first_seen_at, :now), :now, url,
        author_key, reach, is_verified, is_incentivised, brand_reply, brand_replied_at,
        language_hint
    from staged
    where not exists (
        select
        from earshot.erased
        where erased.text_key = earshot.text_key(staged.platform, staged.external_id)
    )
    order by platform, external_id
    on conflict (platform, external_id) do nothing
    returning id, platform, external_id
)

insert into kept (place, feedback_id, version, is_new, is_changed, is_moved)
select
    staged.place,
    added.id,
    1,
    true,
    true,
    false
from added
join staged using (platform, external_id);

-- name: store_lock_known()!
insert into kept (place, feedback_id, version, is_new, is_changed, is_moved)
select
    staged.place,
    feedback.id,
    feedback.version,
    false,
    false,
    false
from staged
join earshot.feedback using (platform, external_id)
where not exists (select from kept where kept.place = staged.place)
order by staged.platform, staged.external_id
for no key update of feedback;

-- name: store_compare(is_history)!
-- Its own statement, so that it sees what a writer committed for which the lock had to wait.
-- History (a file, a backfill) may hold several states of a text: one that is known is no news.
update kept
set
    version = feedback.version + difference.is_changed::integer,
    is_changed = difference.is_changed,
    is_moved = difference.is_moved
from staged
join earshot.feedback using (platform, external_id)
join earshot.feedback_version as current_version
    on current_version.feedback_id = feedback.id and current_version.version = feedback.version
cross join lateral (
    select
        current_version.content_hash <> staged.content_hash
        and not coalesce(staged.edited_at < feedback.edited_at, false)
        and not (
            :is_history
            and exists (
                select
                from earshot.feedback_version as earlier_version
                where
                    earlier_version.feedback_id = feedback.id
                    and earlier_version.content_hash = staged.content_hash
            )
        ) as is_changed,
        feedback.deleted_at is not null
        or staged.product is distinct from feedback.product and staged.product is not null
        or staged.published_precision <> 'unknown'
        and staged.published_at <> feedback.published_at
        and not (staged.published_precision = 'day' and feedback.published_precision = 'second')
        or staged.published_precision <> 'unknown' and feedback.published_precision = 'unknown'
        or staged.published_precision = 'second' and feedback.published_precision = 'day'
        as is_moved
) as difference
where kept.place = staged.place and not kept.is_new;

-- name: store_recount()!
-- Marks the hours in which the texts stand now; called before and after they change or move.
select earshot.mark_dirty(array_agg(kept.feedback_id))
from kept
where not kept.is_new and (kept.is_changed or kept.is_moved);

-- name: store_update_known(now)!
update earshot.feedback
set
    version = kept.version,
    last_seen_at = greatest(feedback.last_seen_at, :now),
    deleted_at = null,
    parent_id = coalesce(staged.parent_id, feedback.parent_id),
    product = coalesce(staged.product, feedback.product),
    attributes = feedback.attributes || staged.attributes,
    published_at = case when kept.is_moved and staged.published_precision <> 'unknown'
        then staged.published_at else feedback.published_at end,
    published_precision = case when kept.is_moved and staged.published_precision <> 'unknown'
        then staged.published_precision else feedback.published_precision end,
    edited_at = greatest(staged.edited_at, feedback.edited_at),
    url = coalesce(staged.url, feedback.url),
    author_key = coalesce(staged.author_key, feedback.author_key),
    reach = coalesce(staged.reach, feedback.reach),
    is_verified = coalesce(staged.is_verified, feedback.is_verified),
    is_incentivised = coalesce(staged.is_incentivised, feedback.is_incentivised),
    brand_reply = coalesce(staged.brand_reply, feedback.brand_reply),
    brand_replied_at = coalesce(staged.brand_replied_at, feedback.brand_replied_at),
    language_hint = coalesce(staged.language_hint, feedback.language_hint)
from kept
join staged using (place)
where feedback.id = kept.feedback_id and not kept.is_new;

-- name: store_add_versions(now)!
insert into earshot.feedback_version (
    feedback_id, version, title, body, rating, rating_scale, content_hash, copy_key, seen_at
)
select
    kept.feedback_id,
    kept.version,
    staged.title,
    staged.body,
    staged.rating,
    staged.rating_scale,
    staged.content_hash,
    staged.copy_key,
    case when kept.is_new then coalesce(staged.first_seen_at, :now) else :now end
from kept
join staged using (place)
where kept.is_changed
order by kept.feedback_id;

-- name: store_add_brands()!
-- A brand that joins a known text is counted there from now on.
with added as (
    insert into earshot.feedback_brand (feedback_id, brand_id)
    select
        kept.feedback_id,
        unnest(staged.brand_ids)
    from kept
    join staged using (place)
    on conflict do nothing
    returning feedback_id
)

update kept
set is_moved = true
from added
where kept.feedback_id = added.feedback_id and not kept.is_new;

-- name: store_enqueue()!
-- Every model that tags one of its brands gets the text, once.
insert into earshot.tag_queue (feedback_version_id, model_id, published_at)
select distinct
    feedback_version.id,
    brand_model.model_id,
    staged.published_at
from kept
join staged using (place)
join earshot.feedback_version using (feedback_id, version)
join earshot.feedback_brand using (feedback_id)
join earshot.brand_model
    on brand_model.brand_id = feedback_brand.brand_id
    and brand_model.state in ('candidate', 'active')
where
    (kept.is_changed or kept.is_moved)
    and staged.speaker = 'customer'
    and not exists (
        select
        from earshot.tagging
        where
            tagging.feedback_version_id = feedback_version.id
            and tagging.model_id = brand_model.model_id
    )
on conflict do nothing;

-- name: store_surveys()!
-- The score of a satisfaction question, beside the text of its answer.
insert into earshot.survey_answer (feedback_id, survey, score, scale)
select
    kept.feedback_id,
    lower(staged.attributes ->> 'survey'),
    staged.rating,
    staged.rating_scale
from kept
join staged using (place)
where
    kept.is_changed
    and staged.kind = 'survey_answer'
    and staged.rating is not null
    and lower(staged.attributes ->> 'survey') in ('csat', 'nps', 'ces')
order by kept.feedback_id
on conflict (feedback_id) do update
set
    survey = excluded.survey,
    score = excluded.score,
    scale = excluded.scale;

-- name: store_conversations(source_id, brand_id)!
-- Times of mail threads, chats and tickets, from who said what when. A chat's transcript is a
-- finished conversation: it was resolved with its last turn.
with talk as (
    select distinct
        platform,
        attributes ->> 'conversation' as number
    from staged
    where attributes ? 'conversation' and kind in ('ticket_message', 'chat_turn')
),

turn as (
    select
        talk.platform,
        talk.number,
        feedback.kind,
        feedback.speaker,
        feedback.published_at,
        feedback.attributes ->> 'channel' as channel,
        min(feedback.published_at) filter (where feedback.speaker = 'customer')
            over (partition by talk.platform, talk.number) as opened_at
    from talk
    join earshot.feedback
        on feedback.platform = talk.platform
        and feedback.attributes ->> 'conversation' = talk.number
        and feedback.attributes ? 'conversation'
    where
        feedback.kind in ('ticket_message', 'chat_turn')
        and feedback.published_precision = 'second'
        and feedback.deleted_at is null
        and coalesce(feedback.attributes ->> 'is_public', 'true') <> 'false'
)

insert into earshot.ticket_metric (
    platform, ticket_id, source_id, brand_id, channel, opened_at, first_response_at, resolved_at,
    agent_replies, updated_at
)
select
    platform,
    number,
    :source_id,
    :brand_id,
    min(channel),
    min(opened_at),
    min(published_at) filter (where speaker = 'brand' and published_at >= opened_at),
    max(published_at) filter (where kind = 'chat_turn'),
    count(*) filter (where speaker = 'brand' and published_at >= opened_at),
    max(published_at)
from turn
where opened_at is not null
group by platform, number
order by number
on conflict (platform, ticket_id) do update
set
    channel = coalesce(ticket_metric.channel, excluded.channel),
    opened_at = least(ticket_metric.opened_at, excluded.opened_at),
    first_response_at = coalesce(excluded.first_response_at, ticket_metric.first_response_at),
    resolved_at = coalesce(excluded.resolved_at, ticket_metric.resolved_at),
    agent_replies = excluded.agent_replies;

-- name: store_delete(platform, external_ids, now)$
-- What its platform shows as deleted stays, without being counted; returns how many there were.
with gone as (
    select id
    from earshot.feedback
    where
        platform = :platform
        and external_id = any(cast(:external_ids as text[]))
        and deleted_at is null
    order by platform, external_id
    for no key update
),
deleted as (
    update earshot.feedback
    set deleted_at = :now
    from gone
    where feedback.id = gone.id
    returning feedback.id
),
marked as (
    select earshot.mark_dirty(array_agg(deleted.id)) from deleted
)

select count(*) from deleted
where (select count(*) from marked) >= 0;

-- name: store_ticket_metrics(platform, source_id, brand_id, ticket_ids, channels, opened_at, first_response_at, resolved_at, reopens, agent_replies, updated_at)!
insert into earshot.ticket_metric (
    platform, ticket_id, source_id, brand_id, channel, opened_at, first_response_at, resolved_at,
    reopens, agent_replies, updated_at
)
select
    :platform,
    given.ticket_id,
    :source_id,
    :brand_id,
    given.channel,
    given.opened_at,
    given.first_response_at,
    given.resolved_at,
    given.reopens,
    given.agent_replies,
    given.updated_at
from unnest(
    cast(:ticket_ids as text[]),
    cast(:channels as text[]),
    cast(:opened_at as timestamptz[]),
    cast(:first_response_at as timestamptz[]),
    cast(:resolved_at as timestamptz[]),
    cast(:reopens as integer[]),
    cast(:agent_replies as integer[]),
    cast(:updated_at as timestamptz[])
) as given (
    ticket_id, channel, opened_at, first_response_at, resolved_at, reopens, agent_replies,
    updated_at
)
order by given.ticket_id
on conflict (platform, ticket_id) do update
set
    channel = coalesce(excluded.channel, ticket_metric.channel),
    first_response_at = coalesce(excluded.first_response_at, ticket_metric.first_response_at),
    resolved_at = excluded.resolved_at,
    reopens = coalesce(excluded.reopens, ticket_metric.reopens),
    agent_replies = coalesce(excluded.agent_replies, ticket_metric.agent_replies),
    updated_at = excluded.updated_at
where ticket_metric.updated_at <= excluded.updated_at;

-- name: store_quarantine(source_id, crawl_id, record_key, line_number, field, reason, payload, author_key, now, expires_at)!
insert into earshot.quarantine (
    source_id, crawl_id, record_key, line_number, field, reason, payload, author_key, seen_at,
    expires_at
)
values (
    :source_id, :crawl_id, :record_key, :line_number, :field, :reason, :payload, :author_key, :now,
    :expires_at
)
on conflict (source_id, record_key) do update
set
    crawl_id = excluded.crawl_id,
    line_number = excluded.line_number,
    field = excluded.field,
    reason = excluded.reason,
    payload = excluded.payload,
    seen_at = excluded.seen_at,
    expires_at = excluded.expires_at;
