-- name: watch_cells(brand, since, until)
-- Hourly counts as detection reads them: one row a source, theme, product, precision and hour.
select
    source.name as source,
    hourly_count.hour,
    theme.key as theme,
    nullif(hourly_count.product, '') as product,
    hourly_count.precision,
    sum(hourly_count.items)::integer as items,
    coalesce(
        sum(hourly_count.items) filter (where hourly_count.sentiment = 'negative'), 0
    )::integer as negative,
    sum(hourly_count.rated)::integer as rated,
    sum(hourly_count.stars)::double precision as stars
from earshot.hourly_count
join earshot.brand on brand.id = hourly_count.brand_id
join earshot.source on source.id = hourly_count.source_id
left join earshot.theme on theme.id = hourly_count.theme_id
where brand.key = :brand
    and hourly_count.hour >= :since
    and hourly_count.hour < :until
    and (theme.kind is null or theme.kind <> 'urgent')
group by
    source.name, hourly_count.hour, theme.key, nullif(hourly_count.product, ''),
    hourly_count.precision
order by hourly_count.hour;

-- name: watch_observations(brand, since, until)
-- Every counted text of a brand in a span of publish times, with its tags, oldest first.
with item as (
    select
        feedback_item.*,
        feedback.author_key,
        feedback_version.copy_key
    from analytics.feedback_item
    join earshot.feedback on feedback.id = feedback_item.feedback_id
    join earshot.feedback_version
        on feedback_version.feedback_id = feedback.id
        and feedback_version.version = feedback.version
    where feedback_item.brand = :brand
        and feedback_item.published_at >= :since
        and feedback_item.published_at < :until
        and feedback_item.published_precision <> 'unknown'
)
select
    item.feedback_id,
    item.source,
    item.product,
    item.attributes,
    item.title,
    item.body,
    item.stars::double precision as stars,
    item.sentiment,
    item.published_at,
    item.published_precision,
    item.first_seen_at,
    item.url,
    item.reach,
    item.author_key,
    encode(item.copy_key, 'hex') as copy_key,
    item.model_id,
    coalesce(tag.themes, '[]'::jsonb) as themes
from item
left join lateral (
    select
        jsonb_agg(
            jsonb_build_array(
                themed_feedback.theme,
                themed_feedback.sentiment = 'negative',
                themed_feedback.theme_kind
            )
        ) as themes
    from analytics.themed_feedback
    where themed_feedback.feedback_id = item.feedback_id
        and themed_feedback.brand = :brand
) as tag on true
order by item.published_at, item.feedback_id;

-- name: watch_first_hour(brand)$
select
    min(hourly_count.hour)
from earshot.hourly_count
join earshot.brand on brand.id = hourly_count.brand_id
where brand.key = :brand;

-- name: watch_take_changed(brand)
-- The hours that changed, oldest first; gone with the commit that stores what was made of them.
delete from earshot.count_changed
using earshot.brand
where brand.id = count_changed.brand_id and brand.key = :brand
returning count_changed.hour;

-- name: watch_states(brand)
select
    series_state.series,
    series_state.state
from earshot.series_state
join earshot.brand on brand.id = series_state.brand_id
where brand.key = :brand;

-- name: watch_save_state(brand, series, up_to, state)*!
insert into earshot.series_state (brand_id, series, up_to, state)
select brand.id, :series, :up_to, :state::jsonb
from earshot.brand
where brand.key = :brand
on conflict (brand_id, series) do update
set up_to = excluded.up_to, state = excluded.state;

-- name: watch_forget_states(brand)!
delete from earshot.series_state
using earshot.brand
where brand.id = series_state.brand_id and brand.key = :brand and series <> 'watch';

-- name: watch_context(brand)^
-- What a step knows beside counts: broken sources, the last change of the active model, and of the
-- words of each theme since the taxonomy was first read.
select
    (
        select coalesce(array_agg(source.name), '{}')
        from earshot.source
        where source.health = 'unhealthy'
    ) as unhealthy_sources,
    (
        select max(model_activation.active_from)
        from earshot.model_activation
        where model_activation.brand_id = brand.id
            and exists (
                select
                from earshot.model_activation as earlier
                where earlier.brand_id = brand.id
                    and earlier.active_from < model_activation.active_from
            )
    ) as model_changed_at,
    (
        select coalesce(jsonb_object_agg(theme.key, theme.changed_at), '{}')
        from earshot.theme
        where theme.changed_at > (select min(first.since) from earshot.theme as first)
    ) as themes_changed_at
from earshot.brand
where brand.key = :brand;

-- name: watch_theme_weights()
select
    theme.key,
    theme.name,
    theme.weight::double precision as weight,
    theme.kind,
    theme.owner,
    theme.playbook
from earshot.theme
where theme.state = 'active';

-- name: watch_lock(key)$
select pg_try_advisory_lock(:key);

-- name: watch_unlock(key)$
select pg_advisory_unlock(:key);

-- name: watch_put_back(brand, hour)!
insert into earshot.count_changed (brand_id, hour)
select brand.id, :hour
from earshot.brand
where brand.key = :brand
on conflict do nothing;

-- name: watch_sources(names)
select
    source.name,
    source.health,
    source.health_reason
from earshot.source
where source.name = any(:names)
order by source.name;

-- name: planned_events()
select
    brand.key as brand,
    planned_event.name,
    planned_event.starts_at,
    planned_event.ends_at,
    planned_event.expected_factor
from earshot.planned_event
join earshot.brand on brand.id = planned_event.brand_id
order by planned_event.id;

-- name: planned_event_save(brand, name, starts_at, ends_at, expected_factor)!
insert into earshot.planned_event (brand_id, name, starts_at, ends_at, expected_factor)
select brand.id, :name, :starts_at, :ends_at, :expected_factor
from earshot.brand
where brand.key = :brand
on conflict (brand_id, name, starts_at) do update
set ends_at = excluded.ends_at, expected_factor = excluded.expected_factor;
