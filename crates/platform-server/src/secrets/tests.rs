//! The vault over a real database.

use rusqlite::Connection;

use super::*;

struct Vault {
    home: tempfile::TempDir,
    secrets: Secrets,
}

fn vault() -> Vault {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&home.path().join("platform.sqlite")).unwrap();
    Vault { secrets: Secrets::new(home.path(), store), home }
}

fn project(name: &str) -> ProjectId {
    format!("me-{name}").parse().unwrap()
}

impl Vault {
    async fn set(&self, owner: &str, name: &str, value: &str) -> Result<(), SecretError> {
        let value = SecretValue::new(value.to_owned())?;
        self.secrets.set(&project(owner), &name.parse().unwrap(), value).await
    }

    fn variables(&self, owner: &str) -> Result<BTreeMap<String, String>, SecretError> {
        let versions = self.secrets.store.secret_versions(&project(owner))?;
        let injected = self.secrets.injected(&project(owner), &BTreeMap::new(), &versions)?;
        Ok(injected.variables.into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect())
    }
}

#[tokio::test]
async fn a_value_comes_back_only_for_its_own_project_and_is_nowhere_on_the_disk() {
    let vault = vault();
    vault.set("app", "TOKEN", "canary-0123456789").await.unwrap();
    assert_eq!(vault.variables("app").unwrap()["TOKEN"], "canary-0123456789");
    assert!(vault.variables("other").unwrap().is_empty());
    for entry in std::fs::read_dir(vault.home.path()).unwrap().flatten() {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(10).any(|part| part == b"canary-012"), "{:?}", entry.path());
    }
    // Whoever moves a row gets nothing for it.
    let db = Connection::open(vault.home.path().join("platform.sqlite")).unwrap();
    db.execute("INSERT INTO project (id, created_ms) VALUES ('me-thief', 1)", []).unwrap();
    db.execute("UPDATE secret SET project = 'me-thief'", []).unwrap();
    assert!(matches!(vault.variables("thief"), Err(SecretError::Unreadable { names }) if names == ["TOKEN"]));
}

#[tokio::test]
async fn versions_never_come_twice_and_what_nothing_runs_with_is_gone() {
    let vault = vault();
    let mut seen = Vec::new();
    for value in ["one-one-one", "two-two-two"] {
        vault.set("app", "TOKEN", value).await.unwrap();
        seen.extend(vault.secrets.store.secret_versions(&project("app")).unwrap().into_values());
    }
    let name = "TOKEN".parse().unwrap();
    vault.secrets.remove(&project("app"), &name).await.unwrap();
    assert!(matches!(vault.secrets.remove(&project("app"), &name).await, Err(SecretError::Unknown { .. })));
    vault.set("app", "TOKEN", "one-one-one").await.unwrap();
    seen.extend(vault.secrets.store.secret_versions(&project("app")).unwrap().into_values());
    assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
    assert_eq!(vault.secrets.store.secrets(&project("app")).unwrap().len(), 1);
}

#[tokio::test]
async fn a_redaction_follows_what_is_set() {
    let vault = vault();
    let redaction = vault.secrets.redaction(&project("app"));
    assert_eq!(redaction.now().text("canary-one"), "canary-one");
    vault.set("app", "ONE", "canary-one").await.unwrap();
    assert_eq!(redaction.now().text("canary-one"), "[secret ONE]");
    assert_eq!(vault.secrets.redaction(&project("other")).now().text("canary-one"), "canary-one");
}

#[tokio::test]
async fn limits_hold_and_a_value_may_replace_itself_at_them() {
    let vault = vault();
    let large = "x".repeat(limits::SECRET_VALUE_BYTES_MAX);
    for number in 0..limits::SECRETS_BYTES_MAX / limits::SECRET_VALUE_BYTES_MAX {
        vault.set("large", &format!("S{number}"), &large).await.unwrap();
    }
    assert!(matches!(vault.set("large", "MORE", &large).await, Err(SecretError::TooLarge)));
    vault.set("large", "S0", &large).await.unwrap();
    for number in 0..limits::SECRETS_MAX {
        vault.set("many", &format!("S{number}"), "x").await.unwrap();
    }
    assert!(matches!(vault.set("many", "MORE", "x").await, Err(SecretError::TooMany)));
    vault.set("many", "S0", "y").await.unwrap();
    assert!(matches!(vault.set("many", "S0", "").await, Err(SecretError::Invalid(_))));
}

#[tokio::test]
async fn a_lost_key_is_said_and_setting_again_mends_it() {
    let vault = vault();
    vault.set("app", "TOKEN", "canary-one").await.unwrap();
    std::fs::remove_file(vault.home.path().join("secrets.key")).unwrap();
    let later = Secrets::new(vault.home.path(), vault.secrets.store.clone());
    let later = Vault { secrets: later, home: vault.home };
    let error = later.variables("app").unwrap_err();
    assert_eq!(error.code(), Code::UNREADABLE_SECRET);
    assert!(error.hint(&project("app")).contains("secrets.key"));
    later.set("app", "TOKEN", "canary-two").await.unwrap();
    assert_eq!(later.variables("app").unwrap()["TOKEN"], "canary-two");
}
