-- Days, weeks and complaints from what is counted so far. Writers of counts wait meanwhile, which
-- is the watch alone; crawls and taggers go on.

lock table earshot.hourly_count in share row exclusive mode;

insert into earshot.period_count select hour_in_period.* from earshot.hour_in_period;

create trigger add_to_periods after insert on earshot.hourly_count
    referencing new table as changed
    for each statement execute function earshot.add_to_periods();
create trigger take_from_periods after delete on earshot.hourly_count
    referencing old table as changed
    for each statement execute function earshot.take_from_periods();
create trigger take_old_from_periods after update on earshot.hourly_count
    referencing old table as changed
    for each statement execute function earshot.take_from_periods();
create trigger then_add_new_to_periods after update on earshot.hourly_count
    referencing new table as changed
    for each statement execute function earshot.add_to_periods();

insert into earshot.issue_count
with told as (
    select
        item.brand,
        item.source,
        'all' as theme,
        item.product,
        item.attributes,
        item.published_at,
        item.published_precision,
        item.first_seen_at,
        item.stars
    from analytics.feedback_item as item
    union all
    select
        themed.brand,
        themed.source,
        themed.theme,
        themed.product,
        themed.attributes,
        themed.published_at,
        themed.published_precision,
        themed.first_seen_at,
        themed.stars
    from analytics.themed_feedback as themed
    where themed.sentiment = 'negative'
),
placed as (
    select
        told.*,
        brand.id as brand_id,
        source.id as source_id,
        coalesce(theme.id, 0) as theme_id,
        earshot.count_hour(
            case told.published_precision
                when 'unknown' then told.first_seen_at else told.published_at
            end,
            told.published_precision,
            source.time_zone
        ) as hour
    from told
    join earshot.brand on brand.key = told.brand
    join earshot.source on source.name = told.source
    left join earshot.theme on theme.key = told.theme
)

select
    brand_id,
    source_id,
    theme_id,
    hour,
    published_precision,
    product,
    attributes ->> 'supplier',
    attributes ->> 'courier',
    attributes ->> 'version',
    count(*),
    min(published_at),
    max(published_at),
    count(stars),
    coalesce(sum(stars::double precision), 0)
from placed
group by
    brand_id, source_id, theme_id, hour, published_precision, product,
    attributes ->> 'supplier', attributes ->> 'courier', attributes ->> 'version';

-- The views, by the new tables --------------------------------------------------------------------

create or replace view analytics.theme_trend as
select
    brand.key as brand,
    named.key as theme,
    source.name as source,
    period_count.product,
    period_count.grain,
    period_count.period_start,
    period_count.items::bigint as items,
    period_count.negative::bigint as negative,
    period_count.neutral::bigint as neutral,
    period_count.positive::bigint as positive,
    (period_count.stars / nullif(period_count.rated, 0))::double precision as mean_stars
from earshot.period_count
join earshot.brand on brand.id = period_count.brand_id
join earshot.source on source.id = period_count.source_id
join (
    select theme.id, theme.key from earshot.theme
    union all
    select 0, 'all'
) as named on named.id = period_count.theme_id
where period_count.items > 0
    and period_count.items >= (select least_group.texts from earshot.least_group);

-- Security definer, so that the views need no right on the table; by the theme's ledger of now.
create function earshot.issues_of(
    brand_id integer, since timestamptz, until timestamptz
) returns table (
    product text, supplier text, courier text, version text, theme text, theme_name text,
    complaints bigint, first_published_at timestamptz, last_published_at timestamptz,
    mean_stars double precision
)
language plpgsql stable security definer rows 1000
set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
begin
    return query
    select
        issue.product,
        issue.supplier,
        issue.courier,
        issue.version,
        theme.key,
        theme.name,
        sum(issue.texts),
        min(issue.first_at),
        max(issue.last_at),
        sum(issue.stars) / nullif(sum(issue.rated), 0)
    from earshot.issue_count as issue
    join earshot.theme on theme.id = issue.theme_id and theme.kind <> 'urgent'
    where issue.brand_id = $1
        and ($2 is null or issue.hour >= $2 and issue.precision <> 'unknown')
        and ($3 is null or issue.hour < $3 and issue.precision <> 'unknown')
    group by
        issue.product, issue.supplier, issue.courier, issue.version, theme.key, theme.name;
