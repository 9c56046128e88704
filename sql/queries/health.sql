-- How the pipeline does: computed here because most of its processes live for seconds.

-- name: health_sources(now)
-- Every source with its last good crawl and what its crawls of a day had to refuse.
select
    source.name,
    source.health,
    source.health_reason,
    source.health_since,
    last_good.finished_at as last_good_at,
    last_any.status as last_status,
    coalesce(day.seen, 0) as seen,
    coalesce(day.added, 0) as added,
    coalesce(day.quarantined, 0) as quarantined
from earshot.source
left join lateral (
    select crawl.finished_at
    from earshot.crawl
    where crawl.source_id = source.id and crawl.status = 'ok' and crawl.purpose <> 'backfill'
    order by crawl.started_at desc
    limit 1
) as last_good on true
left join lateral (
    select crawl.status
    from earshot.crawl
    where crawl.source_id = source.id
    order by crawl.started_at desc
    limit 1
) as last_any on true
left join lateral (
    select
        sum(crawl.seen) as seen,
        sum(crawl.added) as added,
        sum(crawl.quarantined) as quarantined
    from earshot.crawl
    where
        crawl.source_id = source.id
        and crawl.started_at >= cast(:now as timestamptz) - interval '1 day'
) as day on true
order by source.name;

-- name: health_queue(now)^
-- Texts that wait for tags of an active model, and claims that outlived their lease. The oldest is
-- the one of the lowest id, which the key finds at once.
with active as (
    select distinct model_id
    from earshot.brand_model
    where state = 'active'
),

oldest as (
    select min(first_of_model.seen_at) as seen_at
    from active
    cross join lateral (
        select feedback_version.seen_at
        from earshot.tag_queue
        join earshot.feedback_version
            on feedback_version.id = tag_queue.feedback_version_id
        where tag_queue.model_id = active.model_id
        order by tag_queue.feedback_version_id
        limit 1
    ) as first_of_model
)

select
    count(*) as waiting,
    count(*) filter (where tag_queue.claimed_by is not null) as claimed,
    count(*) filter (
        where
            tag_queue.claimed_by is not null
            and tag_queue.lease_until < clock_timestamp() - interval '5 minutes'
    ) as expired,
    coalesce(
        extract(epoch from cast(:now as timestamptz) - (select oldest.seen_at from oldest)), 0
    )::double precision as oldest_seconds
from earshot.tag_queue
join active on active.model_id = tag_queue.model_id;

-- name: health_outbox(now)
-- Messages by state; `oldest_seconds` is how long the oldest of them has been due.
select
    state,
    count(*) as messages,
    coalesce(
        extract(epoch from cast(:now as timestamptz) - min(greatest(not_before, created_at))), 0
    )::double precision as oldest_seconds
from earshot.outbox
where state in ('waiting', 'sending', 'uncertain', 'dead')
group by state
order by state;

-- name: health_drafts(now)^
-- Replies that wait for a person, and those that are late.
select
    count(*) as waiting,
    count(*) filter (where due_at < :now) as late
from earshot.reply_draft
where state in ('blocked', 'waiting', 'approved', 'sending', 'unsure');

-- name: health_incidents()
select
    severity,
    count(*) as incidents
from earshot.incident
where state <> 'resolved' and not is_historical
group by severity
order by severity;

-- name: health_steps()
-- Each step with its last good run, on the system's clock.
select
    step,
    (extract(epoch from clock_timestamp() - min(started_at)))::double precision as first_seconds,
    (extract(epoch from clock_timestamp() - max(started_at) filter (where error is null)))
    ::double precision as good_seconds,
    count(*) filter (where started_at > clock_timestamp() - interval '1 day') as runs,
    count(*) filter (
        where started_at > clock_timestamp() - interval '1 day' and error is not null
    ) as failures
from earshot.step_run
group by step
order by step;

-- name: health_samples()
-- Every histogram: one row a bucket.
select
    metric,
    label,
    at_most,
    sum(observations)::bigint as observations,
    sum(total) as total
from earshot.metric_sample
group by metric, label, at_most
order by metric, label, at_most;

-- name: health_counters()^
-- What grows only: texts and messages since the beginning.
select
    (select coalesce(sum(seen), 0) from earshot.crawl)::bigint as seen,
    (select coalesce(sum(added), 0) from earshot.crawl)::bigint as added,
    (select coalesce(sum(changed), 0) from earshot.crawl)::bigint as changed,
    (select coalesce(sum(quarantined), 0) from earshot.crawl)::bigint as quarantined;

-- name: health_database_bytes()$
select pg_database_size(current_database());

-- name: health_step_done(step, run, seconds, error, counts)!
insert into earshot.step_run (step, run, seconds, error, counts, started_at)
values (
    :step,
    :run,
    :seconds,
    :error,
    :counts,
    clock_timestamp() - make_interval(secs => :seconds)
);

-- name: health_note(metric, label, seconds, weight)$
select earshot.note_seconds(:metric, :label, cast(:seconds as double precision []), :weight);

-- name: health_fold()!
-- Many small rows of one bucket become one, and runs older than thirty days go.
with gone as (
    delete from earshot.metric_sample
    returning metric, label, at_most, observations, total
),

old_runs as (
    delete from earshot.step_run
    where started_at < clock_timestamp() - interval '30 days'
)

insert into earshot.metric_sample (metric, label, at_most, observations, total)
select
    metric,
    label,
    at_most,
    sum(observations),
    sum(total)
from gone
group by metric, label, at_most;

-- name: health_alarm_raise(name, detail, now)^
-- The open alarm of that name; `is_new` where it began with this call.
insert into earshot.alarm as known (name, detail, raised_at, last_at)
values (:name, :detail, :now, :now)
on conflict (name) where cleared_at is null do update
set
    last_at = excluded.last_at,
    times = known.times + 1
returning id, raised_at, times = 1 as is_new;

-- name: health_alarm_clear(name, now)^
update earshot.alarm
set cleared_at = :now
where name = :name and cleared_at is null
returning id, raised_at, times;

-- name: health_alarms_open()
select
    id,
    name,
    detail,
    raised_at,
    last_at,
    times
from earshot.alarm
where cleared_at is null
order by name;
