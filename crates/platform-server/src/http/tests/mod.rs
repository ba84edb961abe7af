//! The API as its callers see it: a real server on a port of its own, over real connections.

mod deploying;
mod following;
mod harness;
mod refusing;
mod secrets;
mod serving;

use super::{ROUTES, openapi};

#[test]
fn the_document_lists_exactly_the_routes_that_are_served() {
    let document = openapi::build();
    let mut described: Vec<(&str, &str)> = Vec::new();
    for (path, item) in &document.paths.paths {
        let methods =
            [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)];
        described.extend(
            methods.iter().filter(|(_, op)| op.is_some()).map(|(method, _)| (*method, path.as_str())),
        );
    }
    let mut served: Vec<(&str, &str)> = ROUTES
        .iter()
        .flat_map(|route| {
            [route.path].into_iter().chain(route.aliases.iter().copied()).map(|path| (route.method, path))
        })
        .collect();
    described.sort_unstable();
    served.sort_unstable();
    assert_eq!(described, served);
    assert!(served.iter().all(|(_, path)| !path.contains("auth/callback")), "there are no logins yet");
}

#[test]
fn the_document_is_part_of_the_contract() {
    let text = openapi::build().to_pretty_json().unwrap();
    insta::assert_snapshot!("openapi", text.replace(env!("CARGO_PKG_VERSION"), "[version]"));
}
