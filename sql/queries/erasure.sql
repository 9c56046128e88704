-- Erasure: what is found by author, id or age goes from every table; hashes keep it from coming back.

-- name: erase_find_author(author_key)
select id
from earshot.feedback
where author_key = :author_key
order by id;

-- name: erase_find_id(platform, external_id)
select id
from earshot.feedback
where platform = :platform and external_id = :external_id;

-- name: erase_find_older(source, before, size)
-- By first seen where nobody knows when it was written.
select feedback.id
from earshot.feedback
join earshot.source on source.id = feedback.source_id
where source.name = :source and coalesce(feedback.published_at, feedback.first_seen_at) < :before
order by feedback.id
limit :size;

-- name: erase_quotes(feedback_ids)!
-- Incident evidence quotes people: their quotes go, and the rest of the incident stays.
update earshot.incident
set evidence = jsonb_set(
    evidence,
    '{quotes}',
    coalesce(
        (
            select jsonb_agg(quote.value order by quote.place)
            from jsonb_array_elements(evidence -> 'quotes') with ordinality as quote (value, place)
            where not (quote.value ->> 'feedback_id')::bigint = any(:feedback_ids)
        ),
        '[]'
    )
)
where exists (
    select
    from jsonb_array_elements(evidence -> 'quotes') as quote
    where (quote.value ->> 'feedback_id')::bigint = any(:feedback_ids)
);

-- name: erase_recount(feedback_ids)!
-- A person's texts leave the counts as well; what is only too old stays in them as a number.
select earshot.mark_dirty(:feedback_ids);

-- name: erase_remember(feedback_ids, now)!
insert into earshot.erased (text_key, erased_at)
select earshot.text_key(platform, external_id), :now
from earshot.feedback
where id = any(:feedback_ids)
on conflict do nothing;

-- name: erase_remember_id(platform, external_id, now)!
-- Also where it is not stored now: a backup or a later crawl may hold it.
insert into earshot.erased (text_key, erased_at)
values (earshot.text_key(:platform, :external_id), :now)
on conflict do nothing;

-- name: erase_text_keys(feedback_ids)
-- The hashes by which the journal knows texts.
select encode(earshot.text_key(platform, external_id), 'hex') as text_key
from earshot.feedback
where id = any(:feedback_ids)
order by id;

-- name: erase_remember_keys(text_keys, now)!
insert into earshot.erased (text_key, erased_at)
select decode(given.text_key, 'hex'), :now
from unnest(cast(:text_keys as text[])) as given (text_key)
on conflict do nothing;

-- name: erase_texts(feedback_ids)!
-- Versions, tags, corrections, drafts and the rest go with it.
delete from earshot.feedback
where id = any(:feedback_ids);

-- name: erase_quarantine_author(author_key)!
delete from earshot.quarantine
where author_key = :author_key;

-- name: erase_quarantine_id(external_id)!
delete from earshot.quarantine
where record_key = :external_id;

-- name: erase_quarantine_expired(now)!
delete from earshot.quarantine
where expires_at < :now;

-- name: erase_audit(scope, requested_by, now, erased)$
insert into earshot.erasure (scope, requested_by, requested_at, finished_at, erased)
values (:scope, :requested_by, :now, :now, :erased)
returning id;

-- name: erase_proof(feedback_ids, author_key)^
-- Rows that still speak of them; all zero is the proof.
select
    (
        select count(*) from earshot.feedback
        where id = any(:feedback_ids) or author_key = :author_key
    ) as feedback,
    (
        select count(*) from earshot.feedback_version
        where feedback_id = any(:feedback_ids)
    ) as feedback_version,
    (
        select count(*) from earshot.tagging
        where feedback_id = any(:feedback_ids)
    ) as tagging,
    (
        select count(*) from earshot.correction
        where feedback_id = any(:feedback_ids)
    ) as correction,
    (
        select count(*) from earshot.reply_draft
        where feedback_id = any(:feedback_ids)
    ) as reply_draft,
    (
        select count(*) from earshot.quarantine
        where author_key = :author_key
    ) as quarantine,
    (
        select count(*) from earshot.question
        where not exists (
            select
            from earshot.feedback_version
            where feedback_version.id = question.feedback_version_id
        )
    ) as question,
    (
        select count(*) from earshot.feedback_history
        where feedback_id = any(:feedback_ids)
    ) as feedback_history,
    (
        select count(*) from earshot.incident
        cross join jsonb_array_elements(incident.evidence -> 'quotes') as quote
        where (quote.value ->> 'feedback_id')::bigint = any(:feedback_ids)
    ) as incident_quote,
    (
        select count(*) from earshot.outbox
        cross join jsonb_array_elements_text(outbox.payload -> 'feedback_ids') as quoted
        where quoted.value::bigint = any(:feedback_ids)
    ) as outbox;

-- name: erase_retention()
select name, retention_days
from earshot.source
order by name;

-- name: access_texts(author_key)
-- Everything that is held of one author, for a request for access.
select
    feedback.platform,
    feedback.external_id,
    source.name as source,
    feedback.kind,
    feedback.product,
    feedback.attributes,
    feedback_version.version,
    feedback_version.title,
    feedback_version.body,
    feedback_version.rating,
    feedback.published_at,
    feedback.first_seen_at,
    feedback.url,
    feedback.brand_reply
from earshot.feedback
join earshot.source on source.id = feedback.source_id
join earshot.feedback_version on feedback_version.feedback_id = feedback.id
where feedback.author_key = :author_key
order by feedback.published_at, feedback.id, feedback_version.version;
