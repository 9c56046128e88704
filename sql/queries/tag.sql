-- name: tag_queue_hold(model_id)
-- Before the queue is filled: a brand that takes the model on waits until that is done.
select filled_at
from earshot.model
where id = :model_id
for no key update;

-- name: tag_enqueue(model_id, size)!
-- The next texts, newest first, that a model shall tag and has not; at most one chunk. Storing a
-- text queues it for the models of that moment, so that all texts are looked through only for a
-- model that a brand has taken on since; else the last ones, which may have been stored meanwhile.
with newest as (
    select
        feedback_version.id,
        feedback_version.feedback_id,
        feedback_version.version
    from earshot.feedback_version
    where (select model.filled_at is null from earshot.model where model.id = :model_id)
    union all
    (
        select
            feedback_version.id,
            feedback_version.feedback_id,
            feedback_version.version
        from earshot.feedback_version
        where (select model.filled_at is not null from earshot.model where model.id = :model_id)
        order by feedback_version.id desc
        limit 5000
    )
)

insert into earshot.tag_queue (feedback_version_id, model_id, published_at)
select
    newest.id,
    :model_id,
    feedback.published_at
from newest
join earshot.feedback
    on feedback.id = newest.feedback_id and feedback.version = newest.version
where
    feedback.speaker = 'customer'
    and feedback.deleted_at is null
    and exists (
        select
        from earshot.feedback_brand
        join earshot.brand_model on brand_model.brand_id = feedback_brand.brand_id
        where
            feedback_brand.feedback_id = feedback.id
            and brand_model.model_id = :model_id
            and brand_model.state in ('active', 'candidate')
    )
    and not exists (
        select
        from earshot.tagging
        where
            tagging.feedback_version_id = newest.id
            and tagging.model_id = :model_id
    )
    and not exists (
        select
        from earshot.tag_queue
        where
            tag_queue.feedback_version_id = newest.id
            and tag_queue.model_id = :model_id
    )
order by feedback.published_at desc nulls last, newest.id desc
limit :size
on conflict do nothing;

-- name: tag_enqueue_changed(model_id, since, now, size)!
-- Texts since then that were tagged before a theme of the taxonomy got its present words. A
-- change that the clock has not reached yet would tag them for ever.
with newest_change as (
    select max(theme.changed_at) as changed_at
    from earshot.theme
    where
        theme.kind in ('theme', 'urgent')
        and theme.state = 'active'
        and theme.changed_at <= :now
)

insert into earshot.tag_queue (feedback_version_id, model_id, published_at)
select
    current_version.id,
    :model_id,
    feedback.published_at
from newest_change
join earshot.tagging
    on tagging.model_id = :model_id
    and tagging.outcome = 'tagged'
    and tagging.tagged_at < newest_change.changed_at
join earshot.feedback
    on feedback.id = tagging.feedback_id
    and feedback.published_at >= :since
    and feedback.deleted_at is null
join earshot.feedback_version as current_version
    on current_version.id = tagging.feedback_version_id
    and current_version.version = feedback.version
where
    (select model.themes_at from earshot.model where model.id = :model_id)
    is distinct from (select newest_change.changed_at from newest_change)
    and not exists (
        select
        from earshot.tag_queue
        where
            tag_queue.feedback_version_id = current_version.id
            and tag_queue.model_id = :model_id
    )
order by feedback.published_at desc, current_version.id desc
limit :size
on conflict do nothing;

-- name: tag_filled(model_id, now)!
-- Nothing was left to queue.
update earshot.model
set
    filled_at = :now,
    themes_at = (
        select max(theme.changed_at)
        from earshot.theme
        where
            theme.kind in ('theme', 'urgent')
            and theme.state = 'active'
            and theme.changed_at <= :now
    )
where id = :model_id;

-- name: tag_prune(model_id)!
-- A version that was replaced, or is no customer's, needs no tags.
delete from earshot.tag_queue
using earshot.feedback_version, earshot.feedback
where
    tag_queue.model_id = :model_id
    and feedback_version.id = tag_queue.feedback_version_id
    and feedback.id = feedback_version.feedback_id
    and (
        feedback_version.version <> feedback.version
        or feedback.speaker <> 'customer'
        or feedback.deleted_at is not null
    );

-- name: tag_worker_start()$
-- A number for this worker, and a session lock on it: the server frees it when the worker dies.
with worker as (
    select nextval('earshot.fence')::integer as number
)

select worker.number
from worker, lateral pg_advisory_lock(3254, worker.number) as held;

-- name: tag_worker_stop(worker)$
select pg_advisory_unlock(3254, :worker);

-- name: tag_release_dead(model_id)!
-- Claims of workers whose session has ended need not wait for their lease.
update earshot.tag_queue
set lease_until = null
where
    model_id = :model_id
    and lease_until > clock_timestamp()
    and not exists (
        select
        from pg_locks
        where
            pg_locks.locktype = 'advisory'
            and pg_locks.database = (
                select oid from pg_database where datname = current_database()
            )
            and pg_locks.classid = 3254
            and pg_locks.objid = tag_queue.claimed_by::oid
    );

