-- name: correction_record(feedback_id, theme_key, value, corrected_by, corrected_at)$
select analytics.record_correction(
    :feedback_id, :theme_key, :value, :corrected_by, :corrected_at
);

-- name: correction_examples(per_theme, longest)
-- Short texts in which people said that a theme is meant, newest first, a bounded number each.
with confirmed as (
    select
        latest_correction.theme_id,
        latest_correction.corrected_at,
        feedback_version.title,
        feedback_version.body,
        row_number() over (
            partition by latest_correction.theme_id
            order by latest_correction.corrected_at desc, feedback_version.id desc
        ) as place
    from earshot.latest_correction
    join earshot.feedback on feedback.id = latest_correction.feedback_id
    join earshot.feedback_version
        on feedback_version.feedback_id = feedback.id
        and feedback_version.version = feedback.version
    where
        latest_correction.field = 'theme'
        and latest_correction.value <> 'absent'
        and feedback.deleted_at is null
        and length(feedback_version.title) + length(feedback_version.body) <= :longest
)

select
    theme.key,
    confirmed.title,
    confirmed.body
from confirmed
join earshot.theme on theme.id = confirmed.theme_id
where confirmed.place <= :per_theme
order by theme.key, confirmed.place;

-- name: correction_agreement()
-- How often people agree with the model that is active: by field and theme.
select
    tagging.model_id,
    latest_correction.field,
    theme.key,
    count(*) as corrections,
    count(*) filter (
        where latest_correction.value = case latest_correction.field
            when 'sentiment' then tagging.sentiment
            else coalesce(theme_tag.sentiment, 'absent')
        end
    ) as agreed
from earshot.latest_correction
join earshot.feedback on feedback.id = latest_correction.feedback_id
join earshot.feedback_version
    on feedback_version.feedback_id = feedback.id
    and feedback_version.version = feedback.version
join earshot.tagging on tagging.feedback_version_id = feedback_version.id
left join earshot.theme on theme.id = latest_correction.theme_id
left join earshot.theme_tag
    on theme_tag.feedback_version_id = tagging.feedback_version_id
    and theme_tag.model_id = tagging.model_id
    and theme_tag.theme_id = latest_correction.theme_id
where tagging.outcome = 'tagged'
group by tagging.model_id, latest_correction.field, theme.key
order by tagging.model_id, latest_correction.field, theme.key;
