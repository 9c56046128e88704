-- name: model_lock()$
-- Registering and activating happen one at a time.
select pg_advisory_xact_lock(3255, 0);

-- name: model_register(model_id, weights, now)!
insert into earshot.model (id, weights, registered_at)
values (:model_id, :weights, :now)
on conflict (id) do update
set weights = excluded.weights
where model.weights <> excluded.weights;

-- name: model_make_first_active(model_id, now)!
-- A brand without an active model starts with this one.
insert into earshot.brand_model (brand_id, model_id, state, changed_at)
select
    brand.id,
    :model_id,
    'active',
    :now
from earshot.brand
where not exists (
    select
    from earshot.brand_model
    where brand_model.brand_id = brand.id and brand_model.state = 'active'
)
on conflict (brand_id, model_id) do update
set state = excluded.state, changed_at = excluded.changed_at;

-- name: model_make_candidate(model_id, now)!
-- Elsewhere it is the candidate, unless it is the active one.
insert into earshot.brand_model (brand_id, model_id, state, changed_at)
select
    brand.id,
    :model_id,
    'candidate',
    :now
from earshot.brand
on conflict (brand_id, model_id) do update
set state = excluded.state, changed_at = excluded.changed_at
where brand_model.state = 'retired';

-- name: model_retire_candidates(model_id, now)!
-- There is one candidate: the model that the settings name.
update earshot.brand_model
set state = 'retired', changed_at = :now
where state = 'candidate' and model_id <> :model_id;

-- name: model_drop_queues()!
-- Retired models tag nothing more.
delete from earshot.tag_queue
where not exists (
    select
    from earshot.brand_model
    where
        brand_model.model_id = tag_queue.model_id
        and brand_model.state in ('active', 'candidate')
);

-- name: model_serving()
-- Models that tag, the active ones first.
select
    model.id,
    model.weights
from earshot.model
join earshot.brand_model on brand_model.model_id = model.id
where brand_model.state in ('active', 'candidate')
group by model.id, model.weights
order by bool_or(brand_model.state = 'active') desc, model.id;

-- name: model_list(since)
-- Models by brand with their state and the share of recent texts that they have tagged.
with recent as (
    select
        feedback_brand.brand_id,
        current_version.id as version_id
    from earshot.feedback
    join earshot.feedback_brand on feedback_brand.feedback_id = feedback.id
    join earshot.feedback_version as current_version
        on current_version.feedback_id = feedback.id
        and current_version.version = feedback.version
    where
        feedback.speaker = 'customer'
        and feedback.deleted_at is null
        and (feedback.published_at >= :since or feedback.published_at is null)
)

select
    brand.key,
    brand_model.model_id,
    brand_model.state,
    brand_model.changed_at,
    model.weights,
    count(recent.version_id) as texts,
    count(tagging.feedback_version_id) as tagged
from earshot.brand_model
join earshot.brand on brand.id = brand_model.brand_id
join earshot.model on model.id = brand_model.model_id
left join recent on recent.brand_id = brand_model.brand_id
left join earshot.tagging
    on tagging.feedback_version_id = recent.version_id
    and tagging.model_id = brand_model.model_id
group by
    brand.key, brand_model.model_id, brand_model.state, brand_model.changed_at, model.weights
order by brand.key, brand_model.changed_at, brand_model.model_id;

-- name: model_brands_to_activate(model_id)
select brand_model.brand_id
from earshot.brand_model
where brand_model.model_id = :model_id and brand_model.state <> 'active'
order by brand_model.brand_id;

-- name: model_retire_active(brand_ids, now)!
update earshot.brand_model
set state = 'retired', changed_at = :now
where state = 'active' and brand_id = any(:brand_ids);

-- name: model_activate(model_id, brand_ids, now)!
update earshot.brand_model
set state = 'active', changed_at = :now
where model_id = :model_id and brand_id = any(:brand_ids);
