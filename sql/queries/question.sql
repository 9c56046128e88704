-- Questions that keep coming back: what is read of texts, and groups that keep their ids.

-- name: question_brands()
-- Brands with the model that is counted there and its weights.
select
    brand_model.brand_id,
    brand_model.model_id,
    model.weights
from earshot.brand_model
join earshot.model on model.id = brand_model.model_id
where brand_model.state = 'active'
order by brand_model.brand_id;

-- name: question_candidates(brand_id, model_id, since, size)
-- Texts of the window with a question mark, newest first, and the groups of their sentences.
with recent as (
    select
        current_version.id as version_id,
        feedback.published_at,
        current_version.title,
        current_version.body,
        tagging.sentences
    from earshot.feedback
    join earshot.feedback_brand
        on feedback_brand.feedback_id = feedback.id and feedback_brand.brand_id = :brand_id
    join earshot.feedback_version as current_version
        on current_version.feedback_id = feedback.id
        and current_version.version = feedback.version
    join earshot.tagging
        on tagging.feedback_version_id = current_version.id
        and tagging.model_id = :model_id
        and tagging.outcome = 'tagged'
    where
        feedback.speaker = 'customer'
        and feedback.deleted_at is null
        and feedback.published_at >= :since
        and (current_version.title like '%%?%%' or current_version.body like '%%?%%')
    order by feedback.published_at desc, current_version.id desc
    limit :size
)

select
    recent.version_id,
    recent.title,
    recent.body,
    recent.sentences,
    coalesce(
        (
            select jsonb_object_agg(question.sentence::text, question.group_id)
            from earshot.question
            join earshot.question_group on question_group.id = question.group_id
            where
                question.feedback_version_id = recent.version_id
                and question_group.brand_id = :brand_id
        ),
        '{}'
    ) as known
from recent
order by recent.published_at, recent.version_id;

-- name: question_group_add(brand_id, now)$
insert into earshot.question_group (brand_id, since)
values (:brand_id, :now)
returning id;

-- name: question_clear(brand_id, version_ids)!
delete from earshot.question
using earshot.question_group
where
    question_group.id = question.group_id
    and question_group.brand_id = :brand_id
    and question.feedback_version_id = any(:version_ids);

-- name: question_store(questions)!
insert into earshot.question (feedback_version_id, sentence, group_id, text, likeness)
select
    given.version_id,
    given.sentence,
    given.group_id,
    given.text,
    given.likeness
from jsonb_to_recordset(cast(:questions as jsonb)) as given (
    version_id bigint,
    sentence smallint,
    group_id integer,
    text text,
    likeness real
)
join earshot.feedback_version on feedback_version.id = given.version_id
order by given.version_id, given.sentence;

-- name: question_drop_empty(brand_id)!
delete from earshot.question_group
where
    brand_id = :brand_id
    and not exists (
        select
        from earshot.question
        where question.group_id = question_group.id
    );
