-- Webhooks, mailboxes, chats and surveys: what arrived once, who answered whom, what was scored.

create table earshot.webhook_delivery (
    source_id integer not null references earshot.source,
    delivery_id text not null,
    received_at timestamptz not null,
    primary key (source_id, delivery_id)
);
create index webhook_delivery_by_time on earshot.webhook_delivery (received_at);

comment on table earshot.webhook_delivery is
    'Deliveries of the webhook that were stored, so that a repeated one changes nothing.';
comment on column earshot.webhook_delivery.source_id is 'Source it came by.';
comment on column earshot.webhook_delivery.delivery_id is 'The sender''s id of the delivery.';
comment on column earshot.webhook_delivery.received_at is 'When it was stored; kept 30 days.';

create index feedback_by_conversation on earshot.feedback (platform, (attributes ->> 'conversation'))
    where attributes ? 'conversation';

-- Answers that were stored before scores had a table of their own.
insert into earshot.survey_answer (feedback_id, survey, score, scale)
select
    feedback.id,
    feedback.attributes ->> 'survey',
    feedback_version.rating,
    feedback_version.rating_scale
from earshot.feedback
join earshot.feedback_version
    on feedback_version.feedback_id = feedback.id and feedback_version.version = feedback.version
where
    feedback.kind = 'survey_answer'
    and feedback.attributes ->> 'survey' in ('csat', 'nps', 'ces')
    and feedback_version.rating is not null
on conflict do nothing;
