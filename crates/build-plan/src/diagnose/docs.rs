//! Where the makers of a tool explain what a code means.

/// Pages by code.
const PAGES: &[(&str, &str)] = &[
    ("app_object_missing", "https://www.uvicorn.org/deployment/"),
    ("asgi_wsgi_mismatch", "https://asgi.readthedocs.io/en/latest/introduction.html"),
    ("client_code_on_server", "https://nextjs.org/docs/app/api-reference/directives/use-client"),
    ("database_pooler_mode", "https://www.pgbouncer.org/features.html"),
    ("database_tls_required", "https://www.postgresql.org/docs/current/libpq-ssl.html"),
    ("dependency_conflict", "https://pip.pypa.io/en/stable/topics/dependency-resolution/"),
    ("dependency_policy", "https://pnpm.io/supply-chain-security"),
    ("dependency_scripts_blocked", "https://pnpm.io/cli/approve-builds"),
    ("django_settings_missing", "https://docs.djangoproject.com/en/stable/topics/settings/"),
    (
        "externally_managed",
        "https://packaging.python.org/en/latest/specifications/externally-managed-environments/",
    ),
    ("factory_needs_flag", "https://www.uvicorn.org/settings/"),
    ("flask_context_missing", "https://flask.palletsprojects.com/en/stable/appcontext/"),
    ("host_not_allowed", "https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts"),
    ("interactive_prompt", "https://laravel.com/docs/migrations#forcing-migrations-to-run-in-production"),
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

/// The page about a code.
pub(super) fn of(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == code).map(|(_, page)| *page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_sorted_and_their_own() {
        assert!(PAGES.is_sorted() && of("nothing").is_none());
        assert!(PAGES.iter().all(|(_, page)| page.starts_with("https://")));
    }
}
