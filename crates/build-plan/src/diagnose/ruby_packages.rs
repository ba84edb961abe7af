//! Rules about Bundler and about gems.

use super::rule::{ANY, INSTALL, MAKE, Rule, rule};
use crate::Runtime::{self, Ruby};

const RB: &[Runtime] = &[Ruby];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_ruby_version",
        ANY,
        RB,
        [
            "Your Ruby version is {}, but your Gemfile specified {}",
            "requires ruby version {}, which is incompatible",
            "requires Ruby version {}. The current ruby version is {}",
            "rbenv: version `{}' is not installed",
        ],
        "The project needs another Ruby ({1|see the Gemfile})",
        "install the Ruby that the Gemfile and .ruby-version name, or change both to the one that is installed",
    ),
    rule!(
        "wrong_bundler_version",
        ANY,
        RB,
        [
            "Could not find 'bundler' ({}) required by",
            "You must use Bundler {} or greater",
            "can't find gem bundler ({})"
        ],
        "Gemfile.lock was written by another Bundler ({0})",
        "run `gem install bundler -v {0}`, or `bundle update --bundler` and deploy the new Gemfile.lock",
    ),
    rule!(
        "lock_platform_missing",
        MAKE,
        RB,
        ["Your bundle only supports platforms {}", "does not support the {} platform"],
        "Gemfile.lock was written for another platform",
        "run `bundle lock --add-platform x86_64-linux` and deploy the new Gemfile.lock",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        RB,
        [
            "You are trying to install in deployment mode after changing",
            "The gemspecs for path gems changed",
            "because frozen mode is set",
            "The lockfile can't be updated because frozen mode is set",
            "your Gemfile.lock is corrupt",
        ],
        "Gemfile.lock does not match the Gemfile",
        "run `bundle install` and deploy the new Gemfile.lock with the Gemfile",
    ),
    rule!(
        "dependency_version_missing",
        INSTALL,
        RB,
        [
            "could not be found in rubygems repository",
            "can no longer be found in that source",
            "could not be found in any of the sources"
        ],
        "There is no such gem or version",
        "correct the name or version that the message names in the Gemfile, then run `bundle update` for that gem and deploy Gemfile.lock",
    ),
    rule!(
        "dependency_conflict",
        INSTALL,
        RB,
        [
            "^Because every version of {}",
            "^Because {} depends on {}",
            "Bundler could not find compatible versions for gem \"{}\"",
        ],
        "The wanted versions contradict each other",
        "loosen or align the versions that the lines below name in the Gemfile, then run `bundle update` and deploy Gemfile.lock",
    ),
    rule!(
        "dependency_conflict",
        INSTALL,
        RB,
        ["Could not find compatible versions"],
        "The wanted versions contradict each other",
        "loosen or align the versions that the lines below name in the Gemfile, then run `bundle update` and deploy Gemfile.lock",
    ),
    rule!(
        "invalid_manifest",
        ANY,
        RB,
        ["There was an error parsing `Gemfile`: {}", "There was an error while loading `{}`: {}"],
        "The Gemfile does not parse: {0}",
        "mend the line that the message names; what it reads, such as .ruby-version, must be deployed too",
    ),
    rule!(
        "gem_already_activated",
        ANY,
        RB,
        ["You have already activated {}, but your Gemfile requires {}"],
        "Another version of a gem is loaded before Bundler: {0}",
        "start with `bundle exec`, update Bundler, or take the gem that comes with Ruby out of Gemfile.lock (`bundle update` for it)",
    ),
    rule!(
        "dependency_version_missing",
        INSTALL,
        RB,
        ["Could not find gem '{}' in", "Could not find {} in any of the sources"],
        "There is no such gem or version: `{0|see the message}`",
        "correct the name or version of `{0|the gem}` in the Gemfile, then run `bundle install` and deploy Gemfile.lock",
    ),
];
