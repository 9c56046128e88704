"""Imported once by the fork server: everything that a stage needs before it touches a row."""

from importlib import import_module

import torch

for _name in (
    "alerts.drafting", "alerts.publishing", "alerts.slack.chart", "alerts.slack.deliver",
    "alerts.watch", "nlp.foreign", "nlp.loading", "nlp.tagger", "scrapers.files", "scrapers.run",
    "sql.connect",
):  # fmt: skip
    import_module(_name)
torch.set_num_threads(1)
