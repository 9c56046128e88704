-- The views of last month: the same columns, as they stood at a moment. Functions run with the
-- rights of their owner, as the views do. `force_custom_plan`: a brand and a span are worth
-- planning for.

-- The tag that counts where merged themes meet in one text is the heir's own, as in hourly_count;
-- words of people on merged themes follow the merge.
create or replace view analytics.themed_feedback as
select
    item.feedback_id,
    item.brand,
    item.source,
    item.platform,
    item.kind,
    item.product,
    item.attributes,
    theme.key as theme,
    theme.name as theme_name,
    theme.kind as theme_kind,
    coalesce(correction.value, tag.sentiment) as sentiment,
    correction.value is not null as is_corrected,
    tag.probability,
    tag.p_sentiment,
    tag.sentence,
    item.stars,
    item.sentiment as item_sentiment,
    item.title,
    item.body,
    item.language,
    item.published_at,
    item.published_precision,
    item.first_seen_at,
    item.url,
    item.model_id,
    item.tagged_at
from analytics.feedback_item as item
join earshot.feedback_version
    on feedback_version.feedback_id = item.feedback_id
    and feedback_version.version = item.version
-- One text at a time, by index: a filter on brand and time reaches the few texts it needs.
join lateral (
    select distinct on (found.theme_id) found.*
    from (
        select
            coalesce(tagged_theme.merged_into, tagged_theme.id) as theme_id,
            theme_tag.probability,
            theme_tag.sentiment,
            theme_tag.p_sentiment,
            theme_tag.sentence,
            case when tagged_theme.merged_into is null then 1 else 2 end as place
        from earshot.theme_tag
        join earshot.theme as tagged_theme on tagged_theme.id = theme_tag.theme_id
        where theme_tag.feedback_version_id = feedback_version.id
            and theme_tag.model_id = item.model_id
        union all
        select
            coalesce(added_theme.merged_into, added_theme.id),
            1::real,
            null,
            1::real,
            null::smallint,
            3
        from earshot.correction as added
        join earshot.theme as added_theme on added_theme.id = added.theme_id
        where added.feedback_id = item.feedback_id and added.field = 'theme'
    ) as found
    order by found.theme_id, found.place, found.probability desc
) as tag on true
join earshot.theme on theme.id = tag.theme_id
left join lateral (
    select latest.value
    from earshot.correction as latest
    join earshot.theme as spoken on spoken.id = latest.theme_id
    where latest.feedback_id = item.feedback_id
        and latest.field = 'theme'
        and coalesce(spoken.merged_into, spoken.id) = tag.theme_id
    order by latest.corrected_at desc, latest.id desc
    limit 1
) as correction on true
where correction.value is distinct from 'absent';

