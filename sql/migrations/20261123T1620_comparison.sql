-- Who complains more, about what: competitors, and the parts of a recurring complaint.

create view analytics.competitor_comparison as
with weekly as (
    select
        brand.id as brand_id,
        brand.key as brand,
        brand.role,
        coalesce(theme.key, 'all') as theme,
        date_trunc('week', hourly_count.hour at time zone brand.time_zone) as week,
        sum(hourly_count.items) as items,
        coalesce(sum(hourly_count.items) filter (where hourly_count.sentiment = 'negative'), 0)
            as complaints
    from earshot.hourly_count
    join earshot.brand on brand.id = hourly_count.brand_id
    left join earshot.theme on theme.id = hourly_count.theme_id
    group by
        brand.id, brand.key, brand.role, coalesce(theme.key, 'all'),
        date_trunc('week', hourly_count.hour at time zone brand.time_zone)
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

comment on view analytics.competitor_comparison is
    'Complaints of our brands beside those of each competitor, by theme and week, with the difference and its doubt.';
comment on column analytics.competitor_comparison.brand is 'Key of our brand. Example: northwind.';
comment on column analytics.competitor_comparison.competitor is
    'Key of a brand with role competitor. Example: southwind.';
comment on column analytics.competitor_comparison.theme is
    'Key of the theme; all is the text as a whole. Example: delivery_delay.';
comment on column analytics.competitor_comparison.week is
    'Monday of the week, a date in each brand''s own zone. Example: 2026-11-16.';
comment on column analytics.competitor_comparison.brand_items is
    'All texts about our brand in the week, number. Example: 210.';
comment on column analytics.competitor_comparison.brand_complaints is
    'How many of them are negative towards the theme. Example: 18.';
comment on column analytics.competitor_comparison.brand_share is
    'brand_complaints / brand_items, 0 to 1. Example: 0.086.';
comment on column analytics.competitor_comparison.competitor_items is
    'All texts about the competitor in the week, number. Example: 190.';
comment on column analytics.competitor_comparison.competitor_complaints is
    'How many of them are negative towards the theme. Example: 31.';
comment on column analytics.competitor_comparison.competitor_share is
    'competitor_complaints / competitor_items, 0 to 1. Example: 0.163.';
comment on column analytics.competitor_comparison.difference is
    'brand_share less competitor_share; below 0 customers complain less of us. Example: -0.077.';
comment on column analytics.competitor_comparison.difference_low is
    'Lower limit of its 95 % interval by chance alone (Newcombe 1998, method 10). Example: -0.143.';
comment on column analytics.competitor_comparison.difference_high is
    'Upper limit of it; an interval without 0 is a difference. Example: -0.012.';

-- Recurring complaints: how many of the product, and who else is concerned -----------------------

create or replace view analytics.product_issues as
select
    brand,
    product,
    attributes ->> 'supplier' as supplier,
    attributes ->> 'courier' as courier,
    attributes ->> 'version' as version,
    theme,
    theme_name,
    count(*) as complaints,
    min(published_at) as first_published_at,
    max(published_at) as last_published_at,
    avg(stars) as mean_stars,
    (sum(count(*)) over (partition by brand, product, theme))::bigint as product_complaints
from analytics.themed_feedback
where sentiment = 'negative' and theme_kind <> 'urgent'
group by
    brand, product, attributes ->> 'supplier', attributes ->> 'courier',
    attributes ->> 'version', theme, theme_name
having count(*) >= (select least_group.texts from earshot.least_group);
comment on column analytics.product_issues.brand is 'Key of the brand. Example: northwind.';
comment on column analytics.product_issues.product is
    'Product as the source names it. Example: Fjord vase.';
comment on column analytics.product_issues.supplier is
    'Supplier, where the source tells. Example: Glashuset.';
comment on column analytics.product_issues.courier is
    'Courier, where the source tells. Example: SwiftParcel.';
comment on column analytics.product_issues.version is
    'Version, where the source tells. Example: 4.2.0.';
comment on column analytics.product_issues.theme is 'Key of the theme. Example: damaged.';
comment on column analytics.product_issues.theme_name is
    'Name that people read. Example: Damaged in transit.';
comment on column analytics.product_issues.complaints is
    'Number of texts of this row that are negative towards the theme. Example: 3.';
comment on column analytics.product_issues.mean_stars is
    'Mean rating of those texts on a scale of five stars. Example: 1.4.';
comment on column analytics.product_issues.product_complaints is
    'The same complaint about this product over all suppliers, couriers and versions, number of texts: 5 is the fifth broken vase. Example: 5.';

create view analytics.issue_parts as
with complaint as (
    select
        themed.feedback_id,
        themed.brand,
        themed.theme,
        themed.theme_name,
        themed.published_at
    from analytics.themed_feedback as themed
    where themed.sentiment = 'negative' and themed.theme_kind <> 'urgent'
),
named as (
    select
        item.feedback_id,
        item.brand,
        item.product,
        fact.part,
        fact.value
    from analytics.feedback_item as item
    cross join lateral (
        values
            ('product', item.product),
            ('supplier', item.attributes ->> 'supplier'),
            ('courier', item.attributes ->> 'courier'),
            ('version', item.product || ' ' || (item.attributes ->> 'version'))
    ) as fact (part, value)
    where fact.value is not null
),
part_size as (
    select brand, part, value, count(*) as texts
    from named
    group by brand, part, value
),
part_total as (
    select brand, part, sum(texts) as texts
    from part_size
    group by brand, part
),
part_complaint as (
    select
        named.brand,
        named.part,
        named.value,
        complaint.theme,
        complaint.theme_name,
        count(*) as complaints,
        count(distinct named.product) as products,
        min(complaint.published_at) as first_published_at,
        max(complaint.published_at) as last_published_at
    from named
    join complaint
        on complaint.feedback_id = named.feedback_id and complaint.brand = named.brand
    group by named.brand, named.part, named.value, complaint.theme, complaint.theme_name
),
beside as (
    select
        part_complaint.*,
        part_size.texts,
        sum(part_complaint.complaints)
            over (partition by part_complaint.brand, part_complaint.part, part_complaint.theme)
            - part_complaint.complaints as other_complaints,
        part_total.texts - part_size.texts as other_texts
    from part_complaint
    join part_size using (brand, part, value)
    join part_total using (brand, part)
)

select
    brand,
    part,
    value,
    theme,
    theme_name,
    complaints,
    texts,
    complaints::double precision / texts as share,
    earshot.wilson(complaints, texts, -1) as share_low,
    earshot.wilson(complaints, texts, 1) as share_high,
    (other_complaints / nullif(other_texts, 0))::double precision as share_elsewhere,
    coalesce(
        earshot.wilson(complaints, texts, -1)
        > earshot.wilson(
            other_complaints::double precision, other_texts::double precision, 1
        ),
        false
    ) as is_conspicuous,
    products,
    first_published_at,
    last_published_at
from beside
where complaints >= (select least_group.texts from earshot.least_group);

comment on view analytics.issue_parts is
    'Who stands behind a complaint: each product, supplier, courier and version with its share of complaints and that of all others.';
comment on column analytics.issue_parts.brand is 'Key of the brand. Example: northwind.';
comment on column analytics.issue_parts.part is
    'product, supplier, courier or version (of one product). Example: courier.';
comment on column analytics.issue_parts.value is 'Which one. Example: SwiftParcel.';
comment on column analytics.issue_parts.theme is 'Key of the theme. Example: damaged.';
comment on column analytics.issue_parts.theme_name is
    'Name that people read. Example: Damaged in transit.';
comment on column analytics.issue_parts.complaints is
    'Texts that name it and are negative towards the theme, number. Example: 9.';
comment on column analytics.issue_parts.texts is 'All texts that name it, number. Example: 40.';
comment on column analytics.issue_parts.share is 'complaints / texts, 0 to 1. Example: 0.225.';
comment on column analytics.issue_parts.share_low is
    'Lower limit of its 95 % interval (Wilson 1927). Example: 0.123.';
comment on column analytics.issue_parts.share_high is 'Upper limit of it. Example: 0.375.';
comment on column analytics.issue_parts.share_elsewhere is
    'The same share over all others of its kind, 0 to 1; null where there are none. Example: 0.021.';
comment on column analytics.issue_parts.is_conspicuous is
    'True where its whole interval lies above that of all others: a lead, not a proof.';
comment on column analytics.issue_parts.products is
    'How many products the complaints are about. Example: 3.';
comment on column analytics.issue_parts.first_published_at is
    'When the first of them was written, UTC.';
comment on column analytics.issue_parts.last_published_at is
    'When the last of them was written, UTC.';

-- theme_trend hides cells below the least group of analysts -----------------------------------------

create or replace view analytics.theme_trend as
select
    brand.key as brand,
    coalesce(theme.key, 'all') as theme,
    source.name as source,
    hourly_count.product,
    period.grain,
    date_trunc(period.grain, hourly_count.hour, brand.time_zone) as period_start,
    sum(hourly_count.items) as items,
    coalesce(sum(hourly_count.items) filter (where hourly_count.sentiment = 'negative'), 0)
        as negative,
    coalesce(sum(hourly_count.items) filter (where hourly_count.sentiment = 'neutral'), 0)
        as neutral,
    coalesce(sum(hourly_count.items) filter (where hourly_count.sentiment = 'positive'), 0)
        as positive,
    sum(hourly_count.stars) / nullif(sum(hourly_count.rated), 0) as mean_stars
from earshot.hourly_count
join earshot.brand on brand.id = hourly_count.brand_id
join earshot.source on source.id = hourly_count.source_id
left join earshot.theme on theme.id = hourly_count.theme_id
cross join (values ('day'), ('week')) as period (grain)
group by
    brand.key, coalesce(theme.key, 'all'), source.name, hourly_count.product, period.grain,
    date_trunc(period.grain, hourly_count.hour, brand.time_zone)
having sum(hourly_count.items) >= (select least_group.texts from earshot.least_group);
