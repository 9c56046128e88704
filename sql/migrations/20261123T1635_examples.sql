-- An example for every column of the contract, and the unit of every number.
comment on column analytics.coverage.grain is
    'day or week (from Monday): choose one, never sum over both. Example: day.';
comment on column analytics.coverage.period_start is
    'Start of the day or week of the brand''s zone, as an instant. Example: 2026-11-16 00:00:00+00.';
comment on column analytics.coverage.not_supported is
    'How many are in a language that the model cannot read, number. Example: 1.';
comment on column analytics.coverage.failed is
    'How many were given up, number. Example: 0.';
comment on column analytics.coverage.waiting is
    'How many are not tagged yet, number. Example: 3.';
comment on column analytics.feedback_item.kind is
    'review, mention, ticket_message, survey_answer or chat_turn. Example: review.';
comment on column analytics.feedback_item.attributes is
    'Plain facts as JSON: version, country, store, supplier, courier. Example: {"courier": "SwiftParcel", "country": "DE"}.';
comment on column analytics.feedback_item.title is
    'Title, personal data masked. Example: Arrived broken.';
comment on column analytics.feedback_item.body is
    'Text, personal data masked. Example: The vase came in three pieces.';
comment on column analytics.feedback_item.published_at is
    'When the customer wrote it, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.feedback_item.published_precision is
    'second, day or unknown: how exactly published_at is known. Example: second.';
comment on column analytics.feedback_item.first_seen_at is
    'When it was first stored, UTC. Example: 2026-11-20 10:00:00+00.';
comment on column analytics.feedback_item.version is
    '1 for the first text, then upwards with each edit. Example: 1.';
comment on column analytics.feedback_item.url is
    'Where it can be read. Example: https://shop.example/reviews/17.';
comment on column analytics.feedback_item.reach is
    'People who may have seen it, as the platform counts, number. Example: 1200.';
comment on column analytics.feedback_item.is_verified is
    'The platform says that they bought it. Example: true.';
comment on column analytics.feedback_item.is_incentivised is
    'The platform says that they were invited or rewarded. Example: false.';
comment on column analytics.feedback_item.brand_replied_at is
    'When the brand answered in public, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.feedback_item.is_supported is
    'False where the text is in a language that the model cannot read. Example: true.';
comment on column analytics.feedback_item.sentiment is
    'negative, neutral or positive: a person''s correction, else the rating, else the text. Example: negative.';
comment on column analytics.feedback_item.sentiment_from is
    'person, rating or text: where sentiment comes from. Example: rating.';
comment on column analytics.feedback_item.text_sentiment is
    'What the model reads in the text alone. Example: negative.';
comment on column analytics.feedback_item.p_negative is
    'Calibrated probability that the text is negative, 0 to 1. Example: 0.93.';
comment on column analytics.feedback_item.p_neutral is
    'Calibrated probability that the text is neutral, 0 to 1. Example: 0.05.';
comment on column analytics.feedback_item.p_positive is
    'Calibrated probability that the text is positive, 0 to 1. Example: 0.02.';
comment on column analytics.feedback_item.outcome is
    'tagged, empty, not_supported or failed; null where it waits to be tagged. Example: tagged.';
comment on column analytics.feedback_item.model_id is
    'Model behind the tags. Example: e5-earshot-2.';
comment on column analytics.feedback_item.tagged_at is
    'When it was tagged, UTC. Example: 2026-11-20 10:01:30+00.';
comment on column analytics.feedback_sentence.feedback_id is
    'The text. Example: 4711.';
comment on column analytics.feedback_sentence.sentence is
    'Number of the sentence from 0; themed_feedback.sentence points here. Example: 0.';
comment on column analytics.feedback_sentence.begins is
    'First character in title and body joined by a line break, counted from 0. Example: 0.';
comment on column analytics.feedback_sentence.ends is
    'Character after the last one. Example: 31.';
