-- What the pipeline says of itself: how long texts take, what each step did, and what is wrong.

create table earshot.metric_sample (
    id bigint generated always as identity primary key,
    metric text not null,
    label text not null default '',
    at_most double precision not null,
    observations bigint not null check (observations > 0),
    total double precision not null
);
comment on table earshot.metric_sample is
    'Observations of histograms, added up by bucket; rows of one bucket are summed, and folded now and then.';
comment on column earshot.metric_sample.id is 'Row id.';
comment on column earshot.metric_sample.metric is
    'Histogram, such as lag_stored: seconds from publish time until it was stored.';
comment on column earshot.metric_sample.label is 'Name of the source or step; empty where there is none.';
comment on column earshot.metric_sample.at_most is
    'Upper bound of the bucket in seconds; Infinity for whatever is longer.';
comment on column earshot.metric_sample.observations is 'Observations in the bucket.';
comment on column earshot.metric_sample.total is 'Sum of the observed seconds.';

create table earshot.step_run (
    id bigint generated always as identity primary key,
    step text not null,
    run text,
    started_at timestamptz not null default clock_timestamp(),
    seconds double precision not null check (seconds >= 0),
    error text,
    counts jsonb not null default '{}'
);
create index step_run_by_step on earshot.step_run (step, started_at desc);
comment on table earshot.step_run is
    'A run of a step (tag, watch, deliver, …) by Airflow, kept for thirty days, on the system''s clock.';
comment on column earshot.step_run.id is 'Row id.';
comment on column earshot.step_run.step is 'Name of the step, such as tag, or crawl:shop.';
comment on column earshot.step_run.run is 'Airflow''s id of the run.';
comment on column earshot.step_run.started_at is 'When it began.';
comment on column earshot.step_run.seconds is 'How long it took.';
comment on column earshot.step_run.error is
    'Class of the error with which it ended, or null where it ended well.';
comment on column earshot.step_run.counts is 'What it did, in rows.';

create table earshot.alarm (
    id bigint generated always as identity primary key,
    name text not null,
    detail text not null,
    raised_at timestamptz not null,
    last_at timestamptz not null,
    times integer not null default 1 check (times > 0),
    cleared_at timestamptz
);
create unique index one_open_alarm on earshot.alarm (name) where cleared_at is null;
comment on table earshot.alarm is
    'What was wrong with the pipeline: told in the ops channel once when it began and once when it was over.';
comment on column earshot.alarm.id is 'Row id.';
comment on column earshot.alarm.name is 'What is wrong, such as crawl:shop or failed:watch.';
comment on column earshot.alarm.detail is 'One sentence for people, with the remedy.';
comment on column earshot.alarm.raised_at is 'When it was first noticed.';
comment on column earshot.alarm.last_at is 'When it was last noticed.';
comment on column earshot.alarm.times is 'How often it was noticed.';
comment on column earshot.alarm.cleared_at is 'When it was over; null while it is not.';

create function earshot.note_seconds(
    noted_metric text, noted_label text, seconds double precision[], weight bigint default 1
) returns void language sql as $$
    insert into earshot.metric_sample (metric, label, at_most, observations, total)
    select
        noted_metric,
        noted_label,
        bucket.at_most,
        count(*) * weight,
        sum(noted.value) * weight
    from unnest(seconds) as noted (value)
    cross join lateral (
        select coalesce(min(bound.value), 'Infinity') as at_most
        from unnest(
            case
                when noted_metric like 'lag%' then
                    '{60,300,600,900,1800,3600,7200,14400,28800,86400}'::double precision[]
                when noted_metric = 'model_seconds' then
                    '{0.001,0.0025,0.005,0.01,0.025,0.05,0.1,0.25,0.5,1}'::double precision[]
                else '{0.5,1,2.5,5,10,30,60,300,900,3600}'::double precision[]
            end
        ) as bound (value)
        where noted.value <= bound.value
    ) as bucket
    group by bucket.at_most
$$;
comment on function earshot.note_seconds is
    'Adds observations to a histogram: one row a bucket, no row of others touched, so nobody waits.';

-- A text first seen more than a day after it was written is history (an import, a backfill) and
-- says nothing about how fast the pipeline is; one of day precision has no time to measure from.
create function earshot.note_stored() returns trigger language plpgsql as $$
begin
    perform earshot.note_seconds('lag_stored', source.name, lag.seconds)
    from (
        select
            added.source_id,
            array_agg(extract(epoch from added.first_seen_at - added.published_at)) as seconds
        from added
        where
            added.published_precision = 'second'
            and added.published_at between added.first_seen_at - interval '1 day' and added.first_seen_at
        group by added.source_id
    ) as lag
    join earshot.source on source.id = lag.source_id;
    return null;
end
$$;

create function earshot.note_tagged() returns trigger language plpgsql as $$
begin
    perform earshot.note_seconds('lag_tagged', source.name, lag.seconds)
    from (
        select
            feedback.source_id,
            array_agg(extract(epoch from added.tagged_at - feedback.published_at)) as seconds
        from added
        join earshot.feedback on feedback.id = added.feedback_id
        where
            feedback.published_precision = 'second'
            and feedback.published_at
            between feedback.first_seen_at - interval '1 day' and feedback.first_seen_at
            and added.tagged_at between feedback.published_at and feedback.published_at + interval '2 days'
        group by feedback.source_id
    ) as lag
    join earshot.source on source.id = lag.source_id;
    return null;
end
$$;

create function earshot.note_alerted() returns trigger language plpgsql as $$
begin
    perform earshot.note_seconds(
        'lag_alerted', brand.key, array[extract(epoch from new.sent_at - first_text.published_at)]
    )
    from earshot.incident
    join earshot.brand on brand.id = incident.brand_id
    cross join lateral (
        select coalesce(min(feedback.published_at), incident.started_at) as published_at
        from earshot.incident_feedback
        join earshot.feedback on feedback.id = incident_feedback.feedback_id
        where
            incident_feedback.incident_id = incident.id
            and feedback.published_at >= incident.started_at
    ) as first_text
    where
        incident.id = substring(new.key from '^incident:(\d+)$')::bigint
        and not incident.is_historical
        and new.sent_at >= first_text.published_at;
    return null;
end
$$;

create trigger note_stored after insert on earshot.feedback
    referencing new table as added
    for each statement execute function earshot.note_stored();
create trigger note_tagged after insert on earshot.tagging
    referencing new table as added
    for each statement execute function earshot.note_tagged();
create trigger note_alerted after update of state on earshot.outbox
    for each row
    when (new.state = 'sent' and old.state <> 'sent' and new.action = 'post')
    execute function earshot.note_alerted();
