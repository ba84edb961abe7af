//! What a plan needs and the machine lacks: said before anything is uploaded, by plan, deploy and doctor alike.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Home, Project, get};

/// A folder that is all of a `PATH`.
struct Tools(tempfile::TempDir);

impl Tools {
    fn none() -> Self {
        Self(tempfile::tempdir().expect("a temp dir"))
    }

    /// With a program that is a shell script.
    fn with(self, name: &str, script: &str) -> Self {
        self.put(name, script);
        self
    }

    /// With programs of this machine.
    fn and_real(self, names: &[&str]) -> Self {
        let path = std::env::var_os("PATH").expect("a PATH");
        for name in names {
            let found =
                std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.exists());
            let target = found.unwrap_or_else(|| panic!("no {name} on this machine"));
            std::os::unix::fs::symlink(target, self.0.path().join(name)).expect("a link");
        }
        self
    }

    /// With this machine's Python itself, which may be found through a script that needs other programs.
    fn and_python(self) -> Self {
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        let path = String::from_utf8(asked.expect("Python runs").stdout).expect("a path");
        self.with("python3", &format!("exec {} \"$@\"", path.trim()))
    }

    fn put(&self, name: &str, script: &str) {
        let file = self.0.path().join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("a script");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("a program");
    }

    /// A home whose programs find nothing else.
    fn home(&self) -> Home {
        Home::new().with("PATH", &self.0.path().to_string_lossy())
    }
}

fn go_project(name: &str, version: &str) -> Project {
    let main = "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":\", nil) }\n";
    Project::of(name, &[("go.mod", &format!("module a.b/c\n\ngo {version}\n")), ("main.go", main)])
}

#[track_caller]
fn refused(home: &Home, project: &Project) -> Value {
    let done = home.run(&["deploy", &project.arg(), "--json"]);
    assert_ne!(done.code, 0, "{done:#?}");
    done.json()["error"].clone()
}

/// Nothing of any project is on the platform of this home.
#[track_caller]
fn assert_nothing_there(home: &Home) {
    let projects = home.api().get("/api/projects").json();
    assert_eq!(projects["items"], serde_json::json!([]), "{projects:#}");
    let folders = std::fs::read_dir(home.path().join("projects")).into_iter().flatten().count();
    assert_eq!(folders, 0, "something was uploaded");
}

/// What this machine's system installs packages with.
fn installs_with(hint: &str) -> bool {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let is_debian = release.lines().any(|line| matches!(line, "ID=debian" | "ID=ubuntu"));
    !is_debian || hint.contains("apt install -y ") || hint.contains("https://")
}

#[test]
fn a_program_that_this_machine_lacks_is_named_before_anything_is_uploaded() {
    let tools = Tools::none();
    let home = tools.home();
    let elixir = "def project do\n [app: :x, elixir: \"~> 1.14\"]\nend\ndef application do\n [mod: {X, []}]\nend\n\
                  def deps do\n [{:bandit, \"~> 1\"}]\nend\n";
    let dotnet = "<Project Sdk=\"Microsoft.NET.Sdk.Web\">\n  <PropertyGroup>\n    \
                  <TargetFramework>net8.0</TargetFramework>\n  </PropertyGroup>\n</Project>\n";
    let program = "var app = WebApplication.Create(args);\napp.MapGet(\"/\", () => \"hi\");\napp.Run();\n";
    for (project, needed, why) in [
        (go_project("in-go", "1.19"), "Go 1.19 or newer", "go.mod: go 1.19"),
        (Project::of("in-elixir", &[("mix.exs", elixir)]), "Elixir ~> 1.14", "mix.exs: elixir ~> 1.14"),
        (
            Project::of("in-dotnet", &[("App.csproj", dotnet), ("Program.cs", program)]),
            "the .NET SDK 8.0",
            "App.csproj: TargetFramework 8.0",
        ),
    ] {
        let planned = home.run(&["plan", &project.arg(), "--json"]).ok().json();
        let missing = &planned["missing"][0];
        assert_eq!(
            (missing["shortage"].as_str(), missing["blocks"].as_bool()),
            (Some("missing"), Some(true))
        );
        let error = refused(&home, &project);
        assert_eq!(error["code"], "missing_tool", "{error:#}");
        let (message, hint) = (error["message"].to_string(), error["hint"].as_str().expect("a hint"));
        assert!(message.contains(needed) && message.contains(why), "{error:#}");
        let install = missing["install"].as_str().expect("a command");
        assert!(hint.contains(install) && installs_with(hint), "{error:#}");
        assert_nothing_there(&home);
    }
}

