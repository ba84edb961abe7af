//! Migrations of a database: what runs once per deployment must not run with every start.

use crate::shell;

/// Words that bring a database up to date, as tools spell them.
const MIGRATING: &[&str] = &[
    "manage.py migrate",
    "django-admin migrate",
    "aerich upgrade",
    "litestar database upgrade",
    "db:migrate",
    "db:prepare",
    "artisan migrate",
    "doctrine:migrations:migrate",
    "ecto.migrate",
    "prisma migrate deploy",
    "knex migrate:latest",
    "migration:run",
    "diesel migration run",
    "sqlx migrate run",
];

/// A command without the migrations that it runs first, and those.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) start: String,
    pub(crate) migrations: String,
}

/// Whether a single command migrates a database.
pub(crate) fn is_migration(command: &str) -> bool {
    let spaced = command.split_whitespace().collect::<Vec<_>>().join(" ");
    let names =
        |program: &str, word: &str| shell::mentions(&spaced, program) && shell::mentions(&spaced, word);
    MIGRATING.iter().any(|words| spaced.contains(words))
        || names("alembic", "upgrade")
        || names("flask", "upgrade") && names("flask", "db")
}

/// Takes the migrations off a sequence such as `alembic upgrade head && uvicorn main:app`. Nothing where there are none,
/// or where the command is more than a sequence.
pub(crate) fn split(command: &str) -> Option<Split> {
    let steps = shell::sequence(command)?;
    let (last, before) = steps.split_last()?;
    let (migrations, others): (Vec<&shell::Step<'_>>, Vec<_>) =
        before.iter().partition(|step| is_migration(step.command));
    if migrations.is_empty() || is_migration(last.command) {
        return None;
    }
    // A folder that is entered first, or a variable that is set, holds for what runs once as well.
    let entered = others.iter().filter(|step| is_preparation(step.command));
    let entered: Vec<&str> = entered.map(|step| step.command).collect();
    let first: Vec<&str> = entered.into_iter().chain(migrations.iter().map(|step| step.command)).collect();
    let rest = others.iter().flat_map(|step| [step.command, step.joined]);
    Some(Split {
        start: rest.chain([last.command]).collect::<Vec<_>>().join(" "),
        migrations: first.join(" && "),
    })
}

fn is_preparation(command: &str) -> bool {
    command.starts_with("cd ") || command.starts_with("export ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_migrates_leaves_the_start_command() {
        for (command, migrations, start) in [
            ("alembic upgrade head && uvicorn main:app", "alembic upgrade head", "uvicorn main:app"),
            (
                "flask db upgrade; flask translate compile; gunicorn microblog:app",
                "flask db upgrade",
                "flask translate compile ; gunicorn microblog:app",
            ),
            (
                "cd src && python manage.py migrate --noinput && gunicorn a.wsgi",
                "cd src && python manage.py migrate --noinput",
                "cd src && gunicorn a.wsgi",
            ),
            (
                "bundle exec rails db:migrate && bundle exec puma",
                "bundle exec rails db:migrate",
                "bundle exec puma",
            ),
            ("python -m flask db upgrade && python app.py", "python -m flask db upgrade", "python app.py"),
            (
                "alembic -c db/alembic.ini upgrade head; uvicorn a:b",
                "alembic -c db/alembic.ini upgrade head",
                "uvicorn a:b",
            ),
        ] {
            let expected = Split { start: start.to_owned(), migrations: migrations.to_owned() };
            assert_eq!(split(command), Some(expected), "{command}");
        }
    }

    #[test]
    fn other_commands_stay_as_they_are() {
        for command in [
            "gunicorn app:app",
            "alembic upgrade head",
            "python seed.py && alembic upgrade head",
            "if test x; then alembic upgrade head; fi; uvicorn a:b",
            "(alembic upgrade head) && uvicorn a:b",
            "alembic upgrade head || true && uvicorn a:b",
            "echo 'alembic upgrade head && x'",
        ] {
            assert_eq!(split(command), None, "{command}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_command_makes_it_panic(command in "(alembic upgrade| && |; |\\||'|\"|cd a|\\PC| ){0,40}") {
            split(&command);
        }
    }
}
