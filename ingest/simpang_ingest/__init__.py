"""The centre: ingest, store, history and the live page."""
