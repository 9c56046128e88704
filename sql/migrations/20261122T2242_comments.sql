-- What every table and column means; the data dictionary is generated from these comments.


comment on table earshot.clock is
    'The clock of demo and tests; empty where the system''s clock is used.';
comment on column earshot.clock.id is
    'Always 1.';
comment on column earshot.clock.stands_at is
    'The instant that every process takes for now.';

comment on table earshot.brand is
    'A brand that is listened for, from [[brand]] of earshot.toml.';
comment on column earshot.brand.id is
    'Row id.';
comment on column earshot.brand.key is
    'Key of the settings file.';
comment on column earshot.brand.name is
    'Name that people read.';
comment on column earshot.brand.role is
    'own, or competitor (tags and views only, never drafts or incidents).';
comment on column earshot.brand.time_zone is
    'Zone of the brand''s working day, for digests and quiet hours.';

comment on table earshot.source is
    'One [[source]] of earshot.toml: a connector with its query, cursor and health.';
comment on column earshot.source.id is
    'Row id.';
comment on column earshot.source.name is
    'Name in the settings file.';
comment on column earshot.source.kind is
    'Connector.';
comment on column earshot.source.platform is
    'Platform of its texts.';
comment on column earshot.source.brand_id is
    'Brand that its texts concern.';
comment on column earshot.source.time_zone is
    'Zone of times that the source writes without one, and of its days.';
comment on column earshot.source.language is
    'BCP 47 tag of the source''s locale, or null.';
comment on column earshot.source.cursor is
    'Where the next live crawl begins; committed with the rows it stands for.';
comment on column earshot.source.cursor_at is
    'When the cursor last moved.';
comment on column earshot.source.health is
    'unknown, healthy or unhealthy; an unhealthy source proves nothing by its silence.';
comment on column earshot.source.health_reason is
    'Why it is unhealthy, in one sentence.';
comment on column earshot.source.health_since is
    'Since when it has this health.';
comment on column earshot.source.retention_days is
    'Days after publishing until its texts are erased; null keeps them.';

comment on table earshot.crawl is
    'One run of one source, with what it brought.';
comment on column earshot.crawl.id is
    'Row id.';
comment on column earshot.crawl.source_id is
    'The source.';
comment on column earshot.crawl.purpose is
    'live, backfill (a date range, never moves the live cursor) or import (a file).';
comment on column earshot.crawl.started_at is
    'When it began.';
comment on column earshot.crawl.finished_at is
    'When it ended; null while it runs or where it was killed.';
comment on column earshot.crawl.status is
    'running, ok, failed (may be tried again) or broken (contract broken).';
comment on column earshot.crawl.seen is
    'Records read.';
comment on column earshot.crawl.added is
    'New texts stored.';
comment on column earshot.crawl.changed is
    'New versions of known texts.';
comment on column earshot.crawl.quarantined is
    'Records that could not be used.';
comment on column earshot.crawl.overlap_seen is
    'Records of the overlap window that were known already.';
comment on column earshot.crawl.missed_share is
    'Estimated share of records missed so far (capture-recapture), 0 to 1.';
comment on column earshot.crawl.cursor_before is
    'Cursor it started from.';
comment on column earshot.crawl.cursor_after is
    'Cursor it committed.';
comment on column earshot.crawl.error is
    'Why it did not end well, in one sentence.';

comment on table earshot.quarantine is
    'Records that could not be validated, masked, with the reason; they expire.';
comment on column earshot.quarantine.id is
    'Row id.';
comment on column earshot.quarantine.source_id is
    'The source.';
comment on column earshot.quarantine.crawl_id is
    'The run that met it first.';
comment on column earshot.quarantine.record_key is
    'External id, line number or hash: the same bad record is kept once.';
comment on column earshot.quarantine.line_number is
    'Line of the file, from 1.';
comment on column earshot.quarantine.field is
    'The field that was wrong, if one was.';
comment on column earshot.quarantine.reason is
    'What was expected and what was found.';
comment on column earshot.quarantine.payload is
    'The record as bytes, masked.';
comment on column earshot.quarantine.author_key is
    'Author key where it was known, so that erasure finds it.';
comment on column earshot.quarantine.seen_at is
    'When it was first met.';
comment on column earshot.quarantine.expires_at is
    'When upkeep deletes it.';

comment on table earshot.feedback is
    'One text by one person in one place; its words are in feedback_version.';
comment on column earshot.feedback.id is
    'Row id.';
comment on column earshot.feedback.platform is
    'Platform; unique with external_id.';
comment on column earshot.feedback.external_id is
    'The platform''s id, or one made from product, author, date and ordinal.';
