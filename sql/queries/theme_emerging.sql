-- name: theme_emerging_candidates(model_id, since, size)
-- Texts of the window that this model tagged, newest first, with the emerging theme that a
-- sentence of theirs was given before, by whichever model.
with recent as (
    select
        feedback.id as feedback_id,
        feedback.author_key,
        feedback.product,
        feedback.published_at,
        current_version.id as version_id,
        current_version.title,
        current_version.body,
        tagging.sentences
    from earshot.feedback
    join earshot.feedback_version as current_version
        on current_version.feedback_id = feedback.id
        and current_version.version = feedback.version
    join earshot.tagging
        on tagging.feedback_version_id = current_version.id
        and tagging.model_id = :model_id
        and tagging.outcome = 'tagged'
    where
        feedback.deleted_at is null
        and feedback.published_at >= :since
        and jsonb_array_length(tagging.sentences) > 0
    order by feedback.published_at desc, current_version.id desc
    limit :size
)

select
    recent.version_id,
    recent.feedback_id,
    recent.author_key,
    recent.product,
    recent.published_at,
    recent.title,
    recent.body,
    recent.sentences,
    coalesce(
        (
            select jsonb_object_agg(given.sentence::text, given.theme_id)
            from (
                select distinct on (theme_tag.sentence)
                    theme_tag.sentence,
                    theme_tag.theme_id
                from earshot.theme_tag
                join earshot.theme on theme.id = theme_tag.theme_id
                where
                    theme_tag.feedback_version_id = recent.version_id
                    and theme.kind = 'emerging'
                    and theme.state = 'active'
                order by theme_tag.sentence, theme_tag.theme_id
            ) as given
        ),
        '{}'
    ) as emerging
from recent
order by recent.published_at, recent.version_id;

-- name: theme_emerging_add(name, split_from, now)$
insert into earshot.theme (key, name, kind, state, split_from, since, changed_at)
select
    'emerging_' || nextval('earshot.fence'),
    :name,
    'emerging',
    'active',
    :split_from,
    :now,
    :now
returning id;

-- name: theme_emerging_describe(theme_id, name)!
update earshot.theme
set name = :name
where id = :theme_id and kind = 'emerging' and name <> :name;

-- name: theme_emerging_merge(ended, kept, now)!
update earshot.theme
set state = 'merged', merged_into = :kept, changed_at = :now
where id = :ended;

-- name: theme_emerging_retire(since, now)!
-- Emerging themes that no text of the window speaks of any more.
update earshot.theme
set state = 'retired', changed_at = :now
where
    kind = 'emerging'
    and state = 'active'
    and not exists (
        select
        from earshot.theme_tag
        join earshot.feedback_version on feedback_version.id = theme_tag.feedback_version_id
        join earshot.feedback on feedback.id = feedback_version.feedback_id
        where theme_tag.theme_id = theme.id and feedback.published_at >= :since
    );

-- name: theme_emerging_clear(model_id, version_ids)!
delete from earshot.theme_tag
using earshot.theme
where
    theme_tag.model_id = :model_id
    and theme_tag.feedback_version_id = any(:version_ids)
    and theme.id = theme_tag.theme_id
    and theme.kind = 'emerging';

-- name: theme_emerging_models()
-- The models that are counted, with their brands' ids.
select
    brand_model.model_id,
    model.weights
from earshot.brand_model
join earshot.model on model.id = brand_model.model_id
where brand_model.state = 'active'
group by brand_model.model_id, model.weights
order by brand_model.model_id;

-- name: theme_promote(theme_id, key)$
-- The emerging theme gets the key of the taxonomy and keeps its id; null where it cannot.
update earshot.theme
set key = :key
where
    id = :theme_id
    and kind = 'emerging'
    and state = 'active'
    and not exists (
        select
        from earshot.theme as taken
        where taken.key = :key and taken.id <> :theme_id
    )
returning name;