create function analytics.feedback_item_as_of(
    moment timestamptz,
    brand_key text default null,
    since timestamptz default null,
    until timestamptz default null
) returns setof analytics.feedback_item
language plpgsql stable security definer rows 10000
set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
begin
    return query
    with activation as materialized (
        select distinct on (model_activation.brand_id)
            model_activation.brand_id,
            model_activation.model_id
        from earshot.model_activation
        where model_activation.active_from <= $1
            and coalesce(model_activation.active_until, 'infinity') > $1
        order by model_activation.brand_id, model_activation.active_from desc
    )

    select
        feedback.id,
        brand.key,
        source.name,
        feedback.platform,
        feedback.kind,
        fact.product,
        fact.attributes,
        said.title,
        said.body,
        said.rating * 5 / said.rating_scale,
        fact.published_at,
        fact.published_precision,
        feedback.first_seen_at,
        said.version,
        fact.url,
        feedback.reach,
        fact.is_verified,
        fact.is_incentivised,
        case when feedback.brand_replied_at <= $1 then feedback.brand_replied_at end,
        tagging.language,
        tagging.is_supported,
        coalesce(
            correction.value,
            case
                when said.rating * 5 / said.rating_scale <= 2 then 'negative'
                when said.rating * 5 / said.rating_scale >= 4 then 'positive'
                when said.rating is not null then 'neutral'
            end,
            case when tagging.outcome = 'tagged' then tagging.sentiment end
        ),
        case
            when correction.value is not null then 'person'
            when said.rating is not null then 'rating'
            when tagging.outcome = 'tagged' then 'text'
        end,
        case when tagging.outcome = 'tagged' then tagging.sentiment end,
        tagging.p_negative,
        tagging.p_neutral,
        tagging.p_positive,
        tagging.outcome,
        tagging.model_id,
        tagging.tagged_at
    from earshot.feedback
    join earshot.source on source.id = feedback.source_id
    join earshot.feedback_brand
        on feedback_brand.feedback_id = feedback.id
        and coalesce(feedback_brand.since, '-infinity') <= $1
    join earshot.brand on brand.id = feedback_brand.brand_id
    left join lateral (
        select feedback_history.*
        from earshot.feedback_history
        where feedback_history.feedback_id = feedback.id and feedback_history.until > $1
        order by feedback_history.until
        limit 1
    ) as past on true
    cross join lateral (
        select
            feedback.product,
            feedback.attributes,
            feedback.published_at,
            feedback.published_precision,
            feedback.url,
            feedback.is_verified,
            feedback.is_incentivised,
            feedback.deleted_at
        where past.feedback_id is null
        union all
        select
            past.product,
            past.attributes,
            past.published_at,
            past.published_precision,
            past.url,
            past.is_verified,
            past.is_incentivised,
            past.deleted_at
        where past.feedback_id is not null
    ) as fact
    join lateral (
        select feedback_version.*
        from earshot.feedback_version
        where feedback_version.feedback_id = feedback.id and feedback_version.seen_at <= $1
        order by feedback_version.version desc
        limit 1
    ) as said on true
    left join activation on activation.brand_id = brand.id
    left join lateral (
        select written.*
        from (
            select
                present.model_id,
                present.language,
                present.is_supported,
                present.sentiment,
                present.p_negative,
                present.p_neutral,
                present.p_positive,
                present.outcome,
                present.tagged_at,
                'infinity'::timestamptz as until
            from earshot.tagging as present
            where present.feedback_version_id = said.id
                and present.model_id = activation.model_id
            union all
            select
                earlier.model_id,
                earlier.language,
                earlier.is_supported,
                earlier.sentiment,
                earlier.p_negative,
                earlier.p_neutral,
                earlier.p_positive,
                earlier.outcome,
                earlier.tagged_at,
                earlier.until
            from earshot.tagging_history as earlier
            where earlier.feedback_version_id = said.id
                and earlier.model_id = activation.model_id
        ) as written
        where written.tagged_at <= $1 and written.until > $1
        order by written.until
        limit 1
    ) as tagging on true
    left join lateral (
        select latest.value
        from earshot.correction as latest
        where latest.feedback_id = feedback.id
            and latest.field = 'sentiment'
            and latest.corrected_at <= $1
        order by latest.corrected_at desc, latest.id desc
        limit 1
    ) as correction on true
    where feedback.speaker = 'customer'
        and feedback.first_seen_at <= $1
        and (fact.deleted_at is null or fact.deleted_at > $1)
        and ($2 is null or brand.key = $2)
        and ($3 is null or fact.published_at >= $3)
        and ($4 is null or fact.published_at < $4);
end
$$;
comment on function analytics.feedback_item_as_of is
    'feedback_item as it stood at a moment, if wanted of one brand and of texts written in a span. Exact but for reach, which is today''s; a text that was erased since is gone from the past too.';