comment on column earshot.feedback.source_id is
    'The source that first brought it.';
comment on column earshot.feedback.kind is
    'review, mention, ticket_message, survey_answer or chat_turn.';
comment on column earshot.feedback.parent_id is
    'External id of the text it answers.';
comment on column earshot.feedback.speaker is
    'customer, brand or other; only a customer''s words are tagged and counted.';
comment on column earshot.feedback.product is
    'Product as the source names it.';
comment on column earshot.feedback.attributes is
    'Plain facts beside the text: version, country, store, supplier, courier.';
comment on column earshot.feedback.published_at is
    'When the customer wrote it.';
comment on column earshot.feedback.published_precision is
    'second, day or unknown.';
comment on column earshot.feedback.edited_at is
    'When the platform says it was last edited.';
comment on column earshot.feedback.first_seen_at is
    'When it was first stored.';
comment on column earshot.feedback.last_seen_at is
    'When it was last met unchanged or changed.';
comment on column earshot.feedback.url is
    'Where it can be read.';
comment on column earshot.feedback.author_key is
    'HMAC of platform and author id; null for nobody in particular.';
comment on column earshot.feedback.reach is
    'People who may have seen it, as the platform counts.';
comment on column earshot.feedback.is_verified is
    'The platform says that they bought it.';
comment on column earshot.feedback.is_incentivised is
    'The platform says that they were invited or rewarded.';
comment on column earshot.feedback.brand_reply is
    'The brand''s public answer.';
comment on column earshot.feedback.brand_replied_at is
    'When the brand answered.';
comment on column earshot.feedback.language_hint is
    'BCP 47 tag that the platform gives.';
comment on column earshot.feedback.version is
    'Number of the current version in feedback_version.';
comment on column earshot.feedback.deleted_at is
    'When the platform was seen to have deleted it.';

comment on table earshot.feedback_version is
    'What a text said at one time; a changed text is a new row.';
comment on column earshot.feedback_version.id is
    'Row id.';
comment on column earshot.feedback_version.feedback_id is
    'The feedback.';
comment on column earshot.feedback_version.version is
    '1 for the first text seen, then upwards.';
comment on column earshot.feedback_version.title is
    'Title, masked.';
comment on column earshot.feedback_version.body is
    'Body, masked.';
comment on column earshot.feedback_version.rating is
    'Rating as given.';
comment on column earshot.feedback_version.rating_scale is
    'Highest rating possible, in the unit of rating.';
comment on column earshot.feedback_version.content_hash is
    'SHA-256 of title, body and rating: equal means unchanged.';
comment on column earshot.feedback_version.copy_key is
    'Hash of the normalised text where it is 40 characters or more; equal keys are copies.';
comment on column earshot.feedback_version.seen_at is
    'When this version was first seen.';

comment on table earshot.feedback_brand is
    'Which brands a text concerns; counts are per brand.';
comment on column earshot.feedback_brand.feedback_id is
    'The feedback.';
comment on column earshot.feedback_brand.brand_id is
    'The brand.';

comment on table earshot.model is
    'A model that tagged something.';
comment on column earshot.model.id is
    'Name and number, as written into every tag.';
comment on column earshot.model.weights is
    'Setting that loaded it.';
comment on column earshot.model.registered_at is
    'When it was first used.';

comment on table earshot.brand_model is
    'The state of a model for a brand; exactly one is active.';
comment on column earshot.brand_model.brand_id is
    'The brand.';
comment on column earshot.brand_model.model_id is
    'The model.';
comment on column earshot.brand_model.state is
    'candidate (tags in the background), active (counted) or retired.';
comment on column earshot.brand_model.changed_at is
    'When it took this state.';

comment on table earshot.theme is
    'The ledger of themes: stable ids, merges and splits.';
comment on column earshot.theme.id is
    'Stable id.';
comment on column earshot.theme.key is
    'Key of the taxonomy file, or made for an emerging theme.';
comment on column earshot.theme.name is
    'Name that people read.';
comment on column earshot.theme.description is
    'The sentence that defines it for the model.';
comment on column earshot.theme.kind is
    'theme, urgent (one credible report is enough) or emerging (found, not yet accepted).';
comment on column earshot.theme.weight is
    'Severity weight; safety, privacy and scam are heavy.';
comment on column earshot.theme.owner is
    'Channel that owns it.';
comment on column earshot.theme.playbook is
    'First steps and holding statement.';
comment on column earshot.theme.text_hash is
    'Hash of name, description and examples: changed text is embedded again.';
comment on column earshot.theme.state is
    'active, retired or merged.';
