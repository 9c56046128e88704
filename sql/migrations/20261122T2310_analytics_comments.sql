-- What every view and column of the contract means; the data dictionary is generated from it.


comment on view analytics.feedback_item is
    'One row a text and brand: what a customer said, where, when, and how it is read. Current version, active model.';
comment on column analytics.feedback_item.feedback_id is
    'Stable id of the text. Example: 4711.';
comment on column analytics.feedback_item.brand is
    'Key of the brand. Example: northwind.';
comment on column analytics.feedback_item.source is
    'Name of the source in earshot.toml. Example: shop.';
comment on column analytics.feedback_item.platform is
    'Platform that holds the text. Example: trustpilot.';
comment on column analytics.feedback_item.kind is
    'review, mention, ticket_message, survey_answer or chat_turn.';
comment on column analytics.feedback_item.product is
    'Product as the source names it. Example: Fjord vase.';
comment on column analytics.feedback_item.attributes is
    'Plain facts as JSON: version, country, store, supplier, courier.';
comment on column analytics.feedback_item.title is
    'Title, personal data masked.';
comment on column analytics.feedback_item.body is
    'Text, personal data masked.';
comment on column analytics.feedback_item.stars is
    'Rating on a scale of five stars. Example: 2.0.';
comment on column analytics.feedback_item.published_at is
    'When the customer wrote it, UTC.';
comment on column analytics.feedback_item.published_precision is
    'second, day or unknown: how exactly published_at is known.';
comment on column analytics.feedback_item.first_seen_at is
    'When it was first stored, UTC.';
comment on column analytics.feedback_item.version is
    '1 for the first text, then upwards with each edit.';
comment on column analytics.feedback_item.url is
    'Where it can be read.';
comment on column analytics.feedback_item.reach is
    'People who may have seen it, as the platform counts.';
comment on column analytics.feedback_item.is_verified is
    'The platform says that they bought it.';
comment on column analytics.feedback_item.is_incentivised is
    'The platform says that they were invited or rewarded.';
comment on column analytics.feedback_item.brand_replied_at is
    'When the brand answered in public, UTC.';
comment on column analytics.feedback_item.language is
    'BCP 47 tag found by the tagger. Example: de.';
comment on column analytics.feedback_item.is_supported is
    'False where the text is in a language that the model cannot read.';
comment on column analytics.feedback_item.sentiment is
    'negative, neutral or positive: a person''s correction, else the rating, else the text.';
comment on column analytics.feedback_item.sentiment_from is
    'person, rating or text: where sentiment comes from.';
comment on column analytics.feedback_item.text_sentiment is
    'What the model reads in the text alone.';
comment on column analytics.feedback_item.p_negative is
    'Calibrated probability that the text is negative, 0 to 1.';
comment on column analytics.feedback_item.p_neutral is
    'Calibrated probability that the text is neutral, 0 to 1.';
comment on column analytics.feedback_item.p_positive is
    'Calibrated probability that the text is positive, 0 to 1.';
comment on column analytics.feedback_item.outcome is
    'tagged, empty, not_supported or failed; null where it waits to be tagged.';
comment on column analytics.feedback_item.model_id is
    'Model behind the tags.';
comment on column analytics.feedback_item.tagged_at is
    'When it was tagged, UTC.';

comment on view analytics.themed_feedback is
    'One row a text and theme, for every theme that the active model or a person finds in it.';
comment on column analytics.themed_feedback.feedback_id is
    'Stable id of the text.';
comment on column analytics.themed_feedback.brand is
    'Key of the brand.';
comment on column analytics.themed_feedback.source is
    'Name of the source in earshot.toml.';
comment on column analytics.themed_feedback.platform is
    'Platform that holds the text.';
comment on column analytics.themed_feedback.kind is
    'review, mention, ticket_message, survey_answer or chat_turn.';
comment on column analytics.themed_feedback.product is
    'Product as the source names it.';
comment on column analytics.themed_feedback.attributes is
    'Plain facts as JSON: version, country, store, supplier, courier.';
comment on column analytics.themed_feedback.theme is
    'Key of the theme. Example: delivery_delay.';
comment on column analytics.themed_feedback.theme_name is
    'Name that people read. Example: Delivery delay.';
comment on column analytics.themed_feedback.theme_kind is
    'theme, urgent or emerging.';
comment on column analytics.themed_feedback.sentiment is
    'Sentiment towards the theme, never taken from the rating.';