create function analytics.themed_feedback_as_of(
    moment timestamptz,
    brand_key text default null,
    since timestamptz default null,
    until timestamptz default null
) returns setof analytics.themed_feedback
language plpgsql stable security definer rows 10000
set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
begin
    return query
    with theme_then as materialized (
        select
            theme.id,
            coalesce(past.key, theme.key) as key,
            coalesce(past.name, theme.name) as name,
            coalesce(past.kind, theme.kind) as kind,
            case when past.theme_id is null then theme.merged_into else past.merged_into end
                as merged_into
        from earshot.theme
        left join lateral (
            select theme_history.*
            from earshot.theme_history
            where theme_history.theme_id = theme.id and theme_history.until > $1
            order by theme_history.until
            limit 1
        ) as past on true
    )

    select
        item.feedback_id,
        item.brand,
        item.source,
        item.platform,
        item.kind,
        item.product,
        item.attributes,
        theme_then.key,
        theme_then.name,
        theme_then.kind,
        coalesce(correction.value, tag.sentiment),
        correction.value is not null,
        tag.probability,
        tag.p_sentiment,
        tag.sentence,
        item.stars,
        item.sentiment,
        item.title,
        item.body,
        item.language,
        item.published_at,
        item.published_precision,
        item.first_seen_at,
        item.url,
        item.model_id,
        item.tagged_at
    from analytics.feedback_item_as_of($1, $2, $3, $4) as item
    join earshot.feedback_version
        on feedback_version.feedback_id = item.feedback_id
        and feedback_version.version = item.version
    join lateral (
        select distinct on (found.theme_id) found.*
        from (
            select
                coalesce(tagged_theme.merged_into, tagged_theme.id) as theme_id,
                written.probability,
                written.sentiment,
                written.p_sentiment,
                written.sentence,
                case when tagged_theme.merged_into is null then 1 else 2 end as place
            from (
                select
                    present.theme_id,
                    present.probability,
                    present.sentiment,
                    present.p_sentiment,
                    present.sentence
                from earshot.theme_tag as present
                where present.feedback_version_id = feedback_version.id
                    and present.model_id = item.model_id
                    and coalesce(present.since, '-infinity') <= $1
                union all
                select
                    earlier.theme_id,
                    earlier.probability,
                    earlier.sentiment,
                    earlier.p_sentiment,
                    earlier.sentence
                from earshot.theme_tag_history as earlier
                where earlier.feedback_version_id = feedback_version.id
                    and earlier.model_id = item.model_id
                    and coalesce(earlier.since, '-infinity') <= $1
                    and earlier.until > $1
            ) as written
            join theme_then as tagged_theme on tagged_theme.id = written.theme_id
            union all
            select
                coalesce(added_theme.merged_into, added_theme.id),
                1::real,
                null,
                1::real,
                null::smallint,
                3
            from earshot.correction as added
            join theme_then as added_theme on added_theme.id = added.theme_id
            where added.feedback_id = item.feedback_id
                and added.field = 'theme'
                and added.corrected_at <= $1
        ) as found
        order by found.theme_id, found.place, found.probability desc
    ) as tag on true
    join theme_then on theme_then.id = tag.theme_id
    left join lateral (
        select latest.value
        from earshot.correction as latest
        join theme_then as spoken on spoken.id = latest.theme_id
        where latest.feedback_id = item.feedback_id
            and latest.field = 'theme'
            and latest.corrected_at <= $1
            and coalesce(spoken.merged_into, spoken.id) = tag.theme_id
        order by latest.corrected_at desc, latest.id desc
        limit 1
    ) as correction on true
    where correction.value is distinct from 'absent';
end
$$;
comment on function analytics.themed_feedback_as_of is
    'themed_feedback as it stood at a moment, if wanted of one brand and of texts written in a span.';

create function analytics.theme_trend_as_of(
    moment timestamptz,
    brand_key text default null,
    since timestamptz default null,
    until timestamptz default null
) returns setof analytics.theme_trend
language plpgsql stable security definer rows 10000
set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
begin
    return query
    with counted as (
        select
            item.brand,
            'all' as theme,
            item.source,
            item.product,
            item.published_at,
            item.published_precision,
            item.sentiment,
            item.stars
        from analytics.feedback_item_as_of($1, $2, $3, $4) as item
        union all
        select
            themed.brand,
            themed.theme,
            themed.source,
            themed.product,
            themed.published_at,
            themed.published_precision,
            themed.sentiment,
            null
        from analytics.themed_feedback_as_of($1, $2, $3, $4) as themed
    )

    select
        counted.brand,
        counted.theme,
        counted.source,
        coalesce(counted.product, ''),
        period.grain,
        date_trunc(period.grain, place.hour, brand.time_zone),
        count(*),
        count(*) filter (where counted.sentiment = 'negative'),
        count(*) filter (where counted.sentiment = 'neutral'),
        count(*) filter (where counted.sentiment = 'positive'),
        avg(counted.stars)
    from counted
    join earshot.brand on brand.key = counted.brand
    join earshot.source on source.name = counted.source
    cross join lateral (
        select earshot.count_hour(
            counted.published_at, counted.published_precision, source.time_zone
        ) as hour
    ) as place
    cross join (values ('day'), ('week')) as period (grain)
    where counted.published_precision <> 'unknown'
    group by
        counted.brand, counted.theme, counted.source, coalesce(counted.product, ''), period.grain,
        date_trunc(period.grain, place.hour, brand.time_zone);
