-- What the settings file says to the views: service levels, and the least group that analysts see.

create table earshot.service_level (
    channel text primary key,
    first_response_minutes integer not null check (first_response_minutes > 0)
);
comment on table earshot.service_level is
    'Service level agreed for a channel, from [[analytics.service_level]] of earshot.toml.';
comment on column earshot.service_level.channel is
    'Channel as ticket_metric names it; "default" holds for all others.';
comment on column earshot.service_level.first_response_minutes is
    'Minutes within which the customer has a first answer.';

create table earshot.analyst_limit (
    id smallint primary key default 1 check (id = 1),
    least_group integer not null check (least_group > 0)
);
comment on table earshot.analyst_limit is
    'What analysts may see, from [analytics] of earshot.toml; no row is no limit.';
comment on column earshot.analyst_limit.id is 'Always 1.';
comment on column earshot.analyst_limit.least_group is
    'Fewest texts that a row of an aggregate stands for; above 1 the views of single texts are closed.';

create view earshot.least_group as
select coalesce(max(analyst_limit.least_group), 1) as texts
from earshot.analyst_limit
where pg_has_role(current_user, 'earshot_analyst', 'member');
comment on view earshot.least_group is
    'The least group for whoever asks: views of views keep the role, so that only analysts are limited.';
comment on column earshot.least_group.texts is 'Fewest texts of a row; 1 is no limit.';

create function earshot.limit_analysts(least_group integer) returns void
language plpgsql security definer set search_path = '' as $$
begin
    insert into earshot.analyst_limit as known (least_group) values (least_group)
    on conflict (id) do update set least_group = excluded.least_group;
    if least_group > 1 then
        revoke select on
            analytics.feedback_item,
            analytics.themed_feedback,
            analytics.feedback_sentence,
            analytics.reply_log,
            analytics.incident_detail
        from earshot_analyst;
        revoke execute on function
            analytics.feedback_item_as_of,
            analytics.themed_feedback_as_of,
            analytics.theme_trend_as_of,
            analytics.theme_shift
        from earshot_analyst;
    else
        grant select on
            analytics.feedback_item,
            analytics.themed_feedback,
            analytics.feedback_sentence,
            analytics.reply_log,
            analytics.incident_detail
        to earshot_analyst;
        grant execute on function
            analytics.feedback_item_as_of,
            analytics.themed_feedback_as_of,
            analytics.theme_trend_as_of,
            analytics.theme_shift
        to earshot_analyst;
    end if;
end
$$;
comment on function earshot.limit_analysts is
    'Sets the least group; above 1 analysts lose the views of single texts and the past, which would give smaller groups away.';
revoke execute on function earshot.limit_analysts from public;
grant execute on function earshot.limit_analysts to earshot_pipeline;

-- Intervals ------------------------------------------------------------------------------------

create function earshot.wilson(hits double precision, trials double precision, side integer)
returns double precision language sql immutable parallel safe
return case when trials > 0 then greatest(0, least(1, (
    hits + 1.920729 + side * 1.959964 * sqrt(greatest(hits * (1 - hits / trials) + 0.960365, 0))
) / (trials + 3.841459))) end;
comment on function earshot.wilson is
    'Limit of the 95 % score interval of a share (Wilson 1927): side -1 is the lower, 1 the upper.';
