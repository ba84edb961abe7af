//! Rules about bots of chat services.

use super::rule::{RUN, Rule, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "bot_intents_missing",
        RUN,
        &[],
        ["PrivilegedIntentsRequired: {}", "Used disallowed intents", "DisallowedIntents"],
        "The bot asks Discord for intents that it was not granted",
        "switch the intents on for the bot in Discord's developer portal (Bot, Privileged Gateway Intents), or ask for fewer in the code",
    ),
    rule!(
        "bot_already_running",
        RUN,
        &[],
        [
            "terminated by other getUpdates request",
            "409: Conflict: terminated by other",
            "409: Conflict: can't use getUpdates method while webhook is active"
        ],
        "Another instance of the bot runs with the same token",
        "stop the other one (a laptop, another host), and run one instance only; for more, or side by side during a switch, use a webhook instead of polling",
    ),
];
