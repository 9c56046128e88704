-- name: counts_mark_feedback(feedback_ids)!
select earshot.mark_dirty(cast(:feedback_ids as bigint[]));

-- name: counts_mark_versions(version_ids)!
select earshot.mark_dirty(array_agg(feedback_version.feedback_id))
from earshot.feedback_version
where feedback_version.id = any(:version_ids);

-- name: counts_mark_brands(brand_ids)!
-- Every hour of these brands, as after a change of the active model.
select earshot.mark_dirty(array_agg(feedback_brand.feedback_id))
from earshot.feedback_brand
where feedback_brand.brand_id = any(:brand_ids);

-- name: counts_mark_themes(theme_ids)!
-- Every hour that counts one of these themes, as after a merge.
select earshot.mark_dirty(array_agg(distinct feedback_version.feedback_id))
from earshot.theme_tag
join earshot.feedback_version on feedback_version.id = theme_tag.feedback_version_id
where theme_tag.theme_id = any(:theme_ids);

-- name: counts_lock()
-- Until the end of the transaction: two that refresh at once would meet in the same day.
select pg_advisory_xact_lock(3255, 0);

-- name: counts_take_dirty(now, size)
-- First of three statements of one transaction: the later ones see whatever was committed before
-- these rows were locked. An hour that somebody is marking is left for the next time.
with taken as (
    select
        count_dirty.brand_id,
        count_dirty.source_id,
        count_dirty.hour
    from earshot.count_dirty
    where count_dirty.hour <= :now
    order by count_dirty.hour desc
    limit :size
    for update skip locked
)

delete from earshot.count_dirty
using taken
where
    count_dirty.brand_id = taken.brand_id
    and count_dirty.source_id = taken.source_id
    and count_dirty.hour = taken.hour
returning
    count_dirty.brand_id,
    count_dirty.source_id,
    count_dirty.hour;

-- name: counts_clear(brand_ids, source_ids, hours)!
with dirty as (
    select *
    from unnest(
        cast(:brand_ids as integer[]),
        cast(:source_ids as integer[]),
        cast(:hours as timestamptz[])
    ) as given (brand_id, source_id, hour)
),
issue as (
    delete from earshot.issue_count
    using dirty
    where
        issue_count.brand_id = dirty.brand_id
        and issue_count.source_id = dirty.source_id
        and issue_count.hour = dirty.hour
)

delete from earshot.hourly_count
using dirty
where
    hourly_count.brand_id = dirty.brand_id
    and hourly_count.source_id = dirty.source_id
    and hourly_count.hour = dirty.hour;

