"""Reads workbooks: what Excel shows in the cells of the sheet that has the ids."""
