//! `columns.py`: column types that `SQLAlchemy` does not have as they are needed here.

use super::{has, python};
use crate::generation::blueprint::{Blueprint, Kind};

/// The whole file; nothing when no model needs it.
pub(super) fn write(blueprint: &Blueprint) -> Option<String> {
    let moment = has(blueprint, is_moment);
    let choice = has(blueprint, |kind| matches!(kind, Kind::Choice(_)));
    let mut pieces = Vec::new();
    if choice {
        pieces.push(include_str!("files/choice.py"));
    }
    if moment {
        pieces.push(include_str!("files/moment.py"));
    }
    if pieces.is_empty() {
        return None;
    }
    let body = pieces.join("\n\n");
    let standard = [
        if moment { "import datetime as dt\n" } else { "" },
        if choice { "from enum import Enum\n" } else { "" },
        if moment { "from typing import Optional\n" } else { "" },
    ];
    let sqlalchemy =
        if moment { python::import("sqlalchemy", &["DateTime", "Dialect"]) } else { String::new() };
    let enum_type = if choice { "from sqlalchemy import Enum as EnumType\n" } else { "" };
    let decorator = if moment { "from sqlalchemy.types import TypeDecorator\n" } else { "" };
    let imports = python::groups(&[standard.concat(), format!("{sqlalchemy}{enum_type}{decorator}")]);
    Some(format!("\"\"\"Column types of the models.\"\"\"\n\n{imports}\n\n{body}"))
}

/// Whether values of the kind are moments.
pub(super) fn is_moment(kind: &Kind) -> bool {
    matches!(kind, Kind::DateTime | Kind::CreatedAt | Kind::UpdatedAt)
}
