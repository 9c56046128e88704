-- The catalogue of brands and sources, the log of crawls, and what they say of a source's health.

-- name: catalogue_brand(key, name, role, time_zone)!
insert into earshot.brand as known (key, name, role, time_zone)
values (:key, :name, :role, :time_zone)
on conflict (key) do update
set
    name = excluded.name,
    role = excluded.role,
    time_zone = excluded.time_zone
where (known.name, known.role, known.time_zone)
    is distinct from (excluded.name, excluded.role, excluded.time_zone);

-- name: catalogue_source(name, kind, platform, brand, time_zone, language, retention_days)!
insert into earshot.source as known
    (name, kind, platform, brand_id, time_zone, language, retention_days)
select
    :name,
    :kind,
    :platform,
    brand.id,
    :time_zone,
    :language,
    :retention_days
from earshot.brand
where brand.key = :brand
on conflict (name) do update
set
    kind = excluded.kind,
    platform = excluded.platform,
    brand_id = excluded.brand_id,
    time_zone = excluded.time_zone,
    language = excluded.language,
    retention_days = excluded.retention_days
where (
    known.kind, known.platform, known.brand_id, known.time_zone, known.language,
    known.retention_days
) is distinct from (
    excluded.kind, excluded.platform, excluded.brand_id, excluded.time_zone, excluded.language,
    excluded.retention_days
);

-- name: catalogue_brand_ids()
select key, id from earshot.brand;

-- name: source_row(name)^
select
    id,
    name,
    platform,
    cursor,
    cursor_at,
    health,
    health_reason,
    health_since
from earshot.source
where name = :name;

-- name: crawl_lock(key)$
-- One crawl of a source at a time; held by the session, so that a kill frees it.
select pg_try_advisory_lock(hashtextextended(:key, 0));

-- name: crawl_unlock(key)$
select pg_advisory_unlock(hashtextextended(:key, 0));

-- name: crawl_close_killed(source_id, purpose, now)!
-- Called under the lock of the source: whoever was still running is dead.
update earshot.crawl
set
    status = 'failed',
    finished_at = :now,
    error = 'the process was killed'
where source_id = :source_id and purpose = :purpose and status = 'running';

-- name: crawl_start(source_id, purpose, now, cursor_before)$
insert into earshot.crawl (source_id, purpose, started_at, cursor_before)
values (:source_id, :purpose, :now, cast(:cursor_before as jsonb))
returning id;

-- name: crawl_add(crawl_id, seen, added, changed, quarantined)!
update earshot.crawl
set
    seen = seen + :seen,
    added = added + :added,
    changed = changed + :changed,
    quarantined = quarantined + :quarantined
where id = :crawl_id;

-- name: crawl_set_cursor(crawl_id, source_id, cursor, now)!
with logged as (
    update earshot.crawl
    set cursor_after = cast(:cursor as jsonb)
    where id = :crawl_id
)

update earshot.source
set
    cursor = cast(:cursor as jsonb),
    cursor_at = :now
where id = :source_id;

-- name: crawl_finish(crawl_id, now, status, error, overlap_seen, missed_share)!
update earshot.crawl
set
    finished_at = :now,
    status = :status,
    error = :error,
    overlap_seen = :overlap_seen,
    missed_share = :missed_share
where id = :crawl_id;

-- name: crawl_overlap(source_id, since, until, crawl_start)^
-- Of what was published in the window: how much was known before this crawl, how much of that was
-- met again, and how much is new. Two captures of one population (Lincoln and Petersen).
select
    count(*) filter (where first_seen_at < :crawl_start) as known,
    count(*) filter (where first_seen_at < :crawl_start and last_seen_at >= :crawl_start) as again,
    count(*) filter (where last_seen_at >= :crawl_start) as met
from earshot.feedback
where
    source_id = :source_id
    and published_at >= :since
    and published_at < :until
    and deleted_at is null;

-- name: crawl_newest(source_id)$
select max(published_at) from earshot.feedback where source_id = :source_id;

-- name: crawl_history(source_id, weekday, hour, time_zone, since)
-- Items seen by earlier good live crawls at this weekday and hour, newest first.
select seen
from earshot.crawl
where
    source_id = :source_id
    and purpose = 'live'
    and status = 'ok'
    and started_at >= :since
    and extract(isodow from started_at at time zone :time_zone) = :weekday
    and abs(extract(hour from started_at at time zone :time_zone) - :hour) <= 1
order by started_at desc
limit 60;

-- name: source_mark_unhealthy(source_id, reason, now)$
-- Since when, where it was healthy until now; null where it is known to be unhealthy.
update earshot.source
set
    health = 'unhealthy',
    health_reason = :reason,
    health_since = :now
where id = :source_id and health <> 'unhealthy'
returning health_since;

-- name: source_mark_healthy(source_id, now)$
-- Since when it was unhealthy, where it was.
with before as (
    select
        id,
        health,
        health_since
    from earshot.source
    where id = :source_id
    for no key update
),
marked as (
    update earshot.source
    set
        health = 'healthy',
        health_reason = null,
        health_since = :now
    from before
    where source.id = before.id and before.health <> 'healthy'
)

select health_since from before
where health = 'unhealthy';

-- name: source_quarantine_sample(crawl_id)
select
    reason,
    count(*) as rows
from earshot.quarantine
where crawl_id = :crawl_id
group by reason
order by count(*) desc, reason
limit 3;

-- name: crawl_latest(source_id)
select status
from earshot.crawl
where source_id = :source_id and purpose = 'live' and status <> 'running'
order by started_at desc, id desc
limit 10;

-- name: crawl_previous(source_id, crawl_id)$
-- When the last good crawl before this one began.
select max(started_at)
from earshot.crawl
where source_id = :source_id and id < :crawl_id and purpose = 'live' and status = 'ok';

-- name: crawl_started_at(crawl_id)$
select started_at from earshot.crawl where id = :crawl_id;
