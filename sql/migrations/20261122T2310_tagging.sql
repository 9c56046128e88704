-- What tagging, counting and correcting need beside the core tables.

alter table earshot.tagging add column reason text;
comment on column earshot.tagging.reason is
    'Why there are no tags, where the outcome is failed.';

alter table earshot.theme add column changed_at timestamptz;
update earshot.theme set changed_at = since;
comment on column earshot.theme.changed_at is
    'When its words last changed: recent texts tagged before that are tagged again.';

create function earshot.count_hour(moment timestamptz, moment_precision text, time_zone text)
returns timestamptz language sql stable
return date_bin(
    interval '15 minutes',
    case moment_precision
        when 'day' then date_trunc('day', moment, time_zone)
        else date_trunc('hour', moment, 'UTC')
    end,
    timestamptz '2000-01-01 00:00:00+00'
);
comment on function earshot.count_hour is
    'Hour in which a text is counted; a day stands at 00:00 of the source''s day.';

-- The row lock of the update is wanted: a refresh that runs meanwhile skips the hour until the
-- marking transaction has committed, so that no change falls between the two.
create function earshot.mark_dirty(feedback_ids bigint[]) returns void language sql as $$
    insert into earshot.count_dirty as dirty (brand_id, source_id, hour)
    select distinct
        feedback_brand.brand_id,
        feedback.source_id,
        earshot.count_hour(
            feedback.published_at, feedback.published_precision, source.time_zone
        ) as hour
    from earshot.feedback
    join earshot.source on source.id = feedback.source_id
    join earshot.feedback_brand on feedback_brand.feedback_id = feedback.id
    where feedback.id = any(feedback_ids) and feedback.published_precision <> 'unknown'
    order by feedback_brand.brand_id, feedback.source_id, hour
    on conflict (brand_id, source_id, hour) do update
    set hour = excluded.hour
$$;
comment on function earshot.mark_dirty is
    'Marks the hours of these texts to be counted again; also to be called before a text moves.';

create function analytics.record_correction(
    corrected_feedback_id bigint,
    theme_key text,
    new_value text,
    person text,
    moment timestamptz
) returns bigint language plpgsql security definer set search_path = '' as $$
declare
    corrected_theme_id integer;
    correction_id bigint;
begin
    if theme_key is not null then
        select coalesce(theme.merged_into, theme.id) into corrected_theme_id
        from earshot.theme
        where theme.key = theme_key;
        if not found then
            raise exception 'no theme has the key "%"', theme_key using errcode = '22023';
        end if;
    elsif new_value = 'absent' then
        raise exception 'a sentiment cannot be absent' using errcode = '22023';
    end if;
    insert into earshot.correction
        (feedback_id, version, theme_id, field, value, corrected_by, corrected_at)
    select
        feedback.id,
        feedback.version,
        corrected_theme_id,
        case when theme_key is null then 'sentiment' else 'theme' end,
        new_value,
        person,
        moment
    from earshot.feedback
    where feedback.id = corrected_feedback_id
    returning id into correction_id;
    if correction_id is null then
        raise exception 'no feedback has the id %', corrected_feedback_id using errcode = '22023';
    end if;
    perform earshot.mark_dirty(array[corrected_feedback_id]);
    return correction_id;
end
$$;
comment on function analytics.record_correction is
    'Stores what a person says of a text (theme key null: of the text as a whole), returns its id.';
revoke execute on function analytics.record_correction from public;
grant execute on function analytics.record_correction to earshot_pipeline, earshot_web;
