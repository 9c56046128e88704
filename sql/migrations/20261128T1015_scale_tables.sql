-- What keeps dashboards fast at ten million texts; docs/SCALE.md tells what each part is worth.
-- This file changes tables of the pipeline and is short; two more fill them and turn to them.

lock table earshot.feedback, earshot.feedback_version, earshot.feedback_brand
in access exclusive mode;

-- Texts of a brand by time ---------------------------------------------------------------------

alter table earshot.feedback_brand add column published_at timestamptz;
comment on column earshot.feedback_brand.published_at is
    'As in feedback, kept here by triggers: brand and time together are what every reader asks for.';

create function earshot.take_published_at() returns trigger language plpgsql as $$
begin
    new.published_at := (
        select feedback.published_at from earshot.feedback where feedback.id = new.feedback_id
    );
    return new;
end
$$;
create trigger take_published_at before insert on earshot.feedback_brand
    for each row execute function earshot.take_published_at();

create function earshot.pass_published_at() returns trigger language plpgsql as $$
begin
    update earshot.feedback_brand set published_at = new.published_at
    where feedback_brand.feedback_id = new.id;
    return null;
end
$$;
create trigger pass_published_at after update of published_at on earshot.feedback
    for each row when (old.published_at is distinct from new.published_at)
    execute function earshot.pass_published_at();

-- Days and weeks, kept in step with the hours ----------------------------------------------------

create table earshot.period_count (
    brand_id integer not null references earshot.brand,
    grain text not null check (grain in ('day', 'week')),
    theme_id integer not null,
    period_start timestamptz not null,
    source_id integer not null references earshot.source,
    product text not null,
    items integer not null,
    negative integer not null,
    neutral integer not null,
    positive integer not null,
    rated integer not null,
    stars double precision not null,
    primary key (brand_id, grain, theme_id, period_start, source_id, product)
) with (fillfactor = 80);
comment on table earshot.period_count is
    'hourly_count added up by day and week; triggers of hourly_count keep it exact.';
comment on column earshot.period_count.brand_id is 'The brand.';
comment on column earshot.period_count.grain is 'day or week, from Monday.';
comment on column earshot.period_count.theme_id is 'As in hourly_count.';
comment on column earshot.period_count.period_start is 'Start in the brand''s zone, as an instant.';
comment on column earshot.period_count.source_id is 'The source.';
comment on column earshot.period_count.product is 'As in hourly_count.';
comment on column earshot.period_count.items is 'Number of texts.';
comment on column earshot.period_count.negative is 'How many of them are negative.';
comment on column earshot.period_count.neutral is 'How many of them are neutral.';
comment on column earshot.period_count.positive is 'How many of them are positive.';
comment on column earshot.period_count.rated is 'As in hourly_count.';
comment on column earshot.period_count.stars is 'As in hourly_count.';

create view earshot.hour_in_period as
select
    hourly_count.brand_id,
    period.grain,
    hourly_count.theme_id,
    date_trunc(period.grain, hourly_count.hour, brand.time_zone) as period_start,
    hourly_count.source_id,
    hourly_count.product,
    sum(hourly_count.items)::integer as items,
    coalesce(sum(hourly_count.items) filter (where hourly_count.sentiment = 'negative'), 0)::integer
        as negative,
    coalesce(sum(hourly_count.items) filter (where hourly_count.sentiment = 'neutral'), 0)::integer
        as neutral,
    coalesce(sum(hourly_count.items) filter (where hourly_count.sentiment = 'positive'), 0)::integer
        as positive,
    sum(hourly_count.rated)::integer as rated,
    sum(hourly_count.stars::double precision) as stars
from earshot.hourly_count
join earshot.brand on brand.id = hourly_count.brand_id
cross join (values ('day'), ('week')) as period (grain)
group by
    hourly_count.brand_id, period.grain, hourly_count.theme_id,
    date_trunc(period.grain, hourly_count.hour, brand.time_zone), hourly_count.source_id,
    hourly_count.product;
comment on view earshot.hour_in_period is
    'What period_count must hold: the rule by which it is filled anew, and checked.';