comment on column analytics.feedback_sentence.model_id is
    'The model. Example: e5-earshot-2.';
comment on column analytics.incident_detail.incident_id is
    'The incident; see incident_log. Example: 12.';
comment on column analytics.incident_detail.evidence is
    'Hours with expected band, quotes (masked), differences, screens and sources, as JSON. Example: {"quotes": [{"feedback_id": 4711, "stars": 1}]}.';
comment on column analytics.incident_detail.channel is
    'Slack channel that was told, or null. Example: #voice-of-customer.';
comment on column analytics.incident_detail.events is
    'Openings, growth, decisions: a list of at, kind and actor, oldest first. Example: [{"at": "2026-11-20T10:00:00+00:00", "kind": "opened", "actor": "earshot"}].';
comment on column analytics.incident_log.incident_id is
    'Id, as in the message. Example: 12.';
comment on column analytics.incident_log.brand is
    'Key of the brand. Example: northwind.';
comment on column analytics.incident_log.rule is
    'The [[rule]] that watched. Example: default.';
comment on column analytics.incident_log.kind is
    'spike, slow, share, rating, brigading or single. Example: spike.';
comment on column analytics.incident_log.direction is
    'negative, positive or neutral. Example: negative.';
comment on column analytics.incident_log.theme is
    'Main theme; null for the brand as a whole. Example: delivery_delay.';
comment on column analytics.incident_log.product is
    'Product, where it is one product''s. Example: Fjord vase.';
comment on column analytics.incident_log.state is
    'open, growing, peaked or resolved. Example: growing.';
comment on column analytics.incident_log.severity is
    'low (logged only), medium, high or critical. Example: high.';
comment on column analytics.incident_log.started_at is
    'First anomalous hour, UTC. Example: 2026-11-20 06:00:00+00.';
comment on column analytics.incident_log.opened_at is
    'When the first message was due, UTC. Example: 2026-11-20 08:00:00+00.';
comment on column analytics.incident_log.delay is
    'From started_at to opened_at, an interval. Example: 02:00:00.';
comment on column analytics.incident_log.updated_at is
    'When it last changed, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.incident_log.last_anomalous_at is
    'Last anomalous hour, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.incident_log.resolved_at is
    'When it was over, UTC. Example: 2026-11-21 18:00:00+00.';
comment on column analytics.incident_log.items is
    'Texts since started_at, number. Example: 47.';
comment on column analytics.incident_log.baseline is
    'Texts usually expected in that time, number. Example: 3.2.';
comment on column analytics.incident_log.odds is
    'Probability of such a count by chance, 0 to 1. Example: 2.5e-7.';
comment on column analytics.incident_log.reason is
    'Why it was opened. Example: 47 where 3 are usual.';
comment on column analytics.incident_log.is_historical is
    'Found in history, never posted. Example: false.';
comment on column analytics.incident_log.verdict is
    'confirmed or dismissed by a person. Example: confirmed.';
comment on column analytics.incident_log.decided_by is
    'Who decided. Example: mira.';
comment on column analytics.incident_log.decided_at is
    'When, UTC. Example: 2026-11-20 08:12:00+00.';
comment on column analytics.incident_log.time_to_decide is
    'From opened_at to decided_at, an interval. Example: 00:12:00.';
comment on column analytics.incident_log.assigned_to is
    'Who works on it. Example: jonas.';
comment on column analytics.issue_parts.is_conspicuous is
    'True where its whole interval lies above that of all others: a lead, not a proof. Example: true.';
comment on column analytics.issue_parts.first_published_at is
    'When the first of them was written, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.issue_parts.last_published_at is
    'When the last of them was written, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.knowledge_gaps.first_asked_at is
    'First seen: when the first of them was written, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.knowledge_gaps.last_asked_at is
    'When the last of them was written, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.knowledge_gaps.examples is
    'Up to five typical ones: a JSON list of feedback_id and question. Example: [{"feedback_id": 4711, "question": "Can I return it without the box?"}].';
