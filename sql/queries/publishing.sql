-- Outbox rows that go to platforms and help desks. As with Slack a row is claimed (sending,
-- committed) before the call; one sender at a time holds the advisory lock.

-- name: publishing_due(now, skipped)^
-- The next row that may be sent; rows of a platform that is left alone in this run are skipped.
select
    id,
    key,
    destination,
    payload,
    attempts
from earshot.outbox
where
    action = 'publish'
    and state = 'waiting'
    and destination <> 'copy'
    and not_before <= :now
    and not (destination = any(cast(:skipped as text [])))
order by id
limit 1;

-- name: publishing_claim(id)^
-- Null where it was withdrawn meanwhile.
update earshot.outbox
set
    state = 'sending',
    attempts = attempts + 1,
    sending_since = clock_timestamp()
where id = :id and state = 'waiting' and destination <> 'copy'
returning
    id,
    key,
    destination,
    payload,
    attempts,
    sending_since;

-- name: publishing_adopt_crashed()!
-- The caller holds the sender's lock, so a row in sending has lost its sender.
update earshot.outbox
set
    state = 'uncertain',
    error = 'the sender ended while sending'
where state = 'sending' and action = 'publish';

-- name: publishing_uncertain(settle_seconds, now)
select
    id,
    key,
    destination,
    payload,
    attempts,
    sending_since
from earshot.outbox
where
    state = 'uncertain'
    and action = 'publish'
    and not_before <= :now
    and sending_since <= clock_timestamp() - make_interval(secs => :settle_seconds)
order by id;

-- name: publishing_lock(id)$
-- The row's state, held until the transaction ends.
select state
from earshot.outbox
where id = :id
for update;

-- name: publishing_sent(id, remote_id, sent_at)!
update earshot.outbox
set
    state = 'sent',
    remote_id = :remote_id,
    sent_at = :sent_at,
    error = null
where id = :id;

-- name: publishing_withdrawn(id, reason)!
update earshot.outbox
set
    state = 'superseded',
    error = :reason
where id = :id;

-- name: publishing_by_hand(id, reason)!
-- A person copies it: the row stays as the record of the publication that is still owed.
update earshot.outbox
set
    state = 'waiting',
    destination = 'copy',
    error = :reason
where id = :id;

-- name: publishing_hold(destination, until)!
-- A limit holds every row of the platform.
update earshot.outbox
set not_before = greatest(not_before, :until)
where state = 'waiting' and action = 'publish' and destination = :destination;

-- name: publishing_left()$
select count(*)
from earshot.outbox
where
    action = 'publish'
    and state in ('waiting', 'sending', 'uncertain')
    and destination <> 'copy';

-- name: publishing_resend(draft_id, now)!
-- A person looked and it is not there: it may be sent again.
update earshot.outbox
set
    state = 'waiting',
    attempts = 0,
    not_before = :now,
    error = null,
    payload = payload - 'looks'
where key = 'publish:' || :draft_id and state in ('dead', 'uncertain');

-- name: publishing_auto_candidates(brand, least_stars, now)
-- Waiting drafts of well rated texts without an urgent tag, to which the guard has no objection;
-- what a language model wrote waits for a person.
select
    draft.id,
    draft.version,
    draft.text_hash,
    source.name as source_name
from earshot.reply_draft as draft
inner join earshot.brand as brand on draft.brand_id = brand.id
inner join earshot.feedback as feedback on draft.feedback_id = feedback.id
inner join earshot.source as source on feedback.source_id = source.id
inner join earshot.feedback_version as told
    on told.feedback_id = draft.feedback_id and told.version = draft.version
where
    draft.state = 'waiting'
    and draft.engine <> 'llm'
    and draft.guard = '[]'::jsonb
    and brand.key = :brand
    and told.rating * 5 / told.rating_scale >= :least_stars
    and draft.due_at > cast(:now as timestamptz) - interval '7 days'
    and not exists (
        select 1
        from earshot.theme_tag
        inner join earshot.theme on theme_tag.theme_id = theme.id
        where theme_tag.feedback_version_id = told.id and theme.kind = 'urgent'
    )
    and not exists (
        select 1
        from earshot.reply_event
        where reply_event.draft_id = draft.id and reply_event.kind = 'edited'
    )
order by draft.due_at, draft.id
for update of draft;

-- name: publishing_auto_count(actor, since)$
-- Replies that a rule approved since the day began.
select count(*)
from earshot.reply_event
where kind = 'approved' and actor = :actor and at >= :since;