end
$$;
comment on function analytics.theme_trend_as_of is
    'theme_trend as it stood at a moment, counted from the texts: what was erased since, on request or by age, is missing.';

create function analytics.theme_shift(
    earlier timestamptz,
    later timestamptz,
    brand_key text default null,
    since timestamptz default null,
    until timestamptz default null
) returns table (
    brand text,
    theme text,
    items_earlier bigint,
    items_later bigint,
    items_by_customers bigint,
    items_by_people bigint,
    items_by_model bigint,
    negative_earlier bigint,
    negative_later bigint,
    negative_by_customers bigint,
    negative_by_people bigint,
    negative_by_model bigint
)
language plpgsql stable security definer rows 100
set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
begin
    return query
    with item_earlier as materialized (
        select * from analytics.feedback_item_as_of($1, $3, $4, $5)
    ),
    item_later as materialized (
        select * from analytics.feedback_item_as_of($2, $3, $4, $5)
    ),
    dashboard_earlier as (
        select item_earlier.feedback_id, item_earlier.brand, 'all' as theme, item_earlier.sentiment
        from item_earlier
        union all
        select themed.feedback_id, themed.brand, themed.theme, themed.sentiment
        from analytics.themed_feedback_as_of($1, $3, $4, $5) as themed
    ),
    dashboard_later as (
        select item_later.feedback_id, item_later.brand, 'all' as theme, item_later.sentiment
        from item_later
        union all
        select themed.feedback_id, themed.brand, themed.theme, themed.sentiment
        from analytics.themed_feedback_as_of($2, $3, $4, $5) as themed
    ),
    compared as (
        select
            feedback_id,
            brand,
            theme,
            (was.theme is not null)::integer as items_earlier,
            (became.theme is not null)::integer as items_later,
            coalesce(was.sentiment = 'negative', false)::integer as negative_earlier,
            coalesce(became.sentiment = 'negative', false)::integer as negative_later,
            case
                when item_earlier.version is distinct from item_later.version then 'customers'
                when exists (
                    select
                    from earshot.correction
                    left join earshot.theme as spoken on spoken.id = correction.theme_id
                    left join earshot.theme as heir on heir.id = spoken.merged_into
                    where correction.feedback_id = coalesce(was.feedback_id, became.feedback_id)
                        and correction.corrected_at > $1
                        and correction.corrected_at <= $2
                        and coalesce(was.theme, became.theme)
                            in (coalesce(spoken.key, 'all'), heir.key)
                ) then 'people'
                else 'model'
            end as cause
        from dashboard_earlier as was
        full join dashboard_later as became using (feedback_id, brand, theme)
        left join item_earlier using (feedback_id, brand)
        left join item_later using (feedback_id, brand)
    )

    select
        compared.brand,
        compared.theme,
        sum(compared.items_earlier),
        sum(compared.items_later),
        coalesce(sum(compared.items_later - compared.items_earlier)
            filter (where compared.cause = 'customers'), 0),
        coalesce(sum(compared.items_later - compared.items_earlier)
            filter (where compared.cause = 'people'), 0),
        coalesce(sum(compared.items_later - compared.items_earlier)
            filter (where compared.cause = 'model'), 0),
        sum(compared.negative_earlier),
        sum(compared.negative_later),
        coalesce(sum(compared.negative_later - compared.negative_earlier)
            filter (where compared.cause = 'customers'), 0),
        coalesce(sum(compared.negative_later - compared.negative_earlier)
            filter (where compared.cause = 'people'), 0),
        coalesce(sum(compared.negative_later - compared.negative_earlier)
            filter (where compared.cause = 'model'), 0)
    from compared
    group by compared.brand, compared.theme;
end
$$;
comment on function analytics.theme_shift is
    'Two dashboards of the same span compared: what of the difference customers made (new, edited, moved and deleted texts), what people by correcting, and what the model made (another model, tagging again, merged themes). The three parts add up to the difference.';

revoke execute on function
    analytics.feedback_item_as_of,
    analytics.themed_feedback_as_of,
    analytics.theme_trend_as_of,
    analytics.theme_shift
from public;
grant execute on function
    analytics.feedback_item_as_of,
    analytics.themed_feedback_as_of,
    analytics.theme_trend_as_of,
    analytics.theme_shift
to earshot_pipeline, earshot_web, earshot_analyst;
