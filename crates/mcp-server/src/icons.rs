//! The program's own sign, small enough to travel with every list: an arrow that lifts off its ground.

use rmcp::model::Icon;

/// A drawing for any size, and nothing to fetch.
const DRAWING: &str = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAxNiAxNiI+PHBhdGggZD0iTTMgMTRoMTBNOCAxMVYyTTQgNmw0LTQgNCA0IiBmaWxsPSJub25lIiBzdHJva2U9IiMyODc4ZDAiIHN0cm9rZS13aWR0aD0iMiIvPjwvc3ZnPg==";

/// The icons of this program and of what it offers.
pub(crate) fn ours() -> Vec<Icon> {
    vec![Icon::new(DRAWING).with_mime_type("image/svg+xml").with_sizes(vec!["any".to_owned()])]
}
