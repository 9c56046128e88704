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
