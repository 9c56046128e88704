-- Decisions about reply drafts. The caller holds the draft's row (slack_draft locks it).

-- name: approvals_event(draft_id, at, kind, actor, detail)!
insert into earshot.reply_event (draft_id, at, kind, actor, detail)
values (:draft_id, :at, :kind, :actor, :detail);

-- name: approvals_state(draft_id, state, reason)!
update earshot.reply_draft
set
    state = :state,
    reason = :reason
where id = :draft_id;

-- name: approvals_sent(draft_id, sent_at)!
update earshot.reply_draft
set
    state = 'sent',
    sent_at = :sent_at
where id = :draft_id;

-- name: approvals_text(draft_id, text, text_hash, guard, state)!
update earshot.reply_draft
set
    text = :text,
    text_hash = :text_hash,
    guard = :guard,
    state = :state,
    reason = null
where id = :draft_id;

-- name: approvals_last_editor(draft_id)$
select actor
from earshot.reply_event
where draft_id = :draft_id and kind = 'edited'
order by id desc
limit 1;

-- name: approvals_first_approval(draft_id, text_hash)$
-- Who approved exactly this text first, where two people must.
select actor
from earshot.reply_event
where draft_id = :draft_id and kind = 'first_approval' and detail ->> 'hash' = :text_hash
order by id
limit 1;

-- name: approvals_publish(draft_id, brand_id, destination, payload, now)$
-- The key holds one publication per draft; null where it was enqueued before.
insert into earshot.outbox
    (key, brand_id, subject, destination, channel, action, payload, not_before, created_at)
values
    (
        'publish:' || :draft_id, :brand_id, 'reply:' || :draft_id, :destination, null, 'publish',
        :payload, :now, :now
    )
on conflict (key) do nothing
returning id;

-- name: approvals_published(draft_id, sent_at)!
update earshot.outbox
set
    state = 'sent',
    sent_at = :sent_at
where key = 'publish:' || :draft_id and state in ('waiting', 'uncertain', 'dead');

-- name: approvals_withdraw(draft_id)!
-- An approval that became void takes its publication back, unless that has begun.
update earshot.outbox
set
    state = 'superseded',
    error = 'the approval is void'
where key = 'publish:' || :draft_id and state = 'waiting';

-- name: approvals_outdated()
-- Drafts whose review was edited or deleted since they were written; all locked before any of
-- their messages, as a single decision does.
select draft.id
from earshot.reply_draft as draft
inner join earshot.feedback as feedback on draft.feedback_id = feedback.id
where
    draft.state in ('blocked', 'waiting', 'approved', 'held')
    and (feedback.version <> draft.version or feedback.deleted_at is not null)
order by draft.id
for update of draft;

-- name: approvals_next_attempt(feedback_id, version)$
select coalesce(max(attempt), 0) + 1
from earshot.reply_draft
where feedback_id = :feedback_id and version = :version;

-- name: approvals_wish(draft_id)^
-- Who wants another text and how, where it is not written yet; the new text makes the draft void.
select
    actor,
    detail
from (
    select
        kind,
        actor,
        detail
    from earshot.reply_event
    where draft_id = :draft_id and kind in ('wished', 'wish_ended')
    order by id desc
    limit 1
) as last_told
where kind = 'wished';

-- name: approvals_wished()
-- Drafts of which somebody wants another text that is not written yet.
select draft.id
from earshot.reply_draft as draft
inner join lateral (
    select reply_event.kind
    from earshot.reply_event
    where
        reply_event.draft_id = draft.id
        and reply_event.kind in ('wished', 'wish_ended')
    order by reply_event.id desc
    limit 1
) as last_told on last_told.kind = 'wished'
where draft.state in ('waiting', 'blocked')
order by draft.id;

-- name: approvals_new_attempt(draft_id, attempt, engine, text, text_hash, now)$
-- Another attempt at the same review version, due when the first one was.
insert into earshot.reply_draft (
    feedback_id, version, attempt, incident_id, brand_id, language, engine, text, text_hash,
    guard, state, created_at, due_at
)
select
    feedback_id,
    version,
    :attempt,
    incident_id,
    brand_id,
    language,
    :engine,
    :text,
    :text_hash,
    '[]',
    'waiting',
    :now,
    due_at
from earshot.reply_draft
where id = :draft_id
on conflict (feedback_id, version, attempt) do nothing
returning id;

-- name: approvals_review(draft_id)^
-- The review behind a draft, with the columns of drafting_candidates that the engine reads.
with one as (
    select
        draft.feedback_id,
        draft.version,
        draft.brand_id,
        draft.incident_id,
        told.id as feedback_version_id,
        told.title,
        told.body,
        (told.rating * 5 / told.rating_scale)::double precision as stars
    from earshot.reply_draft as draft
    inner join earshot.feedback_version as told
        on told.feedback_id = draft.feedback_id and told.version = draft.version
    where draft.id = :draft_id
),

tag as (
    select
        jsonb_agg(
            jsonb_build_object(
                'key', theme.key,
                'kind', theme.kind,
                'sentiment', theme_tag.sentiment,
                'probability', theme_tag.probability
            )
            order by theme_tag.probability desc
        ) as themes
    from one
    inner join earshot.brand_model
        on brand_model.brand_id = one.brand_id and brand_model.state = 'active'
    inner join earshot.theme_tag
        on
            theme_tag.feedback_version_id = one.feedback_version_id
            and theme_tag.model_id = brand_model.model_id
    inner join earshot.theme on theme_tag.theme_id = theme.id
)

select
    feedback.id,
    one.version,
    feedback.platform,
    feedback.external_id,
    feedback.product,
    feedback.published_at,
    coalesce(feedback.reach, 0) as reach,
    brand.key as brand,
    one.title,
    one.body,
    one.stars,
    (
        select tagging.language
        from earshot.tagging
        where tagging.feedback_version_id = one.feedback_version_id
        order by tagging.tagged_at desc
        limit 1
    ) as language,
    (select incident.severity from earshot.incident where incident.id = one.incident_id)
        as severity,
    coalesce(tag.themes, '[]'::jsonb) as themes
from one
inner join earshot.feedback on one.feedback_id = feedback.id
inner join earshot.brand on one.brand_id = brand.id
cross join tag;
