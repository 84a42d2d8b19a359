"""Reads a run folder (and psutil) into the model, and its records into one stream."""
