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

-- Triggers, so that whoever changes a count cannot forget to say so.
create function earshot.note_changed_counts() returns trigger language plpgsql as $$
begin
    insert into earshot.count_changed (brand_id, hour)
    select distinct brand_id, hour from changed
    order by brand_id, hour
    on conflict do nothing;
    return null;
end
$$;
create trigger note_added_counts after insert on earshot.hourly_count
    referencing new table as changed
    for each statement execute function earshot.note_changed_counts();
create trigger note_removed_counts after delete on earshot.hourly_count
    referencing old table as changed
    for each statement execute function earshot.note_changed_counts();
create trigger note_updated_counts after update on earshot.hourly_count
    referencing new table as changed
    for each statement execute function earshot.note_changed_counts();
