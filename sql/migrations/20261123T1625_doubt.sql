-- How far a number can be trusted: what was read at all, and how often the model is wrong.

create view analytics.coverage as
select
    item.brand,
    item.source,
    period.grain,
    date_trunc(
        period.grain,
        earshot.count_hour(item.published_at, item.published_precision, source.time_zone),
        brand.time_zone
    ) as period_start,
    count(*) as texts,
    count(*) filter (where item.outcome = 'tagged') as tagged,
    count(*) filter (where item.outcome = 'empty') as empty,
    count(*) filter (where item.outcome = 'not_supported') as not_supported,
    count(*) filter (where item.outcome = 'failed') as failed,
    count(*) filter (where item.outcome is null) as waiting,
    avg(coalesce(item.outcome = 'tagged', false)::integer)::double precision as share_tagged,
    avg(coalesce(item.outcome = 'not_supported', false)::integer)::double precision
        as share_not_supported,
    avg((item.language = 'undetermined')::integer)::double precision as share_undetermined,
    avg(greatest(item.p_negative, item.p_neutral, item.p_positive))
        filter (where item.outcome = 'tagged')::double precision as mean_confidence
from analytics.feedback_item as item
join earshot.brand on brand.key = item.brand
join earshot.source on source.name = item.source
cross join (values ('day'), ('week')) as period (grain)
where item.published_precision <> 'unknown'
group by
    item.brand, item.source, period.grain,
    date_trunc(
        period.grain,
        earshot.count_hour(item.published_at, item.published_precision, source.time_zone),
        brand.time_zone
    )
having count(*) >= (select least_group.texts from earshot.least_group);

comment on view analytics.coverage is
    'How much of what customers wrote was read by the model that is counted, by source and day or week; beside theme_trend.';
comment on column analytics.coverage.brand is 'Key of the brand. Example: northwind.';
comment on column analytics.coverage.source is 'Name of the source. Example: shop.';
comment on column analytics.coverage.grain is
    'day or week (from Monday): choose one, never sum over both.';
comment on column analytics.coverage.period_start is
    'Start of the day or week of the brand''s zone, as an instant.';
comment on column analytics.coverage.texts is 'Texts written in it, number. Example: 210.';
comment on column analytics.coverage.tagged is 'How many were read. Example: 201.';
comment on column analytics.coverage.empty is 'How many hold no words, such as a bare rating.';
comment on column analytics.coverage.not_supported is
    'How many are in a language that the model cannot read.';
comment on column analytics.coverage.failed is 'How many were given up.';
comment on column analytics.coverage.waiting is 'How many are not tagged yet.';
comment on column analytics.coverage.share_tagged is 'tagged / texts, 0 to 1. Example: 0.957.';
comment on column analytics.coverage.share_not_supported is
    'not_supported / texts, 0 to 1. Example: 0.004.';
comment on column analytics.coverage.share_undetermined is
    'Share of tagged texts whose language is undetermined, 0 to 1; they are counted. Example: 0.02.';
comment on column analytics.coverage.mean_confidence is
    'Mean calibrated probability of the sentiment that was chosen, 0 to 1: the share expected to be right. Example: 0.83.';

create table earshot.misclassification (
    model_id text not null,
    theme_key text not null,
    positives integer not null check (positives > 0),
    positives_found integer not null check (positives_found between 0 and positives),
    negatives integer not null check (negatives > 0),
    negatives_found integer not null check (negatives_found between 0 and negatives),
    labels text not null,
    measured_at timestamptz not null,
    primary key (model_id, theme_key)
);
comment on table earshot.misclassification is
    'How often a model is wrong, measured on labelled texts by `earshot measure` or shipped with the model.';
comment on column earshot.misclassification.model_id is 'The model.';
comment on column earshot.misclassification.theme_key is
    'Key of the theme that was looked for; all is a negative text.';
comment on column earshot.misclassification.positives is 'Texts that have it, by their labels.';
comment on column earshot.misclassification.positives_found is 'In how many of them the model finds it.';
comment on column earshot.misclassification.negatives is 'Texts that have it not.';
comment on column earshot.misclassification.negatives_found is
    'In how many of them the model finds it all the same.';
comment on column earshot.misclassification.labels is 'Name of the labelled file.';
comment on column earshot.misclassification.measured_at is 'When it was measured.';

