-- The contract with analysts: views over the tables. They run with the rights of their owner,
-- so that web and analyst need no right on the tables. Change them only with a changelog line.

create table earshot.model_activation (
    brand_id integer not null references earshot.brand,
    model_id text not null references earshot.model,
    active_from timestamptz not null,
    active_until timestamptz,
    primary key (brand_id, active_from)
);
comment on table earshot.model_activation is
    'Which model was counted when, so that last month''s dashboard can be had again.';
comment on column earshot.model_activation.brand_id is 'The brand.';
comment on column earshot.model_activation.model_id is 'The model.';
comment on column earshot.model_activation.active_from is 'From when it was counted.';
comment on column earshot.model_activation.active_until is 'Until when; null while it is.';

create function earshot.remember_activation() returns trigger language plpgsql as $$
begin
    update earshot.model_activation
    set active_until = new.changed_at
    where brand_id = new.brand_id and model_id = new.model_id and active_until is null
        and new.state <> 'active';
    if new.state = 'active' then
        insert into earshot.model_activation (brand_id, model_id, active_from)
        values (new.brand_id, new.model_id, new.changed_at)
        on conflict (brand_id, active_from) do update
        set model_id = excluded.model_id, active_until = null;
    end if;
    return new;
end
$$;
create trigger remember_activation after insert or update of state on earshot.brand_model
    for each row execute function earshot.remember_activation();

create view earshot.latest_correction as
select distinct on (feedback_id, field, theme_id)
    feedback_id,
    field,
    theme_id,
    value,
    corrected_by,
    corrected_at
from earshot.correction
order by feedback_id, field, theme_id, corrected_at desc, id desc;

create view analytics.feedback_item as
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
    feedback.published_at,
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

create view analytics.themed_feedback as
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
    select
        coalesce(tagged_theme.merged_into, tagged_theme.id) as theme_id,
        max(theme_tag.probability) as probability,
        (array_agg(theme_tag.sentiment order by theme_tag.probability desc))[1] as sentiment,
        (array_agg(theme_tag.p_sentiment order by theme_tag.probability desc))[1]
            as p_sentiment,
        (array_agg(theme_tag.sentence order by theme_tag.probability desc))[1] as sentence
    from earshot.theme_tag
    join earshot.theme as tagged_theme on tagged_theme.id = theme_tag.theme_id
    where theme_tag.feedback_version_id = feedback_version.id
        and theme_tag.model_id = item.model_id
    group by coalesce(tagged_theme.merged_into, tagged_theme.id)
    union all
    select distinct
        added.theme_id,
        1::real,
        null,
        1::real,
        null::smallint
    from earshot.correction as added
    where added.feedback_id = item.feedback_id
        and added.field = 'theme'
        and not exists (
            select
            from earshot.theme_tag
            join earshot.theme as tagged_theme on tagged_theme.id = theme_tag.theme_id
            where theme_tag.feedback_version_id = feedback_version.id
                and theme_tag.model_id = item.model_id
                and coalesce(tagged_theme.merged_into, tagged_theme.id) = added.theme_id
        )
) as tag on true
join earshot.theme on theme.id = tag.theme_id
left join lateral (
    select latest.value
    from earshot.correction as latest
    where latest.feedback_id = item.feedback_id
        and latest.field = 'theme'
        and latest.theme_id = tag.theme_id
    order by latest.corrected_at desc, latest.id desc
    limit 1
) as correction on true
where correction.value is distinct from 'absent';

create view analytics.theme_trend as
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
    date_trunc(period.grain, hourly_count.hour, brand.time_zone);

create view analytics.product_issues as
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
    avg(stars) as mean_stars
from analytics.themed_feedback
where sentiment = 'negative' and theme_kind <> 'urgent'
group by
    brand, product, attributes ->> 'supplier', attributes ->> 'courier',
    attributes ->> 'version', theme, theme_name;