-- name: tag_claim(model_id, worker, lease_seconds, size, least_attempts, most_attempts)
-- Claims the newest free texts under one new fence. Texts that were claimed before without a
-- result are claimed apart from fresh ones, so that a text that kills workers kills alone.
with chosen as (
    select tag_queue.feedback_version_id
    from earshot.tag_queue
    where
        tag_queue.model_id = :model_id
        and tag_queue.attempts between :least_attempts and :most_attempts
        and (tag_queue.lease_until is null or tag_queue.lease_until < clock_timestamp())
    order by tag_queue.published_at desc nulls last, tag_queue.feedback_version_id desc
    limit :size
    for update skip locked
),
claimed as (
    update earshot.tag_queue
    set
        claimed_by = :worker,
        lease_until = clock_timestamp() + make_interval(secs => :lease_seconds),
        fence = (select nextval('earshot.fence')),
        attempts = tag_queue.attempts + 1
    from chosen
    where
        tag_queue.model_id = :model_id
        and tag_queue.feedback_version_id = chosen.feedback_version_id
    returning tag_queue.feedback_version_id, tag_queue.fence, tag_queue.attempts
)

select
    claimed.feedback_version_id,
    claimed.fence,
    claimed.attempts,
    feedback_version.feedback_id,
    feedback_version.title,
    feedback_version.body,
    coalesce(feedback.language_hint, source.language) as language_hint
from claimed
join earshot.feedback_version on feedback_version.id = claimed.feedback_version_id
join earshot.feedback on feedback.id = feedback_version.feedback_id
join earshot.source on source.id = feedback.source_id
order by claimed.feedback_version_id;

-- name: tag_hold(model_id, fence, version_ids)
-- The versions that are still ours, locked until the results are in.
select tag_queue.feedback_version_id
from earshot.tag_queue
where
    tag_queue.model_id = :model_id
    and tag_queue.fence = :fence
    and tag_queue.feedback_version_id = any(:version_ids)
order by tag_queue.feedback_version_id
for update;

-- name: tag_store(model_id, now, taggings)!
insert into earshot.tagging (
    feedback_version_id, model_id, feedback_id, language, is_supported, sentiment,
    p_negative, p_neutral, p_positive, sentences, outcome, reason, tagged_at
)
select
    given.feedback_version_id,
    :model_id,
    given.feedback_id,
    given.language,
    given.is_supported,
    given.sentiment,
    given.p_negative,
    given.p_neutral,
    given.p_positive,
    given.sentences,
    given.outcome,
    given.reason,
    :now
from jsonb_to_recordset(cast(:taggings as jsonb)) as given (
    feedback_version_id bigint,
    feedback_id bigint,
    language text,
    is_supported boolean,
    sentiment text,
    p_negative real,
    p_neutral real,
    p_positive real,
    sentences jsonb,
    outcome text,
    reason text
)
order by given.feedback_version_id
on conflict (feedback_version_id, model_id) do update
set
    language = excluded.language,
    is_supported = excluded.is_supported,
    sentiment = excluded.sentiment,
    p_negative = excluded.p_negative,
    p_neutral = excluded.p_neutral,
    p_positive = excluded.p_positive,
    sentences = excluded.sentences,
    outcome = excluded.outcome,
    reason = excluded.reason,
    tagged_at = excluded.tagged_at;

-- name: tag_clear_themes(model_id, version_ids)!
-- Before results are stored; emerging themes are given by another step and stay.
delete from earshot.theme_tag
using earshot.theme
where
    theme_tag.model_id = :model_id
    and theme_tag.feedback_version_id = any(:version_ids)
    and theme.id = theme_tag.theme_id
    and theme.kind <> 'emerging';

-- name: tag_store_themes(model_id, themes)!
insert into earshot.theme_tag (
    feedback_version_id, model_id, theme_id, probability, sentiment, p_sentiment, sentence
)
select
    given.feedback_version_id,
    :model_id,
    given.theme_id,
    given.probability,
    given.sentiment,
    given.p_sentiment,
    given.sentence
from jsonb_to_recordset(cast(:themes as jsonb)) as given (
    feedback_version_id bigint,
    theme_id integer,
    probability real,
    sentiment text,
    p_sentiment real,
    sentence smallint
)
order by given.feedback_version_id, given.theme_id
on conflict (feedback_version_id, model_id, theme_id) do update
set
    probability = excluded.probability,
    sentiment = excluded.sentiment,
    p_sentiment = excluded.p_sentiment,
    sentence = excluded.sentence;

-- name: tag_done(model_id, fence, version_ids)!
delete from earshot.tag_queue
where
    model_id = :model_id
    and fence = :fence
    and feedback_version_id = any(:version_ids);

-- name: tag_give_back(model_id, fence, version_ids)!
-- Frees texts that could not be read this time; their attempts stay counted.
update earshot.tag_queue
set lease_until = null
where
    model_id = :model_id
    and fence = :fence
    and feedback_version_id = any(:version_ids);

-- name: tag_given_up(model_id, least_attempts, size)
-- Texts whose every attempt ended without a result.
with given_up as (
    select tag_queue.feedback_version_id
    from earshot.tag_queue
    where
        tag_queue.model_id = :model_id
        and tag_queue.attempts >= :least_attempts
        and (tag_queue.lease_until is null or tag_queue.lease_until < clock_timestamp())
    order by tag_queue.feedback_version_id
    limit :size
    for update skip locked
)

update earshot.tag_queue
set
    lease_until = clock_timestamp() + interval '1 minute',
    fence = (select nextval('earshot.fence'))
from given_up, earshot.feedback_version
where
    tag_queue.model_id = :model_id
    and tag_queue.feedback_version_id = given_up.feedback_version_id
    and feedback_version.id = given_up.feedback_version_id
returning
    tag_queue.feedback_version_id,
    tag_queue.fence,
    feedback_version.feedback_id;

-- name: tag_waiting(model_id)$
select count(*)
from earshot.tag_queue
where model_id = :model_id;
