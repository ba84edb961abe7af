//! Rules about Prisma.

use super::rule::{ANY, CODE, Rule, rule};
use crate::Runtime::{self, Bun, Deno, Node, Static};

const JS: &[Runtime] = &[Node, Bun, Deno, Static];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "prisma_schema_invalid",
        ANY,
        JS,
        [
            "^error: The datasource property `{}` is no longer supported in schema files",
            "^error: Error validating {}",
            "^error: Error parsing {}",
            "^error: Type \"{}\" is neither a built-in type",
            "Could not find Prisma Schema",
            "The `datasource.url` property is required in your Prisma config file",
            "Unknown property {} provided to PrismaClient constructor",
        ],
        "Prisma's schema or configuration does not work with the Prisma that is installed",
        "since Prisma 7 the address stands in prisma.config.ts (`datasource: { url: env(\"DATABASE_URL\") }`) and the client takes an adapter; otherwise pin `prisma` and `@prisma/client` to `^6` in package.json",
    ),
    rule!(
        "prisma_client_missing",
        CODE,
        JS,
        [
            "@prisma/client did not initialize yet",
            "Cannot find module '.prisma/client/{}'",
            "Prisma Client could not locate the Query Engine for runtime \"{}\"",
            "Module '\"@prisma/client\"' has no exported member '{}'",
            "The requested module '@prisma/client' does not provide an export named",
        ],
        "The Prisma client was not generated",
        "run `prisma generate` before the build: `\"build\": \"prisma generate && …\"`, or `\"postinstall\": \"prisma generate\"` in package.json",
    ),
];
