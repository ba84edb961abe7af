//! Rules about Java: Maven, Gradle, Spring.

use super::rule::{ANY, CODE, MAKE, RUN, Rule, rule};
use crate::Runtime::{self, Java};

const JVM: &[Runtime] = &[Java];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_java_version",
        ANY,
        JVM,
        [
            "has been compiled by a more recent version of the Java Runtime (class file version {}",
            "invalid target release: {}",
            "error: release version {} not supported",
            "Cannot find a Java installation on your machine{}",
            "requires at least JVM runtime version {}",
            "Unsupported class file major version {}",
            "No compatible toolchains found for request",
            "Gradle requires JVM {} or later to run",
            "No matching toolchains found for requested specification: {}",
            "No compiler is provided in this environment",
            "RequireJavaVersion failed with message",
            "Detected JDK version {} is not in the allowed range",
            "NoSuchFieldError: Class com.sun.tools.javac.{} does not have member field",
            "IllegalAccessError: class lombok.javac.{}",
            "Source option {} is no longer supported",
            "Could not target platform: '{}'",
            "error: invalid source release: {}",
            "class file has wrong version {}",
            "Inconsistent JVM-target compatibility detected",
            "Inconsistent JVM Target Compatibility",
            "Unknown Kotlin JVM target: {}"
        ],
        "The project needs another Java ({0|see the message})",
        "install the JDK that the build asks for, or lower `java.version`, `maven.compiler.release` or the Gradle toolchain to the one that is installed",
    ),
    rule!(
        "wrong_gradle_version",
        MAKE,
        JVM,
        [
            "requires Gradle {}. The current version is {}",
            "Minimum supported Gradle version is {}. Current version is {}",
            "requires at least Gradle {}",
            "Unsupported Gradle version {}",
            "Detected Maven Version: {} is not in the allowed range {}",
            "requires Maven version {}",
        ],
        "The project needs another Gradle or Maven ({0})",
        "change the version in gradle/wrapper/gradle-wrapper.properties (`./gradlew wrapper --gradle-version …`) or in the Maven wrapper, and deploy the wrapper",
    ),
    rule!(
        "build_wrapper_broken",
        MAKE,
        JVM,
        [
            "Could not find or load main class org.gradle.wrapper.GradleWrapperMain",
            "Could not find or load main class org.apache.maven.wrapper.MavenWrapperMain",
            "Unable to access jarfile {}gradle-wrapper.jar",
            "gradlew: Permission denied",
            "mvnw: Permission denied",
            "cannot read distributionUrl property in {}"
        ],
        "The build wrapper is not complete",
        "commit gradle/wrapper/gradle-wrapper.jar (or .mvn/wrapper), which ignore files often exclude, and make the wrapper executable (`git update-index --chmod=+x gradlew`)",
    ),
    rule!(
        "dependency_version_missing",
        MAKE,
        JVM,
        [
            "Could not find artifact {} in",
            "Could not resolve dependencies for project {}",
            "> Could not resolve {}.",
            "> Could not find {}.",
            "Could not find artifact {}",
            "Plugin [id: '{}'",
            "Plugin with id '{}' not found"
        ],
        "There is no such artifact: `{0}`",
        "correct the name or version of `{0}` in pom.xml or build.gradle, and check the repositories there",
    ),
    rule!(
        "invalid_manifest",
        MAKE,
        JVM,
        [
            "Could not find method {}() for arguments",
            "Could not get unknown property '{}'",
            "Could not set unknown property '{}'",
            "Could not compile build file {}",
            "'dependencies.dependency.version' for {} is missing"
        ],
        "The build file does not work: {0}",
        "mend the line that the message names; what it calls may come from a plugin that is not applied, or have another name in this Gradle",
    ),
    rule!(
        "manifest_missing",
        MAKE,
        JVM,
        ["but there is no POM in this directory", "does not contain a Gradle build"],
        "There is no build file where the command runs",
        "set `root` in backend-im.yml to the folder with pom.xml or build.gradle",
    ),
    rule!(
        "lint_failed",
        MAKE,
        JVM,
        ["Checkstyle violations", "had format violations", "Checkstyle rule violations were found"],
        "The check of the code's style stops the build",
        "mend what it names (`./gradlew spotlessApply`), or build without the check (`-x spotlessCheck`, `-Dcheckstyle.skip`)",
    ),
    rule!(
        "compile_error",
        MAKE,
        JVM,
        [
            ".java:[{}] error: {}",
            ".java:[{}] {}",
            ".java:{}: error: {}",
            "^e: {}.kt:{} {}",
            "^e: {}.kts:{} {}",
            "^error: file not found: {}"
        ],
        "The code does not compile: {1|see the line}",
        "mend the place that the line names",
    ),
    rule!(
        "compile_error",
        MAKE,
        JVM,
        ["COMPILATION ERROR", "Compilation failed; see the compiler error output for details"],
        "The code does not compile",
        "mend the place that the compiler names",
    ),
    rule!(
        "tests_failed",
        MAKE,
        JVM,
        ["There are test failures.", "There were failing tests.", "Tests run: {}, Failures: {}"],
        "Tests fail while the project is built",
        "mend them, or build without (`mvn package -DskipTests`, `gradle assemble`) and run them with `test` in backend-im.yml",
    ),
    rule!(
        "no_main_class",
        ANY,
        JVM,
        [
            "no main manifest attribute, in {}",
            "Could not find or load main class {}",
            "Unable to find main class",
            "Main method not found in class {},",
        ],
        "The archive names no main class ({0|see the message})",
        "build an executable archive (spring-boot-maven-plugin with `repackage`, or the Shadow plugin), and start that one, not the `-plain` or `original-` one",
    ),
    rule!(
        "start_file_missing",
        RUN,
        JVM,
        ["Unable to access jarfile {}", "Invalid or corrupt jarfile {}"],
        "The archive `{0}` is not there",
        "correct the start command to the file that the build writes below target/ or build/libs/",
    ),
    rule!(
        "invalid_database_url",
        RUN,
        JVM,
        [
            "Failed to configure a DataSource: 'url' attribute is not specified",
            "Failed to determine a suitable driver class",
            "Driver {} claims to not accept jdbcUrl, {}",
            "No suitable driver found for {}",
        ],
        "The database's URL is missing or has another form than JDBC reads",
        "set SPRING_DATASOURCE_URL to `jdbc:postgresql://host/name` (with SPRING_DATASOURCE_USERNAME and SPRING_DATASOURCE_PASSWORD), or use an embedded database",
    ),
    rule!(
        "dependency_injection_failed",
        RUN,
        JVM,
        [
            "required a bean of type '{}' that could not be found",
            "No qualifying bean of type '{}' available",
            "required a single bean, but {} were found",
            "could not be registered. A bean with that name has already been defined",
            "NoSuchBeanDefinitionException: {}",
        ],
        "Spring finds no bean `{0|see the message}`",
        "define it (`@Component`, `@Service`, `@Bean`) in a package below the application class, or import its configuration",
    ),
    rule!(
        "missing_env_var",
        RUN,
        JVM,
        [
            "Could not resolve placeholder '{}' in value",
            "Required environment variable {} is not set",
            "The config property {} is required but it could not be found"
        ],
        "The setting `{0}` has no value",
        "set `{0}` under `env` in backend-im.yml (capitals, with underscores for dots), or give it a default: `${{0}:value}`",
    ),
    rule!(
        "circular_dependency",
        RUN,
        JVM,
        [
            "beans in the application context form a cycle",
            "BeanCurrentlyInCreationException: {}",
            "Requested bean is currently in creation"
        ],
        "Beans need each other in a circle",
        "move what both need into a third bean, or inject one of them lazily (`@Lazy`)",
    ),
    rule!(
        "library_api_changed",
        RUN,
        JVM,
        [
            "An attempt was made to call a method that does not exist",
            "java.lang.NoSuchMethodError: {}",
            "java.lang.NoSuchFieldError: {}",
            "java.lang.AbstractMethodError: {}"
        ],
        "Two libraries are of versions that do not go together",
        "align their versions: take those that the framework's BOM names (spring-boot-dependencies), and update libraries made for an older major version",
    ),
    rule!(
        "missing_file",
        RUN,
        JVM,
        [
            "Config data resource '{}' via location '{}' does not exist",
            "Config data location '{}' does not exist"
        ],
        "The configuration `{1|that it imports}` does not exist",
        "deploy the file, or import it as `optional:{1|file}` and set its values under `env`",
    ),
    rule!(
        "configuration_invalid",
        RUN,
        JVM,
        ["is not secure enough for any JWT"],
        "The key that signs tokens is too short",
        "set a key of at least 256 bits as a secret, under the name that the code reads: `openssl rand -base64 48` makes one",
    ),
    rule!(
        "configuration_invalid",
        RUN,
        JVM,
        [
            "Failed to bind properties under '{}'",
            "Binding to target {} failed",
            "Failed to load configuration from {}",
        ],
        "A setting has a value that does not fit: {0}",
        "correct the setting in application.yml or its variable under `env` (capitals, with underscores for dots)",
    ),
    rule!(
        "missing_module",
        CODE,
        JVM,
        [
            "java.lang.ClassNotFoundException: {}",
            "java.lang.NoClassDefFoundError: {}",
            "Cannot load driver class: {}"
        ],
        "Java finds no class `{0}`",
        "build an archive with all dependencies in it, and check the scope of the one that brings `{0}` (not `provided` or `test`)",
    ),
];

/// The exception that no rule knows.
pub(super) const GENERAL: &[Rule] = &[rule!(
    "java_exception",
    RUN,
    JVM,
    ["^Exception in thread \"{}\" {}", "^Caused by: {}", "APPLICATION FAILED TO START"],
    "The program ends with an error of Java: {1|see the lines below}",
    "mend the place in the code that the stack names, or what the last `Caused by` asks for",
)];