-- name: counts_fill(brand_ids, source_ids, hours)!
with dirty as (
    select
        given.brand_id,
        given.source_id,
        given.hour,
        source.time_zone
    from unnest(
        cast(:brand_ids as integer[]),
        cast(:source_ids as integer[]),
        cast(:hours as timestamptz[])
    ) as given (brand_id, source_id, hour)
    join earshot.source on source.id = given.source_id
),
in_hour as (
    select
        dirty.brand_id,
        dirty.source_id,
        dirty.hour,
        feedback.id as feedback_id
    from dirty
    join earshot.feedback
        on feedback.source_id = dirty.source_id
        and feedback.published_precision = 'second'
        and feedback.published_at >= dirty.hour
        and feedback.published_at < dirty.hour + interval '1 hour'
        and earshot.count_hour(feedback.published_at, 'second', dirty.time_zone) = dirty.hour
    union all
    select
        dirty.brand_id,
        dirty.source_id,
        dirty.hour,
        feedback.id
    from dirty
    join earshot.feedback
        on feedback.source_id = dirty.source_id
        and feedback.published_precision = 'day'
        and feedback.published_at >= dirty.hour
        and feedback.published_at < dirty.hour + interval '26 hours'
        and earshot.count_hour(feedback.published_at, 'day', dirty.time_zone) = dirty.hour
    union all
    select
        dirty.brand_id,
        dirty.source_id,
        dirty.hour,
        feedback.id
    from dirty
    join earshot.feedback
        on feedback.source_id = dirty.source_id
        and feedback.published_precision = 'unknown'
        and feedback.first_seen_at >= dirty.hour
        and feedback.first_seen_at < dirty.hour + interval '1 hour'
        and earshot.count_hour(feedback.first_seen_at, 'unknown', dirty.time_zone) = dirty.hour
),
item as (
    select
        in_hour.brand_id,
        in_hour.source_id,
        in_hour.hour,
        in_hour.feedback_id,
        feedback.product,
        feedback.attributes,
        feedback.published_at,
        feedback.published_precision as precision,
        current_version.id as version_id,
        current_version.rating * 5 / current_version.rating_scale as stars,
        brand_model.model_id,
        case when tagging.outcome = 'tagged' then tagging.sentiment end as text_sentiment
    from in_hour
    join earshot.feedback on feedback.id = in_hour.feedback_id
    join earshot.feedback_brand
        on feedback_brand.feedback_id = in_hour.feedback_id
        and feedback_brand.brand_id = in_hour.brand_id
    join earshot.feedback_version as current_version
        on current_version.feedback_id = feedback.id
        and current_version.version = feedback.version
    left join earshot.brand_model
        on brand_model.brand_id = in_hour.brand_id
        and brand_model.state = 'active'
    left join earshot.tagging
        on tagging.feedback_version_id = current_version.id
        and tagging.model_id = brand_model.model_id
    where feedback.speaker = 'customer' and feedback.deleted_at is null
),
correction as (
    select latest_correction.*
    from earshot.latest_correction
    where latest_correction.feedback_id in (select item.feedback_id from item)
),
whole as (
    select
        item.*,
        0 as theme_id,
        coalesce(
            correction.value,
            case
                when item.stars <= 2 then 'negative'
                when item.stars >= 4 then 'positive'
                when item.stars is not null then 'neutral'
            end,
            item.text_sentiment,
            'unknown'
        ) as sentiment
    from item
    left join correction
        on correction.feedback_id = item.feedback_id
        and correction.field = 'sentiment'
),
tagged_theme as (
    select distinct on (item.brand_id, item.feedback_id, counted.theme_id)
        item.*,
        counted.theme_id,
        theme_tag.sentiment
    from item
    join earshot.theme_tag
        on theme_tag.feedback_version_id = item.version_id
        and theme_tag.model_id = item.model_id
    join earshot.theme on theme.id = theme_tag.theme_id
    cross join lateral (
        select coalesce(theme.merged_into, theme.id) as theme_id
    ) as counted
    order by
        item.brand_id, item.feedback_id, counted.theme_id,
        theme.merged_into nulls first, theme_tag.probability desc
),
corrected_theme as (
    select
        item.*,
        correction.theme_id,
        correction.value as sentiment
    from item
    join correction
        on correction.feedback_id = item.feedback_id
        and correction.field = 'theme'
),
counted as (
    select * from whole
    union all
    select * from corrected_theme
    where corrected_theme.sentiment <> 'absent'
    union all
    select * from tagged_theme
    where not exists (
        select
        from corrected_theme
        where
            corrected_theme.brand_id = tagged_theme.brand_id
            and corrected_theme.feedback_id = tagged_theme.feedback_id
            and corrected_theme.theme_id = tagged_theme.theme_id
    )
),
issue as (
    insert into earshot.issue_count (
        brand_id, source_id, theme_id, hour, precision, product, supplier, courier, version,
        texts, first_at, last_at, rated, stars
    )
    select
        brand_id,
        source_id,
        theme_id,
        hour,
        precision,
        product,
        attributes ->> 'supplier',
        attributes ->> 'courier',
        attributes ->> 'version',
        count(*),
        min(published_at),
        max(published_at),
        count(stars),
        coalesce(sum(stars::double precision), 0)
    from counted
    where theme_id = 0 or sentiment = 'negative'
    group by
        brand_id, source_id, theme_id, hour, precision, product, attributes ->> 'supplier',
        attributes ->> 'courier', attributes ->> 'version'
)

insert into earshot.hourly_count (
    brand_id, source_id, theme_id, product, sentiment, precision, hour, items, rated, stars
)
select
    brand_id,
    source_id,
    theme_id,
    coalesce(product, ''),
    sentiment,
    precision,
    hour,
    count(*),
    case when theme_id = 0 then count(stars) else 0 end,
    case when theme_id = 0 then coalesce(sum(stars), 0) else 0 end
from counted
where precision <> 'unknown'
group by
    brand_id, source_id, theme_id, coalesce(product, ''), sentiment, precision, hour;
