//! Releases that cannot be made.

use platform_api::Code;

use super::Standing;

#[test]
fn a_build_that_fails_is_told_with_its_last_words() {
    let standing = Standing::new();
    standing.becomes("build-fails");
    let (told, view) = standing.fails(&Code::BUILD_FAILED);
    let told = told.says(&["python3 compile.py", "exit status 1"]);
    assert!(told.text.contains("the template `index` is missing"), "{}", told.text);
    assert_eq!(
        view["phases"].as_array().and_then(|phases| phases.last()).map(|last| &last["status"]),
        Some(&"building".into())
    );
    standing.recovers();
}

#[test]
fn an_install_that_fails_names_what_could_not_be_had() {
    let standing = Standing::new();
    standing.becomes("install-fails");
    let (told, view) = standing.fails(&Code::INSTALL_FAILED);
    let told = told.hints(&["`left-behind-1.0.tar.gz`", "requirements.txt"]);
    assert!(told.text.contains("cause: "), "{}", told.text);
    assert_eq!(view["error"]["diagnosis"]["code"], "dependency_file_missing");
}

#[test]
fn a_test_that_fails_keeps_the_version_from_going_live() {
    let standing = Standing::new();
    standing.becomes("test-fails");
    let (told, _) = standing.fails(&Code::TEST_FAILED);
    let told = told.says(&["python3 -m unittest -v"]);
    assert!(told.text.contains("4 != 5"), "{}", told.text);
}

#[test]
fn a_command_that_does_not_exist_is_named() {
    let standing = Standing::new();
    standing.project.write("backend-im.yml", "build: frobnicate --all\nstart: python3 server.py\n");
    let (told, _) = standing.fails(&Code::BUILD_FAILED);
    assert!(told.text.contains("frobnicate"), "{}", told.text);
}
