"""Model in, renderables out: what is shown, and never how it came about."""
