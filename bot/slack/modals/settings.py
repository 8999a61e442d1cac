"""The modal of `/discount settings`: which direct messages about results, and which language."""

from collections.abc import Mapping
from typing import Any, Final

from slackblocks import InputBlock, StaticSelectMenu

from bot.domain.preferences import LANGUAGES, Preferences, Results
from bot.slack.language.texts import N_, _
from bot.slack.rendering.blocks import modal, option, read_input, section
from bot.slack.rendering.formatting import Json

CALLBACK: Final = "discount_settings"
TITLE: Final = N_("Settings")
RESULTS_BLOCK: Final = "results"
LANGUAGE_BLOCK: Final = "language"
ACTION: Final = "discount_settings_choice"
RESULTS: Final = {
    Results.ALWAYS: N_("Always"),
    Results.PROBLEMS: N_("Only problems"),
    Results.NEVER: N_("Never"),
}
SAME_AS_SLACK: Final = "slack"
"""The value of the option that stores no language: Slack takes no empty value."""
NAMES: Final = {"": N_("Same as Slack"), "en": "English", "nb": "Norsk"}
"""Each language by its own name, so that everybody finds theirs."""


def build(preferences: Preferences) -> Json:
    """Draw what a person prefers now."""
    results = {value.value: _(text) for value, text in RESULTS.items()}
    languages = {code or SAME_AS_SLACK: _(NAMES[code]) for code in LANGUAGES}
    hint = _("You always get messages you must act on, and lists of customers without a confirmed discount.")
    blocks = [
        section(_("These settings are yours alone.")),
        _choice(_("Direct messages about results"), RESULTS_BLOCK, results, preferences.results, hint),
        _choice(_("Language"), LANGUAGE_BLOCK, languages, preferences.language or SAME_AS_SLACK),
    ]
    return modal(_(TITLE), blocks, submit=_("Save"), close=_("Cancel"), callback=CALLBACK)


def read(view: Mapping[str, Any]) -> tuple[Results, str]:
    """Read what a person chose."""
    language = read_input(view, LANGUAGE_BLOCK)
    results = read_input(view, RESULTS_BLOCK)
    return (
        Results(results) if results in set(Results) else Results.ALWAYS,
        language if language in LANGUAGES else "",
    )


def _choice(label: str, block_id: str, texts: Mapping[str, str], chosen: str, hint: str = "") -> InputBlock:
    options = {value: option(text, value) for value, text in texts.items()}
    menu = StaticSelectMenu(
        action_id=ACTION, options=list(options.values()), initial_option=options[chosen], placeholder=label
    )
    return InputBlock(label=label, element=menu, block_id=block_id, hint=hint or None)
