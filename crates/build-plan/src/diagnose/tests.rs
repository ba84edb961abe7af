//! Failures as tools and programs print them, each with the diagnosis it must get.

use super::*;

/// A failure: code, phase, runtime, exit, output, and a part of the cause and of the fix.
type Case = (&'static str, Phase, Runtime, &'static str, &'static str, &'static str, &'static str);

fn diagnosed(phase: Phase, runtime: Runtime, exit: &str, output: &str) -> Option<Diagnosis> {
    let lines: Vec<String> = output.lines().map(str::to_owned).collect();
    let exit = (!exit.is_empty()).then(|| exit.to_owned());
    diagnose(&FailedStep { phase, runtime: Some(runtime), exit }, &lines)
}

use Phase::{Build, Health, Install, Start, Test};
use Runtime::{Command, Node, Python, Rust};

const PYTHON_TRACE: &str = "Traceback (most recent call last):\n  File \"/srv/v/bin/uvicorn\", line 8, in <module>\n    sys.exit(main())\n  File \"/srv/v/lib/python3.11/site-packages/uvicorn/importer.py\", line 19, in import_from_string\n    module = importlib.import_module(module_str)\n  File \"<frozen importlib._bootstrap>\", line 241, in _call_with_frames_removed\n  File \"/srv/app/main.py\", line 2, in <module>\n    import it\n";

const CASES: &[Case] = &[
    // Installing Python packages.
    ("dependency_version_missing", Install, Python, "exit status 1", "ERROR: Could not find a version that satisfies the requirement flask==99.1 (from versions: 0.1, 3.1.3)\nERROR: No matching distribution found for flask==99.1", "No matching distribution", "`flask==99.1`"),
    ("wrong_python_version", Install, Python, "exit status 1", "ERROR: Ignored the following versions that require a different python version: 1.21.2 Requires-Python >=3.7,<3.11; 1.20.0 Requires-Python >=3.7,<3.10\nERROR: Could not find a version that satisfies the requirement numpy==1.20.0 (from versions: 1.23.2)\nERROR: No matching distribution found for numpy==1.20.0", "Ignored the following", ".python-version"),
    ("dependency_conflict", Install, Python, "exit status 1", "ERROR: Cannot install flask==3.0.0 and werkzeug==2.0.0 because these package versions have conflicting dependencies.\n\nThe conflict is caused by:\n    flask 3.0.0 depends on Werkzeug>=3.0.0\n\nERROR: ResolutionImpossible: for help visit x", "Cannot install flask", "loosen"),
    ("registry_unreachable", Install, Python, "exit status 1", "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<x>: Failed to establish a new connection: [Errno 111] Connection refused')': /simple/flask/\nERROR: Could not find a version that satisfies the requirement flask (from versions: none)\nERROR: No matching distribution found for flask", "NewConnectionError", "HTTPS_PROXY"),
    ("lock_out_of_sync", Install, Python, "exit status 1", "Resolved 3 packages in 109ms\nerror: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.\n\nhint: To update the lockfile, run `uv lock`.", "needs to be updated", "run `uv lock`"),
    ("dependency_version_missing", Install, Python, "exit status 1", "error: No solution found when resolving dependencies\n  cause: Because nopkg was not found in the package registry and your project depends on nopkg, we can conclude that your project's requirements are unsatisfiable.", "Because nopkg was not found", "`nopkg`"),
    ("dependency_conflict", Install, Python, "exit status 1", "error: No solution found when resolving dependencies\n  cause: Because flask==3.0.0 depends on werkzeug>=3.0.0 and you require flask==3.0.0, we can conclude that you require werkzeug>=3.0.0.", "flask==3.0.0 depends", "align"),
    ("wrong_python_version", Install, Python, "exit status 2", "error: No interpreter found for Python >=3.99 in managed installations or search path", "No interpreter", "requires-python"),
    ("invalid_manifest", Install, Python, "exit status 2", "error: Failed to parse: pyproject.toml\n  cause: TOML parse error at line 1, column 6", "Failed to parse", "pyproject.toml"),
    ("registry_unreachable", Install, Python, "exit status 1", "error: Request failed after 3 retries in 10.4s\n  cause: Failed to fetch: https://127.0.0.1:9/simple/flask/\n  cause: Connection refused (os error 111)", "Failed to fetch", "network"),
    ("tls_error", Install, Python, "exit status 1", "WARNING: Retrying: SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1006)'))\nERROR: No matching distribution found for flask", "CERTIFICATE_VERIFY_FAILED", "SSL_CERT_FILE"),
    ("native_library_missing", Install, Python, "exit status 1", "  error: subprocess-exited-with-error\n  × python setup.py egg_info did not run successfully.\n      Error: pg_config executable not found.\nerror: metadata-generation-failed", "pg_config", "psycopg2-binary"),
    ("native_tool_missing", Install, Python, "exit status 1", "  building 'x' extension\n  error: command 'gcc' failed: No such file or directory\n  ERROR: Failed building wheel for x", "'gcc' failed", "build-essential"),
    ("native_build_failed", Install, Python, "exit status 1", "  error: command '/usr/bin/gcc' failed with exit code 1\n  ERROR: Failed building wheel for uwsgi\nFailed to build uwsgi", "failed with exit code", "prebuilt"),
    ("disk_full", Install, Python, "exit status 1", "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "No space left", "free space"),
    // Starting Python programs.
    ("app_object_missing", Start, Python, "exit status 3", "ERROR:    Error loading ASGI app. Attribute \"app\" not found in module \"main\".", "Attribute \"app\"", "main.py"),
    ("app_module_missing", Start, Python, "exit status 3", "ERROR:    Error loading ASGI app. Could not import module \"nope\".", "Could not import", "`nope.py`"),
    ("app_object_missing", Start, Python, "exit status 4", "[1] [INFO] Booting worker with pid: 2\nFailed to find attribute 'app' in 'm2'.\n[2] [INFO] Worker exiting (pid: 2)\n[1] [ERROR] Shutting down: Master\n[1] [ERROR] Reason: App failed to load.", "Failed to find attribute", "m2.py"),
    ("app_module_missing", Start, Python, "exit status 2", "python: can't open file '/srv/app/nofile.py': [Errno 2] No such file or directory", "can't open file", "nofile.py"),
    ("syntax_error", Start, Python, "exit status 1", "  File \"/srv/app/main.py\", line 2\n    app = FastAPI(\n                 ^\nSyntaxError: '(' was never closed", "never closed", "mend the line"),
    ("port_in_use", Start, Python, "exit status 3", "INFO:     Application startup complete.\nERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 18233): address already in use\nINFO:     Waiting for application shutdown.\nINFO:     Application shutdown complete.", "Errno 98", "PORT"),
    ("port_in_use", Start, Python, "exit status 1", "[1] [ERROR] Connection in use: ('127.0.0.1', 8000)\n[1] [ERROR] connection to ('127.0.0.1', 8000) failed: [Errno 98] Address already in use\n[1] [ERROR] Can't connect to ('127.0.0.1', 8000)", "Address already in use", "PORT"),
    ("permission_denied", Start, Python, "exit status 1", "Traceback (most recent call last):\n  File \"/srv/app/main.py\", line 1, in <module>\n    open('/etc/zz','w')\nPermissionError: [Errno 13] Permission denied: '/etc/zz'", "/etc/zz", "DATA_DIR"),
    ("connection_refused", Start, Python, "exit status 3", "INFO:     Waiting for application startup.\nERROR:    Traceback (most recent call last):\n  File \"/srv/app/m6.py\", line 7, in life\n    x()\nConnectionRefusedError: [Errno 111] Connection refused\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"/srv/app/m6.py\", line 9, in life\n    raise RuntimeError(\"no database\") from e\nRuntimeError: no database\n\nERROR:    Application startup failed. Exiting.", "ConnectionRefusedError", "env"),
    ("database_refused", Start, Python, "exit status 1", "Traceback (most recent call last):\n  File \"/srv/app/db.py\", line 9, in <module>\n    e.connect()\nsqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection to server at \"localhost\" (127.0.0.1), port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n(Background on this error at: https://sqlalche.me/e/20/e3q8)", "OperationalError", "SQLite"),
    ("table_missing", Start, Python, "exit status 1", "Traceback (most recent call last):\n  File \"/srv/app/db.py\", line 9, in <module>\n    q()\nsqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: users\n[SQL: SELECT 1]", "users", "create_all"),
    // Packages for Node.
    ("missing_lockfile", Install, Node, "exit status 1", "npm error code EUSAGE\nnpm error\nnpm error The `npm ci` command can only install with an existing package-lock.json or\nnpm error npm-shrinkwrap.json with lockfileVersion >= 1.", "can only install with", "npm install"),
    ("lock_out_of_sync", Install, Node, "exit status 1", "npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.\nnpm error\nnpm error Missing: ms@2.1.3 from lock file", "are in sync", "package-lock.json"),
    ("dependency_version_missing", Install, Node, "exit status 1", "npm error code ETARGET\nnpm error notarget No matching version found for left-pad@99.0.0.\nnpm error notarget In most cases", "No matching version", "`left-pad@99.0.0`"),
    ("dependency_version_missing", Install, Node, "exit status 1", "npm error code E404\nnpm error 404 Not Found - GET https://registry.npmjs.org/left-padx", "404 Not Found", "left-padx"),
    ("invalid_manifest", Install, Node, "exit status 1", "npm error code EJSONPARSE\nnpm error JSON.parse Invalid package.json: JSONParseError: Expected property name or '}' in JSON at position 18", "Invalid package.json", "mend"),
    ("dependency_conflict", Install, Node, "exit status 1", "npm error code ERESOLVE\nnpm error ERESOLVE unable to resolve dependency tree\nnpm error\nnpm error Found: react@17.0.0", "unable to resolve", "loosen"),
    ("wrong_node_version", Install, Node, "exit status 1", "npm error code EBADENGINE\nnpm error engine Unsupported engine\nnpm error notsup Required: {\"node\":\">=99\"}\nnpm error notsup Actual:   {\"node\":\"v20.20.2\"}", "Required", "engines.node"),
    ("registry_unreachable", Install, Node, "exit status 1", "npm warn EBADENGINE Unsupported engine\nnpm error code ECONNREFUSED\nnpm error FetchError: request to https://127.0.0.1:9/left-pad failed, reason: connect ECONNREFUSED 127.0.0.1:9", "ECONNREFUSED", "proxy"),
    ("checksum_mismatch", Install, Node, "exit status 1", "npm ERR! code EINTEGRITY\nnpm ERR! sha512-x integrity checksum failed", "EINTEGRITY", "lock"),
    ("registry_denied", Install, Node, "exit status 1", "npm error code E403\nnpm error 403 403 Forbidden - GET https://r/x", "E403", ".npmrc"),
    // Building and starting Node programs.
    ("command_not_found", Build, Node, "exit status 127", "> build\n> tsc\n\nsh: 1: tsc: not found", "tsc", "`tsc`"),
    ("typescript_error", Build, Node, "exit status 2", "src/index.ts(3,5): error TS2304: Cannot find name 'x'.\nsrc/b.ts(1,1): error TS1: y", "src/index.ts(3,5)", "@types"),
    ("missing_module", Build, Node, "exit status 1", "error during build:\n[vite]: Rollup failed to resolve import \"axios\" from \"/srv/src/main.js\".", "axios", "npm install axios"),
    ("out_of_memory", Build, Node, "exit status 134", "<--- Last few GCs --->\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "heap out of memory", "max-old-space-size"),
    ("missing_start_script", Start, Node, "exit status 1", "npm error Missing script: \"start\"\nnpm error\nnpm error To see a list of scripts, run:\nnpm error   npm run", "Missing script", "\"start\""),
    ("missing_module", Start, Node, "exit status 1", "node:internal/modules/cjs/loader:1210\n  throw err;\n  ^\n\nError: Cannot find module 'express'\nRequire stack:\n- /srv/a.js\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)\n    at Object.<anonymous> (/srv/a.js:1:11) {\n  code: 'MODULE_NOT_FOUND',\n}\n\nNode.js v20.20.2", "Cannot find module 'express'", "npm install express"),
    ("missing_module", Start, Node, "exit status 1", "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@a/b' imported from /srv/b.mjs\n    at packageResolve (node:internal/modules/esm/resolve:873:9) {\n  code: 'ERR_MODULE_NOT_FOUND'\n}\n\nNode.js v20.20.2", "@a/b", "npm install @a/b"),
    ("syntax_error", Start, Node, "exit status 1", "/srv/d.js:1\nconst x = ;\n          ^\n\nSyntaxError: Unexpected token ';'\n    at wrapSafe (node:internal/modules/cjs/loader:1464:18)\n\nNode.js v20.20.2", "Unexpected token", "engines.node"),
    ("module_format_mismatch", Start, Node, "exit status 1", "/srv/d.js:1\nimport x from 'y'\n^^^^^^\n\nSyntaxError: Cannot use import statement outside a module\n    at wrapSafe (node:internal/modules/cjs/loader:1464:18)\n\nNode.js v18.0.0", "outside a module", "\"type\": \"module\""),
    ("port_in_use", Start, Node, "exit status 1", "      throw er; // Unhandled 'error' event\n      ^\n\nError: listen EADDRINUSE: address already in use :::3000\n    at Server.setupListenHandle [as _listen2] (node:net:1908:16)\nEmitted 'error' event on Server instance at:\n    at emitErrorNT (node:net:1944:8) {\n  code: 'EADDRINUSE',\n}\n\nNode.js v20.20.2", ":::3000", "PORT"),
    ("missing_env_var", Start, Node, "exit status 1", "/srv/f.js:1\n\nError: DATABASE_URL is not set\n    at Object.<anonymous> (/srv/f.js:1:38)\n\nNode.js v20.20.2", "DATABASE_URL", "`DATABASE_URL`"),
    ("database_refused", Start, Node, "exit status 1", "Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)\n\nNode.js v20.20.2", "5432", "env"),
    ("missing_file", Start, Node, "exit status 1", "Error: ENOENT: no such file or directory, open './conf.json'\n    at Object.openSync (node:fs:573:18)\n\nNode.js v20.20.2", "conf.json", "./conf.json"),
    ("address_not_available", Start, Node, "exit status 1", "Error: listen EADDRNOTAVAIL: address not available 1.2.3.4:80\n    at doListen (node:net:2139:7)\n\nNode.js v20.20.2", "1.2.3.4:80", "HOST"),
    // Rust.
    ("missing_crate", Build, Rust, "exit status 101", "error[E0432]: unresolved import `axum`\n --> src/main.rs:1:5\n  |\n1 | use axum::Router;\n  |     ^^^^ use of unresolved module or unlinked crate `axum`\n\nerror: could not compile `c` (bin \"c\") due to 1 previous error", "error[E0432]", "cargo add axum"),
    ("compile_error", Build, Rust, "exit status 101", "   Compiling c v0.1.0 (/srv)\nerror[E0308]: mismatched types\n --> src/main.rs:1:25\n\nerror: could not compile `c` (bin \"c\") due to 1 previous error", "E0308", "rustc --explain E0308"),
    ("compile_error", Build, Rust, "exit status 101", "error: mismatched closing delimiter: `}`\n --> src/main.rs:1:21\n\nerror: could not compile `c` (bin \"c\") due to 1 previous error", "closing delimiter", "mend"),
    ("invalid_manifest", Build, Rust, "exit status 101", "error: unclosed table, expected `]`\n --> Cargo.toml:5:14\n  |\n5 | [dependencies", "unclosed table", "Cargo.toml:5:14"),
    ("dependency_version_missing", Build, Rust, "exit status 101", "    Updating crates.io index\nerror: failed to select a version for the requirement `serde = \"^99\"`\ncandidate versions found which didn't match: 1.0.229", "serde", "Cargo.toml"),
    ("wrong_rust_version", Build, Rust, "exit status 101", "error: rustc 1.95.0 is not supported by the following package:\n  c@0.1.0 requires rustc 1.999\n", "not supported", "rustup update"),
    ("no_such_binary", Build, Rust, "exit status 101", "error: no bin target named `api` in default-run packages", "`api`", "[[bin]]"),
    ("lock_out_of_sync", Build, Rust, "exit status 101", "error: the lock file /srv/Cargo.lock needs to be updated but --locked was passed to prevent this", "lock file", "Cargo.lock"),
    ("native_tool_missing", Build, Rust, "exit status 101", "error: linker `cc` not found\n  |\n  = note: No such file or directory (os error 2)\n\nerror: could not compile `c` (bin \"c\") due to 1 previous error", "linker", "`cc`"),
    ("native_library_missing", Build, Rust, "exit status 101", "error: failed to run custom build command for `openssl-sys v0.9`\n  Could not find directory of OpenSSL installation, and this `-sys` crate cannot proceed", "OpenSSL", "libssl-dev"),
    ("missing_env_var", Start, Rust, "exit status 101", "thread 'main' (27500) panicked at src/main.rs:1:43:\nDATABASE_URL must be set: NotPresent\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace", "DATABASE_URL", "`DATABASE_URL`"),
    ("port_in_use", Start, Rust, "exit status 1", "Error: Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }", "AddrInUse", "PORT"),
    ("rust_panic", Start, Rust, "exit status 101", "thread 'main' panicked at src/main.rs:9:5:\nnothing to serve\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace", "nothing to serve", "mend"),
    ("missing_file", Start, Rust, "exit status 101", "thread 'main' (1) panicked at src/main.rs:1:37:\ncalled `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound, message: \"No such file or directory\" }\nnote: run with `RUST_BACKTRACE=1` environment variable", "NotFound", "DATA_DIR"),
    // Tests.
    ("tests_failed", Test, Python, "exit status 1", ">   def test_bad(): assert 1 == 2\nE   assert 1 == 2\nt/test_a.py:3: AssertionError\n--- Captured stdout call ---\nModuleNotFoundError: none, really\n=== short test summary info ===\nFAILED t/test_a.py::test_bad - assert 1 == 2\n1 failed, 1 passed in 0.02s", "test_bad", "keeps serving"),
    ("missing_module", Test, Python, "exit status 2", "ImportError while importing test module '/srv/t/test_a.py'.\nt/test_a.py:1: in <module>\n    import httpx\nE   ModuleNotFoundError: No module named 'httpx'\n=== short test summary info ===\nERROR t/test_a.py", "httpx", "`httpx`"),
    ("no_tests", Test, Python, "exit status 5", "\nno tests ran in 0.00s", "no tests ran", "`test`"),
    ("tests_failed", Test, Node, "exit status 1", "TAP version 13\nnot ok 1 - adds\n  error: '1 == 2'\n# fail 1", "not ok", "mend"),
    ("tests_failed", Test, Rust, "exit status 101", "test a ... ok\ntest b ... FAILED\n\nthread 'b' panicked at src/lib.rs:3:5:", "test b", "mend"),
    // The way it ended.
    ("killed", Start, Command, "signal 9 (SIGKILL)", "working", "working", "memory"),
    ("killed", Start, Command, "exit status 137", "", "", "memory"),
    ("crashed", Start, Python, "signal 11 (SIGSEGV)", "INFO: x", "INFO", "native code"),
    ("command_not_found", Start, Command, "exit status 127", "sh: 1: ./serve.sh: not found", "./serve.sh", "part of the project"),
    ("permission_denied", Start, Command, "exit status 126", "sh: 1: ./x.sh: Permission denied", "x.sh", "chmod +x"),
    ("ended_without_error", Start, Node, "exit status 0", "hello", "hello", "keep running"),
    // Running, and not healthy.
    ("port_ignored", Health, Node, "", "Server listening on http://localhost:3000", "3000", "PORT"),
    ("port_ignored", Health, Python, "", " * Running on http://127.0.0.1:5000\nPress CTRL+C to quit", "5000", "PORT"),
    ("database_refused", Health, Node, "", "retrying: connect ECONNREFUSED 127.0.0.1:5432\nretrying: connect ECONNREFUSED 127.0.0.1:5432", "5432", "env"),
    ("host_not_allowed", Health, Python, "", "Invalid HTTP_HOST header: '127.0.0.1:41000'. You may need to add '127.0.0.1' to ALLOWED_HOSTS.", "ALLOWED_HOSTS", "ALLOWED_HOSTS"),
    ("table_missing", Health, Python, "", "ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n  File \"/srv/app/main.py\", line 9, in root\n    q()\nsqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: users", "users", "create_all"),
    ("request_failed", Health, Python, "", "ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n  File \"/srv/app/main.py\", line 9, in root\n    q()\nZeroDivisionError: division by zero", "ZeroDivisionError", "health_path"),
];

#[test]
fn every_failure_gets_its_code_its_cause_and_a_fix_that_names_things() {
    for (code, phase, runtime, exit, output, cause, fix) in CASES {
        let found = diagnosed(*phase, *runtime, exit, output).unwrap_or_else(|| panic!("{code}: nothing\n{output}"));
        assert_eq!(found.code, *code, "{found:#?}\n{output}");
        assert!(found.cause_line.as_deref().unwrap_or_default().contains(cause), "{found:#?}");
        assert!(found.fix.contains(fix), "{found:#?}");
    }
}

#[test]
fn python_exceptions_are_told_apart_by_their_last_line() {
    for (last, code, fix) in [
        ("ModuleNotFoundError: No module named 'yaml'", "missing_module", "`PyYAML`"),
        ("ModuleNotFoundError: No module named 'shop.models'", "missing_module", "`shop` is a folder"),
        ("ImportError: cannot import name 'x' from 'flask' (/srv/v/flask/__init__.py)", "import_error", "`flask`"),
        ("ImportError: cannot import name 'a' from partially initialized module 'b' (most likely due to a circular import)", "circular_import", "third module"),
        ("ImportError: libGL.so.1: cannot open shared object file: No such file or directory", "shared_library_missing", "headless"),
        ("KeyError: 'DATABASE_URL'", "missing_env_var", "`DATABASE_URL`"),
        ("RuntimeError: Form data requires \"python-multipart\" to be installed. ", "missing_optional_package", "`python-multipart`"),
        ("pydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package.", "pydantic_settings_moved", "pydantic-settings"),
        ("NameError: name 'x' is not defined", "undefined_name", "`x`"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'data/a.csv'", "missing_file", "data/a.csv"),
        ("sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from given URL string", "invalid_database_url", "postgresql://"),
        ("RuntimeError: Directory 'static' does not exist", "missing_file", "static"),
        ("MemoryError", "out_of_memory", "need less"),
        ("KeyError: 'user'", "python_exception", "mend"),
        ("shop.errors.Nope: no", "python_exception", "mend"),
        ("pydantic_core._pydantic_core.ValidationError: 2 validation errors for S\ndatabase_url\n  Field required [type=missing, input_value={}, input_type=dict]\n    For further information visit x\nport\n  Field required [type=missing, input_value={}, input_type=dict]", "missing_env_var", "`DATABASE_URL`, `PORT`"),
    ] {
        let found = diagnosed(Start, Python, "exit status 1", &format!("{PYTHON_TRACE}{last}")).expect(last);
        assert_eq!(found.code, code, "{found:#?}");
        assert!(found.fix.contains(fix), "{found:#?}");
        assert!(found.evidence.iter().any(|line| line.contains("/srv/app/main.py\", line 2")), "{found:#?}");
    }
}

#[test]
fn the_end_counts_and_not_what_was_caught_before() {
    let output = format!("{PYTHON_TRACE}ModuleNotFoundError: No module named 'optional'\nINFO: going on without it\nERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 1): address already in use");
    assert_eq!(diagnosed(Start, Python, "exit status 1", &output).unwrap().code, "port_in_use");
    let output = format!("connect ECONNREFUSED 127.0.0.1:6379\n{PYTHON_TRACE}KeyError: 'TOKEN'");
    assert_eq!(diagnosed(Start, Python, "exit status 1", &output).unwrap().code, "missing_env_var");
}

#[test]
fn an_app_that_runs_is_not_accused_of_what_it_prints() {
    for output in [
        "ModuleNotFoundError: No module named 'x'",
        "SyntaxError: invalid syntax",
        "Error: Cannot find module 'express'\n    at x",
        "listening on http://127.0.0.1:41873",
        "JavaScript heap out of memory",
        "",
    ] {
        assert_eq!(diagnosed(Health, Python, "", output), None, "{output}");
        assert_eq!(diagnosed(Health, Node, "", output), None, "{output}");
    }
}

#[test]
fn what_is_shown_is_short_and_clean() {
    let output = format!("\u{1b}[31mError: Cannot find module '\u{202e}x'\u{1b}[0m {}\n    at y\n", "z".repeat(5_000));
    let found = diagnosed(Start, Node, "exit status 1", &output).unwrap();
    let cause = found.cause_line.unwrap();
    assert!(cause.starts_with("Error: Cannot find module 'x' z") && cause.chars().count() <= 501, "{cause}");
    assert!(found.evidence.len() <= 5);
}

#[test]
fn codes_are_stable_snake_case_and_many() {
    let codes: std::collections::BTreeSet<&str> =
        RULES.iter().chain([&checks::RUNNING]).flat_map(|rules| rules.iter()).map(|rule| rule.code).collect();
    assert!(codes.len() >= 50, "{}", codes.len());
    for code in codes {
        assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code}");
    }
}

proptest::proptest! {
    #[test]
    fn no_output_makes_it_panic(lines in proptest::collection::vec("(npm error |error|E   |Error: |Traceback \\(most recent call last\\):|KeyError: 'X'|    at x|not ok|\\PC|\u{1b}){0,8}", 0..30), phase in 0..5_usize, runtime in 0..6_usize, exit in 0..4_usize) {
        let phase = [Install, Build, Test, Start, Health][phase];
        let runtime = [Some(Python), Some(Node), Some(Rust), Some(Command), Some(Runtime::Static), None][runtime];
        let exit = [None, Some("exit status 1".to_owned()), Some("signal 9".to_owned()), Some("gone".to_owned())][exit].clone();
        if let Some(found) = diagnose(&FailedStep { phase, runtime, exit }, &lines) {
            proptest::prop_assert!(!found.fix.is_empty() && !found.title.is_empty());
        }
    }
}
