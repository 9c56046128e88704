-- A person who changes their mind counts once, with the last word; merged themes agree with heirs.

create or replace view analytics.model_agreement as
with word as (
    select distinct on (correction.feedback_id, correction.field, spoken.theme_id)
        correction.feedback_id,
        correction.version,
        correction.field,
        spoken.theme_id,
        correction.value
    from earshot.correction
    left join earshot.theme on theme.id = correction.theme_id
    cross join lateral (select coalesce(theme.merged_into, theme.id) as theme_id) as spoken
    order by
        correction.feedback_id, correction.field, spoken.theme_id, correction.corrected_at desc,
        correction.id desc
),
compared as (
    select
        tagging.model_id,
        word.field,
        theme.key as theme,
        word.value = case
            when word.field = 'sentiment' then tagging.sentiment
            else coalesce(tag.sentiment, 'absent')
        end as is_agreed
    from word
    join earshot.feedback_version
        on feedback_version.feedback_id = word.feedback_id
        and feedback_version.version = word.version
    join earshot.tagging
        on tagging.feedback_version_id = feedback_version.id and tagging.outcome = 'tagged'
    left join earshot.theme on theme.id = word.theme_id
    left join lateral (
        select theme_tag.sentiment
        from earshot.theme_tag
        join earshot.theme as tagged_theme on tagged_theme.id = theme_tag.theme_id
        where theme_tag.feedback_version_id = tagging.feedback_version_id
            and theme_tag.model_id = tagging.model_id
            and coalesce(tagged_theme.merged_into, tagged_theme.id) = word.theme_id
        order by tagged_theme.merged_into nulls first, theme_tag.probability desc
        limit 1
    ) as tag on true
)

select
    model_id,
    field,
    theme,
    count(*) as corrections,
    count(*) filter (where is_agreed) as agreed,
    avg(is_agreed::integer)::double precision as share,
    earshot.wilson(count(*) filter (where is_agreed), count(*), -1) as share_low,
    earshot.wilson(count(*) filter (where is_agreed), count(*), 1) as share_high
from compared
group by model_id, field, theme;
comment on view analytics.model_agreement is
    'How often people who correct agree with each model, by the last word of a person on a text. People look for mistakes, so that this is no measure of all texts: see prevalence.';
comment on column analytics.model_agreement.corrections is
    'Texts on which somebody said a word, number. Example: 40.';
comment on column analytics.model_agreement.share is 'agreed / corrections, 0 to 1. Example: 0.85.';
comment on column analytics.model_agreement.share_low is
    'Lower limit of its 95 % interval (Wilson 1927). Example: 0.71.';
comment on column analytics.model_agreement.share_high is 'Upper limit of it. Example: 0.93.';