#[test]
fn everything_that_is_lacking_is_named_at_once() {
    let tools = Tools::none().with("java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2");
    let home = tools.home();
    let pom = "<project><artifactId>shop</artifactId><version>1</version><properties><java.version>21</java.version>\
               </properties><build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins>\
               </build></project>";
    let project = Project::of("in-java", &[("pom.xml", pom), ("src/main/java/A.java", "class A {}")]);
    let error = refused(&home, &project);
    assert_eq!(error["code"], "missing_tool", "{error:#}");
    let message = error["message"].to_string();
    for part in [
        "Java 21 or newer (pom.xml: java.version 21)",
        "this machine has 11.0.2",
        "`mvn` is not on this machine",
    ] {
        assert!(message.contains(part), "{part}: {error:#}");
    }
    assert_eq!(error["hint"].as_str().expect("a hint").lines().count(), 4, "one command for each: {error:#}");
    assert_nothing_there(&home);
}

#[test]
fn a_version_that_is_too_old_is_named_with_the_one_that_is_needed() {
    let tools = Tools::none().with("go", "echo go version go1.13.8 linux/amd64");
    let home = tools.home();
    let project = go_project("too-new", "1.24");
    let planned = home.run(&["plan", &project.arg()]).ok().stdout;
    assert!(planned.contains("missing: the project needs Go 1.24 or newer"), "{planned}");
    assert!(planned.contains("this machine has 1.13.8"), "{planned}");
    assert_eq!(home.platform_file(), None, "a plan starts no platform");

    let error = refused(&home, &project);
    assert_eq!(error["code"], "wrong_tool_version", "{error:#}");
    let message = error["message"].to_string();
    assert!(message.contains("Go 1.24 or newer") && message.contains("1.13.8"), "{error:#}");
    assert!(error["hint"].to_string().contains("go.dev/dl/go1.24.0."), "{error:#}");
    assert_nothing_there(&home);

    // Whoever installs it is believed at once, by a platform that runs too.
    tools.put("go", "echo go version go1.24.1 linux/amd64; test \"$1\" = version");
    let planned = home.run(&["plan", &project.arg(), "--json"]).ok().json();
    assert_eq!(planned["missing"].as_array().map(Vec::len), Some(0), "{planned:#}");
    let error = refused(&home, &project);
    let code = error["code"].as_str().expect("a code");
    assert!(matches!(code, "install_failed" | "build_failed"), "the fake one builds nothing: {error:#}");
}

/// A `go` that makes a server of the machine's Python, and counts how often it is asked for its version.
fn fake_go(asked: &Path) -> String {
    format!(
        "if [ \"$1\" = version ]; then echo asked >> {asked}; echo go version go1.30.0 linux/amd64; exit; fi\n\
         while [ $# -gt 0 ]; do if [ \"$1\" = -o ]; then out=$2; fi; shift; done\n\
         if [ -n \"$out\" ]; then mkdir -p \"$(dirname \"$out\")\"; cp server.sh \"$out\"; chmod +x \"$out\"; fi",
        asked = asked.display()
    )
}

#[test]
fn a_project_whose_tools_are_there_goes_live_and_a_change_asks_for_nothing() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let asked = dir.path().join("asked");
    let tools = Tools::none()
        .with("go", &fake_go(&asked))
        .and_python()
        .and_real(&["mkdir", "dirname", "cp", "chmod", "cat", "sh", "env"]);
    let home = tools.home();
    let project = go_project("in-go", "1.24");
    project.write("answering", &crate::harness::python_server("hello"));
    project.write("server.sh", "#!/bin/sh\nexec python3 answering\n");
    let live = home.deploy(&project.arg());
    let url = live["directUrl"].as_str().expect("a URL").to_owned();
    assert_eq!(get(&url).text, "hello");
    project.write("answering", &crate::harness::python_server("changed"));
    home.deploy(&project.arg());
    assert_eq!(get(&url).text, "changed");
    let times = std::fs::read_to_string(&asked).expect("asked once at least").lines().count();
    assert_eq!(times, 1, "what did not change is not asked again");
}

#[test]
fn doctor_lists_the_programs_of_the_same_table() {
    let tools = Tools::none()
        .with("go", "echo go version go1.13.8 linux/amd64")
        .with("php", "echo broken >&2; exit 3");
    let home = tools.home();
    let checks = home.run(&["doctor", "--json"]).json()["checks"].clone();
    let check = |name: &str| {
        let mut all = checks.as_array().expect("checks").iter();
        all.find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}: {checks:#}")).clone()
    };
    assert_eq!((check("go")["found"].as_str(), check("go")["state"].as_str()), (Some("1.13.8"), Some("ok")));
    assert_eq!(check("php")["advice"], "broken");
    assert_eq!(check("mvn")["state"], "note");
    assert!(installs_with(check("mvn")["advice"].as_str().expect("advice")), "{checks:#}");
    assert_eq!(home.platform_file(), None);
}
