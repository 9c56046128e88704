-- name: demo_counts()^
-- How many rows each table holds that a repeated run must leave alone.
select
    (select count(*) from earshot.feedback) as feedback,
    (select count(*) from earshot.feedback_version) as feedback_version,
    (select count(*) from earshot.tagging) as tagging,
    (select count(*) from earshot.theme_tag) as theme_tag,
    (select count(*) from earshot.incident) as incident,
    (select count(*) from earshot.reply_draft) as reply_draft,
    (select count(*) from earshot.outbox) as outbox;

-- name: demo_crises()
-- Incidents that were told: what a reader of the channel has seen.
select
    incident.id,
    incident.theme_key,
    incident.severity,
    incident.state,
    incident.items,
    incident.baseline,
    incident.started_at,
    incident.opened_at,
    latest.payload ->> 'text' as headline
from earshot.incident
join lateral (
    select outbox.payload
    from earshot.outbox
    where outbox.subject = 'incident:' || incident.id and outbox.action in ('post', 'update')
    order by outbox.id desc
    limit 1
) as latest on true
order by incident.id;

-- name: demo_messages()$
-- Messages that stand in Slack: first posts and answers in threads.
select count(*)
from earshot.outbox
where action in ('post', 'thread') and state = 'sent';

-- name: demo_drafts_waiting()$
select count(*)
from earshot.reply_draft
where state = 'waiting';
