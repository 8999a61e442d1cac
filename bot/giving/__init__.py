"""The heart: who may give what to whom, with whose consent, exactly once. No input or output is done here."""