comment on column earshot.theme.merged_into is
    'The theme that took it over.';
comment on column earshot.theme.split_from is
    'The theme it was split from.';
comment on column earshot.theme.since is
    'When it entered the ledger.';

comment on table earshot.tag_queue is
    'Versions that a model has not tagged yet; a claim holds until its lease ends.';
comment on column earshot.tag_queue.feedback_version_id is
    'The version.';
comment on column earshot.tag_queue.model_id is
    'The model that shall tag it.';
comment on column earshot.tag_queue.published_at is
    'Copied from the feedback: newest first.';
comment on column earshot.tag_queue.claimed_by is
    'Process that holds it.';
comment on column earshot.tag_queue.lease_until is
    'When the claim ends, by the server''s clock.';
comment on column earshot.tag_queue.fence is
    'Number of the claim; results commit only while it is still the same.';
comment on column earshot.tag_queue.attempts is
    'Claims so far; a text that always fails is given up with a reason.';

comment on table earshot.tagging is
    'What a model says of one version as a whole.';
comment on column earshot.tagging.feedback_version_id is
    'The version.';
comment on column earshot.tagging.model_id is
    'The model.';
comment on column earshot.tagging.feedback_id is
    'Copied from the version.';
comment on column earshot.tagging.language is
    'BCP 47 tag found, or undetermined.';
comment on column earshot.tagging.is_supported is
    'False where there is positive evidence of a language the model cannot read.';
comment on column earshot.tagging.sentiment is
    'Most probable class.';
comment on column earshot.tagging.p_negative is
    'Calibrated probability, 0 to 1.';
comment on column earshot.tagging.p_neutral is
    'Calibrated probability, 0 to 1.';
comment on column earshot.tagging.p_positive is
    'Calibrated probability, 0 to 1.';
comment on column earshot.tagging.sentences is
    '[start, end, p_negative, p_neutral, p_positive, [theme ids]] of each sentence, for highlighting.';
comment on column earshot.tagging.outcome is
    'tagged, empty, not_supported or failed.';
comment on column earshot.tagging.tagged_at is
    'When it was tagged.';

comment on table earshot.theme_tag is
    'A theme that a model finds in one version.';
comment on column earshot.theme_tag.feedback_version_id is
    'The version.';
comment on column earshot.theme_tag.model_id is
    'The model.';
comment on column earshot.theme_tag.theme_id is
    'The theme.';
comment on column earshot.theme_tag.probability is
    'Calibrated probability that the theme is meant, 0 to 1.';
comment on column earshot.theme_tag.sentiment is
    'Sentiment towards that theme.';
comment on column earshot.theme_tag.p_sentiment is
    'Calibrated probability of that sentiment, 0 to 1.';
comment on column earshot.theme_tag.sentence is
    'Index of the sentence that says it best, from 0.';

comment on table earshot.correction is
    'What a person says a text is; wins over the model in every view.';
comment on column earshot.correction.id is
    'Row id.';
comment on column earshot.correction.feedback_id is
    'The feedback.';
comment on column earshot.correction.version is
    'Version that the person read.';
comment on column earshot.correction.theme_id is
    'The theme, where field is theme.';
comment on column earshot.correction.field is
    'sentiment (of the whole text) or theme.';
comment on column earshot.correction.value is
    'negative, neutral or positive; absent where the theme is not meant.';
comment on column earshot.correction.corrected_by is
    'Who.';
comment on column earshot.correction.corrected_at is
    'When.';

comment on table earshot.hourly_count is
    'Items an hour by publish time; zero hours are not stored.';
comment on column earshot.hourly_count.brand_id is
    'The brand.';
comment on column earshot.hourly_count.source_id is
    'The source.';
comment on column earshot.hourly_count.theme_id is
    'The theme; 0 is the item as a whole.';
comment on column earshot.hourly_count.product is
    'The product; empty where none is known.';
comment on column earshot.hourly_count.sentiment is
    'Of the item, or towards the theme; unknown where it is neither rated nor tagged.';
comment on column earshot.hourly_count.precision is
    'second, or day (standing at 00:00 of the source''s day).';
comment on column earshot.hourly_count.hour is
    'Start of the hour.';
comment on column earshot.hourly_count.items is
    'Number of texts.';
comment on column earshot.hourly_count.rated is
    'How many of them carry a rating (theme 0 only).';
comment on column earshot.hourly_count.stars is
    'Sum of their ratings on a scale of five (theme 0 only).';

comment on table earshot.count_dirty is
    'Hours whose counts must be computed again.';
comment on column earshot.count_dirty.brand_id is
    'The brand.';
comment on column earshot.count_dirty.source_id is
    'The source.';
