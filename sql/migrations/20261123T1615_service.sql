-- What service teams are measured by, with the definitions that everybody uses.

create view analytics.service_kpis as
with measured as (
    select
        ticket_metric.brand_id,
        coalesce(ticket_metric.channel, 'unknown') as channel,
        ticket_metric.opened_at as moment,
        1 as tickets,
        extract(epoch from ticket_metric.first_response_at - ticket_metric.opened_at) / 60
            as first_response,
        extract(epoch from ticket_metric.resolved_at - ticket_metric.opened_at) / 60
            as resolution,
        case
            when ticket_metric.resolved_at is not null
                then ticket_metric.agent_replies <= 1 and coalesce(ticket_metric.reopens, 0) = 0
        end as is_first_contact,
        case
            when ticket_metric.first_response_at is not null
                then ticket_metric.first_response_at
                    <= ticket_metric.opened_at + make_interval(mins => agreed.minutes)
            when present.moment > ticket_metric.opened_at + make_interval(mins => agreed.minutes)
                then false
        end as is_within_level,
        agreed.minutes as agreed_minutes,
        null::text as survey,
        null::real as score,
        null::real as scale
    from earshot.ticket_metric
    cross join (
        select coalesce((select stands_at from earshot.clock), now()) as moment
    ) as present
    left join lateral (
        select service_level.first_response_minutes as minutes
        from earshot.service_level
        where service_level.channel in (coalesce(ticket_metric.channel, 'unknown'), 'default')
        order by service_level.channel = 'default'
        limit 1
    ) as agreed on true
    union all
    select
        feedback_brand.brand_id,
        coalesce(feedback.attributes ->> 'channel', 'survey'),
        feedback.published_at,
        0,
        null,
        null,
        null,
        null,
        null,
        survey_answer.survey,
        survey_answer.score,
        survey_answer.scale
    from earshot.survey_answer
    join earshot.feedback on feedback.id = survey_answer.feedback_id
    join earshot.feedback_brand on feedback_brand.feedback_id = feedback.id
    where feedback.published_precision <> 'unknown' and feedback.deleted_at is null
)

select
    brand.key as brand,
    measured.channel,
    period.grain,
    date_trunc(period.grain, measured.moment, brand.time_zone) as period_start,
    sum(measured.tickets) as tickets,
    count(measured.first_response) as answered,
    percentile_cont(0.5) within group (order by measured.first_response)
        as median_first_response_minutes,
    percentile_cont(0.9) within group (order by measured.first_response)
        as p90_first_response_minutes,
    count(measured.resolution) as resolved,
    percentile_cont(0.5) within group (order by measured.resolution)
        as median_resolution_minutes,
    percentile_cont(0.9) within group (order by measured.resolution) as p90_resolution_minutes,
    avg(measured.is_first_contact::integer)::double precision as first_contact_resolution,
    max(measured.agreed_minutes) as agreed_first_response_minutes,
    avg(measured.is_within_level::integer)::double precision as share_within_level,
    count(*) filter (where measured.survey = 'csat') as csat_answers,
    avg((measured.score >= 0.8 * measured.scale)::integer)
        filter (where measured.survey = 'csat')::double precision as csat,
    count(*) filter (where measured.survey = 'nps' and measured.scale = 10) as nps_answers,
    100 * avg((measured.score >= 9)::integer - (measured.score <= 6)::integer)
        filter (where measured.survey = 'nps' and measured.scale = 10)::double precision as nps
from measured
join earshot.brand on brand.id = measured.brand_id
cross join (values ('day'), ('week'), ('month')) as period (grain)
group by
    brand.key, measured.channel, period.grain,
    date_trunc(period.grain, measured.moment, brand.time_zone)
having count(*) >= (select least_group.texts from earshot.least_group);

comment on view analytics.service_kpis is
    'Service figures by channel and day, week or month of the brand''s zone in which a ticket was opened or a survey answered.';
comment on column analytics.service_kpis.brand is 'Key of the brand. Example: northwind.';
comment on column analytics.service_kpis.channel is
    'Channel the ticket came by, or unknown; for surveys their attribute channel, else survey. Example: email.';
comment on column analytics.service_kpis.grain is
    'day, week (from Monday) or month: choose one, never sum over several.';
comment on column analytics.service_kpis.period_start is 'Start of the period, as an instant.';
comment on column analytics.service_kpis.tickets is 'Ticket volume: tickets opened. Example: 120.';
comment on column analytics.service_kpis.answered is
    'How many of them have a first public answer by the brand. Example: 118.';
comment on column analytics.service_kpis.median_first_response_minutes is
    'Minutes from opening to the first public answer, median, round the clock. Example: 42.5.';
comment on column analytics.service_kpis.p90_first_response_minutes is
    'The same, at the 90th percentile, minutes. Example: 310.';
comment on column analytics.service_kpis.resolved is
    'How many of them are resolved. Example: 101.';
comment on column analytics.service_kpis.median_resolution_minutes is
    'Minutes from opening to the last resolution, median, round the clock. Example: 1440.';
comment on column analytics.service_kpis.p90_resolution_minutes is
    'The same, at the 90th percentile, minutes. Example: 5760.';
comment on column analytics.service_kpis.first_contact_resolution is
    'Share of resolved tickets, 0 to 1, that took one public answer at most and were never opened again; tickets without a count of answers are left out. Example: 0.62.';
comment on column analytics.service_kpis.agreed_first_response_minutes is
    'Service level of the channel by [[analytics.service_level]], minutes; null where none is agreed. Example: 240.';
comment on column analytics.service_kpis.share_within_level is
    'Share, 0 to 1, of tickets first answered within the service level, among those answered or overdue. Example: 0.91.';
comment on column analytics.service_kpis.csat_answers is
    'Answers to satisfaction surveys, number. Example: 57.';
comment on column analytics.service_kpis.csat is
    'CSAT: share of those answers, 0 to 1, in the top fifth of the scale (4 and 5 of 5; 8 to 10 of 10). Example: 0.84.';
comment on column analytics.service_kpis.nps_answers is
    'Answers to "how likely are you to recommend us", 0 to 10, number. Example: 80.';
comment on column analytics.service_kpis.nps is
    'Net Promoter Score, -100 to 100: percentage of 9 and 10 less percentage of 0 to 6 (Reichheld 2003). Example: 31.';
