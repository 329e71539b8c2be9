//! The flags that all commands share: which mean something for which command, and what is given in vain.

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::{Cli, Command, OnHangup, Population};

/// What each command takes of the flags that all share, by their names in [`Global`](super::Global). The explorer
/// has no name; `validate` is three commands by its flags. All take `--quiet`: what has no notes keeps it anyway.
const TAKEN: [(&str, &[&str]); 47] = [
    (
        "",
        &[
            "config", "set", "seed", "device", "data_dir", "log", "threads",
        ],
    ),
    ("--explore", &["device", "data_dir", "log", "threads"]),
    (
        "train",
        &[
            "config", "set", "seed", "device", "data_dir", "json", "log", "threads",
        ],
    ),
    ("attach", &["device", "data_dir", "log", "threads"]),
    ("watch", &["data_dir", "json", "log", "threads"]),
    ("steer pause", &["data_dir", "json"]),
    ("steer resume", &["data_dir", "json"]),
    ("steer stop", &["data_dir", "json"]),
    ("steer snapshot", &["data_dir", "json"]),
    ("steer set", &["data_dir", "json"]),
    ("steer disrupt", &["data_dir", "json"]),
    ("steer controls", &["data_dir", "json"]),
    ("experiment", &["device", "data_dir", "json", "threads"]),
    ("runs", &["data_dir", "json"]),
    ("runs list", &["data_dir", "json"]),
    ("runs show", &["data_dir", "json"]),
    ("runs compare", &["data_dir", "json"]),
    ("runs export", &["data_dir"]),
    ("runs check", &["data_dir", "json"]),
    ("runs delete", &["data_dir"]),
    ("runs trash", &["data_dir", "json"]),
    ("runs restore", &["data_dir", "json"]),
    ("coverage", &["seed", "data_dir", "json", "threads"]),
    ("certify", &["seed", "data_dir", "json", "threads"]),
    ("validate", &["seed", "data_dir", "json", "threads"]),
    ("validate --list", &["json"]),
    (
        "validate --study",
        &[
            "config", "set", "seed", "device", "data_dir", "json", "threads",
        ],
    ),
    ("verify", &["json", "threads"]),
    ("keygen", &["json"]),
    ("export", &["data_dir"]),
    ("import", &["data_dir"]),
    ("encode", &["data_dir", "json", "threads"]),
    ("decode", &["data_dir", "json", "threads"]),
    ("sample", &["seed", "data_dir", "threads"]),
    ("bench", &["seed", "device", "data_dir", "json", "threads"]),
    ("bench compare", &["json"]),
    ("neighbors", &["data_dir", "json", "threads"]),
    ("ops", &["json"]),
    ("ops show", &["json"]),
    ("ops words", &["json"]),
    ("devices", &["json", "log"]),
    ("config check", &["set", "json"]),
    ("config show", &["config", "set", "seed", "json"]),
    ("config keys", &["json"]),
    ("metrics list", &["json"]),
    // Not listed in the help.
    ("compare", &["seed", "data_dir", "threads"]),
    ("contrast", &["seed", "data_dir", "threads"]),
];

/// Flags that all commands share, but for `--quiet`.
const SHARED: [&str; 8] = [
    "config", "set", "seed", "device", "data_dir", "json", "log", "threads",
];

impl Cli {
    /// The command, as [`TAKEN`] names it.
    fn name(&self, matches: &ArgMatches) -> String {
        let mut names = Vec::new();
        let mut at = matches;
        while let Some((name, inner)) = at.subcommand() {
            names.push(name);
            at = inner;
        }
        match &self.command {
            None if self.explore => names.push("--explore"),
            Some(Command::Validate(args)) if args.list => names.push("--list"),
            Some(Command::Validate(args)) if args.study.is_some() => names.push("--study"),
            _ => {}
        }
        names.join(" ")
    }

