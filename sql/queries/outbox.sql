-- The outbox of Slack messages. A row is claimed (state sending, committed) before the call, so
-- that a crash leaves a trace; one sender at a time holds the advisory lock.

-- name: outbox_sender_lock(lock_key)$
select pg_try_advisory_lock(:lock_key);

-- name: outbox_sender_unlock(lock_key)$
select pg_advisory_unlock(:lock_key);

-- name: outbox_enqueue(key, brand_id, subject, destination, channel, action, payload, not_before, created_at)$
-- The row's id, or null where the key is taken: the same thing is said once.
insert into earshot.outbox
    (key, brand_id, subject, destination, channel, action, payload, not_before, created_at)
values
    (:key, :brand_id, :subject, :destination, :channel, :action, :payload, :not_before, :created_at)
on conflict (key) do nothing
returning id;

-- name: outbox_row(key)^
select
    id,
    key,
    brand_id,
    subject,
    destination,
    channel,
    action,
    payload,
    state,
    attempts,
    not_before,
    sent_at,
    remote_channel,
    remote_id,
    error
from earshot.outbox
where key = :key;

-- name: outbox_lock(key)$
-- Two processes that edit one message take turns.
select id
from earshot.outbox
where key = :key
for update;

-- name: outbox_latest_version(message)^
-- What the message says once everything enqueued is sent.
select payload
from earshot.outbox
where
    (key = :message or payload ->> 'target' = :message)
    and state not in ('superseded', 'dead')
order by id desc
limit 1;

-- name: outbox_edits(message)$
select count(*)
from earshot.outbox
where payload ->> 'target' = :message;

-- name: outbox_fold(message, payload)!
-- A message that surely was not sent yet goes out in its newest words.
update earshot.outbox
set payload = :payload
where key = :message and state = 'waiting';

-- name: outbox_supersede(message)!
-- Edits that nobody saw give way to the newest one.
update earshot.outbox
set
    state = 'superseded',
    error = 'a newer edit took its place'
where payload ->> 'target' = :message and state = 'waiting';

-- name: outbox_claim(now, paused)^
-- The next row that may be sent: earlier rows of its subject are finished, and the messages that
-- it edits or answers are sent. Order within a subject holds; other subjects overtake.
with next_row as (
    select o.id
    from earshot.outbox as o
    where
        o.state = 'waiting'
        and o.action <> 'publish'
        and o.not_before <= :now
        and not (coalesce(o.channel, '') = any(cast(:paused as text [])))
        and not exists (
            select 1
            from earshot.outbox as earlier
            where
                earlier.subject = o.subject
                and earlier.id < o.id
                and earlier.action <> 'publish'
                and earlier.state in ('waiting', 'sending', 'uncertain')
        )
        and not exists (
            select 1
            from earshot.outbox as needed
            where
                needed.key in (o.payload ->> 'parent', o.payload ->> 'target')
                and needed.state <> 'sent'
        )
    order by o.id
    limit 1
    for update of o skip locked
)

update earshot.outbox as o
set
    state = 'sending',
    attempts = o.attempts + 1,
    sending_since = clock_timestamp()
from next_row
where o.id = next_row.id
returning
    o.id,
    o.key,
    o.brand_id,
    o.subject,
    o.channel,
    o.action,
    o.payload,
    o.attempts,
    o.sending_since;

-- name: outbox_adopt_crashed()!
-- The caller holds the sender's lock, so a row in sending has lost its sender.
update earshot.outbox
set
    state = 'uncertain',
    error = 'the sender ended while sending'
where state = 'sending' and action <> 'publish';

-- name: outbox_uncertain(settle_seconds, now)
-- Sends whose outcome is unknown, once whatever was in flight has arrived.
select
    id,
    key,
    brand_id,
    subject,
    channel,
    action,
    payload,
    attempts,
    sending_since
from earshot.outbox
where
    state = 'uncertain'
    and action <> 'publish'
    and not_before <= :now
    and sending_since <= clock_timestamp() - make_interval(secs => :settle_seconds)
order by id;

-- name: outbox_sent(id, remote_channel, remote_id, sent_at)!
update earshot.outbox
set
    state = 'sent',
    remote_channel = :remote_channel,
    remote_id = :remote_id,
    sent_at = :sent_at,
    error = null
where id = :id;

-- name: outbox_not_sent(id, not_before, error)!
update earshot.outbox
set
    state = 'waiting',
    not_before = :not_before,
    error = :error
where id = :id;

-- name: outbox_unsure(id, not_before, error)!
update earshot.outbox
set
    state = 'uncertain',
    not_before = :not_before,
    error = :error
where id = :id;

-- name: outbox_pause_channel(channel, until)!
update earshot.outbox
set not_before = greatest(not_before, :until)
where state = 'waiting' and channel = :channel and action <> 'publish';

-- name: outbox_dead(id, error)!
update earshot.outbox
set
    state = 'dead',
    error = :error
where id = :id;

-- name: outbox_bury_dependents()!
-- What hangs on a dead message can never be sent.
update earshot.outbox as o
set
    state = 'dead',
    error = 'its message was never posted'
from earshot.outbox as needed
where
    o.state = 'waiting'
    and needed.key in (o.payload ->> 'parent', o.payload ->> 'target')
    and needed.state = 'dead';

-- name: outbox_retry_dead(now)!
update earshot.outbox
set
    state = 'waiting',
    attempts = 0,
    not_before = :now,
    error = null
where state = 'dead' and action <> 'publish';

-- name: outbox_remember(id, facts)!
-- Adds what the sender learnt (file id, place where reading back goes on) to the payload.
update earshot.outbox
set payload = payload || :facts
where id = :id;

-- name: outbox_channel_id(channel)$
-- Slack's id of a channel that we know by name, learnt from its answers.
select remote_channel
from earshot.outbox
where channel = :channel and remote_channel is not null and remote_channel <> 'preview'
order by id desc
limit 1;

-- name: outbox_waiting()$
select count(*)
from earshot.outbox
where state in ('waiting', 'sending', 'uncertain') and action <> 'publish';
