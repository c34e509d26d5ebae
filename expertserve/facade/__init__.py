"""The synchronous face, thin over the core on a background event loop."""
