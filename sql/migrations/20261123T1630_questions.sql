-- Questions that keep coming back, so that a help page can answer them.

create table earshot.question_group (
    id integer generated always as identity primary key,
    brand_id integer not null references earshot.brand,
    since timestamptz not null
);
comment on table earshot.question_group is
    'Questions that ask the same; the id lasts from run to run.';
comment on column earshot.question_group.id is 'Stable id.';
comment on column earshot.question_group.brand_id is 'The brand.';
comment on column earshot.question_group.since is 'When the group was first found.';

create table earshot.question (
    feedback_version_id bigint not null
        references earshot.feedback_version on delete cascade,
    sentence smallint not null,
    group_id integer not null references earshot.question_group on delete cascade,
    text text not null,
    likeness real not null,
    primary key (feedback_version_id, sentence, group_id)
);
create index question_by_group on earshot.question (group_id, likeness desc);
comment on table earshot.question is 'One sentence that asks; erased with its text.';
comment on column earshot.question.feedback_version_id is 'The version that says it.';
comment on column earshot.question.sentence is 'Index of the sentence, from 0.';
comment on column earshot.question.group_id is 'The group.';
comment on column earshot.question.text is 'The sentence, masked.';
comment on column earshot.question.likeness is
    'Cosine to the middle of its group, -1 to 1: the highest is the most typical.';

create view analytics.knowledge_gaps as
with asked as (
    select
        brand.key as brand,
        question.group_id,
        feedback.id as feedback_id,
        coalesce(feedback.author_key, feedback.id::text) as person,
        feedback.product,
        feedback.published_at,
        question.text,
        question.likeness,
        row_number() over (
            partition by question.group_id order by question.likeness desc, feedback.id
        ) as place,
        row_number() over (
            partition by question.group_id, feedback.id order by question.likeness desc
        ) as place_in_text
    from earshot.question
    join earshot.question_group on question_group.id = question.group_id
    join earshot.brand on brand.id = question_group.brand_id
    join earshot.feedback_version on feedback_version.id = question.feedback_version_id
    join earshot.feedback
        on feedback.id = feedback_version.feedback_id
        and feedback.version = feedback_version.version
        and feedback.deleted_at is null
),
topic as (
    select distinct on (asked.group_id)
        asked.group_id,
        theme.key as theme
    from asked
    join analytics.themed_feedback as themed
        on themed.feedback_id = asked.feedback_id and themed.brand = asked.brand
    join earshot.theme on theme.key = themed.theme
    where asked.place_in_text = 1 and theme.kind = 'theme'
    group by asked.group_id, theme.key
    order by asked.group_id, count(*) desc, theme.key
)

select
    asked.brand,
    asked.group_id,
    max(asked.text) filter (where asked.place = 1) as question,
    count(distinct asked.feedback_id) as texts,
    count(distinct asked.person) as people,
    min(asked.published_at) as first_asked_at,
    max(asked.published_at) as last_asked_at,
    jsonb_agg(
        jsonb_build_object('feedback_id', asked.feedback_id, 'question', asked.text)
        order by asked.likeness desc, asked.feedback_id
    ) filter (where asked.place_in_text = 1 and asked.place <= 5) as examples,
    max(topic.theme) as theme,
    case when count(distinct asked.product) = 1 then max(asked.product) end as product
from asked
left join topic on topic.group_id = asked.group_id
group by asked.brand, asked.group_id
having count(distinct asked.feedback_id) >= (select least_group.texts from earshot.least_group);

comment on view analytics.knowledge_gaps is
    'Questions that keep coming back, grouped by what they ask: what a help page should answer. Found each week and by `earshot questions`.';
comment on column analytics.knowledge_gaps.brand is 'Key of the brand. Example: northwind.';
comment on column analytics.knowledge_gaps.group_id is
    'Stable id of the group. Example: 12.';
comment on column analytics.knowledge_gaps.question is
    'The most typical of them, masked. Example: Can I return a vase without the box?';
comment on column analytics.knowledge_gaps.texts is
    'Volume: texts that ask it, number. Example: 23.';
comment on column analytics.knowledge_gaps.people is
    'How many people ask; authors without a name count one each. Example: 21.';
comment on column analytics.knowledge_gaps.first_asked_at is
    'First seen: when the first of them was written, UTC.';
comment on column analytics.knowledge_gaps.last_asked_at is
    'When the last of them was written, UTC.';
comment on column analytics.knowledge_gaps.examples is
    'Up to five typical ones: a JSON list of feedback_id and question.';
comment on column analytics.knowledge_gaps.theme is
    'Theme that most of these texts speak of, or null. Example: returns.';
comment on column analytics.knowledge_gaps.product is
    'Product, where all of them name the same one, else null.';
