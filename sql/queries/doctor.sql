-- What must hold at any moment, whatever was killed: each step yields the rows that break it.

-- name: doctor_violations()
with version_missing as (
    select feedback.id
    from earshot.feedback
    left join earshot.feedback_version
        on feedback_version.feedback_id = feedback.id
        and feedback_version.version = feedback.version
    where feedback_version.id is null
),

version_gap as (
    select feedback_id as id
    from earshot.feedback_version
    group by feedback_id
    having count(*) <> max(version)
),

brand_missing as (
    select feedback.id
    from earshot.feedback
    left join earshot.feedback_brand on feedback_brand.feedback_id = feedback.id
    where feedback_brand.brand_id is null
),

lease_stuck as (
    select feedback_version_id as id
    from earshot.tag_queue
    where claimed_by is not null and lease_until < clock_timestamp() - interval '1 hour'
),

tagging_misplaced as (
    select tagging.feedback_version_id as id
    from earshot.tagging
    inner join earshot.feedback_version
        on tagging.feedback_version_id = feedback_version.id
    where feedback_version.feedback_id <> tagging.feedback_id
),

theme_without_tagging as (
    select theme_tag.feedback_version_id as id
    from earshot.theme_tag
    left join earshot.tagging
        on theme_tag.feedback_version_id = tagging.feedback_version_id
        and theme_tag.model_id = tagging.model_id
    where tagging.model_id is null
),

present as (
    select
        feedback_brand.brand_id,
        feedback.source_id,
        feedback.published_precision as precision,
        earshot.count_hour(
            feedback.published_at, feedback.published_precision, source.time_zone
        ) as hour,
        count(*) as items
    from earshot.feedback
    inner join earshot.source on feedback.source_id = source.id
    inner join earshot.feedback_brand on feedback.id = feedback_brand.feedback_id
    where
        feedback.speaker = 'customer'
        and feedback.deleted_at is null
        and feedback.published_precision <> 'unknown'
    group by 1, 2, 3, 4
),

counted as (
    select
        brand_id,
        source_id,
        precision,
        hour,
        sum(items) as items
    from earshot.hourly_count
    where theme_id = 0
    group by 1, 2, 3, 4
),

count_wrong as (
    select coalesce(present.hour, counted.hour) as id
    from present
    full join counted using (brand_id, source_id, precision, hour)
    left join earshot.count_dirty using (brand_id, source_id, hour)
    where
        count_dirty.hour is null
        and coalesce(present.items, 0) <> coalesce(counted.items, 0)
),

crawl_endless as (
    select id
    from earshot.crawl
    where status = 'running' and started_at < clock_timestamp() - interval '1 day'
),

message_nowhere as (
    select id
    from earshot.outbox
    where state = 'sent' and action <> 'publish' and remote_id is null
),

message_twice as (
    select min(id) as id
    from earshot.outbox
    where state = 'sent' and action in ('post', 'thread')
    group by remote_channel, remote_id
    having count(*) > 1
),

incident_twice as (
    select min(id) as id
    from earshot.outbox
    where action = 'post' and subject like 'incident:%%' and state not in ('dead', 'superseded')
    group by subject, channel
    having count(*) > 1
),

send_stuck as (
    select id
    from earshot.outbox
    where state = 'sending' and sending_since < clock_timestamp() - interval '1 hour'
),

reply_unapproved as (
    select reply_draft.id
    from earshot.reply_draft
    where
        reply_draft.state in ('approved', 'sending', 'sent')
        and not exists (
            select
            from earshot.reply_event
            where
                reply_event.draft_id = reply_draft.id
                and reply_event.kind = 'approved'
                and reply_event.detail ->> 'hash' = encode(reply_draft.text_hash, 'hex')
        )
),

violation as (
    select 'version_missing' as invariant, id::text from version_missing
    union all
    select 'version_gap', id::text from version_gap
    union all
    select 'brand_missing', id::text from brand_missing
    union all
    select 'lease_stuck', id::text from lease_stuck
    union all
    select 'tagging_misplaced', id::text from tagging_misplaced
    union all
    select 'theme_without_tagging', id::text from theme_without_tagging
    union all
    select 'count_wrong', id::text from count_wrong
    union all
    select 'crawl_endless', id::text from crawl_endless
    union all
    select 'message_nowhere', id::text from message_nowhere
    union all
    select 'message_twice', id::text from message_twice
    union all
    select 'incident_twice', id::text from incident_twice
    union all
    select 'send_stuck', id::text from send_stuck
    union all
    select 'reply_unapproved', id::text from reply_unapproved
),

numbered as (
    select
        invariant,
        id,
        row_number() over (partition by invariant order by id) as place
    from violation
)

select
    invariant,
    count(*) as violations,
    array_agg(id order by id) filter (where place <= 5) as examples
from numbered
group by invariant;
