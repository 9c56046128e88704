-- What Slack messages show, read when they are written.

-- name: slack_lock_incident(incident_id)$
-- Two processes that write about one incident take turns; the statement after this one sees what
-- the other committed.
select id
from earshot.incident
where id = :incident_id
for update;

-- name: slack_incident(incident_id, now)^
-- One incident with what people decided and how its drafts stand.
with told as (
    select *
    from earshot.incident
    where id = :incident_id
),

dismissal as (
    select detail ->> 'reason' as reason
    from earshot.incident_event
    where incident_id = :incident_id and kind = 'dismissed'
    order by id desc
    limit 1
),

ticket as (
    select
        number,
        url,
        status
    from earshot.ticket
    where incident_id = :incident_id
    order by id desc
    limit 1
),

draft as (
    select
        count(*) filter (where state <> 'void') as drafts,
        count(*) filter (where state in ('waiting', 'blocked', 'unsure')) as drafts_waiting,
        count(*) filter (
            where state in ('waiting', 'blocked', 'unsure') and due_at < :now
        ) as drafts_late
    from earshot.reply_draft
    where incident_id = :incident_id
)

select
    told.*,
    brand.key as brand_key,
    brand.name as brand_name,
    brand.time_zone,
    (select reason from dismissal) as dismissal,
    (select coalesce(number, '') from ticket) as ticket,
    (select url from ticket) as ticket_url,
    (select status from ticket) as ticket_status,
    draft.drafts,
    draft.drafts_waiting,
    draft.drafts_late
from told
inner join earshot.brand as brand on told.brand_id = brand.id
cross join draft;

-- name: slack_incident_event(incident_id, at, kind, actor, detail)!
insert into earshot.incident_event (incident_id, at, kind, actor, detail)
values (:incident_id, :at, :kind, :actor, :detail);

-- name: slack_incident_events(incident_id)
select
    at,
    kind,
    actor,
    detail
from earshot.incident_event
where incident_id = :incident_id
order by id;

-- name: slack_decide(incident_id, verdict, actor, at)!
-- The first decision stands: a click delivered twice, or a second person's, changes nothing.
update earshot.incident
set
    verdict = :verdict,
    decided_by = :actor,
    decided_at = :at
where id = :incident_id and verdict is null;

-- name: slack_snooze(incident_id, until, items)!
update earshot.incident
set
    snoozed_until = :until,
    snoozed_items = :items
where
    id = :incident_id
    and (snoozed_until is distinct from :until or snoozed_items is distinct from :items);

-- name: slack_assign(incident_id, person)!
update earshot.incident
set assigned_to = :person
where id = :incident_id and assigned_to is distinct from :person;

-- name: slack_snoozes_over(now, growth)
-- Incidents whose silence ends: the time is up, or complaints grew by the factor.
select
    id,
    items,
    snoozed_until,
    snoozed_items
from earshot.incident
where
    state <> 'resolved'
    and (
        snoozed_until <= :now
        or (snoozed_until is null and snoozed_items is not null
            and items >= snoozed_items * cast(:growth as double precision))
    )
order by id
for update;

-- name: slack_unanswered(now)
-- Crises that nobody has decided on or taken, with the instant at which they were posted.
select
    incident.id,
    brand.key as brand_key,
    outbox.sent_at
from earshot.incident as incident
inner join earshot.brand as brand on incident.brand_id = brand.id
inner join earshot.outbox as outbox on outbox.key = 'incident:' || incident.id
where
    incident.state <> 'resolved'
    and incident.direction <> 'positive'
    and incident.verdict is null
    and incident.assigned_to is null
    and incident.escalated_at is null
    and not incident.is_historical
    and incident.snoozed_until is null
    and incident.snoozed_items is null
    and outbox.sent_at <= :now
    and outbox.state = 'sent'
order by incident.id
for update of incident;

-- name: slack_escalated(incident_id, at)!
update earshot.incident
set escalated_at = :at
where id = :incident_id and escalated_at is null;

-- name: slack_draft(draft_id)^
-- One draft with the review that it answers; the row is locked.
with locked as (
    select *
    from earshot.reply_draft
    where id = :draft_id
    for update
),