    /// What it takes of the flags that all share.
    fn taken(name: &str) -> &'static [&'static str] {
        let found = TAKEN.iter().find(|(command, _)| *command == name);
        found.map_or(&SHARED, |(_, taken)| *taken)
    }

    /// Whether threads compute in it.
    pub fn computes(&self, matches: &ArgMatches) -> bool {
        Self::taken(&self.name(matches)).contains(&"threads")
    }

    /// What was given and would be ignored, and why, in one line.
    pub(super) fn in_vain(&self, matches: &ArgMatches) -> Option<String> {
        let given = |flag: &str| matches.value_source(flag) == Some(ValueSource::CommandLine);
        let explorers = [
            ("--resume", self.resume.is_some()),
            ("--explore", self.explore),
            ("--population", self.population.is_some()),
            ("--on-hangup", self.unattended.on_hangup == OnHangup::Detach),
            ("--allow-group", self.unattended.allow_group),
            ("--notify", self.unattended.notify.is_some()),
            ("--max-time", self.unattended.max_time.is_some()),
        ];
        let before = explorers.into_iter().find(|(_, given)| *given);
        if let Some((flag, _)) = before.filter(|_| self.command.is_some()) {
            return Some(format!(
                "{flag} before a command is the explorer's; write it behind the command, where that has it"
            ));
        }
        let name = self.name(matches);
        let taken = Self::taken(&name);
        let in_vain = SHARED
            .iter()
            .find(|flag| given(flag) && !taken.contains(flag));
        if let Some(flag) = in_vain {
            let command = match name.as_str() {
                "" => "the explorer".to_owned(),
                name => format!("`{name}`"),
            };
            let taken: Vec<String> = taken.iter().map(|flag| spelled(flag)).collect();
            return Some(format!(
                "{} means nothing for {command}, which takes {}, --quiet",
                spelled(flag),
                taken.join(", ")
            ));
        }
        let (population, from_branch) = match &self.command {
            None => (self.population.as_ref(), false),
            Some(Command::Train(args)) => (args.population.as_ref(), args.branch.is_some()),
            _ => (None, false),
        };
        if given("seed") && matches!(population, Some(Population::These(_))) {
            return Some("--seed means nothing where --population names every seed".to_owned());
        }
        if given("config") && from_branch {
            return Some(
                "--config means nothing for a branch, which has its parent's configuration; --set changes it"
                    .to_owned(),
            );
        }
        match &self.command {
            Some(Command::Validate(args))
                if args.list
                    && args
                        .study
                        .as_ref()
                        .is_some_and(|parts| !parts.concat().is_empty()) =>
            {
                Some("--list shows every part of a study; write --study without parts".to_owned())
            }
            Some(Command::Ops(args)) if args.long && given("json") => Some(
                "--long means nothing with --json, whose lines hold trits and name anyway"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// A flag as it is written.
fn spelled(flag: &str) -> String {
    format!("--{}", flag.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    /// Every command that can be run, by its names.
    fn leaves(command: &clap::Command, names: &str, found: &mut BTreeSet<String>) {
        if !command.is_subcommand_required_set() {
            found.insert(names.to_owned());
        }
        for inner in command.get_subcommands() {
            leaves(inner, format!("{names} {}", inner.get_name()).trim(), found);
        }
    }

    #[test]
    fn the_table_holds_every_command_and_every_shared_flag() {
        let command = Cli::command();
        let mut there = BTreeSet::new();
        leaves(&command, "", &mut there);
        there.extend(["--explore", "validate --list", "validate --study"].map(str::to_owned));
        let in_table: BTreeSet<String> = TAKEN.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(in_table, there);
        let shared = command.get_arguments().filter(|arg| arg.is_global_set());
        let shared: BTreeSet<_> = shared.map(|arg| arg.get_id().as_str()).collect();
        let known: BTreeSet<_> = SHARED.into_iter().chain(["quiet"]).collect();
        assert_eq!(known, shared);
        let words = TAKEN.iter().flat_map(|(_, taken)| *taken);
        assert!(words.into_iter().all(|flag| SHARED.contains(flag)));
    }

    /// The least that each command wants beside its name.
    fn least(name: &str) -> &'static str {
        match name {
            "experiment" => "RUN beta-b",
            "runs compare" => "RUN OTHER",
            "runs export" => "RUN --out FILE",
            "runs show" | "runs check" | "runs delete" | "runs restore" => "RUN",
            "certify" | "contrast" => "--out DIR",
            "export" => "--out FILE",
            "import" => "FILE --out RUN",
            "verify" => "DIR",
            "encode" | "neighbors" | "ops show" => "min",
            "steer set" => "hold.rho=0.5",
            "steer disrupt" => "beta-b",
            "sample" => "5",
            "bench compare" | "config check" => "FILE",
            "compare" => "CSV RUN --out DIR",
            _ => "",
        }
    }

    #[test]
    fn a_shared_flag_that_means_nothing_for_a_command_is_refused_and_every_other_one_is_taken() {
        let value = |flag: &str| match flag {
            "config" | "data_dir" => "=x",
            "set" => "=seed=1",
            "seed" | "threads" => "=1",
            "device" => "=cpu",
            "log" => "=warn",
            _ => "",
        };
        for (name, taken) in TAKEN {
            // The run stands before what is asked of it.
            let words = name.replace("steer ", "steer RUN ");
            for flag in SHARED.into_iter().chain(["quiet"]) {
                let given = format!("{}{}", spelled(flag), value(flag));
                for line in [
                    format!("fx {words} {} {given}", least(name)),
                    format!("fx {given} {words} {}", least(name)),
                ] {
                    let read = Cli::read(line.split_whitespace());
                    if taken.contains(&flag) || flag == "quiet" {
                        assert!(read.is_ok(), "{line}: {:?}", read.err());
                        continue;
                    }
                    let error = read.err().map(|error| error.to_string());
                    let error = error.unwrap_or_else(|| panic!("taken: {line}"));
                    assert_eq!(error.lines().count(), 1, "{error}");
                    let whose = if name.is_empty() { "explorer" } else { name };
                    assert!(
                        error.contains(&spelled(flag)) && error.contains(whose),
                        "{error}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_a_command_would_ignore_of_its_own_flags_is_refused() {
        for line in [
            "train --branch RUN --config x",
            "train --population seeds=1,2 --seed 3",
            "--population seeds=1,2 --seed 3",
            "--resume=x train",
            "validate --list --checkpoint RUN",
            "validate --list --study --out DIR",
            "validate --list --study --seeds 1",
            "validate --list --study=seeds",
            "runs compare RUN OTHER --by time",
            "bench --trials 3 compare FILE",
            "ops min --long --json",
            "ops min --long --count",
            "ops min words",
        ] {
            let read = Cli::read(["fx"].into_iter().chain(line.split_whitespace()));
            assert!(read.is_err(), "taken: {line}");
        }
        for line in [
            "train --branch RUN --set seed=1",
            "train --population seeds=2 --seed 3",
            "validate --study --list --json",
            "ops min --count --json",
        ] {
            let read = Cli::read(["fx"].into_iter().chain(line.split_whitespace()));
            assert!(read.is_ok(), "{line}: {:?}", read.err());
        }
    }

    #[test]
    fn a_negative_number_is_a_value_that_is_refused_and_not_an_unknown_flag() {
        for line in [
            "train --epochs -1",
            "--seed -1 train",
            "train --threads -2",
            "sample -5",
            "neighbors min -k -3",
            "neighbors min --radius -0.5",
            "neighbors min --radius -inf",
            "coverage --samples -1",
            "coverage --probabilities -1",
            "bench --checkpoint RUN --trials -1",
            "experiment RUN beta-b --horizon -1",
            "validate --study --seeds -1",
            "validate --study --seeds -1,2",
        ] {
            let read = Cli::read(["fx"].into_iter().chain(line.split_whitespace()));
            let error = read
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(error.contains("invalid value '-"), "{line}: {error}");
        }
    }
}
