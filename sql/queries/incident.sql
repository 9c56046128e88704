-- name: incident_courses(brand, since)
-- Incidents that the state machine may still move: open ones and those not long resolved.
select
    incident.course,
    incident.verdict,
    incident.snoozed_until,
    incident.snoozed_items
from earshot.incident
join earshot.brand on brand.id = incident.brand_id
where brand.key = :brand
    and (incident.state <> 'resolved' or incident.resolved_at >= :since)
order by incident.id;

-- name: incident_save(key, brand, rule, kind, direction, theme_key, product, state, severity, started_at, opened_at, updated_at, last_anomalous_at, resolved_at, items, baseline, odds, reason, evidence, is_historical, channel, course)^
-- An incident that was once told stays told, however old it becomes.
insert into earshot.incident (
    key, brand_id, rule, kind, direction, theme_key, product, state, severity, started_at,
    opened_at, updated_at, last_anomalous_at, resolved_at, items, baseline, odds, reason,
    evidence, is_historical, channel, course
)
select
    :key, brand.id, :rule, :kind, :direction, :theme_key, :product, :state, :severity,
    :started_at, :opened_at, :updated_at, :last_anomalous_at, :resolved_at, :items, :baseline,
    :odds, :reason, :evidence::jsonb, :is_historical, :channel, :course::jsonb
from earshot.brand
where brand.key = :brand
on conflict (key) do update
set kind = excluded.kind,
    theme_key = excluded.theme_key,
    product = excluded.product,
    state = excluded.state,
    severity = excluded.severity,
    started_at = excluded.started_at,
    updated_at = excluded.updated_at,
    last_anomalous_at = excluded.last_anomalous_at,
    resolved_at = excluded.resolved_at,
    items = excluded.items,
    baseline = excluded.baseline,
    odds = excluded.odds,
    reason = excluded.reason,
    evidence = excluded.evidence,
    is_historical = incident.is_historical and excluded.is_historical,
    channel = coalesce(incident.channel, excluded.channel),
    course = excluded.course
returning id, is_historical;

-- name: incident_feedback_add(incident_id, feedback_ids)!
insert into earshot.incident_feedback (incident_id, feedback_id)
select :incident_id, feedback.id
from earshot.feedback
where feedback.id = any(:feedback_ids)
on conflict do nothing;

-- name: incident_event_add(incident_id, at, kind, actor, detail)!
insert into earshot.incident_event (incident_id, at, kind, actor, detail)
values (:incident_id, :at, :kind, :actor, :detail::jsonb);

-- name: incident_decided(since)
-- How people judged the incidents of each rule since a moment.
select
    incident.rule,
    count(*) filter (where incident.verdict = 'confirmed') as confirmed,
    count(*) filter (where incident.verdict = 'dismissed') as dismissed
from earshot.incident
where incident.verdict is not null and incident.decided_at >= :since
group by incident.rule;

-- name: incident_report_card(brand, month)
-- How each rule of a brand did in the month that begins on that day.
select
    rule_report_card.rule,
    rule_report_card.incidents,
    rule_report_card.confirmed,
    rule_report_card.dismissed,
    rule_report_card.undecided,
    rule_report_card.precision,
    rule_report_card.median_delay_minutes,
    rule_report_card.median_acknowledge_minutes
from analytics.rule_report_card
where rule_report_card.brand = :brand and rule_report_card.month = :month
order by rule_report_card.rule;

-- name: incident_told(incident_id)^
-- An incident with its brand and the name of its theme.
select
    incident.*,
    brand.key as brand_key,
    brand.name as brand_name,
    brand.time_zone,
    theme.name as theme_name
from earshot.incident
join earshot.brand on brand.id = incident.brand_id
left join earshot.theme on theme.key = incident.theme_key
where incident.id = :incident_id;

-- name: incident_voices(incident_id)
-- The texts behind an incident, oldest first, with the first reply that each got.
select
    feedback_item.feedback_id,
    feedback_item.published_at,
    feedback_item.source,
    feedback_item.product,
    feedback_item.attributes,
    feedback_item.title,
    feedback_item.body,
    feedback_item.stars::double precision as stars,
    feedback_item.url,
    least(
        feedback_item.brand_replied_at,
        (
            select min(reply_draft.sent_at)
            from earshot.reply_draft
            where reply_draft.feedback_id = feedback_item.feedback_id
        )
    ) as replied_at
from earshot.incident
join earshot.brand on brand.id = incident.brand_id
join earshot.incident_feedback on incident_feedback.incident_id = incident.id
join analytics.feedback_item
    on feedback_item.feedback_id = incident_feedback.feedback_id
    and feedback_item.brand = brand.key
where incident.id = :incident_id
order by feedback_item.published_at, feedback_item.feedback_id;

-- name: incident_drafts(incident_id)^
-- Replies to the texts behind an incident: drafted, and sent through us.
select
    count(distinct reply_draft.feedback_id) filter (where reply_draft.state <> 'void') as drafted,
    count(distinct reply_draft.feedback_id) filter (where reply_draft.state = 'sent') as sent
from earshot.incident_feedback
join earshot.reply_draft on reply_draft.feedback_id = incident_feedback.feedback_id
where incident_feedback.incident_id = :incident_id;

-- name: incident_rating(brand, since, until)^
-- The mean rating of a brand in a span, by publish time.
select
    avg(feedback_item.stars)::double precision as stars,
    count(feedback_item.stars) as rated
from analytics.feedback_item
where feedback_item.brand = :brand
    and feedback_item.published_at >= :since
    and feedback_item.published_at < :until
    and feedback_item.published_precision <> 'unknown';

-- name: incident_past(brand, before, incident_id)
-- Earlier incidents of a brand that were real: told or found in history, over, not dismissed.
select
    incident.id,
    incident.kind,
    incident.direction,
    incident.theme_key,
    incident.product,
    incident.started_at,
    incident.resolved_at,
    incident.verdict,
    incident.evidence,
    (
        select jsonb_agg(
            jsonb_build_object('kind', incident_event.kind, 'detail', incident_event.detail)
            order by incident_event.id
        )
        from earshot.incident_event
        where incident_event.incident_id = incident.id and incident_event.actor <> 'earshot'
    ) as actions
from earshot.incident
join earshot.brand on brand.id = incident.brand_id
where brand.key = :brand
    and incident.resolved_at < :before
    and incident.id <> :incident_id
    and incident.severity <> 'low'
    and incident.verdict is distinct from 'dismissed'
order by incident.resolved_at desc
limit 200;

-- name: incident_report_save(incident_id, written_at, is_final, report)!
insert into earshot.incident_report (incident_id, written_at, is_final, report)
values (:incident_id, :written_at, :is_final, :report::jsonb)
on conflict (incident_id) do update
set written_at = excluded.written_at, is_final = excluded.is_final, report = excluded.report;

-- name: incident_report_read(incident_id)^
select
    incident_report.written_at,
    incident_report.is_final,
    incident_report.report
from earshot.incident_report
where incident_report.incident_id = :incident_id;

-- name: incident_reports_due(brand, closed_before)
-- Closed incidents without a report, and those whose following week is over by now.
select incident.id
from earshot.incident
join earshot.brand on brand.id = incident.brand_id
left join earshot.incident_report on incident_report.incident_id = incident.id
where brand.key = :brand
    and incident.state = 'resolved'
    and incident.severity <> 'low'
    and (
        incident_report.incident_id is null
        or (not incident_report.is_final and incident.resolved_at < :closed_before)
    )
order by incident.id
limit 50;
