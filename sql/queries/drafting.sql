-- name: drafting_candidates(since, until, most)
-- Recent complaints about our own brands without an answer or a draft for their version: rated
-- two of five or less, or unrated and negative by their text.
with recent as (
    select distinct on (feedback.id)
        feedback.id,
        feedback.version,
        feedback.platform,
        feedback.external_id,
        feedback.product,
        feedback.published_at,
        feedback.reach,
        feedback.source_id,
        feedback_brand.brand_id
    from earshot.feedback
    join earshot.feedback_brand on feedback_brand.feedback_id = feedback.id
    join earshot.brand on brand.id = feedback_brand.brand_id
    where feedback.published_at between :since and :until
        and feedback.speaker = 'customer'
        and feedback.kind in ('review', 'mention')
        and feedback.brand_reply is null
        and feedback.deleted_at is null
        and brand.role = 'own'
        and not exists (
            select
            from earshot.reply_draft
            where reply_draft.feedback_id = feedback.id
                and reply_draft.version = feedback.version
        )
    order by feedback.id, brand.id
)
select
    recent.id,
    recent.version,
    recent.platform,
    recent.external_id,
    recent.product,
    recent.published_at,
    coalesce(recent.reach, 0) as reach,
    brand.key as brand,
    source.name as source,
    current_version.title,
    current_version.body,
    (current_version.rating * 5 / current_version.rating_scale)::double precision as stars,
    tagging.language,
    tagging.sentiment,
    incident.id as incident_id,
    incident.severity,
    coalesce(tags.themes, '[]'::jsonb) as themes
from recent
join earshot.brand on brand.id = recent.brand_id
join earshot.source on source.id = recent.source_id
join earshot.feedback_version as current_version
    on current_version.feedback_id = recent.id and current_version.version = recent.version
join earshot.brand_model
    on brand_model.brand_id = recent.brand_id and brand_model.state = 'active'
join earshot.tagging
    on tagging.feedback_version_id = current_version.id
    and tagging.model_id = brand_model.model_id
left join lateral (
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
    from earshot.theme_tag
    join earshot.theme on theme.id = theme_tag.theme_id
    where theme_tag.feedback_version_id = current_version.id
        and theme_tag.model_id = brand_model.model_id
) as tags on true
left join lateral (
    select
        open_incident.id,
        open_incident.severity
    from earshot.incident_feedback
    join earshot.incident as open_incident on open_incident.id = incident_feedback.incident_id
    where incident_feedback.feedback_id = recent.id
        and open_incident.state <> 'resolved'
        and not open_incident.is_historical
    order by open_incident.id desc
    limit 1
) as incident on true
where current_version.rating * 5 / current_version.rating_scale <= 2
    or (current_version.rating is null and tagging.sentiment = 'negative')
order by recent.published_at, recent.id
limit :most;

-- name: drafting_claim(feedback_id)$
-- One process at a time writes about a text; held by the session, so that a kill frees it.
select pg_try_advisory_lock(hashtextextended('reply:' || :feedback_id, 0));

-- name: drafting_release(feedback_id)$
select pg_advisory_unlock(hashtextextended('reply:' || :feedback_id, 0));

-- name: drafting_is_wanted(feedback_id, version)$
-- Whether a review is still as it was read, and neither answered nor drafted meanwhile.
select exists (
    select
    from earshot.feedback
    where feedback.id = :feedback_id
        and feedback.version = :version
        and feedback.brand_reply is null
        and feedback.deleted_at is null
        and not exists (
            select
            from earshot.reply_draft
            where reply_draft.feedback_id = feedback.id
                and reply_draft.version = feedback.version
        )
);

-- name: drafting_recent_replies(brand, most)
select
    reply_draft.text
from earshot.reply_draft
join earshot.brand on brand.id = reply_draft.brand_id
where brand.key = :brand and reply_draft.text <> ''
order by reply_draft.id desc
limit :most;

-- name: drafting_insert(feedback_id, version, attempt, incident_id, brand, language, engine, text, guard, state, reason, created_at, due_at)$
-- Null where another run drafted the same attempt first.
insert into earshot.reply_draft (
    feedback_id, version, attempt, incident_id, brand_id, language, engine, text, text_hash,
    guard, state, reason, created_at, due_at
)
select
    :feedback_id, :version, :attempt, :incident_id, brand.id, :language, :engine, :text,
    sha256(convert_to(:text, 'utf8')), :guard::jsonb, :state, :reason, :created_at, :due_at
from earshot.brand
where brand.key = :brand
on conflict (feedback_id, version, attempt) do nothing
returning id;

-- name: drafting_event(draft_id, at, kind, actor, detail)!
insert into earshot.reply_event (draft_id, at, kind, actor, detail)
values (:draft_id, :at, :kind, :actor, :detail::jsonb);