decision as (
    select distinct on (kind)
        kind,
        at,
        actor,
        detail
    from earshot.reply_event
    where draft_id = :draft_id
    order by kind, id desc
)

select
    locked.*,
    brand.key as brand_key,
    brand.name as brand_name,
    brand.time_zone,
    source.name as source_name,
    feedback.platform,
    feedback.external_id,
    feedback.parent_id,
    feedback.published_at,
    feedback.last_seen_at,
    feedback.url,
    feedback.version as current_version,
    feedback.deleted_at,
    told.title,
    told.body,
    (told.rating * 5 / told.rating_scale)::double precision as stars,
    (select jsonb_object_agg(kind, jsonb_build_object('at', at, 'actor', actor, 'detail', detail))
        from decision) as decisions,
    (select destination from earshot.outbox where key = 'publish:' || locked.id) as publish_to,
    (
        select array_agg(theme.key order by theme_tag.probability desc)
        from earshot.theme_tag
        inner join earshot.theme on theme_tag.theme_id = theme.id
        inner join earshot.brand_model
            on
                brand_model.brand_id = locked.brand_id
                and brand_model.model_id = theme_tag.model_id
                and brand_model.state = 'active'
        where theme_tag.feedback_version_id = told.id
    ) as themes,
    (
        select jsonb_build_object('number', number, 'url', url, 'status', status)
        from earshot.ticket
        where ticket.feedback_id = locked.feedback_id
        limit 1
    ) as ticket
from locked
inner join earshot.brand as brand on locked.brand_id = brand.id
inner join earshot.feedback as feedback on locked.feedback_id = feedback.id
inner join earshot.source as source on feedback.source_id = source.id
inner join earshot.feedback_version as told
    on told.feedback_id = locked.feedback_id and told.version = locked.version;

-- name: slack_drafts_under(parent, now)^
-- How the drafts in one thread stand.
select
    count(*) as drafts,
    count(*) filter (where draft.state in ('waiting', 'blocked', 'unsure')) as waiting,
    count(*) filter (
        where draft.state in ('waiting', 'blocked', 'unsure') and draft.due_at < :now
    ) as late
from earshot.outbox as outbox
inner join earshot.reply_draft as draft on outbox.key = 'draft:' || draft.id
where outbox.payload ->> 'parent' = :parent and draft.state <> 'void';

-- name: slack_languages(ids)
-- The language that most of these texts are written in.
select
    tagging.language,
    count(*) as texts
from earshot.feedback as feedback
inner join earshot.feedback_version as told
    on told.feedback_id = feedback.id and told.version = feedback.version
inner join earshot.tagging as tagging on tagging.feedback_version_id = told.id
where feedback.id = any(cast(:ids as bigint [])) and tagging.language is not null
group by tagging.language
order by texts desc, tagging.language
limit 1;

-- name: slack_brand_id(key)$
select id from earshot.brand where key = :key;

-- name: slack_open_incidents(now)
-- Posted crises that still need somebody, most severe first.
select
    incident.id,
    incident.severity,
    incident.state,
    incident.items,
    incident.baseline,
    incident.started_at,
    incident.verdict,
    incident.decided_by,
    incident.assigned_to,
    incident.evidence ->> 'title' as title,
    incident.evidence ->> 'noun' as noun,
    brand.name as brand_name,
    brand.time_zone,
    outbox.remote_channel,
    outbox.remote_id
from earshot.incident as incident
inner join earshot.brand as brand on incident.brand_id = brand.id
left join earshot.outbox as outbox on outbox.key = 'incident:' || incident.id
where
    incident.state <> 'resolved'
    and incident.severity <> 'low'
    and not incident.is_historical
    and incident.verdict is distinct from 'dismissed'
    and incident.started_at <= :now
order by
    array_position(array['critical', 'high', 'medium'], incident.severity),
    incident.started_at;

-- name: slack_waiting_drafts(now, most)
-- Replies that wait for a person, the latest first due first.
select
    draft.id,
    draft.state,
    draft.due_at,
    draft.due_at < :now as is_late,
    brand.name as brand_name,
    brand.time_zone,
    source.name as source_name,
    told.title,
    told.body,
    (told.rating * 5 / told.rating_scale)::double precision as stars,
    (
        select reply_event.detail ->> 'writer'
        from earshot.reply_event
        where reply_event.draft_id = draft.id and reply_event.kind = 'drafted'
    ) as writer,
    outbox.remote_channel,
    outbox.remote_id
