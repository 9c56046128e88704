"""The tagger: sentiment, themes and sentiment towards a theme for every sentence."""
