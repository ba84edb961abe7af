//! Rules about generators of static sites, of whatever language, and about templates.

use super::rule::{BUILD, CODE, MAKE, Rule, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_hugo_version",
        BUILD,
        &[],
        [
            "this feature is not available in your current Hugo version",
            "you need the extended version",
            "function \"{}\" not defined",
        ],
        "The site needs another Hugo",
        "install the extended Hugo in the version that the theme names (`hugo.toml`: module.hugoVersion)",
    ),
    rule!(
        "broken_links",
        BUILD,
        &[],
        [
            "Docusaurus found broken links!",
            "Docusaurus found broken anchors!",
            "dead link(s) found",
            "Broken link on source page path"
        ],
        "The site has links that lead nowhere",
        "mend the links that the lines around name, or let the build pass them (Docusaurus: `onBrokenLinks: 'warn'`, VitePress: `ignoreDeadLinks: true`)",
    ),
    rule!(
        "warnings_as_errors",
        BUILD,
        &[],
        ["Aborted with {} warnings in strict mode", "Aborted with {} warning in strict mode"],
        "The build takes warnings for errors",
        "mend the warnings above, or build without `--strict`",
    ),
    rule!(
        "theme_missing",
        MAKE,
        &[],
        [
            "Unrecognised theme name: '{}'",
            "module \"{}\" not found in \"{}\"; either add it as a Hugo Module",
            "The {} theme could not be found",
            "Unable to find theme {}",
            "theme {} not found"
        ],
        "The theme `{0}` is not there",
        "install it: the package that brings it (`mkdocs-material` in requirements.txt, the gem in the Gemfile), or its folder below themes/, which as a submodule of git must be deployed as files",
    ),
    rule!(
        "missing_optional_package",
        MAKE,
        &[],
        ["The \"{}\" plugin is not installed"],
        "The plugin `{0}` is not installed",
        "add the package that brings it to requirements.txt, such as `mkdocs-{0}-plugin`",
    ),
    rule!(
        "template_invalid",
        CODE,
        &[],
        [
            "Liquid Exception: {}",
            "execute of template failed: {}",
            "failed to render pages: {}",
            "Template render error",
            "(via Template render error)",
            "parse of template failed: {}",
            "TemplateSyntaxError: {}",
            "ActionView::Template::Error",
            "filter not found: {}"
        ],
        "A template cannot be rendered: {0|see the message}",
        "mend the template at the place that the message names; a tag or filter that it does not know comes with a plugin or another version of the generator",
    ),
];