comment on column analytics.themed_feedback.is_corrected is
    'A person said so.';
comment on column analytics.themed_feedback.probability is
    'Calibrated probability that the theme is meant, 0 to 1.';
comment on column analytics.themed_feedback.p_sentiment is
    'Calibrated probability of the sentiment, 0 to 1.';
comment on column analytics.themed_feedback.sentence is
    'Index of the sentence that says it best, from 0.';
comment on column analytics.themed_feedback.stars is
    'Rating on a scale of five stars.';
comment on column analytics.themed_feedback.item_sentiment is
    'Sentiment of the text as a whole.';
comment on column analytics.themed_feedback.title is
    'Title, personal data masked.';
comment on column analytics.themed_feedback.body is
    'Text, personal data masked.';
comment on column analytics.themed_feedback.language is
    'BCP 47 tag found by the tagger.';
comment on column analytics.themed_feedback.published_at is
    'When the customer wrote it, UTC.';
comment on column analytics.themed_feedback.published_precision is
    'second, day or unknown.';
comment on column analytics.themed_feedback.first_seen_at is
    'When it was first stored, UTC.';
comment on column analytics.themed_feedback.url is
    'Where it can be read.';
comment on column analytics.themed_feedback.model_id is
    'Model behind the tag.';
comment on column analytics.themed_feedback.tagged_at is
    'When it was tagged, UTC.';

comment on view analytics.theme_trend is
    'Texts by theme, source, product and day or week of the brand''s zone, by publish time.';
comment on column analytics.theme_trend.brand is
    'Key of the brand.';
comment on column analytics.theme_trend.theme is
    'Key of the theme; all is every text once.';
comment on column analytics.theme_trend.source is
    'Name of the source.';
comment on column analytics.theme_trend.product is
    'Product; empty where none is known.';
comment on column analytics.theme_trend.grain is
    'day or week (from Monday): choose one, never sum over both.';
comment on column analytics.theme_trend.period_start is
    'Start of the day or week, as an instant.';
comment on column analytics.theme_trend.items is
    'Number of texts.';
comment on column analytics.theme_trend.negative is
    'How many are negative (towards the theme).';
comment on column analytics.theme_trend.neutral is
    'How many are neutral.';
comment on column analytics.theme_trend.positive is
    'How many are positive.';
comment on column analytics.theme_trend.mean_stars is
    'Mean rating on a scale of five stars; for theme all only.';

comment on view analytics.product_issues is
    'Complaints that come back, by product, supplier, courier, version and theme.';
comment on column analytics.product_issues.brand is
    'Key of the brand.';
comment on column analytics.product_issues.product is
    'Product as the source names it.';
comment on column analytics.product_issues.supplier is
    'Supplier, where the source tells.';
comment on column analytics.product_issues.courier is
    'Courier, where the source tells.';
comment on column analytics.product_issues.version is
    'Version, where the source tells.';
comment on column analytics.product_issues.theme is
    'Key of the theme.';
comment on column analytics.product_issues.theme_name is
    'Name that people read.';
comment on column analytics.product_issues.complaints is
    'Number of texts that are negative towards the theme.';
comment on column analytics.product_issues.first_published_at is
    'When the first of them was written, UTC.';
comment on column analytics.product_issues.last_published_at is
    'When the last of them was written, UTC.';
comment on column analytics.product_issues.mean_stars is
    'Mean rating of those texts on a scale of five stars.';

comment on view analytics.source_health is
    'One row a source: whether it speaks, since when, and what its last crawl brought.';
comment on column analytics.source_health.source is
    'Name of the source.';
comment on column analytics.source_health.brand is
    'Key of the brand.';
comment on column analytics.source_health.kind is
    'Connector.';
comment on column analytics.source_health.platform is
    'Platform.';
comment on column analytics.source_health.health is
    'unknown, healthy or unhealthy.';
comment on column analytics.source_health.health_reason is
    'Why it is unhealthy.';
comment on column analytics.source_health.health_since is
    'Since when, UTC.';
comment on column analytics.source_health.last_crawl_at is
    'Start of the last crawl, UTC.';
comment on column analytics.source_health.last_crawl_status is
    'running, ok, failed or broken.';
comment on column analytics.source_health.last_crawl_seen is
    'Records that it read.';
comment on column analytics.source_health.last_crawl_added is
    'Texts that were new.';
comment on column analytics.source_health.missed_share is
    'Estimated share of records missed so far, 0 to 1.';