end
$$;
comment on function earshot.issues_of is
    'Complaints of a brand by product, supplier, courier, version and theme; null is no limit.';

create or replace view analytics.product_issues as
select
    brand.key as brand,
    issue.product,
    issue.supplier,
    issue.courier,
    issue.version,
    issue.theme,
    issue.theme_name,
    issue.complaints,
    issue.first_published_at,
    issue.last_published_at,
    issue.mean_stars,
    (sum(issue.complaints) over (partition by brand.key, issue.product, issue.theme))::bigint
        as product_complaints
from earshot.brand
cross join lateral earshot.issues_of(brand.id, null, null) as issue
where issue.complaints >= (select least_group.texts from earshot.least_group);

create function earshot.issue_parts_of(
    brand_id integer, since timestamptz, until timestamptz
) returns table (
    part text, value text, theme text, theme_name text, complaints bigint, texts bigint,
    other_complaints bigint, other_texts bigint, products bigint,
    first_published_at timestamptz, last_published_at timestamptz
)
language plpgsql stable security definer rows 1000
set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
begin
    return query
    with told as materialized (
        select
            issue.theme_id,
            issue.product,
            issue.supplier,
            issue.courier,
            issue.version,
            sum(issue.texts) as texts,
            min(issue.first_at) as first_at,
            max(issue.last_at) as last_at
        from earshot.issue_count as issue
        where issue.brand_id = $1
            and ($2 is null or issue.hour >= $2 and issue.precision <> 'unknown')
            and ($3 is null or issue.hour < $3 and issue.precision <> 'unknown')
        group by issue.theme_id, issue.product, issue.supplier, issue.courier, issue.version
    ),
    named as (
        select told.theme_id, told.product, told.texts, told.first_at, told.last_at, fact.*
        from told
        cross join lateral (
            values
                ('product', told.product),
                ('supplier', told.supplier),
                ('courier', told.courier),
                ('version', told.product || ' ' || told.version)
        ) as fact (part, value)
        where fact.value is not null
    ),
    part_size as (
        select named.part, named.value, sum(named.texts)::bigint as texts
        from named
        where named.theme_id = 0
        group by named.part, named.value
    ),
    part_total as (
        select part_size.part, sum(part_size.texts)::bigint as texts
        from part_size
        group by part_size.part
    ),
    complaint as (
        select
            named.part,
            named.value,
            named.theme_id,
            sum(named.texts)::bigint as complaints,
            count(distinct named.product) as products,
            min(named.first_at) as first_at,
            max(named.last_at) as last_at
        from named
        where named.theme_id <> 0
        group by named.part, named.value, named.theme_id
    )

    select
        complaint.part,
        complaint.value,
        theme.key,
        theme.name,
        complaint.complaints,
        part_size.texts,
        (
            sum(complaint.complaints) over (partition by complaint.part, complaint.theme_id)
            - complaint.complaints
        )::bigint,
        part_total.texts - part_size.texts,
        complaint.products,
        complaint.first_at,
        complaint.last_at
    from complaint
    join earshot.theme on theme.id = complaint.theme_id and theme.kind <> 'urgent'
    join part_size using (part, value)
    join part_total using (part);
end
$$;
comment on function earshot.issue_parts_of is
    'Complaints of a brand by each product, supplier, courier and version, beside all others.';

create or replace view analytics.issue_parts as
select
    brand.key as brand,
    part.part,
    part.value,
    part.theme,
    part.theme_name,
    part.complaints,
    part.texts,
    part.complaints::double precision / part.texts as share,
    earshot.wilson(part.complaints, part.texts, -1) as share_low,
    earshot.wilson(part.complaints, part.texts, 1) as share_high,
    part.other_complaints::double precision / nullif(part.other_texts, 0) as share_elsewhere,
    coalesce(
        earshot.wilson(part.complaints, part.texts, -1)
        > earshot.wilson(part.other_complaints, part.other_texts, 1),
        false
    ) as is_conspicuous,
    part.products,
    part.first_published_at,
    part.last_published_at
