//! Where the makers of a tool explain what a code means.

use crate::Runtime::{self, Bun, Deno, Dotnet, Elixir, Java, Node, Php, Python, Ruby, Rust};

/// Pages by code.
const PAGES: &[(&str, &str)] = &[
    ("app_object_missing", "https://www.uvicorn.org/deployment/"),
    ("asgi_wsgi_mismatch", "https://asgi.readthedocs.io/en/latest/introduction.html"),
    ("client_code_on_server", "https://nextjs.org/docs/app/api-reference/directives/use-client"),
    ("database_pooler_mode", "https://www.pgbouncer.org/features.html"),
    ("database_tls_required", "https://www.postgresql.org/docs/current/libpq-ssl.html"),
    ("dependency_policy", "https://pnpm.io/supply-chain-security"),
    ("dependency_scripts_blocked", "https://pnpm.io/cli/approve-builds"),
    ("django_settings_missing", "https://docs.djangoproject.com/en/stable/topics/settings/"),
    (
        "externally_managed",
        "https://packaging.python.org/en/latest/specifications/externally-managed-environments/",
    ),
    ("factory_needs_flag", "https://www.uvicorn.org/settings/"),
    ("flask_context_missing", "https://flask.palletsprojects.com/en/stable/appcontext/"),
    ("invalid_route", "https://expressjs.com/en/guide/migrating-5.html#path-syntax"),
    ("legacy_openssl", "https://nodejs.org/api/cli.html#--openssl-legacy-provider"),
    ("missing_crate", "https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html"),
    ("missing_lockfile", "https://docs.npmjs.com/cli/commands/npm-ci"),
    ("missing_start_script", "https://docs.npmjs.com/cli/using-npm/scripts"),
    ("module_format_mismatch", "https://nodejs.org/api/packages.html#determining-module-system"),
    ("no_next_build", "https://nextjs.org/docs/app/getting-started/deploying"),
    ("out_of_memory", "https://nodejs.org/api/cli.html#--max-old-space-sizesize-in-mib"),
    ("package_layout_unclear", "https://setuptools.pypa.io/en/latest/userguide/package_discovery.html"),
    ("prerender_failed", "https://nextjs.org/docs/messages/prerender-error"),
    (
        "prisma_client_missing",
        "https://www.prisma.io/docs/orm/prisma-client/setup-and-configuration/generating-prisma-client",
    ),
    (
        "prisma_schema_invalid",
        "https://www.prisma.io/docs/orm/more/upgrade-guides/upgrading-versions/upgrading-to-prisma-7",
    ),
    ("pydantic_settings_moved", "https://docs.pydantic.dev/latest/migration/"),
    ("removed_standard_module", "https://docs.python.org/3/whatsnew/3.12.html"),
    ("runtime_permission_missing", "https://docs.deno.com/runtime/fundamentals/security/"),
    ("secret_key_missing", "https://12factor.net/config"),
    ("static_root_missing", "https://docs.djangoproject.com/en/stable/ref/settings/#static-root"),
    ("typescript_not_runnable", "https://nodejs.org/api/typescript.html"),
    ("unknown_style_class", "https://tailwindcss.com/docs/upgrade-guide"),
    ("windows_line_endings", "https://git-scm.com/docs/gitattributes"),
    (
        "wrong_import_shape",
        "https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Statements/import",
    ),
];

/// Pages by code and runtime, where each has its own.
const PAGES_OF_RUNTIME: &[(&str, &[Runtime], &str)] = &[
    ("database_unconfigured", &[Python], "https://docs.djangoproject.com/en/stable/ref/settings/#databases"),
    ("dependency_conflict", &[Python], "https://pip.pypa.io/en/stable/topics/dependency-resolution/"),
    (
        "dependency_conflict",
        &[Node, Bun, Deno],
        "https://docs.npmjs.com/cli/configuring-npm/package-json#overrides",
    ),
    ("dependency_conflict", &[Rust], "https://doc.rust-lang.org/cargo/reference/resolver.html"),
    ("dependency_conflict", &[Php], "https://getcomposer.org/doc/articles/troubleshooting.md"),
    ("dependency_conflict", &[Ruby], "https://bundler.io/man/bundle-update.1.html"),
    ("dependency_conflict", &[Elixir], "https://hexdocs.pm/mix/Mix.Tasks.Deps.html"),
    (
        "dependency_conflict",
        &[Dotnet],
        "https://learn.microsoft.com/en-us/nuget/concepts/dependency-resolution",
    ),
    (
        "dependency_conflict",
        &[Java],
        "https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html",
    ),
    ("host_not_allowed", &[Python], "https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts"),
    ("host_not_allowed", &[Node, Bun], "https://vite.dev/config/preview-options.html#preview-allowedhosts"),
    (
        "host_not_allowed",
        &[Ruby],
        "https://guides.rubyonrails.org/configuring.html#actiondispatch-hostauthorization",
    ),
    (
        "interactive_prompt",
        &[Php],
        "https://laravel.com/docs/migrations#forcing-migrations-to-run-in-production",
    ),
    ("template_invalid", &[Python], "https://jinja.palletsprojects.com/en/stable/templates/"),
];

/// The page about a code, of the runtime's own makers where they have one.
pub(super) fn of(code: &str, runtime: Option<Runtime>) -> Option<&'static str> {
    let own = PAGES_OF_RUNTIME
        .iter()
        .find(|(known, runtimes, _)| *known == code && runtime.is_some_and(|own| runtimes.contains(&own)));
    let common = || PAGES.iter().find(|(known, _)| *known == code).map(|(_, page)| *page);
    own.map(|(_, _, page)| *page).or_else(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_sorted_and_their_own() {
        assert!(PAGES.is_sorted() && of("nothing", None).is_none());
        assert!(PAGES.iter().all(|(_, page)| page.starts_with("https://")));
    }
    #[test]
    fn every_runtime_gets_the_page_of_its_own_tools() {
        let page = |runtime| of("dependency_conflict", Some(runtime)).unwrap_or_default();
        assert!(page(Python).contains("pip") && page(Node).contains("npmjs"));
        assert_eq!(of("dependency_conflict", Some(Runtime::Static)), None);
        assert_eq!(of("secret_key_missing", Some(Python)), of("secret_key_missing", None));
    }
}
