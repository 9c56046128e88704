-- What the page needs beside the first views: sentences with their spans, and an incident's story.

create view analytics.feedback_sentence as
select
    item.feedback_id,
    item.brand,
    (span.place - 1)::smallint as sentence,
    (span.spot ->> 0)::integer as begins,
    (span.spot ->> 1)::integer as ends,
    (span.spot ->> 2)::real as p_negative,
    (span.spot ->> 3)::real as p_neutral,
    (span.spot ->> 4)::real as p_positive,
    item.model_id
from analytics.feedback_item as item
join earshot.feedback_version
    on feedback_version.feedback_id = item.feedback_id
    and feedback_version.version = item.version
join earshot.tagging
    on tagging.feedback_version_id = feedback_version.id
    and tagging.model_id = item.model_id
cross join lateral jsonb_array_elements(tagging.sentences) with ordinality as span (spot, place);
comment on view analytics.feedback_sentence is
    'One row per sentence of a tagged text, by the model that is counted.';
comment on column analytics.feedback_sentence.feedback_id is 'The text.';
comment on column analytics.feedback_sentence.brand is 'Key of the brand, such as northwind.';
comment on column analytics.feedback_sentence.sentence is
    'Number of the sentence from 0; themed_feedback.sentence points here.';
comment on column analytics.feedback_sentence.begins is
    'First character in title and body joined by a line break, counted from 0.';
comment on column analytics.feedback_sentence.ends is 'Character after the last one.';
comment on column analytics.feedback_sentence.p_negative is
    'Calibrated probability that the sentence is negative, 0 to 1, such as 0.93.';
comment on column analytics.feedback_sentence.p_neutral is
    'Calibrated probability that it is neutral, 0 to 1, such as 0.05.';
comment on column analytics.feedback_sentence.p_positive is
    'Calibrated probability that it is positive, 0 to 1, such as 0.02.';
comment on column analytics.feedback_sentence.model_id is 'The model.';

create view analytics.incident_detail as
select
    incident.id as incident_id,
    brand.key as brand,
    incident.evidence ->> 'title' as title,
    incident.evidence,
    incident.channel,
    (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'at', incident_event.at,
                    'kind', incident_event.kind,
                    'actor', incident_event.actor
                )
                order by incident_event.at, incident_event.id
            ),
            '[]'
        )
        from earshot.incident_event
        where incident_event.incident_id = incident.id
    ) as events
from earshot.incident
join earshot.brand on brand.id = incident.brand_id;
comment on view analytics.incident_detail is
    'What stands behind an incident: chart, quotes, differences, and what happened when.';
comment on column analytics.incident_detail.incident_id is 'The incident; see incident_log.';
comment on column analytics.incident_detail.brand is 'Key of the brand, such as northwind.';
comment on column analytics.incident_detail.title is 'What broke, such as Late parcels.';
comment on column analytics.incident_detail.evidence is
    'Hours with expected band, quotes (masked), differences, screens and sources, as JSON.';
comment on column analytics.incident_detail.channel is 'Slack channel that was told, or null.';
comment on column analytics.incident_detail.events is
    'Openings, growth, decisions: a list of at, kind and actor, oldest first.';

create view analytics.reply_log as
select
    reply_draft.id as draft_id,
    reply_draft.feedback_id,
    reply_draft.incident_id,
    brand.key as brand,
    reply_draft.language,
    reply_draft.state,
    reply_draft.text,
    reply_draft.reason,
    reply_draft.created_at,
    reply_draft.due_at,
    reply_draft.sent_at
from earshot.reply_draft
join earshot.brand on brand.id = reply_draft.brand_id;
comment on view analytics.reply_log is 'Every reply draft with what became of it.';
comment on column analytics.reply_log.draft_id is 'Number of `earshot replies`.';
comment on column analytics.reply_log.feedback_id is 'The text that it answers.';
comment on column analytics.reply_log.incident_id is 'The incident that the text belongs to, or null.';
comment on column analytics.reply_log.brand is 'Key of the brand, such as northwind.';
comment on column analytics.reply_log.language is 'BCP 47 tag of the reply, such as en.';
comment on column analytics.reply_log.state is
    'blocked, waiting, approved, sending, sent, dropped, void, held or unsure.';
comment on column analytics.reply_log.text is 'The reply; empty where a person is to write it.';
comment on column analytics.reply_log.reason is 'Why it is held, blocked, dropped or void.';
comment on column analytics.reply_log.created_at is 'When it was drafted.';
comment on column analytics.reply_log.due_at is 'When the customer should have it.';
comment on column analytics.reply_log.sent_at is 'When it was published, or null.';

create view analytics.theme as
select
    theme.key as theme,
    theme.name,
    theme.description,
    theme.kind,
    theme.state,
    theme.weight,
    theme.owner,
    merged.key as merged_into,
    split.key as split_from,
    theme.since
from earshot.theme
left join earshot.theme as merged on merged.id = theme.merged_into
left join earshot.theme as split on split.id = theme.split_from;
comment on view analytics.theme is 'The ledger of themes: what each means, and what became of it.';
comment on column analytics.theme.theme is 'Stable key, such as delivery_delay.';
comment on column analytics.theme.name is 'Name that people read, such as Delivery delay.';
comment on column analytics.theme.description is 'The sentence that defines it for the model.';
comment on column analytics.theme.kind is 'theme, urgent or emerging.';
comment on column analytics.theme.state is 'active, retired or merged.';
comment on column analytics.theme.weight is 'Severity weight; 1 is ordinary, such as 2 for scam.';
comment on column analytics.theme.owner is 'Channel that owns it, such as #logistics, or null.';
comment on column analytics.theme.merged_into is 'Key of the theme that took it in, or null.';
comment on column analytics.theme.split_from is 'Key of the theme that it was split from, or null.';
comment on column analytics.theme.since is 'When it was first known.';
