-- What the page shows, read by the role web from the views of analysts alone.

-- name: web_brands()
-- Brands with texts, and the start of the newest day.
select brand, date_trunc('day', max(newest_published_at), 'UTC') as newest
from analytics.source_health
where newest_published_at is not null
group by brand
order by brand;

-- name: web_days(brand, since, until, theme, source)
-- Voices a day by sentiment.
select
    period_start as day,
    sum(items) as items,
    sum(negative) as negative,
    sum(neutral) as neutral,
    sum(positive) as positive
from analytics.theme_trend
where
    brand = :brand
    and grain = 'day'
    and theme = :theme
    and period_start >= :since
    and period_start < :until
    and (:source = '' or source = :source)
group by period_start
order by period_start;

-- name: web_themes(brand, since, until, before, source)
-- Voices and complaints by theme in the span, and in the equally long span before it.
select
    theme_trend.theme,
    coalesce(max(theme.name), 'All') as name,
    coalesce(sum(items) filter (where period_start >= :since), 0) as items,
    coalesce(sum(negative) filter (where period_start >= :since), 0) as negative,
    coalesce(sum(items) filter (where period_start < :since), 0) as items_before,
    coalesce(sum(negative) filter (where period_start < :since), 0) as negative_before
from analytics.theme_trend
left join analytics.theme on theme.theme = theme_trend.theme
where
    brand = :brand
    and grain = 'day'
    and period_start >= :before
    and period_start < :until
    and (:source = '' or source = :source)
group by theme_trend.theme
order by negative desc, items desc, theme_trend.theme;

-- name: web_all_themes()
-- What a text may be about, for a person who corrects it.
select theme, name
from analytics.theme
where state = 'active' and kind <> 'urgent'
order by name, theme;

-- name: web_sources(brand)
select source
from analytics.source_health
where brand = :brand
order by source;

-- name: web_reviews(brand, since, until, theme, source, sentiment, product, size)
-- Texts, newest first, with their themes.
select
    item.feedback_id,
    item.source,
    item.product,
    item.title,
    item.body,
    item.stars,
    item.sentiment,
    item.sentiment_from,
    item.p_negative,
    item.published_at,
    item.url,
    item.model_id
from analytics.feedback_item as item
where
    item.brand = :brand
    and item.published_at >= :since
    and item.published_at < :until
    and (:source = '' or item.source = :source)
    and (:sentiment = '' or item.sentiment = :sentiment)
    and (:product = '' or item.product = :product)
    and (
        :theme = 'all'
        or exists (
            select
            from analytics.themed_feedback as themed
            where themed.feedback_id = item.feedback_id
                and themed.brand = item.brand
                and themed.theme = :theme
        )
    )
order by item.published_at desc, item.feedback_id desc
limit :size;

-- name: web_tags(brand, feedback_ids)
select feedback_id, theme, theme_name, sentiment, probability, sentence, is_corrected
from analytics.themed_feedback
where brand = :brand and feedback_id = any(:feedback_ids)
order by feedback_id, probability desc, theme;

-- name: web_sentences(brand, feedback_ids)
select feedback_id, sentence, begins, ends, p_negative, p_neutral, p_positive
from analytics.feedback_sentence
where brand = :brand and feedback_id = any(:feedback_ids)
order by feedback_id, sentence;

-- name: web_correct(feedback_id, theme, value, person, moment)$
select analytics.record_correction(:feedback_id, :theme, :value, :person, :moment);

-- name: web_incidents(brand)
select
    log.incident_id,
    detail.title,
    log.severity,
    log.state,
    log.kind,
    log.product,
    log.items,
    log.baseline,
    log.started_at,
    log.opened_at,
    log.resolved_at,
    log.verdict,
    log.is_historical
from analytics.incident_log as log
join analytics.incident_detail as detail on detail.incident_id = log.incident_id
where log.brand = :brand
order by log.opened_at desc, log.incident_id desc;

-- name: web_incident(incident_id)^
select
    log.*,
    detail.title,
    detail.evidence,
    detail.channel,
    detail.events
from analytics.incident_log as log
join analytics.incident_detail as detail on detail.incident_id = log.incident_id
where log.incident_id = :incident_id;

-- name: web_incident_replies(incident_id)
select draft_id, feedback_id, state, text, reason, created_at, due_at, sent_at
from analytics.reply_log
where incident_id = :incident_id
order by created_at, draft_id;

-- name: web_products(brand, since, until)
select
    product,
    supplier,
    courier,
    version,
    theme_name as theme,
    complaints,
    first_published_at,
    last_published_at,
    mean_stars
from analytics.product_issues_in(:brand, :since, :until)
where product is not null
order by complaints desc, product, theme_name
limit 500;

-- name: web_issue_parts(brand, since, until)
select
    part,
    value,
    theme_name as theme,
    complaints,
    texts,
    share,
    share_low,
    share_high,
    share_elsewhere
from analytics.issue_parts_in(:brand, :since, :until)
where is_conspicuous
order by complaints desc, part, value, theme_name
limit 100;

-- name: web_service(brand)
select
    period_start as week,
    channel,
    tickets,
    answered,
    median_first_response_minutes,
    p90_first_response_minutes,
    resolved,
    median_resolution_minutes,
    first_contact_resolution,
    agreed_first_response_minutes,
    share_within_level,
    csat_answers,
    csat,
    nps_answers,
    nps
from analytics.service_kpis
where brand = :brand and grain = 'week'
order by week desc, channel
limit 500;

-- name: web_source_health(brand)
select *
from analytics.source_health
where brand = :brand
order by source;

-- name: web_reply_performance(brand)
select *
from analytics.reply_performance
where brand = :brand
order by week desc, source;

-- name: web_agreement()
select model_id, field, theme, corrections, agreed
from analytics.model_agreement
order by model_id, field, theme nulls first;
