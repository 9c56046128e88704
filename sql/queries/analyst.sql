-- What the settings file says to the views of analysts, and what was measured of a model.

-- name: analyst_level(channel, first_response_minutes)!
insert into earshot.service_level (channel, first_response_minutes)
values (:channel, :first_response_minutes)
on conflict (channel) do update
set first_response_minutes = excluded.first_response_minutes
where service_level.first_response_minutes <> excluded.first_response_minutes;

-- name: analyst_level_forget(channels)!
delete from earshot.service_level
where channel <> all(cast(:channels as text[]));

-- name: analyst_least_group()$
select coalesce(max(least_group), 1)
from earshot.analyst_limit;

-- name: analyst_limit(least_group)$
select earshot.limit_analysts(:least_group);

-- name: analyst_measured(model_id, theme_key, positives, positives_found, negatives, negatives_found, labels, now)!
insert into earshot.misclassification (
    model_id, theme_key, positives, positives_found, negatives, negatives_found, labels,
    measured_at
)
values (
    :model_id, :theme_key, :positives, :positives_found, :negatives, :negatives_found, :labels,
    :now
)
on conflict (model_id, theme_key) do update
set
    positives = excluded.positives,
    positives_found = excluded.positives_found,
    negatives = excluded.negatives,
    negatives_found = excluded.negatives_found,
    labels = excluded.labels,
    measured_at = excluded.measured_at;

-- name: analyst_known_errors()
select model_id, theme_key
from earshot.misclassification;
