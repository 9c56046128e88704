-- Deliveries of the webhook: each is stored once, and logged by the hour.

-- name: webhook_lock(source_id)$
-- Its own statement: the next one must see what a writer committed for which this had to wait.
select true from pg_advisory_xact_lock(hashtextextended('webhook:' || :source_id, 0));

-- name: webhook_crawl(source_id, now)$
-- The hour's row in the log of crawls; deliveries of one hour share it.
with open as (
    update earshot.crawl
    set finished_at = :now
    where
        crawl.source_id = :source_id
        and crawl.purpose = 'live'
        and crawl.started_at >= date_trunc('hour', cast(:now as timestamptz))
    returning crawl.id
),

made as (
    insert into earshot.crawl (source_id, purpose, started_at, finished_at, status)
    select
        :source_id,
        'live',
        date_trunc('hour', cast(:now as timestamptz)),
        :now,
        'ok'
    where not exists (select from open)
    returning id
)

select max(id) from (select id from open union all select id from made) as hour;

-- name: webhook_claim(source_id, delivery_id, now)$
-- The delivery's id where it is new; a copy of one under way waits for it.
insert into earshot.webhook_delivery (source_id, delivery_id, received_at)
values (:source_id, :delivery_id, :now)
on conflict do nothing
returning delivery_id;

-- name: webhook_forget(before)!
delete from earshot.webhook_delivery
where received_at < :before;

-- name: webhook_habits(now, since)
-- Webhooks that brought something usable, with the hours that did, of late: `longest_pause` lies
-- between two of them, `last_at` is the last delivery.
with busy as (
    select
        crawl.source_id,
        crawl.started_at,
        crawl.finished_at,
        crawl.started_at
        - lag(crawl.started_at) over (partition by crawl.source_id order by crawl.started_at)
        as pause
    from earshot.crawl
    join earshot.source on source.id = crawl.source_id
    where
        source.kind = 'webhook'
        and crawl.purpose = 'live'
        and crawl.seen > crawl.quarantined
        and crawl.started_at <= cast(:now as timestamptz)
),

latest as (
    select
        source_id,
        max(finished_at) as last_at
    from busy
    group by source_id
)

select
    source.id,
    source.name,
    count(*) as busy_hours,
    min(busy.started_at) as first_at,
    latest.last_at,
    max(busy.pause) as longest_pause
from busy
join latest on latest.source_id = busy.source_id
join earshot.source on source.id = busy.source_id
where busy.started_at >= latest.last_at - cast(:since as interval)
group by source.id, source.name, latest.last_at;
