-- Tickets opened from Slack.

-- name: slack_ticket_request(key, incident_id, feedback_id, brand_id, desk, actor, now)$
-- The ticket's id, or null where one was asked for before.
insert into earshot.ticket
    (key, incident_id, feedback_id, brand_id, desk, requested_by, requested_at)
values (:key, :incident_id, :feedback_id, :brand_id, :desk, :actor, :now)
on conflict (key) do nothing
returning id;

-- name: slack_ticket(ticket_id)^
select *
from earshot.ticket
where id = :ticket_id
for update;

-- name: slack_ticket_opened(ticket_id, number, url, status, now)!
update earshot.ticket
set
    number = :number,
    url = :url,
    status = :status,
    opened_at = coalesce(opened_at, :now),
    checked_at = :now,
    error = null
where id = :ticket_id;

-- name: slack_ticket_failed(ticket_id, status, reason)!
update earshot.ticket
set
    status = :status,
    error = :reason
where id = :ticket_id;

-- name: slack_ticket_checked(ticket_id, now, reason)!
-- It could not be looked up; its last known status stands.
update earshot.ticket
set
    checked_at = :now,
    error = :reason
where id = :ticket_id;

-- name: slack_tickets_to_look_up(before)
-- Open tickets whose status was not read since, longest ago first.
select
    id,
    desk,
    number,
    status,
    incident_id,
    feedback_id
from earshot.ticket
where
    number is not null
    and status not in ('closed', 'deleted', 'gone')
    and checked_at <= :before
order by checked_at
limit 20;

-- name: slack_ticket_text(ticket_id)^
-- The text that a ticket hands over, masked as it is stored.
select
    feedback.id,
    feedback.url,
    feedback.published_at,
    brand.name as brand_name,
    brand.time_zone,
    source.name as source_name,
    told.title,
    told.body,
    (told.rating * 5 / told.rating_scale)::double precision as stars
from earshot.ticket as ticket
inner join earshot.brand as brand on ticket.brand_id = brand.id
inner join earshot.feedback as feedback on ticket.feedback_id = feedback.id
inner join earshot.source as source on feedback.source_id = source.id
inner join earshot.feedback_version as told
    on told.feedback_id = feedback.id and told.version = feedback.version
where ticket.id = :ticket_id and feedback.deleted_at is null;

-- name: slack_drafts_of(feedback_id)
-- Drafts whose message shows a text's ticket.
select id
from earshot.reply_draft
where feedback_id = :feedback_id and state <> 'void'
order by id;
