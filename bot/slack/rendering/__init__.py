"""Pieces that messages and modals share: mrkdwn, numbers, dates, reasons."""
