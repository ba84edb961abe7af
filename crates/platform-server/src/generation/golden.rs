//! Debug.
use super::*;

#[test]
fn write_all() {
    let Ok(text) = std::fs::read_to_string("/tmp/prompts.txt") else { return };
    let out = std::path::Path::new("/tmp/gen-out");
    let _ = std::fs::remove_dir_all(out);
    for (number, prompt) in text.split("\n---\n").enumerate() {
        println!("=== {number} {prompt}");
        let (p, spec) = match prompt.strip_prefix("SPEC ") {
            Some(s) => ("x", Some(serde_json::from_str(s).unwrap())),
            None => (prompt, None),
        };
        match generate(&GenerationRequest { prompt: p, project: "", stack: None, spec: spec.as_ref() }) {
            Ok(g) => {
                let b = match &spec {
                    Some(s) => spec::read(s).unwrap(),
                    None => entities::understand(p).unwrap(),
                }
                .finish()
                .unwrap();
                println!("subject: {}", g.subject);
                for e in &b.entities {
                    let f: Vec<String> = e
                        .fields
                        .iter()
                        .map(|f| {
                            format!(
                                "{}:{:?}{}{}{}",
                                f.name,
                                f.kind,
                                if f.presence == blueprint::Presence::Optional { "?" } else { "" },
                                if f.unique { "!" } else { "" },
                                f.default.as_ref().map(|d| format!("={d:?}")).unwrap_or_default()
                            )
                        })
                        .collect();
                    let r: Vec<String> = e
                        .references
                        .iter()
                        .map(|r| {
                            format!(
                                "{}->{}{}{}",
                                r.name,
                                b.entities[r.to].name.snake(),
                                if r.presence == blueprint::Presence::Optional { "?" } else { "" },
                                if r.unique { "!" } else { "" }
                            )
                        })
                        .collect();
                    println!("  {} [{}] {}", e.name.snake(), f.join(", "), r.join(", "));
                }
                for l in &b.links {
                    println!("  link {}", b.link_table(*l));
                }
                for w in &b.warnings {
                    println!("  ! {w}");
                }
                for (path, text) in &g.files {
                    let path = out.join(format!("{number:02}")).join(path);
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path, text).unwrap();
                }
            }
            Err(e) => println!("  ERROR {e}"),
        }
    }
}