create view analytics.source_health as
select
    source.name as source,
    brand.key as brand,
    source.kind,
    source.platform,
    source.health,
    source.health_reason,
    source.health_since,
    last_crawl.started_at as last_crawl_at,
    last_crawl.status as last_crawl_status,
    last_crawl.seen as last_crawl_seen,
    last_crawl.added as last_crawl_added,
    last_crawl.missed_share,
    (
        select max(feedback.published_at)
        from earshot.feedback
        where feedback.source_id = source.id
    ) as newest_published_at,
    (
        select count(*)
        from earshot.quarantine
        where quarantine.source_id = source.id
    ) as quarantined
from earshot.source
join earshot.brand on brand.id = source.brand_id
left join lateral (
    select crawl.*
    from earshot.crawl
    where crawl.source_id = source.id
    order by crawl.started_at desc, crawl.id desc
    limit 1
) as last_crawl on true;

create view analytics.incident_log as
select
    incident.id as incident_id,
    brand.key as brand,
    incident.rule,
    incident.kind,
    incident.direction,
    incident.theme_key as theme,
    incident.product,
    incident.state,
    incident.severity,
    incident.started_at,
    incident.opened_at,
    incident.opened_at - incident.started_at as delay,
    incident.updated_at,
    incident.last_anomalous_at,
    incident.resolved_at,
    incident.items,
    incident.baseline,
    incident.odds,
    incident.reason,
    incident.is_historical,
    incident.verdict,
    incident.decided_by,
    incident.decided_at,
    incident.decided_at - incident.opened_at as time_to_decide,
    incident.assigned_to
from earshot.incident
join earshot.brand on brand.id = incident.brand_id;

create view analytics.reply_performance as
select
    brand.key as brand,
    source.name as source,
    date_trunc('week', reply_draft.created_at, brand.time_zone) as week,
    count(*) as drafts,
    count(*) filter (where reply_draft.state in ('approved', 'sending', 'sent')) as approved,
    count(*) filter (where reply_draft.state = 'sent') as sent,
    count(*) filter (where reply_draft.state = 'dropped') as dropped,
    count(*) filter (where reply_draft.state = 'held') as held,
    count(*) filter (
        where coalesce(reply_draft.sent_at, 'infinity') > reply_draft.due_at
    ) as late,
    percentile_cont(0.5) within group (
        order by extract(epoch from reply_draft.sent_at - feedback.published_at) / 60
    ) as median_minutes_to_reply,
    avg((edited.detail ->> 'distance')::double precision) as mean_edit_distance
from earshot.reply_draft
join earshot.feedback on feedback.id = reply_draft.feedback_id
join earshot.source on source.id = feedback.source_id
join earshot.brand on brand.id = reply_draft.brand_id
left join lateral (
    select reply_event.detail
    from earshot.reply_event
    where reply_event.draft_id = reply_draft.id and reply_event.kind = 'edited'
    order by reply_event.id desc
    limit 1
) as edited on true
group by brand.key, source.name, date_trunc('week', reply_draft.created_at, brand.time_zone);

create view analytics.model_agreement as
select
    tagging.model_id,
    correction.field,
    theme.key as theme,
    count(*) as corrections,
    count(*) filter (
        where correction.value = case
            when correction.field = 'sentiment' then tagging.sentiment
            else coalesce(theme_tag.sentiment, 'absent')
        end
    ) as agreed
from earshot.correction
join earshot.feedback_version
    on feedback_version.feedback_id = correction.feedback_id
    and feedback_version.version = correction.version
join earshot.tagging on tagging.feedback_version_id = feedback_version.id
left join earshot.theme on theme.id = correction.theme_id
left join earshot.theme_tag
    on theme_tag.feedback_version_id = tagging.feedback_version_id
    and theme_tag.model_id = tagging.model_id
    and theme_tag.theme_id = correction.theme_id
group by tagging.model_id, correction.field, theme.key;