comment on column earshot.count_dirty.hour is
    'Start of the hour.';

comment on table earshot.series_state is
    'What detection remembers of a series between runs.';
comment on column earshot.series_state.brand_id is
    'The brand.';
comment on column earshot.series_state.series is
    'Name of the series.';
comment on column earshot.series_state.up_to is
    'First hour that it has not taken in.';
comment on column earshot.series_state.state is
    'Baseline and cumulative statistics.';

comment on table earshot.planned_event is
    'Promotions, launches and maintenance that shift what is expected.';
comment on column earshot.planned_event.id is
    'Row id.';
comment on column earshot.planned_event.brand_id is
    'The brand.';
comment on column earshot.planned_event.name is
    'Name.';
comment on column earshot.planned_event.starts_at is
    'Start.';
comment on column earshot.planned_event.ends_at is
    'End.';
comment on column earshot.planned_event.expected_factor is
    'Expected count as a multiple of the usual.';

comment on table earshot.incident is
    'Something that broke, or improved, from its first hour to its last.';
comment on column earshot.incident.id is
    'Row id.';
comment on column earshot.incident.key is
    'Made from brand, rule and first hour: the same event is opened once.';
comment on column earshot.incident.brand_id is
    'The brand.';
comment on column earshot.incident.rule is
    'The [[rule]] that watched.';
comment on column earshot.incident.kind is
    'spike, slow_burn, share, rating, urgent, brigading, drop.';
comment on column earshot.incident.direction is
    'negative, positive or neutral.';
comment on column earshot.incident.theme_key is
    'Main theme; null for the brand as a whole.';
comment on column earshot.incident.product is
    'The product, where it is one product''s.';
comment on column earshot.incident.state is
    'open, growing, peaked or resolved.';
comment on column earshot.incident.severity is
    'low (logged only), medium, high or critical.';
comment on column earshot.incident.started_at is
    'First anomalous hour.';
comment on column earshot.incident.opened_at is
    'The clock when it was opened.';
comment on column earshot.incident.updated_at is
    'The clock when it last changed.';
comment on column earshot.incident.last_anomalous_at is
    'Last anomalous hour.';
comment on column earshot.incident.resolved_at is
    'The clock when it was resolved.';
comment on column earshot.incident.items is
    'Texts since started_at.';
comment on column earshot.incident.baseline is
    'Texts usually expected in that time.';
comment on column earshot.incident.odds is
    'Probability of such a count by chance, 0 to 1.';
comment on column earshot.incident.reason is
    'Why it was opened, in one sentence.';
comment on column earshot.incident.evidence is
    'Everything that the message and the page show.';
comment on column earshot.incident.is_historical is
    'Older than alert_max_age when found: stored, never posted.';
comment on column earshot.incident.channel is
    'Channel it was posted to.';
comment on column earshot.incident.verdict is
    'confirmed or dismissed by a person.';
comment on column earshot.incident.decided_by is
    'Who decided.';
comment on column earshot.incident.decided_at is
    'When.';
comment on column earshot.incident.assigned_to is
    'Who works on it.';
comment on column earshot.incident.snoozed_until is
    'Quiet until then.';
comment on column earshot.incident.snoozed_items is
    'Quiet until it grows beyond this.';
comment on column earshot.incident.escalated_at is
    'When it went to the next channel.';

comment on table earshot.incident_feedback is
    'The texts behind an incident.';
comment on column earshot.incident_feedback.incident_id is
    'The incident.';
comment on column earshot.incident_feedback.feedback_id is
    'The feedback.';

comment on table earshot.incident_event is
    'What happened to an incident, in order.';
comment on column earshot.incident_event.id is
    'Row id.';
comment on column earshot.incident_event.incident_id is
    'The incident.';
comment on column earshot.incident_event.at is
    'When, by the clock.';
comment on column earshot.incident_event.kind is
    'opened, grew, escalated, peaked, resolved, confirmed, dismissed and so on.';
comment on column earshot.incident_event.actor is
    'earshot, or who did it.';
comment on column earshot.incident_event.detail is
    'Figures of the moment.';

comment on table earshot.reply_draft is
    'A reply that waits for a person, and what became of it.';
comment on column earshot.reply_draft.id is
    'Row id.';
comment on column earshot.reply_draft.feedback_id is
    'The review it answers.';
comment on column earshot.reply_draft.version is
    'Version of the review that it answers.';
comment on column earshot.reply_draft.attempt is
    '1 for the first draft, then upwards.';
comment on column earshot.reply_draft.incident_id is
    'The incident in whose thread it is shown.';