comment on column analytics.knowledge_gaps.product is
    'Product, where all of them name the same one, else null. Example: Fjord vase.';
comment on column analytics.model_agreement.model_id is
    'The model. Example: e5-earshot-2.';
comment on column analytics.model_agreement.field is
    'sentiment or theme. Example: theme.';
comment on column analytics.model_agreement.theme is
    'Key of the theme, where field is theme. Example: delivery_delay.';
comment on column analytics.model_agreement.corrections is
    'Corrections made, number. Example: 40.';
comment on column analytics.model_agreement.agreed is
    'How many of them say what the model said, number. Example: 34.';
comment on column analytics.product_issues.first_published_at is
    'When the first of them was written, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.product_issues.last_published_at is
    'When the last of them was written, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.reply_log.draft_id is
    'Number of `earshot replies`. Example: 31.';
comment on column analytics.reply_log.feedback_id is
    'The text that it answers. Example: 4711.';
comment on column analytics.reply_log.incident_id is
    'The incident that the text belongs to, or null. Example: 12.';
comment on column analytics.reply_log.state is
    'blocked, waiting, approved, sending, sent, dropped, void, held or unsure. Example: waiting.';
comment on column analytics.reply_log.text is
    'The reply; empty where a person is to write it. Example: We are sorry about the vase.';
comment on column analytics.reply_log.reason is
    'Why it is held, blocked, dropped or void. Example: the review was edited.';
comment on column analytics.reply_log.created_at is
    'When it was drafted. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.reply_log.due_at is
    'When the customer should have it. Example: 2026-11-21 09:14:00+00.';
comment on column analytics.reply_log.sent_at is
    'When it was published, or null. Example: 2026-11-20 11:30:00+00.';
comment on column analytics.service_kpis.grain is
    'day, week (from Monday) or month: choose one, never sum over several. Example: day.';
comment on column analytics.service_kpis.period_start is
    'Start of the period, as an instant. Example: 2026-11-16 00:00:00+00.';
comment on column analytics.source_health.source is
    'Name of the source. Example: shop.';
comment on column analytics.source_health.brand is
    'Key of the brand. Example: northwind.';
comment on column analytics.source_health.kind is
    'Connector. Example: schemaorg.';
comment on column analytics.source_health.platform is
    'Platform. Example: trustpilot.';
comment on column analytics.source_health.health is
    'unknown, healthy or unhealthy. Example: healthy.';
comment on column analytics.source_health.health_reason is
    'Why it is unhealthy. Example: no text was parsed.';
comment on column analytics.source_health.health_since is
    'Since when, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.source_health.last_crawl_at is
    'Start of the last crawl, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.source_health.last_crawl_status is
    'running, ok, failed or broken. Example: ok.';
comment on column analytics.source_health.last_crawl_seen is
    'Records that it read, number. Example: 200.';
comment on column analytics.source_health.last_crawl_added is
    'Texts that were new, number. Example: 14.';
comment on column analytics.source_health.missed_share is
    'Estimated share of records missed so far, 0 to 1. Example: 0.02.';
comment on column analytics.source_health.newest_published_at is
    'Publish time of its newest text, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.source_health.quarantined is
    'Records that could not be used and have not expired, number. Example: 1.';
comment on column analytics.theme.description is
    'The sentence that defines it for the model. Example: The parcel arrives later than promised.';
comment on column analytics.theme.kind is
    'theme, urgent or emerging. Example: theme.';
comment on column analytics.theme.state is
    'active, retired or merged. Example: active.';
comment on column analytics.theme.merged_into is
    'Key of the theme that took it in, or null. Example: delivery_delay.';
comment on column analytics.theme.split_from is
    'Key of the theme that it was split from, or null. Example: delivery_delay.';
comment on column analytics.theme.since is
    'When it was first known. Example: 2026-01-01 00:00:00+00.';
comment on column analytics.theme_trend.brand is
    'Key of the brand. Example: northwind.';
