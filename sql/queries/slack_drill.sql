-- Drills: past crises played again.

-- name: slack_drill_choices()
-- Past crises with a chart to play, latest first.
select
    incident.id,
    incident.evidence ->> 'title' as title,
    brand.name as brand_name,
    incident.severity,
    incident.items,
    incident.started_at
from earshot.incident as incident
inner join earshot.brand as brand on incident.brand_id = brand.id
where
    incident.state = 'resolved'
    and incident.direction = 'negative'
    and incident.severity <> 'low'
    and incident.evidence ? 'title'
order by incident.started_at desc
limit 50;

-- name: slack_drill_incident(name, now)^
-- By number, else the latest whose title or theme holds the words.
select id
from earshot.incident
where
    state = 'resolved'
    and direction = 'negative'
    and started_at < :now
    and evidence ? 'title'
    and (
        cast(id as text) = :name
        or strpos(lower(evidence ->> 'title'), lower(:name)) > 0
        or strpos(coalesce(theme_key, ''), lower(replace(:name, ' ', '_'))) > 0
    )
order by cast(id as text) = :name desc, started_at desc
limit 1;

-- name: slack_drill_start(incident_id, channel, actor, now, ends_at)$
insert into earshot.drill (incident_id, channel, started_by, started_at, posted_at, ends_at)
values (:incident_id, :channel, :actor, :now, :now, :ends_at)
returning id;

-- name: slack_drill(drill_id)^
select *
from earshot.drill
where id = :drill_id
for update;

-- name: slack_drills_running()
select *
from earshot.drill
where closed_at is null
order by id
for update skip locked;

-- name: slack_drill_event(drill_id, at, kind, actor)$
insert into earshot.drill_event (drill_id, at, kind, actor)
values (:drill_id, :at, :kind, :actor)
on conflict (drill_id, kind) do nothing
returning id;

-- name: slack_drill_events(drill_id)
select
    at,
    kind,
    actor
from earshot.drill_event
where drill_id = :drill_id
order by id;

-- name: slack_drill_closed(drill_id, now)!
update earshot.drill
set closed_at = :now
where id = :drill_id and closed_at is null;