from earshot.brand
cross join lateral earshot.issue_parts_of(brand.id, null, null) as part
where part.complaints >= (select least_group.texts from earshot.least_group);

create function analytics.product_issues_in(
    brand_key text, since timestamptz, until timestamptz
) returns setof analytics.product_issues
language sql stable security definer rows 1000 set search_path = '' as $$
    select
        brand.key,
        issue.product,
        issue.supplier,
        issue.courier,
        issue.version,
        issue.theme,
        issue.theme_name,
        issue.complaints,
        issue.first_published_at,
        issue.last_published_at,
        issue.mean_stars,
        (sum(issue.complaints) over (partition by issue.product, issue.theme))::bigint
    from earshot.brand
    cross join lateral earshot.issues_of(brand.id, $2, $3) as issue
    where brand.key = $1
        and issue.complaints >= (
            select coalesce(max(analyst_limit.least_group), 1) from earshot.analyst_limit
        )
$$;
comment on function analytics.product_issues_in is
    'product_issues of one brand, over texts written from since (whole hours) until before until.';

create function analytics.issue_parts_in(
    brand_key text, since timestamptz, until timestamptz
) returns setof analytics.issue_parts
language sql stable security definer rows 1000 set search_path = '' as $$
    select
        brand.key,
        part.part,
        part.value,
        part.theme,
        part.theme_name,
        part.complaints,
        part.texts,
        part.complaints::double precision / part.texts,
        earshot.wilson(part.complaints, part.texts, -1),
        earshot.wilson(part.complaints, part.texts, 1),
        part.other_complaints::double precision / nullif(part.other_texts, 0),
        coalesce(
            earshot.wilson(part.complaints, part.texts, -1)
            > earshot.wilson(part.other_complaints, part.other_texts, 1),
            false
        ),
        part.products,
        part.first_published_at,
        part.last_published_at
    from earshot.brand
    cross join lateral earshot.issue_parts_of(brand.id, $2, $3) as part
    where brand.key = $1
        and part.complaints >= (
            select coalesce(max(analyst_limit.least_group), 1) from earshot.analyst_limit
        )
$$;
comment on function analytics.issue_parts_in is
    'issue_parts of one brand, over texts written from since (whole hours) until before until.';
revoke execute on function analytics.product_issues_in, analytics.issue_parts_in from public;
grant execute on function analytics.product_issues_in, analytics.issue_parts_in
to earshot_pipeline, earshot_web, earshot_analyst;

-- Texts and competitors by the new columns --------------------------------------------------------

create or replace view analytics.feedback_item as
select
    feedback.id as feedback_id,
    brand.key as brand,
    source.name as source,
    feedback.platform,
    feedback.kind,
    feedback.product,
    feedback.attributes,
    current_version.title,
    current_version.body,
    current_version.rating * 5 / current_version.rating_scale as stars,
    feedback_brand.published_at,
    feedback.published_precision,
    feedback.first_seen_at,
    feedback.version,
    feedback.url,
    feedback.reach,
    feedback.is_verified,
    feedback.is_incentivised,
    feedback.brand_replied_at,
    tagging.language,
    tagging.is_supported,
    coalesce(
        correction.value,
        case
            when current_version.rating * 5 / current_version.rating_scale <= 2 then 'negative'
            when current_version.rating * 5 / current_version.rating_scale >= 4 then 'positive'
            when current_version.rating is not null then 'neutral'
        end,
        case when tagging.outcome = 'tagged' then tagging.sentiment end
    ) as sentiment,
    case
        when correction.value is not null then 'person'
        when current_version.rating is not null then 'rating'
        when tagging.outcome = 'tagged' then 'text'
    end as sentiment_from,
    case when tagging.outcome = 'tagged' then tagging.sentiment end as text_sentiment,
    tagging.p_negative,
    tagging.p_neutral,
    tagging.p_positive,
    tagging.outcome,
    tagging.model_id,
    tagging.tagged_at