comment on column earshot.hour_in_period.brand_id is 'As in period_count.';
comment on column earshot.hour_in_period.grain is 'As in period_count.';
comment on column earshot.hour_in_period.theme_id is 'As in period_count.';
comment on column earshot.hour_in_period.period_start is 'As in period_count.';
comment on column earshot.hour_in_period.source_id is 'As in period_count.';
comment on column earshot.hour_in_period.product is 'As in period_count.';
comment on column earshot.hour_in_period.items is 'As in period_count.';
comment on column earshot.hour_in_period.negative is 'As in period_count.';
comment on column earshot.hour_in_period.neutral is 'As in period_count.';
comment on column earshot.hour_in_period.positive is 'As in period_count.';
comment on column earshot.hour_in_period.rated is 'As in period_count.';
comment on column earshot.hour_in_period.stars is 'As in period_count.';

-- Differences, not new sums: an hour of a day changes without reading the others. Ratings have few
-- binary digits, so that their sum in double precision stays exact. In the order of the key, and
-- writers hold a lock besides (counts_lock), so that two of them never wait for each other.
create function earshot.add_to_periods() returns trigger language plpgsql as $$
begin
    insert into earshot.period_count as kept
    select
        changed.brand_id,
        period.grain,
        changed.theme_id,
        date_trunc(period.grain, changed.hour, brand.time_zone) as starts,
        changed.source_id,
        changed.product,
        sum(changed.items),
        coalesce(sum(changed.items) filter (where changed.sentiment = 'negative'), 0),
        coalesce(sum(changed.items) filter (where changed.sentiment = 'neutral'), 0),
        coalesce(sum(changed.items) filter (where changed.sentiment = 'positive'), 0),
        sum(changed.rated),
        sum(changed.stars::double precision)
    from changed
    join earshot.brand on brand.id = changed.brand_id
    cross join (values ('day'), ('week')) as period (grain)
    group by changed.brand_id, period.grain, changed.theme_id, starts, changed.source_id,
        changed.product
    order by changed.brand_id, period.grain, changed.theme_id, starts, changed.source_id,
        changed.product
    on conflict (brand_id, grain, theme_id, period_start, source_id, product) do update
    set
        items = kept.items + excluded.items,
        negative = kept.negative + excluded.negative,
        neutral = kept.neutral + excluded.neutral,
        positive = kept.positive + excluded.positive,
        rated = kept.rated + excluded.rated,
        stars = kept.stars + excluded.stars;
    return null;
end
$$;

create function earshot.take_from_periods() returns trigger language plpgsql as $$
begin
    with removed as (
        select
            changed.brand_id,
            period.grain,
            changed.theme_id,
            date_trunc(period.grain, changed.hour, brand.time_zone) as starts,
            changed.source_id,
            changed.product,
            sum(changed.items) as items,
            coalesce(sum(changed.items) filter (where changed.sentiment = 'negative'), 0)
                as negative,
            coalesce(sum(changed.items) filter (where changed.sentiment = 'neutral'), 0)
                as neutral,
            coalesce(sum(changed.items) filter (where changed.sentiment = 'positive'), 0)
                as positive,
            sum(changed.rated) as rated,
            sum(changed.stars::double precision) as stars
        from changed
        join earshot.brand on brand.id = changed.brand_id
        cross join (values ('day'), ('week')) as period (grain)
        group by changed.brand_id, period.grain, changed.theme_id, starts, changed.source_id,
            changed.product
    )

    update earshot.period_count as kept
    set
        items = kept.items - removed.items,
        negative = kept.negative - removed.negative,
        neutral = kept.neutral - removed.neutral,
        positive = kept.positive - removed.positive,
        rated = kept.rated - removed.rated,
        stars = kept.stars - removed.stars
    from removed
    where kept.brand_id = removed.brand_id
        and kept.grain = removed.grain
        and kept.theme_id = removed.theme_id
        and kept.period_start = removed.starts
        and kept.source_id = removed.source_id
        and kept.product = removed.product;
    return null;
end
$$;

create function earshot.move_periods() returns trigger language plpgsql as $$
begin
    delete from earshot.period_count where period_count.brand_id = new.id;
    insert into earshot.period_count
    select hour_in_period.* from earshot.hour_in_period where hour_in_period.brand_id = new.id;
    return null;