comment on column earshot.reply_draft.brand_id is
    'The brand.';
comment on column earshot.reply_draft.language is
    'Language of the reply.';
comment on column earshot.reply_draft.engine is
    'builtin, llm or human.';
comment on column earshot.reply_draft.text is
    'The reply.';
comment on column earshot.reply_draft.text_hash is
    'SHA-256 of the text: an approval names it.';
comment on column earshot.reply_draft.guard is
    'What the guard found.';
comment on column earshot.reply_draft.state is
    'blocked, waiting, approved, sending, sent, dropped, void, held or unsure.';
comment on column earshot.reply_draft.reason is
    'Why it is in that state.';
comment on column earshot.reply_draft.created_at is
    'When it was drafted.';
comment on column earshot.reply_draft.due_at is
    'When an answer is late.';
comment on column earshot.reply_draft.sent_at is
    'When the platform accepted it.';

comment on table earshot.reply_event is
    'What happened to a draft, in order.';
comment on column earshot.reply_event.id is
    'Row id.';
comment on column earshot.reply_event.draft_id is
    'The draft.';
comment on column earshot.reply_event.at is
    'When, by the clock.';
comment on column earshot.reply_event.kind is
    'drafted, edited, approved, dropped, sent, voided and so on.';
comment on column earshot.reply_event.actor is
    'earshot, or who did it.';
comment on column earshot.reply_event.detail is
    'Text hash, edit distance, errors.';

comment on table earshot.outbox is
    'Every message that leaves the house, written with the state it announces.';
comment on column earshot.outbox.id is
    'Row id.';
comment on column earshot.outbox.key is
    'Idempotency key: the same message is written once.';
comment on column earshot.outbox.brand_id is
    'The brand, if one is concerned.';
comment on column earshot.outbox.subject is
    'What it is about; messages of one subject keep their order.';
comment on column earshot.outbox.destination is
    'slack, or the platform that publishes a reply.';
comment on column earshot.outbox.channel is
    'Slack channel.';
comment on column earshot.outbox.action is
    'post, update, thread or publish.';
comment on column earshot.outbox.payload is
    'What is sent.';
comment on column earshot.outbox.state is
    'waiting, sending, sent, uncertain, dead or superseded.';
comment on column earshot.outbox.attempts is
    'Sends tried.';
comment on column earshot.outbox.not_before is
    'Earliest instant of the next try.';
comment on column earshot.outbox.sending_since is
    'When the present try began.';
comment on column earshot.outbox.sent_at is
    'When the other side accepted it.';
comment on column earshot.outbox.remote_channel is
    'Channel id that Slack gave.';
comment on column earshot.outbox.remote_id is
    'Message id that the other side gave.';
comment on column earshot.outbox.error is
    'What the last try met.';
comment on column earshot.outbox.created_at is
    'When it was written.';

comment on table earshot.survey_answer is
    'The score of a survey answer; its words are feedback.';
comment on column earshot.survey_answer.feedback_id is
    'The feedback.';
comment on column earshot.survey_answer.survey is
    'csat, nps or ces.';
comment on column earshot.survey_answer.score is
    'Score as given.';
comment on column earshot.survey_answer.scale is
    'Highest score possible.';

comment on table earshot.ticket_metric is
    'The times of one support ticket.';
comment on column earshot.ticket_metric.platform is
    'Platform.';
comment on column earshot.ticket_metric.ticket_id is
    'Ticket id of the platform.';
comment on column earshot.ticket_metric.source_id is
    'The source.';
comment on column earshot.ticket_metric.brand_id is
    'The brand.';
comment on column earshot.ticket_metric.channel is
    'Channel the ticket came by.';
comment on column earshot.ticket_metric.opened_at is
    'When the customer opened it.';
comment on column earshot.ticket_metric.first_response_at is
    'First public answer by the brand.';
comment on column earshot.ticket_metric.resolved_at is
    'When it was last resolved.';
comment on column earshot.ticket_metric.reopens is
    'How often it was opened again.';
comment on column earshot.ticket_metric.agent_replies is
    'Public answers by the brand.';
comment on column earshot.ticket_metric.updated_at is
    'When these times were last read.';

comment on table earshot.erasure is
    'What was erased, when and for whom, without any of it.';
comment on column earshot.erasure.id is
    'Row id.';
comment on column earshot.erasure.scope is
    'What was asked for, hashed.';
comment on column earshot.erasure.requested_by is
    'Who asked.';
comment on column earshot.erasure.requested_at is
    'When.';
comment on column earshot.erasure.finished_at is
    'When every copy was gone.';
comment on column earshot.erasure.erased is
    'Rows erased by table.';
