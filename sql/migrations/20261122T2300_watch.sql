-- What the watch step needs between two runs.

create table earshot.count_changed (
    brand_id integer not null references earshot.brand,
    hour timestamptz not null,
    primary key (brand_id, hour)
);
comment on table earshot.count_changed is
    'Hours whose counts changed since detection last took them in.';
comment on column earshot.count_changed.brand_id is 'The brand.';
comment on column earshot.count_changed.hour is 'Start of the hour.';

alter table earshot.incident add column course jsonb not null default '{}';
comment on column earshot.incident.course is
    'The incident as the state machine knows it, to go on from.';
