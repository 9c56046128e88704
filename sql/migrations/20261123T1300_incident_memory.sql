-- What is remembered of incidents: a report when one closes, and how well each rule does.

create table earshot.incident_report (
    incident_id bigint primary key references earshot.incident on delete cascade,
    written_at timestamptz not null,
    is_final boolean not null,
    report jsonb not null
);
comment on table earshot.incident_report is
    'What happened in an incident, written when it closes. Holds numbers of texts, never words.';
comment on column earshot.incident_report.incident_id is 'The incident.';
comment on column earshot.incident_report.written_at is 'When it was written, by the clock.';
comment on column earshot.incident_report.is_final is
    'Whether the rating of the week after the end is in it.';
comment on column earshot.incident_report.report is
    'Timeline, peak, spread, quotes as feedback ids, actions, replies, rating, similar incidents.';

create view analytics.incident_report as
select
    incident_report.incident_id,
    brand.key as brand,
    incident_report.written_at,
    incident_report.is_final,
    incident_report.report
from earshot.incident_report
join earshot.incident on incident.id = incident_report.incident_id
join earshot.brand on brand.id = incident.brand_id;
comment on view analytics.incident_report is 'The report of every closed incident.';
comment on column analytics.incident_report.incident_id is 'The incident.';
comment on column analytics.incident_report.brand is 'Key of the brand, such as northwind.';
comment on column analytics.incident_report.written_at is 'When it was written.';
comment on column analytics.incident_report.is_final is
    'Whether the rating of the week after the end is in it.';
comment on column analytics.incident_report.report is
    'Timeline, peak, spread, quotes as feedback ids, actions, replies, rating, similar incidents.';

create view analytics.rule_report_card as
with told as (
    select
        incident.id,
        brand.key as brand,
        brand.time_zone,
        incident.rule,
        incident.verdict,
        incident.started_at,
        coalesce(outbox.sent_at, incident.opened_at) as told_at,
        (
            select min(incident_event.at)
            from earshot.incident_event
            where incident_event.incident_id = incident.id
                and incident_event.kind in ('confirmed', 'dismissed', 'assigned', 'snoozed')
        ) as acknowledged_at
    from earshot.incident
    join earshot.brand on brand.id = incident.brand_id
    left join earshot.outbox on outbox.key = 'incident:' || incident.id
    where not incident.is_historical and incident.severity <> 'low'
)

select
    told.brand,
    told.rule,
    date_trunc('month', told.told_at at time zone told.time_zone)::date as month,
    count(*)::integer as incidents,
    (count(*) filter (where told.verdict = 'confirmed'))::integer as confirmed,
    (count(*) filter (where told.verdict = 'dismissed'))::integer as dismissed,
    (count(*) filter (where told.verdict is null))::integer as undecided,
    count(*) filter (where told.verdict = 'confirmed')::double precision
    / nullif(count(told.verdict), 0) as precision,
    percentile_cont(0.5) within group (
        order by extract(epoch from told.told_at - told.started_at) / 60
    ) as median_delay_minutes,
    percentile_cont(0.5) within group (
        order by extract(epoch from told.acknowledged_at - told.told_at) / 60
    ) as median_acknowledge_minutes
from told
group by told.brand, told.rule, month;
comment on view analytics.rule_report_card is
    'How well each rule does by month, judged by the people who confirmed or dismissed.';
comment on column analytics.rule_report_card.brand is 'Key of the brand, such as northwind.';
comment on column analytics.rule_report_card.rule is 'Name of the rule in earshot.toml.';
comment on column analytics.rule_report_card.month is
    'First day of the month in which it was told, in the zone of the brand.';
comment on column analytics.rule_report_card.incidents is
    'Incidents of at least medium severity that were not historical.';
comment on column analytics.rule_report_card.confirmed is 'Confirmed by a person.';
comment on column analytics.rule_report_card.dismissed is 'Dismissed by a person.';
comment on column analytics.rule_report_card.undecided is 'Judged by nobody yet.';
comment on column analytics.rule_report_card.precision is
    'Confirmed among those judged, 0 to 1; null where none was.';
comment on column analytics.rule_report_card.median_delay_minutes is
    'From the first hour that counts towards the incident to its first message.';
comment on column analytics.rule_report_card.median_acknowledge_minutes is
    'From the first message to the first decision, assignment or snooze; null where none.';

grant select, insert, update, delete on earshot.incident_report to earshot_pipeline;
grant select on analytics.incident_report, analytics.rule_report_card
    to earshot_pipeline, earshot_web, earshot_analyst;
