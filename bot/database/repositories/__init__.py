"""What the database keeps, one repository per subject."""