create function analytics.prevalence(
    brand_key text,
    since timestamptz,
    until timestamptz
) returns table (
    theme text,
    texts bigint,
    share_tagged double precision,
    found bigint,
    share double precision,
    share_low double precision,
    share_high double precision,
    corrected double precision,
    corrected_low double precision,
    corrected_high double precision,
    sensitivity double precision,
    specificity double precision,
    measured_on text
)
language plpgsql stable security definer rows 50
set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
#variable_conflict use_column
begin
    return query
    with item as materialized (
        select feedback_item.*
        from analytics.feedback_item
        where feedback_item.brand = $1
            and feedback_item.published_at >= $2
            and feedback_item.published_at < $3
    ),
    read as (
        select
            count(*) as all_texts,
            count(*) filter (where item.outcome = 'tagged') as texts,
            max(item.model_id) filter (where item.outcome = 'tagged') as model_id
        from item
    ),
    counted as (
        select 'all' as theme, count(*) as found
        from item
        where item.outcome = 'tagged' and item.text_sentiment = 'negative'
        union all
        select themed.theme, count(*)
        from analytics.themed_feedback as themed
        join item on item.feedback_id = themed.feedback_id and item.outcome = 'tagged'
        where themed.brand = $1 and themed.published_at >= $2 and themed.published_at < $3
        group by themed.theme
    ),
    shared as (
        select
            counted.theme,
            read.texts,
            read.texts::double precision / nullif(read.all_texts, 0) as share_tagged,
            counted.found,
            measured.labels,
            measured.positives_found::double precision / measured.positives as sensitivity,
            1 - measured.negatives_found::double precision / measured.negatives as specificity,
            -- Adjusted shares and sizes of Lang and Reiczigel; z is 1.959964, its square 3.841459.
            (counted.found + 1.920729) / (read.texts + 3.841459) as p,
            read.texts + 3.841459 as n,
            (measured.positives_found + 1.0::double precision) / (measured.positives + 2) as se,
            measured.positives + 2 as n_se,
            (measured.negatives - measured.negatives_found + 1.0::double precision)
                / (measured.negatives + 2) as sp,
            measured.negatives + 2 as n_sp
        from counted
        cross join read
        left join earshot.misclassification as measured
            on measured.model_id = read.model_id and measured.theme_key = counted.theme
        where read.texts > 0
    ),
    adjusted as (
        select
            shared.*,
            (shared.p + shared.sp - 1) / nullif(shared.se + shared.sp - 1, 0) as prevalence,
            shared.se + shared.sp - 1 > 0.05 as is_informative
        from shared
    ),
    bounded as (
        select
            adjusted.*,
            adjusted.prevalence + 2 * 3.841459 * (
                adjusted.prevalence * adjusted.se * (1 - adjusted.se) / adjusted.n_se
                - (1 - adjusted.prevalence) * adjusted.sp * (1 - adjusted.sp) / adjusted.n_sp
            ) as middle,
            1.959964 * sqrt(
                adjusted.p * (1 - adjusted.p) / adjusted.n
                + adjusted.prevalence ^ 2 * adjusted.se * (1 - adjusted.se) / adjusted.n_se
                + (1 - adjusted.prevalence) ^ 2 * adjusted.sp * (1 - adjusted.sp) / adjusted.n_sp
            ) / abs(nullif(adjusted.se + adjusted.sp - 1, 0)) as reach
        from adjusted
    )

    select
        bounded.theme,
        bounded.texts,
        bounded.share_tagged,
        bounded.found,
        bounded.found::double precision / bounded.texts,
        earshot.wilson(bounded.found, bounded.texts, -1),
        earshot.wilson(bounded.found, bounded.texts, 1),
        case when bounded.is_informative then greatest(0, least(1,
            (bounded.found::double precision / bounded.texts + bounded.specificity - 1)
            / (bounded.sensitivity + bounded.specificity - 1)
        )) end,
        case when bounded.is_informative
            then greatest(0, least(1, bounded.middle - bounded.reach)) end,
        case when bounded.is_informative
            then greatest(0, least(1, bounded.middle + bounded.reach)) end,
        bounded.sensitivity,
        bounded.specificity,
        bounded.labels
    from bounded
    where bounded.texts >= (
        select coalesce(max(analyst_limit.least_group), 1) from earshot.analyst_limit
    );
end
$$;
comment on function analytics.prevalence is
    'Share of texts that speak of each theme (all: that are negative) in a span, as the model finds it with its 95 % interval (Wilson 1927), and corrected for the model''s known errors: estimate of Rogan and Gladen (1978), interval of Lang and Reiczigel (2014, doi 10.1016/j.prevetmed.2013.09.015). Sensitivity and specificity were measured on the labelled file named by measured_on; words of people are in the count, never in these. Null where nothing was measured for the active model. Over tagged texts; share_tagged says how many that are.';
revoke execute on function analytics.prevalence from public;
grant execute on function analytics.prevalence
to earshot_pipeline, earshot_web, earshot_analyst;
