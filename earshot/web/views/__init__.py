"""One file a page; each is a function without arguments that draws it."""
