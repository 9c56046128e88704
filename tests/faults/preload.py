"""Imported once by the fork server: everything that a stage needs before it touches a row."""

import torch

import alerts.drafting
import alerts.publishing
import alerts.slack.chart
import alerts.slack.deliver
import alerts.watch
import nlp.foreign
import nlp.model
import nlp.tagger
import scrapers.files
import scrapers.run
import sql.connect  # noqa: F401

torch.set_num_threads(1)
