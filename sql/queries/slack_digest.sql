-- The weekly digest, read from the counts that analysts see.

-- name: slack_digest_weeks(brand_id, until, weeks)
-- Voices and negative ones in each of the last weeks, oldest first.
with week as (
    select
        cast(:until as timestamptz) - make_interval(weeks => number) as starts_at,
        cast(:until as timestamptz) - make_interval(weeks => number - 1) as ends_at
    from generate_series(1, :weeks) as number
)

select
    week.starts_at,
    coalesce(sum(hourly_count.items), 0) as voices,
    coalesce(sum(hourly_count.items) filter (where hourly_count.sentiment = 'negative'), 0)
        as negative
from week
left join earshot.hourly_count as hourly_count
    on
        hourly_count.brand_id = :brand_id
        and hourly_count.theme_id = 0
        and hourly_count.hour >= week.starts_at
        and hourly_count.hour < week.ends_at
group by week.starts_at
order by week.starts_at;

-- name: slack_digest_themes(brand_id, until)
-- Complaints by theme in the last week and in the one before it.
select
    theme.name,
    sum(hourly_count.items) filter (where hourly_count.hour >= cast(:until as timestamptz)
        - interval '7 days') as now_count,
    sum(hourly_count.items) filter (where hourly_count.hour < cast(:until as timestamptz)
        - interval '7 days') as before_count
from earshot.hourly_count as hourly_count
inner join earshot.theme as theme on hourly_count.theme_id = theme.id
where
    hourly_count.brand_id = :brand_id
    and hourly_count.sentiment = 'negative'
    and hourly_count.hour >= cast(:until as timestamptz) - interval '14 days'
    and hourly_count.hour < :until
    and theme.kind = 'theme'
group by theme.name
order by theme.name;

-- name: slack_digest_new_themes(brand_id, until)
select
    theme.name,
    theme.since,
    coalesce(sum(hourly_count.items), 0) as items,
    count(distinct hourly_count.product) filter (where hourly_count.product <> '') as products
from earshot.theme as theme
inner join earshot.hourly_count as hourly_count
    on
        hourly_count.theme_id = theme.id
        and hourly_count.brand_id = :brand_id
        and hourly_count.hour >= cast(:until as timestamptz) - interval '7 days'
        and hourly_count.hour < :until
where
    theme.kind = 'emerging'
    and theme.since >= cast(:until as timestamptz) - interval '7 days'
    and theme.since < :until
group by theme.name, theme.since
order by items desc, theme.name
limit 5;

-- name: slack_digest_replies(brand_id, until)^
-- Replies due in the week: how many went out, how many in time, the median time to answer.
select
    count(*) as due,
    count(*) filter (where draft.state = 'sent') as answered,
    count(*) filter (where draft.state = 'sent' and draft.sent_at <= draft.due_at) as in_time,
    percentile_cont(0.5) within group (
        order by extract(epoch from draft.sent_at - feedback.published_at)
    ) filter (where draft.state = 'sent') as median_seconds
from earshot.reply_draft as draft
inner join earshot.feedback as feedback on draft.feedback_id = feedback.id
where
    draft.brand_id = :brand_id
    and draft.state not in ('void', 'dropped')
    and draft.due_at >= cast(:until as timestamptz) - interval '7 days'
    and draft.due_at < :until;

-- name: slack_digest_incidents(brand_id, until)
select
    incident.id,
    incident.evidence ->> 'title' as title,
    coalesce(incident.evidence ->> 'noun', 'complaints') as noun,
    incident.severity,
    incident.items,
    incident.started_at,
    incident.resolved_at,
    incident.verdict,
    (
        select event.detail ->> 'reason'
        from earshot.incident_event as event
        where event.incident_id = incident.id and event.kind = 'dismissed'
        order by event.id desc
        limit 1
    ) as dismissal
from earshot.incident as incident
where
    incident.brand_id = :brand_id
    and incident.severity <> 'low'
    and not incident.is_historical
    and incident.opened_at >= cast(:until as timestamptz) - interval '7 days'
    and incident.opened_at < :until
order by incident.started_at;

-- name: slack_digest_praise(brand_id, until, most)
-- Well rated, surely positive words of the week that are short enough to pass on.
select
    feedback.id,
    told.body,
    feedback.url,
    feedback.published_at,
    source.name as source_name,
    (told.rating * 5 / told.rating_scale)::double precision as stars
from earshot.feedback as feedback
inner join earshot.feedback_brand as feedback_brand
    on feedback_brand.feedback_id = feedback.id and feedback_brand.brand_id = :brand_id
inner join earshot.source as source on feedback.source_id = source.id
inner join earshot.feedback_version as told
    on told.feedback_id = feedback.id and told.version = feedback.version
inner join earshot.brand_model as brand_model
    on brand_model.brand_id = feedback_brand.brand_id and brand_model.state = 'active'
inner join earshot.tagging as tagging
    on tagging.feedback_version_id = told.id and tagging.model_id = brand_model.model_id
where
    feedback.speaker = 'customer'
    and feedback.deleted_at is null
    and feedback.is_incentivised is not true
    and feedback.published_at >= cast(:until as timestamptz) - interval '7 days'
    and feedback.published_at < :until
    and tagging.sentiment = 'positive'
    and coalesce(told.rating * 5 / told.rating_scale, 5) >= 4
    and length(told.body) between 40 and 280
order by tagging.p_positive desc, feedback.id
limit :most;

-- name: slack_praise(brand_id, since, until, most)
-- Surely positive, well rated words of a day that nobody was paid for; not yet answered ones
-- first, then those by most readers.
select
    feedback.id,
    told.body,
    feedback.url,
    feedback.published_at,
    feedback.is_verified is true as is_verified,
    feedback.brand_reply is not null as is_answered,
    source.name as source_name,
    (told.rating * 5 / told.rating_scale)::double precision as stars,
    (
        select theme.name
        from earshot.theme_tag
        inner join earshot.theme on theme_tag.theme_id = theme.id
        where
            theme_tag.feedback_version_id = told.id
            and theme_tag.model_id = brand_model.model_id
            and theme_tag.sentiment = 'positive'
            and theme.kind <> 'urgent'
        order by theme_tag.probability desc
        limit 1
    ) as theme
from earshot.feedback as feedback
inner join earshot.feedback_brand as feedback_brand
    on feedback_brand.feedback_id = feedback.id and feedback_brand.brand_id = :brand_id
inner join earshot.source as source on feedback.source_id = source.id
inner join earshot.feedback_version as told
    on told.feedback_id = feedback.id and told.version = feedback.version
inner join earshot.brand_model as brand_model
    on brand_model.brand_id = feedback_brand.brand_id and brand_model.state = 'active'
inner join earshot.tagging as tagging
    on tagging.feedback_version_id = told.id and tagging.model_id = brand_model.model_id
where
    feedback.speaker = 'customer'
    and feedback.deleted_at is null
    and feedback.is_incentivised is not true
    and feedback.published_at >= :since
    and feedback.published_at < :until
    and tagging.sentiment = 'positive'
    and tagging.p_positive >= 0.8
    and coalesce(told.rating * 5 / told.rating_scale, 5) >= 4
    and length(told.body) between 40 and 1000
order by is_answered, coalesce(feedback.reach, 0) desc, tagging.p_positive desc, feedback.id
limit :most;
