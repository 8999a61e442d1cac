"""Dintero discount rules: rewards, terms and differences."""
