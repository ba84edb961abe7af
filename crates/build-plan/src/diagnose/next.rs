//! Rules about Next.

use super::rule::{BUILD, MAKE, Rule, rule};
use crate::Runtime::{self, Bun, Node, Static};

const JS: &[Runtime] = &[Node, Bun, Static];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "registry_unreachable",
        BUILD,
        JS,
        ["Failed to fetch `{}` from Google Fonts", "Failed to fetch font `{}`", "Inlining of fonts failed"],
        "A font could not be fetched while building: `{0|see the message}`",
        "check the machine's network and proxy settings (HTTPS_PROXY, NO_PROXY), or keep the font in the project (`next/font/local`)",
    ),
    rule!(
        "registry_unreachable",
        BUILD,
        JS,
        [
            "There was an issue establishing a connection while requesting {}",
            "Received response with status {} when requesting {}",
            "Module not found: Can't resolve '@vercel/turbopack-next/internal/font/google/font'"
        ],
        "A font could not be fetched while building: {0|see the lines around}",
        "check the machine's network and proxy settings (HTTPS_PROXY, NO_PROXY), or keep the font in the project (`next/font/local`)",
    ),
    rule!(
        "out_of_memory",
        BUILD,
        JS,
        ["Next.js build worker exited with code: null and signal: SIGKILL"],
        "The build was killed, most often because the machine had no memory left",
        "let it need less (`experimental: { cpus: 1, webpackMemoryOptimizations: true }` in the Next configuration, no source maps), or free memory on the machine",
    ),
    rule!(
        "prerender_failed",
        BUILD,
        JS,
        [
            "Static page generation for {} is still timing out after",
            "Failed to build {} (attempt {} of {}) because it took more than"
        ],
        "The page {0} takes too long to render while building",
        "what it fetches must answer at build time; make the page dynamic (`export const dynamic = 'force-dynamic'`), or raise `staticPageGenerationTimeout`",
    ),
    rule!(
        "tool_configuration_invalid",
        MAKE,
        JS,
        [
            "This build is using Turbopack, with a `webpack` config",
            "Both middleware file {} and proxy file {} are detected"
        ],
        "Since Next 16 the build uses Turbopack, and the configuration is for webpack",
        "build with `next build --webpack`, or move the configuration to `turbopack`",
    ),
    rule!(
        "prerender_failed",
        BUILD,
        JS,
        [
            "{} should be wrapped in a suspense boundary at page \"{}\"",
            "Uncached data was accessed outside of <Suspense>",
            "Route \"{}\": A component accessed data",
        ],
        "A page reads what only a request has, outside of `<Suspense>`: {0|see the message}",
        "put the component that calls it into `<Suspense fallback={…}>`, in the page that the message names",
    ),
    rule!(
        "client_code_on_server",
        BUILD,
        JS,
        [
            "You're importing a component that needs `{}`",
            "You're importing a component that needs {}. It only works in a Client Component",
            "You're importing a module that depends on `{}`",
            "{} only works in Client Components",
            "Event handlers cannot be passed to Client Component props",
        ],
        "A server component uses `{0|what only a browser has}`",
        "put `\"use client\"` into the first line of the file, or move that part into a component of its own",
    ),
];
