-- Tickets that people opened from Slack in the help desk, and drills of past crises.

create table earshot.ticket (
    id bigint generated always as identity primary key,
    key text not null unique,
    brand_id integer not null references earshot.brand,
    incident_id bigint references earshot.incident on delete cascade,
    feedback_id bigint references earshot.feedback on delete cascade,
    desk text not null,
    number text,
    url text,
    status text not null default 'requested',
    requested_by text not null,
    requested_at timestamptz not null,
    opened_at timestamptz,
    checked_at timestamptz,
    error text,
    check ((incident_id is null) <> (feedback_id is null))
);
create index ticket_by_incident on earshot.ticket (incident_id);
create index ticket_by_feedback on earshot.ticket (feedback_id);

comment on table earshot.ticket is
'Tickets opened from Slack in Zendesk, Zoho Desk or Freshdesk: one for an incident or a text.';
comment on column earshot.ticket.id is 'Our number.';
comment on column earshot.ticket.key is
'By which the desk finds it again; the same for every attempt to open it.';
comment on column earshot.ticket.brand_id is 'Brand that it concerns.';
comment on column earshot.ticket.incident_id is 'Incident that it hands over, else null.';
comment on column earshot.ticket.feedback_id is 'Text that it hands over, else null.';
comment on column earshot.ticket.desk is 'Kind of help desk: zendesk, zohodesk, freshdesk.';
comment on column earshot.ticket.number is 'Number in the desk, null until it is open.';
comment on column earshot.ticket.url is 'Page of the ticket in the desk.';
comment on column earshot.ticket.status is
'requested, failed, or the desk''s own word in lower case: new, open, pending, solved, closed.';
comment on column earshot.ticket.requested_by is 'Who asked for it: a Slack user or a login.';
comment on column earshot.ticket.requested_at is 'When it was asked for.';
comment on column earshot.ticket.opened_at is 'When the desk had it.';
comment on column earshot.ticket.checked_at is 'When its status was last read.';
comment on column earshot.ticket.error is 'Why it could not be opened or looked up.';

create table earshot.drill (
    id bigint generated always as identity primary key,
    incident_id bigint not null references earshot.incident on delete cascade,
    channel text not null,
    started_by text not null,
    started_at timestamptz not null,
    posted_at timestamptz,
    ends_at timestamptz not null,
    closed_at timestamptz
);

comment on table earshot.drill is 'Past crises played again in a test channel for practice.';
comment on column earshot.drill.id is 'Number of the drill.';
comment on column earshot.drill.incident_id is 'Past incident whose messages are played.';
comment on column earshot.drill.channel is 'Slack channel in which it is played.';
comment on column earshot.drill.started_by is 'Who started it: a login.';
comment on column earshot.drill.started_at is 'When it was started.';
comment on column earshot.drill.posted_at is 'When its first message is to be posted.';
comment on column earshot.drill.ends_at is 'When its closing report is due.';
comment on column earshot.drill.closed_at is 'When its closing report was written.';

create table earshot.drill_event (
    id bigint generated always as identity primary key,
    drill_id bigint not null references earshot.drill on delete cascade,
    at timestamptz not null,
    kind text not null,
    actor text not null,
    unique (drill_id, kind)
);

comment on table earshot.drill_event is 'What people did in a drill; each kind once.';
comment on column earshot.drill_event.id is 'Number of the event.';
comment on column earshot.drill_event.drill_id is 'Drill that it belongs to.';
comment on column earshot.drill_event.at is 'When it was done.';
comment on column earshot.drill_event.kind is 'confirmed, dismissed, assigned or snoozed.';
comment on column earshot.drill_event.actor is 'Who did it.';

grant select, insert, update, delete on
earshot.ticket, earshot.drill, earshot.drill_event
to earshot_pipeline;
grant usage on all sequences in schema earshot to earshot_pipeline;
