"""Languages and catalogues."""