from earshot.reply_draft as draft
inner join earshot.brand as brand on draft.brand_id = brand.id
inner join earshot.feedback as feedback on draft.feedback_id = feedback.id
inner join earshot.source as source on feedback.source_id = source.id
left join earshot.outbox as outbox on outbox.key = 'draft:' || draft.id
inner join earshot.feedback_version as told
    on told.feedback_id = draft.feedback_id and told.version = draft.version
where draft.state in ('waiting', 'blocked', 'unsure', 'held')
order by draft.due_at, draft.id
limit :most;

-- name: slack_day(now)^
-- Counts for today's overview; "decided" looks back 24 hours.
select
    (select count(*) from earshot.reply_draft
        where state in ('waiting', 'blocked', 'unsure')) as waiting,
    (select count(*) from earshot.reply_draft
        where state in ('waiting', 'blocked', 'unsure') and due_at < :now) as late,
    (select count(*) from earshot.reply_draft where state = 'held') as held,
    (select count(distinct draft_id) from earshot.reply_event
        where
            kind in ('approved', 'dropped', 'sent')
            and at between cast(:now as timestamptz) - interval '24 hours' and :now) as decided,
    (select count(*) from earshot.outbox where state = 'dead') as dead;

-- name: slack_decided_today(now, most)
-- What was decided in the last 24 hours, newest first.
with decided as (
    select
        incident_event.at,
        incident_event.kind,
        incident_event.actor,
        incident.evidence ->> 'title' as what,
        null as title,
        null as body
    from earshot.incident_event
    inner join earshot.incident on incident_event.incident_id = incident.id
    where incident_event.kind in ('confirmed', 'dismissed', 'assigned', 'snoozed')

    union all

    select
        reply_event.at,
        reply_event.kind,
        reply_event.actor,
        null as what,
        told.title,
        told.body
    from earshot.reply_event
    inner join earshot.reply_draft as draft on reply_event.draft_id = draft.id
    inner join earshot.feedback_version as told
        on told.feedback_id = draft.feedback_id and told.version = draft.version
    where reply_event.kind in ('approved', 'dropped', 'sent') and reply_event.actor <> 'earshot'
)

select
    at,
    kind,
    actor,
    what,
    title,
    body
from decided
where at between cast(:now as timestamptz) - interval '24 hours' and :now
order by at desc
limit :most;

-- name: slack_draft_threads(now)
-- Messages above drafts that wait, with the earliest due time of those that are late; incidents
-- in the order in which the watch step locks them.
select
    outbox.payload ->> 'parent' as parent,
    draft.incident_id,
    brand.id as brand_id,
    brand.key as brand_key,
    brand.name as brand_name,
    brand.time_zone,
    count(*) filter (where draft.due_at < :now) as late,
    min(draft.due_at) filter (where draft.due_at < :now) as due_at
from earshot.outbox as outbox
inner join earshot.reply_draft as draft on outbox.key = 'draft:' || draft.id
inner join earshot.brand as brand on draft.brand_id = brand.id
where draft.state in ('waiting', 'blocked', 'unsure')
group by outbox.payload ->> 'parent', draft.incident_id, brand.id
order by draft.incident_id nulls last, outbox.payload ->> 'parent';

-- name: slack_sources_unhealthy()
select
    name,
    kind,
    health_reason,
    health_since
from earshot.source
where health = 'unhealthy' and health_since is not null
order by name;

-- name: slack_sources_recovered()
-- Healthy sources whose last trouble was told and whose recovery was not.
select
    source.name,
    max(outbox.key) as notice,
    max(outbox.created_at) as told_at
from earshot.source as source
inner join earshot.outbox as outbox
    on starts_with(outbox.key, 'ops:source:' || source.name || ':')
where
    source.health = 'healthy'
    and outbox.action = 'post'
    and right(outbox.key, 5) <> ':back'
    and not exists (
        select 1
        from earshot.outbox as back
        where back.key = outbox.key || ':back'
    )
group by source.name
order by source.name;