comment on column analytics.source_health.newest_published_at is
    'Publish time of its newest text, UTC.';
comment on column analytics.source_health.quarantined is
    'Records that could not be used and have not expired.';

comment on view analytics.incident_log is
    'One row an incident, open or past, posted or not.';
comment on column analytics.incident_log.incident_id is
    'Id, as in the message.';
comment on column analytics.incident_log.brand is
    'Key of the brand.';
comment on column analytics.incident_log.rule is
    'The [[rule]] that watched.';
comment on column analytics.incident_log.kind is
    'spike, slow, share, rating, brigading or single.';
comment on column analytics.incident_log.direction is
    'negative, positive or neutral.';
comment on column analytics.incident_log.theme is
    'Main theme; null for the brand as a whole.';
comment on column analytics.incident_log.product is
    'Product, where it is one product''s.';
comment on column analytics.incident_log.state is
    'open, growing, peaked or resolved.';
comment on column analytics.incident_log.severity is
    'low (logged only), medium, high or critical.';
comment on column analytics.incident_log.started_at is
    'First anomalous hour, UTC.';
comment on column analytics.incident_log.opened_at is
    'When the first message was due, UTC.';
comment on column analytics.incident_log.delay is
    'From started_at to opened_at.';
comment on column analytics.incident_log.updated_at is
    'When it last changed, UTC.';
comment on column analytics.incident_log.last_anomalous_at is
    'Last anomalous hour, UTC.';
comment on column analytics.incident_log.resolved_at is
    'When it was over, UTC.';
comment on column analytics.incident_log.items is
    'Texts since started_at.';
comment on column analytics.incident_log.baseline is
    'Texts usually expected in that time.';
comment on column analytics.incident_log.odds is
    'Probability of such a count by chance, 0 to 1.';
comment on column analytics.incident_log.reason is
    'Why it was opened.';
comment on column analytics.incident_log.is_historical is
    'Found in history, never posted.';
comment on column analytics.incident_log.verdict is
    'confirmed or dismissed by a person.';
comment on column analytics.incident_log.decided_by is
    'Who decided.';
comment on column analytics.incident_log.decided_at is
    'When, UTC.';
comment on column analytics.incident_log.time_to_decide is
    'From opened_at to decided_at.';
comment on column analytics.incident_log.assigned_to is
    'Who works on it.';

comment on view analytics.reply_performance is
    'Replies by brand, source and week of drafting.';
comment on column analytics.reply_performance.brand is
    'Key of the brand.';
comment on column analytics.reply_performance.source is
    'Name of the source.';
comment on column analytics.reply_performance.week is
    'Monday of the week, as an instant.';
comment on column analytics.reply_performance.drafts is
    'Complaints that were looked at.';
comment on column analytics.reply_performance.approved is
    'Drafts that a person approved.';
comment on column analytics.reply_performance.sent is
    'Replies that the platform accepted.';
comment on column analytics.reply_performance.dropped is
    'Drafts that nobody wanted, spam and abuse.';
comment on column analytics.reply_performance.held is
    'Complaints kept for a person, without a draft.';
comment on column analytics.reply_performance.late is
    'Complaints without an answer at their due time.';
comment on column analytics.reply_performance.median_minutes_to_reply is
    'Minutes from publishing to sending, median.';
comment on column analytics.reply_performance.mean_edit_distance is
    'Mean share of a draft that people changed, 0 to 1.';

comment on view analytics.model_agreement is
    'How often people who correct agree with the model.';
comment on column analytics.model_agreement.model_id is
    'The model.';
comment on column analytics.model_agreement.field is
    'sentiment or theme.';
comment on column analytics.model_agreement.theme is
    'Key of the theme, where field is theme.';
comment on column analytics.model_agreement.corrections is
    'Corrections made.';
comment on column analytics.model_agreement.agreed is
    'How many of them say what the model said.';

comment on view earshot.latest_correction is
    'The latest word of a person on the sentiment or on a theme of a text.';
comment on column earshot.latest_correction.feedback_id is 'The feedback.';
comment on column earshot.latest_correction.field is 'sentiment or theme.';
comment on column earshot.latest_correction.theme_id is 'The theme, where field is theme.';
comment on column earshot.latest_correction.value is 'What the person said.';
comment on column earshot.latest_correction.corrected_by is 'Who.';
comment on column earshot.latest_correction.corrected_at is 'When.';