end
$$;
create trigger move_periods after update of time_zone on earshot.brand
    for each row when (old.time_zone is distinct from new.time_zone)
    execute function earshot.move_periods();

-- Recurring complaints, counted with the hours ---------------------------------------------------

create table earshot.issue_count (
    brand_id integer not null references earshot.brand,
    source_id integer not null references earshot.source,
    theme_id integer not null,
    hour timestamptz not null,
    precision text not null check (precision in ('second', 'day', 'unknown')),
    product text,
    supplier text,
    courier text,
    version text,
    texts integer not null check (texts > 0),
    first_at timestamptz,
    last_at timestamptz,
    rated integer not null,
    stars double precision not null
);
create index issue_count_by_hour on earshot.issue_count (brand_id, hour, source_id);
comment on table earshot.issue_count is
    'What texts are about beside their theme, by hour: written anew with hourly_count.';
comment on column earshot.issue_count.brand_id is 'The brand.';
comment on column earshot.issue_count.source_id is 'The source.';
comment on column earshot.issue_count.theme_id is
    'Theme of complaints (texts negative towards it); 0 counts all texts.';
comment on column earshot.issue_count.hour is
    'As in hourly_count; the hour in which it was first seen where nobody knows when it was written.';
comment on column earshot.issue_count.precision is 'As published_precision of feedback.';
comment on column earshot.issue_count.product is 'As in feedback.';
comment on column earshot.issue_count.supplier is 'Attribute supplier, or null.';
comment on column earshot.issue_count.courier is 'Attribute courier, or null.';
comment on column earshot.issue_count.version is 'Attribute version, or null.';
comment on column earshot.issue_count.texts is 'Number of texts.';
comment on column earshot.issue_count.first_at is 'When the first of them was published, or null.';
comment on column earshot.issue_count.last_at is 'When the last of them was published, or null.';
comment on column earshot.issue_count.rated is 'How many of them have a rating.';
comment on column earshot.issue_count.stars is 'Sum of their ratings on a scale of five.';

-- Texts without a date stand in the hour in which they were first seen: in no trend, yet among the
-- complaints about a product.
create or replace function earshot.mark_dirty(feedback_ids bigint[]) returns void language sql as $$
    insert into earshot.count_dirty as dirty (brand_id, source_id, hour)
    select distinct
        feedback_brand.brand_id,
        feedback.source_id,
        earshot.count_hour(
            case feedback.published_precision
                when 'unknown' then feedback.first_seen_at else feedback.published_at
            end,
            feedback.published_precision,
            source.time_zone
        ) as hour
    from earshot.feedback
    join earshot.source on source.id = feedback.source_id
    join earshot.feedback_brand on feedback_brand.feedback_id = feedback.id
    where feedback.id = any(feedback_ids)
    order by feedback_brand.brand_id, feedback.source_id, hour
    on conflict (brand_id, source_id, hour) do update
    set hour = excluded.hour
$$;

-- Supplier, courier and version are counted, so a change of them is a change of the hour.
create function earshot.recount_changed_facts() returns trigger language plpgsql as $$
begin
    perform earshot.mark_dirty(array(
        select present.id
        from present
        join past on past.id = present.id
        where (past.attributes, past.product) is distinct from (present.attributes, present.product)
    ));
    return null;
end
$$;
create trigger recount_changed_facts after update on earshot.feedback
    referencing old table as past new table as present
    for each statement execute function earshot.recount_changed_facts();

-- The tag queue: a full look only where it can find something ---------------------------------------

alter table earshot.model add column filled_at timestamptz;
comment on column earshot.model.filled_at is
    'When every text of its brands stood in its queue or had its tags; null: look through them all.';
alter table earshot.model add column themes_at timestamptz;
comment on column earshot.model.themes_at is
    'Newest change of a theme for which recent texts stood in the queue again, or null.';

create function earshot.look_again() returns trigger language plpgsql as $$
begin
    update earshot.model set filled_at = null where model.id = new.model_id;
    return null;
end
$$;
create trigger look_again after insert or update of state on earshot.brand_model
    for each row execute function earshot.look_again();
