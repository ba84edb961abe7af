//! Precedence, and what must not be taken silently.

use super::*;

fn load(flags: &Flags, pairs: &[(&str, &str)], folder: &Path) -> Result<Settings, ConfigError> {
    let mut all = vec![("HOME", "/home/ada")];
    all.extend_from_slice(pairs);
    Settings::load(flags, &Environment::of(&all), folder)
}

fn url_of(settings: &Settings) -> Option<&str> {
    match &settings.platform {
        PlatformAt::Embedded => None,
        PlatformAt::Remote { url, .. } => Some(url.as_str()),
    }
}

#[test]
fn flags_come_before_variables_before_the_file_before_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let none = Flags::default();
    let settings = load(&none, &[], folder.path()).unwrap();
    assert_eq!((settings.home.to_str().unwrap(), url_of(&settings)), ("/home/ada/.backend-im", None));

    std::fs::write(folder.path().join("backend.yml"), "url: http://127.0.0.1:1\n").unwrap();
    let settings = load(&none, &[], folder.path()).unwrap();
    assert_eq!(url_of(&settings), Some("http://127.0.0.1:1/"));

    let variables = [(URL, "http://127.0.0.1:2"), (HOME, "/srv/b"), (PROJECT, "shop")];
    let settings = load(&none, &variables, folder.path()).unwrap();
    assert_eq!(url_of(&settings), Some("http://127.0.0.1:2/"));
    assert_eq!((settings.home.to_str().unwrap(), settings.project.as_deref()), ("/srv/b", Some("shop")));

    let flags = Flags { home: Some("/srv/c".into()), url: Some("http://localhost:3".to_owned()), log: None };
    let settings = load(&flags, &variables, folder.path()).unwrap();
    assert_eq!(url_of(&settings), Some("http://localhost:3/"));
    assert_eq!(settings.home.to_str().unwrap(), "/srv/c");
}

#[test]
fn unknown_variable_is_an_error_that_names_the_nearest() {
    let error = load(&Flags::default(), &[("BACKEND_IM_TOKKEN", "x")], Path::new("/")).unwrap_err();
    assert_eq!(error.to_string(), "there is no setting BACKEND_IM_TOKKEN");
    assert!(error.hint().unwrap().contains("BACKEND_IM_TOKEN?"));
    load(&Flags::default(), &[("BACKEND_IM_CONTRACT_URL", "x")], Path::new("/")).unwrap();
}

#[test]
fn file_of_a_repository_cannot_send_the_token_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("backend-im.yml"), "url: https://evil.example\n").unwrap();
    let token = (TOKEN, "t0ken-of-mine");
    let error = load(&Flags::default(), &[token], folder.path()).unwrap_err();
    assert!(matches!(error, ConfigError::UrlFromFile { .. }), "{error}");
    let agreed = [token, (URL, "https://evil.example")];
    assert!(load(&Flags::default(), &agreed, folder.path()).is_ok());
}

#[test]
fn platform_elsewhere_needs_a_token_and_a_clean_address() {
    let far = load(&Flags::default(), &[(URL, "https://p.example")], Path::new("/")).unwrap_err();
    assert!(matches!(far, ConfigError::NoToken { .. }), "{far}");
    for bad in ["p.example", "ftp://p.example", "https://ada:s3cret@p.example", "", "https://"] {
        let flags = Flags { url: Some(bad.to_owned()), ..Flags::default() };
        let error = load(&flags, &[(TOKEN, "t")], Path::new("/")).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn two_files_and_unknown_keys_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("backend-im.yml"), "nmae: shop\n").unwrap();
    assert!(matches!(load(&Flags::default(), &[], folder.path()), Err(ConfigError::File(_))));
    std::fs::write(folder.path().join("backendim.yaml"), "name: shop\n").unwrap();
    let error = load(&Flags::default(), &[], folder.path()).unwrap_err();
    assert!(error.to_string().starts_with("both backend-im.yml and backendim.yaml are in "), "{error}");
}

#[test]
fn platform_gets_what_builds_need_and_no_token() {
    let env = Environment::of(&[
        ("PATH", "/bin"),
        ("https_proxy", "http://proxy"),
        ("npm_config_registry", "http://mirror"),
        ("UV_INDEX_URL", "http://mirror"),
        (LOG, "debug"),
        (TOKEN, "canary"),
        ("ANTHROPIC_API_KEY", "canary"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
        ("PIPELINE", "canary"),
    ]);
    let names: Vec<String> = env.for_platform().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [LOG, "PATH", "UV_INDEX_URL", "https_proxy", "npm_config_registry"]);
    assert!(!format!("{env:?}").contains("canary"));
}

#[test]
fn numbers_are_checked() {
    let defaults = PlatformSettings::load(&Environment::default()).unwrap();
    assert_eq!((defaults.api_port, defaults.gateway_port, defaults.keep_releases), (None, None, 5));
    assert_eq!(defaults.health_limit, Duration::from_mins(1));
    for (name, value) in
        [(API_PORT, "x"), (GATEWAY_PORT, "70000"), (KEEP_RELEASES, "0"), (HEALTH_LIMIT_S, "-1")]
    {
        let error = PlatformSettings::load(&Environment::of(&[(name, value)])).unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
}

#[test]
fn help_lists_every_variable() {
    assert!(KNOWN.iter().all(|name| HELP.contains(name)));
}