comment on column analytics.theme_trend.theme is
    'Key of the theme; all is every text once. Example: delivery_delay.';
comment on column analytics.theme_trend.source is
    'Name of the source. Example: shop.';
comment on column analytics.theme_trend.product is
    'Product; empty where none is known. Example: Fjord vase.';
comment on column analytics.theme_trend.grain is
    'day or week (from Monday): choose one, never sum over both. Example: day.';
comment on column analytics.theme_trend.period_start is
    'Start of the day or week, as an instant. Example: 2026-11-16 00:00:00+00.';
comment on column analytics.theme_trend.items is
    'Number of texts. Example: 47.';
comment on column analytics.theme_trend.negative is
    'How many are negative (towards the theme), number. Example: 18.';
comment on column analytics.theme_trend.neutral is
    'How many are neutral, number. Example: 6.';
comment on column analytics.theme_trend.positive is
    'How many are positive, number. Example: 23.';
comment on column analytics.theme_trend.mean_stars is
    'Mean rating on a scale of five stars; for theme all only. Example: 3.4.';
comment on column analytics.themed_feedback.feedback_id is
    'Stable id of the text. Example: 4711.';
comment on column analytics.themed_feedback.brand is
    'Key of the brand. Example: northwind.';
comment on column analytics.themed_feedback.source is
    'Name of the source in earshot.toml. Example: shop.';
comment on column analytics.themed_feedback.platform is
    'Platform that holds the text. Example: trustpilot.';
comment on column analytics.themed_feedback.kind is
    'review, mention, ticket_message, survey_answer or chat_turn. Example: review.';
comment on column analytics.themed_feedback.product is
    'Product as the source names it. Example: Fjord vase.';
comment on column analytics.themed_feedback.attributes is
    'Plain facts as JSON: version, country, store, supplier, courier. Example: {"courier": "SwiftParcel", "country": "DE"}.';
comment on column analytics.themed_feedback.theme_kind is
    'theme, urgent or emerging. Example: theme.';
comment on column analytics.themed_feedback.sentiment is
    'Sentiment towards the theme, never taken from the rating. Example: negative.';
comment on column analytics.themed_feedback.is_corrected is
    'A person said so. Example: false.';
comment on column analytics.themed_feedback.probability is
    'Calibrated probability that the theme is meant, 0 to 1. Example: 0.88.';
comment on column analytics.themed_feedback.p_sentiment is
    'Calibrated probability of the sentiment, 0 to 1. Example: 0.91.';
comment on column analytics.themed_feedback.sentence is
    'Index of the sentence that says it best, from 0. Example: 0.';
comment on column analytics.themed_feedback.stars is
    'Rating on a scale of five stars. Example: 2.0.';
comment on column analytics.themed_feedback.item_sentiment is
    'Sentiment of the text as a whole. Example: negative.';
comment on column analytics.themed_feedback.title is
    'Title, personal data masked. Example: Arrived broken.';
comment on column analytics.themed_feedback.body is
    'Text, personal data masked. Example: The vase came in three pieces.';
comment on column analytics.themed_feedback.language is
    'BCP 47 tag found by the tagger. Example: de.';
comment on column analytics.themed_feedback.published_at is
    'When the customer wrote it, UTC. Example: 2026-11-20 09:14:00+00.';
comment on column analytics.themed_feedback.published_precision is
    'second, day or unknown. Example: second.';
comment on column analytics.themed_feedback.first_seen_at is
    'When it was first stored, UTC. Example: 2026-11-20 10:00:00+00.';
comment on column analytics.themed_feedback.url is
    'Where it can be read. Example: https://shop.example/reviews/17.';
comment on column analytics.themed_feedback.model_id is
    'Model behind the tag. Example: e5-earshot-2.';
comment on column analytics.themed_feedback.tagged_at is
    'When it was tagged, UTC. Example: 2026-11-20 10:01:30+00.';
