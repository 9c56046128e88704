-- What Slack and the outbox hold of feedback that must be erased.

-- name: slack_erase_rows(feedback_ids)
-- Rows that quote or answer one of them, and the message that each of them changed.
select
    id,
    key,
    channel,
    brand_id,
    subject,
    state,
    coalesce(payload ->> 'target', key) as message,
    payload ->> 'incident_id' as incident_id,
    payload ->> 'file_id' as file_id
from earshot.outbox
where
    payload ? 'feedback_ids'
    and exists (
        select 1
        from jsonb_array_elements_text(payload -> 'feedback_ids') as quoted
        where cast(quoted.value as bigint) = any(:feedback_ids)
    )
order by id
for update;

-- name: slack_erase_payload(id)!
-- The row stays as a trace of what was sent when; its words go.
update earshot.outbox
set payload = (payload - 'chart' - 'text' - 'blocks') || '{"feedback_ids": [], "is_erased": true}'
where id = :id;

-- name: slack_erase_unsent(message)!
update earshot.outbox
set
    state = 'superseded',
    error = 'erased before it was sent'
where
    (key = :message or payload ->> 'target' = :message)
    and state = 'waiting'
    and payload ? 'is_erased';
