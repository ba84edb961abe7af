//! Rules about .NET.

use super::rule::{ANY, CODE, MAKE, RUN, Rule, rule};
use crate::Runtime::{self, Dotnet};

const NET: &[Runtime] = &[Dotnet];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_dotnet_version",
        ANY,
        NET,
        [
            "You must install or update .NET to run this application",
            "Framework: '{}', version '{}'",
            "The framework '{}', version '{}' was not found",
            "A compatible .NET SDK was not found",
            "error NETSDK1045: {}",
            "Requested SDK version: {}",
            "error NETSDK1141: {}"
        ],
        "The project needs another .NET ({1|see the message})",
        "install the SDK or runtime that global.json and `TargetFramework` name, or change both to the one that is installed",
    ),
    rule!(
        "workload_missing",
        MAKE,
        NET,
        ["error NETSDK1147: {}"],
        "The build needs a workload of the SDK: {0}",
        "install it on this machine: `dotnet workload restore`, or `dotnet workload install` with the names in the message",
    ),
    rule!(
        "ambiguous_project",
        MAKE,
        NET,
        ["error MSB1011: {}", "MSB1011: {}", "error NETSDK1194: {}"],
        "The folder has several project files",
        "name the one that is the app: `build: dotnet publish src/Api/Api.csproj -c Release -o out` in backend-im.yml, or set `root`",
    ),
    rule!(
        "invalid_manifest",
        MAKE,
        NET,
        [
            "error NETSDK1022: {}",
            "error MSB4025: {}",
            "error MSB4019: {}",
            "error MSB4236: {}",
            "error NETSDK1013: {}",
            "error NETSDK1152: {}"
        ],
        "The project file does not work: {0}",
        "mend what the message names in the project file",
    ),
    rule!(
        "manifest_missing",
        MAKE,
        NET,
        ["error MSB1003: {}", "MSB1003: {}", "error MSB1009: {}", "error MSB3202: {}"],
        "The project file is not there",
        "name the project file in the build command, or set `root` to its folder",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        NET,
        ["error NU1004: {}", "error NU1403: {}"],
        "packages.lock.json does not match the project file",
        "run `dotnet restore --force-evaluate` and deploy the new packages.lock.json",
    ),
    rule!(
        "dependency_version_missing",
        MAKE,
        NET,
        ["error NU1101: {}", "error NU1102: {}", "error NU1103: {}", "error NU1100: {}"],
        "A package is not there: {0}",
        "correct its name or version in the project file, and check the sources in nuget.config",
    ),
    rule!(
        "dependency_conflict",
        MAKE,
        NET,
        [
            "error NU1605: {}",
            "error NU1107: {}",
            "error NU1608: {}",
            "error NU1202: {}",
            "error NU1201: {}",
            "error NU1701: {}"
        ],
        "Packages do not go together: {0}",
        "align the versions that the message names, or raise `TargetFramework` to what they support",
    ),
    rule!(
        "dependencies_not_installed",
        MAKE,
        NET,
        ["error NETSDK1004: {}", "error NETSDK1064: {}", "error NETSDK1047: {}"],
        "The packages were not restored: {0}",
        "run `dotnet restore` before (or leave `--no-restore` out), and never deploy the folders bin and obj",
    ),
    rule!(
        "registry_unreachable",
        MAKE,
        NET,
        ["error NU1301: {}"],
        "The package registry could not be reached",
        "check the machine's network and proxy settings (HTTPS_PROXY, NO_PROXY) and deploy again; nothing in the project needs to change",
    ),
    rule!(
        "warnings_as_errors",
        MAKE,
        NET,
        ["Warning As Error: {}"],
        "The build takes warnings for errors: {0}",
        "mend what it warns of (for a hole in a package, update it), or set `<TreatWarningsAsErrors>false</TreatWarningsAsErrors>` in the project file",
    ),
    rule!(
        "compile_error",
        MAKE,
        NET,
        ["): error CS{}: {}", "error CS{}: {}", "error FS{}: {}", "error BC{}: {}", "error RZ{}: {}"],
        "The code does not compile: {1} (CS{0})",
        "mend the place that the line names",
    ),
    rule!(
        "shared_library_missing",
        ANY,
        NET,
        ["Couldn't find a valid ICU package", "libgssapi_krb5.so{}: cannot open"],
        "A system library of .NET is missing",
        "install libicu on this machine, or set `DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: \"1\"` under `env` if the app needs no cultures",
    ),
    rule!(
        "https_certificate_missing",
        RUN,
        NET,
        ["Unable to configure HTTPS endpoint"],
        "The app listens with HTTPS and has no certificate",
        "listen with HTTP only, the platform speaks HTTPS to the outside: `ASPNETCORE_URLS=http://$HOST:$PORT`, without an https address in launchSettings or Kestrel's configuration",
    ),
    rule!(
        "migrations_pending",
        RUN,
        NET,
        ["PendingModelChangesWarning"],
        "The model has changes that no migration has",
        "add the migration (`dotnet ef migrations add …`) and deploy it",
    ),
    rule!(
        "missing_env_var",
        RUN,
        NET,
        [
            "Configuration value '{}' is missing",
            "Connection string '{}' not found",
            "Connection string \"{}\" not found"
        ],
        "The setting `{0}` has no value",
        "set it under `env` in backend-im.yml, with two underscores for every colon (`Jwt:Key` is `Jwt__Key`, a connection string `ConnectionStrings__Name`)",
    ),
    rule!(
        "configuration_invalid",
        RUN,
        NET,
        ["Could not parse the JSON file", "Failed to load configuration from file '{}'"],
        "A configuration file does not parse: {0|appsettings.json}",
        "mend the JSON at the line that the message names",
    ),
    rule!(
        "wrong_platform",
        MAKE,
        NET,
        ["error NETSDK1100: {}", "error MSB3644: {}"],
        "The project is made for Windows: {0}",
        "target plain .NET (`net10.0` without `-windows`); .NET Framework runs on Windows only",
    ),
    rule!(
        "missing_module",
        RUN,
        NET,
        ["Could not load file or assembly '{}'"],
        "The assembly `{0}` is not there",
        "publish with `dotnet publish`, which copies every package, and deploy the whole folder that it writes",
    ),
    rule!(
        "missing_file",
        RUN,
        NET,
        [
            "The configuration file '{}' was not found and is not optional",
            "Could not find file '{}'",
            "Could not find a part of the path '{}'"
        ],
        "The file `{0}` does not exist",
        "check that it is part of the project and copied by the build (`CopyToOutputDirectory`); create what the app itself writes below DATA_DIR",
    ),
    rule!(
        "start_file_missing",
        RUN,
        NET,
        [
            "Could not execute because the application was not found or a compatible .NET SDK is not installed",
            "Could not execute because the specified command or file was not found",
            "The application to execute does not exist: '{}'",
            "The specified framework 'Microsoft.NETCore.App', version '{}' was not found",
            "The application '{}' does not exist"
        ],
        "The built program is not where the start command looks ({0|see the message})",
        "start the .dll that `dotnet publish` writes, by the name of the project",
    ),
    rule!(
        "dependency_injection_failed",
        RUN,
        NET,
        [
            "Unable to resolve service for type '{}' while attempting to activate '{}'",
            "No service for type '{}' has been registered",
            "Cannot consume scoped service '{}'",
            "Some services are not able to be constructed"
        ],
        "A service is not registered: {0|see the message}",
        "register it in Program.cs (`builder.Services.AddScoped<…>()`); a singleton may not take a scoped service",
    ),
    rule!(
        "invalid_database_url",
        RUN,
        NET,
        [
            "The ConnectionString property has not been initialized",
            "Format of the initialization string does not conform",
            "Value cannot be null. (Parameter 'connectionString')",
        ],
        "The database's connection string is missing or not in the form that .NET reads",
        "set ConnectionStrings__DefaultConnection (two underscores) under `env`, such as `Host=…;Database=…;Username=…;Password=…`",
    ),
];

/// The exception that no rule knows.
pub(super) const GENERAL: &[Rule] = &[rule!(
    "dotnet_exception",
    CODE,
    NET,
    ["^Unhandled exception. {}", "^Unhandled exception: {}"],
    "The program ends with an error of .NET: {0}",
    "mend the place in the code that the stack names, or what the message asks for",
)];
