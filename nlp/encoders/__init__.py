"""One module per place an encoder can come from; `nlp.encoder` chooses."""