from earshot.feedback
join earshot.feedback_brand on feedback_brand.feedback_id = feedback.id
join earshot.brand on brand.id = feedback_brand.brand_id
join earshot.source on source.id = feedback.source_id
join earshot.feedback_version as current_version
    on current_version.feedback_id = feedback.id and current_version.version = feedback.version
left join earshot.brand_model
    on brand_model.brand_id = brand.id and brand_model.state = 'active'
left join earshot.tagging
    on tagging.feedback_version_id = current_version.id
    and tagging.model_id = brand_model.model_id
left join lateral (
    select latest.value
    from earshot.correction as latest
    where latest.feedback_id = feedback.id and latest.field = 'sentiment'
    order by latest.corrected_at desc, latest.id desc
    limit 1
) as correction on true
where feedback.speaker = 'customer' and feedback.deleted_at is null;

create or replace view analytics.competitor_comparison as
with weekly as (
    select
        brand.id as brand_id,
        brand.key as brand,
        brand.role,
        named.key as theme,
        period_count.period_start at time zone brand.time_zone as week,
        sum(period_count.items)::bigint as items,
        sum(period_count.negative)::bigint as complaints
    from earshot.period_count
    join earshot.brand on brand.id = period_count.brand_id
    join (
        select theme.id, theme.key from earshot.theme
        union all
        select 0, 'all'
    ) as named on named.id = period_count.theme_id
    where period_count.grain = 'week' and period_count.items > 0
    group by brand.id, brand.key, brand.role, named.key, week
),
pair as (
    select
        own.brand_id,
        own.brand,
        other.brand_id as competitor_id,
        other.brand as competitor,
        own.week,
        own.items as brand_items,
        other.items as competitor_items
    from weekly as own
    join weekly as other on other.week = own.week and other.theme = 'all'
    where own.theme = 'all' and own.role = 'own' and other.role = 'competitor'
),
compared as (
    select
        pair.brand,
        pair.competitor,
        themes.theme,
        pair.week::date as week,
        pair.brand_items,
        coalesce(own.complaints, 0) as brand_complaints,
        pair.competitor_items,
        coalesce(other.complaints, 0) as competitor_complaints,
        coalesce(own.complaints, 0)::double precision / pair.brand_items as brand_share,
        coalesce(other.complaints, 0)::double precision / pair.competitor_items
            as competitor_share
    from pair
    join (select distinct weekly.brand_id, weekly.week, weekly.theme from weekly) as themes
        on themes.week = pair.week and themes.brand_id in (pair.brand_id, pair.competitor_id)
    left join weekly as own
        on own.brand_id = pair.brand_id and own.week = pair.week and own.theme = themes.theme
    left join weekly as other
        on other.brand_id = pair.competitor_id
        and other.week = pair.week
        and other.theme = themes.theme
    group by
        pair.brand, pair.competitor, themes.theme, pair.week, pair.brand_items, own.complaints,
        pair.competitor_items, other.complaints
)

select
    brand,
    competitor,
    theme,
    week,
    brand_items,
    brand_complaints,
    brand_share,
    competitor_items,
    competitor_complaints,
    competitor_share,
    brand_share - competitor_share as difference,
    brand_share - competitor_share - sqrt(
        (brand_share - earshot.wilson(brand_complaints, brand_items, -1)) ^ 2
        + (earshot.wilson(competitor_complaints, competitor_items, 1) - competitor_share) ^ 2
    ) as difference_low,
    brand_share - competitor_share + sqrt(
        (earshot.wilson(brand_complaints, brand_items, 1) - brand_share) ^ 2
        + (competitor_share - earshot.wilson(competitor_complaints, competitor_items, -1)) ^ 2
    ) as difference_high
from compared
where least(brand_items, competitor_items) >= (select least_group.texts from earshot.least_group);
