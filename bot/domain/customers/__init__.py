"""Customer ids: parsing, extraction from tables, packing."""
